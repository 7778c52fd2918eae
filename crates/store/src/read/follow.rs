//! The one who writes the read models, behind the journal and from the journal.

use cordial_engine::Event;
use cordial_engine::cdr::CdrFold;
use sqlx::Row as _;
use tokio::sync::watch;

use super::fold::fold;
use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};
use crate::limits;

/// Folds durable events into rows. After an error its memory may be ahead of the rows: make another.
pub struct Follower {
    store: Store,
    cdrs: CdrFold,
    applied: u64,
    since_checkpoint: u64,
}

impl Store {
    /// The follower, with the calls in memory that were open where it left off.
    pub async fn follower(&self) -> Result<Follower, StoreError> {
        let row = sqlx::query("SELECT applied_seq, fold_from FROM read_models")
            .fetch_one(&self.inner.readers)
            .await?;
        let applied = column(&row, "applied_seq")?;
        let mut cdrs = CdrFold::default();
        let mut seen = column(&row, "fold_from")?.saturating_sub(1);
        while seen < applied {
            let events = self.events(seen, limits::EVENTS_PAGE_MAX).await?;
            let Some(last) = events.last() else { break };
            seen = last.seq;
            for event in events.iter().filter(|event| event.seq <= applied) {
                cdrs.apply(event);
            }
        }
        // What a dead process left in the write-ahead log is folded in with the first fact: one that dies young again and
        // again would never come to it, and every start reads the whole log.
        let since_checkpoint = limits::CHECKPOINT_EVERY_FACTS;
        Ok(Follower { store: self.clone(), cdrs, applied, since_checkpoint })
    }

    /// Waits until the read models contain an event, so that who was told of it finds it there.
    pub async fn folded(&self, seq: u64) {
        let mut folded = self.inner.folded.subscribe();
        // The sender lives as long as the store that is borrowed here.
        drop(folded.wait_for(|applied| *applied >= seq).await);
    }

    /// Up to where the read models reach.
    pub fn folded_seq(&self) -> u64 {
        *self.inner.folded.borrow()
    }
}

impl Follower {
    /// Follows until the journal's writer has ended, and to its last event.
    pub async fn run(mut self, mut durable: watch::Receiver<u64>) -> Result<(), StoreError> {
        let first = tokio::time::Instant::now() + limits::HOUSEKEEPING_EVERY;
        let mut housekeeping = tokio::time::interval_at(first, limits::HOUSEKEEPING_EVERY);
        housekeeping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let begun = tokio::time::Instant::now();
            let goal = *durable.borrow_and_update();
            self.catch_up(goal).await?;
            // A transaction costs far more than a fact in it: what comes in quick succession is folded together.
            tokio::time::sleep_until(begun + limits::FOLD_EVERY).await;
            tokio::select! {
                changed = durable.changed() => if changed.is_err() {
                    let goal = *durable.borrow();
                    self.catch_up(goal).await?;
                    return self.store.flush().await;
                },
                _ = housekeeping.tick() => {
                    self.since_checkpoint = 0;
                    self.store.flush().await?;
                }
            }
        }
    }

    /// Folds what is in the journal up to and with `goal`.
    pub async fn catch_up(&mut self, goal: u64) -> Result<(), StoreError> {
        while self.applied < goal {
            let page = (goal - self.applied).min(limits::FOLD_FACTS_MAX as u64) as usize;
            let events = self.store.events(self.applied, page).await?;
            if events.is_empty() {
                break;
            }
            self.apply(&events).await?;
            if self.since_checkpoint >= limits::CHECKPOINT_EVERY_FACTS {
                self.since_checkpoint = 0;
                self.store.checkpoint().await?;
            }
        }
        Ok(())
    }

    async fn apply(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let mut behind = self.store.behind().await;
        let mut transaction = behind.begin_immediate().await?;
        self.applied = fold(&mut transaction, &mut self.cdrs, self.applied, events).await?;
        transaction.commit().await?;
        self.since_checkpoint += events.len() as u64;
        self.store.inner.folded.send_replace(self.applied);
        Ok(())
    }
}

/// Notes how far the rows reach, in the transaction that wrote them.
pub(super) async fn move_cursor(
    connection: &mut sqlx::sqlite::SqliteConnection,
    cdrs: &CdrFold,
    applied: u64,
) -> Result<(), StoreError> {
    let fold_from = cdrs.oldest_seq().unwrap_or(applied + 1);
    sqlx::query("UPDATE read_models SET applied_seq = ?, fold_from = ?")
        .bind(to_sql(applied))
        .bind(to_sql(fold_from))
        .execute(connection)
        .await?;
    Ok(())
}

/// How far the rows of a connection's tables reach.
pub(super) async fn cursor(connection: &mut sqlx::sqlite::SqliteConnection) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT applied_seq FROM read_models").fetch_one(connection).await?;
    Ok(crate::int::from_sql(row.try_get("applied_seq")?))
}

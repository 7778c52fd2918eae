//! Agents are logged out some time after their last socket has closed, where the tenant's policy says so.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use cordial_dialects::webitel::account::Account;
use cordial_engine::id::TenantId;
use cordial_engine::{Actor, Command, Refusal};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::State;
use super::online::News;
use crate::config::Webitel;
use crate::handle::Unavailable;

/// After which a log-out is asked for again that nobody could answer.
const AGAIN: Duration = Duration::from_secs(1);

type Key = (TenantId, String);

/// Logs agents out until all is to stop. A start of the server begins with nobody gone: whoever had a socket before it and
/// does not come back stays logged in.
pub(crate) async fn log_out_absent(state: State, policy: Webitel, mut stopped: watch::Receiver<bool>) {
    let domains: BTreeSet<String> =
        policy.log_out_domains.all().iter().map(|domain| domain.as_str().to_ascii_lowercase()).collect();
    if !policy.enabled || domains.is_empty() {
        return;
    }
    let mut news = state.online.news();
    let mut absent = Absent::new(Duration::from_secs(policy.log_out_after_s.get()));
    loop {
        let next = absent.next();
        let due = async { if let Some(at) = next { sleep_until(at).await } else { pending().await } };
        tokio::select! {
            // A sender that is gone says the same.
            _ = stopped.wait_for(|stopped| *stopped) => return,
            heard = news.recv() => match heard {
                Ok(news) => absent.hear(news, Instant::now()),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "some closed sockets are not followed by a log-out");
                }
                Err(RecvError::Closed) => return,
            },
            () = due => {}
        }
        for key in absent.take_due(Instant::now()) {
            // The news that he is back may have been missed, or be on their way.
            if state.online.count(key.0, &key.1) == 0
                && log_out(&state, &domains, &key).await == Err(Unavailable::Overloaded)
            {
                absent.until(key, Instant::now() + AGAIN);
            }
        }
    }
}

async fn log_out(state: &State, domains: &BTreeSet<String>, key: &Key) -> Result<(), Unavailable> {
    let ((tenant, account), domains) = (key.clone(), domains.clone());
    let agent = state.handle().read(move |engine, now| {
        let domain = engine.tenant(tenant)?.domain;
        let found = domains.contains(&domain).then(|| Account::find(engine, tenant, &account, now))?;
        found?.agent
    });
    let Some(agent) = agent.await? else { return Ok(()) };
    match state.handle().command(tenant, Actor::Policy, Command::LogOut { agent, reason: None }).await? {
        Ok(_) => tracing::info!(%agent, "logged out: the last socket has been closed for long"),
        Err(Refusal::AlreadySo | Refusal::NotLoggedIn) => {}
        Err(refusal) => tracing::warn!(%agent, %refusal, "not logged out, though the last socket is closed"),
    }
    Ok(())
}

/// Accounts without a socket, and when each is to be logged out.
struct Absent {
    after: Duration,
    until: BTreeMap<Key, Instant>,
}

impl Absent {
    const fn new(after: Duration) -> Self {
        Self { after, until: BTreeMap::new() }
    }

    fn hear(&mut self, news: News, now: Instant) {
        let key = (news.tenant, news.account);
        if news.online {
            self.until.remove(&key);
        } else {
            self.until(key, now + self.after);
        }
    }

    fn until(&mut self, key: Key, at: Instant) {
        self.until.insert(key, at);
    }

    fn next(&self) -> Option<Instant> {
        self.until.values().min().copied()
    }

    fn take_due(&mut self, now: Instant) -> Vec<Key> {
        let due: Vec<Key> =
            self.until.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        for key in &due {
            self.until.remove(key);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_in_time_is_not_due_and_who_leaves_again_waits_anew() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut absent = Absent::new(second * 60);
        let mut hear = |online, after: u32| {
            let news = News { tenant: TenantId(1), account: "100".to_owned(), online };
            absent.hear(news, start + second * after);
            absent.next().map(|at| (at - start).as_secs())
        };
        assert_eq!(hear(false, 0), Some(60));
        assert_eq!(hear(true, 59), None);
        assert_eq!(hear(false, 70), Some(130));
        assert_eq!(absent.take_due(start + second * 129), Vec::<Key>::new());
        assert_eq!(absent.take_due(start + second * 130), [(TenantId(1), "100".to_owned())]);
        assert_eq!(absent.next(), None);
    }
}

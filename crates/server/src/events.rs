//! The one stream of events, given to each subscriber without gaps: from the journal until it has caught up, then
//! live. A subscriber that is too slow is cut, and resumes by the number of the last event that it saw.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use cordial_engine::Event;
use cordial_engine::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use crate::limits::PAGE_EVENTS;

/// A page of the journal, to be awaited.
pub type Page<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<Event>>> + Send + 'a>>;

/// Where durable events are read again.
pub trait Pages: Send + Sync {
    /// The first `limit` events of all tenants after number `after`, in order; fewer only when there are no more.
    fn page(&self, after: u64, limit: usize) -> Page<'_>;
}

/// One subscriber's stream; see [`crate::handle::Handle::subscribe`].
pub struct Subscription {
    tenant: TenantId,
    /// The number of the last event looked at, ours or not.
    last: u64,
    pages: Arc<dyn Pages>,
    live: broadcast::WeakSender<Arc<Event>>,
    stage: Stage,
    /// Its place among the streams; given back when it is dropped.
    _place: Option<OwnedSemaphorePermit>,
}

/// What comes next, up to an event; see [`Subscription::next_until`].
#[derive(Debug)]
pub enum Reached {
    /// An event before it, or it.
    Event(Arc<Event>),
    /// All up to it were given.
    Here,
}

enum Stage {
    /// Reads pages; nothing live is kept yet.
    Reading(VecDeque<Event>),
    /// Live events are being kept; pages are read until there are no more.
    Closing(VecDeque<Event>, broadcast::Receiver<Arc<Event>>),
    /// Live.
    Live(broadcast::Receiver<Arc<Event>>),
    /// Over.
    Cut,
}

impl Subscription {
    pub(crate) fn new(
        tenant: TenantId,
        after: u64,
        pages: Arc<dyn Pages>,
        live: broadcast::WeakSender<Arc<Event>>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { tenant, last: after, pages, live, stage: Stage::Reading(VecDeque::new()), _place: place }
    }

    /// The next event of the tenant; `None` when the subscriber was too slow or the process stops. Safe to drop
    /// while waiting: nothing is lost.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        match self.next_until(u64::MAX).await? {
            Reached::Event(event) => Some(event),
            // No event has that number.
            Reached::Here => None,
        }
    }

    /// As [`Subscription::next`], until all events up to that number were given, which must be one that is durable or comes.
    pub async fn next_until(&mut self, seq: u64) -> Option<Reached> {
        loop {
            if self.last >= seq {
                return Some(Reached::Here);
            }
            let event = match &mut self.stage {
                Stage::Reading(page) | Stage::Closing(page, _) => match page.pop_front() {
                    Some(event) => Arc::new(event),
                    None => {
                        self.turn_page().await;
                        continue;
                    }
                },
                Stage::Live(live) => match live.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                        self.stage = Stage::Cut;
                        continue;
                    }
                },
                Stage::Cut => return None,
            };
            if event.seq <= self.last {
                continue;
            }
            self.last = event.seq;
            if event.tenant == self.tenant {
                return Some(Reached::Event(event));
            }
        }
    }

    /// Reads on. Once a page comes back short, live events are kept and the rest is read: whatever became durable
    /// before they were kept is in the journal, and whatever came after is kept, so nothing falls between.
    async fn turn_page(&mut self) {
        let page = match self.pages.page(self.last, PAGE_EVENTS).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "a subscriber is cut: the journal could not be read");
                self.stage = Stage::Cut;
                return;
            }
        };
        let more = page.len() >= PAGE_EVENTS;
        let page = VecDeque::from(page);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Cut) {
            Stage::Reading(_) if more => Stage::Reading(page),
            Stage::Reading(_) => match self.live.upgrade() {
                Some(live) => Stage::Closing(page, live.subscribe()),
                None => Stage::Cut,
            },
            Stage::Closing(_, live) if page.is_empty() => Stage::Live(live),
            Stage::Closing(_, live) => Stage::Closing(page, live),
            live @ (Stage::Live(_) | Stage::Cut) => live,
        };
    }
}

#[cfg(test)]
mod tests;

//! Who has a socket open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cordial_engine::id::TenantId;
use tokio::sync::broadcast;

use crate::limits::WEBITEL_NEWS_MAX;

type Counts = BTreeMap<(TenantId, String), usize>;

/// Sockets by account; cheap to clone.
#[derive(Clone)]
pub(crate) struct Online {
    counts: Arc<Mutex<Counts>>,
    news: broadcast::Sender<News>,
}

/// An account's first socket opened, or its last one closed.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub(super) tenant: TenantId,
    pub(super) account: String,
    pub(super) online: bool,
}

/// One open socket; it is closed when dropped.
pub(super) struct Presence {
    online: Online,
    key: (TenantId, String),
}

impl Default for Online {
    fn default() -> Self {
        Self { counts: Arc::default(), news: broadcast::Sender::new(WEBITEL_NEWS_MAX) }
    }
}

impl Online {
    /// A socket of an account opens.
    pub(super) fn open(&self, tenant: TenantId, account: &str) -> Presence {
        let key = (tenant, account.to_owned());
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 {
            self.tell(&key, true);
        }
        drop(counts);
        Presence { online: self.clone(), key }
    }

    /// How many sockets an account has.
    pub(super) fn count(&self, tenant: TenantId, account: &str) -> usize {
        self.counts().get(&(tenant, account.to_owned())).copied().unwrap_or(0)
    }

    pub(super) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Told while the counts are held, so that news come in the order of what they tell.
    fn tell(&self, (tenant, account): &(TenantId, String), online: bool) {
        // Nobody listening is no fault.
        self.news.send(News { tenant: *tenant, account: account.clone(), online }).ok();
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing in here panics half-way, so the numbers are right even then.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut counts = self.online.counts();
        let left = counts.get(&self.key).map_or(0, |count| count - 1);
        if left == 0 {
            counts.remove(&self.key);
            self.online.tell(&self.key, false);
        } else {
            counts.insert(self.key.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_socket_and_the_last_are_told() {
        let online = Online::default();
        let mut news = online.news();
        let (first, second) = (online.open(TenantId(1), "100"), online.open(TenantId(1), "100"));
        assert_eq!(online.count(TenantId(1), "100"), 2);
        drop(first);
        drop(second);
        let told: Vec<bool> = std::iter::from_fn(|| news.try_recv().ok()).map(|news| news.online).collect();
        assert_eq!((told, online.count(TenantId(1), "100")), (vec![true, false], 0));
    }
}

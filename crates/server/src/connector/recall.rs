//! Calling back those who listened: after a start, and when the site's broker was away, they have to say once more who is
//! there (O-026). A broker's topic keeps nothing for who is not there yet, so it is said again until they do, a few times.

use std::time::Duration;

use cordial_dialects::connector::request::{Ask, Request};
use cordial_store::KnownDestination;
use tokio::time::{Instant, sleep_until};

use super::{Heard, Way};

/// How long after one time the next is.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];

/// Who is called back.
#[derive(Default)]
pub(super) struct Recall {
    awaited: Vec<KnownDestination>,
    round: usize,
    due: Option<Instant>,
}

impl Recall {
    /// These are called from now on, beside those who are already.
    pub(super) fn begin(&mut self, known: Vec<KnownDestination>) {
        self.awaited.retain(|old| !known.contains(old));
        self.awaited.extend(known);
        (self.round, self.due) = (0, Some(Instant::now()));
    }

    /// Waits until it is time to call all of these; for ever when nobody is to be called.
    pub(super) async fn due(&mut self) -> Vec<KnownDestination> {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
        self.due = PAUSES.get(self.round).map(|pause| Instant::now() + *pause);
        self.round += 1;
        if self.due.is_some() { self.awaited.clone() } else { std::mem::take(&mut self.awaited) }
    }

    /// Somebody says who is there, and is called no more.
    pub(super) fn hear(&mut self, heard: &Heard) {
        if self.awaited.is_empty() {
            return;
        }
        let url = match &heard.way {
            Way::Embedded { .. } => return,
            Way::Broker => None,
            Way::Web { callback, .. } => callback.as_ref().map(ToString::to_string),
        };
        let Ok(Request { whose, ask }) = Request::parse(&heard.kind, heard.body.as_deref()) else { return };
        let name = match ask {
            Ask::Hello => whose,
            Ask::Connect { destination, .. } => destination,
            Ask::Beat
            | Ask::LogIn { .. }
            | Ask::MobileLogIn { .. }
            | Ask::State
            | Ask::Refresh
            | Ask::Duty(_)
            | Ask::Control(_)
            | Ask::DialogState { .. }
            | Ask::DialogControls { .. }
            | Ask::Participants { .. }
            | Ask::WrapUp { .. }
            | Ask::Reasons(_)
            | Ask::LoggedInAgents
            | Ask::Phonebooks
            | Ask::TeamPhonebooks { .. }
            | Ask::Contacts { .. }
            | Ask::Preview { .. }
            | Ask::Supervise(_) => return,
        };
        self.awaited.retain(|known| known.name != name || known.url != url);
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::id::TenantId;

    use super::*;

    fn at(name: &str) -> KnownDestination {
        KnownDestination { tenant: TenantId(1), name: name.to_owned(), url: None }
    }

    fn says(kind: &str, body: &str) -> Heard {
        let (kind, body) = (kind.to_owned(), Some(body.to_owned()));
        Heard { way: Way::Broker, kind, body, correlation: None, reply_to: None, sent: None }
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_called_until_he_says_who_is_there_or_four_times() {
        let mut recall = Recall::default();
        recall.begin(vec![at("desk-1"), at("desk-2"), at("desk-3")]);
        assert_eq!(recall.due().await.len(), 3);
        recall.hear(&says("hello# desk-1", "null"));
        recall.hear(&says("Connect#ann", "desk-2,secret"));
        recall.hear(&says("Beat#desk-3", ""));
        for _ in 0..3 {
            assert_eq!(recall.due().await, [at("desk-3")]);
        }
        let more = tokio::time::timeout(Duration::from_secs(3_600), recall.due()).await;
        assert!(more.is_err(), "nobody is called for ever");
    }
}

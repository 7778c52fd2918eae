//! The connection to a broker that the site has (ActiveMQ), by STOMP: requests come from a queue, and what is told goes to
//! the topics of the clients.
//!
//! One task ([`Line::run`]) looks for the broker, speaks with it ([`session`]) and looks again when it is lost. What is told
//! meanwhile is dropped: it is news of how things are, and the sessions tell how they are when the broker is back
//! ([`LinkState`]). A request is acknowledged once the sessions have it, and not before: when they are busy no more is read,
//! and what waits does so at the broker.

mod message;
mod session;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use cordial_dialects::connector::stomp::client::{Account, Client};
use cordial_engine::Timestamp;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use self::session::{Found, Session};
use super::{Heard, Post};
use crate::config::{BrokerUrl, SiteBroker};
use crate::limits::{
    DIAL_MAX, LINK_GOOD_AFTER, LINK_POSTS_MAX, LINK_RETRY_MAX, LINK_RETRY_MIN, LINK_SEEN_MAX, LINK_SYNC_MAX,
};
use crate::meters;
use crate::run::random;
use crate::stomp::carrier::Bytes;

/// What the sessions have of the connection.
pub(crate) struct Link {
    /// What is told to topics of the broker. The connection ends when nobody has this any more, after all is sent.
    pub(crate) posts: mpsc::Sender<Post>,
    /// Whether the broker is there now.
    pub(crate) state: watch::Receiver<LinkState>,
    /// What the connectors of the site tell each other.
    pub(crate) sync: SyncTopic,
}

/// The topic on which the connectors of the site tell each other who is logged in. Nothing on it is waited for: what cannot
/// be taken at once, either way, is dropped.
pub(crate) struct SyncTopic {
    /// Tells the others.
    pub(crate) tell: mpsc::Sender<String>,
    /// What the others tell; what we tell ourselves is not among it.
    pub(crate) heard: mpsc::Receiver<String>,
}

/// Whether the broker is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// It is looked for; what is told is dropped.
    Down,
    /// It is there.
    Up {
        /// For the how-manieth time, counted from 1: another number means that it was away meanwhile.
        times: u64,
    },
}

/// The far side of a [`Link`]: the task that has the connection.
pub(crate) struct Line {
    broker: SiteBroker,
    ends: Ends,
}

/// Our ends of the channels, and what outlives one connection.
struct Ends {
    posts: mpsc::Receiver<Post>,
    heard: mpsc::Sender<Heard>,
    syncs: mpsc::Receiver<String>,
    others: mpsc::Sender<String>,
    state: watch::Sender<LinkState>,
    /// How often the broker was found.
    times: u64,
    /// What tells our own words on the topic of connectors from those of others.
    name: String,
    seen: Seen,
}

impl Link {
    /// A connection to this broker, whose requests go to `heard`; it is looked for once the [`Line`] runs.
    ///
    /// # Errors
    /// When the system has no random number.
    pub(crate) fn new(broker: SiteBroker, heard: mpsc::Sender<Heard>) -> io::Result<(Self, Line)> {
        let (tell_topic, posts) = mpsc::channel(LINK_POSTS_MAX);
        let (tell, syncs) = mpsc::channel(LINK_SYNC_MAX);
        let (others, sync_heard) = mpsc::channel(LINK_SYNC_MAX);
        let (state, watched) = watch::channel(LinkState::Down);
        let name = format!("{:016x}", u64::from_le_bytes(random()?));
        let ends = Ends { posts, heard, syncs, others, state, times: 0, name, seen: Seen::default() };
        let sync = SyncTopic { tell, heard: sync_heard };
        Ok((Self { posts: tell_topic, state: watched, sync }, Line { broker, ends }))
    }
}

impl Line {
    /// Keeps the connection until nobody has anything to tell any more.
    pub(crate) async fn run(mut self) {
        let (mut pause, mut complaints) = (Pause::default(), Complaints::default());
        meters::link_up(false);
        loop {
            let found = tokio::select! {
                found = search(&self.broker, &mut complaints) => found,
                () = self.ends.turn_away() => return,
            };
            if let Some(found) = found {
                complaints = Complaints::default();
                let began = Instant::now();
                let end = Session::new(found, &self.broker, &mut self.ends).run().await;
                self.ends.state.send_replace(LinkState::Down);
                meters::link_up(false);
                if matches!(end, session::End::Done) {
                    return;
                }
                tracing::warn!(why = %end, "the site's broker is lost; it is looked for again");
                if began.elapsed() >= LINK_GOOD_AFTER {
                    pause = Pause::default();
                }
            }
            tokio::select! {
                () = sleep(pause.next()) => {}
                () = self.ends.turn_away() => return,
            }
        }
    }
}

impl Ends {
    /// Drops what is told as long as there is no broker; ends when nobody can tell anything any more.
    async fn turn_away(&mut self) {
        loop {
            tokio::select! {
                post = self.posts.recv() => match post {
                    Some(_) => meters::link_dropped("down"),
                    None => return,
                },
                Some(_) = self.syncs.recv() => meters::link_dropped("down"),
            }
        }
    }
}

/// Tries each address once, in their order.
async fn search(broker: &SiteBroker, complaints: &mut Complaints) -> Option<Found<Bytes<TcpStream>>> {
    for url in broker.urls.all() {
        match dial(broker, url).await {
            Ok(found) => return Some(found),
            Err(why) => complaints.complain(url, why),
        }
    }
    None
}

/// Connects to one address and logs in there; or says why it could not.
async fn dial(broker: &SiteBroker, url: &BrokerUrl) -> Result<Found<Bytes<TcpStream>>, String> {
    let account = account(broker, url).await?;
    let opened = timeout(DIAL_MAX, TcpStream::connect((url.host(), url.port()))).await;
    let io = opened.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())?;
    // Only a matter of speed.
    io.set_nodelay(true).ok();
    let client = Client::new(&account, Timestamp(0));
    let found = Found { carrier: Bytes::new(io), client, began: Instant::now() };
    let (found, server) = found.enter().await.map_err(|end| end.to_string())?;
    tracing::info!(%url, server, "connected to the site's broker");
    Ok(found)
}

/// Who we are at the broker. The file is read anew each time: the password may have been changed because it is wrong.
async fn account(broker: &SiteBroker, url: &BrokerUrl) -> Result<Account, String> {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let path = &broker.passcode_file;
    let passcode = if path.as_os_str().is_empty() {
        None
    } else {
        let text = tokio::fs::read_to_string(path).await;
        let text = text.map_err(|error| format!("connector.broker.passcode_file = {path:?}: {error}"))?;
        Some(text.lines().next().unwrap_or_default().to_owned())
    };
    Ok(Account { host: url.host().to_owned(), login: said(&broker.login), passcode })
}

/// What was said in the log about addresses that failed, so that each is complained of once and not every second.
#[derive(Default)]
struct Complaints(Vec<(BrokerUrl, String)>);

impl Complaints {
    fn complain(&mut self, url: &BrokerUrl, why: String) {
        if self.0.iter().any(|(at, said)| at == url && *said == why) {
            tracing::debug!(%url, why, "the site's broker still cannot be reached there");
            return;
        }
        tracing::warn!(%url, why, "the site's broker cannot be reached there; it is tried again and again");
        self.0.retain(|(at, _)| at != url);
        self.0.push((url.clone(), why));
    }
}

/// How long nobody looks for the broker: doubling, and never the same for all who lost it together.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(LINK_RETRY_MIN)
    }
}

impl Pause {
    fn next(&mut self) -> Duration {
        let whole = self.0;
        self.0 = (whole * 2).min(LINK_RETRY_MAX);
        // From three quarters of it to all. Without chance it is all of it, which is as good for one alone.
        let [chance] = random::<1>().unwrap_or([u8::MAX]);
        whole * 3 / 4 + whole / 4 * u32::from(chance) / u32::from(u8::MAX)
    }
}

/// The last requests that the sessions have. One whose acknowledgement was lost with the connection comes again, and is
/// acknowledged but not done again: nothing is dialled twice.
#[derive(Default)]
struct Seen(VecDeque<String>);

impl Seen {
    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|seen| seen == id)
    }

    fn add(&mut self, id: &str) {
        if self.0.len() == LINK_SEEN_MAX {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
    }
}

#[cfg(test)]
mod tests;

//! The tasks of the connector: its hub, and what carries its messages.

use std::io;

use cordial_dialects::connector::stomp::destination::{Destination, Kind};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::connector::{Callbacks, Door, Ears, Far, Heard, Hub, Inquiries, Link, Rooms, Settings, Ways};
use crate::http;
use crate::limits::{CALLBACK_POSTS_MAX, CONNECTOR_HEARD_MAX};
use crate::tls::Tls;

/// What comes to the hub, whoever sends it.
pub(super) struct Coming {
    hear: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    inquiries: Inquiries,
}

impl Coming {
    /// Also the doors by which it comes over HTTP, if the connector is switched on.
    pub(super) fn new(config: &Config) -> (Self, Option<(Door, Rooms)>) {
        let (rooms, inquiries) = Rooms::new();
        let (hear, heard) = mpsc::channel(CONNECTOR_HEARD_MAX);
        let doors = Settings::of(config).map(|it| (Door::new(hear.clone(), it.callback_hosts), rooms));
        (Self { hear, heard, inquiries }, doors)
    }
}

/// Starts all that is switched on.
pub(super) fn start(
    config: &Config,
    state: &http::State,
    coming: Coming,
    stopped: watch::Receiver<bool>,
    tls: &Tls,
) -> io::Result<Vec<JoinHandle<()>>> {
    let Some(settings) = Settings::of(config) else { return Ok(Vec::new()) };
    let Coming { hear, heard, inquiries } = coming;
    let embedded = state.embedded().map(|embedded| embedded.broker.clone());
    let asked = embedded.as_ref().map(|broker| {
        let queue = Destination::new(Kind::Queue, config.connector.broker.queue.as_str());
        broker.attend(queue.expect("a name of the configuration is a plain one"))
    });
    // Nothing comes where there is no broker.
    let asked = asked.unwrap_or_else(|| mpsc::channel(1).1);
    let mut tasks = Vec::new();
    let mut ways = Ways { embedded, link: None, sync: None, web: None };
    let mut far = None;
    if let Some(broker) = &settings.broker {
        let (link, line) = Link::new(broker.clone(), hear)?;
        tasks.push(tokio::spawn(line.run()));
        (ways.link, ways.sync) = (Some(link.posts), Some(link.sync.tell));
        far = Some(Far { state: link.state, others: link.sync.heard });
    }
    if !settings.callback_hosts.is_empty() {
        let (posts, told) = mpsc::channel(CALLBACK_POSTS_MAX);
        tasks.push(tokio::spawn(Callbacks::new(tls.clone()).run(told)));
        ways.web = Some(posts);
    }
    let hub = Hub::new(state.clone(), settings, ways);
    tasks.push(tokio::spawn(hub.run(Ears { embedded: asked, heard, inquiries, far }, stopped)));
    Ok(tasks)
}

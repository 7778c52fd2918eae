//! The tasks of the connector: its hub, and what carries its messages.

use std::io;

use cordial_dialects::connector::stomp::destination::{Destination, Kind};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::connector::{Hub, Inquiries, Link, Settings, Ways};
use crate::http;
use crate::limits::CONNECTOR_HEARD_MAX;

/// Starts all that is switched on.
pub(super) fn start(
    config: &Config,
    state: &http::State,
    inquiries: Inquiries,
    stopped: watch::Receiver<bool>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let Some(settings) = Settings::of(config) else { return Ok(Vec::new()) };
    let (hear, heard) = mpsc::channel(CONNECTOR_HEARD_MAX);
    let embedded = state.embedded().map(|embedded| embedded.broker.clone());
    let asked = embedded.as_ref().map(|broker| {
        let queue = Destination::new(Kind::Queue, config.connector.broker.queue.as_str());
        broker.attend(queue.expect("a name of the configuration is a plain one"))
    });
    // Nothing comes where there is no broker.
    let asked = asked.unwrap_or_else(|| mpsc::channel(1).1);
    let mut tasks = Vec::new();
    let mut ways = Ways { embedded, link: None, web: None };
    if let Some(broker) = &settings.broker {
        let (link, line) = Link::new(broker.clone(), hear)?;
        tasks.push(tokio::spawn(line.run()));
        ways.link = Some(link.posts);
    }
    tasks.push(tokio::spawn(Hub::new(state.clone(), settings, ways).run(asked, heard, inquiries, stopped)));
    Ok(tasks)
}

//! The start: what the journal says becomes true again.

use cordial_engine::{Event, Now, State};
use cordial_node::Node;
use cordial_sip::Listener;
use cordial_store::{Store, StoreError};

use super::{StartError, random, sockets};
use crate::bindings;
use crate::clock::Clock;
use crate::config::Config;
use crate::handle::for_node;
use crate::limits::PAGE_EVENTS;
use crate::listeners;

/// The form of a snapshot's bytes: [`State`] as JSON. A state that gains a field raises it; a snapshot of another
/// version is not read, and the journal alone rebuilds.
pub const SNAPSHOT_VERSION: u32 = 13;

/// A node as it was, not yet started.
pub(super) struct Restored {
    pub(super) node: Node,
    /// When the last event was, by both clocks.
    pub(super) last: Option<Now>,
    /// The last event in the snapshot that it began from; nought without one.
    pub(super) snapshot: u64,
}

/// Why what the journal says could not be made true again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads snapshot and tail, secrets and bindings.
pub(super) async fn restore(
    store: &Store,
    config: &Config,
    sip: &[sockets::Place],
) -> Result<Restored, StartError> {
    let seed = u64::from_le_bytes(random()?);
    let mut settings = node_config(config, listeners::advertised(config, sip));
    settings.sip.key = Some(cordial_sip::Key(store.derived_key("sip")));
    let mut node = Node::new(settings, seed)?;
    node.set_reach(listeners::reach(config, sip));
    let mut after = 0;
    if let Some((seq, state)) = snapshot(store).await? {
        node.restore_state(seed, state);
        after = seq;
    }
    let from_snapshot = after;
    read_journal(store, after, |event| node.restore(event)).await.map_err(RestoreError::Store)?;
    for (device, secret) in store.device_secrets().await? {
        node.set_device_secret(device, Some(for_node(secret)));
    }
    for (agent, digest) in store.agent_pins().await? {
        node.set_agent_pin(agent, Some(digest));
    }
    for (trunk, password) in store.trunk_passwords().await? {
        node.set_trunk_secret(trunk, Some(password));
    }
    let last = store.tail().await?.map(|tail| Now { at: tail.at, wall: tail.wall });
    let now = Clock::resume(last).now();
    for (device, bindings) in bindings::load(store, now).await? {
        node.restore_bindings(now, device, bindings);
    }
    tracing::info!(from_snapshot, last = node.last_seq(), "the journal is read");
    Ok(Restored { node, last, snapshot: from_snapshot })
}

/// Gives every event after number `after` to `each`, in order.
///
/// # Errors
/// When the journal cannot be read or is not whole.
async fn read_journal(
    store: &Store,
    mut after: u64,
    mut each: impl FnMut(&Event),
) -> Result<u64, StoreError> {
    loop {
        let page = store.events(after, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { return Ok(after) };
        after = last.seq;
        page.iter().for_each(&mut each);
    }
}

/// The newest snapshot that this version can read.
async fn snapshot(store: &Store) -> Result<Option<(u64, State)>, StoreError> {
    let Some(snapshot) = store.latest_snapshot().await? else {
        return Ok(None);
    };
    if snapshot.version != SNAPSHOT_VERSION {
        tracing::info!(
            version = snapshot.version,
            "the snapshot is of another version: the journal is read instead"
        );
        return Ok(None);
    }
    match serde_json::from_slice(&snapshot.bytes) {
        Ok(state) => Ok(Some((snapshot.seq, state))),
        Err(error) => {
            tracing::warn!(%error, "the snapshot cannot be read: the journal is read instead");
            Ok(None)
        }
    }
}

/// A node's state as a snapshot holds it, and the last event in it.
#[must_use]
pub(super) fn snapshot_bytes(node: &Node) -> (u64, Vec<u8>) {
    (node.last_seq(), state_bytes(node.engine().state()))
}

/// A state as a snapshot holds it; equal states give equal bytes.
pub(crate) fn state_bytes(state: &State) -> Vec<u8> {
    serde_json::to_vec(state).expect("a state consists of plain values with text keys")
}

fn node_config(config: &Config, listeners: Vec<Listener>) -> cordial_node::Config {
    let mut agent = cordial_sip::Config::new(listeners, config.sip.realm.as_str());
    agent.user_agent = format!("Cordial/{}", env!("CARGO_PKG_VERSION"));
    agent.dialog_ping_ms = config.sip.ping_s.get() * 1_000;
    agent.session_expires_s = seconds(config.sip.session_expires_s.get());
    agent.session_expires_min_s = seconds(config.sip.session_expires_min_s.get());
    agent.grace_ms = config.sip.grace_s.get() * 1_000;
    agent.expires_min_s = seconds(config.sip.expires_min_s.get());
    agent.expires_max_s = seconds(config.sip.expires_max_s.get());
    agent.expires_default_s = agent.expires_default_s.clamp(agent.expires_min_s, agent.expires_max_s);
    agent.dialogs_max = usize::try_from(config.limits.dialogs.get()).unwrap_or(usize::MAX);
    cordial_node::Config {
        sip: agent,
        media_address: config.media.ip.all()[0].get(),
        rtp_ports: config.media.rtp_ports.range(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn seconds(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

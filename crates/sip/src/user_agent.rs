//! The user agent itself: what it owns, what comes in, what goes out.

mod asked;
mod blob;
mod clients;
mod early;
mod farewells;
mod identity;
mod inbound;
mod inside;
mod lamp;
mod leave;
mod outbound;
mod receive;
mod refer;
mod register;
mod reliable;
mod replaces;
mod servers;
mod strangers;
mod stray;
mod streams;
mod timer;
mod update;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use crate::chance::Chance;
use crate::config::{Config, Key};
use crate::dialog::{Dialog, DialogId, Invite, assert_legal};
use crate::digest::Guard;
use crate::directory::{Account, AccountId, Directory, Peer, PeerId};
use crate::event::Event;
use crate::flow::{Flow, StreamId, Transmit, Transport};
use crate::message::Framer;
use crate::registrar::{Binding, Registrar};
use crate::time::{DialogTimer, TimerKey, Timers, Timestamp};
use crate::transaction::{ClientId, ClientKey, MergeKey, Pace, ServerId, ServerKey};
use clients::Client;
use farewells::Farewells;
use lamp::Lamps;
pub use lamp::Mailbox;
pub(crate) use lamp::SubscriptionId;
use servers::Server;
use strangers::Strangers;
use stray::Strays;
use streams::OnStream;
use waiting::Trial;

/// A SIP user agent: see the crate's first page.
pub struct UserAgent {
    config: Config,
    chance: Chance,
    /// Makes the To tags of answers given without state.
    tag_key: [u8; 32],
    /// Makes the branches of our requests.
    key: Key,
    strays: Strays,
    shedding: Shedding,
    last_id: u64,
    directory: Directory,
    registrar: Registrar,
    guard: Guard,
    strangers: Strangers,
    clients: BTreeMap<ClientId, Client>,
    client_keys: BTreeMap<ClientKey, ClientId>,
    servers: BTreeMap<ServerId, Server>,
    server_keys: BTreeMap<ServerKey, ServerId>,
    merge_keys: BTreeMap<MergeKey, ServerId>,
    dialogs: BTreeMap<DialogId, Dialog>,
    /// Call-ID and our tag.
    dialog_keys: BTreeMap<(String, String), DialogId>,
    streams: BTreeMap<StreamId, Framer>,
    /// What ends or changes when a stream ends.
    on_stream: BTreeSet<(StreamId, OnStream)>,
    /// Requests that wait for connections which the shell opens.
    on_connection: BTreeSet<(Transport, SocketAddr, ClientId)>,
    /// Dialogs of devices whose stream is gone and that have not come back.
    lost: BTreeSet<(AccountId, DialogId)>,
    farewells: Farewells,
    lamps: Lamps,
    /// Calls to devices that have not come back since the restart.
    waiting: BTreeMap<DialogId, Invite>,
    /// Requests that try a device at its Contact while its own stream is gone.
    trials: BTreeMap<ClientId, Trial>,
    timers: Timers,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

/// What is turned away with 503 and Retry-After before it leaves any state, because there is too much to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shedding {
    /// Nothing.
    #[default]
    Nothing,
    /// INVITEs that would begin a call. Those inside of dialogs, and all else that belongs to calls, go on.
    Calls,
    /// Those, and REGISTER: a phone that is not registered again in time loses calls later, so it comes last.
    CallsAndRegistrations,
}

/// How much a user agent holds. Except for bindings and subscriptions, all are zero when nothing is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Client transactions.
    pub clients: usize,
    /// Server transactions.
    pub servers: usize,
    /// Dialogs, early ones included.
    pub dialogs: usize,
    /// Timers that run.
    pub timers: usize,
    /// Bindings of all accounts.
    pub bindings: usize,
    /// Subscriptions of all accounts.
    pub subscriptions: usize,
    /// Streams with unfinished input.
    pub streams: usize,
    /// Entries of all indexes.
    pub keys: usize,
}

impl UserAgent {
    /// A user agent whose every tag, branch and nonce follows from the seed. The seed is a secret in production.
    pub fn new(config: Config, seed: u64) -> Self {
        let chance = Chance::new(seed);
        let guard = Guard::new(chance.derive("nonce"), config.nonce_life_ms, config.digest_without_qop);
        Self {
            tag_key: chance.derive("tag"),
            key: config.key.clone().unwrap_or_else(|| Key(chance.derive("branch"))),
            strays: Strays::default(),
            chance,
            shedding: Shedding::Nothing,
            last_id: 0,
            directory: Directory::default(),
            registrar: Registrar::default(),
            guard,
            strangers: Strangers::default(),
            clients: BTreeMap::new(),
            client_keys: BTreeMap::new(),
            servers: BTreeMap::new(),
            server_keys: BTreeMap::new(),
            merge_keys: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            dialog_keys: BTreeMap::new(),
            streams: BTreeMap::new(),
            on_stream: BTreeSet::new(),
            on_connection: BTreeSet::new(),
            lost: BTreeSet::new(),
            farewells: Farewells::default(),
            lamps: Lamps::default(),
            waiting: BTreeMap::new(),
            trials: BTreeMap::new(),
            timers: Timers::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            config,
        }
    }

    /// The time named by `poll_timeout` has come. Early or repeated calls do no harm.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(key) = self.timers.pop_due(now) {
            match key {
                TimerKey::Client(id, letter) => self.client_timer(now, id, letter),
                TimerKey::Server(id, letter) => self.server_timer(now, id, letter),
                TimerKey::Dialog(id, timer) => self.dialog_timer(now, id, timer),
                TimerKey::Bindings(account) => self.bindings_lapse(now, account),
                TimerKey::Subscription(id) => self.subscription_lapses(now, id),
            }
        }
    }

    fn dialog_timer(&mut self, now: Timestamp, id: DialogId, timer: DialogTimer) {
        match timer {
            DialogTimer::GiveUp => self.invite_given_up(now, id),
            DialogTimer::Provisional => self.repeat_provisional(now, id),
            DialogTimer::Answer => self.repeat_answer(now, id),
            DialogTimer::NoAck => self.answer_not_acknowledged(now, id),
            DialogTimer::Glare => self.repeat_offer(now, id),
            DialogTimer::Reliable => self.repeat_reliable(now, id),
            DialogTimer::NoPrack => self.prack_missing(now, id),
            DialogTimer::Refresh => self.refresh(now, id),
            DialogTimer::Expiry => self.expire(now, id),
            DialogTimer::Ping => self.ping_by_itself(now, id),
        }
    }

    /// Turns new work away from now on, or no longer.
    pub fn set_shedding(&mut self, shedding: Shedding) {
        self.shedding = shedding;
    }

    /// The next bytes to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call `handle_timeout`, and what for.
    pub fn poll_timeout(&self) -> Option<(Timestamp, &'static str)> {
        self.timers.next()
    }

    /// Adds or replaces an account; its bindings stay.
    pub fn set_account(&mut self, account: Account) {
        self.directory.set_account(account);
    }

    /// Removes an account and its bindings. No event follows.
    pub fn remove_account(&mut self, id: AccountId) {
        self.forget_lamps(id);
        self.directory.remove_account(id);
        self.put_bindings(id, Vec::new());
        self.stop_waiting(id);
    }

    /// Adds or replaces a peer.
    pub fn set_peer(&mut self, peer: Peer) {
        self.directory.set_peer(peer);
    }

    /// Removes a peer; its dialogs live on.
    pub fn remove_peer(&mut self, id: PeerId) {
        self.directory.remove_peer(id);
    }

    /// Where a device is now.
    pub fn bindings(&self, account: AccountId) -> &[Binding] {
        self.registrar.of(account)
    }

    /// How much is held now.
    pub fn counts(&self) -> Counts {
        Counts {
            clients: self.clients.len(),
            servers: self.servers.len(),
            dialogs: self.dialogs.len(),
            timers: self.timers.len(),
            bindings: self.registrar.len(),
            subscriptions: self.lamps.len(),
            streams: self.streams.len(),
            keys: self.client_keys.len()
                + self.server_keys.len()
                + self.merge_keys.len()
                + self.dialog_keys.len()
                + self.on_stream.len()
                + self.on_connection.len()
                + self.lost.len()
                + self.waiting.len()
                + self.trials.len(),
        }
    }

    /// Datagrams of strangers beyond their rate, dropped unread since the start.
    pub fn shed(&self) -> u64 {
        self.strangers.shed()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn pace(&self, flow: &Flow) -> Pace {
        Pace { timing: self.config.timing, reliable: flow.transport.is_reliable() }
    }

    fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        self.transmits.push_back(Transmit { flow, bytes });
    }

    fn add_dialog(&mut self, id: DialogId, dialog: Dialog) {
        let relation = &dialog.relation;
        self.dialog_keys.insert((relation.call_id.clone(), relation.local_tag().to_owned()), id);
        self.watch_stream(&dialog.relation.flow, OnStream::Dialog(id));
        self.dialogs.insert(id, dialog);
    }

    /// Forgets a dialog. Their INVITE, UPDATE or REFER without a final response is answered 487.
    fn remove_dialog(&mut self, now: Timestamp, id: DialogId) -> Option<Dialog> {
        let dialog = self.dialogs.remove(&id)?;
        assert_legal(dialog.phase(), crate::dialog::Phase::Gone);
        if let Some(client) = dialog.held_ack {
            self.release_ack(client);
        }
        let relation = &dialog.relation;
        self.dialog_keys.remove(&(relation.call_id.clone(), relation.local_tag().to_owned()));
        self.unwatch_stream(&relation.flow, OnStream::Dialog(id));
        if let Some(account) = relation.account {
            self.lost.remove(&(account, id));
        }
        self.timers.stop_dialog(id);
        if let Some(invite) = dialog.unanswered() {
            self.respond_invite(now, invite, 487, |_| {});
        }
        for open in [&dialog.updating, &dialog.referring].into_iter().flatten() {
            self.finish_open(now, open, 487, |_| {});
        }
        Some(dialog)
    }
}

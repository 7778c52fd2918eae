//! Streams that end: an ordinary event in every state. What waits for an answer over the stream fails; a dialog lives
//! on and looks for another way to its far end.
//!
//! The way to a trunk is a new connection to its target. The way to a device is the path of its registration, if it
//! has come back by another (the same `+sip.instance`, or the only binding of its account); else a new connection to
//! its Contact, if that names the address it was seen at; else, and if nobody is there, there is none until it registers
//! again.

use std::net::{IpAddr, SocketAddr};

use super::clients::Purpose;
use super::{SubscriptionId, UserAgent};
use crate::dialog::{DialogId, Relation, State};
use crate::directory::AccountId;
use crate::flow::{Flow, StreamId, Transport};
use crate::message::{NameAddr, Uri};
use crate::registrar::Binding;
use crate::time::Timestamp;
use crate::transaction::{ClientId, ServerId};

/// Something that depends on a stream. When it ends they are told in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OnStream {
    Client(ClientId),
    Server(ServerId),
    Dialog(DialogId),
    Bindings(AccountId),
    Subscription(SubscriptionId),
}

impl UserAgent {
    /// Whether a binding, a dialog or a transaction needs a stream. One that nobody needs may be closed when it is idle.
    pub fn uses_stream(&self, stream: StreamId) -> bool {
        let first = (stream, OnStream::Client(ClientId(0)));
        self.on_stream.range(first..).next().is_some_and(|(of, _)| *of == stream)
    }

    /// Whether a dialog or a transaction needs a way to `remote` that the shell opens by itself.
    pub fn uses_remote(&self, transport: Transport, remote: SocketAddr) -> bool {
        let needs =
            |flow: &Flow| flow.stream.is_none() && flow.transport == transport && flow.remote == remote;
        self.clients.values().any(|client| needs(&client.flow))
            || self.dialogs.values().any(|dialog| needs(&dialog.relation.flow))
    }

    /// A stream ended. Bindings over it end with it (RFC 5626 section 5.3); calls do not.
    pub fn handle_stream_closed(&mut self, now: Timestamp, stream: StreamId) {
        self.streams.remove(&stream);
        let first = (stream, OnStream::Client(ClientId(0)));
        while let Some((of, what)) = self.on_stream.range(first..).next().copied() {
            if of != stream {
                break;
            }
            self.on_stream.remove(&(stream, what));
            match what {
                OnStream::Client(id) => self.client_stream_lost(now, id),
                OnStream::Server(id) => self.server_stream_lost(id),
                OnStream::Dialog(id) => self.dialog_stream_lost(now, id),
                OnStream::Bindings(account) => {
                    self.keep_bindings(account, |binding| binding.flow.stream != Some(stream));
                }
                OnStream::Subscription(id) => self.subscription_stream_lost(id),
            }
        }
    }

    /// A connection that the shell opened, or tried to, for bytes without a stream is not there, or is there no more.
    /// Every request that waits for an answer over it fails as by a transport error (RFC 3261 sections 8.1.3.1 and
    /// 18.4): an INVITE with 503 and no other try, a re-INVITE likewise while its dialog lives on.
    pub fn handle_connect_failed(&mut self, now: Timestamp, transport: Transport, remote: SocketAddr) {
        let (first, last) = (ClientId(0), ClientId(u64::MAX));
        let waiting = self.on_connection.range((transport, remote, first)..=(transport, remote, last));
        for id in waiting.map(|(_, _, id)| *id).collect::<Vec<_>>() {
            self.client_failed(now, id);
        }
    }

    pub(super) fn watch_stream(&mut self, flow: &Flow, what: OnStream) {
        match (flow.stream, what) {
            (Some(stream), _) => {
                self.on_stream.insert((stream, what));
            }
            (None, OnStream::Client(id)) if flow.transport.is_reliable() => {
                self.on_connection.insert((flow.transport, flow.remote, id));
            }
            (
                None,
                OnStream::Client(_)
                | OnStream::Server(_)
                | OnStream::Dialog(_)
                | OnStream::Bindings(_)
                | OnStream::Subscription(_),
            ) => {}
        }
    }

    pub(super) fn unwatch_stream(&mut self, flow: &Flow, what: OnStream) {
        match (flow.stream, what) {
            (Some(stream), _) => {
                self.on_stream.remove(&(stream, what));
            }
            (None, OnStream::Client(id)) => {
                self.on_connection.remove(&(flow.transport, flow.remote, id));
            }
            (
                None,
                OnStream::Server(_) | OnStream::Dialog(_) | OnStream::Bindings(_) | OnStream::Subscription(_),
            ) => {}
        }
    }

    fn dialog_stream_lost(&mut self, now: Timestamp, id: DialogId) {
        let Some(relation) = self.dialogs.get(&id).map(|dialog| &dialog.relation) else {
            return;
        };
        let account = relation.account;
        if let Some(flow) = self.way_back(relation) {
            self.redirect(id, flow);
            return self.note_by_contact(id);
        }
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.relation.flow.stream = None;
        dialog.relation.lost = true;
        if let Some(account) = account {
            self.lost.insert((account, id));
        }
        // RFC 5626 section 5.3: an INVITE whose flow to the device failed has failed. Should the device come back
        // while it still rings, it is told so.
        if matches!(dialog.state, State::Calling { .. }) {
            self.fail(id, 503, crate::message::reason_phrase(503));
            self.clear(now, id, None);
        }
    }

    /// A dialog whose device may be at its Contact goes on by its registration as soon as there is one again.
    pub(super) fn note_by_contact(&mut self, id: DialogId) {
        let relation = self.dialogs.get(&id).map(|dialog| &dialog.relation);
        if let Some(account) = relation.filter(|relation| relation.by_contact()).and_then(|of| of.account) {
            self.lost.insert((account, id));
        }
    }

    /// Where requests to a far end can go whose stream is gone.
    pub(super) fn way_back(&self, relation: &Relation) -> Option<Flow> {
        let target = relation.peer.and_then(|peer| self.directory.peer(peer)?.target.as_ref());
        if let Some(target) = target {
            return Some(Flow { stream: None, ..target.flow });
        }
        self.registered_way(relation).or_else(|| contact_way(relation))
    }

    /// The path by which the device is registered now, if that is another than the relation's.
    pub(super) fn registered_way(&self, relation: &Relation) -> Option<Flow> {
        let bindings = self.registrar.of(relation.account?).iter();
        let live = |binding: &&Binding| match binding.flow.stream {
            Some(stream) => relation.flow.stream != Some(stream),
            None => !binding.flow.transport.is_reliable(),
        };
        let live: Vec<&Binding> = bindings.filter(live).collect();
        let same =
            live.iter().find(|binding| binding.instance.is_some() && binding.instance == relation.instance);
        match (same, live.as_slice()) {
            (Some(binding), _) => Some(binding.flow),
            (None, [only]) if relation.instance.is_none() || only.instance.is_none() => Some(only.flow),
            (None, _) => None,
        }
    }

    /// Gives a dialog another path, and with it its open INVITEs.
    pub(super) fn redirect(&mut self, id: DialogId, flow: Flow) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut dialog.relation.flow, flow);
        dialog.relation.lost = false;
        let (account, (client, server)) = (dialog.relation.account, dialog.invites());
        self.unwatch_stream(&old, OnStream::Dialog(id));
        self.watch_stream(&flow, OnStream::Dialog(id));
        if let Some(account) = account {
            self.lost.remove(&(account, id));
        }
        if let Some(client) = client {
            self.redirect_client(client, flow);
        }
        if let Some(server) = server.filter(|_| flow.stream.is_some()) {
            self.redirect_server(server, flow);
        }
    }

    /// The far end of a dialog speaks by a path of its own choice: ours is that one, if it had none.
    pub(super) fn found_again(&mut self, now: Timestamp, id: DialogId, source: Flow) {
        if self.dialogs.get(&id).is_some_and(|dialog| dialog.relation.lost) {
            self.redirect(id, source);
            self.cancel_again(now, id);
        }
    }

    /// A device has registered: what lost it goes on by its new path, and it hears what it missed.
    pub(super) fn device_is_back(&mut self, now: Timestamp, account: AccountId, before: &[Binding]) {
        let (first, last) = (DialogId(0), DialogId(u64::MAX));
        let lost = self.lost.range((account, first)..=(account, last)).map(|(_, id)| *id);
        for id in lost.collect::<Vec<_>>() {
            let way = self.dialogs.get(&id).and_then(|dialog| self.registered_way(&dialog.relation));
            if let Some(flow) = way {
                self.redirect(id, flow);
                self.cancel_again(now, id);
            }
        }
        for id in self.left_behind(account, before) {
            let way = self.dialogs.get(&id).and_then(|dialog| self.registered_way(&dialog.relation));
            if let Some(flow) = way {
                self.redirect(id, flow);
            }
        }
        self.call_who_is_back(now, account);
        self.say_farewells(now, account);
    }

    /// Says the BYEs that a device is owed, if it is registered.
    pub(super) fn say_farewells(&mut self, now: Timestamp, account: AccountId) {
        for (mut relation, reason) in self.farewells_due(now, account) {
            self.send_bye(now, &mut relation, reason.as_deref());
        }
    }

    /// Dialogs on streams that a device has just replaced by another (RFC 5626 section 4.3): the old one may be dead
    /// for minutes before anybody notices. An INVITE without a response went down the old one and stays with it.
    fn left_behind(&self, account: AccountId, before: &[Binding]) -> Vec<DialogId> {
        let now = self.registrar.of(account);
        let replaced = before.iter().filter(|old| {
            old.instance.is_some()
                && now.iter().any(|new| new.instance == old.instance && new.flow.stream != old.flow.stream)
        });
        let mut found = Vec::new();
        for stream in replaced.filter_map(|old| old.flow.stream) {
            let (first, last) = (OnStream::Dialog(DialogId(0)), OnStream::Dialog(DialogId(u64::MAX)));
            for (_, what) in self.on_stream.range((stream, first)..=(stream, last)) {
                if let OnStream::Dialog(id) = what
                    && let Some(dialog) = self.dialogs.get(id)
                    && dialog.relation.account == Some(account)
                    && !matches!(dialog.state, State::Calling { .. })
                {
                    found.push(*id);
                }
            }
        }
        found
    }

    /// Says CANCEL to a device that was out of reach when it was due.
    fn cancel_again(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if let State::Cancelling { invite, sent, reason } = &mut dialog.state {
            let (invite, reason) = (*invite, reason.clone());
            *sent = true;
            self.send_cancel(now, invite, reason.as_deref());
        }
    }

    /// Whether requests for a purpose have no way to go.
    pub(super) fn out_of_reach(&self, purpose: Purpose) -> bool {
        purpose.dialog().and_then(|id| self.dialogs.get(&id)).is_some_and(|dialog| dialog.relation.lost)
    }
}

/// A device that is reached by the address in its Contact or first route, which is the one it was seen at. Any other
/// address might be anybody's.
fn contact_way(relation: &Relation) -> Option<Flow> {
    named_way(relation.flow, relation.routes.first(), &relation.target)
}

/// A connection to where a route or else a URI says, if that is the address at the other end of `flow`.
pub(super) fn named_way(flow: Flow, route: Option<&String>, target: &Uri) -> Option<Flow> {
    match flow.transport {
        Transport::Tcp | Transport::Tls => {}
        Transport::Udp | Transport::Ws => return None,
    }
    let hop = match route {
        Some(route) => NameAddr::parse(route).ok()?.uri,
        None => target.clone(),
    };
    let address = hop.host.parse::<IpAddr>().ok().filter(|address| *address == flow.remote.ip())?;
    let port = hop.port.unwrap_or(flow.transport.default_port());
    Some(Flow { remote: SocketAddr::new(address, port), stream: None, ..flow })
}

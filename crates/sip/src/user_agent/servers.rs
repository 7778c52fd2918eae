//! Server transactions: their keys, messages and timers.

use std::net::{IpAddr, SocketAddr};

use super::UserAgent;
use super::asked::Asked;
use super::streams::OnStream;
use crate::dialog::DialogId;
use crate::flow::{Flow, Transport};
use crate::message::{Method, Request, Response};
use crate::time::{Letter, TimerKey, Timestamp};
use crate::transaction::server_invite::{self, ServerInvite};
use crate::transaction::server_other::{self, ServerOther};
use crate::transaction::{MergeKey, ServerId, ServerKey, Step};

pub(super) struct Server {
    machine: Machine,
    key: ServerKey,
    merge: Option<MergeKey>,
    reply: Flow,
    /// The stream of `reply` is gone and nothing else leads there.
    lost: bool,
    /// Where the request came from: its CANCEL must, too.
    source: IpAddr,
    /// Port of the topmost Via's sender.
    sent_by: u16,
    /// The last response.
    last: Vec<u8>,
}

enum Machine {
    Invite { machine: ServerInvite, request: Box<Request>, to_tag: String, dialog: Option<DialogId> },
    Other(ServerOther),
}

impl UserAgent {
    /// Takes up an INVITE. `to_tag` goes into every response.
    pub(super) fn open_invite(
        &mut self,
        asked: &Asked,
        to_tag: String,
        dialog: Option<DialogId>,
    ) -> ServerId {
        let machine = Machine::Invite {
            machine: ServerInvite::start(self.pace(&asked.reply)),
            request: Box::new(asked.request.clone()),
            to_tag,
            dialog,
        };
        self.open_server(asked, machine)
    }

    fn open_server(&mut self, asked: &Asked, machine: Machine) -> ServerId {
        let id = ServerId(self.next_id());
        let merge = asked.to_tag().is_none().then(|| asked.merge_key());
        if let Some(merge) = merge {
            self.merge_keys.insert(merge, id);
        }
        self.server_keys.insert(asked.key, id);
        let server = Server {
            machine,
            key: asked.key,
            merge,
            reply: asked.reply,
            lost: false,
            source: asked.source.remote.ip(),
            sent_by: asked.essentials.via.port.unwrap_or(asked.reply.transport.default_port()),
            last: Vec::new(),
        };
        self.watch_stream(&server.reply, OnStream::Server(id));
        self.servers.insert(id, server);
        id
    }

    /// Whether an INVITE has no final response yet.
    pub(super) fn invite_is_open(&self, id: ServerId) -> bool {
        match self.servers.get(&id).map(|server| &server.machine) {
            Some(Machine::Invite { machine, .. }) => machine.phase == server_invite::Phase::Proceeding,
            Some(Machine::Other(_)) | None => false,
        }
    }

    /// Answers an INVITE that has no final response yet; otherwise does nothing.
    pub(super) fn respond_invite(
        &mut self,
        now: Timestamp,
        id: ServerId,
        code: u16,
        edit: impl FnOnce(&mut Response),
    ) {
        if !self.invite_is_open(id) {
            return;
        }
        let Some(server) = self.servers.get(&id) else {
            return;
        };
        let Machine::Invite { request, to_tag, .. } = &server.machine else {
            return;
        };
        let mut response = Response::to_request(request, code, (code > 100).then_some(to_tag.as_str()));
        if code > 100 {
            self.sign(&mut response);
        }
        edit(&mut response);
        let input = match code {
            100..=199 => server_invite::Input::SendProvisional,
            200..=299 => server_invite::Input::SendSuccess,
            _ => server_invite::Input::SendFailure,
        };
        if let Some(server) = self.servers.get_mut(&id) {
            server.last = response.to_bytes();
        }
        self.step_invite(now, id, input);
    }

    /// The INVITE that a CANCEL means, its dialog and its To tag. It must come from where the INVITE came from.
    pub(super) fn cancelled_by(&self, asked: &Asked) -> Option<(ServerId, Option<DialogId>, String)> {
        let key = ServerKey::new(&asked.request, &asked.essentials, &Method::Invite);
        let id = *self.server_keys.get(&key)?;
        let server = self.servers.get(&id).filter(|server| server.source == asked.source.remote.ip())?;
        match &server.machine {
            Machine::Invite { to_tag, dialog, .. } => Some((id, *dialog, to_tag.clone())),
            Machine::Other(_) => None,
        }
    }

    /// Sends our last provisional response again.
    pub(super) fn resend_provisional(&mut self, now: Timestamp, id: ServerId) {
        self.step_invite(now, id, server_invite::Input::SendProvisional);
    }

    /// Sends our 2xx again, as long as its transaction stands.
    pub(super) fn resend_success(&mut self, now: Timestamp, id: ServerId) {
        self.step_invite(now, id, server_invite::Input::SendSuccess);
    }

    /// Answers any other request once, and again when it is repeated.
    pub(super) fn respond_other(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        code: u16,
        edit: impl FnOnce(&mut Response),
    ) {
        let tag = self.chance.token();
        self.respond_other_tagged(now, asked, code, &tag, edit);
    }

    /// The same with a given To tag: that of the INVITE, for its CANCEL (RFC 3261 section 9.2).
    pub(super) fn respond_other_tagged(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        code: u16,
        tag: &str,
        edit: impl FnOnce(&mut Response),
    ) {
        let mut response = Response::to_request(&asked.request, code, Some(tag));
        self.sign(&mut response);
        edit(&mut response);
        let id = self.open_other(asked);
        self.answer_other(now, id, &response);
    }

    /// Takes up a request that is answered later. Whoever takes it up must see to that: no timer does.
    pub(super) fn open_other(&mut self, asked: &Asked) -> ServerId {
        self.open_server(asked, Machine::Other(ServerOther::start()))
    }

    /// Answers a request taken up before.
    pub(super) fn answer_other(&mut self, now: Timestamp, id: ServerId, response: &Response) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.last = response.to_bytes();
        }
        self.step_other(now, id, server_other::Input::SendFinal);
    }

    /// Refuses an INVITE inside a dialog; its ACK is awaited.
    pub(super) fn refuse_reinvite(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        code: u16,
        edit: impl FnOnce(&mut Response),
    ) {
        let id = self.open_invite(asked, String::new(), None);
        self.respond_invite(now, id, code, edit);
    }

    /// Whether a request is one already under way; if so its answer has been sent again.
    pub(super) fn repeats_known(&mut self, now: Timestamp, asked: &Asked) -> bool {
        let Some(id) = self.server_keys.get(&asked.key).copied() else {
            return false;
        };
        match self.servers.get(&id).map(|server| &server.machine) {
            Some(Machine::Invite { .. }) => self.step_invite(now, id, server_invite::Input::Request),
            Some(Machine::Other(_)) => self.step_other(now, id, server_other::Input::Request),
            None => {}
        }
        true
    }

    /// Whether an ACK was for a final response other than 2xx.
    pub(super) fn acknowledges_failure(&mut self, now: Timestamp, asked: &Asked) -> bool {
        let Some(id) = self.server_keys.get(&asked.key).copied() else {
            return false;
        };
        let phase = match self.servers.get(&id).map(|server| &server.machine) {
            Some(Machine::Invite { machine, .. }) => machine.phase,
            Some(Machine::Other(_)) | None => return false,
        };
        match phase {
            server_invite::Phase::Completed | server_invite::Phase::Confirmed => {
                self.step_invite(now, id, server_invite::Input::Ack);
                true
            }
            server_invite::Phase::Proceeding
            | server_invite::Phase::Accepted
            | server_invite::Phase::Terminated => false,
        }
    }

    pub(super) fn server_timer(&mut self, now: Timestamp, id: ServerId, letter: Letter) {
        match self.servers.get(&id).map(|server| &server.machine) {
            Some(Machine::Invite { .. }) => self.step_invite(now, id, server_invite::Input::Timer(letter)),
            Some(Machine::Other(_)) => self.step_other(now, id, server_other::Input::Timer(letter)),
            None => {}
        }
    }

    fn step_invite(&mut self, now: Timestamp, id: ServerId, input: server_invite::Input) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(&id) else {
            return;
        };
        let pace = crate::transaction::Pace { timing, reliable: server.reply.transport.is_reliable() };
        if let Machine::Invite { machine, .. } = &mut server.machine {
            let steps = machine.on(input, pace);
            self.run_server(now, id, steps);
        }
    }

    fn step_other(&mut self, now: Timestamp, id: ServerId, input: server_other::Input) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(&id) else {
            return;
        };
        let pace = crate::transaction::Pace { timing, reliable: server.reply.transport.is_reliable() };
        if let Machine::Other(machine) = &mut server.machine {
            let steps = machine.on(input, pace);
            self.run_server(now, id, steps);
        }
    }

    fn run_server(&mut self, now: Timestamp, id: ServerId, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Send => {
                    let reached = self.servers.get(&id).filter(|server| !server.lost);
                    let sent = reached.map(|server| (server.reply, server.last.clone()));
                    if let Some((reply, bytes)) = sent.filter(|(_, bytes)| !bytes.is_empty()) {
                        self.transmit(reply, bytes);
                    }
                }
                Step::Set(letter, ms) => self.timers.set(TimerKey::Server(id, letter), letter.due(now, ms)),
                Step::Stop(letter) => self.timers.stop(TimerKey::Server(id, letter)),
                Step::Over => self.remove_server(id),
                // The figures of the client side.
                Step::SendAck | Step::Pass | Step::TimedOut | Step::TransportFailed => {}
            }
        }
    }

    /// RFC 3261 section 18.2.2: a response whose connection is gone goes by a new one to the address the request came
    /// from and the port its sender named. A browser cannot be connected to.
    pub(super) fn server_stream_lost(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(&id) else {
            return;
        };
        let remote = SocketAddr::new(server.source, server.sent_by);
        server.reply = Flow { remote, stream: None, ..server.reply };
        server.lost = server.reply.transport == Transport::Ws;
    }

    /// Gives the responses to their INVITE another path.
    pub(super) fn redirect_server(&mut self, id: ServerId, flow: Flow) {
        let Some(server) = self.servers.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut server.reply, flow);
        server.lost = false;
        self.unwatch_stream(&old, OnStream::Server(id));
        self.watch_stream(&flow, OnStream::Server(id));
    }

    fn remove_server(&mut self, id: ServerId) {
        self.timers.stop_server(id);
        if let Some(server) = self.servers.remove(&id) {
            self.unwatch_stream(&server.reply, OnStream::Server(id));
            if self.server_keys.get(&server.key) == Some(&id) {
                self.server_keys.remove(&server.key);
            }
            if let Some(merge) = server.merge
                && self.merge_keys.get(&merge) == Some(&id)
            {
                self.merge_keys.remove(&merge);
            }
        }
    }
}

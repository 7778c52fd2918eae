//! Client transactions: their keys, messages, timers, and answers to challenges.

use super::streams::OnStream;
use super::{SubscriptionId, UserAgent};
use crate::dialog::reliable::Early;
use crate::dialog::{DialogId, State};
use crate::digest;
use crate::directory::PeerId;
use crate::flow::Flow;
use crate::limits::{AUTH_RETRIES_MAX, BLOB_CSEQ_STEP};
use crate::message::{Essentials, Method, Name, Parameters, Request, Response, Via};
use crate::time::{Letter, TimerKey, Timestamp};
use crate::transaction::client_invite::{self, ClientInvite};
use crate::transaction::client_other::{self, ClientOther};
use crate::transaction::{ClientId, ClientKey, Step};

pub(super) struct Client {
    machine: Machine,
    pub(super) request: Request,
    bytes: Vec<u8>,
    pub(super) flow: Flow,
    /// The stream of `flow` is gone: nothing is sent until another path is found.
    pub(super) lost: bool,
    key: ClientKey,
    pub(super) purpose: Purpose,
    pub(super) peer: Option<PeerId>,
    /// Times it was sent again with credentials.
    tried: u8,
    /// Our ACKs of its 2xx: several when the INVITE forked.
    pub(super) acks: Vec<Acknowledgement>,
    /// The dialogs that its provisional responses began.
    pub(super) early: Vec<Early>,
    /// Whether its session interval was raised after a 422: it is done once.
    pub(super) stretched: bool,
    /// How many numbers behind that of an INVITE an earlier life may have used while it rang: for PRACK (RFC 3262). A BYE
    /// with one of them would be refused (RFC 3261 section 12.2.2).
    pub(super) cseqs_used: u32,
}

/// An ACK of a 2xx.
pub(super) struct Acknowledgement {
    /// The far end's.
    pub(super) tag: String,
    pub(super) bytes: Vec<u8>,
    /// It waits for the owner's word.
    pub(super) held: bool,
}

enum Machine {
    Invite(ClientInvite),
    Other(ClientOther),
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Invite(DialogId),
    Reinvite(DialogId),
    /// A session refresh, by UPDATE or re-INVITE.
    Refresh(DialogId),
    Ping(DialogId),
    /// For a provisional response to this INVITE.
    Prack(ClientId),
    Cancel,
    Bye,
    /// Of a subscription.
    Notify(SubscriptionId),
    /// The last one of a subscription.
    LastNotify,
    /// To who has no subscription.
    UnsolicitedNotify(u64),
}

impl Purpose {
    /// The dialog whose path the request takes.
    pub(super) fn dialog(self) -> Option<DialogId> {
        match self {
            Self::Invite(id) | Self::Reinvite(id) | Self::Refresh(id) | Self::Ping(id) => Some(id),
            // A PRACK answers what has just been heard.
            Self::Prack(_)
            | Self::Cancel
            | Self::Bye
            | Self::Notify(_)
            | Self::LastNotify
            | Self::UnsolicitedNotify(_) => None,
        }
    }
}

/// A response with what was read from it.
pub(super) struct Heard<'a> {
    pub(super) response: &'a Response,
    pub(super) essentials: &'a Essentials,
}

impl UserAgent {
    /// A Via of ours for a flow, with a fresh branch.
    pub(super) fn new_via(&mut self, flow: &Flow, call_id: &str) -> (String, String) {
        let branch = self.key.branch(&self.chance.token(), call_id);
        let via = self.via(flow, &branch);
        (branch, via)
    }

    pub(super) fn via(&self, flow: &Flow, branch: &str) -> String {
        let (host, port) = match self.config.listener(flow.listener) {
            Some(listener) => (listener.host.clone(), Some(listener.port)),
            None => ("localhost".to_owned(), None),
        };
        let mut via = Via {
            transport: flow.transport.via_token().to_owned(),
            host,
            port,
            parameters: Parameters::default(),
        };
        via.parameters.set("branch", Some(branch.to_owned()));
        via.parameters.set("rport", None);
        via.to_string()
    }

    /// Sends a request that has everything but its Via.
    pub(super) fn start_client(
        &mut self,
        now: Timestamp,
        request: Request,
        flow: Flow,
        peer: Option<PeerId>,
        purpose: Purpose,
    ) -> ClientId {
        let (branch, via) = self.new_via(&flow, request.headers.get(&Name::CallId).unwrap_or_default());
        self.start_client_on(now, request, flow, peer, purpose, (branch, via, 0))
    }

    pub(super) fn start_client_on(
        &mut self,
        now: Timestamp,
        mut request: Request,
        flow: Flow,
        peer: Option<PeerId>,
        purpose: Purpose,
        (branch, via, tried): (String, String, u8),
    ) -> ClientId {
        let id = ClientId(self.next_id());
        request.headers.push_front(Name::Via, via);
        let pace = self.pace(&flow);
        let (machine, steps) = if request.method == Method::Invite {
            let (machine, steps) = ClientInvite::start(pace);
            (Machine::Invite(machine), steps)
        } else {
            let (machine, steps) = ClientOther::start(pace);
            (Machine::Other(machine), steps)
        };
        let key = (branch, request.method.clone());
        self.client_keys.insert(key.clone(), id);
        self.watch_stream(&flow, OnStream::Client(id));
        let bytes = request.to_bytes();
        let lost = self.out_of_reach(purpose);
        let client = Client {
            machine,
            request,
            bytes,
            flow,
            lost,
            key,
            purpose,
            peer,
            tried,
            acks: Vec::new(),
            early: Vec::new(),
            stretched: false,
            cseqs_used: 0,
        };
        self.clients.insert(id, client);
        self.run_client(now, id, steps, None);
        if lost {
            self.client_failed(now, id);
        }
        id
    }

    /// CANCEL has the branch, Via, From, To, Call-ID, Route and CSeq number of its INVITE (RFC 3261 section 9.1).
    pub(super) fn send_cancel(&mut self, now: Timestamp, invite: ClientId, reason: Option<&str>) {
        let Some(client) = self.clients.get(&invite).filter(|client| !client.lost) else {
            return;
        };
        let mut request = follow_up(&client.request, Method::Cancel);
        let via = client.request.headers.get(&Name::Via).unwrap_or_default().to_owned();
        if let Some(reason) = reason {
            request.headers.push(Name::Reason, reason);
        }
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        let (branch, flow, peer) = (client.key.0.clone(), client.flow, client.peer);
        self.start_client_on(now, request, flow, peer, Purpose::Cancel, (branch, via, 0));
    }

    pub(super) fn handle_response(&mut self, now: Timestamp, source: Flow, response: &Response) {
        let Ok(essentials) = Essentials::read(&response.headers) else {
            return;
        };
        let Some(branch) = essentials.via.branch() else {
            return;
        };
        let key = (branch.to_owned(), essentials.method.clone());
        let Some(id) = self.client_keys.get(&key).copied() else {
            return self.stray_response(now, source, &Heard { response, essentials: &essentials });
        };
        self.heard_from(now, id, source);
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let pace = crate::transaction::Pace { timing, reliable: client.flow.transport.is_reliable() };
        let steps = match &mut client.machine {
            Machine::Invite(machine) => {
                let input = match response.code {
                    100..=199 => client_invite::Input::Provisional,
                    200..=299 => client_invite::Input::Success,
                    _ => client_invite::Input::Failure,
                };
                machine.on(input, pace)
            }
            Machine::Other(machine) => {
                let input = match response.is_provisional() {
                    true => client_other::Input::Provisional,
                    false => client_other::Input::Final,
                };
                machine.on(input, pace)
            }
        };
        self.run_client(now, id, steps, Some(&Heard { response, essentials: &essentials }));
    }

    pub(super) fn client_timer(&mut self, now: Timestamp, id: ClientId, letter: Letter) {
        self.step_client(now, id, client_invite::Input::Timer(letter), client_other::Input::Timer(letter));
    }

    /// The transport did not carry a request. An INVITE that rings already goes on: RFC 3261 figure 5 has no such
    /// move, for its response may come by another connection (section 18.2.2).
    pub(super) fn client_failed(&mut self, now: Timestamp, id: ClientId) {
        self.step_client(now, id, client_invite::Input::TransportError, client_other::Input::TransportError);
    }

    pub(super) fn client_stream_lost(&mut self, now: Timestamp, id: ClientId) {
        self.client_failed(now, id);
        if let Some(client) = self.clients.get_mut(&id) {
            client.flow.stream = None;
            client.lost = true;
        }
    }

    /// Gives our INVITE another path for what is still to be said of it.
    pub(super) fn redirect_client(&mut self, id: ClientId, flow: Flow) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut client.flow, flow);
        client.lost = false;
        self.unwatch_stream(&old, OnStream::Client(id));
        self.watch_stream(&flow, OnStream::Client(id));
    }

    /// A response came. If the path of its request is gone, this is the new one, for the dialog too.
    fn heard_from(&mut self, now: Timestamp, id: ClientId, source: Flow) {
        let Some(purpose) = self.clients.get(&id).filter(|client| client.lost).map(|client| client.purpose)
        else {
            return;
        };
        self.redirect_client(id, source);
        if let Some(dialog) = purpose.dialog() {
            self.found_again(now, dialog, source);
        }
    }

    fn step_client(
        &mut self,
        now: Timestamp,
        id: ClientId,
        invite: client_invite::Input,
        other: client_other::Input,
    ) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let pace = crate::transaction::Pace { timing, reliable: client.flow.transport.is_reliable() };
        let steps = match &mut client.machine {
            Machine::Invite(machine) => machine.on(invite, pace),
            Machine::Other(machine) => machine.on(other, pace),
        };
        self.run_client(now, id, steps, None);
    }

    fn run_client(&mut self, now: Timestamp, id: ClientId, steps: Vec<Step>, heard: Option<&Heard<'_>>) {
        for step in steps {
            match step {
                Step::Send => {
                    let reached = self.clients.get(&id).filter(|client| !client.lost);
                    let sent = reached.map(|client| (client.flow, client.bytes.clone()));
                    if let Some((flow, bytes)) = sent {
                        self.transmit(flow, bytes);
                    }
                }
                Step::SendAck => {
                    if let Some(heard) = heard {
                        self.acknowledge_failure(id, heard.response);
                    }
                }
                Step::Pass => {
                    if let Some(heard) = heard {
                        self.pass_response(now, id, heard);
                    }
                }
                Step::Set(letter, ms) => self.timers.set(TimerKey::Client(id, letter), letter.due(now, ms)),
                Step::Stop(letter) => self.timers.stop(TimerKey::Client(id, letter)),
                Step::TimedOut => self.nothing_heard(now, id, 408),
                Step::TransportFailed => self.nothing_heard(now, id, 503),
                Step::Over => self.remove_client(id),
            }
        }
    }

    /// RFC 3261 section 17.1.1.3: the To of the response, the Route set and topmost Via of the INVITE.
    fn acknowledge_failure(&mut self, id: ClientId, response: &Response) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let mut ack = follow_up(&client.request, Method::Ack);
        ack.headers.push_front(Name::Via, client.request.headers.get(&Name::Via).unwrap_or_default());
        if let Some(to) = response.headers.get(&Name::To) {
            ack.headers.set(Name::To, to);
        }
        let flow = client.flow;
        self.transmit(flow, ack.to_bytes());
    }

    fn pass_response(&mut self, now: Timestamp, id: ClientId, heard: &Heard<'_>) {
        let Some(purpose) = self.clients.get(&id).map(|client| client.purpose) else {
            return;
        };
        if matches!(heard.response.code, 401 | 407) && self.retry_with_credentials(now, id, heard.response) {
            return;
        }
        if heard.response.code == 422 && self.retry_with_longer_timer(now, id, heard.response) {
            return;
        }
        match purpose {
            Purpose::Invite(dialog) => self.invite_heard(now, dialog, id, heard),
            Purpose::Reinvite(dialog) => self.reinvite_heard(now, dialog, id, heard),
            Purpose::Refresh(dialog) => self.refresh_heard(now, dialog, id, heard),
            Purpose::Ping(dialog) => self.ping_heard(now, dialog, heard.response.code),
            Purpose::Notify(id) => self.notify_heard(now, id, heard.response.code),
            Purpose::UnsolicitedNotify(number) => self.unsolicited_heard(now, number, heard.response.code),
            Purpose::Prack(_) | Purpose::Cancel | Purpose::Bye | Purpose::LastNotify => {}
        }
    }

    fn nothing_heard(&mut self, now: Timestamp, id: ClientId, code: u16) {
        if let Some(trial) = self.trials.remove(&id)
            && code == 503
            && self.nobody_at_contact(now, trial)
        {
            return;
        }
        let asked = self.clients.get(&id).map(|client| (client.purpose, client.key.1 == Method::Invite));
        let by_invite = asked.is_some_and(|(_, by_invite)| by_invite);
        match asked.map(|(purpose, _)| purpose) {
            Some(Purpose::Invite(dialog)) => {
                self.invite_failed(now, dialog, code, crate::message::reason_phrase(code));
            }
            Some(Purpose::Reinvite(dialog)) => self.reinvite_failed(now, dialog, code),
            Some(Purpose::Refresh(dialog)) => self.refresh_failed(now, dialog, by_invite, code),
            Some(Purpose::Ping(dialog)) if code == 408 => self.ping_heard(now, dialog, code),
            Some(Purpose::Ping(dialog)) => self.ping_not_carried(now, dialog),
            Some(Purpose::Notify(id)) => self.notify_heard(now, id, code),
            Some(Purpose::UnsolicitedNotify(number)) => self.unsolicited_heard(now, number, code),
            Some(Purpose::Prack(_) | Purpose::Cancel | Purpose::Bye | Purpose::LastNotify) | None => {}
        }
    }

    /// Sends a challenged request again, once per challenge and once more when only the nonce was stale. Credentials
    /// are those of the trunk that the request was sent to, at an address of its own; a realm alone never selects them.
    fn retry_with_credentials(&mut self, now: Timestamp, id: ClientId, challenge: &Response) -> bool {
        let client_nonce = self.chance.token();
        let Some(client) = self.clients.get(&id) else {
            return false;
        };
        let address = client.flow.remote.ip();
        let peer = client.peer.and_then(|peer| self.directory.peer(peer)).filter(|peer| peer.is_at(address));
        let Some(credentials) = peer.and_then(|peer| peer.outbound.as_ref()) else {
            return false;
        };
        let mut request = client.request.clone();
        let Some((name, value, stale)) = digest::answer(challenge, credentials, &request, &client_nonce)
        else {
            return false;
        };
        if client.tried >= AUTH_RETRIES_MAX || (client.tried == 1 && !stale) {
            return false;
        }
        request.headers.set(name, value);
        let (tried, stretched) = (client.tried + 1, client.stretched);
        self.send_again(now, id, request, tried, stretched)
    }

    /// Sends a refused request again as it is now, under a new number and branch. False if nobody wants it any more.
    pub(super) fn send_again(
        &mut self,
        now: Timestamp,
        id: ClientId,
        mut request: Request,
        tried: u8,
        stretched: bool,
    ) -> bool {
        let Some(client) = self.clients.get(&id) else {
            return false;
        };
        let (purpose, flow, peer) = (client.purpose, client.flow, client.peer);
        let Some(cseq) = self.next_cseq(purpose, &request) else {
            return false;
        };
        request.headers.remove(&Name::Via);
        request.headers.set(Name::CSeq, format!("{cseq} {}", request.method));
        let (branch, via) = self.new_via(&flow, request.headers.get(&Name::CallId).unwrap_or_default());
        let retried = self.start_client_on(now, request, flow, peer, purpose, (branch, via, tried));
        if let Some(client) = self.clients.get_mut(&retried) {
            client.stretched = stretched;
        }
        if let Purpose::Invite(dialog) = purpose
            && let Some(dialog) = self.dialogs.get_mut(&dialog)
        {
            dialog.state = State::Calling { invite: retried };
        }
        true
    }

    /// CSeq for a request that is sent again; `None` if nobody wants it any more.
    fn next_cseq(&mut self, purpose: Purpose, request: &Request) -> Option<u32> {
        match purpose {
            Purpose::Invite(id) | Purpose::Reinvite(id) | Purpose::Refresh(id) | Purpose::Ping(id) => {
                let dialog = self.dialogs.get_mut(&id)?;
                if let State::Cancelling { .. } = dialog.state {
                    return None;
                }
                dialog.relation.cseq += 1;
                Some(dialog.relation.cseq)
            }
            Purpose::Prack(invite) => {
                let to = Essentials::read(&request.headers).ok()?.to;
                let relation = &mut self.early_mut(invite, to.tag()?)?.relation;
                relation.cseq += 1;
                Some(relation.cseq)
            }
            Purpose::Bye => Some(Essentials::read(&request.headers).ok()?.cseq + 1),
            Purpose::Cancel | Purpose::Notify(_) | Purpose::LastNotify | Purpose::UnsolicitedNotify(_) => {
                None
            }
        }
    }

    /// Makes an INVITE of an earlier life again, as it was when it rang.
    pub(super) fn restore_invite(
        &mut self,
        mut request: Request,
        (flow, lost): (Flow, bool),
        peer: Option<PeerId>,
        dialog: DialogId,
        (branch, via): (String, String),
    ) -> ClientId {
        let id = ClientId(self.next_id());
        request.headers.push_front(Name::Via, via);
        let key = (branch, request.method.clone());
        self.client_keys.insert(key.clone(), id);
        self.watch_stream(&flow, OnStream::Client(id));
        let client = Client {
            machine: Machine::Invite(ClientInvite::restored(self.pace(&flow))),
            bytes: request.to_bytes(),
            request,
            flow,
            lost,
            key,
            purpose: Purpose::Invite(dialog),
            peer,
            tried: 0,
            acks: Vec::new(),
            early: Vec::new(),
            stretched: false,
            cseqs_used: BLOB_CSEQ_STEP,
        };
        self.clients.insert(id, client);
        id
    }

    /// The topmost Via of a request of ours.
    pub(super) fn via_of(&self, id: ClientId) -> Option<&str> {
        self.clients.get(&id)?.request.headers.get(&Name::Via)
    }

    /// Whether an INVITE of ours got a provisional response.
    pub(super) fn is_proceeding(&self, id: ClientId) -> bool {
        match self.clients.get(&id).map(|client| &client.machine) {
            Some(Machine::Invite(machine)) => machine.phase == client_invite::Phase::Proceeding,
            Some(Machine::Other(_)) | None => false,
        }
    }

    pub(super) fn remove_client(&mut self, id: ClientId) {
        self.timers.stop_client(id);
        if let Some(client) = self.clients.remove(&id) {
            self.client_keys.remove(&client.key);
            self.unwatch_stream(&client.flow, OnStream::Client(id));
        }
        self.trials.remove(&id);
    }
}

/// What ACK and CANCEL share with their INVITE.
fn follow_up(invite: &Request, method: Method) -> Request {
    let mut headers = crate::message::Headers::new();
    for name in [Name::Route, Name::From, Name::To, Name::CallId] {
        headers.copy(&invite.headers, &name);
    }
    headers.push(Name::MaxForwards, "70");
    let number = invite.headers.get(&Name::CSeq).and_then(|cseq| cseq.split(' ').next()).unwrap_or_default();
    headers.push(Name::CSeq, format!("{number} {method}"));
    Request { method, uri: invite.uri.clone(), headers, body: Vec::new() }
}

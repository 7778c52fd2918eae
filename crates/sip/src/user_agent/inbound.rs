//! Calls that arrive: RFC 3261 section 13.3.

use super::UserAgent;
use super::asked::{Asked, capabilities, retry_later};
use crate::dialog::reliable::{Reliable, Wish};
use crate::dialog::{Dialog, DialogId, Offering, Relation, State, Unacked, Upkeep};
use crate::event::{ClearCause, Event, Origin};
use crate::flow::Flow;
use crate::limits::{HEADERS_PASSED, PROVISIONAL_REPEAT_MS};
use crate::message::{Headers, Name, NameAddr, Response, Uri, is_token, write_host_port};
use crate::time::{DialogTimer, TimerKey, Timestamp};

/// Headers in which only a trunk's word counts.
const PEER_ONLY: [&str; 3] = ["P-Asserted-Identity", "Diversion", "History-Info"];

impl UserAgent {
    pub(super) fn handle_invite(&mut self, now: Timestamp, asked: Asked) {
        if self.refused_by_body(&asked) {
            return;
        }
        let contact = asked.request.headers.values(&Name::Contact).next().map(NameAddr::parse);
        let Some(Ok(contact)) = contact else {
            return self.refuse(&asked, 400, |response| {
                response.reason = "Bad Request: Contact".to_owned();
            });
        };
        let Some(origin) = self.identify(now, &asked) else {
            return;
        };
        let replaces = match self.replaced_by(&asked, origin) {
            Ok(replaces) => replaces,
            Err(code) => return self.refuse(&asked, code, |_| {}),
        };
        if self.refused_by_timer(now, &asked) {
            return;
        }
        if self.dialogs.len() >= self.config.dialogs_max {
            return self.refuse(&asked, 503, retry_later);
        }
        let id = DialogId(self.next_id());
        let tag = self.chance.token();
        let invite = self.open_invite(&asked, tag.clone(), Some(id));
        self.respond_invite(now, invite, 100, |_| {});
        let mut relation = incoming_relation(&asked, contact.uri, origin, &tag);
        relation.instance = self.instance_at(origin, asked.source);
        let Asked { request, essentials, source, .. } = asked;
        let had_offer = !request.body.is_empty();
        let dialog = Dialog {
            relation,
            state: State::Incoming { invite, cseq: essentials.cseq, had_offer },
            ours: false,
            origin: Some(origin),
            remote_cseq: Some(essentials.cseq),
            glare: None,
            held_ack: None,
            unreached: 0,
            upkeep: Upkeep::default(),
            reliable: Reliable { wish: Wish::read(&request.headers), ..Reliable::default() },
            updating: None,
            referring: None,
        };
        self.add_dialog(id, dialog);
        self.note_asked(id, &request.headers);
        let (from_user, from_name) = self.caller(origin, &essentials.from, &request.headers);
        self.events.push_back(Event::Incoming {
            dialog: id,
            from: origin,
            flow: source,
            request_user: request.uri.user_text(),
            request_host: request.uri.host.clone(),
            from_user,
            from_name,
            headers: passed_headers(&request.headers, origin),
            body: had_offer.then_some(request.body),
            replaces,
        });
    }

    /// The device that calls by a path, if it is registered there and names itself.
    pub(super) fn instance_at(&self, origin: Origin, source: Flow) -> Option<String> {
        match origin {
            Origin::Account(account) => {
                let bindings = self.registrar.of(account).iter();
                bindings.filter(|binding| binding.flow == source).find_map(|binding| binding.instance.clone())
            }
            Origin::Peer(_) => None,
        }
    }

    /// The asserted identity is the proved one: an account is its own name whatever its From says, a trunk is believed.
    fn caller(&self, origin: Origin, from: &NameAddr, headers: &Headers) -> (String, Option<String>) {
        let name_of = |address: &NameAddr| {
            let visible = address.display.as_deref()?.chars().filter(|character| !character.is_control());
            Some(visible.collect::<String>()).filter(|name| !name.is_empty())
        };
        match origin {
            Origin::Account(id) => match self.directory.account(id) {
                Some(account) if account.username == from.uri.user_text() => {
                    (account.username.clone(), name_of(from))
                }
                Some(account) => (account.username.clone(), None),
                None => (String::new(), None),
            },
            Origin::Peer(_) => {
                let asserted = Name::new("P-Asserted-Identity");
                let asserted = headers.values(&asserted).next().and_then(|value| NameAddr::parse(value).ok());
                let address = asserted.as_ref().unwrap_or(from);
                (address.uri.user_text(), name_of(address).or_else(|| name_of(from)))
            }
        }
    }

    /// Says 180, 182 or 183 to a caller; `body` is early media. It goes out reliably where the caller demands it, or can
    /// and there is a body.
    pub fn ring(&mut self, now: Timestamp, dialog: DialogId, code: u16, body: Option<Vec<u8>>) {
        let Some(invite) = self.incoming(dialog).filter(|_| (101..200).contains(&code)) else {
            return;
        };
        if self.ring_reliably(now, dialog, code, body.as_ref()) {
            return;
        }
        let contact = self.contact_of(dialog);
        self.respond_invite(now, invite, code, |response| {
            response.headers.push(Name::Contact, contact);
            if let Some(body) = body {
                describe(response, body);
            }
        });
        self.timers.set(TimerKey::Dialog(dialog, DialogTimer::Provisional), now + PROVISIONAL_REPEAT_MS);
    }

    /// RFC 3261 section 13.3.1.1: proxies on the way give up after three minutes of silence.
    pub(super) fn repeat_provisional(&mut self, now: Timestamp, id: DialogId) {
        if let Some(invite) = self.incoming(id) {
            self.resend_provisional(now, invite);
            self.timers.set(TimerKey::Dialog(id, DialogTimer::Provisional), now + PROVISIONAL_REPEAT_MS);
        }
    }

    /// Answers a call with our answer, or with our offer if the INVITE had none.
    pub fn answer(&mut self, now: Timestamp, dialog: DialogId, body: Vec<u8>) {
        let Some(State::Incoming { invite, cseq, had_offer }) =
            self.dialogs.get(&dialog).map(|dialog| dialog.state.clone())
        else {
            return;
        };
        if self.answer_waits(dialog, &body) {
            return;
        }
        let (said_before, body) = self.say_once(dialog, body);
        let had_offer = had_offer || said_before;
        let terms = self.grant_timer(now, dialog);
        let (contact, supported) = (self.contact_of(dialog), self.supported());
        self.respond_invite(now, invite, 200, |response| {
            response.headers.push(Name::Contact, contact);
            capabilities(response, supported);
            if let Some(terms) = terms {
                terms.tell(response);
            }
            describe(response, body);
        });
        self.timers.stop(TimerKey::Dialog(dialog, DialogTimer::Provisional));
        self.stop_repeating(dialog);
        let answer = self.await_ack(now, dialog, Unacked { invite, cseq, had_offer, interval_ms: 0 });
        if let Some(dialog) = self.dialogs.get_mut(&dialog) {
            dialog.enter(State::Answered { answer });
        }
    }

    /// RFC 3261 section 13.3.1.4: the 2xx is repeated on every transport until its ACK comes.
    pub(super) fn await_ack(&mut self, now: Timestamp, id: DialogId, answer: Unacked) -> Unacked {
        let timing = self.config.timing;
        self.timers.set(TimerKey::Dialog(id, DialogTimer::Answer), now + timing.t1_ms);
        self.timers.set(TimerKey::Dialog(id, DialogTimer::NoAck), now + timing.give_up_ms());
        Unacked { interval_ms: timing.t1_ms, ..answer }
    }

    pub(super) fn repeat_answer(&mut self, now: Timestamp, id: DialogId) {
        let t2_ms = self.config.timing.t2_ms;
        let Some(answer) = self.dialogs.get_mut(&id).and_then(Dialog::unacked) else {
            return;
        };
        answer.interval_ms = (answer.interval_ms * 2).min(t2_ms);
        let (invite, interval_ms) = (answer.invite, answer.interval_ms);
        self.resend_success(now, invite);
        self.timers.set(TimerKey::Dialog(id, DialogTimer::Answer), now + interval_ms);
    }

    /// RFC 3261 section 13.3.1.4: without ACK the dialog is confirmed, and ended by BYE.
    pub(super) fn answer_not_acknowledged(&mut self, now: Timestamp, id: DialogId) {
        let Some(mut dialog) = self.remove_dialog(now, id) else {
            return;
        };
        let reason = match &dialog.state {
            State::Leaving { reason, .. } => reason.clone(),
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Incoming { .. }
            | State::Answered { .. }
            | State::Confirmed { .. } => {
                let cause = ClearCause::NoAck;
                self.events.push_back(Event::Cleared { dialog: id, cause, reason: None });
                None
            }
        };
        self.send_bye(now, &mut dialog.relation, reason.as_deref());
    }

    /// Refuses a call with 300 to 699.
    pub fn reject(
        &mut self,
        now: Timestamp,
        dialog: DialogId,
        code: u16,
        reason: &str,
        headers: &[(&str, &str)],
    ) {
        let Some(invite) = self.incoming(dialog) else {
            return;
        };
        let code = if (300..700).contains(&code) { code } else { 480 };
        self.respond_invite(now, invite, code, |response| {
            if !reason.is_empty() {
                response.reason = reason.chars().filter(|character| !character.is_control()).collect();
            }
            for (name, value) in headers.iter().filter(|(name, _)| is_token(name)) {
                response.headers.push(Name::new(name), *value);
            }
        });
        self.remove_dialog(now, dialog);
    }

    /// An ACK: for a refusal it ends the transaction, for a 2xx it confirms the dialog.
    pub(super) fn handle_ack(&mut self, now: Timestamp, asked: &Asked) {
        if self.acknowledges_failure(now, asked) {
            return;
        }
        let Some(id) = self.dialog_of(asked) else {
            return;
        };
        if !self.is_far_end(asked, id) {
            return;
        }
        self.found_again(now, id, asked.source);
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let Some(answer) = dialog.unacked().copied().filter(|answer| answer.cseq == asked.essentials.cseq)
        else {
            return;
        };
        self.timers.stop(TimerKey::Dialog(id, DialogTimer::Answer));
        self.timers.stop(TimerKey::Dialog(id, DialogTimer::NoAck));
        let body = (!answer.had_offer && !asked.request.body.is_empty()).then(|| asked.request.body.clone());
        let confirmed = State::Confirmed { offering: Offering::Nobody };
        match dialog.state.clone() {
            State::Answered { .. } => {
                dialog.enter(confirmed);
                self.events.push_back(Event::Confirmed { dialog: id, body });
                self.schedule_ping(now, id);
            }
            State::Confirmed { .. } => {
                dialog.enter(confirmed);
                if let Some(body) = body {
                    self.events.push_back(Event::ReofferAnswered { dialog: id, body });
                }
            }
            State::Leaving { reason, .. } => {
                if let Some(mut dialog) = self.remove_dialog(now, id) {
                    self.send_bye(now, &mut dialog.relation, reason.as_deref());
                }
            }
            State::Calling { .. } | State::Cancelling { .. } | State::Incoming { .. } => {}
        }
    }

    /// CANCEL (RFC 3261 section 9.2): answered 200, and its INVITE 487 if that has no final response.
    pub(super) fn handle_cancel(&mut self, now: Timestamp, asked: &Asked) {
        let Some((invite, dialog, to_tag)) = self.cancelled_by(asked) else {
            return self.refuse(asked, 481, |_| {});
        };
        self.respond_other_tagged(now, asked, 200, &to_tag, |_| {});
        if !self.invite_is_open(invite) {
            return;
        }
        self.respond_invite(now, invite, 487, |_| {});
        let Some(id) = dialog else {
            return;
        };
        match self.dialogs.get_mut(&id).map(|dialog| &mut dialog.state) {
            Some(State::Incoming { .. }) => {
                self.remove_dialog(now, id);
                let reason = asked.request.headers.get(&Name::Reason).map(str::to_owned);
                self.events.push_back(Event::Cleared { dialog: id, cause: ClearCause::Cancelled, reason });
            }
            Some(State::Confirmed { offering }) => *offering = Offering::Nobody,
            Some(
                State::Calling { .. }
                | State::Cancelling { .. }
                | State::Answered { .. }
                | State::Leaving { .. },
            )
            | None => {}
        }
    }

    fn incoming(&self, id: DialogId) -> Option<crate::transaction::ServerId> {
        match self.dialogs.get(&id)?.state {
            State::Incoming { invite, .. } => Some(invite),
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Answered { .. }
            | State::Leaving { .. }
            | State::Confirmed { .. } => None,
        }
    }

    /// Our Contact in a dialog.
    pub(super) fn contact_of(&self, id: DialogId) -> String {
        match self.dialogs.get(&id).map(|dialog| &dialog.relation) {
            Some(relation) => self.contact(&relation.flow, &relation.contact_user),
            None => String::new(),
        }
    }

    pub(super) fn contact(&self, flow: &Flow, user: &str) -> String {
        let mut uri = Uri::sip(Some(user).filter(|user| !user.is_empty()), "localhost", None);
        if let Some(listener) = self.config.listener(flow.listener) {
            uri.host.clone_from(&listener.host);
            uri.port = Some(listener.port);
        }
        if let Some(transport) = flow.transport.uri_parameter() {
            uri.parameters.set("transport", Some(transport.to_owned()));
        }
        format!("<{uri}>")
    }

    /// Host part for our own name on a flow.
    pub(super) fn own_host(&self, flow: &Flow) -> String {
        let mut out = String::new();
        if let Some(listener) = self.config.listener(flow.listener) {
            let _infallible = write_host_port(&mut out, &listener.host, None);
        }
        out
    }
}

/// RFC 3261 section 12.1.1: the relation that an INVITE or SUBSCRIBE begins.
pub(super) fn incoming_relation(asked: &Asked, target: Uri, origin: Origin, tag: &str) -> Relation {
    Relation {
        call_id: asked.essentials.call_id.clone(),
        local: asked.essentials.to.clone().with_tag(tag),
        remote: asked.essentials.from.clone(),
        target,
        routes: asked.request.headers.values(&Name::RecordRoute).map(str::to_owned).collect(),
        flow: asked.source,
        cseq: 0,
        peer: match origin {
            Origin::Peer(peer) => Some(peer),
            Origin::Account(_) => None,
        },
        account: match origin {
            Origin::Account(account) => Some(account),
            Origin::Peer(_) => None,
        },
        instance: None,
        lost: false,
        contact_user: asked.request.uri.user_text(),
    }
}

/// Adds a session description.
pub(super) fn describe(response: &mut Response, body: Vec<u8>) {
    if !body.is_empty() {
        response.headers.push(Name::ContentType, "application/sdp");
        response.body = body;
    }
}

fn is_steering(character: char) -> bool {
    character.is_control() && character != '\t'
}

/// Whether a header passes between the sides of a call.
pub(super) fn passes(name: &str) -> bool {
    let extension = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
    is_token(name) && (extension || HEADERS_PASSED.iter().any(|passed| passed.eq_ignore_ascii_case(name)))
}

fn passed_headers(headers: &Headers, origin: Origin) -> Vec<(String, String)> {
    let believed = |name: &str| match origin {
        Origin::Peer(_) => true,
        Origin::Account(_) => !PEER_ONLY.iter().any(|only| only.eq_ignore_ascii_case(name)),
    };
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        // RFC 3261 section 25.1: control characters stand in no header; what they would do to a reader is unknown.
        .filter(|(name, value)| passes(name) && believed(name) && !value.contains(is_steering))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

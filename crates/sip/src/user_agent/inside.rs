//! Inside a dialog: their requests, re-INVITEs of both sides, and the question whether the far end lives.

use super::UserAgent;
use super::asked::{Asked, allow, capabilities, content_type};
use super::clients::{Heard, Purpose};
use super::inbound::describe;
use crate::dialog::{Dialog, DialogId, Glare, Offering, ReofferError, State, Unacked};
use crate::event::{ClearCause, Event, Origin};
use crate::limits::{GLARE_RETRIES_MAX, UNREACHED_MAX};
use crate::message::{Method, Name, NameAddr, parse_number};
use crate::time::{DialogTimer, TimerKey, Timestamp};
use crate::transaction::ClientId;

/// Pause before another look when our offer must wait for theirs to finish.
const GLARE_RECHECK_MS: u64 = 500;

impl UserAgent {
    /// The dialog that a request belongs to, by Call-ID and both tags (RFC 3261 section 12.2.2).
    pub(super) fn dialog_of(&self, asked: &Asked) -> Option<DialogId> {
        self.dialog_with(&asked.essentials.call_id, asked.to_tag()?, asked.their_tag())
    }

    /// The dialog of this Call-ID and these tags; they have none in an early dialog of which we do not know.
    pub(super) fn dialog_with(&self, call_id: &str, our_tag: &str, their_tag: &str) -> Option<DialogId> {
        let id = *self.dialog_keys.get(&(call_id.to_owned(), our_tag.to_owned()))?;
        let dialog = self.dialogs.get(&id)?;
        let established = match dialog.state {
            State::Calling { invite } => self.rings_at(invite, their_tag),
            State::Cancelling { .. } => false,
            State::Incoming { .. }
            | State::Answered { .. }
            | State::Leaving { .. }
            | State::Confirmed { .. } => dialog.relation.remote.tag().unwrap_or_default() == their_tag,
        };
        established.then_some(id)
    }

    /// Whether a request came by the dialog's own path or from the same trunk.
    pub(super) fn is_far_end(&self, asked: &Asked, id: DialogId) -> bool {
        let Some(dialog) = self.dialogs.get(&id) else {
            return false;
        };
        let path = dialog.relation.flow;
        if path.remote.ip() == asked.source.remote.ip() {
            return true;
        }
        match dialog.origin {
            Some(Origin::Peer(peer)) => {
                self.directory.peer_by_source(asked.source.remote).is_some_and(|known| known.id == peer)
            }
            Some(Origin::Account(_)) | None => false,
        }
    }

    /// Tags alone are not enough: a request from elsewhere must prove to be the dialog's device, which has moved then.
    fn admitted(&mut self, now: Timestamp, asked: &Asked, id: DialogId) -> bool {
        if self.is_far_end(asked, id) {
            self.found_again(now, id, asked.source);
            return true;
        }
        let origin = self.dialogs.get(&id).and_then(|dialog| dialog.origin);
        let account = match origin {
            Some(Origin::Account(account)) => self.directory.account(account).cloned(),
            Some(Origin::Peer(_)) | None => None,
        };
        let Some(account) = account else {
            self.refuse(asked, 403, |_| {});
            return false;
        };
        if self.prove(now, asked, &account.realm, &account.username, Some(account.id)).is_none() {
            return false;
        }
        self.redirect(id, asked.source);
        true
    }

    pub(super) fn handle_inside(&mut self, now: Timestamp, asked: &Asked) {
        if let Some(id) = self.subscription_of(asked) {
            return self.handle_resubscribe(now, asked, id);
        }
        let Some(id) = self.dialog_of(asked) else {
            return self.refuse(asked, 481, |_| {});
        };
        if !self.admitted(now, asked, id) {
            return;
        }
        if !self.in_order(asked, id) {
            return self.respond_inside(now, asked, 500, |_| {});
        }
        let rings = self.early_of(asked, id).is_some();
        if self.refused_by_headers(asked) {
            return;
        }
        match asked.request.method {
            Method::Invite => self.handle_reinvite(now, asked, id),
            // RFC 3261 section 15: whom we ring refuses; BYE is not for that.
            Method::Bye if rings => self.respond_other(now, asked, 481, |_| {}),
            Method::Bye => self.handle_bye(now, asked, id),
            Method::Options => {
                let supported = self.supported();
                self.respond_other(now, asked, 200, |response| capabilities(response, supported));
            }
            Method::Info => self.handle_info(now, asked, id),
            Method::Prack => self.handle_prack(now, asked, id),
            Method::Update => self.handle_update(now, asked, id),
            Method::Subscribe | Method::Notify | Method::Publish => {
                self.respond_other(now, asked, 489, |_| {});
            }
            Method::Refer => self.handle_refer(now, asked, id),
            Method::Register | Method::Message => {
                self.respond_other(now, asked, 405, allow);
            }
            Method::Other(_) => self.respond_other(now, asked, 501, allow),
            Method::Ack | Method::Cancel => {}
        }
    }

    pub(super) fn respond_inside(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        code: u16,
        edit: impl FnOnce(&mut crate::message::Response),
    ) {
        if asked.request.method == Method::Invite {
            self.refuse_reinvite(now, asked, code, edit);
        } else {
            self.respond_other(now, asked, code, edit);
        }
    }

    fn handle_bye(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        self.respond_other(now, asked, 200, |_| {});
        let Some(dialog) = self.remove_dialog(now, id) else {
            return;
        };
        let reason = asked.request.headers.get(&Name::Reason).map(str::to_owned);
        let cause = match dialog.state {
            State::Leaving { .. } => return,
            State::Incoming { .. } => ClearCause::Cancelled,
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Answered { .. }
            | State::Confirmed { .. } => ClearCause::Bye,
        };
        self.events.push_back(Event::Cleared { dialog: id, cause, reason });
    }

    /// A digit, or nothing we know (RFC 6086 section 4.2.2).
    fn handle_info(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        let headers = &asked.request.headers;
        if headers.get(&Name::new("Info-Package")).is_some() {
            return self.respond_other(now, asked, 469, |_| {});
        }
        let body = String::from_utf8_lossy(&asked.request.body);
        let (signal, duration_ms) = match content_type(headers).as_deref() {
            Some("application/dtmf-relay") => {
                let field = |name: &str| {
                    body.lines().find_map(|line| {
                        let (key, value) = line.split_once('=')?;
                        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                    })
                };
                (field("Signal"), field("Duration").and_then(|ms| parse_number(&ms)))
            }
            Some("application/dtmf") => (Some(body.trim().to_owned()), None),
            Some(_) if !asked.request.body.is_empty() => {
                return self.respond_other(now, asked, 415, |response| {
                    response.headers.push(Name::Accept, "application/dtmf-relay");
                });
            }
            Some(_) | None => (None, None),
        };
        self.respond_other(now, asked, 200, |_| {});
        let digit = signal.and_then(|signal| signal.chars().next()).map(|digit| digit.to_ascii_uppercase());
        if let Some(digit) = digit.filter(|digit| "0123456789*#ABCD".contains(*digit)) {
            self.events.push_back(Event::Dtmf { dialog: id, digit, duration_ms });
        }
    }

    fn handle_reinvite(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        let state = self.dialogs.get(&id).map(|dialog| dialog.state.clone());
        let updating = self.dialogs.get(&id).is_some_and(|dialog| dialog.updating.is_some());
        match state {
            Some(State::Confirmed { offering: Offering::Nobody }) if !updating => {}
            // RFC 3261 section 14.2: a second INVITE before the final response to the first.
            Some(
                State::Incoming { .. }
                | State::Confirmed { offering: Offering::Nobody | Offering::Theirs { .. } },
            ) => {
                return self.refuse_reinvite(now, asked, 500, |response| {
                    response.headers.push(Name::RetryAfter, "3");
                });
            }
            // Glare, or our 2xx is not acknowledged yet (RFC 5407 section 3.1.4).
            Some(
                State::Answered { .. }
                | State::Leaving { .. }
                | State::Calling { .. }
                | State::Cancelling { .. }
                | State::Confirmed { offering: Offering::Ours | Offering::Unacked(_) },
            )
            | None => return self.refuse_reinvite(now, asked, 491, |_| {}),
        }
        if self.refused_by_body(asked) || self.refused_by_timer(now, asked) {
            return;
        }
        self.note_asked(id, &asked.request.headers);
        let invite = self.open_invite(asked, String::new(), Some(id));
        self.respond_invite(now, invite, 100, |_| {});
        let had_offer = !asked.request.body.is_empty();
        let contact = asked.request.headers.values(&Name::Contact).next();
        let contact = contact.and_then(|value| NameAddr::parse(value).ok()).map(|contact| contact.uri);
        let offering = Offering::Theirs { invite, cseq: asked.essentials.cseq, had_offer, contact };
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.enter(State::Confirmed { offering });
        }
        let body = had_offer.then(|| asked.request.body.clone());
        self.events.push_back(Event::Reoffered { dialog: id, body });
    }

    /// Answers their re-INVITE, with our offer if it had none, or their offer in an UPDATE.
    pub fn answer_reoffer(&mut self, now: Timestamp, dialog: DialogId, body: Vec<u8>) {
        let id = dialog;
        if let Some(updating) = self.dialogs.get_mut(&id).and_then(|dialog| dialog.updating.take()) {
            return self.accept_update(now, id, &updating, body);
        }
        let Some(State::Confirmed { offering: Offering::Theirs { invite, cseq, had_offer, contact } }) =
            self.dialogs.get(&id).map(|dialog| dialog.state.clone())
        else {
            return;
        };
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.upkeep.said.clone_from(&body);
        }
        let terms = self.grant_timer(now, id);
        let (our_contact, supported) = (self.contact_of(id), self.supported());
        self.respond_invite(now, invite, 200, |response| {
            response.headers.push(Name::Contact, our_contact);
            capabilities(response, supported);
            if let Some(terms) = terms {
                terms.tell(response);
            }
            describe(response, body);
        });
        let answer = self.await_ack(now, id, Unacked { invite, cseq, had_offer, interval_ms: 0 });
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            if let Some(contact) = contact {
                dialog.relation.target = contact;
            }
            dialog.enter(State::Confirmed { offering: Offering::Unacked(answer) });
        }
    }

    /// Refuses their re-INVITE or UPDATE; what held before holds on.
    pub fn reject_reoffer(&mut self, now: Timestamp, dialog: DialogId, code: u16) {
        let code = if (300..700).contains(&code) { code } else { 488 };
        if let Some(updating) = self.dialogs.get_mut(&dialog).and_then(|dialog| dialog.updating.take()) {
            return self.finish_open(now, &updating, code, |_| {});
        }
        let Some(State::Confirmed { offering: Offering::Theirs { invite, .. } }) =
            self.dialogs.get(&dialog).map(|dialog| dialog.state.clone())
        else {
            return;
        };
        self.respond_invite(now, invite, code, |_| {});
        if let Some(dialog) = self.dialogs.get_mut(&dialog) {
            dialog.enter(State::Confirmed { offering: Offering::Nobody });
        }
    }

    /// Offers a change inside a confirmed dialog.
    pub fn reoffer(&mut self, now: Timestamp, dialog: DialogId, body: Vec<u8>) -> Result<(), ReofferError> {
        let found = self.dialogs.get(&dialog).ok_or(ReofferError::NoSuchDialog)?;
        match &found.state {
            State::Confirmed { offering: Offering::Nobody }
                if found.glare.is_none() && found.updating.is_none() => {}
            State::Confirmed { .. } => return Err(ReofferError::Pending),
            State::Cancelling { .. } | State::Leaving { .. } => return Err(ReofferError::NoSuchDialog),
            State::Calling { .. } | State::Incoming { .. } | State::Answered { .. } => {
                return Err(ReofferError::NotConfirmed);
            }
        }
        self.send_reinvite(now, dialog, body);
        Ok(())
    }

    fn send_reinvite(&mut self, now: Timestamp, id: DialogId, body: Vec<u8>) {
        self.send_reinvite_for(now, id, body, Purpose::Reinvite(id));
    }

    pub(super) fn send_reinvite_for(
        &mut self,
        now: Timestamp,
        id: DialogId,
        body: Vec<u8>,
        purpose: Purpose,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.relation.cseq += 1;
        dialog.enter(State::Confirmed { offering: Offering::Ours });
        dialog.upkeep.asked_at = now;
        let (relation, terms) = (dialog.relation.clone(), dialog.upkeep.terms);
        let mut request = relation.request(Method::Invite, relation.cseq);
        self.dress_invite(&mut request, &relation, body);
        self.ask_for_timer(&mut request, false, terms);
        self.start_client(now, request, relation.flow, relation.peer, purpose);
    }

    pub(super) fn reinvite_heard(
        &mut self,
        now: Timestamp,
        id: DialogId,
        client: ClientId,
        heard: &Heard<'_>,
    ) {
        match heard.response.code {
            100..=199 => {
                self.early_heard(now, client, heard);
            }
            200..=299 => self.reinvite_succeeded(now, id, client, heard),
            491 => self.glare(now, id, client),
            code => self.reinvite_failed(now, id, code),
        }
    }

    pub(super) fn reinvite_succeeded(
        &mut self,
        now: Timestamp,
        id: DialogId,
        client: ClientId,
        heard: &Heard<'_>,
    ) {
        let offered = self.clients.get(&client).map(|client| client.request.body.clone());
        if self.acknowledge_success(client, heard, false).is_none() || !self.offer_is_over(id) {
            return;
        }
        if let Some((dialog, offered)) = self.dialogs.get_mut(&id).zip(offered) {
            dialog.upkeep.said = offered;
            dialog.upkeep.note_allowed(&heard.response.headers);
        }
        self.settle_timer_again(now, id, &heard.response.headers);
        let early = self.early_mut(client, heard.essentials.to.tag().unwrap_or_default());
        let early_answer = early.and_then(|early| early.answer.take());
        let body = early_answer.unwrap_or_else(|| heard.response.body.clone());
        self.events.push_back(Event::ReofferAnswered { dialog: id, body });
    }

    /// Whether our offer was still wanted.
    pub(super) fn offer_is_over(&mut self, id: DialogId) -> bool {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return false;
        };
        match dialog.state {
            State::Confirmed { offering: Offering::Ours } => {
                dialog.enter(State::Confirmed { offering: Offering::Nobody });
                dialog.glare = None;
                true
            }
            State::Confirmed {
                offering: Offering::Nobody | Offering::Theirs { .. } | Offering::Unacked(_),
            }
            | State::Calling { .. }
            | State::Cancelling { .. }
            | State::Incoming { .. }
            | State::Answered { .. }
            | State::Leaving { .. } => false,
        }
    }

    pub(super) fn reinvite_failed(&mut self, now: Timestamp, id: DialogId, code: u16) {
        match code {
            // RFC 3261 section 12.2.1.2: the far end has no such dialog, or does not answer.
            408 | 481 => self.far_end_is_gone(now, id, code),
            code => {
                if self.offer_is_over(id) {
                    self.events.push_back(Event::ReofferFailed { dialog: id, code });
                }
            }
        }
    }

    /// RFC 3261 section 14.1: whoever owns the Call-ID waits 2.1 to 4 s, the other up to 2 s.
    fn glare(&mut self, now: Timestamp, id: DialogId, client: ClientId) {
        let body = self.clients.get(&client).map(|client| client.request.body.clone()).unwrap_or_default();
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let tried = dialog.glare.as_ref().map_or(0, |glare| glare.tried) + 1;
        if tried > GLARE_RETRIES_MAX {
            return self.reinvite_failed(now, id, 491);
        }
        dialog.glare = Some(Glare { body, tried });
        dialog.enter(State::Confirmed { offering: Offering::Nobody });
        let ours = dialog.ours;
        let wait_ms = self.glare_wait_ms(ours);
        self.timers.set(TimerKey::Dialog(id, DialogTimer::Glare), now + wait_ms);
    }

    pub(super) fn glare_wait_ms(&mut self, ours: bool) -> u64 {
        let (low, high) = if ours { (210, 400) } else { (0, 200) };
        self.chance.between(low, high) * 10
    }

    pub(super) fn repeat_offer(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        let Some(glare) = &dialog.glare else {
            return;
        };
        match dialog.state {
            State::Confirmed { offering: Offering::Nobody } if dialog.updating.is_none() => {
                let body = glare.body.clone();
                self.send_reinvite(now, id, body);
            }
            State::Confirmed { .. }
            | State::Calling { .. }
            | State::Cancelling { .. }
            | State::Incoming { .. }
            | State::Answered { .. }
            | State::Leaving { .. } => {
                self.timers.set(TimerKey::Dialog(id, DialogTimer::Glare), now + GLARE_RECHECK_MS);
            }
        }
    }

    /// Asks whether the far end still has the dialog; if not, `Cleared` follows.
    pub fn ping(&mut self, now: Timestamp, dialog: DialogId) {
        let confirmed = |dialog: &&mut Dialog| matches!(dialog.state, State::Confirmed { .. });
        let Some(found) = self.dialogs.get_mut(&dialog).filter(confirmed) else {
            return;
        };
        found.relation.cseq += 1;
        let relation = found.relation.clone();
        let mut request = relation.request(Method::Options, relation.cseq);
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        self.start_client(now, request, relation.flow, relation.peer, Purpose::Ping(dialog));
    }

    pub(super) fn ping_by_itself(&mut self, now: Timestamp, id: DialogId) {
        self.ping(now, id);
        self.schedule_ping(now, id);
    }

    /// Spread over a tenth of the interval, so that a burst of calls does not become a burst of pings.
    pub(super) fn schedule_ping(&mut self, now: Timestamp, id: DialogId) {
        let interval_ms = self.config.dialog_ping_ms;
        if interval_ms > 0 && self.dialogs.contains_key(&id) {
            let early_ms = self.chance.between(0, interval_ms / 10);
            self.timers.set(TimerKey::Dialog(id, DialogTimer::Ping), now + (interval_ms - early_ms));
        }
    }

    /// The question went nowhere: the far end may come back, but not for ever.
    pub(super) fn ping_not_carried(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.unreached += 1;
        if dialog.unreached >= UNREACHED_MAX {
            self.far_end_is_gone(now, id, 408);
        }
    }

    pub(super) fn ping_heard(&mut self, now: Timestamp, id: DialogId, code: u16) {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.unreached = 0;
        }
        if matches!(code, 408 | 481) {
            self.far_end_is_gone(now, id, code);
        }
    }

    pub(super) fn far_end_is_gone(&mut self, now: Timestamp, id: DialogId, code: u16) {
        let confirmed =
            self.dialogs.get(&id).is_some_and(|dialog| matches!(dialog.state, State::Confirmed { .. }));
        if !confirmed {
            return;
        }
        let Some(mut dialog) = self.remove_dialog(now, id) else {
            return;
        };
        self.events.push_back(Event::Cleared { dialog: id, cause: ClearCause::Unreachable, reason: None });
        if code == 408 {
            self.send_bye(now, &mut dialog.relation, None);
        }
    }
}

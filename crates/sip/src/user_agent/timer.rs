//! Session timers in dialogs (RFC 4028): asked for, granted, refreshed, run out.

use super::UserAgent;
use super::asked::Asked;
use super::clients::{Heard, Purpose};
use crate::dialog::timer::{Terms, TimerAsk, TimerPolicy, TooSmall, stretch};
use crate::dialog::{Dialog, DialogId, Offering, State};
use crate::event::{ClearCause, Event};
use crate::limits::REFRESH_RETRY_MS_MAX;
use crate::message::{Headers, Method, Name, Request, Response};
use crate::time::{DialogTimer, TimerKey, Timestamp};
use crate::transaction::ClientId;

/// Pause before another look when a refresh must wait for something else to finish.
const REFRESH_RECHECK_MS: u64 = 500;
const EXPIRED: &str = "SIP;cause=408;text=\"Session timer expired\"";

impl UserAgent {
    fn timer_policy(&self) -> Option<TimerPolicy> {
        TimerPolicy::new(&self.config)
    }

    /// The extensions we speak, for `Supported`.
    pub(super) fn supported(&self) -> &'static str {
        if self.timer_policy().is_some() { "timer, 100rel, replaces" } else { "100rel, replaces" }
    }

    /// Puts into an INVITE or UPDATE of ours what it asks of the timer; a first INVITE asks for what we want.
    pub(super) fn ask_for_timer(&self, request: &mut Request, first: bool, current: Option<Terms>) {
        if let Some(policy) = self.timer_policy().filter(|_| first || current.is_some()) {
            policy.ask(request, current);
        }
    }

    /// Answers 422 to an INVITE or UPDATE that asks for too short an interval.
    pub(super) fn refused_by_timer(&mut self, now: Timestamp, asked: &Asked) -> bool {
        let ask = TimerAsk::read(&asked.request.headers);
        let refused = self.timer_policy().map(|policy| policy.serve(ask, None));
        let Some(Err(TooSmall(min_s))) = refused else {
            return false;
        };
        let tell = |response: &mut Response| response.headers.push(Name::MinSe, min_s.to_string());
        match asked.to_tag() {
            None => self.refuse(asked, 422, tell),
            Some(_) => self.respond_inside(now, asked, 422, tell),
        }
        true
    }

    /// Notes what an INVITE or UPDATE of theirs says beyond its offer.
    pub(super) fn note_asked(&mut self, id: DialogId, headers: &Headers) {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.upkeep.asked = TimerAsk::read(headers);
            dialog.upkeep.note_allowed(headers);
        }
    }

    /// What our 2xx to the request noted last says of the timer; it runs from now on.
    pub(super) fn grant_timer(&mut self, now: Timestamp, id: DialogId) -> Option<Terms> {
        let upkeep = &self.dialogs.get(&id)?.upkeep;
        // What was too small has been refused before.
        let terms = self.timer_policy().and_then(|policy| policy.serve(upkeep.asked, upkeep.terms).ok()?);
        self.run_timer(now, id, terms);
        terms
    }

    /// Takes over what the 2xx to our INVITE says of the timer.
    pub(super) fn settle_timer(&mut self, now: Timestamp, id: DialogId, headers: &Headers) {
        let terms = self.timer_policy().and_then(|policy| policy.settled(headers));
        self.run_timer(now, id, terms);
    }

    /// The same of the 2xx to a request inside the dialog. The far end has counted since it first came, and its 2xx may
    /// have been lost more than once: whoever refreshes counts since it first went.
    pub(super) fn settle_timer_again(&mut self, now: Timestamp, id: DialogId, headers: &Headers) {
        let terms = self.timer_policy().and_then(|policy| policy.settled(headers));
        let asked_at = self.dialogs.get(&id).map(|dialog| dialog.upkeep.asked_at);
        let we_refresh = terms.is_some_and(|terms| terms.we_refresh);
        self.run_timer(asked_at.filter(|_| we_refresh).unwrap_or(now), id, terms);
    }

    fn run_timer(&mut self, since: Timestamp, id: DialogId, terms: Option<Terms>) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.upkeep.terms = terms;
        let mut run = |timer: DialogTimer, after_ms: Option<u64>| {
            let key = TimerKey::Dialog(id, timer);
            match after_ms {
                Some(after_ms) => self.timers.set(key, since + after_ms),
                None => self.timers.stop(key),
            }
        };
        let ours = terms.filter(|terms| terms.we_refresh);
        run(DialogTimer::Refresh, ours.map(Terms::refresh_after_ms));
        run(DialogTimer::Expiry, terms.map(Terms::expires_after_ms));
    }

    /// Half the interval is over. UPDATE if they take it; else the same description once more in a re-INVITE.
    pub(super) fn refresh(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        let ready = match dialog.state {
            State::Confirmed { offering: Offering::Nobody } => {
                dialog.upkeep.update || (dialog.glare.is_none() && dialog.updating.is_none())
            }
            State::Confirmed { .. } => dialog.upkeep.update,
            State::Answered { .. } => false,
            State::Calling { .. }
            | State::Cancelling { .. }
            | State::Incoming { .. }
            | State::Leaving { .. } => return,
        };
        if !ready {
            return self.timers.set(TimerKey::Dialog(id, DialogTimer::Refresh), now + REFRESH_RECHECK_MS);
        }
        if dialog.upkeep.update {
            self.send_update(now, id);
        } else {
            let said = dialog.upkeep.said.clone();
            self.send_reinvite_for(now, id, said, Purpose::Refresh(id));
        }
    }

    fn send_update(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.relation.cseq += 1;
        dialog.upkeep.asked_at = now;
        let (relation, terms) = (dialog.relation.clone(), dialog.upkeep.terms);
        let mut request = relation.request(Method::Update, relation.cseq);
        self.dress_invite(&mut request, &relation, Vec::new());
        self.ask_for_timer(&mut request, false, terms);
        self.start_client(now, request, relation.flow, relation.peer, Purpose::Refresh(id));
    }

    pub(super) fn refresh_heard(
        &mut self,
        now: Timestamp,
        id: DialogId,
        client: ClientId,
        heard: &Heard<'_>,
    ) {
        let response = heard.response;
        let by_invite = heard.essentials.method == Method::Invite;
        match response.code {
            100..=199 => {
                self.early_heard(now, client, heard);
            }
            200..=299 if by_invite => self.reinvite_succeeded(now, id, client, heard),
            200..=299 => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.relation.refresh_target(&response.headers);
                    dialog.upkeep.note_allowed(&response.headers);
                }
                self.settle_timer_again(now, id, &response.headers);
            }
            // They said they take UPDATE, and do not.
            405 | 501 if !by_invite => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.upkeep.update = false;
                }
                self.refresh(now, id);
            }
            code => self.refresh_failed(now, id, by_invite, code),
        }
    }

    /// RFC 4028 section 10: a far end that is silent or knows no such dialog ends it; what else is refused is tried again
    /// until the interval is over.
    pub(super) fn refresh_failed(&mut self, now: Timestamp, id: DialogId, by_invite: bool, code: u16) {
        if matches!(code, 408 | 481) {
            return self.far_end_is_gone(now, id, code);
        }
        if by_invite {
            self.offer_is_over(id);
        }
        let Some(Dialog { ours, upkeep, .. }) = self.dialogs.get(&id) else {
            return;
        };
        let Some(terms) = upkeep.terms else {
            return;
        };
        let wait_ms = match (code, *ours) {
            (491, ours) => self.glare_wait_ms(ours),
            (_, true | false) => {
                (terms.refresh_after_ms() / 8).clamp(REFRESH_RECHECK_MS, REFRESH_RETRY_MS_MAX)
            }
        };
        self.timers.set(TimerKey::Dialog(id, DialogTimer::Refresh), now + wait_ms);
    }

    /// Nobody refreshed in time.
    pub(super) fn expire(&mut self, now: Timestamp, id: DialogId) {
        match self.dialogs.get(&id).map(|dialog| &dialog.state) {
            Some(State::Confirmed { .. }) => {}
            // BYE must wait for the ACK, which has a timer of its own.
            Some(State::Answered { .. }) => {
                return self.timers.set(TimerKey::Dialog(id, DialogTimer::Expiry), now + REFRESH_RECHECK_MS);
            }
            Some(
                State::Calling { .. }
                | State::Cancelling { .. }
                | State::Incoming { .. }
                | State::Leaving { .. },
            )
            | None => return,
        }
        if let Some(mut dialog) = self.remove_dialog(now, id) {
            self.events.push_back(Event::Cleared { dialog: id, cause: ClearCause::Expired, reason: None });
            self.send_bye(now, &mut dialog.relation, Some(EXPIRED));
        }
    }

    /// Sends a request again, once, with the interval that a 422 demands (RFC 4028 section 7.3). Credentials are left out:
    /// their nonce count is used up.
    pub(super) fn retry_with_longer_timer(
        &mut self,
        now: Timestamp,
        id: ClientId,
        refused: &Response,
    ) -> bool {
        let Some(client) = self.clients.get(&id).filter(|client| !client.stretched) else {
            return false;
        };
        let Some(mut request) = stretch(&client.request, &refused.headers) else {
            return false;
        };
        request.headers.remove(&Name::Authorization);
        request.headers.remove(&Name::ProxyAuthorization);
        self.send_again(now, id, request, 0, true)
    }
}

//! Our provisional responses, sent so that they cannot be lost (RFC 3262 section 3).

use super::UserAgent;
use super::asked::{Asked, allow};
use super::inbound::describe;
use crate::dialog::reliable::{Exchange, RELIABLE, Waiting, Wish};
use crate::dialog::{DialogId, State};
use crate::event::{ClearCause, Event};
use crate::limits::{PROVISIONAL_REPEAT_MS, PROVISIONALS_WAITING_MAX};
use crate::message::{Name, parse_number};
use crate::time::{DialogTimer, TimerKey, Timestamp};

/// RFC 3262 section 3: the first RSeq is below 2^31, and there must be room for more.
const RSEQ_FIRST_MAX: u64 = 1 << 30;

impl UserAgent {
    /// Takes a provisional response over if it is to be acknowledged: always where the caller demands it, with a
    /// description where the caller merely can.
    pub(super) fn ring_reliably(
        &mut self,
        now: Timestamp,
        id: DialogId,
        code: u16,
        body: Option<&Vec<u8>>,
    ) -> bool {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return false;
        };
        let State::Incoming { had_offer, .. } = dialog.state else {
            return false;
        };
        let reliable = &mut dialog.reliable;
        let body = body.filter(|body| !body.is_empty() && reliable.exchange == Exchange::Open).cloned();
        match reliable.wish {
            Wish::Unknown => return false,
            Wish::Supported if body.is_none() && reliable.waiting.is_none() => return false,
            // The first reliable response to an INVITE without offer must carry one (section 5); there is none yet.
            Wish::Required if !had_offer && body.is_none() && reliable.exchange == Exchange::Open => {
                return true;
            }
            Wish::Supported | Wish::Required => {}
        }
        if reliable.answer.is_some() {
            // The answer is on its way already.
        } else if reliable.waiting.is_none() {
            self.send_reliably(now, id, code, body);
        } else if reliable.next.len() < PROVISIONALS_WAITING_MAX {
            reliable.next.push_back((code, body));
        }
        true
    }

    fn send_reliably(&mut self, now: Timestamp, id: DialogId, code: u16, body: Option<Vec<u8>>) {
        let first = self.chance.between(1, RSEQ_FIRST_MAX);
        let t1_ms = self.config.timing.t1_ms;
        let contact = self.contact_of(id);
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let State::Incoming { invite, cseq, had_offer } = dialog.state else {
            return;
        };
        let reliable = &mut dialog.reliable;
        reliable.rseq = match reliable.rseq {
            0 => u32::try_from(first).unwrap_or(1),
            last => last + 1,
        };
        reliable.waiting = Some(Waiting { cseq, interval_ms: t1_ms, described: body.is_some() });
        if let Some(body) = &body {
            reliable.exchange = if had_offer { Exchange::Done } else { Exchange::Offered };
            dialog.upkeep.said.clone_from(body);
        }
        let rseq = reliable.rseq;
        self.respond_invite(now, invite, code, |response| {
            response.headers.push(Name::Contact, contact);
            allow(response);
            response.headers.push(Name::Require, RELIABLE);
            response.headers.push(Name::RSeq, rseq.to_string());
            describe(response, body.unwrap_or_default());
        });
        let give_up_ms = self.config.timing.give_up_ms();
        for (timer, after_ms) in [
            (DialogTimer::Reliable, t1_ms),
            (DialogTimer::NoPrack, give_up_ms),
            (DialogTimer::Provisional, PROVISIONAL_REPEAT_MS),
        ] {
            self.timers.set(TimerKey::Dialog(id, timer), now + after_ms);
        }
    }

    /// Section 3: the interval doubles without end, on every transport.
    pub(super) fn repeat_reliable(&mut self, now: Timestamp, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if let (State::Incoming { invite, .. }, Some(waiting)) = (&dialog.state, &mut dialog.reliable.waiting)
        {
            waiting.interval_ms *= 2;
            let (invite, interval_ms) = (*invite, waiting.interval_ms);
            self.resend_provisional(now, invite);
            self.timers.set(TimerKey::Dialog(id, DialogTimer::Reliable), now + interval_ms);
        }
    }

    /// Section 3: no PRACK within 64 T1; the call cannot be.
    pub(super) fn prack_missing(&mut self, now: Timestamp, id: DialogId) {
        let Some(State::Incoming { invite, .. }) = self.dialogs.get(&id).map(|dialog| &dialog.state) else {
            return;
        };
        let invite = *invite;
        self.respond_invite(now, invite, 504, |_| {});
        self.remove_dialog(now, id);
        self.events.push_back(Event::Cleared { dialog: id, cause: ClearCause::NoAck, reason: None });
    }

    /// Their acknowledgement, which may bring an answer or a new offer (section 5).
    pub(super) fn handle_prack(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        if !self.is_awaited(asked, id) {
            return self.respond_other(now, asked, 481, |_| {});
        }
        if self.refused_by_body(asked) {
            return;
        }
        self.stop_repeating(id);
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.reliable.waiting = None;
        let body = asked.request.body.clone();
        match dialog.reliable.exchange {
            _ if body.is_empty() => self.respond_other(now, asked, 200, |_| {}),
            Exchange::Offered => {
                dialog.reliable.exchange = Exchange::Done;
                self.respond_other(now, asked, 200, |_| {});
                self.events.push_back(Event::ReofferAnswered { dialog: id, body });
            }
            Exchange::Open | Exchange::Done => self.take_offer(now, asked, id),
        }
        self.go_on_after_prack(now, id);
    }

    fn is_awaited(&self, asked: &Asked, id: DialogId) -> bool {
        let Some(reliable) = self.dialogs.get(&id).map(|dialog| &dialog.reliable) else {
            return false;
        };
        let mut words = asked.request.headers.get(&Name::RAck).unwrap_or_default().split_ascii_whitespace();
        let (rseq, cseq) = (words.next().and_then(parse_number), words.next().and_then(parse_number));
        let for_invite = words.next() == Some("INVITE") && words.next().is_none();
        let waiting = reliable.waiting.filter(|waiting| cseq == Some(waiting.cseq));
        waiting.is_some() && rseq == Some(reliable.rseq) && for_invite
    }

    fn go_on_after_prack(&mut self, now: Timestamp, id: DialogId) {
        let Some(reliable) = self.dialogs.get_mut(&id).map(|dialog| &mut dialog.reliable) else {
            return;
        };
        if let Some(answer) = reliable.answer.take() {
            self.answer(now, id, answer);
        } else if let Some((code, body)) = reliable.next.pop_front() {
            let body = body.filter(|_| reliable.exchange == Exchange::Open);
            self.send_reliably(now, id, code, body);
        }
    }

    /// Whether a 2xx must wait for the PRACK of a description (section 3); the answer is kept then.
    pub(super) fn answer_waits(&mut self, id: DialogId, body: &[u8]) -> bool {
        let Some(reliable) = self.dialogs.get_mut(&id).map(|dialog| &mut dialog.reliable) else {
            return false;
        };
        let waits = reliable.waiting.is_some_and(|waiting| waiting.described);
        if waits {
            reliable.answer = Some(body.to_vec());
        }
        waits
    }

    /// Leaves our description out of a 2xx if a reliable response has settled it (RFC 3261 section 13.2.1).
    pub(super) fn say_once(&mut self, id: DialogId, body: Vec<u8>) -> (bool, Vec<u8>) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return (false, body);
        };
        let settled = dialog.reliable.exchange == Exchange::Done;
        if settled {
            return (true, Vec::new());
        }
        dialog.upkeep.said.clone_from(&body);
        (false, body)
    }

    /// After the final response nothing is sent again, though a late PRACK is still taken.
    pub(super) fn stop_repeating(&mut self, id: DialogId) {
        self.timers.stop(TimerKey::Dialog(id, DialogTimer::Reliable));
        self.timers.stop(TimerKey::Dialog(id, DialogTimer::NoPrack));
    }
}

//! Callers: those of the carrier who dial the queue, and devices that dial each other.

use std::time::Instant;

use super::{Floor, Sending, Timer, Whose, Wire};
use crate::sip::{self, Outline, Seen};
use crate::site::NUMBER;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Calling,
    Talking,
    Ending,
    Over,
}

/// One call that was placed.
pub(crate) struct Call {
    pub(super) sending: Sending,
    pub(super) wire: Wire,
    phase: Phase,
    begun: Instant,
    cseq: u32,
    user: String,
    uri: String,
    from: String,
    to: String,
    target: String,
}

fn stream(call: usize) -> u32 {
    2 * call as u32
}

/// The number of a carrier's caller tells which call it is, also at the phone that is rung.
const CALLERS: &str = "+4477";

impl Floor {
    pub(super) fn call_queue(&mut self, turn: usize) {
        let user = format!("{CALLERS}{:07}", self.calls.len());
        self.place(Wire::Carrier(turn), user, NUMBER);
    }

    pub(super) fn call_pair(&mut self, turn: usize) {
        let half = self.devices.len() / 2;
        let (one, other) = (turn % half, half + turn % half);
        let number = self.devices[other].number.clone();
        self.place(Wire::Phone(one), self.devices[one].number.clone(), &number);
    }

    fn place(&mut self, wire: Wire, user: String, number: &str) {
        let n = self.calls.len();
        let host = match wire {
            Wire::Phone(_) => self.domain.clone(),
            Wire::Carrier(_) => self.server.to_string(),
        };
        let uri = format!("sip:{number}@{host}");
        self.calls.push(Call {
            sending: Sending::default(),
            wire,
            phase: Phase::Calling,
            begun: Instant::now(),
            cseq: 1,
            from: format!("<sip:{user}@{host}>;tag=c{n}"),
            to: format!("<{uri}>"),
            target: String::new(),
            user,
            uri,
        });
        self.counts.placed += 1;
        self.invite(n, "");
    }

    fn invite(&mut self, n: usize, more: &str) {
        let body = sip::description(self.audio.address(stream(n)));
        let call = &self.calls[n];
        let branch = format!("c{n}.{}", call.cseq);
        let bytes = self.request(n, "INVITE", &call.uri, &branch, more, &body);
        self.send_until_answered(Whose::Call(n), self.calls[n].wire, bytes);
    }

    fn request(&self, n: usize, method: &str, uri: &str, branch: &str, more: &str, body: &str) -> Vec<u8> {
        let call = &self.calls[n];
        Outline {
            method,
            uri,
            own: self.own(call.wire),
            branch,
            from: &call.from,
            to: &call.to,
            call_id: &format!("c{n}.{}", self.server.port()),
            cseq: call.cseq,
            user: &call.user,
            more,
            body,
        }
        .write()
    }

    fn acknowledge(&self, n: usize, uri: &str, branch: &str) {
        let bytes = self.request(n, "ACK", uri, branch, "", "");
        self.send(self.calls[n].wire, &bytes);
    }

    pub(super) fn call_answered(&mut self, now: Instant, n: usize, code: u16, seen: &Seen<'_>) {
        let phase = self.calls[n].phase;
        match (seen.method(), code) {
            ("INVITE", ..200) => self.calls[n].sending.done(),
            ("INVITE", 200..300) => match phase {
                Phase::Calling => self.take_up(now, n, seen),
                Phase::Talking | Phase::Ending => {
                    self.acknowledge(n, &self.calls[n].target, &format!("c{n}.a"));
                }
                Phase::Over => {}
            },
            ("INVITE", _) => self.turned_down(n, code, seen),
            ("BYE", 200..) if phase == Phase::Ending => {
                self.counts.ended += 1;
                self.call_is_over(n);
            }
            (_, _) => {}
        }
    }

    fn take_up(&mut self, now: Instant, n: usize, seen: &Seen<'_>) {
        let call = &mut self.calls[n];
        call.sending.done();
        call.phase = Phase::Talking;
        seen.to.clone_into(&mut call.to);
        sip::uri_of(seen.contact).clone_into(&mut call.target);
        self.counts.answered += 1;
        self.counts.set_up.note(now - call.begun);
        self.acknowledge(n, &self.calls[n].target, &format!("c{n}.a"));
        if let Some(to) = seen.audio().filter(|_| self.habits.audio) {
            self.audio.speak(stream(n), to);
        }
        if let Some(talk) = self.habits.caller_talks {
            self.after(talk, Timer::CallerHangsUp(n));
        }
    }

    fn turned_down(&mut self, n: usize, code: u16, seen: &Seen<'_>) {
        let answered = seen.cseq.split(' ').next().and_then(|word| word.parse().ok());
        let call = &mut self.calls[n];
        if call.phase != Phase::Calling || answered != Some(call.cseq) {
            return;
        }
        call.sending.done();
        let before = std::mem::replace(&mut call.to, seen.to.to_owned());
        self.acknowledge(n, &self.calls[n].uri, &format!("c{n}.{}", self.calls[n].cseq));
        let proof = match (&seen.challenge, self.calls[n].wire) {
            (Some(challenge), Wire::Phone(device)) if self.calls[n].cseq == 1 => {
                let (call, device) = (&self.calls[n], &self.devices[device % self.devices.len()]);
                Some(sip::proof(code, challenge, "INVITE", &call.uri, &call.user, &device.ha1))
            }
            (Some(_) | None, _) => None,
        };
        match proof {
            Some(proof) => {
                self.calls[n].to = before;
                self.calls[n].cseq += 1;
                self.invite(n, &proof);
            }
            None => {
                *self.counts.refused.entry(code).or_default() += 1;
                self.counts.told_when += u64::from(seen.retry_after);
                self.call_is_over(n);
            }
        }
    }

    pub(super) fn hang_up_call(&mut self, n: usize) {
        if self.calls[n].phase != Phase::Talking {
            return;
        }
        self.calls[n].phase = Phase::Ending;
        self.calls[n].cseq += 1;
        let bytes = self.request(n, "BYE", &self.calls[n].target, &format!("c{n}.bye"), "", "");
        self.send_until_answered(Whose::Call(n), self.calls[n].wire, bytes);
    }

    pub(super) fn bye_for_call(&mut self, seen: &Seen<'_>) {
        let n = seen.call_id.strip_prefix('c').and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        if let Some(n) = n.filter(|n| *n < self.calls.len()) {
            self.counts.ended += u64::from(self.calls[n].phase == Phase::Talking);
            self.call_is_over(n);
        }
    }

    pub(super) fn call_is_over(&mut self, n: usize) {
        let call = &mut self.calls[n];
        call.sending.done();
        if std::mem::replace(&mut call.phase, Phase::Over) != Phase::Calling {
            self.audio.fall_silent(stream(n));
        }
    }

    /// A phone rings with this number: how long after that caller's INVITE?
    pub(super) fn note_offer(&mut self, now: Instant, number: &str) {
        let n = number.strip_prefix(CALLERS).and_then(|digits| digits.parse::<usize>().ok());
        if let Some(call) = n.and_then(|n| self.calls.get(n)) {
            self.counts.offer.note(now - call.begun);
        }
    }

    /// Calls in progress, as the callers see it.
    pub(crate) fn talking(&self) -> usize {
        self.calls.iter().filter(|call| call.phase == Phase::Talking).count()
    }
}

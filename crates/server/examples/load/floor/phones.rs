//! Phones: they register, ring, answer and hang up.

use std::time::{Duration, Instant};

use super::{Floor, Sending, Timer, Whose, Wire};
use crate::sip::{self, Outline, Seen, user_of};

/// One device's registration.
#[derive(Default)]
pub(crate) struct Registration {
    pub(super) sending: Sending,
    cseq: u32,
    pub(super) begun: Option<Instant>,
}

/// One call at a phone.
pub(crate) struct Leg {
    pub(super) sending: Sending,
    pub(super) device: usize,
    /// Answers the INVITE when the phone is picked up.
    accept: Vec<u8>,
    call_id: String,
    own: String,
    peer: String,
    target: String,
    speaks_to: Option<std::net::SocketAddr>,
    is_over: bool,
    is_answered: bool,
}

/// When this device's phone hung up, until it rings again.
pub(crate) type Freed = Option<Instant>;

fn stream(leg: usize) -> u32 {
    2 * leg as u32 + 1
}

impl Floor {
    pub(crate) fn register(&mut self, n: usize) {
        if self.registrations[n].begun.is_some() {
            self.counts.skipped += 1;
            return;
        }
        self.registrations[n].begun = Some(Instant::now());
        self.send_register(n, "");
    }

    fn send_register(&mut self, n: usize, more: &str) {
        self.registrations[n].cseq += 1;
        let cseq = self.registrations[n].cseq;
        let number = &self.devices[n].number;
        let address = format!("<sip:{number}@{}>", self.domain);
        let bytes = Outline {
            method: "REGISTER",
            uri: &format!("sip:{}", self.domain),
            own: self.own(Wire::Phone(n)),
            branch: &format!("r{n}.{cseq}"),
            from: &format!("{address};tag=r{n}"),
            to: &address,
            call_id: &format!("r{n}.{}", self.server.port()),
            cseq,
            user: number,
            more: &format!("Expires: 3600\r\n{more}"),
            body: "",
        }
        .write();
        self.send_until_answered(Whose::Registration(n), Wire::Phone(n), bytes);
    }

    pub(super) fn registration_answered(&mut self, now: Instant, n: usize, code: u16, seen: &Seen<'_>) {
        let cseq = self.registrations[n].cseq;
        if code < 200 || seen.cseq.split(' ').next().and_then(|word| word.parse().ok()) != Some(cseq) {
            return;
        }
        self.registrations[n].sending.done();
        match (code, &seen.challenge) {
            (401, Some(challenge)) => {
                let (device, uri) = (&self.devices[n], format!("sip:{}", self.domain));
                let more = sip::proof(code, challenge, "REGISTER", &uri, &device.number, &device.ha1);
                self.send_register(n, &more);
            }
            (200, _) => {
                self.counts.registered += 1;
                if let Some(begun) = self.registrations[n].begun.take() {
                    self.counts.registration.note(now - begun);
                }
            }
            (code, _) => {
                self.registrations[n].begun = None;
                *self.counts.refused.entry(code).or_default() += 1;
                self.counts.told_when += u64::from(seen.retry_after);
            }
        }
    }

    pub(super) fn hear_request(&mut self, now: Instant, wire: Wire, seen: &Seen<'_>) {
        let leg = self.leg_of.get(seen.call_id).copied();
        match (seen.method(), leg) {
            ("INVITE", None) => self.ring(now, seen),
            ("INVITE", Some(leg)) => {
                if self.legs[leg].is_answered {
                    self.send(wire, &self.legs[leg].accept);
                }
            }
            ("ACK", Some(leg)) => {
                if !self.legs[leg].is_over {
                    self.legs[leg].sending.done();
                }
            }
            ("ACK", None) => {}
            ("CANCEL", Some(leg)) => {
                self.send(wire, &sip::answer(seen, "200 OK", "", "", ""));
                if !self.legs[leg].is_answered {
                    let cseq = seen.cseq.replace("CANCEL", "INVITE");
                    let (start, from, to, call_id) = (seen.start, seen.from, seen.to, seen.call_id);
                    let invite = Seen {
                        start,
                        vias: seen.vias.clone(),
                        from,
                        to,
                        call_id,
                        cseq: &cseq,
                        ..Seen::default()
                    };
                    self.send(
                        wire,
                        &sip::answer(&invite, "487 Request Terminated", &format!("l{leg}"), "", ""),
                    );
                    self.leg_is_over(leg);
                }
            }
            ("BYE", leg) => {
                self.send(wire, &sip::answer(seen, "200 OK", "", "", ""));
                match leg {
                    Some(leg) => self.leg_is_over(leg),
                    None => self.bye_for_call(seen),
                }
            }
            (_, _) => self.send(wire, &sip::answer(seen, "200 OK", "", "", "")),
        }
    }

    fn ring(&mut self, now: Instant, seen: &Seen<'_>) {
        let Some(device) = self.by_number.get(user_of(seen.uri())).copied() else { return };
        let wire = Wire::Phone(device);
        let n = self.legs.len();
        let tag = format!("l{n}");
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.devices[device].number, self.own(wire));
        let description = sip::description(self.audio.address(stream(n)));
        self.counts.offered += 1;
        self.note_offer(now, user_of(seen.from));
        if let Some(freed) = self.freed[device].take() {
            self.counts.freed.note(now - freed);
        }
        self.legs.push(Leg {
            sending: Sending::default(),
            device,
            accept: sip::answer(seen, "200 OK", &tag, &contact, &description),
            call_id: seen.call_id.to_owned(),
            own: format!("{};tag={tag}", seen.to),
            peer: seen.from.to_owned(),
            target: sip::uri_of(seen.contact).to_owned(),
            speaks_to: seen.audio(),
            is_over: false,
            is_answered: false,
        });
        self.leg_of.insert(seen.call_id.to_owned(), n);
        self.send(wire, &sip::answer(seen, "180 Ringing", &tag, &contact, ""));
        match self.habits.ring {
            Duration::ZERO => self.answer_leg(n),
            ring => self.after(ring, Timer::Answer(n)),
        }
    }

    pub(super) fn answer_leg(&mut self, n: usize) {
        let leg = &mut self.legs[n];
        if leg.is_over {
            return;
        }
        leg.is_answered = true;
        let (wire, accept, to) = (Wire::Phone(leg.device), leg.accept.clone(), leg.speaks_to);
        self.send_until_answered(Whose::Leg(n), wire, accept);
        if let Some(to) = to.filter(|_| self.habits.audio) {
            self.audio.speak(stream(n), to);
        }
        if let Some(talk) = self.habits.phone_talks {
            self.after(talk, Timer::PhoneHangsUp(n));
        }
    }

    pub(super) fn hang_up_leg(&mut self, n: usize) {
        let leg = &self.legs[n];
        if leg.is_over {
            return;
        }
        let device = leg.device;
        let wire = Wire::Phone(device);
        let bytes = Outline {
            method: "BYE",
            uri: &leg.target,
            own: self.own(wire),
            branch: &format!("l{n}.bye"),
            from: &leg.own,
            to: &leg.peer,
            call_id: &leg.call_id,
            cseq: 1,
            user: &self.devices[device].number,
            more: "",
            body: "",
        }
        .write();
        self.freed[device] = Some(Instant::now());
        self.send_until_answered(Whose::Leg(n), wire, bytes);
    }

    pub(super) fn leg_is_over(&mut self, n: usize) {
        let leg = &mut self.legs[n];
        leg.sending.done();
        // What is over needs no words any more; a late copy of its messages is still known as its own.
        leg.accept = Vec::new();
        if !std::mem::replace(&mut leg.is_over, true) && leg.is_answered {
            self.audio.fall_silent(stream(n));
        }
    }
}

//! Keys as RFC 4733 telephone events: what they are, how they are heard, how they are sent.

use std::collections::VecDeque;

use crate::limits::{DTMF_LOST_END, DTMF_PER_SECOND_MAX, DTMF_QUEUE_MAX};
use crate::time::{FRAME_SAMPLES, Timestamp};

/// One key of a telephone: `0`-`9`, `*`, `#`, `A`-`D`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

const KEYS: &[u8; 16] = b"0123456789*#ABCD";

impl Digit {
    /// The key written as `key`; lower-case letters are taken too.
    #[must_use]
    pub fn parse(key: char) -> Option<Self> {
        let key = u8::try_from(key.to_ascii_uppercase()).ok()?;
        KEYS.iter().position(|k| *k == key).map(|code| Self(code as u8))
    }

    /// The key of a telephone-event code (RFC 4733 table 3); flash and the others are no keys.
    #[must_use]
    pub const fn from_event(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// Its telephone-event code.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The key as a character.
    #[must_use]
    pub const fn as_char(self) -> char {
        KEYS[self.0 as usize] as char
    }
}

impl std::fmt::Debug for Digit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digit({})", self.as_char())
    }
}

/// The payload of a telephone event (RFC 4733 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventPayload {
    pub(crate) event: u8,
    pub(crate) end: bool,
    /// Samples since the event began.
    pub(crate) duration: u16,
}

/// Loudness that we send: -10 dBm0.
const VOLUME: u8 = 10;

impl EventPayload {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, high, low, ..] = *payload else {
            return None;
        };
        Some(Self { event, end: flags & 0x80 != 0, duration: u16::from_be_bytes([high, low]) })
    }

    pub(crate) fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, (u8::from(self.end) << 7) | VOLUME, high, low]
    }
}

/// A key that was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) digit: Digit,
    pub(crate) duration_ms: u32,
}

/// Turns event packets into keys: one key per event, however often its packets are repeated or lost.
#[derive(Debug, Default)]
pub(crate) struct DtmfListener {
    held: Option<Held>,
    /// Timestamp of the latest event that ended.
    ended: Option<u32>,
    latest_packet: u64,
    second_began: Timestamp,
    keys_this_second: u32,
    dropped: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    event: u8,
    timestamp: u32,
    /// Samples of full segments before this one.
    before: u32,
    duration: u16,
    seen: Timestamp,
}

impl DtmfListener {
    /// Takes an event packet that is no repetition; `extended` is its number in the stream.
    /// Two keys come out when the end of the one before was lost.
    pub(crate) fn hear(
        &mut self,
        now: Timestamp,
        extended: u64,
        timestamp: u32,
        payload: EventPayload,
    ) -> [Option<Key>; 2] {
        let mut before = None;
        match &mut self.held {
            Some(held) if held.timestamp == timestamp => {
                held.duration = held.duration.max(payload.duration);
                held.seen = now;
            }
            // RFC 4733 section 2.5.1.3: a key held beyond 65,535 samples goes on in a new segment.
            Some(held) if held.event == payload.event && timestamp == held.timestamp.wrapping_add(0xFFFF) => {
                held.before = held.before.saturating_add(0xFFFF);
                (held.timestamp, held.duration, held.seen) = (timestamp, payload.duration, now);
            }
            Some(_) | None => {
                // The end packet again, or a latecomer of an event before it.
                if self.ended == Some(timestamp) || extended < self.latest_packet {
                    return [None, None];
                }
                before = self.let_go(now);
                let (event, duration) = (payload.event, payload.duration);
                self.held = Some(Held { event, timestamp, before: 0, duration, seen: now });
            }
        }
        self.latest_packet = self.latest_packet.max(extended);
        [before, if payload.end { self.let_go(now) } else { None }]
    }

    /// A key whose end was lost counts as let go after a while.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Option<Key> {
        if self.held.is_some_and(|held| now >= held.seen + DTMF_LOST_END) { self.let_go(now) } else { None }
    }

    /// The stream began anew: numbers and timestamps of before mean nothing.
    pub(crate) fn restart(&mut self, now: Timestamp) -> Option<Key> {
        let key = self.let_go(now);
        (self.ended, self.latest_packet) = (None, 0);
        key
    }

    /// Whether this key is held now.
    pub(crate) fn holds(&self, digit: Digit) -> bool {
        self.held.is_some_and(|held| held.event == digit.event())
    }

    /// Keys refused by the limit.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn let_go(&mut self, now: Timestamp) -> Option<Key> {
        let held = self.held.take()?;
        self.ended = Some(held.timestamp);
        let digit = Digit::from_event(held.event)?;
        if now.millis_since(self.second_began) >= 1_000 {
            (self.second_began, self.keys_this_second) = (now, 0);
        }
        if self.keys_this_second >= DTMF_PER_SECOND_MAX {
            self.dropped += 1;
            return None;
        }
        self.keys_this_second += 1;
        Some(Key { digit, duration_ms: held.before.saturating_add(u32::from(held.duration)) / 8 })
    }
}

/// Digits waiting to be sent, and the one being sent. One packet per tick.
#[derive(Debug, Default)]
pub(crate) struct DtmfSender {
    orders: VecDeque<Order>,
    waiting: usize,
    step: Step,
}

#[derive(Debug)]
struct Order {
    digits: VecDeque<Digit>,
    sent: usize,
    refused: usize,
}

#[derive(Debug, Default, Clone, Copy)]
enum Step {
    #[default]
    Idle,
    /// `packets` of the digit are out, the first with `timestamp`.
    Sending { digit: Digit, packets: u16, timestamp: u32 },
    /// Between two digits.
    Pause { ticks: u16 },
}

/// What the sender wants at this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Send {
    /// Nothing to send.
    Idle,
    /// Between digits; the port hears nothing else meanwhile.
    Wait,
    /// The first packet of a digit; tell its timestamp with [`DtmfSender::begun`].
    Begin(EventPayload),
    /// A further packet of the digit that began at this timestamp.
    GoOn(u32, EventPayload),
}

/// The digits of one command are done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderDone {
    pub(crate) sent: usize,
    pub(crate) unsent: usize,
}

/// Packets of a held key: 100 ms.
const HELD_PACKETS: u16 = 5;
/// RFC 4733 section 2.5.1.4: the last packet is sent three times.
const END_PACKETS: u16 = 3;
/// Ticks between digits: 60 ms on top of the repeated ends.
const PAUSE_TICKS: u16 = 3;

impl DtmfSender {
    /// Queues digits; those beyond the limit are counted as unsent.
    pub(crate) fn queue(&mut self, mut digits: Vec<Digit>) {
        let room = DTMF_QUEUE_MAX.saturating_sub(self.waiting);
        let refused = digits.len().saturating_sub(room);
        digits.truncate(room);
        self.waiting += digits.len();
        self.orders.push_back(Order { digits: digits.into(), sent: 0, refused });
    }

    /// Whether a digit is being sent or waits to be.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.step, Step::Idle) || !self.orders.is_empty()
    }

    /// Gives up everything not sent in full.
    pub(crate) fn abandon(&mut self) -> impl Iterator<Item = OrderDone> {
        let cut_short = usize::from(matches!(self.step, Step::Sending { .. }));
        (self.step, self.waiting) = (Step::Idle, 0);
        std::mem::take(&mut self.orders).into_iter().enumerate().map(move |(n, order)| {
            let unsent = order.digits.len() + order.refused + if n == 0 { cut_short } else { 0 };
            OrderDone { sent: order.sent, unsent }
        })
    }

    /// The next 20 ms. An order that is through comes with the packet that ended it.
    pub(crate) fn tick(&mut self) -> (Send, Option<OrderDone>) {
        match self.step {
            Step::Pause { ticks } if ticks > 1 => {
                self.step = Step::Pause { ticks: ticks - 1 };
                (Send::Wait, None)
            }
            Step::Pause { .. } | Step::Idle => self.begin(),
            Step::Sending { digit, packets, timestamp } => {
                let packets = packets + 1;
                let end = packets > HELD_PACKETS;
                let duration = packets.min(HELD_PACKETS + 1) * FRAME_SAMPLES as u16;
                self.step = Step::Sending { digit, packets, timestamp };
                let mut done = None;
                if packets == HELD_PACKETS + END_PACKETS {
                    self.step = Step::Pause { ticks: PAUSE_TICKS };
                    done = self.finish_digit();
                }
                (Send::GoOn(timestamp, EventPayload { event: digit.event(), end, duration }), done)
            }
        }
    }

    /// The timestamp under which the digit that just began was sent.
    pub(crate) fn begun(&mut self, at: u32) {
        match &mut self.step {
            Step::Sending { timestamp, .. } => *timestamp = at,
            Step::Idle | Step::Pause { .. } => {}
        }
    }

    fn begin(&mut self) -> (Send, Option<OrderDone>) {
        self.step = Step::Idle;
        let Some(order) = self.orders.front_mut() else {
            return (Send::Idle, None);
        };
        let Some(digit) = order.digits.pop_front() else {
            // The command held no digit, or none found room.
            let unsent = order.refused;
            self.orders.pop_front();
            return (Send::Idle, Some(OrderDone { sent: 0, unsent }));
        };
        self.waiting -= 1;
        self.step = Step::Sending { digit, packets: 1, timestamp: 0 };
        (Send::Begin(EventPayload { event: digit.event(), end: false, duration: FRAME_SAMPLES as u16 }), None)
    }

    fn finish_digit(&mut self) -> Option<OrderDone> {
        let order = self.orders.front_mut()?;
        order.sent += 1;
        if !order.digits.is_empty() {
            return None;
        }
        let done = OrderDone { sent: order.sent, unsent: order.refused };
        self.orders.pop_front();
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears packets written `number:timestamp:key:duration[e]` 20 ms apart and tells the keys.
    fn heard(packets: &str) -> String {
        let mut listener = DtmfListener::default();
        let mut now = Timestamp(0);
        let mut keys = Vec::new();
        for packet in packets.split_whitespace() {
            let fields: Vec<&str> = packet.trim_end_matches('e').split(':').collect();
            let payload = EventPayload {
                event: Digit::parse(fields[2].chars().next().unwrap()).unwrap().event(),
                end: packet.ends_with('e'),
                duration: fields[3].parse().unwrap(),
            };
            keys.extend(
                listener
                    .hear(now, fields[0].parse().unwrap(), fields[1].parse().unwrap(), payload)
                    .into_iter()
                    .flatten(),
            );
            now = Timestamp(now.0 + 20_000);
            keys.extend(listener.tick(now));
        }
        keys.extend(listener.tick(Timestamp(now.0 + 1_000_000)));
        keys.iter()
            .map(|k| format!("{}:{}ms", k.digit.as_char(), k.duration_ms))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_end_sent_three_times_is_one_key() {
        assert_eq!(heard("1:0:5:160 2:0:5:320 3:0:5:480e 4:0:5:480e 5:0:5:480e"), "5:60ms");
    }

    #[test]
    fn a_key_of_which_only_the_last_end_arrived_is_heard() {
        assert_eq!(heard("5:0:#:480e"), "#:60ms");
    }

    #[test]
    fn a_key_whose_ends_were_lost_is_heard_when_the_next_begins_or_after_a_while() {
        assert_eq!(heard("1:0:1:160 2:0:1:320 9:1600:2:160 10:1600:2:320"), "1:40ms 2:40ms");
        assert_eq!(heard("1:0:1:160 9:1600:2:160e"), "1:20ms 2:20ms");
    }

    #[test]
    fn the_same_key_twice_is_two_keys() {
        assert_eq!(heard("1:0:7:160 2:0:7:320e 3:0:7:320e 6:1600:7:160 7:1600:7:320e"), "7:40ms 7:40ms");
    }

    #[test]
    fn an_end_that_arrives_after_the_next_key_began_is_no_third_key() {
        assert_eq!(heard("1:0:1:160e 4:1600:2:160 3:0:1:160e 5:1600:2:320e"), "1:20ms 2:40ms");
    }

    #[test]
    fn a_key_held_for_ten_seconds_is_one_key() {
        assert_eq!(heard("1:0:4:65535 2:65535:4:160 3:65535:4:14465e"), "4:10000ms");
    }

    #[test]
    fn keys_faster_than_the_limit_are_dropped_and_counted() {
        let mut listener = DtmfListener::default();
        let payload = EventPayload { event: 1, end: true, duration: 160 };
        let heard = (0..1_000u64)
            .filter(|n| listener.hear(Timestamp(*n), *n, *n as u32 * 160, payload)[1].is_some())
            .count();
        assert_eq!((heard, listener.dropped()), (DTMF_PER_SECOND_MAX as usize, 1_000 - 20));
    }

    #[test]
    fn a_digit_is_sent_as_five_updates_and_three_ends() {
        let mut sender = DtmfSender::default();
        sender.queue(vec![Digit::parse('9').unwrap(), Digit::parse('#').unwrap()]);
        let mut line = String::new();
        for _ in 0..24 {
            let (send, done) = sender.tick();
            line += &match send {
                Send::Begin(p) => {
                    sender.begun(77);
                    format!("\n{} begins {}", p.event, p.duration)
                }
                Send::GoOn(77, p) => format!(" {}{}", p.duration, if p.end { "e" } else { "" }),
                Send::GoOn(other, _) => panic!("timestamp {other}"),
                Send::Wait => " wait".into(),
                Send::Idle => " idle".into(),
            };
            line += &done.map(|d| format!(" done {}/{}", d.sent, d.unsent)).unwrap_or_default();
        }
        expect_test::expect![[r#"

            9 begins 160 320 480 640 800 960e 960e 960e wait wait
            11 begins 160 320 480 640 800 960e 960e 960e done 2/0 wait wait idle idle idle idle"#]]
        .assert_eq(&line);
    }

    #[test]
    fn digits_beyond_the_limit_are_reported_as_unsent() {
        let mut sender = DtmfSender::default();
        sender.queue(vec![Digit::parse('1').unwrap(); DTMF_QUEUE_MAX + 6]);
        assert_eq!(sender.abandon().next(), Some(OrderDone { sent: 0, unsent: DTMF_QUEUE_MAX + 6 }));
    }

    #[test]
    fn every_key_has_its_character() {
        for key in "0123456789*#ABCD".chars() {
            assert_eq!(Digit::parse(key).unwrap().as_char(), key);
        }
        assert_eq!(Digit::parse('d'), Digit::parse('D'));
        assert_eq!((Digit::parse('x'), Digit::parse('é'), Digit::from_event(16)), (None, None, None));
    }
}

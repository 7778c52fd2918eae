//! Two user agents, a clock that jumps, and a line that loses, repeats and reorders by a seed.

use std::collections::{BTreeMap, BTreeSet};

use cordial_sip::{
    Config, DialogId, Event, Flow, Listener, ListenerId, Peer, PeerId, PeerTarget, Timestamp, Transport,
    UserAgent,
};

/// Chance from a seed (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One of the two, with what it told its owner.
pub(crate) struct Side {
    pub(crate) ua: UserAgent,
    pub(crate) events: Vec<Event>,
    over: BTreeSet<DialogId>,
}

pub(crate) struct Pair {
    pub(crate) sides: [Side; 2],
    pub(crate) now: Timestamp,
    pub(crate) dice: Dice,
    /// In percent.
    pub(crate) loss: u64,
    /// A word that is cut out of every message on the way.
    pub(crate) censored: &'static str,
    wire: BTreeMap<(u64, u64), (usize, Vec<u8>)>,
    sent: u64,
}

/// The far side as a peer.
pub(crate) const FAR: PeerId = PeerId(1);
const PORTS: [u16; 2] = [5060, 5070];

fn flow_to(side: usize) -> Flow {
    Flow::udp(ListenerId(0), format!("192.0.2.{}:{}", side + 1, PORTS[side]).parse().unwrap())
}

impl Pair {
    pub(crate) fn new(seed: u64, loss: u64) -> Self {
        Self::with(seed, loss, |_| {})
    }

    /// With settings of its own on both sides.
    pub(crate) fn with(seed: u64, loss: u64, settings: fn(&mut Config)) -> Self {
        let side = |own: usize| {
            let listener = Listener {
                id: ListenerId(0),
                transport: Transport::Udp,
                host: format!("192.0.2.{}", own + 1),
                port: PORTS[own],
                realm: None,
            };
            let far = flow_to(1 - own);
            let mut config = Config::new(vec![listener], "pair.example");
            settings(&mut config);
            let mut ua = UserAgent::new(config, seed * 2 + own as u64);
            ua.set_peer(Peer {
                id: FAR,
                addresses: vec![(far.remote.ip(), Some(far.remote.port()))],
                inbound: None,
                outbound: None,
                target: Some(PeerTarget { flow: far, host: far.remote.to_string(), from_host: None }),
            });
            Side { ua, events: Vec::new(), over: BTreeSet::new() }
        };
        Self {
            sides: [side(0), side(1)],
            now: Timestamp(1_000),
            dice: Dice::new(seed),
            loss,
            censored: "",
            wire: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Runs to an instant; `react` is the owner of both sides.
    pub(crate) fn run(
        &mut self,
        until: u64,
        react: &mut dyn FnMut(usize, &mut UserAgent, Timestamp, &Event),
    ) {
        loop {
            self.collect(react);
            let timers =
                self.sides.iter().filter_map(|side| side.ua.poll_timeout()).map(|(at, _)| at.0).min();
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let next = timers.into_iter().chain(arrival).min().filter(|at| *at <= until);
            let Some(next) = next else {
                self.now = Timestamp(until);
                return;
            };
            self.now = Timestamp(next.max(self.now.0));
            for side in &mut self.sides {
                side.ua.handle_timeout(self.now);
            }
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now.0) {
                let (to, bytes) = entry.remove();
                self.sides[to].ua.handle_datagram(self.now, flow_to(1 - to), &bytes);
            }
        }
    }

    /// Puts what is to be sent on the wire and gives events to their owner, until both are quiet.
    fn collect(&mut self, react: &mut dyn FnMut(usize, &mut UserAgent, Timestamp, &Event)) {
        for (index, side) in self.sides.iter_mut().enumerate() {
            loop {
                while let Some(transmit) = side.ua.poll_transmit() {
                    let to = 1 - index;
                    assert_eq!(transmit.flow, flow_to(to));
                    let copies =
                        if self.dice.percent(self.loss) { 0 } else { 1 + u64::from(self.dice.percent(10)) };
                    for _ in 0..copies {
                        self.sent += 1;
                        let at = self.now.0 + 5 + self.dice.below(120);
                        self.wire.insert((at, self.sent), (to, without(&transmit.bytes, self.censored)));
                    }
                }
                let Some(event) = side.ua.poll_event() else {
                    break;
                };
                if let Some((dialog, ends)) = subject(&event) {
                    assert!(!side.over.contains(&dialog), "{event:?} after the end");
                    if ends {
                        side.over.insert(dialog);
                    }
                }
                react(index, &mut side.ua, self.now, &event);
                side.events.push(event);
            }
        }
    }

    /// Runs all timers out without loss; nothing may be left on either side.
    pub(crate) fn assert_nothing_left(&mut self, seed: u64) {
        self.loss = 0;
        let until = self.now.0 + 700_000;
        self.run(until, &mut |_, _, _, _| {});
        for side in &self.sides {
            let counts = side.ua.counts();
            let left = counts.clients + counts.servers + counts.dialogs + counts.timers + counts.keys;
            assert_eq!(left, 0, "seed {seed}: {counts:?}");
        }
    }
}

fn without(bytes: &[u8], word: &str) -> Vec<u8> {
    match word {
        "" => bytes.to_vec(),
        word => String::from_utf8_lossy(bytes).replace(word, "").into_bytes(),
    }
}

/// The dialog of an event, and whether it ends there.
fn subject(event: &Event) -> Option<(DialogId, bool)> {
    match event {
        Event::BindingsChanged { .. } | Event::StreamBroken { .. } => None,
        Event::Failed { dialog, .. } | Event::Cleared { dialog, .. } => Some((*dialog, true)),
        Event::Incoming { dialog, .. }
        | Event::Progress { dialog, .. }
        | Event::Answered { dialog, .. }
        | Event::Confirmed { dialog, .. }
        | Event::Reoffered { dialog, .. }
        | Event::ReofferAnswered { dialog, .. }
        | Event::ReofferFailed { dialog, .. }
        | Event::Referred { dialog, .. }
        | Event::Dtmf { dialog, .. } => Some((*dialog, false)),
    }
}

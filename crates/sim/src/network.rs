//! The network between phones and node as a value: it loses, delays, reorders, repeats and cuts, by a seed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use crate::chance::Chance;

/// How the network treats a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Datagrams lost, of a thousand.
    pub loss_permille: u32,
    /// Datagrams that come twice, of a thousand.
    pub repeat_permille: u32,
    /// Datagrams held back for up to half a second, so that later ones overtake them, of a thousand.
    pub reorder_permille: u32,
    /// The usual time on the way. Milliseconds.
    pub delay_ms: RangeInclusive<u64>,
}

impl Weather {
    /// Everything arrives once, in order, after 5 ms.
    pub const FAIR: Self =
        Self { loss_permille: 0, repeat_permille: 0, reorder_permille: 0, delay_ms: 5..=5 };
}

/// A rule that loses chosen SIP messages, to tell a story exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Only what this host sends; anybody when absent.
    pub from: Option<IpAddr>,
    /// Only what goes to this host; anybody when absent.
    pub to: Option<IpAddr>,
    /// A method or status code: the second word of a response's first line, the first of a request's.
    pub word: String,
    /// How many more are lost.
    pub times: u32,
}

/// See the module's first line.
#[derive(Clone, Debug)]
pub struct Network {
    chance: Chance,
    weather: Weather,
    cut_off: BTreeSet<IpAddr>,
    losses: Vec<Loss>,
}

impl Network {
    /// Fair weather.
    pub const fn new(chance: Chance) -> Self {
        Self { chance, weather: Weather::FAIR, cut_off: BTreeSet::new(), losses: Vec::new() }
    }

    /// Changes the weather for what is sent from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// Nothing from or to this host arrives any more.
    pub fn cut(&mut self, host: IpAddr) {
        self.cut_off.insert(host);
    }

    /// Ends a cut.
    pub fn heal(&mut self, host: IpAddr) {
        self.cut_off.remove(&host);
    }

    /// Whether a host is cut off.
    pub fn is_cut(&self, host: IpAddr) -> bool {
        self.cut_off.contains(&host)
    }

    /// Loses chosen messages.
    pub fn lose(&mut self, loss: Loss) {
        self.losses.push(loss);
    }

    /// Ends every fault.
    pub fn calm(&mut self) {
        self.weather = Weather::FAIR;
        self.cut_off.clear();
        self.losses.clear();
    }

    /// How long each copy of a datagram is on its way: none for a lost one, two for a repeated one. Milliseconds.
    pub fn carry(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Vec<u64> {
        let cut = self.cut_off.contains(&from.ip()) || self.cut_off.contains(&to.ip());
        if cut || self.is_chosen(from, to, bytes) || self.chance.permille(self.weather.loss_permille) {
            return Vec::new();
        }
        let copies = 1 + usize::from(self.chance.permille(self.weather.repeat_permille));
        (0..copies)
            .map(|_| {
                let late = self.chance.permille(self.weather.reorder_permille);
                let extra = if late { self.chance.within(0..=500) } else { 0 };
                self.chance.within(self.weather.delay_ms.clone()) + extra
            })
            .collect()
    }

    fn is_chosen(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        if self.losses.is_empty() {
            return false;
        }
        let word = first_word(bytes);
        let fits = |loss: &&mut Loss| {
            loss.times > 0
                && loss.word == word
                && loss.from.is_none_or(|host| host == from.ip())
                && loss.to.is_none_or(|host| host == to.ip())
        };
        let Some(loss) = self.losses.iter_mut().find(fits) else {
            return false;
        };
        loss.times -= 1;
        true
    }
}

/// `BYE` of a request, `200` of a response, nothing of what is not SIP.
fn first_word(bytes: &[u8]) -> &str {
    let line = bytes.split(|byte| *byte == b'\r').next().and_then(|line| std::str::from_utf8(line).ok());
    let mut words = line.unwrap_or_default().split(' ');
    match words.next() {
        Some("SIP/2.0") => words.next().unwrap_or_default(),
        word => word.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 5060);
    const B: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 5060);

    #[test]
    fn fair_weather_carries_everything_once() {
        let mut network = Network::new(Chance::new(1));
        assert!((0..100).all(|_| network.carry(A, B, b"x") == [5]));
    }

    #[test]
    fn a_cut_host_neither_sends_nor_hears_until_it_is_healed() {
        let mut network = Network::new(Chance::new(1));
        network.cut(A.ip());
        assert_eq!((network.carry(A, B, b"x"), network.carry(B, A, b"x")), (vec![], vec![]));
        network.heal(A.ip());
        assert_eq!(network.carry(A, B, b"x"), [5]);
    }

    #[test]
    fn chosen_messages_are_lost_as_often_as_asked() {
        let mut network = Network::new(Chance::new(1));
        network.lose(Loss { from: None, to: Some(B.ip()), word: "BYE".to_owned(), times: 1 });
        assert_eq!(network.carry(A, B, b"INVITE sip:b SIP/2.0\r\n"), [5]);
        assert_eq!(network.carry(A, B, b"BYE sip:b SIP/2.0\r\n"), Vec::<u64>::new());
        assert_eq!(network.carry(A, B, b"BYE sip:b SIP/2.0\r\n"), [5]);
    }

    #[test]
    fn the_same_seed_brings_the_same_weather() {
        let storm =
            Weather { loss_permille: 300, repeat_permille: 300, reorder_permille: 300, delay_ms: 1..=50 };
        let run = |seed| {
            let mut network = Network::new(Chance::new(seed));
            network.set_weather(storm.clone());
            (0..50).map(|_| network.carry(A, B, b"x")).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}

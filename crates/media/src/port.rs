//! One port: a party's stream in and out.

mod hear;
mod speak;

use std::net::IpAddr;

use crate::command::Remote;
use crate::dtmf::{DtmfListener, DtmfSender};
use crate::event::{MediaEvent, PlayEnding, PortFault, PortStatistics};
use crate::id::{LocalSocket, PlayId, PortId, PortRef, RecordingId};
use crate::inband::{Detector, Once, Way};
use crate::outbox::Outbox;
use crate::outgoing::Outgoing;
use crate::player::Player;
use crate::reception::Reception;
use crate::reports::Reports;
use crate::seed::Seed;
use crate::source::SourceLock;
use crate::time::Timestamp;

pub(crate) use hear::{Heard, Kind};

#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) at: PortRef,
    pub(crate) local: LocalSocket,
    /// The port that hears this one, and is heard by it.
    partner: Option<PortId>,
    /// Recordings that listen here.
    pub(crate) taps: Vec<RecordingId>,
    party: Option<Party>,
    reception: Reception,
    outgoing: Outgoing,
    player: Option<Player>,
    /// Music that was interrupted; asked for again, it goes on where it was.
    music: Option<Player>,
    last_play: Option<PlayId>,
    sender: DtmfSender,
    listener: DtmfListener,
    /// Finds keys in the audio, where that was asked for.
    detector: Option<Box<Detector>>,
    once: Once,
    presence: Presence,
    /// Whether anything was ever heard.
    started: bool,
    reports: Reports,
    statistics: PortStatistics,
}

/// The far end, once SDP named it.
#[derive(Debug)]
struct Party {
    remote: Remote,
    lock: SourceLock,
}

/// Whether the party is heard.
#[derive(Debug, Clone, Copy)]
enum Presence {
    /// Not expected to talk.
    Excused,
    /// Expected, or last heard, at `since`.
    Watched { since: Timestamp },
    /// Reported silent; last heard at `since`.
    Stalled { since: Timestamp },
}

impl Port {
    pub(crate) fn open(now: Timestamp, at: PortRef, local: LocalSocket, seed: &mut Seed) -> Self {
        Self {
            at,
            local,
            partner: None,
            taps: Vec::new(),
            party: None,
            reception: Reception::default(),
            outgoing: Outgoing::new(now, seed),
            player: None,
            music: None,
            last_play: None,
            sender: DtmfSender::default(),
            listener: DtmfListener::default(),
            detector: None,
            once: Once::default(),
            presence: Presence::Excused,
            started: false,
            reports: Reports::new(now, seed),
            statistics: PortStatistics::default(),
        }
    }

    pub(crate) fn partner(&self) -> Option<PortId> {
        self.partner
    }

    pub(crate) fn enter_bridge(&mut self, partner: PortId) {
        self.partner = Some(partner);
    }

    pub(crate) fn leave_bridge(&mut self) -> Option<PortId> {
        self.outgoing.interrupt();
        self.partner.take()
    }

    pub(crate) fn set_remote(&mut self, now: Timestamp, mut remote: Remote, out: &mut Outbox) {
        if !is_one_party(remote.address.ip()) {
            self.party = None;
            self.presence = Presence::Excused;
            out.event(MediaEvent::PortFailed { port: self.at, fault: PortFault::UnusableRemote });
            return;
        }
        // RFC 2543 section B.5: the address 0.0.0.0 was the hold of old; port 0 declines the stream.
        remote.send &= !remote.address.ip().is_unspecified() && remote.address.port() != 0;
        let lock = match self.party.take() {
            Some(mut party) => {
                party.lock.renegotiate(now, remote.address);
                party.lock
            }
            None => SourceLock::new(now, remote.address),
        };
        self.party = Some(Party { remote, lock });
        self.presence = if remote.receive { Presence::Watched { since: now } } else { Presence::Excused };
    }

    /// Looks for keys in the audio, or no longer.
    pub(crate) fn detect_digits(&mut self, on: bool) {
        self.detector = on.then(|| self.detector.take().unwrap_or_default());
    }

    /// Does what is due at this tick of 20 ms.
    pub(crate) fn tick(&mut self, now: Timestamp, send_reports: bool, seed: &mut Seed, out: &mut Outbox) {
        if !self.tick_digits(now, out) {
            self.tick_player(now, out);
        }
        let key = self.listener.tick(now);
        self.tell_key(now, Way::Event, key, out);
        let key = self.detector.as_mut().and_then(|detector| detector.tick(now));
        self.tell_key(now, Way::Tones, key, out);
        self.watch(now, out);
        if send_reports && self.reports.is_due(now, seed) {
            self.report(now, false, out);
        }
    }

    /// Says goodbye and tells what passed through.
    pub(crate) fn close(mut self, now: Timestamp, send_reports: bool, out: &mut Outbox) {
        self.stop_play(PlayEnding::PortClosed, out);
        self.abandon_digits(out);
        if send_reports {
            self.report(now, true, out);
        }
        let (remote_lost, remote_jitter, round_trip_us) = self.reports.remote_view();
        let statistics = PortStatistics {
            packets_lost: self.reception.lost(),
            duplicates: self.reception.duplicates(),
            jitter_us: self.reception.jitter().saturating_mul(125),
            packets_sent: self.outgoing.packets(),
            bytes_sent: self.outgoing.bytes(),
            dropped_digits: self.listener.dropped(),
            remote_lost,
            remote_jitter_us: remote_jitter.saturating_mul(125),
            round_trip_us,
            ..self.statistics
        };
        out.event(MediaEvent::PortClosed { port: self.at, local: self.local, statistics });
    }
}

/// Media of a call goes to one host, never to a group.
fn is_one_party(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_multicast(),
    }
}

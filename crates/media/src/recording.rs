//! Recordings: what two ports say, set side by side on one time line.
//!
//! The time line is that of the worker's clock. Its cursor follows the clock with a lag
//! ([`RECORD_LAG`]) in which late and reordered packets find their place; what never comes is silence. So the length
//! of a recording is the time that passed, less the pauses, whatever the network did.

use crate::event::{MediaEvent, Recorded, RecordingEnding};
use crate::g711::Codec;
use crate::id::{PortId, RecordingId};
use crate::limits::{
    PAUSE_REASON_MAX, RECORD_ASTRAY_MAX, RECORD_LAG, RECORDED_CHUNK_FRAMES, RECORDED_QUEUE_MAX,
    STOPPED_CLOCK_MAX,
};
use crate::outbox::Outbox;
use crate::rtp::RtpPacket;
use crate::time::Timestamp;

/// Samples that a side may hold before they are written: half a second.
const LINE_SAMPLES: usize = 4_096;
const LAG_SAMPLES: u64 = RECORD_LAG.as_micros() as u64 / 125;

/// Left or right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The agent.
    Left,
    /// Everyone else.
    Right,
}

#[derive(Debug)]
pub(crate) struct Recording {
    recording: RecordingId,
    state: State,
    left: Track,
    right: Track,
    frames: u64,
    paused_frames: u64,
    chunk: Vec<i16>,
    writer_behind: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// `cursor` samples since `since` are written.
    Running {
        since: Timestamp,
        cursor: u64,
    },
    Paused {
        since: Timestamp,
    },
}

#[derive(Debug)]
struct Track {
    port: Option<PortId>,
    line: Line,
}

impl Recording {
    pub(crate) fn new(now: Timestamp, recording: RecordingId, left: PortId, right: PortId) -> Self {
        Self {
            recording,
            state: State::Running { since: now, cursor: 0 },
            left: Track { port: Some(left), line: Line::default() },
            right: Track { port: Some(right), line: Line::default() },
            frames: 0,
            paused_frames: 0,
            chunk: Vec::new(),
            writer_behind: false,
        }
    }

    /// Takes audio that the port on `side` said.
    pub(crate) fn hear(
        &mut self,
        now: Timestamp,
        side: Side,
        packet: &RtpPacket<'_>,
        codec: Codec,
        restarted: bool,
    ) {
        let State::Running { since, cursor } = self.state else {
            return;
        };
        let position = now.samples_since(since);
        let line = match side {
            Side::Left => &mut self.left.line,
            Side::Right => &mut self.right.line,
        };
        if restarted {
            line.anchor = None;
        }
        line.insert(position, cursor, packet, codec);
    }

    /// Writes what is older than the lag. Says whether the writer keeps up.
    #[must_use]
    pub(crate) fn tick(&mut self, now: Timestamp, out: &mut Outbox) -> bool {
        if let State::Running { since, .. } = self.state {
            self.write_until(now.samples_since(since).saturating_sub(LAG_SAMPLES), out);
        }
        !self.writer_behind
    }

    /// Keeps what was said until now and nothing after it.
    pub(crate) fn pause(&mut self, now: Timestamp, mut reason: String, out: &mut Outbox) {
        let State::Running { since, .. } = self.state else {
            return;
        };
        self.write_until(now.samples_since(since), out);
        self.flush(out);
        self.state = State::Paused { since: now };
        while reason.len() > PAUSE_REASON_MAX {
            reason.pop();
        }
        out.recorded(Recorded::Paused { recording: self.recording, at_frame: self.frames, reason });
    }

    /// Keeps what is said from now on.
    pub(crate) fn resume(&mut self, now: Timestamp, out: &mut Outbox) {
        let State::Paused { since } = self.state else {
            return;
        };
        let paused_frames = now.samples_since(since);
        self.paused_frames += paused_frames;
        self.state = State::Running { since: now, cursor: 0 };
        (self.left.line, self.right.line) = (Line::default(), Line::default());
        out.recorded(Recorded::Resumed { recording: self.recording, paused_frames });
    }

    /// Ends it: everything that was heard is written.
    pub(crate) fn stop(mut self, now: Timestamp, ending: RecordingEnding, out: &mut Outbox) {
        match self.state {
            State::Running { since, .. } => self.write_until(now.samples_since(since), out),
            State::Paused { since } => self.paused_frames += now.samples_since(since),
        }
        self.flush(out);
        let (recording, frames, paused_frames) = (self.recording, self.frames, self.paused_frames);
        out.recorded(Recorded::End { recording, frames, paused_frames });
        out.event(MediaEvent::RecordingStopped { recording, frames, paused_frames, ending });
    }

    /// Listens to other ports from now on.
    pub(crate) fn move_to(&mut self, left: PortId, right: PortId) {
        for (track, port) in [(&mut self.left, left), (&mut self.right, right)] {
            if track.port.replace(port) != Some(port) {
                track.line.anchor = None;
            }
        }
    }

    /// A port is gone; its side is silent from now on. Says whether any is left.
    #[must_use]
    pub(crate) fn lose(&mut self, port: PortId) -> bool {
        for track in [&mut self.left, &mut self.right] {
            track.port.take_if(|p| *p == port);
        }
        self.left.port.is_some() || self.right.port.is_some()
    }

    /// The ports that it listens to.
    pub(crate) fn ports(&self) -> impl Iterator<Item = PortId> {
        self.left.port.into_iter().chain(self.right.port)
    }

    fn write_until(&mut self, end: u64, out: &mut Outbox) {
        let State::Running { since, mut cursor } = self.state else {
            return;
        };
        // Nothing beyond the lines' ends can have been heard.
        let heard_end = end.min(cursor + LINE_SAMPLES as u64);
        while cursor < heard_end {
            let left = self.left.line.take(cursor);
            let right = self.right.line.take(cursor);
            self.chunk.extend_from_slice(&[left, right]);
            cursor += 1;
            if self.chunk.len() == 2 * RECORDED_CHUNK_FRAMES {
                self.flush(out);
            }
        }
        if cursor < end {
            self.flush(out);
            let frames = (end - cursor).min(STOPPED_CLOCK_MAX.as_micros() as u64 / 125);
            self.keep(frames, Recorded::Silence { recording: self.recording, frames }, out);
            cursor = end;
        }
        self.state = State::Running { since, cursor };
    }

    fn flush(&mut self, out: &mut Outbox) {
        if !self.chunk.is_empty() {
            let samples = std::mem::replace(&mut self.chunk, Vec::with_capacity(2 * RECORDED_CHUNK_FRAMES));
            let frames = samples.len() as u64 / 2;
            self.keep(frames, Recorded::Audio { recording: self.recording, samples }, out);
        }
    }

    /// Hands a piece on, unless the writer is behind: then nothing of what follows is kept.
    fn keep(&mut self, frames: u64, piece: Recorded, out: &mut Outbox) {
        self.writer_behind |= out.recorded_waiting() >= RECORDED_QUEUE_MAX;
        if !self.writer_behind {
            self.frames += frames;
            out.recorded(piece);
        }
    }
}

/// One side's samples by position; a jitter buffer that needs no packets, only places.
#[derive(Debug)]
struct Line {
    samples: Vec<i16>,
    anchor: Option<Anchor>,
    astray: u32,
}

/// This RTP timestamp stands at this position.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    timestamp: u32,
    position: i64,
}

impl Default for Line {
    fn default() -> Self {
        Self { samples: vec![0; LINE_SAMPLES], anchor: None, astray: 0 }
    }
}

impl Line {
    /// `now` and `cursor` are positions: of the clock, and of the first sample not written yet.
    fn insert(&mut self, now: u64, cursor: u64, packet: &RtpPacket<'_>, codec: Codec) {
        let (now, cursor) = (now as i64, cursor as i64);
        let mut position = match self.anchor {
            Some(anchor) => {
                anchor.position + i64::from(packet.timestamp.wrapping_sub(anchor.timestamp) as i32)
            }
            None => now,
        };
        let too_early = position > now + LAG_SAMPLES as i64;
        if position >= cursor && !too_early {
            self.astray = 0;
        } else {
            // The far clock drifted, slept or jumped: after a few such packets arrival counts again. One whose
            // beginning alone is too late counts too: a clock that stays there would lose that part for good.
            self.astray += 1;
            if packet.marker || self.astray >= RECORD_ASTRAY_MAX {
                (position, self.astray) = (now, 0);
            } else if too_early {
                return;
            }
        }
        self.anchor = Some(Anchor { timestamp: packet.timestamp, position });
        let table = codec.to_linear();
        for (at, code) in (position..).zip(packet.payload) {
            if at >= cursor && at < cursor + LINE_SAMPLES as i64 {
                self.samples[at as usize % LINE_SAMPLES] = table[usize::from(*code)];
            }
        }
    }

    fn take(&mut self, position: u64) -> i16 {
        std::mem::take(&mut self.samples[position as usize % LINE_SAMPLES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_falls_behind_ends_the_recording_and_the_pieces_still_add_up() {
        let mut out = Outbox::default();
        let id = RecordingId(1);
        let mut recording = Recording::new(Timestamp(0), id, PortId(1), PortId(2));
        let mut ticks = (1..).map(|n| Timestamp(n * 20_000));
        assert!(ticks.by_ref().take(50).all(|now| recording.tick(now, &mut out)), "a second goes well");
        for _ in out.recorded_waiting()..RECORDED_QUEUE_MAX {
            out.recorded(Recorded::Silence { recording: RecordingId(2), frames: 1 });
        }
        assert!(!ticks.by_ref().take(20).all(|now| recording.tick(now, &mut out)));
        assert_eq!(out.recorded_waiting(), RECORDED_QUEUE_MAX, "nothing more is queued");
        recording.stop(Timestamp(1_600_000), RecordingEnding::WriterBehind, &mut out);
        let (frames, ending) = (4 * RECORDED_CHUNK_FRAMES as u64, RecordingEnding::WriterBehind);
        let stopped = MediaEvent::RecordingStopped { recording: id, frames, paused_frames: 0, ending };
        assert_eq!(out.poll_event(), Some(stopped));
    }

    #[test]
    fn a_speaker_who_fell_behind_by_any_time_loses_three_packets_at_most() {
        for behind_ms in (0..200).step_by(5) {
            let mut out = Outbox::default();
            let mut recording = Recording::new(Timestamp(0), RecordingId(1), PortId(1), PortId(2));
            let packets: u64 = 100;
            for n in 0..packets {
                let slipped = if n < 10 { 0 } else { behind_ms * 1_000 };
                let now = Timestamp(n * 20_000 + slipped);
                let packet = RtpPacket {
                    marker: false,
                    payload_type: 0,
                    sequence: n as u16,
                    timestamp: n as u32 * 160,
                    ssrc: 1,
                    payload: &[0x55; 160],
                };
                assert!(recording.tick(now, &mut out));
                recording.hear(now, Side::Left, &packet, Codec::Pcmu, false);
            }
            recording.stop(Timestamp(packets * 20_000 + 400_000), RecordingEnding::Asked, &mut out);
            let said = Codec::Pcmu.to_linear()[0x55];
            let loud: usize = std::iter::from_fn(|| out.poll_recorded())
                .map(|piece| match piece {
                    Recorded::Audio { samples, .. } => {
                        samples.iter().filter(|sample| **sample == said).count()
                    }
                    Recorded::Silence { .. }
                    | Recorded::Paused { .. }
                    | Recorded::Resumed { .. }
                    | Recorded::End { .. } => 0,
                })
                .sum();
            assert!(loud as u64 >= (packets - 3) * 160, "{behind_ms} ms behind: {loud}");
        }
    }

    #[test]
    fn a_clock_that_stood_for_an_hour_costs_a_minute_of_silence_at_most() {
        let mut out = Outbox::default();
        let mut recording = Recording::new(Timestamp(0), RecordingId(1), PortId(1), PortId(2));
        assert!(recording.tick(Timestamp(3_600_000_000), &mut out));
        recording.stop(Timestamp(3_600_000_000), RecordingEnding::Asked, &mut out);
        let pieces: Vec<_> = std::iter::from_fn(|| out.poll_recorded()).collect();
        assert!(pieces.len() < 8, "{} pieces", pieces.len());
        assert!(pieces.contains(&Recorded::Silence { recording: RecordingId(1), frames: 480_000 }));
    }
}

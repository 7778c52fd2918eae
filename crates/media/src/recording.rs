//! Recordings: what one port says and what all others say, set side by side on one time line.
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
use crate::time::{FRAME_SAMPLES, Timestamp};

/// Samples that a side may hold before they are written: half a second.
const LINE_SAMPLES: usize = 4_096;
const LAG_SAMPLES: u64 = RECORD_LAG.as_micros() as u64 / 125;

#[derive(Debug)]
pub(crate) struct Recording {
    recording: RecordingId,
    state: State,
    /// The agent.
    left: Track,
    /// Everyone else.
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

/// One side: a line for each port that is heard there.
#[derive(Debug, Default)]
struct Track {
    voices: Vec<(PortId, Line)>,
    /// What those who left said and is not written yet, by place as in a line; empty as long as nobody left.
    rest: Vec<i16>,
}

impl Recording {
    pub(crate) fn new(now: Timestamp, recording: RecordingId, left: PortId, right: &[PortId]) -> Self {
        Self {
            recording,
            state: State::Running { since: now, cursor: 0 },
            left: Track::of(&[left]),
            right: Track::of(right),
            frames: 0,
            paused_frames: 0,
            chunk: Vec::new(),
            writer_behind: false,
        }
    }

    /// Takes audio that a port said.
    pub(crate) fn hear(
        &mut self,
        now: Timestamp,
        port: PortId,
        packet: &RtpPacket<'_>,
        codec: Codec,
        restarted: bool,
    ) {
        let State::Running { since, cursor } = self.state else {
            return;
        };
        let position = now.samples_since(since);
        let voices = self.left.voices.iter_mut().chain(&mut self.right.voices);
        for (_, line) in voices.filter(|(voice, _)| *voice == port) {
            if restarted {
                line.anchor = None;
            }
            line.insert(position, cursor, packet, codec);
        }
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
        self.left.forget();
        self.right.forget();
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
    pub(crate) fn move_to(&mut self, left: PortId, right: &[PortId]) {
        self.left.hear_only(&[left]);
        self.right.hear_only(right);
    }

    /// A port is gone and says nothing from now on. Says whether any is left.
    #[must_use]
    pub(crate) fn lose(&mut self, port: PortId) -> bool {
        self.left.keep(|voice| voice != port);
        self.right.keep(|voice| voice != port);
        !self.left.voices.is_empty() || !self.right.voices.is_empty()
    }

    /// The ports that it listens to.
    pub(crate) fn ports(&self) -> impl Iterator<Item = PortId> {
        self.left.voices.iter().chain(&self.right.voices).map(|(port, _)| *port)
    }

    fn write_until(&mut self, end: u64, out: &mut Outbox) {
        let State::Running { since, mut cursor } = self.state else {
            return;
        };
        // Nothing beyond the lines' ends can have been heard.
        let heard_end = end.min(cursor + LINE_SAMPLES as u64);
        while cursor < heard_end {
            let room = RECORDED_CHUNK_FRAMES - self.chunk.len() / 2;
            let count = room.min(FRAME_SAMPLES).min((heard_end - cursor) as usize);
            let (left, right) = (self.left.take(cursor, count), self.right.take(cursor, count));
            self.chunk.extend(left.iter().zip(&right).take(count).flat_map(|(left, right)| [*left, *right]));
            cursor += count as u64;
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

impl Track {
    fn of(ports: &[PortId]) -> Self {
        let mut track = Self::default();
        track.hear_only(ports);
        track
    }

    /// Hears these from now on; what the others said is written all the same.
    fn hear_only(&mut self, ports: &[PortId]) {
        self.keep(|voice| ports.contains(&voice));
        for port in ports {
            if self.voices.iter().all(|(voice, _)| voice != port) {
                self.voices.push((*port, Line::default()));
            }
        }
    }

    fn keep(&mut self, stays: impl Fn(PortId) -> bool) {
        for (_, line) in self.voices.extract_if(.., |(voice, _)| !stays(*voice)) {
            self.rest.resize(LINE_SAMPLES, 0);
            for (rest, sample) in self.rest.iter_mut().zip(line.samples) {
                *rest = rest.saturating_add(sample);
            }
        }
    }

    /// Forgets what was said and where it stood.
    fn forget(&mut self) {
        self.rest.clear();
        for (_, line) in &mut self.voices {
            *line = Line::default();
        }
    }

    /// The sum of what was said at the `count` places from a position on, cut at full scale.
    fn take(&mut self, position: u64, count: usize) -> [i16; FRAME_SAMPLES] {
        let mut sum = [0_i32; FRAME_SAMPLES];
        let lines = self.voices.iter_mut().map(|(_, line)| &mut line.samples);
        for line in lines.chain(Some(&mut self.rest).filter(|rest| !rest.is_empty())) {
            for (at, total) in (position as usize..).zip(&mut sum[..count]) {
                *total += i32::from(std::mem::take(&mut line[at % LINE_SAMPLES]));
            }
        }
        sum.map(|total| total.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
}

/// One port's samples by position; a jitter buffer that needs no packets, only places.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_falls_behind_ends_the_recording_and_the_pieces_still_add_up() {
        let mut out = Outbox::default();
        let id = RecordingId(1);
        let mut recording = Recording::new(Timestamp(0), id, PortId(1), &[PortId(2)]);
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
            let mut recording = Recording::new(Timestamp(0), RecordingId(1), PortId(1), &[PortId(2)]);
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
                recording.hear(now, PortId(1), &packet, Codec::Pcmu, false);
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
    fn voices_of_a_side_are_summed_and_cut_at_full_scale_and_those_who_leave_are_heard_out() {
        let mut out = Outbox::default();
        let others = [PortId(2), PortId(3), PortId(4)];
        let mut recording = Recording::new(Timestamp(0), RecordingId(1), PortId(1), &others);
        let said = |value: i16| [Codec::Pcmu.encode(value); FRAME_SAMPLES];
        let decoded = |value: i16| Codec::Pcmu.to_linear()[usize::from(said(value)[0])];
        let say = |recording: &mut Recording, port: u64, sequence: u16, value: i16| {
            let (timestamp, payload) = (u32::from(sequence) * 160, &said(value)[..]);
            let packet = RtpPacket { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1, payload };
            let now = Timestamp(u64::from(sequence) * 20_000);
            recording.hear(now, PortId(port), &packet, Codec::Pcmu, false);
        };
        say(&mut recording, 1, 0, 500);
        for (port, value) in [(2, 2_000), (3, -700), (4, 300)] {
            say(&mut recording, port, 0, value);
        }
        recording.move_to(PortId(1), &[PortId(2), PortId(5)]);
        for (port, value) in [(2, 20_000), (5, 20_000), (4, 9_000)] {
            say(&mut recording, port, 1, value);
        }
        assert!(recording.lose(PortId(5)));
        for port in [1, 2] {
            assert_eq!(recording.lose(PortId(port)), port == 1);
        }
        recording.stop(Timestamp(60_000), RecordingEnding::Asked, &mut out);
        let Some(Recorded::Audio { samples, .. }) = out.poll_recorded() else { panic!() };
        let frames: Vec<&[i16]> = samples.chunks(2).collect();
        let sum = decoded(2_000) + decoded(-700) + decoded(300);
        assert_eq!((frames[159], frames[160]), (&[decoded(500), sum][..], &[0, i16::MAX][..]));
        assert_eq!((frames[319], frames[320]), (&[0, i16::MAX][..], &[0, 0][..]));
    }

    #[test]
    fn a_clock_that_stood_for_an_hour_costs_a_minute_of_silence_at_most() {
        let mut out = Outbox::default();
        let mut recording = Recording::new(Timestamp(0), RecordingId(1), PortId(1), &[PortId(2)]);
        assert!(recording.tick(Timestamp(3_600_000_000), &mut out));
        recording.stop(Timestamp(3_600_000_000), RecordingEnding::Asked, &mut out);
        let pieces: Vec<_> = std::iter::from_fn(|| out.poll_recorded()).collect();
        assert!(pieces.len() < 8, "{} pieces", pieces.len());
        assert!(pieces.contains(&Recorded::Silence { recording: RecordingId(1), frames: 480_000 }));
    }
}

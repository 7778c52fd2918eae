//! Every limit of the worker, with its unit and what happens beyond it.

use std::time::Duration;

/// Ports that one port hears mixed, or that are recorded on one side. More are left out.
pub const MIX_SOURCES_MAX: usize = 64;
/// Frames of 20 ms of one source that wait to be mixed. Beyond it the oldest are dropped.
pub const MIX_QUEUE_MAX: usize = 5;
/// Ports of one worker. Beyond, `OpenPort` fails with `TooManyPorts`.
pub const PORTS_MAX: usize = 20_000;

/// Recordings of one worker. Beyond, `StartRecording` ends at once with `TooMany`.
pub const RECORDINGS_MAX: usize = 10_000;

/// Recordings that listen to one port. Beyond, the recording is refused with `TooMany`.
pub const TAPS_MAX: usize = 4;

/// Bytes of an RTP or RTCP datagram. A longer one is dropped and counted as malformed.
pub const DATAGRAM_MAX: usize = 1_500;

/// Bytes of one audio payload: 160 ms of G.711. A longer one is dropped and counted as malformed.
pub const AUDIO_PAYLOAD_MAX: usize = 1_280;

/// Datagrams waiting to be polled. Beyond, the oldest is dropped and counted as lost on the way.
pub const TRANSMIT_QUEUE_MAX: usize = 65_536;

/// Spare datagram buffers kept for reuse. Beyond, returned buffers are freed.
pub const SPARE_BUFFERS_MAX: usize = 1_024;

/// Events waiting to be polled. Beyond, keys pressed (the only event that a party can cause in numbers) are dropped.
pub const EVENT_QUEUE_MAX: usize = 65_536;

/// Pieces of recordings waiting to be polled (200 ms and 6 kB each at most). Beyond, the recording ends with
/// `WriterBehind`.
pub const RECORDED_QUEUE_MAX: usize = 16_384;

/// Samples of one piece of a recording: 200 ms. With the lag and the header's period a crash loses less than 1 s.
pub const RECORDED_CHUNK_FRAMES: usize = 1_600;

/// How far the recording's cursor stays behind the clock: packets later than this become silence.
pub const RECORD_LAG: Duration = Duration::from_millis(80);

/// Packets in a row that fall outside a recording's window before its time line is set anew.
pub const RECORD_ASTRAY_MAX: u32 = 3;

/// Bytes of the reason of a pause. A longer one is cut at a character boundary.
pub const PAUSE_REASON_MAX: usize = 200;

/// Prompts in one play. A longer list ends at once with `Unplayable`.
pub const PLAYLIST_MAX: usize = 32;

/// Bytes of one prompt file: about four minutes. A longer one is refused on loading.
pub const PROMPT_BYTES_MAX: usize = 2_000_000;

/// Prompts loaded. Beyond, loading is refused.
pub const PROMPTS_MAX: usize = 4_096;

/// How long after `SetRemote` a source other than the SDP's may still be learned (NAT). After it, only the SDP's
/// address is accepted. Shorter cuts off phones whose first packet is late; longer gives an injector more time.
pub const LEARN_WINDOW: Duration = Duration::from_secs(5);

/// Packets in a row, of one SSRC and with following numbers, before a source other than the SDP's is believed.
pub const LEARN_PACKETS: u32 = 3;

/// Silence of a party that may talk before `MediaStalled`.
pub const STALL_AFTER: Duration = Duration::from_secs(5);

/// Digits waiting to be sent by one port. Beyond, the rest of the command is reported as unsent.
pub const DTMF_QUEUE_MAX: usize = 64;

/// Keys reported per port and second. Beyond, they are dropped and counted.
pub const DTMF_PER_SECOND_MAX: u32 = 20;

/// How far apart a key that comes as a telephone event and as tones may come, and is told once. Beyond, it is told twice.
pub const DTMF_TWICE: Duration = Duration::from_millis(400);

/// A key whose end was never heard counts as let go after this long without a packet.
pub const DTMF_LOST_END: Duration = Duration::from_millis(200);

/// Ticks made up for after a delay. Beyond (100 ms) they are skipped: prompts go on where they were, later.
pub const CATCH_UP_TICKS: u64 = 5;

/// Silence written at most for a time in which the worker did not run. Beyond, the recording is shorter than the call.
pub const STOPPED_CLOCK_MAX: Duration = Duration::from_secs(60);

/// Time between RTCP reports, varied by half either way (RFC 3550 section 6.2).
pub const RTCP_INTERVAL: Duration = Duration::from_secs(5);

/// How far a relayed timestamp may stray from real time before it is set anew, in samples (1 s).
pub const TIMESTAMP_STRAY_MAX: u32 = 8_000;

/// The same for the timestamp of a held key, in samples (60 s). Beyond, its packets are not relayed.
pub const EVENT_STRAY_MAX: u32 = 480_000;

/// How far a sequence number may jump before the stream counts as begun anew, in packets (RFC 3550 `MAX_DROPOUT` is
/// 3,000; a minute of speech is the same).
pub const SEQUENCE_JUMP_MAX: u16 = 3_000;

/// How long a returned RTP port is not taken again while others are free: a far end may still be sending to it.
pub const PORT_QUARANTINE: Duration = Duration::from_secs(30);
/// How long it rests when no other port is free. Without any that has rested so long, a call is not taken (503).
pub const PORT_QUARANTINE_MIN: Duration = Duration::from_secs(2);

/// Bytes of audio in one WAV file (RIFF lengths are 32 bits wide): about 37 hours. Beyond, writing fails.
pub const WAV_AUDIO_MAX: u64 = 0xFFFF_0000;

/// Stereo samples between two refreshes of a WAV header: 500 ms.
pub const WAV_REFRESH_FRAMES: u64 = 4_000;

/// Samples that a test phone keeps of what it heard: one minute. Beyond, the oldest are forgotten.
pub const HEARD_MAX: usize = 480_000;

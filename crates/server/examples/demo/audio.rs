//! What a recording holds: how long it is, and the tone of each side.

use std::io::Cursor;

use anyhow::{Context, Result};
use cordial_media::{SAMPLE_RATE, tone, wav};

/// What was found in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sound {
    /// Audio in the file. Milliseconds.
    pub(crate) ms: u64,
    /// The dominant tone on the left, where the agent is. Hertz.
    pub(crate) left_hz: Option<u32>,
    /// The dominant tone on the right, where everybody else is. Hertz.
    pub(crate) right_hz: Option<u32>,
}

/// Reads a file and measures it.
pub(crate) fn measure(file: Vec<u8>) -> Result<Sound> {
    let (left, right) = wav::read(&mut Cursor::new(file)).context("not a recording of ours")?;
    let ms = left.len() as u64 * 1_000 / u64::from(SAMPLE_RATE);
    Ok(Sound { ms, left_hz: dominant(&left), right_hz: dominant(&right) })
}

/// Tones of phones are multiples of 50 Hz, so that rounding loses nothing.
fn dominant(samples: &[i16]) -> Option<u32> {
    tone::dominant(samples, SAMPLE_RATE, &tone::telephone_band()).map(|(hz, _)| hz.round() as u32)
}

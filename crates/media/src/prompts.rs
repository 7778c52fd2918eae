//! Prompts: announcements, tones and music, encoded once and copied to whoever hears them.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use crate::id::PromptName;
use crate::limits::{PROMPT_BYTES_MAX, PROMPTS_MAX};

/// All prompts by name. Cheap to clone; the audio is shared.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    by_name: Arc<BTreeMap<PromptName, Arc<[u8]>>>,
}

/// Why a prompt could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PromptError {
    /// Not a RIFF/WAVE file.
    #[error("not a WAV file")]
    NotWav,
    /// Not G.711 mu-law, 8 kHz, one track.
    #[error("format {format}, {tracks} tracks, {rate} Hz: must be format 7 (mu-law), 1 track, 8000 Hz")]
    WrongFormat {
        /// The `wFormatTag`.
        format: u16,
        /// Number of tracks.
        tracks: u16,
        /// Samples per second.
        rate: u32,
    },
    /// A length inside the file points beyond its end, or a part is missing.
    #[error("the file is cut short")]
    Torn,
    /// No audio in it.
    #[error("no audio")]
    Empty,
    /// Longer than [`PROMPT_BYTES_MAX`].
    #[error("longer than {PROMPT_BYTES_MAX} bytes")]
    TooLong,
    /// More than [`PROMPTS_MAX`] prompts.
    #[error("more than {PROMPTS_MAX} prompts")]
    TooMany,
}

impl Prompts {
    /// Loads mu-law WAV files given as name and bytes. The name is used as it is given (`en/greeting`).
    ///
    /// # Errors
    /// The first file that is not what it should be, by name.
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, (PromptName, PromptError)> {
        let mut by_name = BTreeMap::new();
        for (name, bytes) in files {
            let name = PromptName::new(name);
            let audio = parse_ulaw_wav(bytes).map_err(|error| (name.clone(), error))?;
            if by_name.len() >= PROMPTS_MAX {
                return Err((name, PromptError::TooMany));
            }
            by_name.insert(name, Arc::from(audio));
        }
        Ok(Self { by_name: Arc::new(by_name) })
    }

    /// Makes prompts of bare mu-law codes, for tests and simulation.
    #[must_use]
    pub fn from_ulaw<'a>(prompts: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let by_name = prompts
            .into_iter()
            .filter(|(_, audio)| !audio.is_empty())
            .map(|(name, audio)| (PromptName::new(name), Arc::from(audio)))
            .collect();
        Self { by_name: Arc::new(by_name) }
    }

    /// The mu-law codes of a prompt.
    #[must_use]
    pub fn get(&self, name: &PromptName) -> Option<&Arc<[u8]>> {
        self.by_name.get(name)
    }

    /// All names in order.
    pub fn names(&self) -> impl Iterator<Item = &PromptName> {
        self.by_name.keys()
    }
}

/// The mu-law codes of a WAV file of format 7, one track, 8 kHz.
///
/// # Errors
/// When the file is anything else.
pub fn parse_ulaw_wav(bytes: &[u8]) -> Result<Vec<u8>, PromptError> {
    const MULAW: u16 = 7;
    if bytes.len() > PROMPT_BYTES_MAX {
        return Err(PromptError::TooLong);
    }
    if bytes.get(0..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(PromptError::NotWav);
    }
    let mut at = 12;
    let mut format_seen = false;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let body = bytes.get(at + 8..).and_then(|rest| rest.get(..length)).ok_or(PromptError::Torn)?;
        match &head[0..4] {
            b"fmt " => {
                let field = |i: usize| body.get(i..i + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
                let (format, tracks) =
                    (field(0).ok_or(PromptError::Torn)?, field(2).ok_or(PromptError::Torn)?);
                let rate = u32::from(field(4).ok_or(PromptError::Torn)?)
                    | u32::from(field(6).ok_or(PromptError::Torn)?) << 16;
                if (format, tracks, rate) != (MULAW, 1, 8_000) {
                    return Err(PromptError::WrongFormat { format, tracks, rate });
                }
                format_seen = true;
            }
            b"data" if format_seen && body.is_empty() => return Err(PromptError::Empty),
            b"data" if format_seen => return Ok(body.to_vec()),
            _ => {}
        }
        // RIFF chunks are padded to an even length.
        at += 8 + length + (length & 1);
    }
    Err(PromptError::Torn)
}

//! Stereo WAV files, written as the audio comes and whole after a crash.
//!
//! The caller opens the file; here is only its form: RIFF, 16-bit PCM, two channels, 8 kHz, a header of 44 bytes.

use std::io::{self, Read, Seek, SeekFrom, Write};

use thiserror::Error;

use crate::limits::{WAV_AUDIO_MAX, WAV_REFRESH_FRAMES};
use crate::time::SAMPLE_RATE;

const HEADER: usize = 44;
const FRAME_BYTES: u32 = 4;

/// Writes one recording. Every half second the header's lengths are brought up to date, so that a file whose writer
/// died is a valid one that lacks its last moments.
#[derive(Debug)]
pub struct WavWriter<W: Write + Seek> {
    file: W,
    frames: u64,
    frames_in_header: u64,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a file at the writer's start.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn begin(mut file: W) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(0))?;
        file.flush()?;
        Ok(Self { file, frames: 0, frames_in_header: 0 })
    }

    /// Appends stereo samples, left and right interleaved.
    ///
    /// # Errors
    /// When the writer fails, the number of samples is odd, or the file would pass [`WAV_AUDIO_MAX`].
    pub fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        if !samples.len().is_multiple_of(2) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an odd number of stereo samples"));
        }
        let mut bytes = Vec::with_capacity(samples.len() * 2);
        samples.iter().for_each(|sample| bytes.extend_from_slice(&sample.to_le_bytes()));
        self.append(&bytes)
    }

    /// Appends silence.
    ///
    /// # Errors
    /// When the writer fails or the file would pass [`WAV_AUDIO_MAX`].
    pub fn write_silence(&mut self, mut frames: u64) -> io::Result<()> {
        const PIECE: [u8; 4_000] = [0; 4_000];
        while frames > 0 {
            let piece = frames.min(1_000);
            self.append(&PIECE[..piece as usize * FRAME_BYTES as usize])?;
            frames -= piece;
        }
        Ok(())
    }

    /// Stereo samples written.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Writes the final lengths and gives the file back.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.refresh()?;
        Ok(self.file)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let frames = self.frames + bytes.len() as u64 / u64::from(FRAME_BYTES);
        if frames * u64::from(FRAME_BYTES) > WAV_AUDIO_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a WAV file cannot be longer"));
        }
        self.file.write_all(bytes)?;
        self.frames = frames;
        if self.frames - self.frames_in_header >= WAV_REFRESH_FRAMES {
            self.refresh()?;
        }
        Ok(())
    }

    fn refresh(&mut self) -> io::Result<()> {
        // Audio first: a header must never promise what is not there.
        self.file.flush()?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.frames as u32 * FRAME_BYTES))?;
        self.file.seek(SeekFrom::End(0))?;
        self.file.flush()?;
        self.frames_in_header = self.frames;
        Ok(())
    }
}

/// What [`recover`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Stereo samples that the file holds.
    pub frames: u64,
    /// Whether the header was wrong and has been set right.
    pub repaired: bool,
}

/// Why a file is no recording of ours.
#[derive(Debug, Error)]
pub enum WavError {
    /// The file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Shorter than a header, or with another one.
    #[error("not a stereo WAV file of 16 bits and 8000 Hz")]
    NotOurs,
}

/// Sets the header's lengths to what the file really holds. Up to three bytes of a torn sample at the end are left
/// outside of them.
///
/// # Errors
/// When the file fails, or is no recording of ours.
pub fn recover<F: Read + Write + Seek>(file: &mut F) -> Result<Recovered, WavError> {
    let length = file.seek(SeekFrom::End(0))?;
    let found = read_header(file)?;
    let audio = length.saturating_sub(HEADER as u64).min(WAV_AUDIO_MAX) as u32;
    let audio = audio - audio % FRAME_BYTES;
    let right = header(audio);
    let repaired = found != right;
    if repaired {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&right)?;
        file.flush()?;
    }
    Ok(Recovered { frames: u64::from(audio / FRAME_BYTES), repaired })
}

/// Reads a recording back: left and right.
///
/// # Errors
/// When the file fails, or is no recording of ours, or is shorter than its header says.
pub fn read<F: Read + Seek>(file: &mut F) -> Result<(Vec<i16>, Vec<i16>), WavError> {
    let found = read_header(file)?;
    let audio = u32::from_le_bytes([found[40], found[41], found[42], found[43]]);
    let mut bytes = Vec::new();
    file.take(u64::from(audio)).read_to_end(&mut bytes)?;
    if bytes.len() != audio as usize {
        return Err(WavError::NotOurs);
    }
    Ok(bytes
        .chunks_exact(FRAME_BYTES as usize)
        .map(|f| (i16::from_le_bytes([f[0], f[1]]), i16::from_le_bytes([f[2], f[3]])))
        .unzip())
}

fn read_header<F: Read + Seek>(file: &mut F) -> Result<[u8; HEADER], WavError> {
    let mut found = [0; HEADER];
    file.seek(SeekFrom::Start(0))?;
    if let Err(error) = file.read_exact(&mut found) {
        let too_short = error.kind() == io::ErrorKind::UnexpectedEof;
        return Err(if too_short { WavError::NotOurs } else { WavError::Io(error) });
    }
    let ours = header(0);
    // Everything but the two lengths is constant.
    if found[..4] != ours[..4] || found[8..40] != ours[8..40] {
        return Err(WavError::NotOurs);
    }
    Ok(found)
}

fn header(audio_bytes: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"RIFF");
    put(4, &(audio_bytes + HEADER as u32 - 8).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16u32.to_le_bytes());
    put(20, &1u16.to_le_bytes()); // PCM
    put(22, &2u16.to_le_bytes()); // channels
    put(24, &SAMPLE_RATE.to_le_bytes());
    put(28, &(SAMPLE_RATE * FRAME_BYTES).to_le_bytes());
    put(32, &(FRAME_BYTES as u16).to_le_bytes());
    put(34, &16u16.to_le_bytes()); // bits
    put(36, b"data");
    put(40, &audio_bytes.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn seconds(n: usize) -> Vec<i16> {
        (0..n * 16_000).map(|i| i as i16).collect()
    }

    #[test]
    fn what_was_written_is_read_back_by_side() {
        let mut writer = WavWriter::begin(Cursor::new(Vec::new())).unwrap();
        writer.write(&[1, -1, 2, -2]).unwrap();
        writer.write_silence(2).unwrap();
        let mut file = writer.finish().unwrap();
        assert_eq!(file.get_ref().len(), 44 + 16);
        assert_eq!(read(&mut file).unwrap(), (vec![1, 2, 0, 0], vec![-1, -2, 0, 0]));
        assert_eq!(recover(&mut file).unwrap(), Recovered { frames: 4, repaired: false });
    }

    #[test]
    fn a_writer_that_dies_loses_less_than_a_second() {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::begin(&mut file).unwrap();
        for piece in seconds(10).chunks(3_200) {
            writer.write(piece).unwrap();
        }
        writer.write(&[0; 6_400]).unwrap();
        // No `finish`: the process is gone.
        let (left, _) = read(&mut file).unwrap();
        assert!((10.4 - left.len() as f64 / 8_000.0).abs() < 1.0, "{} frames", left.len());
    }

    #[test]
    fn a_torn_file_gets_its_lengths_back() {
        let mut file = Cursor::new(Vec::new());
        WavWriter::begin(&mut file).unwrap().write(&seconds(1)[..6_000]).unwrap();
        let mut bytes = file.into_inner();
        bytes.truncate(bytes.len() - 3);
        let mut file = Cursor::new(bytes);
        assert_eq!(recover(&mut file).unwrap(), Recovered { frames: 2_999, repaired: true });
        assert_eq!(read(&mut file).unwrap().0.len(), 2_999);
        assert_eq!(recover(&mut file).unwrap(), Recovered { frames: 2_999, repaired: false });
    }

    #[test]
    fn a_file_that_is_no_recording_is_left_alone() {
        for bytes in [Vec::new(), vec![0; 43], vec![7; 100]] {
            let mut file = Cursor::new(bytes.clone());
            assert!(matches!(recover(&mut file), Err(WavError::NotOurs)));
            assert_eq!(file.into_inner(), bytes);
        }
    }

    #[test]
    fn an_odd_number_of_samples_is_refused() {
        assert!(WavWriter::begin(Cursor::new(Vec::new())).unwrap().write(&[1]).is_err());
    }
}

//! Looks at the write-ahead log before SQLite does. SQLite ends at the first frame that is not right and overwrites what
//! follows it, which is the right thing after a torn write and a silent loss after a flipped bit. So the difference is
//! made here: what was torn is told, what was altered keeps the store from opening.
//!
//! The form is that of <https://sqlite.org/fileformat2.html#the_write_ahead_log>: a header of 32 bytes, then frames of 24
//! bytes and a page; two salts say which frames belong to this log, and each checksum goes on from the one before.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME: usize = 24;
const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const PAGE_MAX: u32 = 65_536;
const PAGE_USUAL: u32 = 4_096;

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogEnd {
    /// With a whole transaction, or there is no log.
    Whole,
    /// With so many bytes of a transaction that was never whole.
    Torn { bytes: u64 },
    /// Frame number `frame` is not what was written, though so many transactions after it were. The first `keep` bytes
    /// are whole.
    Altered { frame: u64, later: u64, keep: u64 },
}

/// Reads a log from its beginning to its end.
pub(crate) fn look(path: &Path) -> io::Result<LogEnd> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LogEnd::Whole),
        Err(error) => return Err(error),
    };
    let mut file = BufReader::new(file);
    let mut header = [0; HEADER];
    if fill(&mut file, &mut header)? < HEADER {
        // A log whose header is not whole holds no commit.
        return Ok(LogEnd::Whole);
    }
    let magic = word(&header, 0);
    let page = word(&header, 8);
    let little = magic == MAGIC_LITTLE;
    let first = sum(little, (0, 0), &header[..24]);
    let known = (little || magic == MAGIC_BIG) && (512..=PAGE_MAX).contains(&page) && page.is_power_of_two();
    let page = if known { page } else { PAGE_USUAL };
    let stored = (word(&header, 24), word(&header, 28));
    let whole = known && first == stored;
    let mut salts = [0; 8];
    salts.copy_from_slice(&header[16..24]);
    let mut walk =
        Walk { salts, little, sum: stored, number: 0, whole: HEADER as u64, broken: None, later: 0, tail: 0 };
    let mut frame = vec![0; FRAME + page as usize];
    let mut at = HEADER as u64;
    loop {
        let got = fill(&mut file, &mut frame)?;
        at += got as u64;
        if got < frame.len() {
            let is_ours = got >= 16 && frame[8..16] == salts;
            walk.tail = if is_ours { at } else { walk.tail };
            return Ok(walk.end());
        }
        if !whole {
            // The header is written anew over that of a log that was done with, and may be torn then. If what follows
            // goes on from its checksum, written or right, it is a header that was altered.
            let written = (word(&frame, 16), word(&frame, 20));
            let follows =
                [stored, first].iter().any(|sum| Walk { sum: *sum, ..walk }.next(&frame) == written);
            return Ok(if follows { LogEnd::Altered { frame: 0, later: 1, keep: 0 } } else { LogEnd::Whole });
        }
        walk.frame(&frame, at);
    }
}

/// Where a look has come to.
struct Walk {
    salts: [u8; 8],
    little: bool,
    sum: (u32, u32),
    number: u64,
    /// Where the last whole transaction ends.
    whole: u64,
    /// The first frame of this log that is not right.
    broken: Option<u64>,
    /// Transactions that end with it or after it.
    later: u64,
    /// Where the last frame of this log ends, right or not.
    tail: u64,
}

impl Walk {
    fn frame(&mut self, frame: &[u8], end: u64) {
        self.number += 1;
        let ends = word(frame, 4) != 0;
        // Frames with other salts are left from an earlier log in the same file.
        let is_ours = frame[8..16] == self.salts;
        let next = self.next(frame);
        if self.broken.is_none() && is_ours && next == (word(frame, 16), word(frame, 20)) {
            self.sum = next;
            self.whole = if ends { end } else { self.whole };
        } else {
            self.broken = self.broken.or(Some(self.number));
            self.later += u64::from(is_ours && ends);
        }
        self.tail = if is_ours { end } else { self.tail };
    }

    /// The checksum that this frame should have.
    fn next(&self, frame: &[u8]) -> (u32, u32) {
        sum(self.little, sum(self.little, self.sum, &frame[..8]), &frame[FRAME..])
    }

    /// One transaction may be torn: whoever wrote it was not told yet that it is on the disk. Two cannot, since each
    /// waits for the flush of the one before.
    fn end(&self) -> LogEnd {
        match self.broken {
            Some(frame) if self.later > 1 => {
                LogEnd::Altered { frame, later: self.later - 1, keep: self.whole }
            }
            Some(_) | None if self.tail > self.whole => LogEnd::Torn { bytes: self.tail - self.whole },
            Some(_) | None => LogEnd::Whole,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The checksum of the form's section 4.2, going on from `sum`; `bytes` are a multiple of eight.
fn sum(little: bool, mut sum: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let number = |at: &[u8]| {
        let at = [at[0], at[1], at[2], at[3]];
        if little { u32::from_le_bytes(at) } else { u32::from_be_bytes(at) }
    };
    for pair in bytes.chunks_exact(8) {
        sum.0 = sum.0.wrapping_add(number(&pair[..4])).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(number(&pair[4..])).wrapping_add(sum.0);
    }
    sum
}

/// Reads until the buffer is full or the file ends; gives how much was read.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

//! Chance from a seed: a keyed hash over a counter, so that one token tells nothing about the next.

use sha2::{Digest, Sha256};

/// A source of tokens that nobody outside can guess and a replay repeats.
pub(crate) struct Chance {
    key: [u8; 32],
    drawn: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            key: Sha256::new()
                .chain_update(b"cordial-sip")
                .chain_update(seed.to_be_bytes())
                .finalize()
                .into(),
            drawn: 0,
        }
    }

    /// A key for another purpose.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.key).chain_update(purpose.as_bytes()).finalize().into()
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.drawn += 1;
        let hash = Sha256::new().chain_update(self.key).chain_update(self.drawn.to_be_bytes()).finalize();
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// 16 hexadecimal digits.
    pub(crate) fn token(&mut self) -> String {
        format!("{:016x}", self.number())
    }

    /// Evenly from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % (high - low + 1)
    }
}

/// The first bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], first: usize) -> String {
    bytes.iter().take(first).map(|byte| format!("{byte:02x}")).collect()
}

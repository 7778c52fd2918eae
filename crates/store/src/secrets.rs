//! What must never be in the journal, which is kept for ever and shown to many: passwords, PINs, device secrets, tokens.
//!
//! None of the types here has `Debug` or `Display` that shows a secret.

pub mod device;
pub mod password;
pub mod pin;
pub(crate) mod seal;
pub mod token;
pub mod trunk;

use crate::error::StoreError;

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Random(error.to_string()))?;
    Ok(bytes)
}

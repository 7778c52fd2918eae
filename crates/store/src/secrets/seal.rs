//! Sealing under a key file, for secrets that must be used in the clear: a copy of the database alone gives none away.

use std::io::{Read as _, Write as _};
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::random;
use crate::database::private_file;
use crate::error::StoreError;
use crate::int::{hex, unhex};

const NONCE_BYTES: usize = 24;

/// The key of the key file.
pub(crate) struct SealKey {
    cipher: XChaCha20Poly1305,
    bytes: [u8; 32],
}

impl SealKey {
    /// Reads the key file; makes it if there is none and nothing was sealed yet.
    pub(crate) fn load(path: &Path, may_make: bool) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { path: path.to_owned(), source };
        if !path.exists() {
            if !may_make {
                return Err(StoreError::KeyMissing { path: path.to_owned() });
            }
            let text = format!("{}\n", hex(&random::<32>()?));
            let mut file = private_file().create_new(true).open(path).map_err(failed)?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(1024).read_to_string(&mut text).map_err(failed)?;
        let bytes = unhex(text.trim()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| StoreError::KeyUnreadable { path: path.to_owned() })?;
        Ok(Self { cipher: XChaCha20Poly1305::new(&Key::from(bytes)), bytes })
    }

    /// A key for another purpose, the same at every start; it tells nothing of this one.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.bytes).chain_update(purpose.as_bytes()).finalize().into()
    }

    /// `of` names the owner: what was sealed for one does not open for another.
    pub(crate) fn seal(&self, of: &str, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: secret, aad: of.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Sealed { of: of.to_owned() })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, of: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let refused = || StoreError::Sealed { of: of.to_owned() };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(refused)?;
        let payload = Payload { msg: sealed, aad: of.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| refused())
    }
}

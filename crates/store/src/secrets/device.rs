//! Devices' secrets, kept as the digests that SIP needs and never as passwords.

use cordial_engine::id::DeviceId;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use sqlx::Row as _;
use subtle::ConstantTimeEq as _;

use crate::database::Store;
use crate::error::StoreError;
use crate::int::{column, to_sql};

/// What proves a device: `H(username:realm:password)` per algorithm (RFC 3261 section 22, RFC 8760).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DeviceSecret {
    /// By MD5.
    pub ha1_md5: [u8; 16],
    /// By SHA-256.
    pub ha1_sha256: [u8; 32],
}

impl DeviceSecret {
    /// Derives both digests. The realm is the tenant's SIP domain: when that changes, secrets must be set anew.
    pub fn derive(username: &str, realm: &str, password: &str) -> Self {
        let text = format!("{username}:{realm}:{password}");
        Self {
            ha1_md5: Md5::digest(text.as_bytes()).into(),
            ha1_sha256: Sha256::digest(text.as_bytes()).into(),
        }
    }

    /// A password with 128 random bits for a new device, as 32 hexadecimal digits: shown once, never stored.
    pub fn new_password() -> Result<String, StoreError> {
        Ok(crate::int::hex(&super::random::<16>()?))
    }

    fn from_bytes(of: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let refused = || StoreError::Sealed { of: of.to_owned() };
        let (ha1_md5, rest) = bytes.split_first_chunk::<16>().ok_or_else(refused)?;
        let ha1_sha256 = rest.try_into().map_err(|_| refused())?;
        Ok(Self { ha1_md5: *ha1_md5, ha1_sha256 })
    }
}

impl Store {
    /// Sets or takes away the secret of a device.
    pub async fn set_device_secret(
        &self,
        device: DeviceId,
        secret: Option<DeviceSecret>,
    ) -> Result<(), StoreError> {
        let query = match secret {
            Some(secret) => {
                let bytes = [secret.ha1_md5.as_slice(), &secret.ha1_sha256].concat();
                let sealed = self.inner.key.seal(&device.to_string(), &bytes)?;
                sqlx::query("INSERT OR REPLACE INTO device_secrets (device, sealed) VALUES (?, ?)")
                    .bind(to_sql(device.0))
                    .bind(sealed)
            }
            None => sqlx::query("DELETE FROM device_secrets WHERE device = ?").bind(to_sql(device.0)),
        };
        query.execute(&mut *self.desk().await).await?;
        Ok(())
    }

    /// The secret of a device.
    pub async fn device_secret(&self, device: DeviceId) -> Result<Option<DeviceSecret>, StoreError> {
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT sealed FROM device_secrets WHERE device = ?")
                .bind(to_sql(device.0))
                .fetch_optional(&self.inner.readers)
                .await?;
        sealed.map(|sealed| self.open_device(device, &sealed)).transpose()
    }

    /// Whether this is the password of a device. Takes the same time whatever is wrong with it.
    pub async fn verify_device(
        &self,
        device: DeviceId,
        username: &str,
        realm: &str,
        password: &str,
    ) -> Result<bool, StoreError> {
        let shown = DeviceSecret::derive(username, realm, password);
        let kept = self.device_secret(device).await?;
        Ok(kept.is_some_and(|kept| kept.ha1_sha256.ct_eq(&shown.ha1_sha256).into()))
    }

    /// The secrets of all devices, for the start.
    pub async fn device_secrets(&self) -> Result<Vec<(DeviceId, DeviceSecret)>, StoreError> {
        let rows = sqlx::query("SELECT device, sealed FROM device_secrets ORDER BY device")
            .fetch_all(&self.inner.readers)
            .await?;
        let open = |row| {
            let device = DeviceId(column(row, "device")?);
            let sealed: &[u8] = row.try_get("sealed")?;
            Ok((device, self.open_device(device, sealed)?))
        };
        rows.iter().map(open).collect()
    }

    fn open_device(&self, device: DeviceId, sealed: &[u8]) -> Result<DeviceSecret, StoreError> {
        let of = device.to_string();
        DeviceSecret::from_bytes(&of, &self.inner.key.open(&of, sealed)?)
    }
}

//! People's passwords: argon2id with the parameters that OWASP asks for at least (19 MiB, two passes, one lane).
//!
//! Protocols that send the password with every request would spend that for each of them. For those a right password is
//! [recognised](Store::recognises_password) for a while after it was verified, by a keyed hash in memory of it and of what is kept
//! of it on disk: as soon as another is set, or it is taken away, what was remembered means nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use cordial_engine::WallTime;
use cordial_engine::id::UserId;
use sha2::{Digest as _, Sha256};

use crate::database::Store;
use crate::error::{PasswordFault, StoreError};
use crate::int::to_sql;
use crate::limits;

impl Store {
    /// Sets a user's password.
    pub async fn set_password(&self, user: UserId, password: &str, now: WallTime) -> Result<(), StoreError> {
        if password.len() > limits::PASSWORD_BYTES_MAX {
            return Err(PasswordFault::TooLong.into());
        }
        if password.chars().count() < limits::PASSWORD_CHARS_MIN {
            return Err(PasswordFault::TooShort.into());
        }
        let password = password.to_owned();
        let phc = self.hashing(move || hash(&password)).await??;
        sqlx::query("INSERT OR REPLACE INTO passwords (user_id, phc, changed) VALUES (?, ?, ?)")
            .bind(to_sql(user.0))
            .bind(phc)
            .bind(now.0)
            .execute(&mut *self.desk().await)
            .await?;
        Ok(())
    }

    /// Takes a user's password away: no log-in until another is set.
    pub async fn remove_password(&self, user: UserId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM passwords WHERE user_id = ?")
            .bind(to_sql(user.0))
            .execute(&mut *self.desk().await)
            .await?;
        Ok(())
    }

    /// Whether this is the user's password. `None` (a login that nobody has) takes as long as a wrong password, so
    /// that an answer's time tells no login names.
    pub async fn verify_password(&self, user: Option<UserId>, password: &str) -> Result<bool, StoreError> {
        let stored = self.stored_password(user).await?;
        self.is_password(stored, password).await
    }

    /// As [`Self::verify_password`]; a right one is recognised for [`limits::RECOGNISED_TIME`] from now on.
    pub async fn verify_password_for_a_while(
        &self,
        user: Option<UserId>,
        password: &str,
    ) -> Result<bool, StoreError> {
        let stored = self.stored_password(user).await?;
        let is_right = self.is_password(stored.clone(), password).await?;
        if let (true, Some(user), Some(stored)) = (is_right, user, stored) {
            self.inner.recognised.remember(Instant::now(), user, &stored, password);
        }
        Ok(is_right)
    }

    /// Whether this is the user's password, as was [verified](Self::verify_password_for_a_while) a while ago. Costs next to
    /// nothing; false means nothing.
    pub async fn recognises_password(&self, user: UserId, password: &str) -> Result<bool, StoreError> {
        let stored = self.stored_password(Some(user)).await?;
        let knows = |stored: String| self.inner.recognised.knows(Instant::now(), user, &stored, password);
        Ok(stored.is_some_and(knows))
    }

    async fn is_password(&self, stored: Option<String>, password: &str) -> Result<bool, StoreError> {
        if password.len() > limits::PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let password = password.to_owned();
        self.hashing(move || verify(stored.as_deref(), &password)).await?
    }

    async fn stored_password(&self, user: Option<UserId>) -> Result<Option<String>, StoreError> {
        let stored = sqlx::query_scalar("SELECT phc FROM passwords WHERE user_id = ?")
            .bind(user.map(|user| to_sql(user.0)))
            .fetch_optional(&self.inner.readers)
            .await?;
        Ok(stored)
    }

    /// Runs a hash beside the async threads, as many at a time as the options allow.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let failed = |why: &str| StoreError::Row { table: "passwords", why: why.to_owned() };
        let permit = self.inner.hashing.clone().acquire_owned().await.map_err(|_| failed("closed"))?;
        let working = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        working.await.map_err(|error| failed(&error.to_string()))
    }
}

/// Passwords that were right a while ago, by a hash that means nothing outside of this process: what is kept on disk is
/// in it, so that it does not outlive the password.
pub(crate) struct Recognised {
    key: [u8; 32],
    until: Mutex<BTreeMap<[u8; 32], Instant>>,
}

impl Recognised {
    pub(crate) fn new() -> Result<Self, StoreError> {
        Ok(Self { key: super::random()?, until: Mutex::default() })
    }

    fn remember(&self, now: Instant, user: UserId, stored: &str, password: &str) {
        let digest = self.digest(user, stored, password);
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= limits::RECOGNISED_MAX {
            until.retain(|_, until| *until > now);
            let oldest = until.iter().min_by_key(|(_, until)| **until).map(|(digest, _)| *digest);
            if let Some(oldest) = oldest.filter(|_| until.len() >= limits::RECOGNISED_MAX) {
                until.remove(&oldest);
            }
        }
        until.insert(digest, now + limits::RECOGNISED_TIME);
    }

    fn knows(&self, now: Instant, user: UserId, stored: &str, password: &str) -> bool {
        let digest = self.digest(user, stored, password);
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(&digest).is_some_and(|until| *until > now)
    }

    fn digest(&self, user: UserId, stored: &str, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(self.key);
        digest.update(user.0.to_be_bytes());
        for part in [stored, password] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> Result<String, StoreError> {
    let salt = super::random::<16>()?;
    let hashed = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    let hashed: PasswordHash = hashed.map_err(|error| row_fault(&error))?;
    Ok(hashed.to_string())
}

fn verify(stored: Option<&str>, password: &str) -> Result<bool, StoreError> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let Some(stored) = stored else {
        let nobody = match NOBODY.get() {
            Some(nobody) => nobody,
            None => {
                let made = hash("a password that nobody has")?;
                NOBODY.get_or_init(|| made)
            }
        };
        matches(nobody, password)?;
        return Ok(false);
    };
    matches(stored, password)
}

fn matches(phc: &str, password: &str) -> Result<bool, StoreError> {
    let phc = PasswordHash::new(phc).map_err(|error| row_fault(&error))?;
    Ok(argon2().verify_password(password.as_bytes(), &phc).is_ok())
}

fn row_fault(error: &impl ToString) -> StoreError {
    StoreError::Row { table: "passwords", why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_password_is_recognised_for_a_while_and_no_other_is() {
        let (recognised, now) = (Recognised::new().unwrap(), Instant::now());
        recognised.remember(now, UserId(1), "phc", "secret");
        let late = now + limits::RECOGNISED_TIME;
        assert!(recognised.knows(late - Duration::from_millis(1), UserId(1), "phc", "secret"));
        assert!(!recognised.knows(late, UserId(1), "phc", "secret"));
        for (user, stored, password) in
            [(2, "phc", "secret"), (1, "other", "secret"), (1, "phc", "Secret"), (1, "phcs", "ecret")]
        {
            assert!(!recognised.knows(now, UserId(user), stored, password), "{user} {stored} {password}");
        }
        assert!(!Recognised::new().unwrap().knows(now, UserId(1), "phc", "secret"));
    }

    #[test]
    fn so_many_are_recognised_and_the_oldest_is_forgotten() {
        let (recognised, now) = (Recognised::new().unwrap(), Instant::now());
        let at = |n: u64| now + Duration::from_millis(n);
        for n in 0..=limits::RECOGNISED_MAX as u64 {
            recognised.remember(at(n), UserId(n), "phc", "secret");
        }
        assert_eq!(recognised.until.lock().unwrap().len(), limits::RECOGNISED_MAX);
        assert!(!recognised.knows(now, UserId(0), "phc", "secret"));
        assert!(recognised.knows(now, UserId(1), "phc", "secret"));
    }
}

//! People's passwords: argon2id with the parameters that OWASP asks for at least (19 MiB, two passes, one lane).

use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use cordial_engine::WallTime;
use cordial_engine::id::UserId;

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
        if password.len() > limits::PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let stored: Option<String> = sqlx::query_scalar("SELECT phc FROM passwords WHERE user_id = ?")
            .bind(user.map(|user| to_sql(user.0)))
            .fetch_optional(&self.inner.readers)
            .await?;
        let password = password.to_owned();
        self.hashing(move || verify(stored.as_deref(), &password)).await?
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

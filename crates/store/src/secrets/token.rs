//! API tokens: `cordial_<id>_<secret>`, shown once, kept as a digest, checked in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cordial_engine::WallTime;
use cordial_engine::id::{TenantId, UserId};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use subtle::ConstantTimeEq as _;

use super::random;
use crate::database::{Store, locked};
use crate::error::StoreError;
use crate::int::{from_sql, hex, to_sql, unhex};
use crate::limits;

const PREFIX: &str = "cordial_";

/// What a token is called; not secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenId([u8; 8]);

impl TokenId {
    /// Reads 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whose things a token reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The installation's operator: makes tenants and speaks for any of them.
    Installation,
    /// One tenant.
    Tenant(TenantId),
}

/// What a token may do; none includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See everything of the tenant: states, calls, events, records, recordings.
    Read,
    /// Act as the agent of the token's own user.
    Agent,
    /// Act on any agent, call and offer.
    Supervise,
    /// Change queues and the ranks of their agents.
    Manage,
    /// Change the directory, secrets and tokens.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Read, Self::Agent, Self::Supervise, Self::Manage, Self::Admin];

    /// Its word in APIs and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Agent => "agent",
            Self::Supervise => "supervise",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Whose things it reaches.
    pub owner: Owner,
    /// The user for whom it stands, if any.
    pub user: Option<UserId>,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it ends by itself.
    pub expires: Option<WallTime>,
}

/// A token just made. Its secret is known here only.
pub struct IssuedToken {
    /// What it is called.
    pub id: TokenId,
    secret: [u8; 32],
}

impl IssuedToken {
    /// The whole token, to be shown once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, hex(&self.secret))
    }
}

/// Who presents a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token.
    pub token: TokenId,
    /// Whose things it reaches.
    pub owner: Owner,
    /// The user for whom it stands, if any.
    pub user: Option<UserId>,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
}

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// What it is called.
    pub id: TokenId,
    /// Whose things it reaches.
    pub owner: Owner,
    /// The user for whom it stands, if any.
    pub user: Option<UserId>,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created: WallTime,
    /// When it was last presented.
    pub last_used: Option<WallTime>,
    /// When it ends by itself.
    pub expires: Option<WallTime>,
}

struct Kept {
    view: TokenView,
    hash: [u8; 32],
}

/// All tokens, in memory: a request costs no question to the database.
pub(crate) struct Tokens {
    by_id: BTreeMap<TokenId, Kept>,
    used: BTreeSet<TokenId>,
}

impl Tokens {
    pub(crate) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let rows = sqlx::query("SELECT * FROM tokens").fetch_all(connection).await?;
        let kept = rows.iter().map(Kept::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { by_id: kept.into_iter().map(|kept| (kept.view.id, kept)).collect(), used: BTreeSet::new() })
    }
}

impl Store {
    /// Makes a token.
    pub async fn create_token(&self, new: NewToken, now: WallTime) -> Result<IssuedToken, StoreError> {
        if new.name.chars().count() > limits::TOKEN_NAME_CHARS_MAX {
            return Err(StoreError::TooLarge {
                what: "a token's name",
                found: new.name.len(),
                max: limits::TOKEN_NAME_CHARS_MAX,
            });
        }
        self.forget_tokens_over(now).await?;
        if locked(&self.inner.tokens).by_id.len() >= limits::TOKENS_MAX {
            return Err(StoreError::Full { what: "tokens", max: limits::TOKENS_MAX });
        }
        let issued = IssuedToken { id: TokenId(random()?), secret: random()? };
        let kept = Kept {
            view: TokenView {
                id: issued.id,
                owner: new.owner,
                user: new.user,
                name: new.name,
                scopes: new.scopes,
                created: now,
                last_used: None,
                expires: new.expires,
            },
            hash: Sha256::digest(issued.secret).into(),
        };
        kept.insert(&mut *self.desk().await).await?;
        locked(&self.inner.tokens).by_id.insert(issued.id, kept);
        Ok(issued)
    }

    /// Tokens that are over make place for new ones.
    async fn forget_tokens_over(&self, now: WallTime) -> Result<(), StoreError> {
        let over: Vec<TokenId> = {
            let tokens = locked(&self.inner.tokens);
            let over = tokens.by_id.values().filter(|kept| kept.is_over(now));
            over.map(|kept| kept.view.id).collect()
        };
        let mut desk = self.desk().await;
        for id in over {
            locked(&self.inner.tokens).by_id.remove(&id);
            sqlx::query("DELETE FROM tokens WHERE id = ?").bind(id.to_string()).execute(&mut *desk).await?;
        }
        Ok(())
    }

    /// The tokens of an owner, oldest first.
    pub fn tokens(&self, owner: Owner) -> Vec<TokenView> {
        let tokens = locked(&self.inner.tokens);
        let of_owner = tokens.by_id.values().filter(|kept| kept.view.owner == owner);
        let mut views: Vec<TokenView> = of_owner.map(|kept| kept.view.clone()).collect();
        views.sort_by_key(|view| (view.created, view.id));
        views
    }

    /// Ends a token of an owner at once; false if the owner has none of that id.
    pub async fn revoke_token(&self, owner: Owner, id: TokenId) -> Result<bool, StoreError> {
        let mut desk = self.desk().await;
        {
            let mut tokens = locked(&self.inner.tokens);
            if tokens.by_id.get(&id).is_none_or(|kept| kept.view.owner != owner) {
                return Ok(false);
            }
            tokens.by_id.remove(&id);
            tokens.used.remove(&id);
        }
        sqlx::query("DELETE FROM tokens WHERE id = ?").bind(id.to_string()).execute(&mut *desk).await?;
        Ok(true)
    }

    /// Who presents this token, if it is one that holds now. Takes the same time whatever is wrong with the secret.
    pub fn authenticate(&self, token: &str, now: WallTime) -> Option<Identity> {
        let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let id = TokenId::parse(id)?;
        let secret: [u8; 32] = (secret.len() == 64).then(|| unhex(secret))??.try_into().ok()?;
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let mut tokens = locked(&self.inner.tokens);
        let kept = tokens.by_id.get_mut(&id)?;
        let is_right = bool::from(kept.hash.ct_eq(&hash));
        if !is_right || kept.is_over(now) {
            return None;
        }
        kept.view.last_used = Some(now);
        let identity = Identity {
            token: id,
            owner: kept.view.owner,
            user: kept.view.user,
            scopes: kept.view.scopes.clone(),
        };
        tokens.used.insert(id);
        Some(identity)
    }

    /// A token for setting up a new installation: made only while nobody could log in at all, and good for a day.
    pub async fn first_run_token(&self, now: WallTime) -> Result<Option<IssuedToken>, StoreError> {
        let passwords: i64 =
            sqlx::query_scalar("SELECT count(*) FROM passwords").fetch_one(&self.inner.readers).await?;
        let usable = locked(&self.inner.tokens).by_id.values().any(|kept| !kept.is_over(now));
        if passwords > 0 || usable {
            return Ok(None);
        }
        let new = NewToken {
            owner: Owner::Installation,
            user: None,
            name: "first start".to_owned(),
            scopes: Scope::ALL.into(),
            expires: Some(WallTime(now.0.saturating_add(limits::FIRST_RUN_TOKEN_MS))),
        };
        Ok(Some(self.create_token(new, now).await?))
    }

    /// Writes down when tokens were last used.
    pub(crate) async fn write_token_use(&self) -> Result<(), StoreError> {
        let used: Vec<(TokenId, Option<WallTime>)> = {
            let mut tokens = locked(&self.inner.tokens);
            let ids = std::mem::take(&mut tokens.used);
            let last_used = |id: TokenId| tokens.by_id.get(&id).and_then(|kept| kept.view.last_used);
            ids.into_iter().map(|id| (id, last_used(id))).collect()
        };
        if used.is_empty() {
            return Ok(());
        }
        let mut behind = self.behind().await;
        let mut transaction = behind.begin_immediate().await?;
        for (id, last_used) in used {
            sqlx::query("UPDATE tokens SET last_used = ? WHERE id = ?")
                .bind(last_used.map(|wall| wall.0))
                .bind(id.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

impl Kept {
    fn is_over(&self, now: WallTime) -> bool {
        self.view.expires.is_some_and(|expires| expires <= now)
    }

    async fn insert(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let scopes: Vec<&str> = self.view.scopes.iter().map(|scope| scope.as_str()).collect();
        let owner = match self.view.owner {
            Owner::Installation => None,
            Owner::Tenant(tenant) => Some(to_sql(tenant.0)),
        };
        sqlx::query(
            "INSERT INTO tokens (id, owner, user_id, name, scopes, hash, created, last_used, expires) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.view.id.to_string())
        .bind(owner)
        .bind(self.view.user.map(|user| to_sql(user.0)))
        .bind(&self.view.name)
        .bind(scopes.join(" "))
        .bind(self.hash.as_slice())
        .bind(self.view.created.0)
        .bind(self.view.last_used.map(|wall| wall.0))
        .bind(self.view.expires.map(|wall| wall.0))
        .execute(connection)
        .await?;
        Ok(())
    }

    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let fault = |why: &str| StoreError::Row { table: "tokens", why: why.to_owned() };
        let id = TokenId::parse(row.try_get("id")?).ok_or_else(|| fault("its id is not hexadecimal"))?;
        let hash: &[u8] = row.try_get("hash")?;
        let owner: Option<i64> = row.try_get("owner")?;
        let user: Option<i64> = row.try_get("user_id")?;
        let scopes: &str = row.try_get("scopes")?;
        let scopes = scopes.split_whitespace().map(Scope::parse).collect::<Option<BTreeSet<_>>>();
        let last_used: Option<i64> = row.try_get("last_used")?;
        let expires: Option<i64> = row.try_get("expires")?;
        Ok(Self {
            view: TokenView {
                id,
                owner: owner.map_or(Owner::Installation, |tenant| Owner::Tenant(TenantId(from_sql(tenant)))),
                user: user.map(|user| UserId(from_sql(user))),
                name: row.try_get("name")?,
                scopes: scopes.ok_or_else(|| fault("it has an unknown scope"))?,
                created: WallTime(row.try_get("created")?),
                last_used: last_used.map(WallTime),
                expires: expires.map(WallTime),
            },
            hash: hash.try_into().map_err(|_| fault("its digest has another length"))?,
        })
    }
}

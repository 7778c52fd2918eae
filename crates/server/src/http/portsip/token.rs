//! The place where tokens are bought: by name and password, or by what renews an old one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::extract;
use axum::{Extension, Json};
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::wire::Token;
use cordial_engine::WallTime;
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::id::UserId;
use cordial_store::{NewToken, Owner, Scope};

use super::fault::No;
use crate::http::access::{LOG_IN, known, scope_kept, scopes_of};
use crate::http::guard::{Bytes64, Peer};
use crate::http::guesses::Attempt;
use crate::http::{State, wall};

/// How long an access token works. Seconds.
const ACCESS_S: u64 = 1_800;
/// How long it can be renewed. Seconds.
const REFRESH_S: u64 = 24 * 3_600;
/// What a token is called that renews another. It reaches nothing itself.
const REFRESH: &str = "log-in renewal";

/// Who gets a token.
pub(super) struct Bearer {
    pub(super) owner: Owner,
    pub(super) user: Option<UserId>,
    pub(super) scopes: BTreeSet<Scope>,
}

pub(super) async fn token(
    extract::State(state): extract::State<State>,
    Extension(Peer(address)): Extension<Peer>,
    Extension(Bytes64(body)): Extension<Bytes64>,
) -> Result<Json<Token>, No> {
    // As browsers read forms: a blank that was not escaped is a blank.
    let field = |name: &str| {
        let found = form_urlencoded::parse(&body).find(|(of, _)| of == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let bearer = match field("grant_type").as_str() {
        "password" => {
            let (username, domain, password) = (field("username"), field("domain"), field("password"));
            log_in(&state, address, username, domain, &password).await?
        }
        "refresh_token" => renew(&state, &field("refresh_token")).await?,
        _ => return Err(Problem::invalid("grant_type", "must be password or refresh_token").into()),
    };
    Ok(Json(issue(&state, bearer).await?))
}

/// Looks at a user's name and password. Without a domain it is the system's administrator, whose password is a token of
/// the installation.
pub(super) async fn log_in(
    state: &State,
    address: IpAddr,
    username: String,
    domain: String,
    password: &str,
) -> Result<Bearer, No> {
    if domain.is_empty() {
        return administrator(state, address, &username, password);
    }
    let user = known(state, address, &domain, &username, password).await?;
    let user = user.ok_or_else(Problem::log_in_failed)?;
    Ok(Bearer {
        owner: Owner::Tenant(user.tenant),
        user: Some(user.user),
        scopes: scopes_of(&user.roles).into_iter().map(scope_kept).collect(),
    })
}

fn administrator(state: &State, address: IpAddr, username: &str, password: &str) -> Result<Bearer, No> {
    let attempt = Attempt::new(address, "", username);
    state.guesses.may_try(&attempt)?;
    let identity = state.parts.handle.store().authenticate(password, wall());
    let identity = identity.filter(|identity| username == "admin" && identity.owner == Owner::Installation);
    state.guesses.note(&attempt, identity.is_some());
    let identity = identity.ok_or_else(Problem::log_in_failed)?;
    Ok(Bearer { owner: identity.owner, user: None, scopes: identity.scopes })
}

/// A token that renews is used up by it. What it renews reaches as far as its user's roles do now.
async fn renew(state: &State, text: &str) -> Result<Bearer, No> {
    let store = state.parts.handle.store();
    let identity = store.authenticate(text, wall()).ok_or_else(Problem::log_in_failed)?;
    let renews = |view: &cordial_store::TokenView| view.id == identity.token && view.name == REFRESH;
    if !store.tokens(identity.owner).iter().any(renews)
        || !store.revoke_token(identity.owner, identity.token).await?
    {
        return Err(Problem::log_in_failed().into());
    }
    let scopes = match (identity.owner, identity.user) {
        (Owner::Tenant(tenant), Some(user)) => {
            let entry = state.parts.handle.read(move |engine, _| engine.entry(tenant, EntryId::User(user)));
            let Some(Entry::User(user)) = entry.await? else {
                return Err(Problem::log_in_failed().into());
            };
            scopes_of(&user.roles).into_iter().map(scope_kept).collect()
        }
        (Owner::Installation, _) => Scope::ALL.into(),
        (Owner::Tenant(_), None) => return Err(Problem::log_in_failed().into()),
    };
    Ok(Bearer { owner: identity.owner, user: identity.user, scopes })
}

async fn issue(state: &State, bearer: Bearer) -> Result<Token, No> {
    let Bearer { owner, user, scopes } = bearer;
    let store = state.parts.handle.store();
    let new = |name: &str, scopes, seconds: u64| NewToken {
        owner,
        user,
        name: name.to_owned(),
        scopes,
        expires: Some(WallTime(wall().0.saturating_add_unsigned(seconds * 1_000))),
    };
    let access = store.create_token(new(LOG_IN, scopes, ACCESS_S), wall()).await?;
    let refresh = store.create_token(new(REFRESH, BTreeSet::new(), REFRESH_S), wall()).await?;
    Ok(Token {
        access_token: access.reveal(),
        expires_in: ACCESS_S,
        refresh_token: refresh.reveal(),
        token_type: "Bearer",
    })
}

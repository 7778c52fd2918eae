//! Tokens, log-in, tickets, tenants: who may come in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract};
use cordial_dialects::native::decode;
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::{
    Id, LogIn, Me, NewTenant, NewToken, Scope, Tenant, TenantWithToken, Ticket, Time, Token, TokenWithSecret,
};
use cordial_engine::command::Access;
use cordial_engine::entry::{self, Entry, EntryId, Kind};
use cordial_engine::id::{TenantId, UserId};
use cordial_engine::text::Text;
use cordial_engine::view::TenantView;
use cordial_engine::{Answer, Command, Input, WallTime};
use cordial_store::{Owner, TokenId, TokenView};

use super::ask::{Asked, At, Body, PageOf};
use super::fault::No;
use super::guard::{Peer, Who};
use super::guesses::Attempt;
use super::limits::{LOG_IN_MS, TICKET_LIFE};
use super::operation::{Operation, delete, get, post};
use super::{State, wall};

/// What a token is called that was bought by name and password.
pub(super) const LOG_IN: &str = "log-in";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/v1/log-in")
            .called("log_in", "access", "Buys a token for twelve hours with a name and a password")
            .open()
            .body::<LogIn>()
            .answers::<TokenWithSecret>(201, "The token; its scopes follow from the user's roles.")
            .refuses(&[401])
            .handled_by(log_in),
        get("/v1/me")
            .called("who_am_i", "access", "Says who asks")
            .answers::<Me>(200, "Who asks.")
            .handled_by(me),
        get("/v1/tokens")
            .called("list_tokens", "access", "Lists the tenant's tokens")
            .needs(&[Scope::Admin])
            .paged()
            .answers_page::<Token>()
            .handled_by(list),
        post("/v1/tokens")
            .called("create_token", "access", "Makes a token")
            .needs(&[Scope::Admin])
            .body::<NewToken>()
            .answers::<TokenWithSecret>(201, "The token, shown this once.")
            .handled_by(create),
        delete("/v1/tokens/{token}")
            .called("delete_token", "access", "Ends a token at once")
            .needs(&[Scope::Admin])
            .answers_other(204, None, "It no longer works.")
            .handled_by(remove),
        post("/v1/tickets")
            .called("create_ticket", "access", "Makes a ticket for a browser's WebSocket")
            .needs(&[Scope::Read])
            .answers::<Ticket>(201, "The ticket; it works once.")
            .handled_by(ticket),
        get("/v1/tenants")
            .called("list_tenants", "installation", "Lists the tenants of the installation")
            .installation()
            .paged()
            .answers_page::<Tenant>()
            .handled_by(list_tenants),
        post("/v1/tenants")
            .called("create_tenant", "installation", "Makes a tenant")
            .installation()
            .body::<NewTenant>()
            .answers::<TenantWithToken>(201, "The tenant, and a token for it.")
            .handled_by(create_tenant),
    ]
}

/// A scope as the API tells it; both sides have the same five.
pub(super) const fn scope_told(scope: cordial_store::Scope) -> Scope {
    match scope {
        cordial_store::Scope::Read => Scope::Read,
        cordial_store::Scope::Agent => Scope::Agent,
        cordial_store::Scope::Supervise => Scope::Supervise,
        cordial_store::Scope::Manage => Scope::Manage,
        cordial_store::Scope::Admin => Scope::Admin,
    }
}

pub(super) const fn scope_kept(scope: Scope) -> cordial_store::Scope {
    match scope {
        Scope::Read => cordial_store::Scope::Read,
        Scope::Agent => cordial_store::Scope::Agent,
        Scope::Supervise => cordial_store::Scope::Supervise,
        Scope::Manage => cordial_store::Scope::Manage,
        Scope::Admin => cordial_store::Scope::Admin,
    }
}

/// What a token is to be.
struct Wanted {
    owner: Owner,
    name: String,
    scopes: BTreeSet<Scope>,
    user: Option<(UserId, Id)>,
    expires: Option<WallTime>,
}

async fn issue(state: &State, wanted: Wanted) -> Result<TokenWithSecret, No> {
    let new = cordial_store::NewToken {
        owner: wanted.owner,
        user: wanted.user.map(|(user, _)| user),
        name: wanted.name.clone(),
        scopes: wanted.scopes.iter().map(|scope| scope_kept(*scope)).collect(),
        expires: wanted.expires,
    };
    let issued = state.parts.handle.store().create_token(new, wall()).await?;
    Ok(TokenWithSecret {
        record: Token {
            id: issued.id.to_string(),
            name: wanted.name,
            scopes: wanted.scopes.into_iter().collect(),
            user: wanted.user.map(|(_, id)| id),
            expires_at: wanted.expires.map(Time),
        },
        token: issued.reveal(),
    })
}

async fn log_in(
    extract::State(state): extract::State<State>,
    Extension(Peer(address)): Extension<Peer>,
    Body(body): Body<LogIn>,
) -> Result<Response, No> {
    let LogIn { domain, name, password } = body;
    let Some(Known { tenant, user, guid, roles }) = known(&state, address, &domain, &name, &password).await?
    else {
        return Err(wrong());
    };
    let wanted = Wanted {
        owner: Owner::Tenant(tenant),
        name: LOG_IN.to_owned(),
        scopes: scopes_of(&roles),
        user: Some((user, guid)),
        expires: Some(WallTime(wall().0.saturating_add(LOG_IN_MS))),
    };
    Ok((StatusCode::CREATED, Json(issue(&state, wanted).await?)).into_response())
}

/// A user who proved to be who he says.
pub(super) struct Known {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) guid: Id,
    pub(super) roles: BTreeSet<entry::Role>,
}

/// Whose name and password these are, if anybody's; guesses are counted.
pub(super) async fn known(
    state: &State,
    address: IpAddr,
    domain: &str,
    name: &str,
    password: &str,
) -> Result<Option<Known>, No> {
    let attempt = Attempt::new(address, domain, name);
    state.guesses.may_try(&attempt)?;
    let found = named(state, domain, name).await?;
    let user = found.as_ref().map(|known| known.user);
    let right = state.parts.handle.store().verify_password(user, password).await?;
    state.guesses.note(&attempt, right);
    Ok(found.filter(|_| right))
}

/// As [`known`], for those who send both with every request: who was right a while ago is not looked at so closely. All
/// others are counted as strangers.
pub(super) async fn known_again(
    state: &State,
    address: IpAddr,
    domain: &str,
    name: &str,
    password: &str,
) -> Result<Option<Known>, No> {
    let attempt = Attempt::new(address, domain, name);
    // First of all: whoever has guessed too often learns nothing by what is recognised.
    state.guesses.may_try(&attempt)?;
    let found = named(state, domain, name).await?;
    let store = state.parts.handle.store();
    if let Some(known) = &found
        && store.recognises_password(known.user, password).await?
    {
        return Ok(found);
    }
    state.rates.stranger(address)?;
    let user = found.as_ref().map(|known| known.user);
    let right = store.verify_password_for_a_while(user, password).await?;
    state.guesses.note(&attempt, right);
    Ok(found.filter(|_| right))
}

async fn named(state: &State, domain: &str, name: &str) -> Result<Option<Known>, No> {
    let (domain, name) = (domain.to_owned(), name.to_owned());
    let found = state.parts.handle.read(move |engine, _| {
        let tenant = engine.tenant_by_domain(&domain)?;
        let id = engine.find_by_name(tenant, Kind::User, &name)?;
        let (EntryId::User(user), Entry::User(entry)) = (id, engine.entry(tenant, id)?) else {
            return None;
        };
        Some(Known { tenant, user, guid: Id(engine.guid(id)?), roles: entry.roles })
    });
    Ok(found.await?)
}

fn wrong() -> No {
    No::new(Code::Unauthorized, "domain, name or password is wrong")
}

pub(super) fn scopes_of(roles: &BTreeSet<entry::Role>) -> BTreeSet<Scope> {
    let of_role = |role: &entry::Role| match role {
        entry::Role::Agent => [Scope::Read, Scope::Agent],
        entry::Role::Supervisor => [Scope::Read, Scope::Supervise],
        entry::Role::QueueManager => [Scope::Read, Scope::Manage],
        entry::Role::Administrator => [Scope::Read, Scope::Admin],
    };
    roles.iter().flat_map(of_role).collect()
}

/// Keeps for the audit that something was done about access.
pub(super) async fn note(state: &State, who: &Who, what: Access) -> Result<(), No> {
    state.parts.handle.command(who.tenant, who.by(), Command::NoteAccess(what)).await??;
    Ok(())
}

/// Keeps for the audit that somebody asked for what he may not do; in part, when he asks in haste.
pub(super) async fn note_refused(state: &State, who: &Who, operation: &str) {
    if state.rates.refused(who.tenant).is_err() {
        return;
    }
    let operation = Text::parse(operation).unwrap_or_default();
    let code = Text::parse(Code::Forbidden.words().1).unwrap_or_default();
    // The answer is no either way; a server that cannot note it now is loaded or stopping.
    note(state, who, Access::Refused { operation, code }).await.ok();
}

/// A token's id as the engine keeps it.
fn token_text(token: TokenId) -> Text<16> {
    Text::parse(&token.to_string()).expect("sixteen digits")
}

/// What of these scopes reaches everything of the tenant. The foreign dialects know neither teams nor queues of a user, so
/// that there a user who is bound to some sees and forces nobody but himself.
pub(super) async fn reaching_all(
    state: &State,
    tenant: TenantId,
    user: Option<UserId>,
    mut scopes: BTreeSet<Scope>,
) -> Result<BTreeSet<Scope>, No> {
    let Some(user) = user.filter(|_| !scopes.contains(&Scope::Admin)) else { return Ok(scopes) };
    let entry = state.parts.handle.read(move |engine, _| engine.entry(tenant, EntryId::User(user)));
    let Some(Entry::User(entry)) = entry.await? else { return Ok(BTreeSet::new()) };
    if entry.teams.is_some() && scopes.remove(&Scope::Supervise) {
        scopes.remove(&Scope::Read);
    }
    if entry.queues.is_some() && scopes.remove(&Scope::Manage) {
        scopes.remove(&Scope::Read);
    }
    Ok(scopes)
}

/// Ends what a user bought with a password that is no longer his, or roles that he no longer has.
pub(super) async fn end_log_ins(state: &State, who: &Who, user: UserId, all: bool) -> Result<(), No> {
    let store = state.parts.handle.store();
    let owner = Owner::Tenant(who.tenant);
    for token in store.tokens(owner) {
        if token.user == Some(user) && (all || token.name == LOG_IN) {
            store.revoke_token(owner, token.id).await?;
        }
    }
    Ok(())
}

async fn me(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
) -> Result<Json<Me>, No> {
    let asked = who.clone();
    let (tenant, user, agent) = state
        .look(&who, move |scene| {
            let tenant = scene.engine.tenant(scene.tenant);
            let user = asked.user.and_then(|user| scene.engine.guid(EntryId::User(user)));
            let agent = scene.own().and_then(|agent| scene.engine.guid(EntryId::Agent(agent)));
            Ok((tenant, user.map(Id), agent.map(Id)))
        })
        .await?;
    let tenant = tenant.ok_or_else(|| No::new(Code::Unauthorized, "the token's tenant is gone"))?;
    let scopes = who.scopes.iter().copied().collect();
    Ok(Json(Me { tenant: told(&tenant), user, agent, scopes, token: who.token.to_string() }))
}

fn told(tenant: &TenantView) -> Tenant {
    Tenant { id: Id(tenant.guid), name: tenant.name.to_string(), domain: tenant.domain.clone() }
}

async fn list(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(page): Asked<PageOf>,
) -> Result<Response, No> {
    let tokens = state.parts.handle.store().tokens(Owner::Tenant(who.tenant));
    let rows = super::page(tokens, &page, |token: &TokenView| token.id.to_string())?;
    let next = rows.next;
    let users: Vec<Option<UserId>> = rows.items.iter().map(|token| token.user).collect();
    let guids = state
        .look(&who, move |scene| {
            let guid =
                |user: &Option<UserId>| user.and_then(|user| scene.engine.guid(EntryId::User(user))).map(Id);
            Ok(users.iter().map(guid).collect::<Vec<_>>())
        })
        .await?;
    let told = |(token, user): (TokenView, Option<Id>)| Token {
        id: token.id.to_string(),
        name: token.name,
        scopes: token.scopes.iter().map(|scope| scope_told(*scope)).collect(),
        user,
        expires_at: token.expires.map(Time),
    };
    let items = rows.items.into_iter().zip(guids).map(told).collect();
    Ok(Json(cordial_dialects::native::wire::Page { items, next }).into_response())
}

async fn create(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<NewToken>,
) -> Result<Response, No> {
    let scopes = body.scopes.iter().copied().collect();
    let (id, life) = (body.user, body.expires_in_s);
    let (name, user) = state.look(&who, move |scene| Ok(decode::token(&body, scene)?)).await?;
    let wanted = Wanted {
        owner: Owner::Tenant(who.tenant),
        name: name.to_string(),
        scopes,
        user: user.zip(id),
        expires: life.map(|life| WallTime(wall().0.saturating_add_unsigned(life.saturating_mul(1000)))),
    };
    let made = issue(&state, wanted).await?;
    let token = TokenId::parse(&made.record.id).ok_or_else(super::odd_answer)?;
    note(&state, &who, Access::TokenMade { token: token_text(token), name }).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

async fn remove(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(token): At<String>,
) -> Result<StatusCode, No> {
    let id = TokenId::parse(&token).ok_or_else(|| No::field("{token}", "must be 16 hexadecimal digits"))?;
    if state.parts.handle.store().revoke_token(Owner::Tenant(who.tenant), id).await? {
        note(&state, &who, Access::TokenEnded { token: token_text(id) }).await?;
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(super::not_found("token"))
    }
}

async fn ticket(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
) -> Result<Response, No> {
    let ticket = state.tickets.issue(who.text)?;
    let life = i64::try_from(TICKET_LIFE.as_millis()).unwrap_or(i64::MAX);
    let expires_at = Time(WallTime(wall().0.saturating_add(life)));
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_at })).into_response())
}

async fn list_tenants(
    extract::State(state): extract::State<State>,
    Asked(page): Asked<PageOf>,
) -> Result<Response, No> {
    let tenants = state.parts.handle.read(|engine, _| engine.tenants()).await?;
    let rows = super::page(tenants, &page, |tenant: &TenantView| tenant.guid.to_string())?;
    let items = rows.items.iter().map(told).collect();
    Ok(Json(cordial_dialects::native::wire::Page { items, next: rows.next }).into_response())
}

async fn create_tenant(
    extract::State(state): extract::State<State>,
    Body(body): Body<NewTenant>,
) -> Result<Response, No> {
    let (name, domain) = decode::tenant(&body)?;
    let (id, guid): (TenantId, _) = match state
        .parts
        .handle
        .input(Input::AddTenant { name: name.clone(), domain: domain.clone() })
        .await??
    {
        Answer::Tenant(id, guid) => (id, guid),
        Answer::Done
        | Answer::Pending
        | Answer::Added(..)
        | Answer::Call(..)
        | Answer::Arrived(..)
        | Answer::Parked(_) => {
            return Err(super::odd_answer());
        }
    };
    let wanted = Wanted {
        owner: Owner::Tenant(id),
        name: "first".to_owned(),
        scopes: Scope::ALL.into(),
        user: None,
        expires: None,
    };
    let token = issue(&state, wanted).await?.token;
    let tenant = Tenant { id: Id(guid), name: name.to_string(), domain: domain.to_string() };
    Ok((StatusCode::CREATED, Json(TenantWithToken { tenant, token })).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_called_alike_in_the_api_and_in_the_store() {
        for scope in Scope::ALL {
            assert_eq!(scope_kept(scope).as_str(), scope.word());
            assert_eq!(scope_told(scope_kept(scope)), scope);
        }
    }
}

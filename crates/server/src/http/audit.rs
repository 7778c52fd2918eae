//! `GET /v1/audit`: who changed what, when and whence.

use axum::{Extension, Json, extract};
use cordial_dialects::native::encode;
use cordial_dialects::native::problem::{FieldError, Problem};
use cordial_dialects::native::wire::{self, Id, Page, Scope};
use cordial_engine::entry::EntryId;
use cordial_engine::id::UserId;
use cordial_store::AuditFilter;
use serde::Deserialize;
use utoipa::openapi::schema::Type;

use super::State;
use super::ask::{Asked, limit, time};
use super::fault::No;
use super::guard::Who;
use super::names::Teller;
use super::operation::{Operation, get};
use super::scene::{LookError, Scene};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/audit")
            .called("list_audit", "audit", "Lists changes, and attempts that were refused, newest first")
            .needs(&[Scope::Admin])
            .paged()
            .query("from", Type::String, "Made at or after this time.")
            .query("to", Type::String, "Made before this time.")
            .query("user", Type::String, "Made by this user.")
            .query("entry", Type::String, "Made to this entry of the directory, which is there still.")
            .query("operation", Type::String, "Of this `operation`.")
            .answers_page::<wire::Audited>()
            .handled_by(list),
    ]
}

/// What can be asked of the audit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditAsked {
    limit: Option<usize>,
    after: Option<u64>,
    from: Option<String>,
    to: Option<String>,
    user: Option<Id>,
    entry: Option<Id>,
    operation: Option<String>,
}

async fn list(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<Page<wire::Audited>>, No> {
    let (user, entry) = (asked.user, asked.entry);
    let look = move |scene: &Scene<'_>| {
        let user = user.map(|id| scene.named::<UserId>("?user", id)).transpose()?;
        let entry = entry.map(|id| any_entry(scene, id)).transpose()?;
        Ok((user, entry))
    };
    let (user, entry) = state.look(&who, look).await?;
    let filter = AuditFilter {
        from: time("?from", asked.from.as_deref())?,
        to: time("?to", asked.to.as_deref())?,
        user,
        entry,
        operation: asked.operation,
        after: asked.after,
        limit: limit(asked.limit)? as u32,
    };
    let found = state.parts.handle.store().audit(who.tenant, &filter).await?;
    let mut teller = Teller::new(state, who.tenant);
    let mut items = Vec::with_capacity(found.entries.len());
    for it in &found.entries {
        items.push(teller.named(|book| encode::audited(&it.event, it.before.as_ref(), book)).await?);
    }
    Ok(Json(Page { items, next: found.next.map(|next| next.to_string()) }))
}

/// The entry of whatever kind that has this id.
fn any_entry(scene: &Scene<'_>, id: Id) -> Result<EntryId, LookError> {
    let unknown = || Problem::invalid(vec![FieldError::new("?entry", "is not known here")]);
    Ok(scene.engine.find_any(scene.tenant, id.0).ok_or_else(unknown)?)
}

//! What callers on a tenant's blacklist hear.

use axum::{Extension, Json, extract};
use cordial_dialects::native::wire::{self, Scope};
use cordial_dialects::native::{decode, encode};
use cordial_engine::Refusal;

use super::ask::Body;
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, get, put};
use super::{State, not_found};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/blacklist-prompts")
            .called("get_blacklist_prompts", "directory", "Shows what callers on the blacklist hear")
            .needs(&[Scope::Read])
            .answers::<wire::BlacklistPrompts>(200, "As it is.")
            .handled_by(read),
        put("/v1/blacklist-prompts")
            .called(
                "set_blacklist_prompts",
                "directory",
                "Says what callers on the blacklist hear; a level that is left out is cleared unanswered",
            )
            .needs(&[Scope::Admin])
            .body::<wire::BlacklistPrompts>()
            .answers::<wire::BlacklistPrompts>(200, "As it is now.")
            .handled_by(change),
    ]
}

async fn read(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
) -> Result<Json<wire::BlacklistPrompts>, No> {
    let seen = state.look(&who, |scene| {
        let prompts = scene.engine.blacklist_prompts(scene.tenant);
        Ok(prompts.map(encode::blacklist_prompts))
    });
    seen.await?.map(Json).ok_or_else(|| not_found("tenant"))
}

async fn change(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<wire::BlacklistPrompts>,
) -> Result<Json<wire::BlacklistPrompts>, No> {
    let command = decode::blacklist_prompts(&body)?;
    match state.parts.handle.command(who.tenant, who.by(), command).await? {
        Ok(_) | Err(Refusal::AlreadySo) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    read(extract::State(state), Extension(who)).await
}

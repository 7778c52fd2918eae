//! What a tenant lets out, and what is going out.

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
        get("/v1/outbound")
            .called("get_outbound", "directory", "Shows what the tenant lets out, and what is going out")
            .needs(&[Scope::Read])
            .answers::<wire::Outbound>(200, "As it is.")
            .handled_by(read),
        put("/v1/outbound")
            .called(
                "set_outbound",
                "directory",
                "Says what the tenant lets out; what is left out gets its default",
            )
            .needs(&[Scope::Admin])
            .body::<wire::OutboundRules>()
            .answers::<wire::Outbound>(200, "As it is now.")
            .handled_by(change),
    ]
}

async fn read(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
) -> Result<Json<wire::Outbound>, No> {
    let seen = state.look(&who, |scene| {
        let outbound = scene.engine.outbound(scene.tenant, scene.now);
        Ok(outbound.as_ref().map(encode::outbound))
    });
    seen.await?.map(Json).ok_or_else(|| not_found("tenant"))
}

async fn change(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<wire::OutboundRules>,
) -> Result<Json<wire::Outbound>, No> {
    let command = decode::outbound_rules(&body)?;
    match state.parts.handle.command(who.tenant, who.by(), command).await? {
        Ok(_) | Err(Refusal::AlreadySo) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    read(extract::State(state), Extension(who)).await
}

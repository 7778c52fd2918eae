//! What a tenant's devices dial for features.

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
        get("/v1/feature-codes")
            .called("get_feature_codes", "directory", "Shows what devices dial for features")
            .needs(&[Scope::Read])
            .answers::<wire::FeatureCodes>(200, "As it is.")
            .handled_by(read),
        put("/v1/feature-codes")
            .called(
                "set_feature_codes",
                "directory",
                "Says what devices dial for features; a feature that is left out cannot be dialled",
            )
            .needs(&[Scope::Admin])
            .body::<wire::FeatureCodes>()
            .answers::<wire::FeatureCodes>(200, "As it is now.")
            .handled_by(change),
    ]
}

async fn read(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
) -> Result<Json<wire::FeatureCodes>, No> {
    let seen = state.look(&who, |scene| {
        let codes = scene.engine.feature_codes(scene.tenant);
        Ok(codes.map(encode::feature_codes))
    });
    seen.await?.map(Json).ok_or_else(|| not_found("tenant"))
}

async fn change(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<wire::FeatureCodes>,
) -> Result<Json<wire::FeatureCodes>, No> {
    let command = decode::feature_codes(&body)?;
    match state.parts.handle.command(who.tenant, who.by(), command).await? {
        Ok(_) | Err(Refusal::AlreadySo) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    read(extract::State(state), Extension(who)).await
}

//! What a supervisor asks for: to hear an agent or a call, to take part in it, to know why something is stuck, to clear it.

use axum::response::Response;
use axum::{Extension, Json, extract};
use cordial_dialects::native::problem::FieldError;
use cordial_dialects::native::wire::{self, Done, Scope};
use cordial_dialects::native::{decode, encode};
use cordial_engine::Command;
use cordial_engine::id::{AgentId, DeviceId};

use super::ask::{At, Body};
use super::calls::{Asking, granted, placed};
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, get, post, put};
use super::scene::parties;
use super::{State, not_found};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/v1/supervisions")
            .called(
                "monitor",
                "supervision",
                "Rings a supervisor's device for him to hear an agent or a call",
            )
            .needs(&[Scope::Supervise])
            .body::<wire::Monitor>()
            .answers::<wire::Call>(201, "The supervisor's own call; hanging it up ends it.")
            .refuses(&[404, 409])
            .handled_by(monitor),
        put("/v1/calls/{id}/supervision")
            .called(
                "supervise",
                "supervision",
                "Lets a supervisor listen, whisper, barge in or take over, from the call from which he hears",
            )
            .needs(&[Scope::Supervise])
            .body::<wire::Supervise>()
            .answers::<Done>(200, "It is so, or was so (`already`).")
            .refuses(&[409])
            .handled_by(supervise),
        granted(put("/v1/calls/{id}/variables").called(
            "set_variables",
            "calls",
            "Sets some variables of a call; the others stay, and `null` takes one away",
        ))
        .body::<wire::SetVariables>()
        .handled_by(variables),
        get("/v1/calls/{id}/waits")
            .called("call_waits", "supervision", "Says what a live call waits for: why it is stuck")
            .needs(&[Scope::Read])
            .answers::<wire::Waits>(200, "Each live leg or timer, and the request that ends it safely.")
            .handled_by(call_waits),
        get("/v1/agents/{id}/waits")
            .called("agent_waits", "supervision", "Says what an agent waits for: why he is stuck")
            .needs(&[Scope::Read])
            .answers::<wire::Waits>(200, "Each live leg or timer, and the request that ends it safely.")
            .handled_by(agent_waits),
        granted(post("/v1/agents/{id}/clear").called(
            "clear_agent",
            "supervision",
            "Ends whatever an agent waits for: an offer, calls, a wrap-up",
        ))
        .handled_by(clear_agent),
    ]
}

async fn monitor(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<wire::Monitor>,
) -> Result<Response, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let own = scene.own().and_then(|own| scene.engine.agent(scene.tenant, own)?.login);
        let device = match (body.device, own) {
            (Some(id), _) => scene.named::<DeviceId>("/device", id)?,
            (None, Some(login)) => login.device,
            (None, None) => {
                let wants = "must be given: the token's user is logged in at none";
                return Err(vec![FieldError::new("/device", wants)].into());
            }
        };
        let call = body.call.map(|id| scene.call(id)).transpose()?;
        let agent = body.agent.map(|id| scene.key::<AgentId>(id)).transpose()?;
        let command = decode::monitor(device, call.as_ref().map(|call| call.id), body, scene)?;
        let heard = agent.into_iter().chain(call.iter().flat_map(parties)).collect::<Vec<_>>();
        scene.may_act(&asker, heard.into_iter())?;
        Ok(command)
    });
    let command = made.await?;
    placed(&state, &who, command).await
}

async fn supervise(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::Supervise>,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        let heard = call.supervision.map(|supervision| supervision.agent);
        scene.may_act(&asker, heard.into_iter())?;
        Ok(decode::supervise(call.id, body))
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

async fn variables(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::SetVariables>,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        scene.may_act(&asker, parties(&call))?;
        Ok(decode::set_variables(call.id, &body)?)
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

async fn call_waits(
    (extract::State(state), Extension(who), At(id)): Asking,
) -> Result<Json<wire::Waits>, No> {
    let told = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        let waits = scene.engine.call_waits_for(scene.tenant, call.id).unwrap_or_default();
        Ok(encode::waits(&waits, format!("POST /v1/calls/{id}/hang-up"), scene.now, scene)?)
    });
    told.await.map(Json)
}

async fn agent_waits(
    (extract::State(state), Extension(who), At(id)): Asking,
) -> Result<Json<wire::Waits>, No> {
    let told = state.look(&who, move |scene| {
        let agent: AgentId = scene.key(id)?;
        let waits = scene.engine.agent_waits_for(scene.tenant, agent).unwrap_or_default();
        Ok(Some(encode::waits(&waits, format!("POST /v1/agents/{id}/clear"), scene.now, scene)?))
    });
    told.await?.map(Json).ok_or_else(|| not_found("agent"))
}

async fn clear_agent((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let agent: AgentId = scene.key::<AgentId>(id)?;
        scene.may_act(&asker, std::iter::once(agent))?;
        Ok(Command::ClearAgent { agent })
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

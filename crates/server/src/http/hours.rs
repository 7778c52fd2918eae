//! Night mode of queues, and emergencies.

use axum::{Extension, Json, extract};
use cordial_dialects::native::wire::{self, Id, Scope};
use cordial_dialects::native::{decode, encode};
use cordial_engine::id::QueueId;
use cordial_engine::{Command, Refusal};

use super::ask::{At, Body, MaybeBody};
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, delete, get, put};
use super::{State, not_found};

/// Who may close queues and throw the emergency switch.
const SWITCHES: &[Scope] = &[Scope::Supervise, Scope::Admin];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        put("/v1/queues/{id}/night-mode")
            .called("set_night_mode", "directory", "Closes a queue until told otherwise, or opens it again")
            .needs(SWITCHES)
            .body::<wire::NightMode>()
            .answers::<wire::QueueState>(200, "As it is now.")
            .handled_by(night_mode),
        put("/v1/queues/{id}/emergency")
            .called("set_queue_emergency", "directory", "Throws the emergency switch of a queue")
            .needs(SWITCHES)
            .perhaps_body::<wire::NewEmergency>()
            .answers::<wire::QueueState>(200, "As it is now.")
            .handled_by(queue_emergency),
        delete("/v1/queues/{id}/emergency")
            .called("end_queue_emergency", "directory", "Takes the emergency switch of a queue back")
            .needs(SWITCHES)
            .answers::<wire::QueueState>(200, "As it is now.")
            .handled_by(end_queue_emergency),
        get("/v1/emergency")
            .called("get_emergency", "directory", "Shows whether there is an emergency in all queues")
            .needs(&[Scope::Read])
            .answers::<wire::EmergencyState>(200, "As it is.")
            .handled_by(read),
        put("/v1/emergency")
            .called("set_emergency", "directory", "Throws the emergency switch of all queues")
            .needs(SWITCHES)
            .perhaps_body::<wire::NewEmergency>()
            .answers::<wire::EmergencyState>(200, "As it is now.")
            .handled_by(emergency),
        delete("/v1/emergency")
            .called("end_emergency", "directory", "Takes the emergency switch of all queues back")
            .needs(SWITCHES)
            .answers::<wire::EmergencyState>(200, "As it is now.")
            .handled_by(end_emergency),
    ]
}

type Asking = (extract::State<State>, Extension<Who>);
type AskingQueue = (extract::State<State>, Extension<Who>, At<Id>);

async fn night_mode(
    (extract::State(state), Extension(who), At(id)): AskingQueue,
    Body(body): Body<wire::NightMode>,
) -> Result<Json<wire::QueueState>, No> {
    let queue = find(&state, &who, id).await?;
    give(&state, &who, Command::SetNightMode { queue, on: body.on }).await?;
    tell(&state, &who, queue).await
}

async fn queue_emergency(
    (extract::State(state), Extension(who), At(id)): AskingQueue,
    MaybeBody(body): MaybeBody<wire::NewEmergency>,
) -> Result<Json<wire::QueueState>, No> {
    let queue = find(&state, &who, id).await?;
    throw(&state, &who, Some(queue), body).await?;
    tell(&state, &who, queue).await
}

async fn end_queue_emergency(
    (extract::State(state), Extension(who), At(id)): AskingQueue,
) -> Result<Json<wire::QueueState>, No> {
    let queue = find(&state, &who, id).await?;
    give(&state, &who, take_back(Some(queue))).await?;
    tell(&state, &who, queue).await
}

async fn read((extract::State(state), Extension(who)): Asking) -> Result<Json<wire::EmergencyState>, No> {
    let seen = state.look(&who, |scene| {
        let emergency = scene.engine.emergency(scene.tenant);
        Ok(emergency.map(|emergency| encode::emergency(emergency, scene)).transpose()?)
    });
    Ok(Json(wire::EmergencyState { emergency: seen.await? }))
}

async fn emergency(
    (extract::State(state), Extension(who)): Asking,
    MaybeBody(body): MaybeBody<wire::NewEmergency>,
) -> Result<Json<wire::EmergencyState>, No> {
    throw(&state, &who, None, body).await?;
    read((extract::State(state), Extension(who))).await
}

async fn end_emergency(
    (extract::State(state), Extension(who)): Asking,
) -> Result<Json<wire::EmergencyState>, No> {
    give(&state, &who, take_back(None)).await?;
    read((extract::State(state), Extension(who))).await
}

const fn take_back(queue: Option<QueueId>) -> Command {
    Command::SetEmergency { queue, emergency: None, waiting: false }
}

async fn find(state: &State, who: &Who, id: Id) -> Result<QueueId, No> {
    state.look(who, move |scene| Ok(scene.key::<QueueId>(id)?)).await
}

async fn throw(state: &State, who: &Who, queue: Option<QueueId>, body: wire::NewEmergency) -> Result<(), No> {
    let command = state.look(who, move |scene| Ok(decode::emergency(queue, &body, scene)?)).await?;
    give(state, who, command).await
}

/// Gives a command; that it is so already is no fault.
async fn give(state: &State, who: &Who, command: Command) -> Result<(), No> {
    match state.parts.handle.command(who.tenant, who.by(), command).await? {
        Ok(_) | Err(Refusal::AlreadySo) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

async fn tell(state: &State, who: &Who, queue: QueueId) -> Result<Json<wire::QueueState>, No> {
    let told = state.look(who, move |scene| {
        let view = scene.engine.queue(scene.tenant, queue, scene.now.at);
        Ok(view.map(|view| encode::queue(&view, scene)).transpose()?)
    });
    told.await?.map(Json).ok_or_else(|| not_found("queue"))
}

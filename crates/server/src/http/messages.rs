//! Mailboxes: what is in them, heard and removed.

use axum::http::StatusCode;
use axum::{Extension, Json, extract};
use cordial_dialects::native::encode;
use cordial_dialects::native::wire::{self, Id, Scope};
use cordial_engine::entry::Kind;
use cordial_engine::id::{AgentId, RecordingId};
use cordial_engine::{Command, Refusal};

use super::State;
use super::agents::done;
use super::ask::{At, Body};
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, delete, get, put};
use super::scene::Scene;

const OWNERS: &[Scope] = &[Scope::Agent, Scope::Supervise];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/agents/{id}/messages")
            .called("list_messages", "agents", "Shows what is in an agent's mailbox")
            .needs(OWNERS)
            .answers::<wire::Messages>(200, "As it is.")
            .handled_by(list),
        put("/v1/agents/{id}/messages/{message}")
            .called("mark_message", "agents", "Says whether a message was heard")
            .needs(OWNERS)
            .body::<wire::MarkMessage>()
            .answers::<wire::Done>(200, "It is so, or was so (`already`).")
            .handled_by(mark),
        delete("/v1/agents/{id}/messages/{message}")
            .called(
                "remove_message",
                "agents",
                "Takes a message out of an agent's mailbox; its recording stays with its call",
            )
            .needs(OWNERS)
            .answers_other(204, None, "It is gone.")
            .handled_by(remove),
    ]
}

/// The agent that a path names, if whoever asks may look into the mailbox.
fn owner(scene: &Scene<'_>, who: &Who, id: Id) -> Result<AgentId, super::scene::LookError> {
    let agent = scene.key::<AgentId>(id)?;
    scene.may_act(who, std::iter::once(agent))?;
    Ok(agent)
}

async fn list(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Json<wire::Messages>, No> {
    let asker = who.clone();
    let seen = state.look(&who, move |scene| {
        let agent = owner(scene, &asker, id)?;
        Ok(encode::messages(&scene.engine.messages(scene.tenant, agent).unwrap_or_default()))
    });
    seen.await.map(Json)
}

type AskingForMessage = (extract::State<State>, Extension<Who>, At<(Id, Id)>);

async fn mark(
    (extract::State(state), Extension(who), At(ids)): AskingForMessage,
    Body(body): Body<wire::MarkMessage>,
) -> Result<Json<wire::Done>, No> {
    let (agent, message) = find(&state, &who, ids).await?;
    let command = Command::MarkMessage { agent, message, heard: body.heard };
    done(state.parts.handle.command(who.tenant, who.by(), command).await?).map(Json)
}

async fn remove(
    (extract::State(state), Extension(who), At(ids)): AskingForMessage,
) -> Result<StatusCode, No> {
    let (agent, message) = find(&state, &who, ids).await?;
    let command = Command::RemoveMessage { agent, message };
    state.parts.handle.command(who.tenant, who.by(), command).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &State, who: &Who, ids: (Id, Id)) -> Result<(AgentId, RecordingId), No> {
    let asker = who.clone();
    let found = state.look(who, move |scene| {
        let agent = owner(scene, &asker, ids.0)?;
        let messages = scene.engine.messages(scene.tenant, agent).unwrap_or_default();
        Ok((agent, messages.iter().find(|message| message.guid == ids.1.0).map(|message| message.id)))
    });
    let (agent, message) = found.await?;
    Ok((agent, message.ok_or(Refusal::NotFound(Kind::Recording))?))
}

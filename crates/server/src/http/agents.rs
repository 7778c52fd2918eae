//! What an agent does, and what is done to one.

use axum::{Extension, Json, extract};
use cordial_dialects::native::problem::FieldError;
use cordial_dialects::native::wire::{self, Id, Outcome, Scope};
use cordial_dialects::native::{decode, encode};
use cordial_engine::entry::EntryId;
use cordial_engine::id::{AgentId, QueueId};
use cordial_engine::{Answer, Command, Refusal};

use super::ask::{At, Body, MaybeBody};
use super::conditions::If;
use super::fault::No;
use super::guard::Who;
use super::operation::{Draft, Operation, delete, post, put};
use super::scene::Scene;
use super::{State, not_found, odd_answer};

const ACTS: &[Scope] = &[Scope::Agent, Scope::Supervise];
const ARRANGES: &[Scope] = &[Scope::Admin, Scope::Manage];

pub(super) fn operations() -> Vec<Operation> {
    [of_the_agent(), of_his_queues()].into_iter().flatten().collect()
}

fn of_the_agent() -> Vec<Operation> {
    let verb =
        |path: &str, id: &str, summary: &str| granted(post(path).called(id, "agents", summary).needs(ACTS));
    vec![
        verb("/v1/agents/{id}/log-in", "log_agent_in", "Logs an agent in at a device, not ready")
            .body::<wire::AgentLogIn>()
            .handled_by(log_in),
        verb("/v1/agents/{id}/log-out", "log_agent_out", "Logs an agent out, with a reason")
            .perhaps_body::<wire::AgentLogOut>()
            .handled_by(log_out),
        verb("/v1/agents/{id}/ready", "make_agent_ready", "Makes an agent ready").handled_by(ready),
        verb(
            "/v1/agents/{id}/not-ready",
            "make_agent_not_ready",
            "Makes an agent not ready, with a reason and a note",
        )
        .perhaps_body::<wire::AgentNotReady>()
        .handled_by(not_ready),
        verb(
            "/v1/agents/{id}/extend-wrap-up",
            "extend_wrap_up",
            "Lengthens a wrap-up by what its queue allows; once",
        )
        .handled_by(extend_wrap_up),
        verb(
            "/v1/agents/{id}/ready-after-wrap-up",
            "make_agent_ready_after_wrap_up",
            "Makes an agent ready after the wrap-up that goes on, whatever was to follow it",
        )
        .handled_by(ready_after_wrap_up),
        verb("/v1/agents/{id}/end-wrap-up", "end_wrap_up", "Ends a wrap-up before its time")
            .handled_by(end_wrap_up),
        granted(put("/v1/agents/{id}/handling").called(
            "set_handling",
            "agents",
            "Says what happens to direct calls",
        ))
        .needs(ACTS)
        .body::<wire::Handling>()
        .handled_by(handling),
        granted(put("/v1/agents/{id}/call-settings").called(
            "set_call_settings",
            "agents",
            "Says where direct calls go that are missed",
        ))
        .needs(ACTS)
        .body::<wire::CallSettings>()
        .handled_by(call_settings),
        granted(put("/v1/agents/{id}/attendance").called(
            "set_attendance",
            "agents",
            "Changes what an agent is for one of his queues, or for all of them, as feature codes do",
        ))
        .needs(ACTS)
        .body::<wire::Attend>()
        .handled_by(attendance),
    ]
}

fn of_his_queues() -> Vec<Operation> {
    vec![
        granted(put("/v1/agents/{id}/queues/{queue}").conditional().called(
            "assign_agent",
            "agents",
            "Lets an agent take calls of a queue, or gives him another rank there",
        ))
        .needs(ARRANGES)
        .perhaps_body::<wire::AssignAgent>()
        .handled_by(assign),
        granted(delete("/v1/agents/{id}/queues/{queue}").conditional().called(
            "unassign_agent",
            "agents",
            "Takes an agent off a queue",
        ))
        .needs(ARRANGES)
        .handled_by(unassign),
        granted(
            put("/v1/agents/{id}/queues/{queue}/membership")
                .called("set_membership", "agents", "Changes an agent's part in a queue")
                .needs(ACTS),
        )
        .body::<wire::SetMembership>()
        .handled_by(membership),
    ]
}

fn granted(draft: Draft) -> Draft {
    draft.answers::<Outcome>(200, "It is so, was so (`already`), or is noted (`pending`).").refuses(&[409])
}

/// What whoever acts must have a right to.
enum Reach {
    /// The agent.
    Agent,
    /// The queue, whose agents and their ranks are part of its settings.
    Queue(QueueId),
}

/// Makes a command for an agent whom `who` may act on, gives it, and shows what came of it.
async fn act(
    state: &State,
    who: Who,
    id: Id,
    reach: Reach,
    make: impl FnOnce(AgentId, &Scene<'_>) -> Result<Command, Vec<FieldError>> + Send + 'static,
) -> Result<Json<Outcome>, No> {
    act_if(state, who, id, reach, make, |_, command| Ok(command)).await
}

/// As [`act`], on a condition.
async fn act_if(
    state: &State,
    who: Who,
    id: Id,
    reach: Reach,
    make: impl FnOnce(AgentId, &Scene<'_>) -> Result<Command, Vec<FieldError>> + Send + 'static,
    on: impl FnOnce(AgentId, Command) -> Result<Command, No>,
) -> Result<Json<Outcome>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let agent = scene.key::<AgentId>(id)?;
        match reach {
            Reach::Agent => scene.may_act(&asker, std::iter::once(agent))?,
            Reach::Queue(queue) => scene.may_change(&asker, EntryId::Queue(queue))?,
        }
        Ok((agent, make(agent, scene)?))
    });
    let (agent, command) = made.await?;
    let command = on(agent, command)?;
    let done = done(state.parts.handle.command(who.tenant, who.by(), command).await?)?;
    let view = state.look(&who, move |scene| {
        let view = scene.engine.agent(scene.tenant, agent);
        Ok(view.map(|view| encode::agent(&view, scene.now, scene)).transpose()?)
    });
    let agent = view.await?.ok_or_else(|| not_found("agent"))?;
    Ok(Json(Outcome { already: done.already, pending: done.pending, agent }))
}

type Asking = (extract::State<State>, Extension<Who>, At<Id>);

async fn log_in(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::AgentLogIn>,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, move |agent, scene| decode::log_in(agent, body, scene)).await
}

async fn log_out(
    (extract::State(state), Extension(who), At(id)): Asking,
    MaybeBody(body): MaybeBody<wire::AgentLogOut>,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, move |agent, scene| decode::log_out(agent, body, scene)).await
}

async fn ready((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, |agent, _| Ok(Command::Ready { agent })).await
}

async fn not_ready(
    (extract::State(state), Extension(who), At(id)): Asking,
    MaybeBody(body): MaybeBody<wire::AgentNotReady>,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, move |agent, scene| decode::not_ready(agent, &body, scene)).await
}

async fn extend_wrap_up(
    (extract::State(state), Extension(who), At(id)): Asking,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, |agent, _| Ok(Command::ExtendWrapUp { agent })).await
}

async fn ready_after_wrap_up(
    (extract::State(state), Extension(who), At(id)): Asking,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, |agent, _| Ok(Command::ReadyAfterWrapUp { agent })).await
}

async fn end_wrap_up((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, |agent, _| Ok(Command::EndWrapUp { agent })).await
}

async fn handling(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::Handling>,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, move |agent, scene| decode::set_handling(agent, &body, scene)).await
}

async fn call_settings(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::CallSettings>,
) -> Result<Json<Outcome>, No> {
    let make = move |agent, scene: &Scene<'_>| decode::set_call_settings(agent, &body, scene);
    act(&state, who, id, Reach::Agent, make).await
}

async fn attendance(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::Attend>,
) -> Result<Json<Outcome>, No> {
    act(&state, who, id, Reach::Agent, move |agent, scene| decode::attend(agent, &body, scene)).await
}

type AskingInQueue = (extract::State<State>, Extension<Who>, At<(Id, Id)>);

async fn assign(
    (extract::State(state), Extension(who), At(ids)): AskingInQueue,
    condition: If,
    MaybeBody(body): MaybeBody<wire::AssignAgent>,
) -> Result<Json<Outcome>, No> {
    let queue = find_queue(&state, &who, ids.1).await?;
    let make = move |agent, scene: &Scene<'_>| {
        let view = scene.engine.agent(scene.tenant, agent);
        let tiers = view.into_iter().flat_map(|view| view.tiers);
        let has = tiers.into_iter().find(|(of, _)| *of == queue).map(|(_, tier)| tier);
        Ok(decode::assign(agent, queue, body, has))
    };
    let on = |agent, command| condition.unassigned(agent, queue, command);
    act_if(&state, who, ids.0, Reach::Queue(queue), make, on).await
}

async fn unassign(
    (extract::State(state), Extension(who), At(ids)): AskingInQueue,
    condition: If,
) -> Result<Json<Outcome>, No> {
    let queue = find_queue(&state, &who, ids.1).await?;
    let make = move |agent, _: &Scene<'_>| Ok(Command::Unassign { agent, queue });
    let on = |agent, command| condition.unchanged(EntryId::Agent(agent), command);
    act_if(&state, who, ids.0, Reach::Queue(queue), make, on).await
}

async fn membership(
    (extract::State(state), Extension(who), At(ids)): AskingInQueue,
    Body(body): Body<wire::SetMembership>,
) -> Result<Json<Outcome>, No> {
    let queue = find_queue(&state, &who, ids.1).await?;
    act(&state, who, ids.0, Reach::Agent, move |agent, _| Ok(decode::set_membership(agent, queue, body)))
        .await
}

async fn find_queue(state: &State, who: &Who, id: Id) -> Result<QueueId, No> {
    state.look(who, move |scene| Ok(scene.key::<QueueId>(id)?)).await
}

impl State {
    /// Gives a command that is answered by whether it is so, and nothing else.
    pub(super) async fn give(&self, who: &Who, command: Command) -> Result<wire::Done, No> {
        done(self.parts.handle.command(who.tenant, who.by(), command).await?)
    }
}

/// The engine's yes or no to a wish. That it is so already is a yes.
pub(super) fn done(answer: Result<Answer, Refusal>) -> Result<wire::Done, No> {
    match answer {
        Ok(Answer::Done) => Ok(wire::Done { already: false, pending: false }),
        Ok(Answer::Pending) => Ok(wire::Done { already: false, pending: true }),
        Err(Refusal::AlreadySo) => Ok(wire::Done { already: true, pending: false }),
        Err(refusal) => Err(refusal.into()),
        Ok(
            Answer::Tenant(..)
            | Answer::Added(..)
            | Answer::Call(..)
            | Answer::Arrived(..)
            | Answer::Parked(_),
        ) => Err(odd_answer()),
    }
}

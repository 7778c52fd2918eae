//! Live calls and offers.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract};
use cordial_dialects::native::wire::{self, Done, Id, Page, Scope};
use cordial_dialects::native::{decode, encode};
use cordial_engine::id::{AgentId, CallId, QueueId};
use cordial_engine::view::{CallPhase, CallView};
use cordial_engine::{Answer, Command, Refusal};
use serde::Deserialize;

use super::ask::{Asked, At, Body, Filter, MaybeBody, PageOf, limit};
use super::fault::No;
use super::guard::Who;
use super::operation::{Draft, Operation, get, post, put};
use super::scene::{LookError, Scene, parties};
use super::{State, not_found, odd_answer};

pub(super) const ACTS: &[Scope] = &[Scope::Agent, Scope::Supervise];

pub(super) fn operations() -> Vec<Operation> {
    let mut all = moves();
    all.extend([
        get("/v1/calls")
            .called("list_calls", "calls", "Lists live calls")
            .needs(&[Scope::Read])
            .paged()
            .filtered(FILTERS)
            .answers_page::<wire::Call>()
            .handled_by(list),
        post("/v1/calls")
            .called("place_call", "calls", "Rings a device, and dials for it when it is answered")
            .needs(ACTS)
            .body::<wire::NewCall>()
            .answers::<wire::Call>(201, "The device rings.")
            .handled_by(place),
        get("/v1/calls/{id}")
            .called("get_call", "calls", "Shows a live call")
            .needs(&[Scope::Read])
            .answers::<wire::Call>(200, "As it is.")
            .handled_by(read),
        granted(post("/v1/calls/{id}/hang-up").called("hang_up", "calls", "Clears a call with all its legs"))
            .handled_by(hang_up),
        granted(put("/v1/calls/{id}/disposition").called(
            "set_disposition",
            "calls",
            "Says how the contact ended",
        ))
        .body::<wire::SetDisposition>()
        .handled_by(disposition),
        granted(
            post("/v1/calls/{id}/recording/pause")
                .called("pause_recording", "calls", "Leaves what is said out of the recording")
                .perhaps_body::<wire::PauseRecording>(),
        )
        .handled_by(pause),
        granted(post("/v1/calls/{id}/recording/resume").called(
            "resume_recording",
            "calls",
            "Takes what is said into the recording again",
        ))
        .handled_by(resume),
        get("/v1/offers")
            .called("list_offers", "calls", "Lists live offers")
            .needs(&[Scope::Read])
            .paged()
            .filtered(&[("queue", "Only those of this queue."), ("agent", "Only those to this agent.")])
            .answers_page::<wire::Offer>()
            .handled_by(list_offers),
        granted(post("/v1/offers/{id}/decline").called(
            "decline_offer",
            "calls",
            "Refuses an offer without touching the phone",
        ))
        .handled_by(decline),
    ]);
    all
}

fn moves() -> Vec<Operation> {
    vec![
        post("/v1/calls/{id}/park")
            .called("park_call", "calls", "Lets a call wait in a slot until a phone takes it")
            .needs(ACTS)
            .perhaps_body::<wire::ParkCall>()
            .answers::<wire::Parked>(200, "It waits, with music.")
            .refuses(&[409])
            .handled_by(park),
        granted(
            post("/v1/calls/{id}/retrieve")
                .called("retrieve_call", "calls", "Rings a device for a parked call")
                .body::<wire::RetrieveCall>(),
        )
        .handled_by(retrieve),
        granted(
            post("/v1/calls/{id}/transfer")
                .called(
                    "transfer_call",
                    "calls",
                    "Leads one party of a call elsewhere, whose other party leaves it",
                )
                .body::<wire::TransferCall>(),
        )
        .handled_by(transfer),
        get("/v1/parked")
            .called("list_parked", "calls", "Lists parked calls")
            .needs(&[Scope::Read])
            .paged()
            .answers_page::<wire::Parked>()
            .handled_by(list_parked),
    ]
}

pub(super) fn granted(draft: Draft) -> Draft {
    draft
        .needs(ACTS)
        .answers::<Done>(200, "It is so, was so (`already`), or is noted (`pending`).")
        .refuses(&[409])
}

/// What can be asked of the lists of live calls and offers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LiveAsked {
    limit: Option<usize>,
    /// The number of the last one of the page before, which may be over by now: the order is that of their beginning.
    after: Option<u64>,
    queue: Option<Id>,
    agent: Option<Id>,
}

const FILTERS: &[Filter] =
    &[("queue", "Only those that wait in this queue."), ("agent", "Only those of this agent.")];

/// The first of `all` behind a cursor, and the cursor of the next page.
fn cut<T>(
    all: impl Iterator<Item = T>,
    asked: (usize, Option<u64>),
    number: impl Fn(&T) -> u64,
) -> (Vec<T>, Option<String>) {
    let (limit, after) = asked;
    let rest = all.filter(|it| after.is_none_or(|after| number(it) > after));
    let mut items: Vec<T> = rest.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| number(last).to_string());
    (items, next)
}

async fn list(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(asked): Asked<LiveAsked>,
) -> Result<Json<Page<wire::Call>>, No> {
    let limit = limit(asked.limit)?;
    let page = state.look(&who, move |scene| {
        let queue = asked.queue.map(|id| scene.named::<QueueId>("?queue", id)).transpose()?;
        let agent = asked.agent.map(|id| scene.named::<AgentId>("?agent", id)).transpose()?;
        let waits = |call: &CallView, queue| match call.phase {
            CallPhase::Waiting { queue: in_queue, .. } => in_queue == queue,
            CallPhase::Setup
            | CallPhase::Greeting
            | CallPhase::Served
            | CallPhase::Parked { .. }
            | CallPhase::Talking
            | CallPhase::WrapUp => false,
        };
        let calls = scene.engine.calls(scene.tenant).into_iter().filter(|call| {
            scene.sees_call(call)
                && queue.is_none_or(|queue| waits(call, queue))
                && agent.is_none_or(|agent| parties(call).any(|party| party == agent))
        });
        let (calls, next) = cut(calls, (limit, asked.after), |call| call.id.0);
        let items =
            calls.iter().map(|call| encode::call(call, scene.now, scene)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    });
    page.await.map(Json)
}

async fn read(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Json<wire::Call>, No> {
    let look = move |scene: &Scene<'_>| Ok(encode::call(&scene.call(id)?, scene.now, scene)?);
    state.look(&who, look).await.map(Json)
}

async fn place(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<wire::NewCall>,
) -> Result<Response, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let (device, command) = decode::place_call(&body, scene)?;
        let device = scene.engine.device(scene.tenant, device);
        let agent = device.and_then(|device| device.agent.or(device.entry.owner));
        scene.may_act(&asker, agent.into_iter())?;
        Ok(command)
    });
    placed(&state, &who, made.await?).await
}

/// Carries out what begins a call, and shows that call.
pub(super) async fn placed(state: &State, who: &Who, command: Command) -> Result<Response, No> {
    let call = match state.parts.handle.command(who.tenant, who.by(), command).await?? {
        Answer::Call(call, _) => call,
        Answer::Done
        | Answer::Pending
        | Answer::Tenant(..)
        | Answer::Added(..)
        | Answer::Arrived(..)
        | Answer::Parked(_) => {
            return Err(odd_answer());
        }
    };
    let told = state.look(who, move |scene| {
        let call = scene.engine.call(scene.tenant, call);
        Ok(call.map(|call| encode::call(&call, scene.now, scene)).transpose()?)
    });
    let call = told.await?.ok_or_else(|| not_found("call"))?;
    let location = format!("/v1/calls/{}", call.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(call)).into_response())
}

pub(super) type Asking = (extract::State<State>, Extension<Who>, At<Id>);

/// Carries out what anybody who has a part in a call may do with it.
async fn act(
    state: &State,
    who: &Who,
    id: Id,
    make: impl FnOnce(CallId, &Scene<'_>) -> Result<Command, LookError> + Send + 'static,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(who, move |scene| {
        let call = scene.call(id)?;
        scene.may_act(&asker, parties(&call))?;
        make(call.id, scene)
    });
    let command = made.await?;
    state.give(who, command).await.map(Json)
}

async fn hang_up((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Done>, No> {
    act(&state, &who, id, |call, _| Ok(Command::ClearCall { call })).await
}

async fn park(
    (extract::State(state), Extension(who), At(id)): Asking,
    MaybeBody(body): MaybeBody<wire::ParkCall>,
) -> Result<Json<wire::Parked>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        scene.may_act(&asker, parties(&call))?;
        Ok(decode::park_call(call.id, &body, scene)?)
    });
    let command = made.await?;
    let slot = match state.parts.handle.command(who.tenant, who.by(), command).await?? {
        Answer::Parked(slot) => slot,
        Answer::Done
        | Answer::Pending
        | Answer::Tenant(..)
        | Answer::Added(..)
        | Answer::Call(..)
        | Answer::Arrived(..) => return Err(odd_answer()),
    };
    let told = state.look(&who, move |scene| {
        let parked = scene.engine.parked(scene.tenant).into_iter().find(|parked| parked.slot == slot);
        Ok(parked.map(|parked| encode::parked(&parked, scene.now, scene)).transpose()?)
    });
    told.await?.map(Json).ok_or_else(|| not_found("call"))
}

async fn retrieve(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::RetrieveCall>,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        let (device, command) = decode::retrieve_call(call.id, &body, scene)?;
        let agent = scene.engine.device(scene.tenant, device).and_then(|device| device.agent);
        scene.may_act(&asker, agent.into_iter())?;
        Ok(command)
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

async fn transfer(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::TransferCall>,
) -> Result<Json<Done>, No> {
    act(&state, &who, id, move |call, scene| Ok(decode::transfer_call(call, &body, scene)?)).await
}

async fn list_parked(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(page): Asked<PageOf>,
) -> Result<Response, No> {
    let parked = state.look(&who, |scene| {
        let parked = scene.engine.parked(scene.tenant);
        Ok(parked.iter().map(|it| encode::parked(it, scene.now, scene)).collect::<Result<Vec<_>, _>>()?)
    });
    let page = super::page(parked.await?, &page, |parked: &wire::Parked| parked.call.to_string())?;
    Ok(Json(page).into_response())
}

async fn disposition(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::SetDisposition>,
) -> Result<Json<Done>, No> {
    // A call whose record is closed is no longer live; that is told apart from one that never was.
    let gone = state.parts.handle.store().cdr(who.tenant, id.0).await?.is_some();
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = match scene.call(id) {
            Ok(call) => call,
            Err(_) if gone => return Err(LookError::Problem(closed())),
            Err(unknown) => return Err(unknown.into()),
        };
        let (agent, command) = decode::set_disposition(call.id, scene.own(), &body, scene)?;
        scene.may_act(&asker, std::iter::once(agent))?;
        Ok(command)
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

fn closed() -> cordial_dialects::native::problem::Problem {
    cordial_dialects::native::problem::Problem::refused(&Refusal::CallClosed)
}

async fn pause(
    (extract::State(state), Extension(who), At(id)): Asking,
    MaybeBody(body): MaybeBody<wire::PauseRecording>,
) -> Result<Json<Done>, No> {
    act(&state, &who, id, move |call, scene| Ok(decode::pause_recording(call, &body, scene)?)).await
}

async fn resume((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Done>, No> {
    act(&state, &who, id, |call, _| Ok(Command::ResumeRecording { call })).await
}

async fn list_offers(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(asked): Asked<LiveAsked>,
) -> Result<Json<Page<wire::Offer>>, No> {
    let limit = limit(asked.limit)?;
    let page = state.look(&who, move |scene| {
        let queue = asked.queue.map(|id| scene.named::<QueueId>("?queue", id)).transpose()?;
        let agent = asked.agent.map(|id| scene.named::<AgentId>("?agent", id)).transpose()?;
        let offers = scene.engine.offers(scene.tenant).into_iter().filter(|offer| {
            scene.sees_offer(offer)
                && queue.is_none_or(|queue| offer.queue == queue)
                && agent.is_none_or(|agent| offer.agent == agent)
        });
        let (offers, next) = cut(offers, (limit, asked.after), |offer| offer.id.0);
        let items =
            offers.iter().map(|offer| encode::offer(offer, scene.now, scene)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    });
    page.await.map(Json)
}

async fn decline((extract::State(state), Extension(who), At(id)): Asking) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let offer = scene.offer(id)?;
        scene.may_act(&asker, std::iter::once(offer.agent))?;
        Ok(Command::DeclineOffer { offer: offer.id })
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

//! `/api/v2/callcenter`: queues, tiers, waiting callers and agents, as rows of the console's tables.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{self, Path};
use axum::routing::{delete, get, post, put};
use cordial_dialects::event_socket::console::{Arrange, Ask, Look, PlaceKey, Rows, Steer};
use cordial_dialects::event_socket::table::{rows, strategy_named};
use cordial_dialects::native::wire::Scope;
use cordial_dialects::webitel::status::{FsState, FsStatus};
use cordial_engine::Command;
use cordial_engine::entry::{Entry, EntryId, Name, Queue, Reach};
use serde_json::{Map, Value, json};

use super::accounts::no_agent;
use super::{Answer, Entered, No, State, needed, object, ok, text};
use crate::callcenter::Desk;
use crate::http::Caller;

pub(super) fn routes() -> Router<State> {
    const QUEUES: &str = "/api/v2/callcenter/queues";
    let of = |rest: &str| format!("{QUEUES}/{{queue}}{rest}");
    Router::new()
        .route(QUEUES, get(queues).post(create))
        .route(&of(""), get(show).put(change).patch(change).delete(remove))
        .route(&of("/tiers"), get(tiers).post(add_tier))
        .route(&of("/tiers/{agent}"), delete(remove_tier))
        .route(&of("/tiers/{agent}/level"), put(set_level))
        .route(&of("/tiers/{agent}/position"), put(set_position))
        .route(&of("/members"), get(members))
        .route(&of("/members/count"), get(count))
        .route("/api/v2/callcenter/agent", get(agents))
        .route("/api/v2/callcenter/agent/{id}", get(agent))
        .route("/api/v2/callcenter/agent/{id}/status", post(set_status).put(set_status))
        .route("/api/v2/callcenter/agent/{id}/state", post(set_state).put(set_state))
}

type From = extract::State<State>;

async fn ask(state: &State, caller: &Caller, ask: Ask) -> Result<String, No> {
    Ok(Desk { handle: state.handle(), caller }.carry_out(ask).await?)
}

async fn look(state: &State, caller: &Caller, what: Look) -> Result<Vec<Map<String, Value>>, No> {
    Ok(rows(&ask(state, caller, Ask::Look(what)).await?))
}

async fn queues(extract::State(state): From, Entered(caller): Entered) -> Answer {
    Ok(ok(&json!(look(&state, &caller, Look::QueueList).await?)))
}

async fn show(extract::State(state): From, Entered(caller): Entered, Path(queue): Path<String>) -> Answer {
    one_queue(&state, &caller, &queue).await.map(|row| ok(&json!(row)))
}

async fn one_queue(state: &State, caller: &Caller, queue: &str) -> Result<Map<String, Value>, No> {
    let desk = Desk { handle: state.handle(), caller };
    let id = desk.queue(queue).await?;
    let tenant = caller.tenant;
    let seen = state.handle().read(move |engine, now| {
        let domain = engine.tenant(tenant).map(|tenant| tenant.domain).unwrap_or_default();
        engine.queue(tenant, id, now.at).map(|queue| (queue, domain))
    });
    let (view, domain) = seen.await?.ok_or_else(|| No::new(404, "queue not found!"))?;
    let table = cordial_dialects::event_socket::table::queues(&[view], &domain);
    rows(&table).pop().ok_or_else(|| No::new(404, "queue not found!"))
}

async fn create(extract::State(state): From, Entered(caller): Entered, body: Bytes) -> Answer {
    let body = object(&body)?;
    let desk = Desk { handle: state.handle(), caller: &caller };
    desk.need(Scope::Admin)?;
    let name = needed(&body, &["name"])?;
    let local = name.split('@').next().unwrap_or_default();
    let wrong = |why: cordial_engine::text::TextError| No::new(400, format!("name {why}"));
    let mut queue = Queue::named(Name::parse_some(local).map_err(wrong)?);
    set(&mut queue, &body)?;
    desk.ask(Command::Add(queue.into())).await?;
    one_queue(&state, &caller, local).await.map(|row| ok(&json!(row)))
}

async fn change(
    extract::State(state): From,
    Entered(caller): Entered,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let desk = Desk { handle: state.handle(), caller: &caller };
    desk.need(Scope::Admin)?;
    let id = EntryId::Queue(desk.queue(&name).await?);
    let tenant = caller.tenant;
    let found = state.handle().read(move |engine, _| engine.entry(tenant, id)).await?;
    let Some(Entry::Queue(mut queue)) = found else {
        return Err(No::new(404, "queue not found!"));
    };
    set(&mut queue, &body)?;
    desk.ask(Command::Change(id, Entry::Queue(queue))).await?;
    one_queue(&state, &caller, &name).await.map(|row| ok(&json!(row)))
}

/// What a body says of a queue. What a queue here does not have is refused by name.
fn set(queue: &mut Queue, body: &Map<String, Value>) -> Result<(), No> {
    let mut rules = Rules::default();
    for name in body.keys() {
        match name.replace('-', "_").as_str() {
            "name" => {}
            "strategy" => {
                let wanted = text(body, &[name])?.unwrap_or_default();
                let unknown = || No::new(400, format!("strategy {wanted:?} is not known"));
                queue.strategy = strategy_named(&wanted).ok_or_else(unknown)?;
            }
            "max_wait_time" => queue.max_wait_ms = Some(milliseconds(body, name)?).filter(|ms| *ms > 0),
            "ring_progressively_delay" => queue.progress_ms = milliseconds(body, name)?,
            "tier_rules_apply" => rules.apply = Some(flag(body, name)?),
            "tier_rule_wait_second" => rules.wait_ms = Some(milliseconds(body, name)?),
            "tier_rule_wait_multiply_level" => rules.multiply = Some(flag(body, name)?),
            "tier_rule_no_agent_no_wait" => queue.skip_empty_levels = flag(body, name)?,
            "moh_sound" => {
                let music = text(body, &[name])?.unwrap_or_default();
                let wrong = |why: cordial_engine::text::TextError| No::new(400, format!("moh_sound {why}"));
                let music = Name::parse(&music).map_err(wrong)?;
                queue.treatment.music = (!music.as_str().is_empty()).then_some(music);
            }
            _ => return Err(No::new(400, format!("{name} is no property of a queue here"))),
        }
    }
    rules.lay_down(queue)
}

/// FreeSWITCH's tier rules, as far as they are said.
#[derive(Default)]
struct Rules {
    apply: Option<bool>,
    wait_ms: Option<u64>,
    multiply: Option<bool>,
}

impl Rules {
    /// As the steps in which a call reaches more levels.
    fn lay_down(&self, queue: &mut Queue) -> Result<(), No> {
        match (self.apply, self.wait_ms, self.multiply) {
            (None, None, None) => Ok(()),
            (Some(false), _, _) => {
                queue.reach.clear();
                Ok(())
            }
            (Some(true), Some(wait_ms), multiply) => {
                queue.reach = Reach::tier_rules(wait_ms, multiply.unwrap_or(false));
                Ok(())
            }
            (Some(true), None, _) | (None, _, _) => {
                Err(No::new(400, "tier rules need tier_rules_apply true and tier_rule_wait_second"))
            }
        }
    }
}

/// Whole seconds of a body.
fn milliseconds(body: &Map<String, Value>, name: &str) -> Result<u64, No> {
    let seconds = text(body, &[name])?.and_then(|seconds| seconds.parse::<u64>().ok());
    let seconds = seconds.ok_or_else(|| No::new(400, format!("{name} must be whole seconds")))?;
    Ok(seconds.saturating_mul(1_000))
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<bool, No> {
    match body.get(name) {
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
        Some(_) | None => Err(No::new(400, format!("{name} must be true or false"))),
    }
}

async fn remove(extract::State(state): From, Entered(caller): Entered, Path(queue): Path<String>) -> Answer {
    let desk = Desk { handle: state.handle(), caller: &caller };
    desk.need(Scope::Admin)?;
    let id = desk.queue(&queue).await?;
    desk.ask(Command::Remove(EntryId::Queue(id))).await?;
    Ok(ok(&json!("removed")))
}

const fn all_of(of: Rows, queue: String, count: bool) -> Look {
    Look::QueueRows { count, of, queue, status: None, state: None }
}

async fn tiers(extract::State(state): From, Entered(caller): Entered, Path(queue): Path<String>) -> Answer {
    Ok(ok(&json!(look(&state, &caller, all_of(Rows::Tiers, queue, false)).await?)))
}

async fn members(extract::State(state): From, Entered(caller): Entered, Path(queue): Path<String>) -> Answer {
    Ok(ok(&json!(look(&state, &caller, all_of(Rows::Members, queue, false)).await?)))
}

async fn count(extract::State(state): From, Entered(caller): Entered, Path(queue): Path<String>) -> Answer {
    let text = ask(&state, &caller, Ask::Look(all_of(Rows::Members, queue, true))).await?;
    Ok(ok(&json!(text.trim().parse::<u64>().unwrap_or(0))))
}

async fn add_tier(
    extract::State(state): From,
    Entered(caller): Entered,
    Path(queue): Path<String>,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let agent = needed(&body, &["agent"])?;
    let (level, position) = (place(&body, "level")?.unwrap_or(1), place(&body, "position")?.unwrap_or(1));
    arrange(&state, &caller, Arrange::TierAdd { queue, agent, level, position }).await
}

async fn remove_tier(
    extract::State(state): From,
    Entered(caller): Entered,
    Path((queue, agent)): Path<(String, String)>,
) -> Answer {
    arrange(&state, &caller, Arrange::TierDel { queue, agent }).await
}

async fn set_level(state: From, who: Entered, path: Path<(String, String)>, body: Bytes) -> Answer {
    set_place(state, who, path, &body, PlaceKey::Level, "level").await
}

async fn set_position(state: From, who: Entered, path: Path<(String, String)>, body: Bytes) -> Answer {
    set_place(state, who, path, &body, PlaceKey::Position, "position").await
}

async fn set_place(
    extract::State(state): From,
    Entered(caller): Entered,
    Path((queue, agent)): Path<(String, String)>,
    body: &Bytes,
    key: PlaceKey,
    name: &'static str,
) -> Answer {
    let value = place(&object(body)?, name)?.ok_or_else(|| No::new(400, format!("{name} is required")))?;
    arrange(&state, &caller, Arrange::TierSetPlace { queue, agent, key, value }).await
}

fn place(body: &Map<String, Value>, name: &str) -> Result<Option<u16>, No> {
    let wrong = |_| No::new(400, format!("{name} must be a whole number"));
    text(body, &[name])?.map(|text| text.parse().map_err(wrong)).transpose()
}

async fn arrange(state: &State, caller: &Caller, what: Arrange) -> Answer {
    ask(state, caller, Ask::Arrange(what)).await.map(|text| ok(&json!(text.trim_end())))
}

async fn agents(extract::State(state): From, Entered(caller): Entered) -> Answer {
    Ok(ok(&json!(look(&state, &caller, Look::AgentList { name: None }).await?)))
}

async fn agent(extract::State(state): From, Entered(caller): Entered, Path(id): Path<String>) -> Answer {
    let row = look(&state, &caller, Look::AgentList { name: Some(id) }).await?.pop();
    row.map(|row| ok(&json!(row))).ok_or_else(no_agent)
}

async fn set_status(
    extract::State(state): From,
    Entered(caller): Entered,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let status = text(&object(&body)?, &["status"])?.unwrap_or_else(|| "Available".to_owned());
    let status = FsStatus::parse(&status).ok_or_else(|| No::new(400, "-ERR Invalid Agent Status!"))?;
    let answer = ask(&state, &caller, Ask::Steer(Steer::AgentSetStatus { name, status })).await?;
    Ok(ok(&json!(answer.trim_end())))
}

async fn set_state(
    extract::State(state): From,
    Entered(caller): Entered,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let wanted = text(&object(&body)?, &["state"])?.unwrap_or_else(|| "Waiting".to_owned());
    let wanted = FsState::parse(&wanted).ok_or_else(|| No::new(400, "-ERR Invalid Agent State!"))?;
    let answer = ask(&state, &caller, Ask::Steer(Steer::AgentSetState { name, state: wanted })).await?;
    Ok(ok(&json!(answer.trim_end())))
}

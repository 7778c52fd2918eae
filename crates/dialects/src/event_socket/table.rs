//! The tables that `callcenter_config` prints: names of columns, then rows, values between bars.

use std::collections::BTreeMap;
use std::fmt::Write;

use cordial_engine::agent::Membership;
use cordial_engine::entry::{Strategy, Tier};
use cordial_engine::id::{AgentId, CallId, QueueId, TenantId};
use cordial_engine::tally::AgentTally;
use cordial_engine::view::QueueView;
use cordial_engine::{Engine, Now, WallTime};
use serde_json::{Map, Value};

use super::console::{OK, Rows, TierState};
use super::event::seconds;
use super::{full_name, uuid};
use crate::floor::{Floor, Seat, Talk};
use crate::webitel::status::{Doing, FsState, FsStatus, console};

const AGENT_COLUMNS: &str = "name|instance_id|uuid|type|contact|status|state|max_no_answer|wrap_up_time|\
reject_delay_time|busy_delay_time|no_answer_delay_time|last_bridge_start|last_bridge_end|last_offered_call|\
last_status_change|no_answer_count|calls_answered|talk_time|ready_time|external_calls_count";

const TIER_COLUMNS: &str = "queue|agent|state|level|position";

const MEMBER_COLUMNS: &str = "queue|instance_id|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch|\
rejoined_epoch|bridge_epoch|abandoned_epoch|base_score|skill_score|serving_agent|serving_system|state|score";

const QUEUE_COLUMNS: &str = "name|strategy|moh_sound|time_base_score|tier_rules_apply|tier_rule_wait_second|\
tier_rule_wait_multiply_level|tier_rule_no_agent_no_wait|discard_abandoned_after|abandoned_resume_allowed|\
max_wait_time|max_wait_time_with_no_agent|max_wait_time_with_no_agent_time_reached|record_template|calls_answered|\
calls_abandoned|ring_progressively_delay|skip_agents_with_external_calls|agent_no_answer_status";

/// What narrows a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// A status, of an agent or a waiting caller; any case.
    pub status: Option<String>,
    /// An agent's state; any case.
    pub state: Option<String>,
}

/// The floor, and what it does not keep of agents: their counts.
#[derive(Debug)]
pub struct Hall {
    /// The floor.
    pub floor: Floor,
    tallies: BTreeMap<AgentId, AgentTally>,
    now: Now,
}

impl Hall {
    /// Of a tenant at `now`.
    #[must_use]
    pub fn of(engine: &Engine, tenant: TenantId, now: Now) -> Self {
        let agents = engine.agents(tenant).into_iter();
        let tallies = agents.map(|agent| (agent.id, agent.tally)).collect();
        Self { floor: Floor::of(engine, tenant, now), tallies, now }
    }
}

/// `agent list`, of all or of one.
#[must_use]
pub fn agents(hall: &Hall, only: Option<AgentId>) -> String {
    let all = hall.floor.agents.iter().filter(|(agent, _)| only.is_none_or(|only| only == **agent));
    table(AGENT_COLUMNS, all.map(|(agent, seat)| agent_row(hall, *agent, seat)))
}

/// `tier list`.
#[must_use]
pub fn tiers(floor: &Floor) -> String {
    table(TIER_COLUMNS, tier_rows(floor, None).into_iter())
}

/// `queue list agents|members|tiers <queue>`, or how many rows that has.
#[must_use]
pub fn of_queue(hall: &Hall, rows: Rows, queue: QueueId, narrowed: &Narrowed, count: bool) -> String {
    let floor = &hall.floor;
    let (columns, rows) = match rows {
        Rows::Agents => {
            let of = floor.agents.iter().filter(|(_, seat)| seat.memberships.contains_key(&queue));
            let wanted = of.filter(|(agent, _)| is_wanted(floor, **agent, narrowed));
            (AGENT_COLUMNS, wanted.map(|(agent, seat)| agent_row(hall, *agent, seat)).collect())
        }
        Rows::Members => (MEMBER_COLUMNS, member_rows(floor, queue, narrowed, hall.now)),
        Rows::Tiers => (TIER_COLUMNS, tier_rows(floor, Some(queue))),
    };
    if count { format!("{}\n", rows.len()) } else { table(columns, rows.into_iter()) }
}

/// `queue list`.
#[must_use]
pub fn queues(queues: &[QueueView], domain: &str) -> String {
    let row = |queue: &QueueView| {
        let entry = &queue.entry;
        let max_wait = entry.max_wait_ms.unwrap_or(0) / 1_000;
        let (answered, abandoned) = (queue.tally.answered, queue.tally.abandoned);
        let music = entry.treatment.music.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = cell(&full_name(entry.name.as_str(), domain));
        let strategy = strategy(entry.strategy);
        // The module's tier rules as steps: the second says how long, more than two that it is multiplied.
        let (rules, multiply) = (!entry.reach.is_empty(), entry.reach.len() > 2);
        let wait = entry.reach.get(1).map_or(0, |step| step.after_ms / 1_000);
        let (no_wait, progress) = (entry.skip_empty_levels, entry.progress_ms / 1_000);
        format!(
            "{name}|{strategy}|{music}|queue|{rules}|{wait}|{multiply}|{no_wait}|0|false|{max_wait}|0|0||{answered}|\
             {abandoned}|{progress}|true|On Break"
        )
    };
    let mut text = format!("{QUEUE_COLUMNS}\n");
    for queue in queues {
        writeln!(text, "{}", row(queue)).expect("memory");
    }
    text + OK
}

/// The strategy of that name, if it is one of ours.
#[must_use]
pub fn strategy_named(name: &str) -> Option<Strategy> {
    let all = [
        Strategy::LongestIdle,
        Strategy::RoundRobin,
        Strategy::TopDown,
        Strategy::LeastTalk,
        Strategy::FewestCalls,
        Strategy::Sequential,
        Strategy::Random,
        Strategy::RingAll,
        Strategy::RingProgressively,
        Strategy::LeastRecent,
        Strategy::WeightedRandom,
        Strategy::RingLevel,
    ];
    all.into_iter().find(|it| strategy(*it) == name)
}

/// A strategy by the module's name.
#[must_use]
pub const fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::LongestIdle => "longest-idle-agent",
        Strategy::RoundRobin => "round-robin",
        Strategy::TopDown => "top-down",
        Strategy::LeastTalk => "agent-with-least-talk-time",
        Strategy::FewestCalls => "agent-with-fewest-calls",
        Strategy::Sequential => "sequentially-by-agent-order",
        Strategy::Random => "random",
        Strategy::RingAll => "ring-all",
        Strategy::RingProgressively => "ring-progressively",
        // The module has none of these; a queue that was set so elsewhere says what it is.
        Strategy::LeastRecent => "least-recent",
        Strategy::WeightedRandom => "weighted-random",
        Strategy::RingLevel => "ring-level",
    }
}

/// A printed table as objects, as Webitel hands it on.
#[must_use]
pub fn rows(text: &str) -> Vec<Map<String, Value>> {
    let mut lines = text.lines().filter(|line| !line.starts_with("+OK"));
    let columns: Vec<&str> = lines.next().map(|head| head.split('|').collect()).unwrap_or_default();
    let cells = |line: &str| {
        let values = line.split('|').map(|value| Value::String(value.to_owned()));
        columns.iter().map(|name| (*name).to_owned()).zip(values).collect()
    };
    lines.map(cells).collect()
}

/// The names of the columns stand above rows only: an empty table is `+OK` alone, as the module prints it.
fn table(columns: &str, rows: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for row in rows {
        if text.is_empty() {
            writeln!(text, "{columns}").expect("memory");
        }
        writeln!(text, "{row}").expect("memory");
    }
    text + OK
}

fn is_wanted(floor: &Floor, agent: AgentId, narrowed: &Narrowed) -> bool {
    let Some(axes) = floor.axes(agent) else {
        return false;
    };
    let (status, state) = console(&axes);
    let alike = |wanted: &Option<String>, name: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    alike(&narrowed.status, status.name()) && alike(&narrowed.state, state.name())
}

/// Delays and wrap-up belong to a queue here, so an agent's own are nought. Instants are seconds since 1970, nought for
/// never, as the module writes them.
fn agent_row(hall: &Hall, agent: AgentId, seat: &Seat) -> String {
    let Hall { floor, tallies, .. } = hall;
    let tally = tallies.get(&agent).copied().unwrap_or_default();
    let at = |at: Option<WallTime>| at.map_or("0".to_owned(), seconds);
    let (status, state) =
        floor.axes(agent).map_or((FsStatus::LoggedOut, FsState::Waiting), |axes| console(&axes));
    let leg = seat.parts.keys().next().or(seat.offer.as_ref().map(|(_, leg)| leg));
    let leg = leg.and_then(|leg| floor.legs.get(leg)).map(|party| uuid(party.guid)).unwrap_or_default();
    let name = cell(&full_name(&seat.name, &floor.domain));
    let changed = seconds(seat.since);
    format!(
        "{name}|single_box|{leg}|callback|{contact}|{status}|{state}|0|0|0|0|0|{answered}|{ended}|{offered}|{changed}|\
         {missed}|{calls}|{talked}|0|{external}",
        contact = contact(floor, seat),
        status = status.name(),
        state = state.name(),
        answered = at(tally.answered),
        ended = at(tally.ended),
        offered = at(tally.offered),
        missed = tally.missed,
        calls = tally.calls,
        talked = tally.talked_ms / 1_000,
        external = seat.parts.values().filter(|(_, queue)| queue.is_none()).count(),
    )
}

/// Where an agent is rung: the device in use, else the one of the same name.
pub(super) fn contact(floor: &Floor, seat: &Seat) -> String {
    let desk = floor.phone_of(seat).and_then(|device| floor.devices.get(&device));
    desk.map(|desk| format!("user/{}@{}", desk.number, floor.domain)).unwrap_or_default()
}

/// In the order of level and position, as the module lists them.
fn tier_rows(floor: &Floor, only: Option<QueueId>) -> Vec<String> {
    let mut rows = Vec::new();
    for (queue, line) in floor.queues.iter().filter(|(queue, _)| only.is_none_or(|only| only == **queue)) {
        for (agent, seat) in &floor.agents {
            let Some(membership) = seat.memberships.get(queue) else {
                continue;
            };
            let state = tier_state(floor, *agent, seat, *queue, *membership).name();
            let Tier { level, position, .. } = seat.tiers.get(queue).copied().unwrap_or_default();
            let (queue, agent) =
                (cell(&full_name(&line.name, &floor.domain)), cell(&full_name(&seat.name, &floor.domain)));
            rows.push(((level, position), format!("{queue}|{agent}|{state}|{level}|{position}")));
        }
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// How an agent stands in one queue.
fn tier_state(
    floor: &Floor,
    agent: AgentId,
    seat: &Seat,
    queue: QueueId,
    membership: Membership,
) -> TierState {
    let here =
        |call| floor.calls.get(&call).and_then(|talk: &Talk| talk.queued).is_some_and(|(of, _)| of == queue);
    let offered = seat.offer.and_then(|(_, leg)| floor.legs.get(&leg)).map(|party| party.call);
    match (membership, floor.axes(agent).map(|axes| axes.doing)) {
        (Membership::Out | Membership::NotReady, _) => TierState::Standby,
        (Membership::Ready, Some(Doing::QueueCall)) => {
            let talks = seat.parts.values().any(|(_, through)| *through == Some(queue));
            if talks { TierState::ActiveInbound } else { TierState::Standby }
        }
        (Membership::Ready, Some(Doing::Reserved | Doing::Receiving)) => {
            if offered.is_some_and(here) {
                TierState::Offering
            } else {
                TierState::Standby
            }
        }
        (
            Membership::Ready,
            Some(Doing::Nothing | Doing::Outbound | Doing::OtherCall | Doing::WrapUp) | None,
        ) => TierState::Ready,
    }
}

fn member_rows(floor: &Floor, queue: QueueId, narrowed: &Narrowed, now: Now) -> Vec<String> {
    let Some(line) = floor.queues.get(&queue) else { return Vec::new() };
    let call_of = |seat: &Seat| Some(floor.legs.get(&seat.offer?.1)?.call);
    let offers: BTreeMap<CallId, &Seat> =
        floor.agents.values().filter_map(|seat| Some((call_of(seat)?, seat))).collect();
    let row = |call: &CallId| {
        let talk = floor.calls.get(call)?;
        let (_, since) = talk.queued?;
        let offered = offers.get(call);
        let state = if offered.is_some() { "Trying" } else { "Waiting" };
        if narrowed.status.as_ref().is_some_and(|wanted| !wanted.eq_ignore_ascii_case(state)) {
            return None;
        }
        Some(format!(
            "{queue}|single_box|{uuid}|{session}|{number}|{name}|{began}|{joined}|0|0|0|0|0|{agent}|{system}|{state}|{score}",
            queue = cell(&full_name(&line.name, &floor.domain)),
            uuid = uuid(talk.guid),
            session = talk.first_guid.map(uuid).unwrap_or_default(),
            number = cell(&talk.caller),
            name = cell(&talk.caller_name),
            began = seconds(talk.began),
            joined = seconds(since),
            agent = offered.map(|seat| cell(&full_name(&seat.name, &floor.domain))).unwrap_or_default(),
            system = if offered.is_some() { "single_box" } else { "" },
            score = (now.wall.0 - since.0).max(0) / 1_000,
        ))
    };
    line.waiting.iter().filter_map(|(_, call)| row(call)).collect()
}

/// Text of strangers in a cell: neither a bar nor the end of the line is theirs to set.
fn cell(text: &str) -> String {
    text.chars().map(|c| if c == '|' || c.is_control() { ' ' } else { c }).collect()
}

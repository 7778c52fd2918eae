//! From views to the answers of REST.

use cordial_engine::blacklist::{BlacklistLevel, BlacklistPrompts};
use cordial_engine::entry::{self, Entry, EntryId, Overflow, Strategy};
use cordial_engine::id::QueueId;
use cordial_engine::limits::WAITING_MAX;
use cordial_engine::view::{AgentView, QueueView};

use super::decode::STRATEGIES;
use super::problem::Problem;
use super::scene::Scene;
use super::wire;
use crate::native::wire::Time;

/// A queue that somebody belongs to.
#[must_use]
pub fn belonged_queue(view: &QueueView) -> wire::BelongedQueue {
    wire::BelongedQueue {
        id: view.guid.to_string(),
        name: view.entry.name.to_string(),
        extension_number: view.entry.number.clone().map(String::from),
    }
}

/// The queues of an agent.
#[must_use]
pub fn queues_of(agent: &AgentView, scene: &Scene<'_>) -> Vec<wire::BelongedQueue> {
    let queue = |(id, _): &(_, _)| scene.engine.queue(scene.tenant, *id, scene.now.at);
    agent.memberships.iter().filter_map(queue).map(|view| belonged_queue(&view)).collect()
}

/// A queue in a list.
#[must_use]
pub fn listed_queue(view: &QueueView) -> wire::ListedQueue {
    wire::ListedQueue {
        queue: belonged_queue(view),
        ring_time: view.entry.offer_ms.div_ceil(1_000),
        polling_strategy: strategy(view.entry.strategy, view.entry.skill_first),
    }
}

/// A queue with all that there is to say of it.
#[must_use]
pub fn queue(view: &QueueView, scene: &Scene<'_>) -> wire::Queue {
    let it = &view.entry;
    let prompt = |name: &Option<entry::Name>| name.as_ref().map(ToString::to_string);
    wire::Queue {
        listed: listed_queue(view),
        max_callers: if it.max_waiting >= WAITING_MAX { 0 } else { it.max_waiting },
        moh_prompt_file_name: prompt(&it.treatment.music),
        intro_type: if it.treatment.greeting.is_some() { "NORMAL" } else { "DISABLE" },
        intro_prompt_file_name: prompt(&it.treatment.greeting),
        max_waiting_time: it.max_wait_ms.map(|ms| ms.div_ceil(1_000).clamp(15, 65_535)),
        wait_when_no_agents_online: it.refuse_when.is_never(),
        inform_position: match it.treatment.position {
            entry::Told::Never => "DISABLE",
            entry::Told::Once => "ON_CONNECTED",
            entry::Told::Again => "PERIODICALLY",
        },
        agent_auto_ready: it.auto_ready,
        agent_auto_not_ready_after_non_acd_call: it.auto_not_ready_after_other_call,
        sla_time: it.service_level_ms / 1_000,
        language: it.treatment.language.as_ref().map_or("en-US", |language| language.as_str()).to_owned(),
        no_answer_forward_rule: forward_rule(&it.overflow, scene),
        night_mode_forward_rule: forward_rule(&it.when_closed, scene),
        enable_callback: it.treatment.menu.iter().any(|key| key.choice == entry::Choice::Callback),
        outbound_caller_ids: Vec::new(),
        enable_sticky_routing: it.sticky.is_some(),
        sticky_routing_duration: it.sticky.map(|sticky| (sticky.remember_ms / 86_400_000).clamp(1, 365)),
        enable_paid: false,
        enable_prid: false,
        extension_number_as_to_header: false,
    }
}

/// What a strategy is called; `None` for one that this API does not know.
fn strategy(strategy: Strategy, skill_first: bool) -> Option<&'static str> {
    // Who is rung at once with all others is not chosen by his skill.
    let skill_first = skill_first && strategy != Strategy::RingAll;
    let known = STRATEGIES.iter().find(|(_, of, skilled)| *of == strategy && *skilled == skill_first);
    known.map(|(word, ..)| *word)
}

fn forward_rule(overflow: &Overflow, scene: &Scene<'_>) -> wire::ForwardRule {
    match *overflow {
        Overflow::Number(ref number) => {
            wire::ForwardRule { action: "FORWARD_TO_NUMBER", number: Some(number.as_str().to_owned()) }
        }
        Overflow::Clear | Overflow::Announcement(_) => wire::ForwardRule { action: "HANGUP", number: None },
        Overflow::Voicemail(id) => {
            let number = scene.engine.agent(scene.tenant, id).and_then(|agent| agent.entry.number);
            wire::ForwardRule { action: "FORWARD_TO_VOICEMAIL", number: number.map(String::from) }
        }
        Overflow::Queue(id) => match scene.engine.entry(scene.tenant, EntryId::Queue(id)) {
            Some(Entry::Queue(queue)) => {
                wire::ForwardRule { action: "FORWARD_TO_NUMBER", number: queue.number.map(String::from) }
            }
            _ => wire::ForwardRule { action: "HANGUP", number: None },
        },
    }
}

/// The callers that wait in a queue, the first first.
#[must_use]
pub fn waiting(view: &QueueView, scene: &Scene<'_>) -> Vec<wire::WaitingCaller> {
    let line = scene.engine.line(scene.tenant, view.id).into_iter();
    let caller = |(id, entered)| {
        let call = scene.engine.call(scene.tenant, id)?;
        // The document takes digits only here, at least three.
        let digits = call.caller.map(String::from).filter(|number| super::decode::is_extension(number));
        Some(wire::WaitingCaller {
            session_id: call.guid.to_string(),
            extension_number: digits,
            display_name: call.caller_name.to_string(),
            waiting_time: scene.now.at.millis_since(entered) / 1_000,
        })
    };
    line.filter_map(caller).collect()
}

/// The agents of a queue who have a number, in the order in which a prioritized hunt asks.
#[must_use]
pub fn agents(queue: QueueId, scene: &Scene<'_>) -> Vec<wire::ListedAgent> {
    hunted(queue, scene).iter().filter_map(|agent| listed_agent(agent, queue, scene)).collect()
}

/// The agents of a queue with their states there: those with these numbers, or all. A number of nobody in the queue is
/// left out.
#[must_use]
pub fn agents_asked(queue: &QueueView, numbers: Option<&[String]>, scene: &Scene<'_>) -> Vec<wire::Agent> {
    let agents = match numbers {
        None => hunted(queue.id, scene),
        Some(numbers) => {
            let called = |number: &String| scene.agent(scene.extension(number).ok()?.agent).ok();
            numbers.iter().filter_map(called).collect()
        }
    };
    agents.iter().filter_map(|view| agent(view, queue, scene).ok()).collect()
}

/// The agents of a queue in the order in which a prioritized hunt asks.
fn hunted(queue: QueueId, scene: &Scene<'_>) -> Vec<AgentView> {
    let mut agents = scene.engine.queue_agents(scene.tenant, queue);
    agents.sort_by_key(|agent| scene.tier(agent, queue).map(|tier| (tier.level, tier.position)));
    agents
}

/// An agent of a queue; `None` when he has no number, for then this API cannot name him.
#[must_use]
pub fn listed_agent(agent: &AgentView, queue: QueueId, scene: &Scene<'_>) -> Option<wire::ListedAgent> {
    let tier = scene.tier(agent, queue)?;
    Some(wire::ListedAgent {
        extension_number: scene.number_of(agent)?,
        display_name: agent.entry.name.to_string(),
        skill_level: u32::from(tier.skill).clamp(1, 100),
    })
}

/// An agent of a queue with his state there.
pub fn agent(agent: &AgentView, queue: &QueueView, scene: &Scene<'_>) -> Result<wire::Agent, Problem> {
    let none = || Problem::not_found("agent in this queue");
    let status = scene.status(agent, queue.id).ok_or_else(none)?;
    Ok(wire::Agent { listed: listed_agent(agent, queue.id, scene).ok_or_else(none)?, status: status.word() })
}

/// A number on the blacklist; `None` when there is none of that id.
#[must_use]
pub fn blacklisted(id: EntryId, scene: &Scene<'_>) -> Option<wire::Blacklisted> {
    let (EntryId::BlacklistedNumber(key), Some(Entry::BlacklistedNumber(entry))) =
        (id, scene.engine.entry(scene.tenant, id))
    else {
        return None;
    };
    let seconds = |until| Time(until).to_string().get(..19).map(|text| format!("{text}Z"));
    Some(wire::Blacklisted {
        id: scene.engine.guid(id)?.to_string(),
        number: entry.number.as_str().to_owned(),
        level: match entry.level {
            BlacklistLevel::First => "FIRST",
            BlacklistLevel::Second => "SECOND",
        },
        longitude: entry.place.longitude.to_string(),
        latitude: entry.place.latitude.to_string(),
        address: entry.place.address.to_string(),
        expire_at: entry.until.and_then(seconds),
        trigger_times: scene.engine.blacklist_refused(scene.tenant, key)?,
        enabled: entry.enabled,
        description: entry.note.to_string(),
    })
}

/// What callers on the blacklist hear.
#[must_use]
pub fn prompts(prompts: &BlacklistPrompts) -> wire::BlacklistPrompts {
    let name = |prompt: &Option<entry::Name>| prompt.as_ref().map(ToString::to_string);
    wire::BlacklistPrompts {
        enable_level1: prompts.first.is_some(),
        level1_prompt_file_name: name(&prompts.first),
        enable_level2: prompts.second.is_some(),
        level2_prompt_file_name: name(&prompts.second),
    }
}

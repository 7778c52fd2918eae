//! From this API's bodies to commands: every member is read once, and one that is not known, or that we cannot honour, is
//! refused by its name.

mod blacklist;
mod body;
mod listing;
mod queue;

pub use blacklist::{blacklist_prompts, changed_blacklisted, new_blacklisted};
pub use body::{Body, is_extension};
pub use listing::Listing;
pub(super) use queue::STRATEGIES;
pub use queue::{changed_queue, new_queue};

use cordial_engine::agent::QueueWish;
use cordial_engine::command::{Command, Note};
use cordial_engine::entry::Tier;
use cordial_engine::id::{AgentId, DeviceId, QueueId};

use super::limits::AGENTS_MAX;
use super::problem::Problem;
use super::scene::{Extension, Scene};
use super::state::Rest;

/// What somebody asks an agent to be in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// READY.
    Ready,
    /// NOT_READY.
    NotReady,
    /// WRAP_UP.
    WrapUp,
    /// BREAK.
    Break,
    /// LUNCH.
    Lunch,
    /// LOGGED_IN: READY or NOT_READY, as the queue says.
    LogIn,
    /// LOGGED_OUT.
    LogOut,
}

/// Reads `{"status": ..}`.
pub fn wish(mut body: Body) -> Result<Wish, Problem> {
    let wish = match body.text("status", 64)?.as_deref() {
        Some("READY") => Wish::Ready,
        Some("NOT_READY") => Wish::NotReady,
        Some("WRAP_UP") => Wish::WrapUp,
        Some("BREAK") => Wish::Break,
        Some("LUNCH") => Wish::Lunch,
        Some("LOGGED_IN") => Wish::LogIn,
        Some("LOGGED_OUT") => Wish::LogOut,
        Some(_) | None => {
            let why = "must be READY, NOT_READY, WRAP_UP, BREAK, LUNCH, LOGGED_IN or LOGGED_OUT";
            return Err(Problem::invalid("status", why));
        }
    };
    body.finish()?;
    Ok(wish)
}

/// The command for a wish. A break and lunch concern the person, so they hold in every queue.
pub fn ask(
    scene: &Scene<'_>,
    agent: AgentId,
    device: Option<DeviceId>,
    queue: QueueId,
    wish: Wish,
) -> Result<Command, Problem> {
    let rest = |rest, word| {
        let reason = scene.reason(rest);
        let reason = reason.ok_or_else(|| Problem::unsupported("status", word))?;
        Ok(Command::NotReady { agent, reason: Some(reason), note: Note::default() })
    };
    let wish = match wish {
        Wish::Ready => QueueWish::Ready,
        Wish::NotReady => QueueWish::NotReady,
        Wish::WrapUp => QueueWish::WrapUp,
        Wish::LogIn => QueueWish::LogIn(device),
        Wish::LogOut => QueueWish::LogOut,
        Wish::Break => return rest(Rest::Break, "BREAK needs a reason of that name"),
        Wish::Lunch => return rest(Rest::Lunch, "LUNCH needs a reason of that name"),
    };
    Ok(Command::AskInQueue { agent, queue, wish })
}

/// Reads `{"items": ["201", ..]}`, the agents whose states are asked for; without it all of the queue.
pub fn agents_asked(mut body: Body) -> Result<Option<Vec<String>>, Problem> {
    let numbers = body.texts("items", AGENTS_MAX)?;
    body.finish()?;
    if numbers.iter().flatten().any(|number| !is_extension(number)) {
        return Err(Problem::invalid("items", "must hold extension numbers of 3 to 64 digits"));
    }
    Ok(numbers)
}

/// What a queue's new list of agents takes: whom it lets in, and whom it drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentList {
    /// The commands, in order.
    pub commands: Vec<Command>,
}

/// Reads `{"items": [{"extension_number", "skill_level"}]}` as the whole list of a queue's agents.
pub fn agent_list(mut body: Body, scene: &Scene<'_>, queue: QueueId) -> Result<AgentList, Problem> {
    let items = body.list("items", AGENTS_MAX)?.unwrap_or_default();
    body.finish()?;
    let mut wanted: Vec<(AgentId, u8)> = Vec::new();
    for item in items {
        let mut item = Body::of(item, "items")?;
        let number = item.number("extension_number")?;
        let number = number
            .ok_or_else(|| Problem::invalid("items.extension_number", "must be an extension number"))?;
        let skill = item.whole("skill_level", 1..=100)?.unwrap_or(1);
        item.finish()?;
        let Extension { agent, .. } = scene.extension(&number)?;
        if !wanted.iter().any(|(of, _)| *of == agent) {
            wanted.push((agent, u8::try_from(skill).unwrap_or(u8::MAX)));
        }
    }
    let there = scene.engine.queue_agents(scene.tenant, queue);
    let gone = there.iter().filter(|agent| !wanted.iter().any(|(of, _)| *of == agent.id));
    let gone = gone.map(|agent| Command::Unassign { agent: agent.id, queue });
    // The list's order is the order in which a prioritized hunt asks.
    let ranked = (1..).zip(&wanted).map(|(position, (agent, skill))| {
        let before = there.iter().find(|other| other.id == *agent);
        let tier = before.and_then(|agent| scene.tier(agent, queue)).unwrap_or_default();
        Command::Assign { agent: *agent, queue, tier: Some(Tier { position, skill: *skill, ..tier }) }
    });
    Ok(AgentList { commands: gone.chain(ranked).collect() })
}

//! From views, entries, facts and records to the wire: tables that can be read aloud.

mod code;
mod event;
mod message;
mod outbound;
mod record;
mod state;

pub use code::feature_codes;
pub use event::{Book, message, untold};
pub use message::messages;
pub use outbound::outbound;
pub use record::cdr;
pub use state::{agent, call, device, offer, parked, queue, snapshot};

use cordial_engine::agent::{Absence, Handling};
use cordial_engine::call::{Cause, Direction, OfferEnd, ParkingEnd, Role, WaitingEnd, Withdrawn};
use cordial_engine::command::Endpoint;
use cordial_engine::entry::{self, Entry, EntryId};
use cordial_engine::id::{CallId, OfferId};
use cordial_engine::text::Number;

use super::wire::{self, Id};
use crate::names::{EntryKey, Named, Names, Unnamed, offer_guid};

/// What the wire says, unless a thing has no name here.
type Encoded<T> = Result<T, Unnamed>;

/// The guid of an entry.
fn id(names: &dyn Names, key: impl EntryKey) -> Encoded<Id> {
    names.need(Named::Entry(key.entry_id())).map(Id)
}

/// The guid of an entry that need not be there.
fn perhaps(names: &dyn Names, key: Option<impl EntryKey>) -> Encoded<Option<Id>> {
    key.map(|key| id(names, key)).transpose()
}

/// The guid of anything.
fn of(names: &dyn Names, named: Named) -> Encoded<Id> {
    names.need(named).map(Id)
}

/// The guid of an offer, live or ended.
fn offer_of(call: CallId, offer: OfferId, names: &dyn Names) -> Encoded<Id> {
    let call = names.need(Named::Call(call))?;
    Ok(Id(offer_guid(call, offer)))
}

fn text(number: Option<&Number>) -> Option<String> {
    number.map(|number| number.as_str().to_owned())
}

/// An entry of any kind.
pub fn entry(entry: &Entry, names: &dyn Names) -> Encoded<wire::Entry> {
    Ok(match entry {
        Entry::User(it) => wire::Entry::User(user(it)),
        Entry::Agent(it) => wire::Entry::Agent(agent_entry(it, names)?),
        Entry::Team(it) => wire::Entry::Team(wire::Team { name: it.name.to_string() }),
        Entry::Device(it) => wire::Entry::Device(device_entry(it, names)?),
        Entry::Trunk(it) => wire::Entry::Trunk(trunk(it)),
        Entry::Queue(it) => wire::Entry::Queue(queue_entry(it, names)?),
        Entry::Route(it) => wire::Entry::Route(route(it, names)?),
        Entry::Reason(it) => {
            wire::Entry::Reason(wire::Reason { name: it.name.to_string(), absence: absence(it.absence) })
        }
        Entry::Disposition(it) => wire::Entry::Disposition(wire::Disposition { name: it.name.to_string() }),
    })
}

/// The guid of an entry whose kind only the id knows.
fn entry_id(names: &dyn Names, id: EntryId) -> Encoded<Id> {
    of(names, Named::Entry(id))
}

/// A user, without the password.
fn user(it: &entry::User) -> wire::User {
    let roles = it.roles.iter().map(|role| match role {
        entry::Role::Agent => wire::UserRole::Agent,
        entry::Role::Supervisor => wire::UserRole::Supervisor,
        entry::Role::Administrator => wire::UserRole::Administrator,
    });
    wire::User { name: it.name.to_string(), roles: roles.collect(), password: None }
}

fn agent_entry(it: &entry::Agent, names: &dyn Names) -> Encoded<wire::Agent> {
    Ok(wire::Agent {
        name: it.name.to_string(),
        number: text(it.number.as_ref()),
        user: perhaps(names, it.user)?,
        team: perhaps(names, it.team)?,
        mailbox: it.mailbox.as_ref().map(|mailbox| wire::Mailbox {
            greeting: mailbox.greeting.as_ref().map(ToString::to_string),
            unsolicited: mailbox.unsolicited,
        }),
    })
}

const fn absence(it: Absence) -> wire::Absence {
    match it {
        Absence::Break => wire::Absence::Break,
        Absence::Tasks => wire::Absence::Tasks,
    }
}

fn device_entry(it: &entry::Device, names: &dyn Names) -> Encoded<wire::Device> {
    Ok(wire::Device {
        number: it.number.as_str().to_owned(),
        display_name: it.display_name.to_string(),
        digest: match it.digest {
            entry::Digest::Any => wire::Digest::Any,
            entry::Digest::Md5 => wire::Digest::Md5,
            entry::Digest::Sha256 => wire::Digest::Sha256,
        },
        owner: perhaps(names, it.owner)?,
    })
}

/// A trunk, without the password.
fn trunk(it: &entry::Trunk) -> wire::Trunk {
    wire::Trunk {
        name: it.name.to_string(),
        address: it.address.to_string(),
        transport: match it.transport {
            entry::Transport::Udp => wire::Transport::Udp,
            entry::Transport::Tcp => wire::Transport::Tcp,
            entry::Transport::Tls => wire::Transport::Tls,
        },
        sources: it.sources.iter().map(ToString::to_string).collect(),
        username: it.username.as_ref().map(ToString::to_string),
        authenticate_inbound: it.authenticate_inbound,
        outbound_prefixes: it.outbound_prefixes.iter().map(|prefix| prefix.as_str().to_owned()).collect(),
        caller_number: text(it.caller_number.as_ref()),
        password: None,
    }
}

fn queue_entry(it: &entry::Queue, names: &dyn Names) -> Encoded<wire::Queue> {
    Ok(wire::Queue {
        name: it.name.to_string(),
        number: text(it.number.as_ref()),
        strategy: strategy(it.strategy),
        offer_ms: it.offer_ms,
        wrap_up_ms: it.wrap_up_ms,
        on_no_answer: after_missed(it.on_no_answer),
        on_decline: after_missed(it.on_decline),
        max_wait_ms: it.max_wait_ms,
        overflow: overflow(&it.overflow, names)?,
        max_waiting: it.max_waiting,
        when_full: overflow(&it.when_full, names)?,
        service_level_ms: it.service_level_ms,
        short_abandon_ms: it.short_abandon_ms,
        treatment: wire::Treatment {
            greeting: it.treatment.greeting.as_ref().map(ToString::to_string),
            music: it.treatment.music.as_ref().map(ToString::to_string),
        },
        record: it.record,
        skill_first: it.skill_first,
        progress_ms: it.progress_ms,
        reach: it.reach.iter().copied().map(reach).collect(),
        skip_empty_levels: it.skip_empty_levels,
        weight: it.weight,
        promote_after_ms: it.promote_after_ms,
        sticky: it.sticky.map(|entry::Sticky { remember_ms, wait_ms }| wire::Sticky { remember_ms, wait_ms }),
        auto_ready: it.auto_ready,
        auto_not_ready_after_other_call: it.auto_not_ready_after_other_call,
    })
}

fn overflow(to: &entry::Overflow, names: &dyn Names) -> Encoded<wire::Overflow> {
    Ok(match to {
        entry::Overflow::Clear => wire::Overflow::Clear,
        entry::Overflow::Queue(queue) => wire::Overflow::Queue { queue: id(names, *queue)? },
        entry::Overflow::Voicemail(agent) => wire::Overflow::Voicemail { agent: id(names, *agent)? },
        entry::Overflow::Number(number) => wire::Overflow::Number { number: number.as_str().to_owned() },
    })
}

const fn reach(step: entry::Reach) -> wire::Reach {
    let entry::Reach { after_ms, min_level, max_level, raise_level } = step;
    wire::Reach { after_ms, min_level, max_level, raise_level }
}

/// An agent's rank in a queue.
pub(super) const fn tier(tier: entry::Tier) -> wire::Tier {
    let entry::Tier { level, position, skill } = tier;
    wire::Tier { level, position, skill }
}

/// How urgent a call is.
pub(super) const fn priority(priority: entry::Priority) -> wire::Priority {
    let entry::Priority { urgency, head_start_ms } = priority;
    wire::Priority { urgency, head_start_ms }
}

fn route(it: &entry::Route, names: &dyn Names) -> Encoded<wire::Route> {
    Ok(wire::Route {
        number: it.number.as_str().to_owned(),
        greeting: it.greeting.as_ref().map(ToString::to_string),
        destination: match it.destination {
            entry::Destination::Queue(queue) => wire::Destination::Queue { queue: id(names, queue)? },
            entry::Destination::Agent(agent) => wire::Destination::Agent { agent: id(names, agent)? },
            entry::Destination::Device(device) => wire::Destination::Device { device: id(names, device)? },
            entry::Destination::Clear => wire::Destination::Clear,
        },
        priority: priority(it.priority),
    })
}

/// The rule for choosing who answers.
pub(super) const fn strategy(strategy: entry::Strategy) -> wire::Strategy {
    match strategy {
        entry::Strategy::LongestIdle => wire::Strategy::LongestIdle,
        entry::Strategy::LeastRecent => wire::Strategy::LeastRecent,
        entry::Strategy::RoundRobin => wire::Strategy::RoundRobin,
        entry::Strategy::TopDown => wire::Strategy::TopDown,
        entry::Strategy::Sequential => wire::Strategy::Sequential,
        entry::Strategy::FewestCalls => wire::Strategy::FewestCalls,
        entry::Strategy::LeastTalk => wire::Strategy::LeastTalk,
        entry::Strategy::Random => wire::Strategy::Random,
        entry::Strategy::WeightedRandom => wire::Strategy::WeightedRandom,
        entry::Strategy::RingAll => wire::Strategy::RingAll,
        entry::Strategy::RingLevel => wire::Strategy::RingLevel,
        entry::Strategy::RingProgressively => wire::Strategy::RingProgressively,
    }
}

const fn after_missed(after: entry::AfterMissed) -> wire::AfterMissed {
    match after {
        entry::AfterMissed::NotReady => wire::AfterMissed::NotReady,
        entry::AfterMissed::Rest { delay_ms } => wire::AfterMissed::Rest { delay_ms },
    }
}

fn handling(handling: &Handling) -> wire::Handling {
    match handling {
        Handling::Ring => wire::Handling::Ring,
        Handling::Busy => wire::Handling::Busy,
        Handling::Voicemail => wire::Handling::Voicemail,
        Handling::Forward(number) => wire::Handling::Forward { number: number.as_str().to_owned() },
    }
}

const fn direction(direction: Direction) -> wire::Direction {
    match direction {
        Direction::Inbound => wire::Direction::Inbound,
        Direction::Outbound => wire::Direction::Outbound,
        Direction::Internal => wire::Direction::Internal,
    }
}

const fn role(role: Role) -> wire::LegRole {
    match role {
        Role::Caller => wire::LegRole::Caller,
        Role::Callee => wire::LegRole::Callee,
    }
}

fn endpoint(endpoint: Endpoint, names: &dyn Names) -> Encoded<wire::Endpoint> {
    Ok(match endpoint {
        Endpoint::Device(device) => wire::Endpoint::Device { id: id(names, device)? },
        Endpoint::Trunk(trunk) => wire::Endpoint::Trunk { id: id(names, trunk)? },
    })
}

const fn cause(cause: Cause) -> wire::Cause {
    match cause {
        Cause::Normal => wire::Cause::Normal,
        Cause::Busy => wire::Cause::Busy,
        Cause::NoAnswer => wire::Cause::NoAnswer,
        Cause::Rejected => wire::Cause::Rejected,
        Cause::AnsweredElsewhere => wire::Cause::AnsweredElsewhere,
        Cause::Unreachable => wire::Cause::Unreachable,
        Cause::NoRoute => wire::Cause::NoRoute,
        Cause::Full => wire::Cause::Full,
        Cause::Failed(code) => wire::Cause::Failed { code },
        Cause::Lost => wire::Cause::Lost,
        Cause::NodeRestarted => wire::Cause::NodeRestarted,
    }
}

const fn parking_end(end: ParkingEnd) -> wire::ParkingEnd {
    match end {
        ParkingEnd::Retrieved => wire::ParkingEnd::Retrieved,
        ParkingEnd::Abandoned => wire::ParkingEnd::Abandoned,
        ParkingEnd::Cleared => wire::ParkingEnd::Cleared,
    }
}

const fn waiting_end(end: WaitingEnd) -> wire::WaitingEnd {
    match end {
        WaitingEnd::Answered => wire::WaitingEnd::Answered,
        WaitingEnd::Abandoned => wire::WaitingEnd::Abandoned,
        WaitingEnd::Overflowed => wire::WaitingEnd::Overflowed,
        WaitingEnd::Refused => wire::WaitingEnd::Refused,
    }
}

fn offer_end(call: CallId, end: OfferEnd, names: &dyn Names) -> Encoded<wire::OfferEnd> {
    Ok(match end {
        OfferEnd::Accepted => wire::OfferEnd::Accepted,
        OfferEnd::Declined => wire::OfferEnd::Declined,
        OfferEnd::Expired => wire::OfferEnd::Expired,
        OfferEnd::Withdrawn(Withdrawn::CallerGone) => wire::OfferEnd::CallerGone,
        OfferEnd::Withdrawn(Withdrawn::AnsweredBy(agent, offer)) => {
            wire::OfferEnd::AnsweredBy { agent: id(names, agent)?, offer: offer_of(call, offer, names)? }
        }
        OfferEnd::Withdrawn(Withdrawn::DeviceLost) => wire::OfferEnd::DeviceLost,
        OfferEnd::Withdrawn(Withdrawn::QueueGaveUp(queue)) => {
            wire::OfferEnd::QueueGaveUp { queue: id(names, queue)? }
        }
        OfferEnd::Withdrawn(Withdrawn::NodeRestarted) => wire::OfferEnd::NodeRestarted,
    })
}

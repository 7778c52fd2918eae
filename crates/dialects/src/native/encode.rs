//! From views, entries, facts and records to the wire: tables that can be read aloud.

mod audit;
mod blacklist;
mod calendar;
mod code;
mod event;
mod message;
mod outbound;
mod record;
mod state;

pub use audit::audited;
pub use blacklist::{blacklist_prompts, blacklisted_number};
pub use calendar::{calendar, emergency};
pub use code::feature_codes;
pub use event::{Book, message, untold};
pub use message::messages;
pub use outbound::outbound;
pub use record::cdr;
pub use state::{agent, call, device, offer, parked, queue, snapshot, waiting, waits};

use std::collections::BTreeMap;

use cordial_engine::agent::{Absence, CallSettings, ForwardTo, Handling, Missed};
use cordial_engine::call::{
    Cause, ConsultationEnd, Direction, Joining, NotKept, OfferEnd, ParkingEnd, Role, TransferTo, Variables,
    WaitingEnd, Withdrawn,
};
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
        Entry::User(it) => wire::Entry::User(user(it, names)?),
        Entry::Agent(it) => wire::Entry::Agent(agent_entry(it, names)?),
        Entry::Team(it) => {
            let (name, sees_monitoring) = (it.name.to_string(), it.sees_monitoring);
            wire::Entry::Team(wire::Team { name, sees_monitoring })
        }
        Entry::Device(it) => wire::Entry::Device(device_entry(it, names)?),
        Entry::Trunk(it) => wire::Entry::Trunk(trunk(it)),
        Entry::Queue(it) => wire::Entry::Queue(Box::new(queue_entry(it, names)?)),
        Entry::Route(it) => wire::Entry::Route(route(it, names)?),
        Entry::Reason(it) => {
            let (name, team) = (it.name.to_string(), perhaps(names, it.team)?);
            let (category, absence) = (reason_category(it.category), absence(it.absence));
            wire::Entry::Reason(wire::Reason { name, category, absence, team })
        }
        Entry::Calendar(it) => wire::Entry::Calendar(calendar::calendar_entry(it)),
        Entry::Disposition(it) => wire::Entry::Disposition(wire::Disposition { name: it.name.to_string() }),
        Entry::Skill(it) => wire::Entry::Skill(wire::Skill { name: it.name.to_string() }),
        Entry::PhoneBook(it) => {
            let (name, team) = (it.name.to_string(), perhaps(names, it.team)?);
            wire::Entry::PhoneBook(wire::PhoneBook { name, team })
        }
        Entry::Contact(it) => wire::Entry::Contact(wire::Contact {
            phone_book: id(names, it.phone_book)?,
            first_name: it.first_name.to_string(),
            last_name: it.last_name.to_string(),
            number: it.number.as_str().to_owned(),
            description: it.description.to_string(),
        }),
        Entry::BlacklistedNumber(it) => wire::Entry::BlacklistedNumber(blacklisted_number(it)),
    })
}

/// The guid of an entry whose kind only the id knows.
fn entry_id(names: &dyn Names, id: EntryId) -> Encoded<Id> {
    of(names, Named::Entry(id))
}

/// A user, without the password.
fn user(it: &entry::User, names: &dyn Names) -> Encoded<wire::User> {
    let roles = it.roles.iter().map(|role| match role {
        entry::Role::Agent => wire::UserRole::Agent,
        entry::Role::Supervisor => wire::UserRole::Supervisor,
        entry::Role::QueueManager => wire::UserRole::QueueManager,
        entry::Role::Administrator => wire::UserRole::Administrator,
    });
    let teams = it.teams.as_ref().map(|teams| teams.iter().map(|team| id(names, *team)).collect());
    let queues = it.queues.as_ref().map(|queues| queues.iter().map(|queue| id(names, *queue)).collect());
    Ok(wire::User {
        name: it.name.to_string(),
        roles: roles.collect(),
        teams: teams.transpose()?,
        queues: queues.transpose()?,
        password: None,
    })
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
        wrap_up_ms: it.wrap_up_ms,
        ring_ms: it.ring_ms,
        skills: skill_levels(&it.skills, names)?,
    })
}

const fn reason_category(it: entry::ReasonCategory) -> wire::ReasonCategory {
    match it {
        entry::ReasonCategory::NotReady => wire::ReasonCategory::NotReady,
        entry::ReasonCategory::LogOut => wire::ReasonCategory::LogOut,
        entry::ReasonCategory::Both => wire::ReasonCategory::Both,
    }
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
        auto_answer: it.auto_answer,
        hot_desk: it.hot_desk,
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
        on_busy: it.on_busy.map(after_missed),
        missed_max: it.missed_max,
        extension_ms: it.extension_ms,
        auto_answer: it.auto_answer,
        max_wait_ms: it.max_wait_ms,
        overflow: overflow(&it.overflow, names)?,
        max_waiting: it.max_waiting,
        when_full: overflow(&it.when_full, names)?,
        refuse_when: it.refuse_when.iter().map(condition).collect(),
        leave_when: it.leave_when.iter().map(condition).collect(),
        leave_after_ms: it.leave_after_ms,
        leave_min_wait_ms: it.leave_min_wait_ms,
        when_empty: overflow(&it.when_empty, names)?,
        calendar: perhaps(names, it.calendar)?,
        when_closed: overflow(&it.when_closed, names)?,
        at_closing: calendar::at_closing(it.at_closing),
        in_emergency: overflow(&it.in_emergency, names)?,
        service_level_ms: it.service_level_ms,
        short_abandon_ms: it.short_abandon_ms,
        treatment: treatment(&it.treatment, names)?,
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
        briefing: it.briefing.as_ref().map(ToString::to_string),
        callback_ms: it.callback_ms,
        service_level_percent: it.service_level_percent,
        skills: skill_levels(&it.skills, names)?,
        rings: it.rings.iter().map(|it| ring(it, names)).collect::<Encoded<_>>()?,
    })
}

fn treatment(it: &entry::Treatment, names: &dyn Names) -> Encoded<wire::Treatment> {
    let told = |told| match told {
        entry::Told::Never => wire::Told::Never,
        entry::Told::Once => wire::Told::Once,
        entry::Told::Again => wire::Told::Again,
    };
    let key = |key: &entry::MenuKey| {
        let choice = match &key.choice {
            entry::Choice::Callback => wire::Choice::Callback,
            entry::Choice::Leave(to) => match overflow(to, names)? {
                wire::Overflow::Clear => wire::Choice::Clear,
                wire::Overflow::Queue { queue } => wire::Choice::Queue { queue },
                wire::Overflow::Voicemail { agent } => wire::Choice::Voicemail { agent },
                wire::Overflow::Number { number } => wire::Choice::Number { number },
                wire::Overflow::Announcement { prompt } => wire::Choice::Announcement { prompt },
            },
        };
        Ok(wire::MenuKey { key: key.key, prompt: key.prompt.as_ref().map(ToString::to_string), choice })
    };
    Ok(wire::Treatment {
        greeting: it.greeting.as_ref().map(ToString::to_string),
        music: it.music.as_ref().map(ToString::to_string),
        language: it.language.as_ref().map(ToString::to_string),
        position: told(it.position),
        wait: told(it.wait),
        messages: it.messages.iter().map(ToString::to_string).collect(),
        announce_ms: it.announce_ms,
        menu: it.menu.iter().map(key).collect::<Encoded<_>>()?,
    })
}

const fn condition(it: entry::Condition) -> wire::Condition {
    match it {
        entry::Condition::LoggedOut => wire::Condition::LoggedOut,
        entry::Condition::Unregistered => wire::Condition::Unregistered,
        entry::Condition::NotReady => wire::Condition::NotReady,
        entry::Condition::InCall => wire::Condition::InCall,
        entry::Condition::Ringing => wire::Condition::Ringing,
        entry::Condition::WrapUp => wire::Condition::WrapUp,
        entry::Condition::Resting => wire::Condition::Resting,
        entry::Condition::OutOfReach => wire::Condition::OutOfReach,
    }
}

/// By which rule a queue does not keep a call.
const fn not_kept(why: NotKept) -> wire::NotKept {
    match why {
        NotKept::Empty => wire::NotKept::Empty,
        NotKept::Closed => wire::NotKept::Closed,
        NotKept::Night => wire::NotKept::Night,
        NotKept::Emergency => wire::NotKept::Emergency,
    }
}

fn overflow(to: &entry::Overflow, names: &dyn Names) -> Encoded<wire::Overflow> {
    Ok(match to {
        entry::Overflow::Clear => wire::Overflow::Clear,
        entry::Overflow::Queue(queue) => wire::Overflow::Queue { queue: id(names, *queue)? },
        entry::Overflow::Voicemail(agent) => wire::Overflow::Voicemail { agent: id(names, *agent)? },
        entry::Overflow::Announcement(prompt) => wire::Overflow::Announcement { prompt: prompt.to_string() },
        entry::Overflow::Number(number) => wire::Overflow::Number { number: number.as_str().to_owned() },
    })
}

const fn reach(step: entry::Reach) -> wire::Reach {
    let entry::Reach { after_ms, min_level, max_level, raise_level } = step;
    wire::Reach { after_ms, min_level, max_level, raise_level }
}

fn skill_levels(of: &[entry::SkillLevel], names: &dyn Names) -> Encoded<Vec<wire::SkillLevel>> {
    let level =
        |it: &entry::SkillLevel| Ok(wire::SkillLevel { skill: id(names, it.skill)?, level: it.level });
    of.iter().map(level).collect()
}

fn ring(it: &entry::Ring, names: &dyn Names) -> Encoded<wire::Ring> {
    Ok(wire::Ring { after_ms: it.after_ms, relax: skill_levels(&it.relax, names)? })
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
        destination: destination(it.destination, names)?,
        priority: priority(it.priority),
        preference: it.preference.map(|preference| self::preference(preference, names)).transpose()?,
        calendar: perhaps(names, it.calendar)?,
        closed_greeting: it.closed_greeting.as_ref().map(ToString::to_string),
        when_closed: destination(it.when_closed, names)?,
    })
}

fn preference(it: entry::Preference, names: &dyn Names) -> Encoded<wire::Preference> {
    Ok(wire::Preference { agent: id(names, it.agent)?, wait_ms: it.wait_ms })
}

fn destination(to: entry::Destination, names: &dyn Names) -> Encoded<wire::Destination> {
    Ok(match to {
        entry::Destination::Queue(queue) => wire::Destination::Queue { queue: id(names, queue)? },
        entry::Destination::Agent(agent) => wire::Destination::Agent { agent: id(names, agent)? },
        entry::Destination::Device(device) => wire::Destination::Device { device: id(names, device)? },
        entry::Destination::Clear => wire::Destination::Clear,
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

fn call_settings(it: &CallSettings) -> wire::CallSettings {
    wire::CallSettings {
        busy: it.busy.as_ref().map(forward_to),
        no_answer: it.no_answer.as_ref().map(forward_to),
        unreachable: it.unreachable.as_ref().map(forward_to),
    }
}

fn forward_to(to: &ForwardTo) -> wire::ForwardTo {
    match to {
        ForwardTo::Number(number) => wire::ForwardTo::Number { number: number.as_str().to_owned() },
        ForwardTo::Voicemail => wire::ForwardTo::Voicemail,
    }
}

fn transfer_to(to: &TransferTo, names: &dyn Names) -> Encoded<wire::TransferTo> {
    Ok(match to {
        TransferTo::Number(number) => wire::TransferTo::Number { number: number.as_str().to_owned() },
        TransferTo::Mailbox(agent) => wire::TransferTo::Mailbox { agent: id(names, *agent)? },
    })
}

const fn missed(missed: Missed) -> wire::Missed {
    match missed {
        Missed::Busy => wire::Missed::Busy,
        Missed::NoAnswer => wire::Missed::NoAnswer,
        Missed::Unreachable => wire::Missed::Unreachable,
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

/// What applications keep with a call.
fn variables(all: &Variables) -> BTreeMap<String, String> {
    all.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_string())).collect()
}

const fn consultation_end(end: ConsultationEnd) -> wire::ConsultationEnd {
    match end {
        ConsultationEnd::Returned => wire::ConsultationEnd::Returned,
        ConsultationEnd::CallerGone => wire::ConsultationEnd::CallerGone,
        ConsultationEnd::AgentGone => wire::ConsultationEnd::AgentGone,
        ConsultationEnd::NodeRestarted => wire::ConsultationEnd::NodeRestarted,
    }
}

const fn joining(how: Joining) -> wire::Joining {
    match how {
        Joining::Transfer => wire::Joining::Transfer,
        Joining::Conference => wire::Joining::Conference,
        Joining::Barge => wire::Joining::Barge,
        Joining::TakeOver => wire::Joining::TakeOver,
    }
}

const fn waiting_end(end: WaitingEnd) -> wire::WaitingEnd {
    match end {
        WaitingEnd::Answered => wire::WaitingEnd::Answered,
        WaitingEnd::Abandoned => wire::WaitingEnd::Abandoned,
        WaitingEnd::Overflowed => wire::WaitingEnd::Overflowed,
        WaitingEnd::Refused => wire::WaitingEnd::Refused,
        WaitingEnd::LeftByKey => wire::WaitingEnd::LeftByKey,
        WaitingEnd::CalledBack => wire::WaitingEnd::CalledBack,
        WaitingEnd::TurnedAway(NotKept::Empty) => wire::WaitingEnd::TurnedAwayEmpty,
        WaitingEnd::SentAway(NotKept::Empty) => wire::WaitingEnd::SentAwayEmpty,
        WaitingEnd::TurnedAway(NotKept::Closed) => wire::WaitingEnd::TurnedAwayClosed,
        WaitingEnd::SentAway(NotKept::Closed) => wire::WaitingEnd::SentAwayClosed,
        WaitingEnd::TurnedAway(NotKept::Night) => wire::WaitingEnd::TurnedAwayNight,
        WaitingEnd::SentAway(NotKept::Night) => wire::WaitingEnd::SentAwayNight,
        WaitingEnd::TurnedAway(NotKept::Emergency) => wire::WaitingEnd::TurnedAwayEmergency,
        WaitingEnd::SentAway(NotKept::Emergency) => wire::WaitingEnd::SentAwayEmergency,
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

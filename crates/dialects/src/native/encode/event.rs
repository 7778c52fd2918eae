//! Facts, as the native stream calls them.

use std::collections::BTreeMap;

use cordial_engine::agent::WhyLoggedOut;
use cordial_engine::call::Widening;
use cordial_engine::command::Actor;
use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::fact::{Event, Fact};
use cordial_engine::id::{AgentId, CallId, Guid, LegId, OfferId, QueueId, RecordingId};
use cordial_engine::time::{Now, Timestamp};

use super::outbound::{not_out, outbound_rules};
use super::state::{duty, membership, pending_membership, wait_range};
use super::{
    Encoded, call_settings, cause, direction, endpoint, entry, entry_id, forward_to, handling, id, missed,
    of, offer_end, offer_of, parking_end, perhaps, priority, role, text, tier, transfer_to, waiting_end,
};
use super::{blacklist_prompts, consultation_end, feature_codes, joining};
use crate::names::{Named, Names, Unnamed};
use crate::native::wire::{self, By, Id, Message, Time, What};

/// Guids that a stream of events has told so far, so that what is gone from the engine can still be named.
#[derive(Clone, Debug, Default)]
pub struct Book(BTreeMap<(Kind, u64), Guid>);

impl Book {
    /// Guids kept; beyond it all are forgotten and asked for anew.
    const MAX: usize = 16_384;

    /// Keeps what an event says of a new thing's guid.
    pub fn learn(&mut self, event: &Event) {
        for (named, guid) in named(&event.fact) {
            self.keep(named, guid);
        }
    }

    /// Keeps the guid of a thing, found elsewhere.
    pub fn keep(&mut self, named: Named, guid: Guid) {
        if self.0.len() >= Self::MAX {
            self.0.clear();
        }
        self.0.insert(named.key(), guid);
    }
}

impl Names for Book {
    fn guid(&self, of: Named) -> Option<Guid> {
        self.0.get(&of.key()).copied()
    }
}

/// The things that a fact gives a guid to.
fn named(fact: &Fact) -> Vec<(Named, Guid)> {
    if let Fact::EntryAdded { id, guid, .. } = fact {
        vec![(Named::Entry(*id), *guid)]
    } else if let Fact::CallStarted { call, guid, .. } = fact {
        vec![(Named::Call(*call), *guid)]
    } else if let Fact::LegAdded { call, leg, guid, .. } = fact {
        vec![(Named::Leg(*call, *leg), *guid)]
    } else if let Fact::RecordingStarted { recording, guid, .. } = fact {
        vec![(Named::Recording(*recording), *guid)]
    } else {
        Vec::new()
    }
}

/// The message that tells an event; `None` for what is nobody's business outside.
pub fn message(event: &Event, names: &dyn Names) -> Encoded<Option<Message>> {
    let Some(what) = Teller { event, names }.what()? else {
        return Ok(None);
    };
    Ok(Some(Message { seq: event.seq, at: Time(event.wall), by: Some(by(event.by, names)?), what }))
}

/// Who brought something about.
pub(super) fn by(actor: Actor, names: &dyn Names) -> Encoded<By> {
    Ok(match actor {
        Actor::User(user) => By::User { id: id(names, user)? },
        Actor::Operator => By::Operator,
        Actor::Device(device) => By::Device { id: id(names, device)? },
        Actor::Network => By::Network,
        Actor::Policy => By::Policy,
    })
}

/// The message in place of an event about a thing that nobody can name, so that readers know of the gap.
pub fn untold(event: &Event, Unnamed(missing): Unnamed) -> Message {
    let what = What::Untold { missing: kind(missing.key().0).to_owned() };
    Message { seq: event.seq, at: Time(event.wall), by: None, what }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Tenant => "tenant",
        Kind::User => "user",
        Kind::Agent => "agent",
        Kind::Team => "team",
        Kind::Device => "device",
        Kind::Trunk => "trunk",
        Kind::Queue => "queue",
        Kind::Route => "route",
        Kind::Reason => "reason",
        Kind::Disposition => "disposition",
        Kind::Skill => "skill",
        Kind::PhoneBook => "phone_book",
        Kind::Contact => "contact",
        Kind::BlacklistedNumber => "blacklisted_number",
        Kind::Calendar => "calendar",
        Kind::Call => "call",
        Kind::Leg => "leg",
        Kind::Offer => "offer",
        Kind::Recording => "recording",
    }
}

/// One event with what is needed to tell it.
struct Teller<'a> {
    event: &'a Event,
    names: &'a dyn Names,
}

impl Teller<'_> {
    fn call(&self, call: CallId) -> Encoded<Id> {
        of(self.names, Named::Call(call))
    }

    fn offer(&self, call: CallId, offer: OfferId) -> Encoded<Id> {
        offer_of(call, offer, self.names)
    }

    fn leg(&self, call: CallId, leg: LegId) -> Encoded<Id> {
        of(self.names, Named::Leg(call, leg))
    }

    fn legs(&self, call: CallId, legs: &[LegId]) -> Encoded<Vec<Id>> {
        legs.iter().map(|leg| self.leg(call, *leg)).collect()
    }

    fn recording(&self, recording: RecordingId) -> Encoded<Id> {
        of(self.names, Named::Recording(recording))
    }

    fn agent(&self, agent: AgentId) -> Encoded<Id> {
        id(self.names, agent)
    }

    fn why_logged_out(&self, why: WhyLoggedOut) -> Encoded<wire::WhyLoggedOut> {
        Ok(match why {
            WhyLoggedOut::Asked => wire::WhyLoggedOut::Asked,
            WhyLoggedOut::Forced { by: who } => wire::WhyLoggedOut::Forced { by: by(who, self.names)? },
            WhyLoggedOut::DeskTaken { agent } => wire::WhyLoggedOut::DeskTaken { agent: self.agent(agent)? },
        })
    }

    fn queue(&self, queue: QueueId) -> Encoded<Id> {
        id(self.names, queue)
    }

    fn time(&self, at: Timestamp) -> Time {
        Time::of(Now { at: self.event.at, wall: self.event.wall }, at)
    }

    /// Every fact by name: a new one does not compile until it is told, or said to be nobody's business.
    #[expect(
        clippy::too_many_lines,
        reason = "one table, read from top to bottom; splitting it would need a wildcard"
    )]
    fn what(&self) -> Encoded<Option<What>> {
        let names = self.names;
        Ok(Some(match &self.event.fact {
            Fact::TenantAdded { guid, name, domain } => {
                What::TenantAdded { id: Id(*guid), name: name.to_string(), domain: domain.to_string() }
            }
            Fact::BlacklistPromptsSet { prompts } => {
                What::BlacklistPromptsSet { prompts: blacklist_prompts(prompts) }
            }
            Fact::CallerBlacklisted { call, queue, number } => What::CallerBlacklisted {
                call: of(names, Named::Call(*call))?,
                queue: of(names, Named::Entry(EntryId::Queue(*queue)))?,
                number: of(names, Named::Entry(EntryId::BlacklistedNumber(*number)))?,
            },
            Fact::FeatureCodesSet { codes } => What::FeatureCodesSet { codes: feature_codes(codes).codes },
            Fact::CalendarTurned { calendar, open, until, due: _ } => {
                What::CalendarTurned { calendar: id(names, *calendar)?, open: *open, until: until.map(Time) }
            }
            Fact::NightModeSet { queue, on } => What::NightModeSet { queue: id(names, *queue)?, on: *on },
            Fact::EmergencySet { queue, emergency } => What::EmergencySet {
                queue: perhaps(names, *queue)?,
                emergency: emergency.as_ref().map(|it| super::emergency(it, names)).transpose()?,
            },
            Fact::OutboundRulesSet { rules } => What::OutboundRulesSet { rules: outbound_rules(rules) },
            Fact::OutboundRefused { from, number, why } => What::OutboundRefused {
                from: endpoint(*from, names)?,
                number: number.as_str().to_owned(),
                why: not_out(*why),
            },
            Fact::EntryAdded { guid, entry: it, .. } => {
                What::EntryAdded { id: Id(*guid), entry: entry(it, names)? }
            }
            Fact::EntryChanged { id, entry: it } => {
                What::EntryChanged { id: entry_id(names, *id)?, entry: entry(it, names)? }
            }
            Fact::EntryRemoved { id } => What::EntryRemoved { id: entry_id(names, *id)? },
            Fact::AgentAssigned { agent, queue, tier: rank } => What::AgentAssigned {
                agent: self.agent(*agent)?,
                queue: self.queue(*queue)?,
                tier: tier(*rank),
            },
            Fact::TierSet { agent, queue, tier: rank } => {
                What::TierSet { agent: self.agent(*agent)?, queue: self.queue(*queue)?, tier: tier(*rank) }
            }
            Fact::AgentUnassigned { agent, queue } => {
                What::AgentUnassigned { agent: self.agent(*agent)?, queue: self.queue(*queue)? }
            }
            Fact::DeviceRegistered { device } => What::DeviceRegistered { device: id(names, *device)? },
            Fact::DeviceUnregistered { device } => What::DeviceUnregistered { device: id(names, *device)? },
            Fact::AgentLoggedIn { agent, device, moved_from } => What::AgentLoggedIn {
                agent: self.agent(*agent)?,
                device: id(names, *device)?,
                moved_from: perhaps(names, *moved_from)?,
            },
            Fact::AgentLoggedOut { agent, why, reason } => What::AgentLoggedOut {
                agent: self.agent(*agent)?,
                why: why.map(|why| self.why_logged_out(why)).transpose()?,
                reason: perhaps(names, *reason)?,
            },
            Fact::AgentReady { agent } => What::AgentReady { agent: self.agent(*agent)? },
            Fact::AgentNotReady { agent, duty: it } => {
                What::AgentNotReady { agent: self.agent(*agent)?, duty: duty(it, names)? }
            }
            Fact::DutyPending { agent, duty: it, reason } => What::DutyPending {
                agent: self.agent(*agent)?,
                duty: it.as_ref().map(|it| duty(it, names)).transpose()?,
                reason: perhaps(names, *reason)?,
            },
            Fact::CallSettingsSet { agent, settings } => {
                What::CallSettingsSet { agent: self.agent(*agent)?, settings: call_settings(settings) }
            }
            Fact::CallForwarded { call, agent, missed: it, to } => What::CallForwarded {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                missed: missed(*it),
                to: forward_to(to),
            },
            Fact::HandlingSet { agent, handling: it } => {
                What::HandlingSet { agent: self.agent(*agent)?, handling: handling(it) }
            }
            Fact::MembershipSet { agent, queue, membership: it } => What::MembershipSet {
                agent: self.agent(*agent)?,
                queue: self.queue(*queue)?,
                membership: membership(*it),
            },
            Fact::MembershipPending { agent, queue, wish } => What::MembershipPending {
                agent: self.agent(*agent)?,
                queue: self.queue(*queue)?,
                wish: wish.map(pending_membership),
            },
            Fact::AgentRested { agent, until } => {
                What::AgentRested { agent: self.agent(*agent)?, until: self.time(*until) }
            }
            Fact::AgentRestEnded { agent } => What::AgentRestEnded { agent: self.agent(*agent)? },
            Fact::CallStarted { guid, direction: it, caller, caller_name, dialled, .. } => {
                What::CallStarted {
                    call: Id(*guid),
                    direction: direction(*it),
                    caller: text(caller.as_ref()),
                    caller_name: caller_name.to_string(),
                    dialled: dialled.as_str().to_owned(),
                }
            }
            Fact::LegAdded { call, guid, role: it, arrived, endpoint: far, agent, .. } => What::LegAdded {
                call: self.call(*call)?,
                leg: Id(*guid),
                role: role(*it),
                arrived: *arrived,
                endpoint: endpoint(*far, names)?,
                agent: perhaps(names, *agent)?,
            },
            Fact::LegRinging { call, leg } => {
                What::LegRinging { call: self.call(*call)?, leg: self.leg(*call, *leg)? }
            }
            Fact::LegAnswered { call, leg } => {
                What::LegAnswered { call: self.call(*call)?, leg: self.leg(*call, *leg)? }
            }
            // What the node keeps for ending the leg after a crash: opaque, and it holds the far end's tags.
            Fact::LegSaved { .. } | Fact::AccessNoted { .. } => return Ok(None),
            Fact::LegHeld { call, leg, by_command } => What::LegHeld {
                call: self.call(*call)?,
                leg: self.leg(*call, *leg)?,
                by_command: *by_command,
            },
            Fact::LegRetrieved { call, leg, by_command } => What::LegRetrieved {
                call: self.call(*call)?,
                leg: self.leg(*call, *leg)?,
                by_command: *by_command,
            },
            Fact::LegMuted { call, leg, muted } => {
                What::LegMuted { call: self.call(*call)?, leg: self.leg(*call, *leg)?, muted: *muted }
            }
            Fact::DigitsSent { call, leg, digits } => {
                What::DigitsSent { call: self.call(*call)?, leg: self.leg(*call, *leg)?, digits: *digits }
            }
            Fact::LegsMixed { call, legs } => {
                What::LegsMixed { call: self.call(*call)?, legs: self.legs(*call, legs)? }
            }
            Fact::LegMoved { leg, from, to } => {
                What::LegMoved { leg: self.leg(*from, *leg)?, from: self.call(*from)?, to: self.call(*to)? }
            }
            Fact::ConsultationStarted { call, of, leg, device, agent } => What::ConsultationStarted {
                call: self.call(*call)?,
                of: self.call(*of)?,
                leg: self.leg(*of, *leg)?,
                device: id(names, *device)?,
                agent: perhaps(names, *agent)?,
            },
            Fact::ConsultationEnded { call, of, end } => What::ConsultationEnded {
                call: self.call(*call)?,
                of: self.call(*of)?,
                end: consultation_end(*end),
            },
            Fact::CallsJoined { call, from, legs, how, device, agent } => What::CallsJoined {
                call: self.call(*call)?,
                from: self.call(*from)?,
                legs: self.legs(*from, legs)?,
                how: joining(*how),
                device: id(names, *device)?,
                agent: perhaps(names, *agent)?,
            },
            Fact::LegCleared { call, leg, cause: why } => {
                What::LegCleared { call: self.call(*call)?, leg: self.leg(*call, *leg)?, cause: cause(*why) }
            }
            Fact::LegsBridged { call, a, b } => What::LegsBridged {
                call: self.call(*call)?,
                a: self.leg(*call, *a)?,
                b: self.leg(*call, *b)?,
            },
            Fact::LegsUnbridged { call, a, b } => What::LegsUnbridged {
                call: self.call(*call)?,
                a: self.leg(*call, *a)?,
                b: self.leg(*call, *b)?,
            },
            Fact::FeatureCodeDialled { call, agent, feature, argument, refused } => {
                What::FeatureCodeDialled {
                    call: self.call(*call)?,
                    agent: perhaps(names, *agent)?,
                    feature: feature.word().to_owned(),
                    argument: text(argument.as_ref()),
                    refused: refused.as_ref().map(ToString::to_string),
                }
            }
            Fact::CallTransferred { call, leg, device, agent, to } => What::CallTransferred {
                call: self.call(*call)?,
                leg: self.leg(*call, *leg)?,
                device: id(names, *device)?,
                agent: perhaps(names, *agent)?,
                to: transfer_to(to, names)?,
            },
            Fact::CallParked { call, leg, slot, device, until, reminded } => What::CallParked {
                call: self.call(*call)?,
                leg: self.leg(*call, *leg)?,
                slot: *slot,
                device: id(names, *device)?,
                until: self.time(*until),
                reminded: *reminded,
            },
            Fact::ParkingEnded { call, slot, end } => {
                What::ParkingEnded { call: self.call(*call)?, slot: *slot, end: parking_end(*end) }
            }
            Fact::MonitoringAsked { call, agent, monitored, follows, whispers } => What::MonitoringAsked {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                monitored: monitored.map(|call| self.call(call)).transpose()?,
                follows: *follows,
                whispers: *whispers,
            },
            Fact::MonitoringStarted { call, monitored, agent, follows, whispers } => {
                What::MonitoringStarted {
                    call: self.call(*call)?,
                    monitored: self.call(*monitored)?,
                    agent: self.agent(*agent)?,
                    follows: *follows,
                    whispers: *whispers,
                }
            }
            Fact::MonitoringWaits { call } => What::MonitoringWaits { call: self.call(*call)? },
            Fact::MonitoringModeSet { call, whispers } => {
                What::MonitoringModeSet { call: self.call(*call)?, whispers: *whispers }
            }
            Fact::VariablesSet { call, variables } => What::VariablesSet {
                call: self.call(*call)?,
                variables: variables
                    .iter()
                    .map(|(name, value)| (name.as_str().to_owned(), value.as_ref().map(ToString::to_string)))
                    .collect(),
            },
            Fact::NumberAsked { call, agent, feature, digits } => What::NumberAsked {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                feature: feature.word().to_owned(),
                digits: digits.to_string(),
            },
            Fact::LogInAsked { call, digits, pin, wrong } => What::LogInAsked {
                call: self.call(*call)?,
                digits: digits.to_string(),
                pin: *pin,
                wrong: *wrong,
            },
            Fact::PinRefused { call, agent, wrong, until } => What::PinRefused {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                wrong: *wrong,
                until: until.map(|until| self.time(until)),
            },
            Fact::MailboxReached { call, agent } => {
                What::MailboxReached { call: self.call(*call)?, agent: self.agent(*agent)? }
            }
            Fact::MailboxOpened { call, agent } => {
                What::MailboxOpened { call: self.call(*call)?, agent: self.agent(*agent)? }
            }
            Fact::MessagePlayed { call, agent, message } => What::MessagePlayed {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                message: self.recording(*message)?,
            },
            Fact::MessageLeft { agent, guid, caller, caller_name, audio_ms, .. } => What::MessageLeft {
                agent: self.agent(*agent)?,
                message: Id(*guid),
                caller: text(caller.as_ref()),
                caller_name: caller_name.to_string(),
                audio_ms: *audio_ms,
            },
            Fact::MessageMarked { agent, message, heard } => What::MessageMarked {
                agent: self.agent(*agent)?,
                message: self.recording(*message)?,
                heard: *heard,
            },
            Fact::MessageRemoved { agent, message } => {
                What::MessageRemoved { agent: self.agent(*agent)?, message: self.recording(*message)? }
            }
            Fact::AnnouncementStarted { call, prompts } => What::AnnouncementStarted {
                call: self.call(*call)?,
                prompts: prompts.iter().map(ToString::to_string).collect(),
            },
            Fact::GreetingStarted { call, prompt } => {
                What::GreetingStarted { call: self.call(*call)?, prompt: prompt.to_string() }
            }
            Fact::AgentConnected { call, agent, leg, queue } => What::AgentConnected {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                leg: self.leg(*call, *leg)?,
                queue: perhaps(names, *queue)?,
            },
            Fact::AgentDisconnected { call, agent } => {
                What::AgentDisconnected { call: self.call(*call)?, agent: self.agent(*agent)? }
            }
            Fact::CallCleared { call, cause: why } => {
                What::CallCleared { call: self.call(*call)?, cause: cause(*why) }
            }
            Fact::CallClosed { call } => What::CallClosed { call: self.call(*call)? },
            Fact::CallQueued { call, queue, entered, priority: how, preferred } => What::CallQueued {
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                entered: self.time(*entered),
                priority: priority(*how),
                preferred: match preferred {
                    Some(it) => {
                        Some(wire::Preferred { agent: self.agent(it.agent)?, until: self.time(it.until) })
                    }
                    None => None,
                },
            },
            Fact::CallerTold { call, queue, position, wait, message } => What::CallerTold {
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                position: *position,
                wait: wait.map(wait_range),
                message: *message,
            },
            Fact::ServiceLevelBreached { call, queue, breached, waiting } => What::ServiceLevelBreached {
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                breached: *breached,
                waiting: *waiting,
            },
            Fact::CallbackAsked { call, of, queue, number, until } => What::CallbackAsked {
                call: self.call(*call)?,
                of: self.call(*of)?,
                queue: self.queue(*queue)?,
                number: number.as_str().to_owned(),
                until: self.time(*until),
            },
            Fact::BriefingStarted { call, agent, leg, prompt } => What::BriefingStarted {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                leg: self.leg(*call, *leg)?,
                prompt: prompt.to_string(),
            },
            Fact::SearchWidened { call, queue, by } => What::SearchWidened {
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                by: match by {
                    Widening::Step(step) => wire::Widening::Step { step: *step },
                    Widening::OneMore => wire::Widening::OneMore,
                    Widening::Anyone => wire::Widening::Anyone,
                    Widening::Promoted => wire::Widening::Promoted,
                },
            },
            Fact::WaitingEnded { call, queue, end, waited_ms } => What::WaitingEnded {
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                end: waiting_end(*end),
                waited_ms: *waited_ms,
            },
            Fact::OfferMade { offer, call, queue, agent, leg, deadline } => What::OfferMade {
                offer: self.offer(*call, *offer)?,
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                agent: self.agent(*agent)?,
                leg: self.leg(*call, *leg)?,
                deadline: self.time(*deadline),
            },
            Fact::OfferEnded { offer, call, agent, end } => What::OfferEnded {
                offer: self.offer(*call, *offer)?,
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                end: offer_end(*call, *end, names)?,
            },
            Fact::WrapUpStarted { agent, call, queue, until } => What::WrapUpStarted {
                agent: self.agent(*agent)?,
                call: self.call(*call)?,
                queue: self.queue(*queue)?,
                until: self.time(*until),
            },
            Fact::WrapUpExtended { agent, call, until } => What::WrapUpExtended {
                agent: self.agent(*agent)?,
                call: self.call(*call)?,
                until: self.time(*until),
            },
            Fact::WrapUpEnded { agent, call } => {
                What::WrapUpEnded { agent: self.agent(*agent)?, call: self.call(*call)? }
            }
            Fact::DispositionSet { call, agent, disposition, note } => What::DispositionSet {
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
                disposition: id(names, *disposition)?,
                note: note.to_string(),
            },
            Fact::RecordingStarted { guid, call, agent, .. } => What::RecordingStarted {
                recording: Id(*guid),
                call: self.call(*call)?,
                agent: self.agent(*agent)?,
            },
            Fact::RecordingPaused { recording, call, reason } => What::RecordingPaused {
                recording: self.recording(*recording)?,
                call: self.call(*call)?,
                reason: reason.to_string(),
            },
            Fact::RecordingResumed { recording, call } => {
                What::RecordingResumed { recording: self.recording(*recording)?, call: self.call(*call)? }
            }
            Fact::RecordingStopped { recording, call } => {
                What::RecordingStopped { recording: self.recording(*recording)?, call: self.call(*call)? }
            }
            Fact::RecordingSaved { recording, call, audio_ms, paused_ms, bytes } => What::RecordingSaved {
                recording: self.recording(*recording)?,
                call: self.call(*call)?,
                audio_ms: *audio_ms,
                paused_ms: *paused_ms,
                bytes: *bytes,
            },
            Fact::RecordingFailed { recording, call, why } => What::RecordingFailed {
                recording: self.recording(*recording)?,
                call: self.call(*call)?,
                why: why.to_string(),
            },
            Fact::NodeStarted { version } => What::NodeStarted { version: version.to_string() },
        }))
    }
}

#[cfg(test)]
mod tests {
    use cordial_engine::agent::Duty;
    use cordial_engine::call::{Direction, OfferEnd, Role, Withdrawn};
    use cordial_engine::command::Endpoint;
    use cordial_engine::entry::{Entry, EntryId, Name, Team};
    use cordial_engine::id::{DeviceId, OfferId, TeamId, TenantId, TrunkId};
    use cordial_engine::text::Number;
    use cordial_engine::time::WallTime;
    use expect_test::{Expect, expect};

    use super::*;

    fn event(fact: Fact) -> Event {
        Event {
            seq: 9,
            at: Timestamp(5_000),
            wall: WallTime(0),
            tenant: TenantId(1),
            by: Actor::Policy,
            origin: None,
            fact,
        }
    }

    /// Everything has the guid of its number.
    struct ByNumber;

    impl Names for ByNumber {
        fn guid(&self, of: Named) -> Option<Guid> {
            Some(Guid(u128::from(of.key().1)))
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that each case ends in a plain `expect![..]`")]
    fn check(fact: Fact, want: Expect) {
        let told = message(&event(fact), &ByNumber).unwrap();
        if let Some(told) = &told {
            let written = serde_json::to_value(told).unwrap();
            assert_eq!(written["type"], told.name(), "the name in code is the name on the wire");
        }
        want.assert_eq(&told.map(|told| serde_json::to_string(&told).unwrap()).unwrap_or_default());
    }

    #[test]
    fn facts_are_told_by_guid_and_wall_time() {
        check(
            Fact::AgentRested { agent: AgentId(3), until: Timestamp(8_000) },
            expect![[
                r#"{"seq":9,"at":"1970-01-01T00:00:00.000Z","by":{"kind":"policy"},"type":"agent_rested","data":{"agent":"00000000000000000000000000000003","until":"1970-01-01T00:00:03.000Z"}}"#
            ]],
        );
        check(
            Fact::DutyPending { agent: AgentId(3), duty: Some(Duty::Ready), reason: None },
            expect![[
                r#"{"seq":9,"at":"1970-01-01T00:00:00.000Z","by":{"kind":"policy"},"type":"duty_pending","data":{"agent":"00000000000000000000000000000003","duty":{"state":"ready"},"reason":null}}"#
            ]],
        );
        check(
            Fact::EntryAdded {
                id: EntryId::Team(TeamId(4)),
                guid: Guid(0xabc),
                entry: Entry::Team(Team { name: Name::parse("Day").unwrap(), sees_monitoring: false }),
            },
            expect![[
                r#"{"seq":9,"at":"1970-01-01T00:00:00.000Z","by":{"kind":"policy"},"type":"entry_added","data":{"id":"00000000000000000000000000000abc","entry":{"kind":"team","name":"Day","sees_monitoring":false}}}"#
            ]],
        );
    }

    #[test]
    fn what_ends_a_leg_after_a_crash_is_nobodys_business() {
        check(Fact::LegSaved { leg: LegId(1), dialog: "secret tags".to_owned() }, expect![""]);
    }

    #[test]
    fn an_offer_bears_the_same_guid_when_it_is_made_and_when_it_ended() {
        let (offer, call, agent) = (OfferId(2), CallId(1), AgentId(3));
        let (queue, leg, deadline) = (QueueId(5), LegId(6), Timestamp(9_000));
        let id_of = |fact| {
            let told = message(&event(fact), &ByNumber).unwrap().unwrap();
            serde_json::to_value(&told).unwrap()["data"]["offer"].clone()
        };
        let made = id_of(Fact::OfferMade { offer, call, queue, agent, leg, deadline });
        let end = OfferEnd::Withdrawn(Withdrawn::CallerGone);
        assert_eq!(made, id_of(Fact::OfferEnded { offer, call, agent, end }));
        let other = OfferId(3);
        assert_ne!(made, id_of(Fact::OfferMade { offer: other, call, queue, agent, leg, deadline }));
    }

    #[test]
    fn an_event_about_what_nobody_can_name_says_that_there_is_a_gap() {
        let ringing = event(Fact::LegRinging { call: CallId(1), leg: LegId(2) });
        let unnamed = message(&ringing, &Book::default()).map(|_| ()).expect_err("nothing is known");
        let told = serde_json::to_string(&untold(&ringing, unnamed)).unwrap();
        expect![[r#"{"seq":9,"at":"1970-01-01T00:00:00.000Z","type":"untold","data":{"missing":"call"}}"#]]
            .assert_eq(&told);
    }

    #[test]
    fn the_book_learns_what_the_stream_tells_and_misses_what_it_did_not() {
        let mut book = Book::default();
        let started = Fact::CallStarted {
            call: CallId(1),
            guid: Guid(11),
            direction: Direction::Inbound,
            caller: None,
            caller_name: Name::default(),
            dialled: Number::parse("100").unwrap(),
        };
        let added = Fact::LegAdded {
            call: CallId(1),
            leg: LegId(2),
            guid: Guid(12),
            role: Role::Caller,
            arrived: true,
            endpoint: Endpoint::Trunk(TrunkId(7)),
            agent: None,
        };
        let missing = |named| Err(Unnamed(named));
        let ringing = event(Fact::LegRinging { call: CallId(1), leg: LegId(2) });
        assert_eq!(message(&ringing, &book).map(|_| ()), missing(Named::Call(CallId(1))));
        book.learn(&event(started));
        assert_eq!(message(&ringing, &book).map(|_| ()), missing(Named::Leg(CallId(1), LegId(2))));
        book.learn(&event(added));
        assert!(message(&ringing, &book).is_ok());
        let device = event(Fact::DeviceRegistered { device: DeviceId(1) });
        assert_eq!(message(&device, &book).map(|_| ()), missing(Named::Entry(EntryId::Device(DeviceId(1)))));
    }
}

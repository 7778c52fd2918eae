//! A tenant's floor as a session of a dialect needs it: who is at which desk doing what, and which calls there are.
//!
//! Foreign events speak of states (`agent-status-change`) where ours speak of facts. A floor is a fold: made once from
//! the engine's views, brought on by each event, so that a state is told as it was at that event, however late the
//! reader is. It is never asked for a decision.

mod apply;
mod begin;
mod part;

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Absence, DeviceState, Duty, Handling, Membership, WhyNotReady};
use cordial_engine::call::{Direction, LegPhase, Role};
use cordial_engine::entry::{ReasonCategory, Tier};
use cordial_engine::id::{
    AgentId, CallId, DeviceId, Guid, LegId, OfferId, QueueId, ReasonId, TeamId, UserId,
};
use cordial_engine::{Timestamp, WallTime};

pub use self::part::Part;
use crate::webitel::status::{Axes, Doing, Stance};

/// The fold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Floor {
    /// The tenant's guid, once it is known.
    pub tenant: Option<Guid>,
    /// The tenant's SIP domain.
    pub domain: String,
    /// Everybody who takes calls.
    pub agents: BTreeMap<AgentId, Seat>,
    /// Every phone.
    pub devices: BTreeMap<DeviceId, Desk>,
    /// The logins' names.
    pub users: BTreeMap<UserId, String>,
    /// Every queue.
    pub queues: BTreeMap<QueueId, Line>,
    /// Calls whose records are open.
    pub calls: BTreeMap<CallId, Talk>,
    /// Live legs.
    pub legs: BTreeMap<LegId, Party>,
    /// The tenant's reasons for not being ready.
    pub reasons: BTreeMap<ReasonId, Reason>,
    /// The teams' names.
    pub teams: BTreeMap<TeamId, String>,
    /// The devices by their numbers.
    numbers: BTreeMap<String, DeviceId>,
}

/// A reason of the tenant's for not being ready, or for logging out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its name.
    pub name: String,
    /// What it can be given for.
    pub category: ReasonCategory,
    /// What kind of absence it is.
    pub absence: Absence,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The guid.
    pub guid: Guid,
    /// The name.
    pub name: String,
    /// The person's own number, if there is one.
    pub number: Option<String>,
    /// The login that acts as him.
    pub user: Option<UserId>,
    /// The team.
    pub team: Option<TeamId>,
    /// Where logged in.
    pub device: Option<DeviceId>,
    /// What the person wants.
    pub duty: Duty,
    /// What he is to be after what he does now.
    pub pending: Option<Duty>,
    /// What happens to direct calls.
    pub handling: Handling,
    /// The agent's part in each queue.
    pub memberships: BTreeMap<QueueId, Membership>,
    /// The agent's rank in each queue.
    pub tiers: BTreeMap<QueueId, Tier>,
    /// The live offer, with its leg.
    pub offer: Option<(OfferId, LegId)>,
    /// The calls talked in, by leg: through which queue.
    pub parts: BTreeMap<LegId, (CallId, Option<QueueId>)>,
    /// The wrap-up that goes on: after which call, in which queue.
    pub wrap_up: Option<(CallId, QueueId)>,
    /// When the duty last changed, for people.
    pub since: WallTime,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The guid.
    pub guid: Guid,
    /// Its number.
    pub number: String,
    /// What it is shown as.
    pub name: String,
    /// Whether it has a binding.
    pub registered: bool,
    /// Its live legs.
    pub legs: BTreeSet<LegId>,
    /// Who is logged in at it.
    pub agent: Option<AgentId>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The guid.
    pub guid: Guid,
    /// Its name.
    pub name: String,
    /// Its number, if it has one.
    pub number: Option<String>,
    /// Wait within which a call should be answered. Milliseconds.
    pub service_level_ms: u64,
    /// Whether an agent is ready again after a wrap-up.
    pub auto_ready: bool,
    /// Calls waiting, by when each entered.
    pub waiting: BTreeSet<(Timestamp, CallId)>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The guid.
    pub guid: Guid,
    /// Whence.
    pub direction: Direction,
    /// Who calls; empty when withheld.
    pub caller: String,
    /// What the caller calls himself.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// When it began.
    pub began: WallTime,
    /// The leg that it began with.
    pub first: Option<LegId>,
    /// That leg's guid, which outlives it.
    pub first_guid: Option<Guid>,
    /// Where it waits or waited, and since when.
    pub queued: Option<(QueueId, WallTime)>,
    /// Since when it waits, as long as it does.
    pub waits: Option<Timestamp>,
    /// Whether it is to call somebody back.
    pub is_callback: bool,
    /// Its live legs.
    pub legs: BTreeSet<LegId>,
    /// The phones that ever had a part in it.
    pub phones: BTreeSet<DeviceId>,
    /// The phone that was rung last, or that answered.
    pub target: Option<DeviceId>,
    /// Whether whom it was for ever answered.
    pub answered: bool,
    /// Who was offered it, for what is told at the end of each part.
    pub served: BTreeMap<AgentId, Served>,
    /// Where one of those who talk in it asks somebody else.
    pub consultation: Option<Consultation>,
    /// The call for which somebody asks in this one.
    pub consults_for: Option<CallId>,
    /// What somebody hears from it as a supervisor.
    pub ear: Option<Ear>,
    /// What applications keep with it.
    pub variables: BTreeMap<String, String>,
}

/// Where somebody asks on behalf of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consultation {
    /// The call in which he asks.
    pub call: CallId,
    /// His leg, in either of the two.
    pub leg: LegId,
}

/// A supervisor's ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ear {
    /// On whom.
    pub agent: AgentId,
    /// What is heard, or will be when the supervisor is there.
    pub call: Option<CallId>,
}

/// How an agent came to serve a queue's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// By which leg.
    pub leg: Guid,
    /// When the offer was made.
    pub called: WallTime,
    /// When it was accepted.
    pub answered: Option<WallTime>,
}

/// A leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The guid.
    pub guid: Guid,
    /// Of which call.
    pub call: CallId,
    /// Caller or callee.
    pub role: Role,
    /// At which device, if at one.
    pub device: Option<DeviceId>,
    /// Where it is on its way.
    pub phase: LegPhase,
    /// By how many ways it is held: at the phone, by command.
    pub holds: u8,
    /// Whether it is of a supervisor who joined them. Not known of those who had when the floor began.
    pub barged: bool,
    /// The number by which he was called, of who has gone over into another call since. Not known of those who had when the
    /// floor began.
    pub called_as: Option<String>,
}

/// What an event made of the floor, as far as states go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// An agent whose axes changed.
    pub agent: Option<Change>,
    /// A device whose state changed.
    pub device: Option<DeviceId>,
    /// The name of a login that is gone.
    pub gone: Option<String>,
}

/// What an event made of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub agent: AgentId,
    /// As it was.
    pub before: Axes,
    /// As it is.
    pub after: Axes,
}

impl Seat {
    /// Of an agent who is new: he is out.
    const fn new(guid: Guid, since: WallTime) -> Self {
        Self {
            guid,
            name: String::new(),
            number: None,
            user: None,
            team: None,
            device: None,
            duty: Duty::LoggedOut,
            pending: None,
            handling: Handling::Ring,
            memberships: BTreeMap::new(),
            tiers: BTreeMap::new(),
            offer: None,
            parts: BTreeMap::new(),
            wrap_up: None,
            since,
        }
    }
}

impl Floor {
    /// An agent on the axes of the status tables.
    #[must_use]
    pub fn axes(&self, agent: AgentId) -> Option<Axes> {
        self.agents.get(&agent).map(|seat| self.axes_of(seat))
    }

    fn axes_of(&self, seat: &Seat) -> Axes {
        let desk = seat.device.and_then(|device| self.devices.get(&device));
        Axes {
            device: desk.map_or(DeviceState::Unregistered, Desk::state),
            stance: self.stance(&seat.duty),
            handling: seat.handling.clone(),
            doing: self.doing(seat, desk),
        }
    }

    /// What a duty means here.
    #[must_use]
    pub fn stance(&self, duty: &Duty) -> Stance {
        match duty {
            Duty::LoggedOut => Stance::LoggedOut,
            Duty::Ready => Stance::Ready,
            Duty::NotReady { reason: None, .. } => Stance::Fresh,
            Duty::NotReady { reason: Some(why), .. } => Stance::Absent(match why {
                WhyNotReady::Reason(reason) => {
                    self.reasons.get(reason).map_or_else(Absence::default, |known| known.absence)
                }
                WhyNotReady::Absence(absence) => *absence,
                // As `mod_callcenter` does with who does not answer.
                WhyNotReady::NoAnswer
                | WhyNotReady::Declined
                | WhyNotReady::Unreachable
                | WhyNotReady::Busy => Absence::Break,
            }),
        }
    }

    fn doing(&self, seat: &Seat, desk: Option<&Desk>) -> Doing {
        let talk = |leg: &LegId| self.legs.get(leg).map_or(Doing::OtherCall, |party| self.own_call(party));
        if seat.wrap_up.is_some() {
            Doing::WrapUp
        } else if seat.parts.values().any(|(_, queue)| queue.is_some()) {
            Doing::QueueCall
        } else if let Some((_, leg)) = seat.offer {
            self.legs.get(&leg).map_or(Doing::Reserved, |party| offered(party.phase))
        } else if let Some(leg) = seat.parts.keys().next() {
            talk(leg)
        } else {
            desk.and_then(|desk| desk.legs.first()).map_or(Doing::Nothing, talk)
        }
    }

    fn own_call(&self, party: &Party) -> Doing {
        let call = self.calls.get(&party.call);
        match (party.role, call.map(|talk| (talk.direction, talk.waits.is_some()))) {
            (Role::Caller, Some((Direction::Outbound, _))) => Doing::Outbound,
            // The leg of an offer that is about to be made, or was just accepted.
            (Role::Callee, Some((_, true))) => offered(party.phase),
            (Role::Caller | Role::Callee, _) => Doing::OtherCall,
        }
    }

    /// The agent who is logged in at a device.
    #[must_use]
    pub fn agent_at(&self, device: DeviceId) -> Option<AgentId> {
        self.devices.get(&device)?.agent
    }

    /// The device with a number.
    #[must_use]
    pub fn phone_called(&self, number: &str) -> Option<DeviceId> {
        self.numbers.get(number).copied()
    }

    /// The device that an agent uses, else the one whose number is his name.
    #[must_use]
    pub fn phone_of(&self, seat: &Seat) -> Option<DeviceId> {
        seat.device.or_else(|| self.phone_called(&seat.name))
    }

    /// The state of a device.
    #[must_use]
    pub fn device_state(&self, device: DeviceId) -> Option<DeviceState> {
        self.devices.get(&device).map(Desk::state)
    }

    /// What an agent wrote beside why he is not ready.
    #[must_use]
    pub fn note(&self, agent: AgentId) -> &str {
        match self.agents.get(&agent).map(|seat| &seat.duty) {
            Some(Duty::NotReady { note, .. }) => note.as_str(),
            Some(Duty::LoggedOut | Duty::Ready) | None => "",
        }
    }
}

const fn offered(phase: LegPhase) -> Doing {
    match phase {
        LegPhase::Ringing | LegPhase::Answered | LegPhase::Held => Doing::Receiving,
        LegPhase::Dialled | LegPhase::Arrived => Doing::Reserved,
    }
}

impl Line {
    /// Where a call stands in the line, from 1; 0 when it does not.
    #[must_use]
    pub fn position(&self, call: CallId) -> usize {
        self.waiting.iter().position(|(_, waiting)| *waiting == call).map_or(0, |before| before + 1)
    }
}

impl Desk {
    fn state(&self) -> DeviceState {
        match (self.registered, self.legs.is_empty()) {
            (false, _) => DeviceState::Unregistered,
            (true, true) => DeviceState::Idle,
            (true, false) => DeviceState::Busy,
        }
    }
}

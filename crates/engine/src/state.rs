//! Everything the engine knows, as one value. Only [`State::apply`] changes it, so applying the same events gives an
//! equal state.

mod agent;
mod apply;
mod calendar;
mod call;
mod directory;
mod line;
mod outbound;
mod pace;
mod place;
mod pool;
mod queue;
mod vacancy;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(crate) use agent::{Agent, Assignment, Message};
pub(crate) use calendar::Calendar;
pub(crate) use call::{Call, Consultation, EndedLeg, Leg, Parked, Recording};
pub(crate) use directory::{Blacklisted, Device, Filed, PhoneBook, Tenant};
pub(crate) use outbound::Outbound;
pub(crate) use place::Place;
pub(crate) use pool::{Group, Levels, Match, Pool, Spot, step_after};
pub(crate) use queue::{Offer, Queue};
pub(crate) use vacancy::{Presence, Vacancy};

use crate::entry;
use crate::entry::Name;
use crate::id::{
    AgentId, BlacklistedNumberId, CalendarId, CallId, ContactId, DeviceId, DispositionId, LegId, OfferId,
    PhoneBookId, QueueId, ReasonId, RecordingId, RouteId, SkillId, TeamId, TenantId, TrunkId, UserId,
};
use crate::text::Text;
use crate::time::{Now, Timestamp, WallTime};
use crate::timer::Timer;

/// The state of all tenants after some event. Serialisable, for snapshots; what is inside is read through the
/// queries of [`crate::Engine`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last event applied.
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) wall: WallTime,
    pub(crate) last: LastIds,

    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    /// In lower case.
    pub(crate) domains: BTreeMap<Text<255>, TenantId>,
    pub(crate) tenant_names: BTreeMap<Name, TenantId>,

    pub(crate) users: BTreeMap<UserId, Filed<entry::User>>,
    pub(crate) agents: BTreeMap<AgentId, Agent>,
    pub(crate) teams: BTreeMap<TeamId, Filed<entry::Team>>,
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) trunks: BTreeMap<TrunkId, Filed<entry::Trunk>>,
    pub(crate) queues: BTreeMap<QueueId, Queue>,
    pub(crate) routes: BTreeMap<RouteId, Filed<entry::Route>>,
    pub(crate) reasons: BTreeMap<ReasonId, Filed<entry::Reason>>,
    pub(crate) dispositions: BTreeMap<DispositionId, Filed<entry::Disposition>>,
    pub(crate) skills: BTreeMap<SkillId, Filed<entry::Skill>>,
    pub(crate) blacklist: BTreeMap<BlacklistedNumberId, Blacklisted>,
    pub(crate) phone_books: BTreeMap<PhoneBookId, PhoneBook>,
    pub(crate) contacts: BTreeMap<ContactId, Filed<entry::Contact>>,
    pub(crate) calendars: BTreeMap<CalendarId, Calendar>,

    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    /// The first to end first.
    pub(crate) ended_legs: VecDeque<EndedLeg>,
    pub(crate) offers: BTreeMap<OfferId, Offer>,
    pub(crate) recordings: BTreeMap<RecordingId, Recording>,

    pub(crate) timers: BTreeSet<(Timestamp, Timer)>,
    /// For each queue the first call that wants an agent and reaches one, and for each agent the first call that is for him,
    /// when he could be offered it. Empty between inputs: whoever can be matched has been.
    pub(crate) matchable: BTreeSet<Match>,
}

/// The last id given, per kind. Follows from the facts that gave them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastIds {
    pub(crate) tenant: u64,
    /// One count for all kinds of entry.
    pub(crate) entry: u64,
    pub(crate) call: u64,
    pub(crate) leg: u64,
    pub(crate) offer: u64,
    pub(crate) recording: u64,
}

impl State {
    /// When the last event applied happened.
    pub(crate) const fn now(&self) -> Now {
        Now { at: self.at, wall: self.wall }
    }

    pub(crate) fn set_timer(&mut self, due: Timestamp, timer: Timer) {
        self.timers.insert((due, timer));
    }

    pub(crate) fn clear_timer(&mut self, due: Timestamp, timer: Timer) {
        self.timers.remove(&(due, timer));
    }
}

/// Look-ups of what is known to be there: facts name existing things, and what is in use is not removed.
impl State {
    pub(crate) fn device(&self, id: DeviceId) -> &Device {
        self.devices.get(&id).expect("a device in use is not removed")
    }

    pub(crate) fn trunk(&self, id: TrunkId) -> &entry::Trunk {
        &self.trunks.get(&id).expect("a trunk on the plan is there").entry
    }

    pub(crate) fn route(&self, id: RouteId) -> &entry::Route {
        &self.routes.get(&id).expect("a route on the plan is there").entry
    }

    pub(crate) fn leg(&self, id: LegId) -> &Leg {
        self.legs.get(&id).expect("a call names live legs only")
    }

    pub(crate) fn offer(&self, id: OfferId) -> Offer {
        *self.offers.get(&id).expect("calls and agents name live offers only")
    }
}

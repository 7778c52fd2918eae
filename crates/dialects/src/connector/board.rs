//! What each agent was told last, and what he is to be told now: a fold of the tenant's events.
//!
//! The document speaks of *dialogs*: a call as one agent has it, in the state of his own part. A call that he holds to ask
//! somebody else stays his dialog, although his leg is elsewhere ([`face`]). What changed since he was told is told, and
//! nothing else, so that no fact can be forgotten and none is told twice.

mod face;

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::agent::{Absence, Duty, WhyNotReady};
use cordial_engine::entry::ReasonCategory;
use cordial_engine::id::{AgentId, CallId, DeviceId, LegId, OfferId, QueueId, ReasonId, TeamId};
use cordial_engine::{Event as Happened, Fact, WallTime};
use jiff::Timestamp;

use super::event::{AgentState, AgentWord, CallEvent, CallWord, Dialog, Event};
use super::info::{Info, Queue, User};
use crate::floor::{Floor, Part, Reason, Seat};

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Everything that is told of.
    floor: Floor,
    told: BTreeMap<AgentId, Told>,
    /// Who has a call among his dialogs.
    has: BTreeMap<CallId, BTreeSet<AgentId>>,
}

/// What an agent was told last.
#[derive(Clone, Debug)]
struct Told {
    state: AgentState,
    dialogs: BTreeMap<CallId, Face>,
}

/// A call as one agent has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Face {
    kind: FaceKind,
    /// The leg by which he has it.
    leg: Option<LegId>,
    dialog: Dialog,
}

/// Which part of the document a dialog is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaceKind {
    /// It came to him.
    In,
    /// He makes it.
    Out,
    /// He asks somebody in it.
    Consultation,
}

/// Something to be told about an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// To and about whom.
    pub agent: AgentId,
    /// What.
    pub event: Event,
}

/// How an agent is called here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The login: the name of the user who acts as him, else his own.
    pub login: String,
    /// His name.
    pub full_name: String,
    /// The first word of it.
    pub first_name: String,
    /// The rest.
    pub last_name: String,
}

impl Board {
    /// How things are: from here on only what changes is told.
    #[must_use]
    pub fn new(floor: Floor) -> Self {
        let mut board = Self { floor, ..Self::default() };
        let agents: Vec<AgentId> = board.floor.agents.keys().copied().collect();
        for agent in agents {
            // Nothing of it is news.
            board.look(agent, None, None);
        }
        board
    }

    /// Brings the board on by an event of its tenant, and gives what is to be told.
    pub fn apply(&mut self, event: &Happened) -> Vec<News> {
        let mut concerned = self.concerned(&event.fact);
        let failed = self.failing(&event.fact);
        self.floor.apply(event);
        concerned.extend(self.concerned(&event.fact));
        let mut news: Vec<News> = Vec::new();
        for agent in concerned {
            news.extend(self.look(agent, failed.as_ref(), Some(event.wall)));
        }
        if let Fact::AgentLoggedOut { agent: gone, reason: Some(reason), .. } = &event.fact {
            let told = news.iter_mut().filter(|news| news.agent == *gone);
            for news in told {
                if let Event::State(state) = &mut news.event {
                    (state.reason_code, state.reason_label) = self.named(*reason);
                }
            }
        }
        let logs_in = matches!(event.fact, Fact::AgentLoggedIn { moved_from: None, .. });
        let state = |news: &News| {
            let Event::State(state) = &news.event else { return None };
            Some((news.agent, state.clone()))
        };
        if let Some((agent, state)) = news.iter().find_map(state).filter(|_| logs_in) {
            let state = AgentState { state: AgentWord::LoggedIn, ..state };
            news.insert(0, News { agent, event: Event::State(state) });
        }
        news
    }

    /// How an agent is called.
    #[must_use]
    pub fn who(&self, agent: AgentId) -> Option<Who> {
        let seat = self.floor.agents.get(&agent)?;
        let (first, last) = seat.name.split_once(' ').unwrap_or((&seat.name, ""));
        Some(Who {
            login: self.login(seat),
            full_name: seat.name.clone(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
        })
    }

    /// The agent's team.
    #[must_use]
    pub fn team(&self, agent: AgentId) -> Option<TeamId> {
        self.floor.agents.get(&agent)?.team
    }

    /// The team that a client names, by its number or its name.
    #[must_use]
    pub fn team_called(&self, text: &str) -> Option<TeamId> {
        let by_number = text.parse().ok().map(TeamId).filter(|team| self.floor.teams.contains_key(team));
        by_number.or_else(|| {
            let called = |name: &String| name.eq_ignore_ascii_case(text);
            self.floor.teams.iter().find(|(_, name)| called(name)).map(|(team, _)| *team)
        })
    }

    /// The device where an agent is.
    #[must_use]
    pub fn device(&self, agent: AgentId) -> Option<DeviceId> {
        self.floor.agents.get(&agent)?.device
    }

    /// The device with an extension.
    #[must_use]
    pub fn device_called(&self, extension: &str) -> Option<DeviceId> {
        self.floor.phone_called(extension)
    }

    /// Who logs in by that name.
    #[must_use]
    pub fn agent_of(&self, login: &str) -> Option<AgentId> {
        self.floor.agents.iter().find(|(_, seat)| self.login(seat) == login).map(|(agent, _)| *agent)
    }

    /// The reason for not being ready that a client names, by its code or in its words.
    #[must_use]
    pub fn not_ready_reason(&self, text: &str) -> Option<ReasonId> {
        self.reason_called(text, ReasonCategory::is_for_not_ready)
    }

    /// The same, for logging out.
    #[must_use]
    pub fn log_out_reason(&self, text: &str) -> Option<ReasonId> {
        self.reason_called(text, ReasonCategory::is_for_log_out)
    }

    fn reason_called(&self, text: &str, is_for: fn(ReasonCategory) -> bool) -> Option<ReasonId> {
        let called = |(code, known): &(&ReasonId, &Reason)| {
            is_for(known.category) && (code.0.to_string() == text || known.name.eq_ignore_ascii_case(text))
        };
        self.floor.reasons.iter().find(called).map(|(code, _)| *code)
    }

    /// Who is at a device, or whose own number it is.
    #[must_use]
    pub fn agent_called(&self, extension: &str) -> Option<AgentId> {
        let at = self.floor.phone_called(extension).and_then(|device| self.floor.agent_at(device));
        let own = |seat: &Seat| seat.number.as_deref() == Some(extension);
        at.or_else(|| self.floor.agents.iter().find(|(_, seat)| own(seat)).map(|(agent, _)| *agent))
    }

    /// The agents of a team, and of all teams without one.
    pub fn agents(&self, team: Option<TeamId>) -> impl Iterator<Item = AgentId> + '_ {
        let of = move |seat: &Seat| team.is_none() || seat.team == team;
        self.floor.agents.iter().filter(move |(_, seat)| of(seat)).map(|(agent, _)| *agent)
    }

    /// What an agent was told that he is.
    #[must_use]
    pub fn state(&self, agent: AgentId) -> Option<AgentState> {
        self.told.get(&agent).map(|told| told.state.clone())
    }

    /// An agent as a list of a team has him.
    #[must_use]
    pub fn user(&self, agent: AgentId) -> Option<User> {
        let (who, state) = (self.who(agent)?, self.state(agent)?);
        Some(User {
            first_name: who.first_name,
            last_name: who.last_name,
            extension: state.extension,
            login: who.login,
            state: state.state,
            reason_code: state.reason_code,
            pending: state.pending,
            since: state.since,
        })
    }

    /// The calls that an agent has, after he is back (O-024): the one that he talks in first.
    #[must_use]
    pub fn dialog_status(&self, agent: AgentId) -> Info {
        let faces = self.told.get(&agent).into_iter().flat_map(|told| told.dialogs.values());
        let mut faces: Vec<&Face> = faces.collect();
        faces.sort_by_key(|face| face.kind == FaceKind::Consultation);
        let one = |at: usize| faces.get(at).map(|face| (face.dialog.id.clone(), face.dialog.state));
        Info::Dialogs {
            dialog: one(0),
            associated: one(1),
            call_type: faces.first().map(|face| face.dialog.call_type.clone()).unwrap_or_default(),
        }
    }

    /// A call that an agent has.
    #[must_use]
    pub fn dialog(&self, agent: AgentId, call: CallId) -> Option<&Dialog> {
        self.told.get(&agent)?.dialogs.get(&call).map(|face| &face.dialog)
    }

    /// What is told of a call that was asked for; of one that the agent does not have that it is not found.
    #[must_use]
    pub fn dialog_answer(&self, agent: AgentId, id: &str) -> CallEvent {
        let found = call_named(id).and_then(|call| Some((call, self.dialog(agent, call)?.clone())));
        let Some((call, dialog)) = found else {
            return CallEvent::Answer { dialog: Dialog::not_found(id), associated: None };
        };
        let others = self.told.get(&agent).into_iter().flat_map(|told| &told.dialogs);
        let associated =
            others.filter(|(other, _)| **other != call).map(|(_, face)| face.dialog.clone()).next();
        CallEvent::Answer { dialog, associated }
    }

    /// The calls that an agent has.
    pub fn dialogs(&self, agent: AgentId) -> impl Iterator<Item = (CallId, &Dialog)> + '_ {
        let dialogs = self.told.get(&agent).into_iter().flat_map(|told| &told.dialogs);
        dialogs.map(|(call, face)| (*call, &face.dialog))
    }

    /// The call from which an agent consults in that one, or in which he consults for it.
    #[must_use]
    pub fn other_of(&self, call: CallId) -> Option<CallId> {
        let talk = self.floor.calls.get(&call)?;
        talk.consults_for.or_else(|| talk.consultation.map(|asks| asks.call))
    }

    /// The offer that an agent is made of a call.
    #[must_use]
    pub fn offer_of(&self, agent: AgentId, call: CallId) -> Option<OfferId> {
        let (offer, leg) = self.floor.agents.get(&agent)?.offer?;
        let of = self.floor.legs.get(&leg).map(|party| party.call);
        (of == Some(call)).then_some(offer)
    }

    /// The call in which an agent talks, or which he holds.
    #[must_use]
    pub fn talks_in(&self, agent: AgentId) -> Option<CallId> {
        let talks = |dialog: &Dialog| matches!(dialog.state, CallWord::Active | CallWord::Held);
        let talking =
            self.dialogs(agent).filter(|(call, dialog)| talks(dialog) && self.heard_in(*call).is_none());
        talking.min_by_key(|(_, dialog)| dialog.state != CallWord::Active).map(|(call, _)| call)
    }

    /// What a supervisor hears in a call of his own that is there for that.
    #[must_use]
    pub fn heard_in(&self, call: CallId) -> Option<CallId> {
        self.floor.calls.get(&call)?.ear?.call
    }

    /// The call by which a supervisor hears another; also found by itself.
    #[must_use]
    pub fn ear_of(&self, agent: AgentId, call: CallId) -> Option<CallId> {
        let mut own = self.dialogs(agent).map(|(own, _)| own);
        own.find(|own| self.heard_in(*own).is_some_and(|heard| heard == call || *own == call))
    }

    /// Who has a call among his.
    pub fn who_has(&self, call: CallId) -> impl Iterator<Item = AgentId> + '_ {
        self.has.get(&call).into_iter().flatten().copied()
    }

    /// The leg of a call that has an address: the device of that number, or somebody outside.
    #[must_use]
    pub fn leg_called(&self, call: CallId, address: &str) -> Option<LegId> {
        let talk = self.floor.calls.get(&call)?;
        let called = |leg: &&LegId| {
            let party = self.floor.legs.get(leg);
            party.is_some_and(|party| self.floor.address(talk, party) == address)
        };
        talk.legs.iter().find(called).copied()
    }

    /// The queues with their counts, those that pass.
    pub fn queues(&self, passes: impl Fn(QueueId) -> bool) -> Vec<Queue> {
        let queues = self.floor.queues.iter().filter(|(queue, _)| passes(**queue));
        queues.map(|(queue, line)| self.queue(*queue, line.name.clone())).collect()
    }

    fn queue(&self, queue: QueueId, name: String) -> Queue {
        let line = self.floor.queues.get(&queue);
        let first = line.and_then(|line| line.waiting.first());
        let since = first.and_then(|(_, call)| self.floor.calls.get(call)?.queued);
        let mut counts = Queue {
            name,
            queued: line.map_or(0, |line| line.waiting.len()),
            longest: since.map(|(_, at)| stamp(at)).unwrap_or_default(),
            ..Queue::default()
        };
        for (agent, seat) in &self.floor.agents {
            if seat.memberships.contains_key(&queue)
                && let Some(told) = self.told.get(agent)
            {
                counts.add(told);
            }
        }
        counts
    }

    fn login(&self, seat: &Seat) -> String {
        seat.user.and_then(|user| self.floor.users.get(&user)).unwrap_or(&seat.name).clone()
    }

    /// Those to whom a fact may be something new.
    fn concerned(&self, fact: &Fact) -> BTreeSet<AgentId> {
        let mut all = BTreeSet::new();
        let calls: Vec<CallId> = match Part::of(fact) {
            Part::Agent(agent) => {
                all.insert(agent);
                Vec::new()
            }
            Part::Device(device) => {
                all.extend(self.floor.agent_at(device));
                Vec::new()
            }
            Part::Leg(call, _) | Part::Call(call) | Part::Line(call, _) => vec![call],
            Part::Aside(call) => [call].into_iter().chain(self.other_of(call)).collect(),
            Part::Move => moved(fact),
            Part::Entry | Part::Elsewhere => Vec::new(),
        };
        for call in calls {
            all.extend(self.has.get(&call).into_iter().flatten());
            let legs = self.floor.calls.get(&call).into_iter().flat_map(|talk| &talk.legs);
            let devices = legs.filter_map(|leg| self.floor.legs.get(leg)?.device);
            all.extend(devices.filter_map(|device| self.floor.agent_at(device)));
        }
        all
    }

    /// The call whose destination is not reached by this, before the floor is brought on by it, and why.
    fn failing(&self, fact: &Fact) -> Option<(CallId, String)> {
        let Fact::LegCleared { call, leg, cause } = fact else { return None };
        let party = self.floor.legs.get(leg)?;
        let talk = self.floor.calls.get(call)?;
        let is_called = face::is_called(party) && !party.has_answered() && !talk.answered;
        let why = face::why_not(*cause).filter(|_| is_called)?;
        Some((*call, why.to_owned()))
    }

    /// Compares what an agent was told with how it is, and gives the difference.
    fn look(&mut self, agent: AgentId, failed: Option<&(CallId, String)>, at: Option<WallTime>) -> Vec<News> {
        let Some(seat) = self.floor.agents.get(&agent) else {
            self.forget(agent);
            return Vec::new();
        };
        let before = self.told.remove(&agent);
        let (was, had) = match before {
            Some(told) => (Some(told.state), told.dialogs),
            None => (None, BTreeMap::new()),
        };
        let (dialogs, turns) = self.floor.faces(seat, &had);
        let mut state = self.state_of(seat, &dialogs);
        if let Some(was) = was.as_ref().filter(|_| turns) {
            state.state = was.state;
        }
        // Since when is no news by itself.
        let is_same =
            was.as_ref().is_some_and(|was| AgentState { since: was.since.clone(), ..state.clone() } == *was);
        match (&was, at) {
            (Some(was), _) if is_same => state.since.clone_from(&was.since),
            (_, Some(at)) => state.since = stamp(at),
            (_, None) => {}
        }
        let mut news = if is_same { Vec::new() } else { vec![Event::State(state.clone())] };
        let calls = differences(&had, &dialogs, failed);
        // A state that follows the end of a call is told after it.
        if dialogs.len() < had.len() {
            news.splice(0..0, calls);
        } else {
            news.extend(calls);
        }
        self.remember(agent, &had, &dialogs);
        self.told.insert(agent, Told { state, dialogs });
        if was.is_none() {
            return Vec::new();
        }
        news.into_iter().map(|event| News { agent, event }).collect()
    }

    fn remember(&mut self, agent: AgentId, had: &BTreeMap<CallId, Face>, has: &BTreeMap<CallId, Face>) {
        for call in had.keys().filter(|call| !has.contains_key(call)) {
            if let Some(agents) = self.has.get_mut(call) {
                agents.remove(&agent);
                if agents.is_empty() {
                    self.has.remove(call);
                }
            }
        }
        for call in has.keys() {
            self.has.entry(*call).or_default().insert(agent);
        }
    }

    fn forget(&mut self, agent: AgentId) {
        if let Some(told) = self.told.remove(&agent) {
            self.remember(agent, &told.dialogs, &BTreeMap::new());
        }
    }

    fn state_of(&self, seat: &Seat, dialogs: &BTreeMap<CallId, Face>) -> AgentState {
        let (reason_code, reason_label) = self.reason(&seat.duty);
        let extension = seat.device.and_then(|device| self.floor.devices.get(&device));
        AgentState {
            state: self.word(seat, dialogs),
            login: self.login(seat),
            full_name: seat.name.clone(),
            extension: extension.map(|desk| desk.number.clone()).unwrap_or_default(),
            reason_code,
            reason_label,
            pending: seat.pending.as_ref().map(duty_word),
            since: stamp(seat.since),
        }
    }

    fn word(&self, seat: &Seat, dialogs: &BTreeMap<CallId, Face>) -> AgentWord {
        let talks = |word: &[CallWord]| dialogs.values().any(|face| word.contains(&face.dialog.state));
        if seat.device.is_none() {
            AgentWord::LogOut
        } else if talks(&[CallWord::Active, CallWord::Initiated]) || face::asks(dialogs.values()) {
            AgentWord::Talking
        } else if talks(&[CallWord::Held]) {
            AgentWord::Hold
        } else if let Some((_, queue)) = seat.wrap_up {
            let auto_ready = self.floor.queues.get(&queue).is_none_or(|line| line.auto_ready);
            let next = seat.pending.as_ref().unwrap_or(&seat.duty);
            if *next == Duty::Ready && (auto_ready || seat.pending.is_some()) {
                AgentWord::WorkReady
            } else {
                AgentWord::Work
            }
        } else if seat.offer.is_some() {
            AgentWord::Reserved
        } else {
            duty_word(&seat.duty)
        }
    }

    /// A reason's code and label.
    fn named(&self, reason: ReasonId) -> (String, String) {
        let label = self.floor.reasons.get(&reason).map(|known| known.name.clone());
        (reason.0.to_string(), label.unwrap_or_default())
    }

    /// Why an agent is not ready, as code and label. Where it is the system's doing, the code is Cisco's for it (UCCX).
    fn reason(&self, duty: &Duty) -> (String, String) {
        let Duty::NotReady { reason: Some(why), .. } = duty else { return (String::new(), String::new()) };
        match why {
            WhyNotReady::Reason(reason) => self.named(*reason),
            WhyNotReady::Absence(Absence::Break) => (String::new(), "Break".to_owned()),
            WhyNotReady::Absence(Absence::Tasks) => (String::new(), "Other work".to_owned()),
            WhyNotReady::NoAnswer => ("32763".to_owned(), "No answer".to_owned()),
            WhyNotReady::Declined => ("32751".to_owned(), "Declined".to_owned()),
            WhyNotReady::Busy => ("32762".to_owned(), "Busy".to_owned()),
            WhyNotReady::Unreachable => ("32759".to_owned(), "Phone down".to_owned()),
        }
    }
}

impl Queue {
    fn add(&mut self, told: &Told) {
        let count = match told.state.state {
            AgentWord::Ready => &mut self.ready,
            AgentWord::NotReady => &mut self.not_ready,
            AgentWord::Work => &mut self.wrap_up_not_ready,
            AgentWord::WorkReady => &mut self.wrap_up_ready,
            AgentWord::Talking | AgentWord::Hold => match told.dialogs.values().next().map(Face::heading) {
                Some(face::Heading::Out) => &mut self.talking_out,
                Some(face::Heading::Internal) => &mut self.talking_internal,
                Some(face::Heading::In) | None => &mut self.talking_in,
            },
            AgentWord::Unknown
            | AgentWord::LogOut
            | AgentWord::Reserved
            | AgentWord::ReservedOutbound
            | AgentWord::ReservedOutboundPreview
            | AgentWord::LoggedIn
            | AgentWord::ReLogIn => return,
        };
        *count += 1;
    }
}

/// What is told of an agent's calls: first of those that are gone.
fn differences(
    had: &BTreeMap<CallId, Face>,
    has: &BTreeMap<CallId, Face>,
    failed: Option<&(CallId, String)>,
) -> Vec<Event> {
    let why = |call: &CallId| failed.filter(|(of, _)| of == call).map(|(_, why)| why.as_str());
    let gone = had.iter().filter(|(call, _)| !has.contains_key(call));
    let mut told: Vec<Event> = gone.flat_map(|(call, face)| face.ended(why(call))).collect();
    for (call, face) in has {
        match (had.get(call), why(call).and_then(|why| face.failed(why))) {
            (None, _) => told.extend(face.begun()),
            (Some(_), Some(failed)) => told.push(failed),
            (Some(was), None) => told.extend((was != face).then(|| face.told())),
        }
    }
    told
}

/// The call that a dialog's id names: the decimal number that we gave it.
#[must_use]
pub fn call_named(dialog: &str) -> Option<CallId> {
    dialog.parse().ok().map(CallId)
}

/// A wall time as messages have it, `yyyy-MM-dd HH:mm:ss`, in UTC.
#[must_use]
pub fn stamp(at: WallTime) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

const fn duty_word(duty: &Duty) -> AgentWord {
    match duty {
        Duty::LoggedOut => AgentWord::LogOut,
        Duty::NotReady { .. } => AgentWord::NotReady,
        Duty::Ready => AgentWord::Ready,
    }
}

fn moved(fact: &Fact) -> Vec<CallId> {
    if let Fact::LegMoved { from, to, .. } = fact {
        vec![*from, *to]
    } else if let Fact::CallsJoined { call, from, .. } = fact {
        vec![*call, *from]
    } else {
        Vec::new()
    }
}

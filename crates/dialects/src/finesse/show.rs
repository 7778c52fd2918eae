//! From the board of the connector's sessions to what this API answers with. The board has a call as one agent has it; here
//! it is told as the reference has it, with the state of everybody in it.

use cordial_engine::call::Direction;
use cordial_engine::id::{AgentId, CallId, QueueId, ReasonId, TeamId};

use super::wire::{Dialog, MediaProperties, Participant, Queue, QueueStatistics, ReasonCode, TeamName, User};
use super::words::{DialogAction, DialogState, ParticipantState, ReasonCategory, UserState, WrapUpMode};
use crate::connector::board::Board;
use crate::connector::event::{AgentState, AgentWord, CallWord, Participant as Party};
use crate::floor::{Floor, Reason, Talk};
use crate::native::wire::Time;

/// What the board does not know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whether he supervises anybody.
    pub is_supervisor: bool,
    /// The teams that he supervises.
    pub teams: Vec<TeamId>,
    /// Whether and when he finishes calls.
    pub wrap_up_on_incoming: WrapUpMode,
}

/// An agent.
#[must_use]
pub fn user(board: &Board, agent: AgentId, profile: &Profile) -> Option<User> {
    let (who, state) = (board.who(agent)?, board.state(agent)?);
    Some(User {
        login_id: who.login.clone(),
        login_name: who.login,
        first_name: who.first_name,
        last_name: who.last_name,
        team: board.team(agent).map(|team| team_name(board.floor(), team)).unwrap_or_default(),
        ..user_in(board.floor(), state, profile)
    })
}

/// Somebody who takes no calls, or of whom only this is known.
#[must_use]
pub fn user_in(floor: &Floor, state: AgentState, profile: &Profile) -> User {
    let (first_name, last_name) = state.full_name.split_once(' ').unwrap_or((&state.full_name, ""));
    User {
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        login_id: state.login.clone(),
        login_name: state.login.clone(),
        is_supervisor: profile.is_supervisor,
        state: user_state(state.state),
        pending_state: state.pending.map(user_state),
        reason_code: reason_given(floor, &state),
        state_change_time: time(&state.since),
        team: TeamName::default(),
        teams: profile.teams.iter().map(|team| team_name(floor, *team)).collect(),
        wrap_up_on_incoming: profile.wrap_up_on_incoming,
        extension: state.extension,
    }
}

/// A team by its name.
#[must_use]
pub fn team_name(floor: &Floor, team: TeamId) -> TeamName {
    TeamName { id: team.0.to_string(), name: floor.teams.get(&team).cloned().unwrap_or_default() }
}

/// The reasons of a kind that the agents of a team may give.
#[must_use]
pub fn reason_codes(floor: &Floor, team: Option<TeamId>, category: ReasonCategory) -> Vec<ReasonCode> {
    let is_for = |reason: &Reason| match category {
        ReasonCategory::NotReady => reason.category.is_for_not_ready(),
        ReasonCategory::Logout => reason.category.is_for_log_out(),
    };
    let is_theirs = |reason: &Reason| reason.team.is_none() || reason.team == team;
    let theirs = floor.reasons.iter().filter(|(_, reason)| is_for(reason) && is_theirs(reason));
    theirs.map(|(id, reason)| reason_code(*id, reason, category)).collect()
}

fn reason_code(id: ReasonId, reason: &Reason, category: ReasonCategory) -> ReasonCode {
    ReasonCode {
        id: id.0.to_string(),
        category,
        code: id.0.to_string(),
        label: reason.name.clone(),
        for_all: reason.team.is_none(),
        system_code: false,
    }
}

/// Why somebody is not ready; a code that is none of the tenant's is the system's.
fn reason_given(floor: &Floor, state: &AgentState) -> Option<ReasonCode> {
    let code: u64 = state.reason_code.parse().ok()?;
    let of_tenant = floor.reasons.get_key_value(&ReasonId(code));
    Some(match of_tenant {
        Some((id, reason)) => reason_code(*id, reason, ReasonCategory::NotReady),
        None => ReasonCode {
            id: state.reason_code.clone(),
            category: ReasonCategory::NotReady,
            code: state.reason_code.clone(),
            label: state.reason_label.clone(),
            for_all: true,
            system_code: true,
        },
    })
}

/// A queue with its counts.
#[must_use]
pub fn queue(board: &Board, queue: QueueId) -> Option<Queue> {
    let counts = board.queues(|it| it == queue).pop()?;
    let count = |count: usize| u32::try_from(count).ok();
    Some(Queue {
        id: queue.0.to_string(),
        statistics: QueueStatistics {
            calls_in_queue: count(counts.queued),
            start_time_of_longest_call_in_queue: time(&counts.longest),
            agents_ready: count(counts.ready),
            agents_not_ready: count(counts.not_ready),
            agents_talking_inbound: count(counts.talking_in),
            agents_talking_outbound: count(counts.talking_out),
            agents_talking_internal: count(counts.talking_internal),
            agents_wrap_up_not_ready: count(counts.wrap_up_not_ready),
            agents_wrap_up_ready: count(counts.wrap_up_ready),
        },
        name: counts.name,
    })
}

/// A call that an agent has.
#[must_use]
pub fn dialog(board: &Board, agent: AgentId, call: CallId) -> Option<Dialog> {
    let told = board.dialog(agent, call)?;
    let talk = board.floor().calls.get(&call)?;
    let extension = board.state(agent)?.extension;
    let consults = told.call_type == CONSULTATION;
    let is_begun = talk.answered || talk.ear.is_some();
    let own = own_state(told.state, consults);
    let mut participants: Vec<Participant> = Vec::new();
    for party in &told.participants {
        let state = if party.address == extension { own } else { other_state(party.state, is_begun) };
        participants.push(participant(party, state));
    }
    // Who finishes the call, or talks in another meanwhile, has no leg in this one.
    if !participants.iter().any(|party| party.media_address == extension) {
        participants.push(Participant {
            media_address: extension.clone(),
            media_address_type: DEVICE.to_owned(),
            actions: actions(own),
            state: own,
            state_cause: String::new(),
            start_time: time(&told.since),
            state_change_time: None,
        });
    }
    let other = board.other_of(call).filter(|other| board.dialog(agent, *other).is_some());
    let other_is_active = other
        .and_then(|other| board.dialog(agent, other))
        .is_some_and(|other| other.state == CallWord::Active);
    for party in participants.iter_mut().filter(|party| party.media_address == extension) {
        if talk.ear.is_some() {
            // Who hears a call can leave it, and is heard by nobody.
            party.actions = vec![DialogAction::Drop];
        } else if own == ParticipantState::Held && other_is_active {
            party.actions.extend([DialogAction::Transfer, DialogAction::Conference]);
        }
    }
    Some(Dialog {
        id: told.id.clone(),
        associated_dialog: other.filter(|_| consults).map(|other| other.0.to_string()),
        secondary_id: None,
        from_address: told.from.clone(),
        to_address: told.to.clone(),
        state: whole_state(&participants),
        media: media(board.floor(), talk, &told.call_type, &told.variables),
        participants,
    })
}

fn media(floor: &Floor, talk: &Talk, call_type: &str, variables: &[(String, String)]) -> MediaProperties {
    let queue = talk.queued.and_then(|(queue, _)| floor.queues.get(&queue));
    let came_in = talk.direction == Direction::Inbound;
    MediaProperties {
        dialed_number: talk.dialled.clone(),
        call_type: call_type.to_owned(),
        dnis: if came_in { talk.dialled.clone() } else { String::new() },
        queue_number: queue.and_then(|queue| queue.number.clone()).unwrap_or_default(),
        queue_name: queue.map(|queue| queue.name.clone()).unwrap_or_default(),
        wrap_up_reason: String::new(),
        call_variables: variables.to_vec(),
    }
}

fn participant(party: &Party, state: ParticipantState) -> Participant {
    let is_device = party.kind == DEVICE;
    Participant {
        media_address: party.address.clone(),
        media_address_type: if is_device { DEVICE.to_owned() } else { String::new() },
        // Nobody of ours acts for somebody outside.
        actions: if is_device { actions(state) } else { Vec::new() },
        state,
        state_cause: String::new(),
        start_time: time(&party.since),
        state_change_time: None,
    }
}

/// The reference's table of what a participant in that state may ask for. What depends on another call comes to it.
fn actions(state: ParticipantState) -> Vec<DialogAction> {
    use DialogAction::{Answer, ConsultCall, Drop, Hold, Retrieve, SendDtmf, TransferSst, UpdateCallData};
    match state {
        ParticipantState::Initiating | ParticipantState::Initiated => vec![Drop, UpdateCallData],
        ParticipantState::Alerting => vec![Answer],
        ParticipantState::Active => vec![Hold, Drop, UpdateCallData, ConsultCall, TransferSst, SendDtmf],
        ParticipantState::Held => vec![Retrieve, Drop, UpdateCallData],
        ParticipantState::Failed => vec![Drop],
        ParticipantState::WrapUp => vec![UpdateCallData],
        ParticipantState::Dropped | ParticipantState::Accepted => Vec::new(),
    }
}

/// A call is what the most of its participants has come to.
fn whole_state(participants: &[Participant]) -> DialogState {
    let any = |states: &[ParticipantState]| participants.iter().any(|party| states.contains(&party.state));
    if any(&[ParticipantState::Active, ParticipantState::Held]) {
        DialogState::Active
    } else if any(&[ParticipantState::Alerting]) {
        DialogState::Alerting
    } else if any(&[ParticipantState::Initiated]) {
        DialogState::Initiated
    } else if any(&[ParticipantState::Initiating]) {
        DialogState::Initiating
    } else {
        DialogState::Dropped
    }
}

/// Of whom a call is told. The connector says of a consultation that it rings when whom he asks is rung.
fn own_state(word: CallWord, consults: bool) -> ParticipantState {
    let state = participant_state(word);
    if consults && state == ParticipantState::Alerting { ParticipantState::Initiated } else { state }
}

/// Of the others. A caller whom we keep waiting is connected, but not yet with anybody.
fn other_state(word: CallWord, is_begun: bool) -> ParticipantState {
    let state = participant_state(word);
    if !is_begun && state == ParticipantState::Active { ParticipantState::Initiated } else { state }
}

fn participant_state(word: CallWord) -> ParticipantState {
    match word {
        CallWord::Initiating => ParticipantState::Initiating,
        CallWord::Initiated => ParticipantState::Initiated,
        CallWord::Alerting => ParticipantState::Alerting,
        CallWord::Active => ParticipantState::Active,
        CallWord::Held => ParticipantState::Held,
        CallWord::Failed => ParticipantState::Failed,
        CallWord::Accepted => ParticipantState::Accepted,
        CallWord::WrapUp => ParticipantState::WrapUp,
        CallWord::Drop | CallWord::NotFound => ParticipantState::Dropped,
    }
}

fn user_state(word: AgentWord) -> UserState {
    match word {
        AgentWord::Ready => UserState::Ready,
        AgentWord::NotReady | AgentWord::LoggedIn => UserState::NotReady,
        AgentWord::LogOut => UserState::Logout,
        AgentWord::Talking => UserState::Talking,
        AgentWord::Reserved => UserState::Reserved,
        AgentWord::ReservedOutbound => UserState::ReservedOutbound,
        AgentWord::ReservedOutboundPreview => UserState::ReservedOutboundPreview,
        AgentWord::Work => UserState::Work,
        AgentWord::WorkReady => UserState::WorkReady,
        AgentWord::Hold => UserState::Hold,
        AgentWord::Unknown | AgentWord::ReLogIn => UserState::Unknown,
    }
}

/// The connector's times are in UTC, `yyyy-MM-dd HH:mm:ss`, and empty where there is none.
fn time(stamp: &str) -> Option<Time> {
    Time::parse(&format!("{}Z", stamp.replacen(' ', "T", 1)))
}

/// What the connector calls a call in which the agent asks somebody.
const CONSULTATION: &str = "CONSULT";
/// What is told of a participant at a phone of ours.
const DEVICE: &str = "AGENT_DEVICE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_participant_has_the_actions_of_the_reference() {
        let row = |state: &ParticipantState| {
            let actions: Vec<&str> = actions(*state).iter().map(|action| action.word()).collect();
            format!("{state}: {}", actions.join(" ")).trim_end().to_owned() + "\n"
        };
        expect_test::expect![[r#"
            INITIATING: DROP UPDATE_CALL_DATA
            INITIATED: DROP UPDATE_CALL_DATA
            ALERTING: ANSWER
            ACTIVE: HOLD DROP UPDATE_CALL_DATA CONSULT_CALL TRANSFER_SST SEND_DTMF
            HELD: RETRIEVE DROP UPDATE_CALL_DATA
            FAILED: DROP
            WRAP_UP: UPDATE_CALL_DATA
            DROPPED:
            ACCEPTED:
        "#]]
        .assert_eq(&ParticipantState::ALL.iter().map(row).collect::<String>());
    }

    #[test]
    fn a_call_is_what_the_most_of_its_participants_has_come_to() {
        use ParticipantState::{Active, Alerting, Held, Initiated, Initiating, WrapUp};
        let call = |states: &[ParticipantState]| {
            let party = |state: &ParticipantState| Participant {
                media_address: String::new(),
                media_address_type: String::new(),
                actions: Vec::new(),
                state: *state,
                state_cause: String::new(),
                start_time: None,
                state_change_time: None,
            };
            whole_state(&states.iter().map(party).collect::<Vec<_>>())
        };
        // The reference's moments of a call that comes in.
        assert_eq!(call(&[Initiating]), DialogState::Initiating);
        assert_eq!(call(&[Initiated, Alerting]), DialogState::Alerting);
        assert_eq!(call(&[Active, Active]), DialogState::Active);
        assert_eq!(call(&[Active, Held]), DialogState::Active);
        assert_eq!(call(&[WrapUp]), DialogState::Dropped);
        assert_eq!(call(&[Initiated, Initiating]), DialogState::Initiated);
        assert_eq!(call(&[]), DialogState::Dropped);
    }

    #[test]
    fn a_stamp_of_the_connectors_is_a_time() {
        let time = time("2026-11-28 10:00:00").expect("a time");
        assert_eq!(time.to_string(), "2026-11-28T10:00:00.000Z");
        assert_eq!(super::time(""), None);
    }
}

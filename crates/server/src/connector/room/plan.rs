//! From what a client asks to what is to be done for it. Nothing is decided here that the engine could decide.

use std::collections::BTreeMap;

use cordial_dialects::connector::board::{Board, call_named};
use cordial_dialects::connector::event::{AgentState, AgentWord, CallWord, Dialog, Event};
use cordial_dialects::connector::fault::Code;
use cordial_dialects::connector::info::Info;
use cordial_dialects::connector::request::{Ask, Control, Duty, Reasons, Supervise};
use cordial_engine::Command;
use cordial_engine::call::{Joining, Monitored, Supervision, TransferTo, VariableName, VariableValue};
use cordial_engine::command::Note;
use cordial_engine::id::{AgentId, CallId, DeviceId, TeamId};
use cordial_engine::text::{Number, Text};

use super::super::person::Person;

/// What is to be done for a request.
#[derive(Debug)]
pub(super) enum Step {
    /// Tell these.
    Say(Vec<Event>),
    /// Ask the engine. What comes of it is told by its events.
    Command(Command),
    /// Look something up in the engine, and tell it.
    Look(Look),
    /// Tell who is in a team, and from now on what becomes of them.
    Watch(TeamId, Vec<Event>),
}

/// What only the engine knows.
#[derive(Clone, Debug)]
pub(super) enum Look {
    /// Codes.
    Reasons(Reasons),
    /// Which buttons are to be shown for a call.
    Controls {
        /// Which.
        call: CallId,
        /// Of which type it is, and in which state.
        call_type: String,
        state: CallWord,
    },
    /// Says how a contact ended, by one of the dispositions.
    WrapUp {
        /// Which contact.
        call: CallId,
        /// The label or code.
        label: String,
    },
    /// The phone books that somebody sees.
    Phonebooks,
    /// Those of a team.
    TeamPhonebooks(TeamId),
    /// What is in a phone book, by its number or its name.
    Contacts(String),
}

/// Who asks, or for whom somebody asks.
pub(super) struct Desk<'a> {
    pub(super) board: &'a Board,
    /// Whose session it is.
    pub(super) person: &'a Person,
    /// Whom it is about: the person's own agent, or one that he supervises.
    pub(super) agent: Option<AgentId>,
    /// The phone of who asks.
    pub(super) device: Option<DeviceId>,
}

impl Desk<'_> {
    /// What is to be done, or why it cannot.
    pub(super) fn plan(&self, ask: &Ask) -> Result<Step, Code> {
        let say = |event: Event| Ok(Step::Say(vec![event]));
        match ask {
            Ask::State => Ok(Step::Say(self.again(false))),
            Ask::Refresh => Ok(Step::Say(self.again(true))),
            Ask::Duty(duty) => self.duty(duty),
            Ask::Control(control) => self.control(control),
            Ask::Supervise(supervise) => self.supervise(supervise),
            Ask::Reasons(which) => Ok(Step::Look(Look::Reasons(*which))),
            Ask::LoggedInAgents => {
                let users = self.board.agents(None).filter_map(|agent| self.board.user(agent));
                let there = users.filter(|user| user.state != AgentWord::LogOut);
                say(Event::Info(Info::TeamUsers(there.collect())))
            }
            Ask::DialogState { dialog } => {
                say(Event::Call(Box::new(self.board.dialog_answer(self.own()?, dialog))))
            }
            Ask::Participants { dialog } => {
                let (_, dialog) = self.dialog(dialog)?;
                let all = dialog.participants.iter().map(|party| party.address.clone()).collect();
                say(Event::Info(Info::Participants(all)))
            }
            Ask::DialogControls { dialog } => {
                let (call, dialog) = self.dialog(dialog)?;
                let (call_type, state) = (dialog.call_type.clone(), dialog.state);
                Ok(Step::Look(Look::Controls { call, call_type, state }))
            }
            Ask::WrapUp { dialog, label } => {
                Ok(Step::Look(Look::WrapUp { call: self.dialog(dialog)?.0, label: label.clone() }))
            }
            Ask::Phonebooks => Ok(Step::Look(Look::Phonebooks)),
            Ask::TeamPhonebooks { team } => Ok(Step::Look(Look::TeamPhonebooks(self.any_team(team)?))),
            Ask::Contacts { book } => Ok(Step::Look(Look::Contacts(book.clone()))),
            // Nothing of ours is shown before it is dialled: no call of an agent's is a preview.
            Ask::Preview { .. } => Err(Code::NoDialogId),
            // A phone that is not on the site cannot be logged in at.
            Ask::MobileLogIn { .. } => Err(Code::GenericOperation),
            // Those that change who listens are seen to before there is a plan.
            Ask::Hello | Ask::Beat | Ask::Connect { .. } | Ask::LogIn { .. } => Err(Code::PleaseRetry),
        }
    }

    /// What the agent is, and with `all` everything else about him.
    pub(super) fn again(&self, all: bool) -> Vec<Event> {
        let mut told = if all { self.person.told() } else { Vec::new() };
        let state = self.agent.and_then(|agent| self.board.state(agent));
        told.push(Event::State(state.unwrap_or_else(|| self.person.is(AgentWord::Unknown))));
        if let Some(agent) = self.agent.filter(|_| all) {
            told.push(Event::Info(self.board.dialog_status(agent)));
        }
        told
    }

    fn duty(&self, duty: &Duty) -> Result<Step, Code> {
        let agent = self.own()?;
        let not_ready = |reason| Command::NotReady { agent, reason, note: Note::default() };
        Ok(Step::Command(match duty {
            Duty::LogOut { reason: Some(code) } => {
                let reason = self.board.log_out_reason(code).ok_or(Code::MissingReasonCode)?;
                Command::LogOut { agent, reason: Some(reason) }
            }
            Duty::LogOut { reason: None } | Duty::ForceLogOut => Command::LogOut { agent, reason: None },
            Duty::NotReady { reason: Some(code) } => {
                not_ready(Some(self.board.not_ready_reason(code).ok_or(Code::MissingReasonCode)?))
            }
            Duty::NotReady { reason: None } | Duty::WorkNotReady => not_ready(None),
            Duty::Ready | Duty::WorkReady => Command::Ready { agent },
        }))
    }

    fn control(&self, control: &Control) -> Result<Step, Code> {
        let device = self.device.ok_or(Code::InvalidObjectState)?;
        let own = Some(device);
        let call = |dialog: &str| self.dialog(dialog).map(|(call, _)| call);
        Ok(Step::Command(match control {
            Control::MakeCall { number } => Command::PlaceCall { device, to: number_of(number)? },
            Control::Answer { dialog } => Command::AnswerCall { call: call(dialog)?, device },
            Control::Hold { dialog } => Command::HoldCall { call: call(dialog)?, device: own, hold: true },
            Control::Retrieve { dialog } => {
                Command::HoldCall { call: call(dialog)?, device: own, hold: false }
            }
            Control::Release { dialog } => self.release(dialog, device)?,
            Control::BlindTransfer { extension, dialog } => {
                let to = TransferTo::Number(number_of(extension)?);
                Command::TransferCall { call: call(dialog)?, device: own, to }
            }
            Control::Consult { extension, dialog } => {
                Command::Consult { call: call(dialog)?, device: own, to: number_of(extension)? }
            }
            Control::CompleteTransfer { dialog, .. } => {
                Command::JoinCalls { call: call(dialog)?, device: own, how: Joining::Transfer }
            }
            Control::CompleteConference { dialog, .. } => {
                Command::JoinCalls { call: call(dialog)?, device: own, how: Joining::Conference }
            }
            Control::Variables { dialog, variables } => {
                Command::SetVariables { call: call(dialog)?, variables: variables_of(variables)? }
            }
            Control::PauseRecording { dialog } => {
                let reason = Text::parse("asked for by the connector").unwrap_or_default();
                Command::PauseRecording { call: self.named_or_talking(dialog.as_deref())?, reason }
            }
            Control::ResumeRecording { dialog } => {
                Command::ResumeRecording { call: self.named_or_talking(dialog.as_deref())? }
            }
        }))
    }

    /// An offer that rings is declined; any other part in a call ends.
    fn release(&self, dialog: &str, device: DeviceId) -> Result<Command, Code> {
        let (call, _) = self.dialog(dialog)?;
        let offer = self.own().ok().and_then(|agent| self.board.offer_of(agent, call));
        Ok(match offer {
            Some(offer) => Command::DeclineOffer { offer },
            None => Command::LeaveCall { call, device: Some(device) },
        })
    }

    fn supervise(&self, supervise: &Supervise) -> Result<Step, Code> {
        if !self.person.supervises() {
            return Err(Code::AuthorizationFailure);
        }
        let (board, person) = (self.board, self.person);
        match supervise {
            Supervise::TeamUsers { team, subscribe } => {
                let team = self.team(team)?;
                let users = board.agents(Some(team)).filter_map(|agent| board.user(agent)).collect();
                let told = vec![Event::Info(Info::TeamUsers(users))];
                Ok(if *subscribe { Step::Watch(team, told) } else { Step::Say(told) })
            }
            Supervise::TeamStates { team } => {
                let team = self.team(team)?;
                let states = board.agents(Some(team)).filter_map(|agent| board.state(agent));
                Ok(Step::Say(states.flat_map(|state| member_told(team, &state)).collect()))
            }
            Supervise::Queues => {
                let queues = board.queues(|queue| person.sees(queue));
                Ok(Step::Say(vec![Event::Info(Info::Queues(queues))]))
            }
            Supervise::Monitor { extension } => self.monitor(extension),
            Supervise::EndMonitor { dialog } => {
                Ok(Step::Command(Command::ClearCall { call: self.ear(dialog)? }))
            }
            Supervise::Barge { dialog, .. } => {
                let call = self.ear(dialog)?;
                Ok(Step::Command(Command::Supervise { call, how: Supervision::Barge }))
            }
            Supervise::DropParticipant { extension, dialog } => self.drop_party(extension, dialog),
        }
    }

    /// Who hears an agent hears the call that he has, and no other after it.
    fn monitor(&self, extension: &str) -> Result<Step, Code> {
        let device = self.device.ok_or(Code::InvalidObjectState)?;
        let agent = self.board.agent_called(extension).ok_or(Code::InvalidDeviceIdentifier)?;
        self.reach(agent)?;
        let call = self.board.talks_in(agent).ok_or(Code::InvalidObjectState)?;
        Ok(Step::Command(Command::Monitor { device, whom: Monitored::Call(call), whispers: false }))
    }

    fn drop_party(&self, extension: &str, dialog: &str) -> Result<Step, Code> {
        let call = call_named(dialog).ok_or(Code::NoDialogId)?;
        let own = self.own().is_ok_and(|agent| self.board.dialog(agent, call).is_some());
        let reached = |agent| self.person.reaches(self.board.team(agent));
        if !own && !self.board.who_has(call).any(reached) {
            return Err(Code::NoDialogId);
        }
        let leg = self.board.leg_called(call, extension).ok_or(Code::InvalidDeviceIdentifier)?;
        Ok(Step::Command(Command::DropParty { call, leg }))
    }

    /// The supervisor's own call by which he hears the one that is named, or that is named itself.
    fn ear(&self, dialog: &str) -> Result<CallId, Code> {
        let call = call_named(dialog).ok_or(Code::NoDialogId)?;
        self.board.ear_of(self.own()?, call).ok_or(Code::NoDialogId)
    }

    fn reach(&self, agent: AgentId) -> Result<(), Code> {
        if self.person.reaches(self.board.team(agent)) { Ok(()) } else { Err(Code::AuthorizationFailure) }
    }

    fn any_team(&self, text: &str) -> Result<TeamId, Code> {
        self.board.team_called(text).ok_or(Code::NotFound)
    }

    fn team(&self, text: &str) -> Result<TeamId, Code> {
        let team = self.any_team(text)?;
        if self.person.reaches(Some(team)) { Ok(team) } else { Err(Code::AuthorizationFailure) }
    }

    fn own(&self) -> Result<AgentId, Code> {
        self.agent.ok_or(Code::UserNotFound)
    }

    fn dialog(&self, dialog: &str) -> Result<(CallId, &Dialog), Code> {
        let call = call_named(dialog).ok_or(Code::NoDialogId)?;
        Ok((call, self.board.dialog(self.own()?, call).ok_or(Code::NoDialogId)?))
    }

    fn named_or_talking(&self, dialog: Option<&str>) -> Result<CallId, Code> {
        match dialog {
            Some(dialog) => self.dialog(dialog).map(|(call, _)| call),
            None => self.board.talks_in(self.own()?).ok_or(Code::NoDialogId),
        }
    }
}

/// What a supervisor who listens to a team is told of one of it: his state, and (O-021) that it changed.
pub(super) fn member_told(team: TeamId, state: &AgentState) -> [Event; 2] {
    let change = Info::TeamMember { team: team.0.to_string(), state: state.state };
    [Event::State(state.clone()), Event::Info(change)]
}

/// A number to dial: blanks and what people write between digits do not count.
fn number_of(text: &str) -> Result<Number, Code> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '/')).collect();
    Number::parse(&digits).map_err(|_| Code::BadDestination)
}

fn variables_of(pairs: &[(String, String)]) -> Result<BTreeMap<VariableName, Option<VariableValue>>, Code> {
    let one = |(name, value): &(String, String)| {
        Some((VariableName::parse(name)?, Some(VariableValue::parse(value).ok()?)))
    };
    pairs.iter().map(one).collect::<Option<_>>().ok_or(Code::PleaseRetry)
}

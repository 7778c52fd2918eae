//! The engine: decides, applies, acts.
//!
//! *Decide* reads state and records facts or refuses; *apply* ([`State::apply`]) makes each fact true at once; *act*
//! leaves actions for the world. The caller drains events and actions after each input and carries an action out
//! only when the events before it are durable.

mod query;
mod wait;

use std::collections::{BTreeMap, VecDeque};

use crate::action::Action;
use crate::call::Pin;
use crate::command::{Actor, Answer, Command, Input, Origin, Report};
use crate::entry::Kind;
use crate::fact::{Event, Fact};
use crate::guid::GuidSource;
use crate::id::{CallId, Guid, TenantId};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::{Now, Timestamp};
use crate::witness::{Seen, Watch, Witness};

/// The contact centre of all tenants as one value.
#[derive(Debug)]
pub struct Engine {
    pub(crate) state: State,
    /// When the input being handled happened.
    pub(crate) now: Now,
    /// Who brought it about.
    pub(crate) by: Actor,
    /// Whence, as far as is known.
    origin: Option<Origin>,
    /// PINs that are being pressed, by call. No part of the state: they end with the process, as their calls do.
    pub(crate) pins: BTreeMap<CallId, Pin>,
    guids: GuidSource,
    events: VecDeque<Event>,
    actions: VecDeque<Action>,
    witness: Witness,
}

impl Engine {
    /// An engine that knows nothing yet. The seed is for guids only.
    pub fn new(seed: u64) -> Self {
        Self::from_state(seed, State::default())
    }

    /// An engine that knows what a snapshot knew.
    pub fn from_state(seed: u64, state: State) -> Self {
        let now = Now { at: state.at, wall: state.wall };
        Self {
            state,
            now,
            by: Actor::Policy,
            origin: None,
            pins: BTreeMap::new(),
            guids: GuidSource::new(seed),
            events: VecDeque::new(),
            actions: VecDeque::new(),
            witness: Witness::default(),
        }
    }

    /// Everything it knows, for a snapshot.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Makes a journalled event true, on recovery or as a follower. Nothing is done about it.
    ///
    /// # Panics
    /// When the event does not follow the last one: the journal is not the one of this state.
    pub fn apply(&mut self, event: &Event) {
        self.state.apply(event);
    }

    /// Handles one input. Facts and actions that follow are polled afterwards.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<Answer, Refusal> {
        self.begin(now, Actor::Policy);
        let result = match input {
            Input::Command { tenant, by, command } => {
                self.by = by;
                self.command(tenant, command)
            }
            Input::Request { tenant, by, origin, command } => {
                self.by = by;
                self.origin = Some(origin);
                self.command(tenant, command)
            }
            Input::AddTenant { name, domain } => {
                self.by = Actor::Operator;
                self.add_tenant(name, &domain)
            }
            Input::Report(report) => self.report(report),
            Input::Timeout => {
                self.fire_due();
                Ok(Answer::Done)
            }
        };
        self.origin = None;
        self.assign_all();
        result
    }

    /// When [`Input::Timeout`] is wanted, and what for.
    pub fn poll_timeout(&self) -> Option<(Timestamp, &'static str)> {
        self.state.timers.first().map(|(due, timer)| (*due, timer.name()))
    }

    /// The next new event, for the journal and for everyone.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next thing to do, once the events so far are durable.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Lets a proof watch from inside; see [`Watch`].
    pub fn watch(&mut self, watch: Watch) {
        self.witness.watch = watch;
    }

    /// The next thing seen since the engine is watched.
    pub fn poll_seen(&mut self) -> Option<Seen> {
        self.witness.poll()
    }

    /// The number of the last event applied; nought before the first.
    pub const fn last_seq(&self) -> u64 {
        self.state.seq
    }

    fn command(&mut self, tenant: TenantId, command: Command) -> Result<Answer, Refusal> {
        if !self.state.tenants.contains_key(&tenant) {
            return Err(Refusal::NotFound(Kind::Tenant));
        }
        match command {
            Command::If(condition, command) => {
                self.is_so(tenant, &condition)?;
                self.command(tenant, *command)
            }
            Command::NoteAccess(what) => self.note_access(tenant, what),
            Command::Add(entry) => self.add_entry(tenant, entry),
            Command::Change(id, entry) => self.change_entry(tenant, id, entry),
            Command::Remove(id) => self.remove_entry(tenant, id),
            Command::SetOutboundRules(rules) => self.set_outbound_rules(tenant, rules),
            Command::SetFeatureCodes(codes) => self.set_feature_codes(tenant, codes),
            Command::SetBlacklistPrompts(prompts) => self.set_blacklist_prompts(tenant, prompts),
            Command::SetNightMode { queue, on } => self.set_night_mode(tenant, queue, on),
            Command::SetEmergency { queue, emergency, waiting } => {
                self.set_emergency(tenant, queue, emergency, waiting)
            }
            Command::Assign { agent, queue, tier } => self.assign(tenant, agent, queue, tier),
            Command::Unassign { agent, queue } => self.unassign(tenant, agent, queue),
            Command::LogIn { agent, device } => self.log_in(tenant, agent, device),
            Command::LogOut { agent, reason } => self.log_out(tenant, agent, reason),
            Command::Ready { agent } => self.become_ready(tenant, agent),
            Command::NotReady { agent, reason, note } => self.become_not_ready(tenant, agent, reason, note),
            Command::Absent { agent, absence, note } => self.become_absent(tenant, agent, absence, note),
            Command::SetHandling { agent, handling } => self.set_handling(tenant, agent, handling),
            Command::SetCallSettings { agent, settings } => self.set_call_settings(tenant, agent, settings),
            Command::SetMembership { agent, queue, membership } => {
                self.set_membership(tenant, agent, queue, membership)
            }
            Command::AskInQueue { agent, queue, wish } => self.ask_in_queue(tenant, agent, queue, wish),
            Command::Attend { agent, queue, how } => self.attend(tenant, agent, queue, how),
            Command::MarkMessage { agent, message, heard } => {
                self.mark_message(tenant, agent, message, heard)
            }
            Command::RemoveMessage { agent, message } => self.remove_message(tenant, agent, message),
            Command::ExtendWrapUp { agent } => self.extend_wrap_up(tenant, agent),
            Command::ReadyAfterWrapUp { agent } => self.ready_after_wrap_up(tenant, agent),
            Command::EndWrapUp { agent } => self.finish_wrap_up(tenant, agent),
            Command::Pick { agent, call } => self.pick(tenant, agent, call),
            Command::DeclineOffer { offer } => self.decline(tenant, offer),
            Command::SetDisposition { call, agent, disposition, note } => {
                self.set_disposition(tenant, call, agent, disposition, note)
            }
            Command::PlaceCall { device, to } => self.place_call(tenant, device, to),
            Command::ClearCall { call } => self.clear_by_command(tenant, call),
            Command::TransferCall { call, device, to } => self.transfer_by_command(tenant, call, device, to),
            Command::ParkCall { call, device, slot } => self.park_by_command(tenant, call, device, slot),
            Command::RetrieveCall { call, device } => self.retrieve_by_command(tenant, call, device),
            Command::AnswerCall { call, device } => self.answer_by_command(tenant, call, device),
            Command::HoldCall { call, device, hold } => self.hold_by_command(tenant, call, device, hold),
            Command::MuteCall { call, device, muted } => self.mute_by_command(tenant, call, device, muted),
            Command::SendDigits { call, device, digits } => self.send_digits(tenant, call, device, &digits),
            Command::LeaveCall { call, device } => self.leave_by_command(tenant, call, device),
            Command::DropParty { call, leg } => self.drop_by_command(tenant, call, leg),
            Command::Consult { call, device, to } => self.consult(tenant, call, device, to),
            Command::SwapCalls { call, device } => self.swap_by_command(tenant, call, device),
            Command::JoinCalls { call, device, how } => self.complete_by_command(tenant, call, device, how),
            Command::Monitor { device, whom, whispers } => {
                self.monitor_by_command(tenant, device, whom, whispers)
            }
            Command::Supervise { call, how } => self.supervise_by_command(tenant, call, how),
            Command::SetVariables { call, variables } => self.set_variables(tenant, call, variables),
            Command::ClearAgent { agent } => self.clear_agent(tenant, agent),
            Command::PauseRecording { call, reason } => self.pause_recording(tenant, call, reason),
            Command::ResumeRecording { call } => self.resume_recording(tenant, call),
        }
    }

    fn report(&mut self, report: Report) -> Result<Answer, Refusal> {
        self.by = Actor::Network;
        match report {
            Report::LegArrived { from, caller, caller_name, dialled } => {
                return self.arrive(from, caller, caller_name, dialled);
            }
            Report::LegReplaces { leg, other } => return self.leg_replaces(leg, other),
            Report::LegReferred { leg, to } => return self.leg_referred(leg, to),
            Report::DeviceRegistered { device } => self.device_registered(device),
            Report::DeviceUnregistered { device } => self.device_unregistered(device),
            Report::LegRinging { leg, early_media } => self.leg_ringing(leg, early_media),
            Report::LegAnswered { leg } => self.leg_answered(leg),
            Report::LegSaved { leg, dialog } => self.leg_saved(leg, dialog),
            Report::LegHeld { leg } => self.leg_held(leg),
            Report::LegRetrieved { leg } => self.leg_retrieved(leg),
            Report::LegCleared { leg, cause } => self.leg_cleared(leg, cause),
            Report::Digit { leg, digit } => self.leg_digit(leg, digit),
            Report::PinChecked { leg, agent, right } => self.pin_checked(leg, agent, right),
            Report::PromptsEnded { leg } => self.prompts_ended(leg),
            Report::RecordingSaved { recording, audio_ms, paused_ms, bytes } => {
                self.recording_saved(recording, audio_ms, paused_ms, bytes);
            }
            Report::RecordingFailed { recording, why } => self.recording_failed(recording, why),
        }
        Ok(Answer::Done)
    }
}

/// What every decision is made with.
impl Engine {
    /// Takes in when the next input happened. A clock that went back stands still instead, so no duration is negative.
    pub(crate) fn begin(&mut self, now: Now, by: Actor) {
        self.now = Now { at: now.at.max(self.state.at), wall: now.wall };
        self.by = by;
        self.origin = None;
    }

    /// Makes a fact true and tells it.
    pub(crate) fn record(&mut self, tenant: TenantId, fact: Fact) {
        let event = Event {
            seq: self.state.seq + 1,
            at: self.now.at,
            wall: self.now.wall,
            tenant,
            by: self.by,
            origin: self.origin.clone(),
            fact,
        };
        self.state.apply(&event);
        self.witness.see_state(&self.state);
        self.events.push_back(event);
    }

    /// As [`Engine::record`], for what follows from a rule and not from what somebody did.
    pub(crate) fn record_policy(&mut self, tenant: TenantId, fact: Fact) {
        let by = core::mem::replace(&mut self.by, Actor::Policy);
        let origin = self.origin.take();
        self.record(tenant, fact);
        (self.by, self.origin) = (by, origin);
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.witness.see_action(self.state.seq, &action);
        self.actions.push_back(action);
    }

    pub(crate) fn draw_guid(&mut self) -> Guid {
        self.guids.draw(self.state.seq)
    }

    /// A number that nobody can foresee.
    pub(crate) fn draw(&mut self) -> u64 {
        self.draw_guid().0 as u64
    }
}

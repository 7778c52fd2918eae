//! Calls to feature codes: what is asked for is done or refused, and said so at the phone.

use super::arrive::direction_to;
use super::number::takes_number;
use super::route::Target;
use super::{CallStep, Cause, Role};
use crate::action::{Action, AfterPrompts};
use crate::agent::{Attend, ForwardTo, Handling, Missed};
use crate::code::Feature;
use crate::command::{Answer, Endpoint, Note};
use crate::engine::Engine;
use crate::entry::{Destination, Kind, Name, Numbered};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, QueueId, TenantId};
use crate::refusal::Refusal;
use crate::text::{Number, Text};

/// What a phone hears first when what it asked for is so.
const CONFIRMED: &str = "tones/confirmed";
/// What it hears first when it is not.
const DENIED: &str = "tones/denied";
/// What it hears then when it is so after a call, an offer or a wrap-up only.
const AFTERWARDS: &str = "en/afterwards";
/// What it hears before the number of a slot.
const PARKED: &str = "en/parked";

impl Engine {
    /// The feature that a device dials, if it dials one.
    pub(super) fn feature(&self, tenant: TenantId, dialled: &Number) -> Option<(Feature, Option<Number>)> {
        self.state.tenant(tenant).codes.read(dialled)
    }

    /// Lets the device into a call that there is already, if that is what it dials for; else says why not, or nothing
    /// when the feature is another.
    pub(super) fn join_by_code(
        &mut self,
        tenant: TenantId,
        device: DeviceId,
        feature: Feature,
        argument: Option<&Number>,
    ) -> Result<Answer, Option<Refusal>> {
        let joined = if feature == Feature::Retrieve {
            self.retrieve_by_code(tenant, device, argument)
        } else if feature == Feature::PickUp {
            argument.ok_or(missing()).and_then(|number| self.pick_up_at(tenant, device, number.clone()))
        } else if feature == Feature::PickUpGroup {
            alone(argument).and_then(|()| self.pick_up_in_team(tenant, device))
        } else {
            return Err(None);
        };
        joined.map_err(Some)
    }

    /// The number that a code means by which a phone calls whom it called last, or who called it last; nothing when the
    /// code is another.
    pub(super) fn called_again(
        &self,
        device: DeviceId,
        feature: Feature,
        argument: Option<&Number>,
    ) -> Option<Result<Number, Refusal>> {
        let device = self.state.device(device);
        let number = if feature == Feature::Redial {
            &device.dialled_last
        } else if feature == Feature::CallBackLast {
            &device.called_last
        } else {
            return None;
        };
        Some(alone(argument).and_then(|()| number.clone().ok_or(Refusal::NotFound(Kind::Call))))
    }

    /// Begins the call that such a code means.
    pub(super) fn call_again(
        &mut self,
        device: DeviceId,
        (feature, number): (Feature, Number),
        (caller, caller_name): (Option<Number>, Name),
        target: Target,
    ) -> Answer {
        let tenant = self.state.device(device).filed.tenant;
        let agent = self.person_at(device);
        let (call, _) = self.start_call(tenant, direction_to(&target), caller, caller_name, number.clone());
        let leg = self.add_leg(call, Role::Caller, true, Endpoint::Device(device));
        let argument = Some(number);
        self.record(tenant, Fact::FeatureCodeDialled { call, agent, feature, argument, refused: None });
        self.lead(call, target);
        Answer::Arrived(call, leg)
    }

    /// Does what was dialled, by the same ways as every command, unless it is `refused` already, and says at the phone
    /// what came of it.
    pub(super) fn take_code(
        &mut self,
        call: CallId,
        device: DeviceId,
        (feature, argument): (Feature, Option<Number>),
        refused: Option<Refusal>,
    ) {
        let tenant = self.state.call(call).tenant;
        let agent = self.person_at(device);
        let mailbox = agent.filter(|agent| self.state.agent(*agent).filed.entry.mailbox.is_some());
        if let (Feature::Voicemail, None, Some(owner)) = (feature, &argument, mailbox) {
            let dialled = Fact::FeatureCodeDialled { call, agent, feature, argument, refused: None };
            self.record(tenant, dialled);
            return self.open_mailbox(call, owner);
        }
        if feature == Feature::HotDeskOn && refused.is_none() {
            return self.ask_who_comes(call, device, argument);
        }
        if let (true, None, Some(agent)) = (takes_number(feature), &argument, agent) {
            return self.ask_for_number(call, agent, feature);
        }
        if let (Feature::Monitor, Some(number), Some(supervisor)) = (feature, &argument, agent) {
            return match self.monitored_by(tenant, supervisor, number) {
                Ok(heard) => self.monitor(call, (supervisor, argument), heard),
                Err(refusal) => self.conclude(call, agent, (feature, argument), Err(refusal)),
            };
        }
        let done = match refused {
            Some(refusal) => Err(refusal),
            None => self.do_feature((tenant, call), device, agent, feature, argument.as_ref()),
        };
        self.conclude(call, agent, (feature, argument), done);
    }

    /// Tells what a feature code came to: for the record, and at the phone.
    pub(super) fn conclude(
        &mut self,
        call: CallId,
        agent: Option<AgentId>,
        (feature, argument): (Feature, Option<Number>),
        done: Result<Answer, Refusal>,
    ) {
        let tenant = self.state.call(call).tenant;
        let said = match done {
            Err(Refusal::AlreadySo) => Ok(Answer::Done),
            said => said,
        };
        let refused = said.as_ref().err().map(|refusal| Text::parse(refusal.code()).unwrap_or_default());
        self.record(tenant, Fact::FeatureCodeDialled { call, agent, feature, argument, refused });
        self.announce(call, words(feature, &said));
    }

    /// Who speaks from a device: who is logged in there, else whose desk it stands on.
    pub(crate) fn person_at(&self, device: DeviceId) -> Option<AgentId> {
        self.state.person_at(device)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one table of all features; splitting it would need a wildcard"
    )]
    fn do_feature(
        &mut self,
        (tenant, call): (TenantId, CallId),
        device: DeviceId,
        agent: Option<AgentId>,
        feature: Feature,
        argument: Option<&Number>,
    ) -> Result<Answer, Refusal> {
        let agent = || agent.ok_or(Refusal::NobodyThere);
        match feature {
            Feature::LogIn => self.attend_by_code(tenant, agent()?, argument, Attend::LogIn { device }),
            Feature::LogOut => self.attend_by_code(tenant, agent()?, argument, Attend::LogOut),
            Feature::Ready => self.attend_by_code(tenant, agent()?, argument, Attend::Ready),
            Feature::NotReady => {
                let how = Attend::NotReady { reason: None, note: Note::default() };
                self.attend_by_code(tenant, agent()?, argument, how)
            }
            Feature::DoNotDisturbOn => {
                let agent = agent()?;
                alone(argument)?;
                self.set_handling(tenant, agent, Handling::Busy)
            }
            Feature::DoNotDisturbOff => {
                let is_on = |handling: &Handling| *handling == Handling::Busy;
                self.ring_again(tenant, agent()?, argument, is_on)
            }
            Feature::ForwardOff => {
                let is_on = |handling: &Handling| matches!(handling, Handling::Forward(_));
                self.ring_again(tenant, agent()?, argument, is_on)
            }
            Feature::ForwardOn
            | Feature::ForwardBusyOn
            | Feature::ForwardNoAnswerOn
            | Feature::ForwardUnreachableOn => {
                let agent = agent()?;
                self.forward_by_code(tenant, agent, feature, argument.cloned().ok_or(missing())?)
            }
            Feature::VoicemailBusyOn => {
                let agent = agent()?;
                alone(argument)?;
                self.set_forward(tenant, agent, Missed::Busy, Some(ForwardTo::Voicemail))
            }
            Feature::VoicemailNoAnswerOn => {
                let agent = agent()?;
                alone(argument)?;
                self.set_forward(tenant, agent, Missed::NoAnswer, Some(ForwardTo::Voicemail))
            }
            Feature::ForwardBusyOff => self.end_forward(tenant, agent()?, argument, Missed::Busy, is_number),
            Feature::ForwardNoAnswerOff => {
                self.end_forward(tenant, agent()?, argument, Missed::NoAnswer, is_number)
            }
            Feature::ForwardUnreachableOff => {
                self.end_forward(tenant, agent()?, argument, Missed::Unreachable, is_number)
            }
            Feature::VoicemailBusyOff => {
                self.end_forward(tenant, agent()?, argument, Missed::Busy, is_voicemail)
            }
            Feature::VoicemailNoAnswerOff => {
                self.end_forward(tenant, agent()?, argument, Missed::NoAnswer, is_voicemail)
            }
            Feature::VoicemailOn => {
                let agent = agent()?;
                alone(argument)?;
                self.set_handling(tenant, agent, Handling::Voicemail)
            }
            Feature::VoicemailOff => {
                let is_on = |handling: &Handling| *handling == Handling::Voicemail;
                self.ring_again(tenant, agent()?, argument, is_on)
            }
            Feature::Park => self.park_by_code(tenant, device, argument),
            Feature::Monitor => agent().and(Err(missing())),
            Feature::RecordingStart => {
                alone(argument)?;
                self.record_held(device)
            }
            Feature::RecordingStop => {
                alone(argument)?;
                let (held, _) = self.held_at(device)?;
                self.state.call(held).recording.ok_or(Refusal::NotRecording)?;
                self.stop_recording(held, true);
                Ok(Answer::Done)
            }
            Feature::RecordingPause => {
                alone(argument)?;
                let (held, _) = self.held_at(device)?;
                self.pause_recording(tenant, held, Text::parse("feature code").unwrap_or_default())
            }
            Feature::RecordingResume => {
                alone(argument)?;
                let (held, _) = self.held_at(device)?;
                self.resume_recording(tenant, held)
            }
            Feature::ResetCalls => {
                alone(argument)?;
                self.reset_calls(call, device)
            }
            Feature::HotDeskOff => alone(argument).and_then(|()| self.leave_desk(tenant, device)),
            // With a mailbox it was opened already.
            Feature::Voicemail => agent().and(alone(argument)).and(Err(Refusal::NoMailbox)),
            // What these can do was done where the call arrived.
            Feature::CallBackLast
            | Feature::Redial
            | Feature::PickUp
            | Feature::PickUpGroup
            | Feature::Retrieve => Err(Refusal::NotFound(Kind::Call)),
            // Who comes to a hot desk was asked who he is.
            Feature::HotDeskOn => Err(Refusal::FeatureUnavailable),
            Feature::Transfer | Feature::TransferToVoicemail => {
                let number = argument.cloned().ok_or(missing())?;
                self.transfer_by_code(tenant, device, feature, number)
            }
            Feature::SharedVoicemail
            | Feature::ParkForGroup
            | Feature::ForwardClosedOn
            | Feature::ForwardClosedOff
            | Feature::HideNumberOn
            | Feature::HideNumberOff
            | Feature::ShowNumberOnce
            | Feature::HideNumberOnce
            | Feature::RejectAnonymousOn
            | Feature::RejectAnonymousOff
            | Feature::AnonymousOutboundOn
            | Feature::AnonymousOutboundOff
            | Feature::AnonymousOnce
            | Feature::NamedOnce
            | Feature::SpeedDial
            | Feature::SpeedDialLong
            | Feature::CallBridge
            | Feature::CallWhenFreeOn
            | Feature::CallWhenFreeOff
            | Feature::Paging
            | Feature::CallFlip
            | Feature::ClearPush => Err(Refusal::FeatureUnavailable),
        }
    }

    /// Records the call that a phone holds, as its agent's.
    fn record_held(&mut self, device: DeviceId) -> Result<Answer, Refusal> {
        let (held, leg) = self.held_at(device)?;
        let call = self.state.call(held);
        if call.recording.is_some() {
            return Err(Refusal::AlreadySo);
        }
        let agent = self.state.device(device).agent.ok_or(Refusal::NotLoggedIn)?;
        let right = call.members.iter().copied().filter(|member| *member != leg).collect();
        self.start_recording(held, agent, leg, right);
        Ok(Answer::Done)
    }

    /// Ends all calls of a phone but the one by which it asks for it.
    fn reset_calls(&mut self, asking: CallId, device: DeviceId) -> Result<Answer, Refusal> {
        // Clearing one may clear another, or bring the phone back into the one for which it consults.
        while let Some(call) = self.state.device(device).legs.iter().find_map(|leg| {
            let call = self.state.leg(*leg).call;
            (call != asking).then_some(call)
        }) {
            self.clear_call(call, Cause::Normal);
        }
        Ok(Answer::Done)
    }

    fn attend_by_code(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        queue: Option<&Number>,
        how: Attend,
    ) -> Result<Answer, Refusal> {
        let queue = queue.map(|number| self.queue_of_number(tenant, number)).transpose()?;
        self.attend(tenant, agent, queue, how)
    }

    /// Ends one way of handling direct calls; another stays.
    fn ring_again(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        argument: Option<&Number>,
        is_on: impl FnOnce(&Handling) -> bool,
    ) -> Result<Answer, Refusal> {
        alone(argument)?;
        if !is_on(&self.state.agent(agent).handling) {
            return Err(Refusal::AlreadySo);
        }
        self.set_handling(tenant, agent, Handling::Ring)
    }

    /// Ends one way of handling missed calls; another stays.
    fn end_forward(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        argument: Option<&Number>,
        missed: Missed,
        is_on: impl FnOnce(&ForwardTo) -> bool,
    ) -> Result<Answer, Refusal> {
        alone(argument)?;
        if !self.state.agent(agent).settings.forward(missed).is_some_and(is_on) {
            return Err(Refusal::AlreadySo);
        }
        self.set_forward(tenant, agent, missed, None)
    }

    /// The queue that has the number itself, or that a route leads to from it.
    fn queue_of_number(&self, tenant: TenantId, number: &Number) -> Result<QueueId, Refusal> {
        let found = self.state.tenant(tenant).plan.get(number);
        let route = |id| match self.state.route(id).destination {
            Destination::Queue(queue) => Some(queue),
            Destination::Agent(_) | Destination::Device(_) | Destination::Clear => None,
        };
        let queue = match found {
            Some(Numbered::Queue(queue)) => Some(*queue),
            Some(Numbered::Route(id)) => route(*id),
            Some(Numbered::Agent(_) | Numbered::Device(_)) | None => None,
        };
        queue.ok_or(Refusal::NotFound(Kind::Queue))
    }

    /// Says something to the caller of a call that leads nowhere else, and ends it then.
    pub(crate) fn announce(&mut self, call: CallId, prompts: Vec<Name>) {
        let leg = self.answer_caller(call);
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::AnnouncementStarted { call, prompts: prompts.clone() });
        debug_assert_eq!(self.state.call(call).step, CallStep::Served);
        self.act(Action::Play { leg, prompts, then: AfterPrompts::Report });
    }
}

const fn is_number(to: &ForwardTo) -> bool {
    matches!(to, ForwardTo::Number(_))
}

const fn is_voicemail(to: &ForwardTo) -> bool {
    matches!(to, ForwardTo::Voicemail)
}

const fn missing() -> Refusal {
    Refusal::Invalid { field: "number", why: "must follow this code" }
}

const fn alone(argument: Option<&Number>) -> Result<(), Refusal> {
    match argument {
        None => Ok(()),
        Some(_) => Err(Refusal::Invalid { field: "number", why: "must not follow this code" }),
    }
}

/// What is said: a tone that means yes or no, then words where they help.
fn words(feature: Feature, said: &Result<Answer, Refusal>) -> Vec<Name> {
    let (tone, speech) = match said {
        Ok(Answer::Pending) => (CONFIRMED, Some(AFTERWARDS)),
        Ok(Answer::Parked(slot)) => return parked(*slot),
        Ok(_) => (CONFIRMED, word_of(feature)),
        Err(refusal) => (DENIED, why(refusal)),
    };
    [Some(tone), speech].into_iter().flatten().filter_map(|prompt| Name::parse(prompt).ok()).collect()
}

/// Where the call waits, digit by digit.
fn parked(slot: u16) -> Vec<Name> {
    let digits = slot.to_string().chars().map(|digit| format!("en/digit-{digit}")).collect::<Vec<_>>();
    let prompts = [CONFIRMED, PARKED].into_iter().map(str::to_owned).chain(digits);
    prompts.filter_map(|prompt| Name::parse(&prompt).ok()).collect()
}

/// What is so now.
#[expect(clippy::wildcard_enum_match_arm, reason = "for the others the tone says it all")]
const fn word_of(feature: Feature) -> Option<&'static str> {
    match feature {
        Feature::LogIn | Feature::HotDeskOn => Some("en/logged-in"),
        Feature::LogOut | Feature::HotDeskOff => Some("en/logged-out"),
        Feature::Ready => Some("en/ready"),
        Feature::NotReady => Some("en/not-ready"),
        Feature::DoNotDisturbOn => Some("en/do-not-disturb"),
        Feature::ForwardOn
        | Feature::ForwardBusyOn
        | Feature::ForwardNoAnswerOn
        | Feature::ForwardUnreachableOn => Some("en/forwarded"),
        Feature::VoicemailOn | Feature::VoicemailBusyOn | Feature::VoicemailNoAnswerOn => {
            Some("en/voicemail-on")
        }
        Feature::DoNotDisturbOff | Feature::ForwardOff | Feature::VoicemailOff => Some("en/phone-rings"),
        _ => None,
    }
}

/// Why it is not so.
#[expect(clippy::wildcard_enum_match_arm, reason = "for the others the tone says it all")]
const fn why(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::NotAssigned => Some("en/not-in-queue"),
        Refusal::NotFound(Kind::Queue) => Some("en/no-such-queue"),
        Refusal::NotFound(Kind::Call) => Some("en/no-call"),
        Refusal::NotLoggedIn => Some("en/not-logged-in"),
        Refusal::LoggedInElsewhere => Some("en/logged-in-elsewhere"),
        Refusal::NoMailbox => Some("en/no-mailbox"),
        Refusal::NobodyThere => Some("en/nobody-there"),
        Refusal::FeatureUnavailable => Some("en/not-available"),
        Refusal::NotPermitted => Some("en/not-permitted"),
        Refusal::WrongPin => Some("en/wrong-pin"),
        Refusal::Invalid { .. } => Some("en/invalid"),
        _ => None,
    }
}

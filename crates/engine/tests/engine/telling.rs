//! Facts and actions in short words, with names instead of ids.

use std::collections::BTreeMap;

use cordial_engine::agent::{Activity, Duty, WhyLoggedOut, WhyNotReady};
use cordial_engine::call::{OfferEnd, TransferTo, Withdrawn};
use cordial_engine::fact::Fact;
use cordial_engine::id::*;
use cordial_engine::view::AgentView;
use cordial_engine::{Action, Actor, AfterPrompts, Endpoint, EntryId, Event};

/// Who is who.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) entries: BTreeMap<EntryId, String>,
    pub(crate) calls: BTreeMap<CallId, String>,
    pub(crate) legs: BTreeMap<LegId, String>,
}

impl Names {
    /// Learns what an event names for the first time.
    pub(crate) fn learn(&mut self, event: &Event) {
        match &event.fact {
            Fact::CallStarted { call, caller, .. } => {
                let caller = caller.as_ref().map_or("?", |number| number.as_str());
                self.calls.insert(*call, caller.to_owned());
            }
            Fact::LegAdded { leg, call, endpoint, arrived, .. } => {
                let label = match endpoint {
                    Endpoint::Device(id) => self.entry(EntryId::Device(*id)),
                    Endpoint::Trunk(_) if *arrived => self.call(*call),
                    Endpoint::Trunk(id) => self.entry(EntryId::Trunk(*id)),
                };
                self.legs.insert(*leg, label);
            }
            _other => {}
        }
    }

    pub(crate) fn entry(&self, id: EntryId) -> String {
        self.entries.get(&id).cloned().unwrap_or_else(|| format!("{id:?}"))
    }

    pub(crate) fn agent(&self, id: AgentId) -> String {
        self.entry(EntryId::Agent(id))
    }

    fn actor(&self, actor: Actor) -> String {
        match actor {
            Actor::User(id) => self.entry(EntryId::User(id)),
            Actor::Device(id) => self.entry(EntryId::Device(id)),
            Actor::Operator => "the operator".to_owned(),
            Actor::Network => "the network".to_owned(),
            Actor::Policy => "policy".to_owned(),
        }
    }

    pub(crate) fn queue(&self, id: QueueId) -> String {
        self.entry(EntryId::Queue(id))
    }

    pub(crate) fn call(&self, id: CallId) -> String {
        self.calls.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn legs(&self, legs: &[LegId]) -> String {
        legs.iter().map(|leg| self.leg(*leg)).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn leg(&self, id: LegId) -> String {
        self.legs.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(crate) fn duty(&self, duty: &Duty) -> String {
        match duty {
            Duty::LoggedOut => "logged out".to_owned(),
            Duty::Ready => "ready".to_owned(),
            Duty::NotReady { reason, .. } => match reason {
                None => "not ready".to_owned(),
                Some(WhyNotReady::Reason(id)) => format!("not ready: {}", self.entry(EntryId::Reason(*id))),
                Some(why) => format!("not ready: {why:?}"),
            },
        }
    }

    /// The reason that was given for a log-out.
    fn given(&self, reason: Option<ReasonId>) -> String {
        reason.map_or_else(String::new, |id| format!(": {}", self.entry(EntryId::Reason(id))))
    }

    /// An agent on the axes that differ from rest.
    pub(crate) fn view(&self, agent: &AgentView) -> String {
        let activity = match &agent.activity {
            Activity::Idle => "idle".to_owned(),
            Activity::Offered { .. } => "offered".to_owned(),
            Activity::InCall { call, queue, .. } => match queue {
                Some(queue) => format!("in call {} of {}", self.call(*call), self.queue(*queue)),
                None => format!("in call {}", self.call(*call)),
            },
            Activity::WrapUp { until, .. } => format!("wrap-up until {until:?}"),
        };
        let pending = agent.pending.as_ref().map(|duty| format!(", then {}", self.duty(duty)));
        let held = if agent.held { ", held" } else { "" };
        let duty = self.duty(&agent.duty);
        format!("{duty}{}, {activity}{held}, device {:?}", pending.unwrap_or_default(), agent.device)
    }

    pub(crate) fn fact(&self, event: &Event) -> String {
        let fact = &event.fact;
        let words = serde_json::to_value(fact).unwrap();
        let kind = words.as_object().unwrap().keys().next().unwrap().clone();
        let rest = match fact {
            Fact::AgentLoggedIn { agent, device, moved_from: Some(from) } => {
                let place = |device: DeviceId| self.entry(EntryId::Device(device));
                format!("{} at {}, was at {}", self.agent(*agent), place(*device), place(*from))
            }
            Fact::AgentLoggedIn { agent, .. }
            | Fact::AgentReady { agent }
            | Fact::AgentRestEnded { agent }
            | Fact::HandlingSet { agent, .. } => self.agent(*agent),
            Fact::CallSettingsSet { agent, settings } => format!("{} {settings:?}", self.agent(*agent)),
            Fact::CallForwarded { call, agent, missed, to } => {
                format!("{} by {} {missed:?} to {to:?}", self.call(*call), self.agent(*agent))
            }
            Fact::AgentLoggedOut { agent, why, reason } => {
                let told = match why.expect("who asked is known") {
                    WhyLoggedOut::Asked => self.agent(*agent),
                    WhyLoggedOut::Forced { by } => format!("{} by {}", self.agent(*agent), self.actor(by)),
                    WhyLoggedOut::DeskTaken { agent: by } => {
                        format!("{} for {}", self.agent(*agent), self.agent(by))
                    }
                };
                told + &self.given(*reason)
            }
            Fact::MembershipSet { agent, queue, membership } => {
                format!("{} {} {membership:?}", self.agent(*agent), self.queue(*queue))
            }
            Fact::MembershipPending { agent, queue, wish } => {
                format!("{} {} {wish:?}", self.agent(*agent), self.queue(*queue))
            }
            Fact::AgentAssigned { agent, queue, .. } | Fact::AgentUnassigned { agent, queue } => {
                format!("{} {}", self.agent(*agent), self.queue(*queue))
            }
            Fact::AgentNotReady { agent, duty } => format!("{} {}", self.agent(*agent), self.duty(duty)),
            Fact::DutyPending { agent, duty, reason } => {
                let duty = duty.as_ref().map_or("nothing".to_owned(), |duty| self.duty(duty));
                format!("{} {duty}{}", self.agent(*agent), self.given(*reason))
            }
            Fact::AgentRested { agent, until } => format!("{} until {until:?}", self.agent(*agent)),
            Fact::DeviceRegistered { device } | Fact::DeviceUnregistered { device } => {
                self.entry(EntryId::Device(*device))
            }
            Fact::CallStarted { call, direction, dialled, .. } => {
                format!("{} {direction:?} to {}", self.call(*call), dialled.as_str())
            }
            Fact::LegAdded { leg, role, .. } => format!("{} {role:?}", self.leg(*leg)),
            Fact::LegCleared { leg, cause, .. } => format!("{} {cause:?}", self.leg(*leg)),
            Fact::LegRinging { leg, .. }
            | Fact::LegAnswered { leg, .. }
            | Fact::LegSaved { leg, .. }
            | Fact::LegHeld { leg, by_command: false, .. }
            | Fact::LegRetrieved { leg, by_command: false, .. } => self.leg(*leg),
            Fact::LegHeld { leg, .. } | Fact::LegRetrieved { leg, .. } => {
                format!("{} by command", self.leg(*leg))
            }
            Fact::LegMuted { leg, muted, .. } => {
                format!("{} {}", self.leg(*leg), if *muted { "muted" } else { "heard again" })
            }
            Fact::VariablesSet { call, variables } => {
                let set = variables.iter().map(|(name, value)| {
                    format!(" {}={}", name.as_str(), value.as_ref().map_or("", |value| value.as_str()))
                });
                format!("{}{}", self.call(*call), set.collect::<String>())
            }
            Fact::DigitsSent { leg, digits, .. } => format!("{} {digits}", self.leg(*leg)),
            Fact::LegsMixed { legs, .. } => self.legs(legs),
            Fact::LegMoved { leg, from, to } => {
                format!("{} from {} to {}", self.leg(*leg), self.call(*from), self.call(*to))
            }
            Fact::ConsultationStarted { call, of, leg, .. } => {
                format!("{} for {} by {}", self.call(*call), self.call(*of), self.leg(*leg))
            }
            Fact::ConsultationEnded { call, of, end } => {
                format!("{} for {} {end:?}", self.call(*call), self.call(*of))
            }
            Fact::CallsJoined { call, from, legs, how, .. } => {
                format!("{} and {} with {} {how:?}", self.call(*call), self.call(*from), self.legs(legs))
            }
            Fact::LegsBridged { a, b, .. } | Fact::LegsUnbridged { a, b, .. } => {
                format!("{} {}", self.leg(*a), self.leg(*b))
            }
            Fact::BlacklistPromptsSet { prompts } => format!("{prompts:?}"),
            Fact::CallerBlacklisted { call, queue, .. } => {
                format!("{} {}", self.call(*call), self.queue(*queue))
            }
            Fact::FeatureCodeDialled { agent, feature, argument, refused, .. } => {
                let who = agent.map_or("nobody".to_owned(), |agent| self.agent(agent));
                let what = argument.as_ref().map_or(String::new(), |number| format!(" {}", number.as_str()));
                let said = refused.as_ref().map_or("done".to_owned(), |code| format!("refused: {code}"));
                format!("{who} {}{what}, {said}", feature.word())
            }
            Fact::CallTransferred { call, leg, agent, to, .. } => {
                let by = agent.map_or("nobody".to_owned(), |agent| self.agent(agent));
                let to = match to {
                    TransferTo::Number(number) => number.as_str().to_owned(),
                    TransferTo::Mailbox(agent) => format!("the mailbox of {}", self.agent(*agent)),
                };
                format!("{} by {by}, {} to {to}", self.call(*call), self.leg(*leg))
            }
            Fact::CallParked { call, leg, slot, reminded, .. } => {
                format!("{} at {slot}, {} waits, {reminded} times rung", self.call(*call), self.leg(*leg))
            }
            Fact::ParkingEnded { call, slot, end } => format!("{} at {slot} {end:?}", self.call(*call)),
            Fact::MonitoringAsked { call, agent, follows, .. } => {
                let follows = if *follows { " from call to call" } else { "" };
                format!("{} to hear {}{follows}", self.call(*call), self.agent(*agent))
            }
            Fact::MonitoringStarted { call, monitored, agent, whispers, .. } => {
                let whispers = if *whispers { " and whispers" } else { "" };
                format!(
                    "{} hears {} of {}{whispers}",
                    self.call(*call),
                    self.call(*monitored),
                    self.agent(*agent)
                )
            }
            Fact::MonitoringWaits { call } => self.call(*call),
            Fact::MonitoringModeSet { call, whispers } => {
                format!("{} {}", self.call(*call), if *whispers { "whispers" } else { "listens" })
            }
            Fact::LogInAsked { digits, pin, wrong, .. } => {
                format!("{}{}, {wrong} wrong", digits.as_str(), if *pin { " and a PIN" } else { "" })
            }
            Fact::PinRefused { agent, wrong, until, .. } => {
                let until = until.map_or(String::new(), |until| format!(", locked out until {until:?}"));
                format!("{} {wrong}{until}", self.agent(*agent))
            }
            Fact::NumberAsked { agent, feature, digits, .. } => {
                format!("{} {} {digits}", self.agent(*agent), feature.word())
            }
            Fact::MailboxReached { call, agent } | Fact::MailboxOpened { call, agent } => {
                format!("{} {}", self.call(*call), self.agent(*agent))
            }
            Fact::MessagePlayed { agent, message, .. } => format!("{} {}", self.agent(*agent), message.0),
            Fact::MessageLeft { agent, message, caller, audio_ms, .. } => {
                let caller = caller.as_ref().map_or("nobody", |number| number.as_str());
                format!("{} {} from {caller}, {audio_ms} ms", self.agent(*agent), message.0)
            }
            Fact::MessageMarked { agent, message, heard } => {
                format!("{} {} {}", self.agent(*agent), message.0, if *heard { "heard" } else { "new" })
            }
            Fact::MessageRemoved { agent, message } => format!("{} {}", self.agent(*agent), message.0),
            Fact::AnnouncementStarted { call, prompts } => {
                let prompts: Vec<_> = prompts.iter().map(|prompt| prompt.as_str()).collect();
                format!("{} {}", self.call(*call), prompts.join(", "))
            }
            Fact::GreetingStarted { call, prompt } => format!("{} {prompt}", self.call(*call)),
            Fact::AgentConnected { call, agent, queue, .. } => {
                let queue = queue.map_or("directly".to_owned(), |queue| self.queue(queue));
                format!("{} {} {queue}", self.agent(*agent), self.call(*call))
            }
            Fact::AgentDisconnected { call, agent } => format!("{} {}", self.agent(*agent), self.call(*call)),
            Fact::CallCleared { call, cause } => format!("{} {cause:?}", self.call(*call)),
            Fact::CallClosed { call } => self.call(*call),
            Fact::CallQueued { call, queue, .. } => format!("{} {}", self.call(*call), self.queue(*queue)),
            Fact::CallerTold { call, position, wait, message, .. } => {
                let position = position.map(|position| format!(" position {position}"));
                let wait =
                    wait.map(|wait| format!(" {} to {:?} minutes", wait.from_minutes(), wait.to_minutes()));
                let message = message.map(|message| format!(" message {message}"));
                let said: String = [position, wait, message].into_iter().flatten().collect();
                format!("{}{said}", self.call(*call))
            }
            Fact::ServiceLevelBreached { call, breached, waiting, .. } => {
                format!("{} {breached} of {waiting}", self.call(*call))
            }
            Fact::CallbackAsked { call, number, until, .. } => {
                format!("{} at {} until {until:?}", self.call(*call), number.as_str())
            }
            Fact::BriefingStarted { agent, prompt, .. } => format!("{} {prompt}", self.agent(*agent)),
            Fact::SearchWidened { call, by, .. } => format!("{} {by:?}", self.call(*call)),
            Fact::TierSet { agent, queue, tier } => {
                format!("{} {} {tier:?}", self.agent(*agent), self.queue(*queue))
            }
            Fact::WaitingEnded { call, queue, end, waited_ms } => {
                format!("{} {} {end:?} after {waited_ms} ms", self.call(*call), self.queue(*queue))
            }
            Fact::OfferMade { call, agent, .. } => format!("{} to {}", self.call(*call), self.agent(*agent)),
            Fact::OfferEnded { agent, end, .. } => {
                let end = match end {
                    OfferEnd::Withdrawn(Withdrawn::AnsweredBy(by, _)) => {
                        format!("answered by {}", self.agent(*by))
                    }
                    OfferEnd::Withdrawn(Withdrawn::QueueGaveUp(queue)) => {
                        format!("{} gave up", self.queue(*queue))
                    }
                    other => format!("{other:?}"),
                };
                format!("{} {end}", self.agent(*agent))
            }
            Fact::WrapUpStarted { agent, until, .. } | Fact::WrapUpExtended { agent, until, .. } => {
                format!("{} until {until:?}", self.agent(*agent))
            }
            Fact::WrapUpEnded { agent, .. } => self.agent(*agent),
            Fact::DispositionSet { agent, disposition, .. } => {
                format!("{} {}", self.agent(*agent), self.entry(EntryId::Disposition(*disposition)))
            }
            Fact::RecordingStarted { call, .. }
            | Fact::RecordingPaused { call, .. }
            | Fact::RecordingResumed { call, .. }
            | Fact::RecordingStopped { call, .. }
            | Fact::RecordingSaved { call, .. }
            | Fact::RecordingFailed { call, .. } => self.call(*call),
            Fact::OutboundRefused { from, number, why } => {
                let from = match from {
                    Endpoint::Device(id) => self.entry(EntryId::Device(*id)),
                    Endpoint::Trunk(id) => self.entry(EntryId::Trunk(*id)),
                };
                format!("{from} to {}: {why:?}", number.as_str())
            }
            Fact::TenantAdded { .. }
            | Fact::FeatureCodesSet { .. }
            | Fact::AccessNoted { .. }
            | Fact::CalendarTurned { .. }
            | Fact::NightModeSet { .. }
            | Fact::EmergencySet { .. }
            | Fact::OutboundRulesSet { .. }
            | Fact::EntryAdded { .. }
            | Fact::EntryChanged { .. }
            | Fact::EntryRemoved { .. }
            | Fact::NodeStarted { .. } => String::new(),
        };
        format!("{kind} {rest}").trim_end().to_owned()
    }

    pub(crate) fn action(&self, action: &Action) -> String {
        match action {
            Action::Ring { leg, number, caller, auto_answer, .. } => {
                let caller = caller.as_ref().map_or("nobody", |number| number.as_str());
                let how = if *auto_answer { ", to be answered at once" } else { "" };
                format!("ring {} at {} from {caller}{how}", self.leg(*leg), number.as_str())
            }
            Action::Progress { leg, heard } => {
                let heard = heard.map(|leg| format!(" hearing {}", self.leg(leg)));
                format!("ringing to {}{}", self.leg(*leg), heard.unwrap_or_default())
            }
            Action::Answer { leg } => format!("answer {}", self.leg(*leg)),
            Action::Clear { leg, cause } => format!("clear {} {cause:?}", self.leg(*leg)),
            Action::ClearSaved { leg, dialog } => format!("clear {} by {dialog}", self.leg(*leg)),
            Action::Bridge { a, b } => format!("bridge {} {}", self.leg(*a), self.leg(*b)),
            Action::Unbridge { a, b } => format!("unbridge {} {}", self.leg(*a), self.leg(*b)),
            Action::Play { leg, prompts, then } => {
                let prompts: String = prompts.iter().map(|prompt| format!(" {prompt}")).collect();
                let then = match then {
                    AfterPrompts::Report => "then tell".to_owned(),
                    AfterPrompts::Music(None) => "then music".to_owned(),
                    AfterPrompts::Music(Some(music)) => format!("then {music}"),
                };
                format!("play to {}{prompts} {then}", self.leg(*leg))
            }
            Action::Mix { listener, sources } if sources.is_empty() => {
                format!("let {} hear nobody", self.leg(*listener))
            }
            Action::Mix { listener, sources } => {
                format!("let {} hear {}", self.leg(*listener), self.legs(sources))
            }
            Action::SendDigits { leg, digits } => {
                format!("send {} digits to {}", digits.as_str().len(), self.leg(*leg))
            }
            Action::MoveRecording { left, right, .. } => {
                format!("record on {} {}", self.leg(*left), self.legs(right))
            }
            Action::PlayMessage { leg, .. } => format!("play a message to {}", self.leg(*leg)),
            Action::CheckPin { leg, agent, pin } => {
                format!("check {} keys at {} for {}", pin.as_str().len(), self.leg(*leg), self.agent(*agent))
            }
            Action::StopPlay { leg } => format!("stop playing to {}", self.leg(*leg)),
            Action::StartRecording { left, right, .. } => {
                format!("record {} {}", self.leg(*left), self.legs(right))
            }
            Action::PauseRecording { .. } => "pause recording".to_owned(),
            Action::ResumeRecording { .. } => "resume recording".to_owned(),
            Action::StopRecording { .. } => "stop recording".to_owned(),
        }
    }
}

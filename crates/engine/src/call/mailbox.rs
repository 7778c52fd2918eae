//! Mailboxes: a caller leaves a message, its owner hears it at the phone.
//!
//! A message is a recording of one party, and as durable as every other; it is in the mailbox once its file is complete.

use serde::{Deserialize, Serialize};

use super::{CallStep, Cause};
use crate::action::{Action, AfterPrompts};
use crate::code::Feature;
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::{EntryId, Kind, Name};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, LegId, RecordingId, TenantId};
use crate::limits::{MESSAGE_MS_MIN, MESSAGES_MAX};
use crate::refusal::Refusal;

/// What a caller hears where the owner has no greeting of his own.
const GREETING: &str = "en/leave-message";
const BEEP: &str = "tones/beep";
/// What goes to the caller while he speaks, so that his audio finds its way back.
pub(super) const SILENCE: &str = "tones/silence";
const FULL: &str = "en/mailbox-full";
const NOTHING: &str = "en/no-messages";
const NO_MORE: &str = "en/no-more-messages";

/// What the engine itself does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    /// Says something, and ends it.
    Announces,
    /// Greets for a mailbox.
    Greets(AgentId),
    /// Takes a message.
    Takes(AgentId),
    /// Lets a supervisor hear another call.
    Monitors(CallId),
    /// Asks for the number that belongs to a feature code; see [`super::number`].
    Asks {
        /// Who dialled the code.
        agent: AgentId,
        /// For what.
        feature: Feature,
    },
    /// Asks who comes to a hot desk; see [`super::pin`].
    LogsIn {
        /// Whether his number is known, and his PIN is being asked for.
        pin: bool,
        /// PINs that were wrong.
        wrong: u8,
    },
    /// Plays a mailbox to its owner: the new messages, or all when there was no new one.
    Plays {
        /// Whose.
        agent: AgentId,
        /// Whether those already heard are left out.
        new: bool,
        /// The one that is being played.
        message: Option<RecordingId>,
    },
}

impl Service {
    /// Whose mailbox it is about, if it is about one.
    pub(crate) const fn agent(self) -> Option<AgentId> {
        match self {
            Self::Announces | Self::Monitors(_) | Self::Asks { .. } | Self::LogsIn { .. } => None,
            Self::Greets(agent) | Self::Takes(agent) | Self::Plays { agent, .. } => Some(agent),
        }
    }
}

pub(super) fn prompt(text: &str) -> Name {
    Name::parse(text).expect("the prompts named here are short")
}

impl Engine {
    /// Greets a caller for a mailbox; what he says after the tone will be a message.
    pub(crate) fn reach_mailbox(&mut self, call: CallId, agent: AgentId) {
        let owner = self.state.agent(agent);
        let Some(mailbox) = owner.filed.entry.mailbox.clone() else {
            return self.clear_call(call, Cause::Unreachable);
        };
        if owner.messages.len() >= MESSAGES_MAX {
            return self.announce(call, vec![prompt(FULL)]);
        }
        let tenant = owner.filed.tenant;
        let leg = self.answer_caller(call);
        self.record(tenant, Fact::MailboxReached { call, agent });
        let greeting = mailbox.greeting.unwrap_or_else(|| prompt(GREETING));
        let prompts = vec![greeting, prompt(BEEP)];
        self.act(Action::Play { leg, prompts, then: AfterPrompts::Report });
    }

    /// Plays a mailbox to its owner.
    pub(super) fn open_mailbox(&mut self, call: CallId, agent: AgentId) {
        let owner = self.state.agent(agent);
        let tenant = owner.filed.tenant;
        if owner.messages.is_empty() {
            return self.announce(call, vec![prompt(NOTHING)]);
        }
        self.answer_caller(call);
        self.record(tenant, Fact::MailboxOpened { call, agent });
        self.play_next(call);
    }

    /// What was said to a call that the engine serves is said, or should be.
    pub(super) fn serve_on(&mut self, call: CallId) {
        match self.state.call(call).service {
            Some(Service::Greets(agent)) => self.take_message(call, agent),
            Some(Service::Plays { agent, message, .. }) => {
                if let Some(message) = message {
                    self.hear(agent, message);
                }
                self.play_next(call);
            }
            Some(Service::Asks { .. }) => self.number_is_said(call),
            Some(Service::LogsIn { .. }) => self.number_is_known(call),
            Some(Service::Announces | Service::Takes(_) | Service::Monitors(_)) | None => {
                self.clear_call(call, Cause::Normal);
            }
        }
    }

    /// A key was pressed: it ends a message that is being left; of one that is played `7` removes it, `#` goes on to the
    /// next and `*` plays it again.
    pub(crate) fn leg_digit(&mut self, leg: LegId, digit: char) {
        let Some(call) = self.state.legs.get(&leg).map(|leg| leg.call) else {
            return;
        };
        let whole = self.state.call(call);
        if whole.heard.contains(&leg) {
            // Where voices are mixed, keys are not among them.
            return self.pass_digit(call, leg, digit);
        }
        if whole.caller_leg != Some(leg) {
            return;
        }
        if whole.step == CallStep::Waiting {
            return self.press(call, leg, digit);
        }
        if whole.step != CallStep::Served {
            return;
        }
        match (whole.service, digit) {
            (Some(Service::Asks { .. }), digit) => self.take_digit(call, digit),
            (Some(Service::LogsIn { .. }), digit) => self.take_identity(call, digit),
            (Some(Service::Takes(_)), '#') => self.clear_call(call, Cause::Normal),
            (Some(Service::Plays { agent, message: Some(message), .. }), '7') => {
                let tenant = self.state.agent(agent).filed.tenant;
                if self.state.agent(agent).messages.contains_key(&message) {
                    self.record(tenant, Fact::MessageRemoved { agent, message });
                }
                self.play_next(call);
            }
            (Some(Service::Plays { agent, message: Some(message), .. }), '#') => {
                self.hear(agent, message);
                self.play_next(call);
            }
            (Some(Service::Plays { agent, message: Some(message), .. }), '*') => {
                self.play_message(call, agent, message);
            }
            (
                Some(
                    Service::Announces
                    | Service::Monitors(_)
                    | Service::Greets(_)
                    | Service::Takes(_)
                    | Service::Plays { .. },
                ),
                _,
            )
            | (None, _) => {}
        }
    }

    /// Says whether a message was heard.
    pub(crate) fn mark_message(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        message: RecordingId,
        heard: bool,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        let kept = self.state.agent(agent).messages.get(&message);
        if kept.ok_or(Refusal::NotFound(Kind::Recording))?.heard == heard {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::MessageMarked { agent, message, heard });
        Ok(Answer::Done)
    }

    pub(crate) fn remove_message(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        message: RecordingId,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Agent(agent))?;
        if !self.state.agent(agent).messages.contains_key(&message) {
            return Err(Refusal::NotFound(Kind::Recording));
        }
        self.record(tenant, Fact::MessageRemoved { agent, message });
        Ok(Answer::Done)
    }

    /// Files a message whose audio is complete. Who hung up at the tone left none.
    pub(crate) fn file_message(&mut self, tenant: TenantId, message: RecordingId, audio_ms: u64) {
        let Some(recording) = self.state.recordings.get(&message) else { return };
        let Some(draft) = recording.message.clone() else { return };
        let guid = recording.guid;
        let owner = self.state.agents.get(&draft.agent);
        let is_new = owner.is_some_and(|owner| !owner.messages.contains_key(&message));
        if audio_ms >= MESSAGE_MS_MIN && is_new {
            let (agent, caller, caller_name) = (draft.agent, draft.caller, draft.caller_name);
            let left = Fact::MessageLeft { agent, message, guid, caller, caller_name, audio_ms };
            self.record(tenant, left);
        }
    }

    fn take_message(&mut self, call: CallId, agent: AgentId) {
        let leg = self.answer_caller(call);
        self.start_recording(call, agent, leg, vec![leg]);
        let then = AfterPrompts::Music(Some(prompt(SILENCE)));
        self.act(Action::Play { leg, prompts: Vec::new(), then });
    }

    fn hear(&mut self, agent: AgentId, message: RecordingId) {
        let owner = self.state.agent(agent);
        if owner.messages.get(&message).is_some_and(|message| !message.heard) {
            let tenant = owner.filed.tenant;
            self.record(tenant, Fact::MessageMarked { agent, message, heard: true });
        }
    }

    fn play_next(&mut self, call: CallId) {
        let Some(Service::Plays { agent, new, message }) = self.state.call(call).service else { return };
        let messages = self.state.agent(agent).messages.iter();
        let mut wanted =
            messages.filter(|(id, kept)| message.is_none_or(|last| **id > last) && !(new && kept.heard));
        match wanted.next().map(|(id, _)| *id) {
            Some(next) => self.play_message(call, agent, next),
            None => self.announce(call, vec![prompt(NO_MORE)]),
        }
    }

    fn play_message(&mut self, call: CallId, agent: AgentId, message: RecordingId) {
        let leg = self.answer_caller(call);
        let tenant = self.state.call(call).tenant;
        let Some(guid) = self.state.agent(agent).messages.get(&message).map(|message| message.guid) else {
            return self.play_next(call);
        };
        self.record(tenant, Fact::MessagePlayed { call, agent, message });
        self.act(Action::PlayMessage { leg, guid, tenant });
    }
}

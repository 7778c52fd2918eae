//! A feature code without the number that belongs to it: the phone is asked for it, and its keys are read until `#` or a
//! pause.

use super::mailbox::{SILENCE, Service, prompt};
use crate::action::{Action, AfterPrompts};
use crate::agent::{ForwardTo, Handling, Missed};
use crate::code::Feature;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, TenantId};
use crate::refusal::Refusal;
use crate::text::{Number, Text};

/// What asks for it.
const ENTER: [&str; 2] = ["en/enter-number", "tones/beep"];

impl Engine {
    pub(super) fn ask_for_number(&mut self, call: CallId, agent: AgentId, feature: Feature) {
        let leg = self.answer_caller(call);
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::NumberAsked { call, agent, feature, digits: Text::default() });
        let prompts = ENTER.map(prompt).to_vec();
        self.act(Action::Play { leg, prompts, then: AfterPrompts::Music(Some(prompt(SILENCE))) });
    }

    pub(super) fn take_digit(&mut self, call: CallId, digit: char) {
        let known = self.state.call(call);
        let (tenant, first) = (known.tenant, known.digits.is_empty());
        if digit == '#' {
            return self.number_is_said(call);
        }
        let Some(Service::Asks { agent, feature }) = known.service else { return };
        let pressed = format!("{}{digit}", known.digits);
        // `*` and the letters belong to no number.
        let (true, true, Ok(digits)) =
            (digit.is_ascii_digit(), Number::parse(&pressed).is_ok(), Text::parse(&pressed))
        else {
            return;
        };
        self.record(tenant, Fact::NumberAsked { call, agent, feature, digits });
        if first {
            // Who presses keys need not be told to.
            let leg = self.answer_caller(call);
            let then = AfterPrompts::Music(Some(prompt(SILENCE)));
            self.act(Action::Play { leg, prompts: Vec::new(), then });
        }
    }

    /// The number is complete, or nobody presses a key.
    pub(super) fn number_is_said(&mut self, call: CallId) {
        let whole = self.state.call(call);
        let (tenant, digits) = (whole.tenant, whole.digits.clone());
        let Some(Service::Asks { agent, feature }) = whole.service else { return };
        let number = Number::parse(&digits).ok();
        let phone = whole.caller_leg.map(|leg| self.state.leg(leg).endpoint);
        let done = match (&number, phone) {
            (None, _) => Err(Refusal::Invalid { field: "number", why: "must be entered" }),
            (Some(number), Some(Endpoint::Device(device))) if transfers(feature) => {
                self.transfer_by_code(tenant, device, feature, number.clone())
            }
            (Some(number), _) => self.forward_by_code(tenant, agent, feature, number.clone()),
        };
        self.conclude(call, Some(agent), (feature, number), done);
    }

    /// Lets calls go to a number, as one of the codes that take one means it.
    pub(super) fn forward_by_code(
        &mut self,
        tenant: TenantId,
        agent: AgentId,
        feature: Feature,
        number: Number,
    ) -> Result<Answer, Refusal> {
        match forwards(feature) {
            Some(Some(missed)) => self.set_forward(tenant, agent, missed, Some(ForwardTo::Number(number))),
            Some(None) => self.set_handling(tenant, agent, Handling::Forward(number)),
            None => Err(Refusal::FeatureUnavailable),
        }
    }
}

/// Whether a number belongs to the code, and is asked for when it is not appended.
pub(super) const fn takes_number(feature: Feature) -> bool {
    forwards(feature).is_some() || transfers(feature)
}

/// Whether the number is where the call goes that the phone holds.
const fn transfers(feature: Feature) -> bool {
    matches!(feature, Feature::Transfer | Feature::TransferToVoicemail)
}

/// Which calls go to the number that belongs to a code: those that are missed so, or (`Some(None)`) all.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others take no number to forward to")]
const fn forwards(feature: Feature) -> Option<Option<Missed>> {
    match feature {
        Feature::ForwardOn => Some(None),
        Feature::ForwardBusyOn => Some(Some(Missed::Busy)),
        Feature::ForwardNoAnswerOn => Some(Some(Missed::NoAnswer)),
        Feature::ForwardUnreachableOn => Some(Some(Missed::Unreachable)),
        _ => None,
    }
}

//! A feature code without the number that belongs to it: the phone is asked for it, and its keys are read until `#` or a
//! pause.

use super::mailbox::{SILENCE, Service, prompt};
use crate::action::{Action, AfterPrompts};
use crate::agent::Handling;
use crate::code::Feature;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{AgentId, CallId};
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
        let done = match &number {
            Some(number) => self.set_handling(tenant, agent, Handling::Forward(number.clone())),
            None => Err(Refusal::Invalid { field: "number", why: "must be entered" }),
        };
        self.conclude(call, Some(agent), (feature, number), done);
    }
}

//! Who comes to a hot desk says who he is: by the keys of the phone his number, then his PIN.
//!
//! The engine knows no PIN and no digest of one. It keeps the keys of one being pressed, outside its state, so that they
//! are in no fact, no snapshot and no journal; whoever keeps the digests is asked by [`Action::CheckPin`]. Whether the
//! number is somebody's, whether he has a PIN and whether he is locked out sounds alike: each is asked for his PIN, and
//! denied.

use super::mailbox::{SILENCE, Service, prompt};
use crate::action::{Action, AfterPrompts};
use crate::code::Feature;
use crate::command::Endpoint;
use crate::engine::Engine;
use crate::entry::Numbered;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, LegId};
use crate::limits::{PIN_DIGITS_MAX, PIN_LOCK_MS, PIN_TRIES_MAX};
use crate::refusal::Refusal;
use crate::text::{Number, Text};
use crate::time::Timestamp;

/// What asks for the number.
const WHO: [&str; 2] = ["en/enter-number", "tones/beep"];
/// What asks for the PIN.
const PROVE: [&str; 2] = ["en/enter-pin", "tones/beep"];
/// What asks for it again.
const AGAIN: [&str; 2] = ["tones/denied", "tones/beep"];

/// The keys of a PIN as they were pressed. Shown to nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// For whoever checks it, and for nobody else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Pin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pin")
    }
}

impl Engine {
    /// Asks who comes to the desk, or, when his number was dialled behind the code, for his PIN.
    pub(super) fn ask_who_comes(&mut self, call: CallId, device: DeviceId, number: Option<Number>) {
        if !self.state.device(device).filed.entry.hot_desk {
            return self.deny_desk(call, number, Refusal::FeatureUnavailable);
        }
        let Ok(digits) = Text::parse(number.as_ref().map_or("", Number::as_str)) else {
            return self.deny_desk(call, number, Refusal::Invalid { field: "number", why: "is too long" });
        };
        self.ask_for_keys(call, digits, number.is_some(), 0);
        self.prompt_for(call, if number.is_some() { &PROVE } else { &WHO });
    }

    /// A key of the number or of the PIN.
    pub(super) fn take_identity(&mut self, call: CallId, digit: char) {
        let whole = self.state.call(call);
        let Some(Service::LogsIn { pin, wrong }) = whole.service else { return };
        let (digits, first) = (whole.digits.clone(), whole.digits.is_empty());
        match (pin, digit) {
            (false, '#') => self.number_is_known(call),
            (true, '#') => self.pin_is_said(call),
            (false, '0'..='9') => {
                if let Ok(digits) = Text::parse(&format!("{digits}{digit}")) {
                    self.ask_for_keys(call, digits, false, wrong);
                    if first {
                        // Who presses keys need not be told to.
                        self.prompt_for(call, &[]);
                    }
                }
            }
            (true, '0'..='9') => {
                // A call that ended took its keys to nowhere.
                let calls = &self.state.calls;
                self.pins.retain(|call, _| calls.contains_key(call));
                let first = !self.pins.contains_key(&call);
                let pressed = &mut self.pins.entry(call).or_default().0;
                if pressed.len() < PIN_DIGITS_MAX {
                    pressed.push(digit);
                }
                if first {
                    self.prompt_for(call, &[]);
                }
            }
            // `*` and the letters belong to neither.
            (false | true, _) => {}
        }
    }

    /// The number is whole, or nobody presses a key.
    pub(super) fn number_is_known(&mut self, call: CallId) {
        let whole = self.state.call(call);
        let Some(Service::LogsIn { pin, wrong }) = whole.service else { return };
        let digits = Text::parse(&whole.digits).unwrap_or_default();
        if pin || digits.as_str().is_empty() {
            let number = Number::parse(&whole.digits).ok();
            self.pins.remove(&call);
            return self.deny_desk(call, number, Refusal::Invalid { field: "pin", why: "must be entered" });
        }
        self.ask_for_keys(call, digits, true, wrong);
        self.prompt_for(call, &PROVE);
    }

    /// The PIN is whole. Who is nobody, or locked out, has none that could be right.
    fn pin_is_said(&mut self, call: CallId) {
        let pin = self.pins.remove(&call).unwrap_or_default();
        match self.claimed(call).filter(|agent| !self.is_locked_out(*agent)) {
            Some(agent) => {
                let leg = self.answer_caller(call);
                self.act(Action::CheckPin { leg, agent, pin });
            }
            None => self.pin_was_wrong(call, None),
        }
    }

    /// What came of [`Action::CheckPin`].
    pub(crate) fn pin_checked(&mut self, leg: LegId, agent: AgentId, right: bool) {
        let Some((call, asking)) = self.reported(leg) else { return };
        let whole = self.state.call(call);
        let still_asked = matches!(whole.service, Some(Service::LogsIn { pin: true, .. }));
        let (true, Endpoint::Device(device), true) =
            (still_asked, asking.endpoint, self.claimed(call) == Some(agent))
        else {
            return;
        };
        if self.is_locked_out(agent) {
            return self.pin_was_wrong(call, None);
        }
        if !right {
            return self.pin_was_wrong(call, Some(agent));
        }
        let (tenant, number) = (whole.tenant, Number::parse(&whole.digits).ok());
        let done = self.come_to(tenant, agent, device, Some(leg));
        self.conclude(call, Some(agent), (Feature::HotDeskOn, number), done);
    }

    fn pin_was_wrong(&mut self, call: CallId, agent: Option<AgentId>) {
        let whole = self.state.call(call);
        let Some(Service::LogsIn { wrong, .. }) = whole.service else { return };
        let (tenant, digits, wrong) = (whole.tenant, whole.digits.clone(), wrong.saturating_add(1));
        if let Some(agent) = agent {
            let wrong = self.state.agent(agent).wrong_pins.saturating_add(1);
            let locks = wrong >= PIN_TRIES_MAX;
            let until = locks.then(|| Timestamp(self.now.at.0.saturating_add(PIN_LOCK_MS)));
            self.record(tenant, Fact::PinRefused { call, agent, wrong, until });
        }
        if wrong >= PIN_TRIES_MAX {
            return self.deny_desk(call, Number::parse(&digits).ok(), Refusal::WrongPin);
        }
        self.ask_for_keys(call, Text::parse(&digits).unwrap_or_default(), true, wrong);
        self.prompt_for(call, &AGAIN);
    }

    /// Ends the call with a no. Nobody has shown who he is, so that the record names nobody.
    fn deny_desk(&mut self, call: CallId, number: Option<Number>, refusal: Refusal) {
        self.conclude(call, None, (Feature::HotDeskOn, number), Err(refusal));
    }

    /// Whose number was pressed.
    fn claimed(&self, call: CallId) -> Option<AgentId> {
        let whole = self.state.call(call);
        let number = Number::parse(&whole.digits).ok()?;
        self.state.agent_of_number(whole.tenant, &number)
    }

    fn is_locked_out(&self, agent: AgentId) -> bool {
        self.state.agent(agent).locked_until.is_some_and(|until| until > self.now.at)
    }

    fn ask_for_keys(&mut self, call: CallId, digits: Text<32>, pin: bool, wrong: u8) {
        let tenant = self.state.call(call).tenant;
        self.answer_caller(call);
        self.record(tenant, Fact::LogInAsked { call, digits, pin, wrong });
    }

    fn prompt_for(&mut self, call: CallId, prompts: &[&str]) {
        let leg = self.answer_caller(call);
        let prompts = prompts.iter().map(|name| prompt(name)).collect();
        self.act(Action::Play { leg, prompts, then: AfterPrompts::Music(Some(prompt(SILENCE))) });
    }
}

impl crate::state::State {
    /// The agent whose number on the tenant's plan it is.
    fn agent_of_number(&self, tenant: crate::id::TenantId, number: &Number) -> Option<AgentId> {
        match self.tenant(tenant).plan.get(number)? {
            Numbered::Agent(agent) => Some(*agent),
            Numbered::Device(_) | Numbered::Queue(_) | Numbered::Route(_) => None,
        }
    }
}

//! Feature codes: short numbers by which a phone asks for something instead of somebody.
//!
//! A tenant has a table of them. A device that dials a code, alone or with a number appended, is heard before the
//! number plan is looked at; callers from outside and forwards never are.

use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::command::Answer;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::TenantId;
use crate::refusal::Refusal;
use crate::text::Number;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident $word:literal $code:literal;)*) => {
        /// What a phone can ask for. Each has a code in the default table; those that nothing here can do yet are
        /// answered with a refusal, so that nobody takes a silent line for a yes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its stable name, for settings and events.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// Its code where the tenant says nothing else.
            const fn default_code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

features! {
    /// Ready for one queue or all.
    Ready "ready" "*36";
    /// Not ready for one queue or all.
    NotReady "not_ready" "*37";
    /// Logged in to one queue or all, at the phone that dials.
    LogIn "log_in" "*38";
    /// Out of one queue, or logged out.
    LogOut "log_out" "*39";
    /// Direct callers hear busy.
    DoNotDisturbOn "do_not_disturb_on" "*78";
    /// The phone rings again.
    DoNotDisturbOff "do_not_disturb_off" "*79";
    /// Direct calls go to the number appended.
    ForwardOn "forward_on" "*72";
    /// The phone rings again.
    ForwardOff "forward_off" "*73";
    /// Direct calls go to the mailbox.
    VoicemailOn "voicemail_on" "*21";
    /// The phone rings again.
    VoicemailOff "voicemail_off" "*34";
    /// Plays the own mailbox.
    Voicemail "voicemail" "*57";
    /// Plays a mailbox of several.
    SharedVoicemail "shared_voicemail" "*56";
    /// Answers the call that rings at the phone whose number is appended.
    PickUp "pick_up" "*97";
    /// Answers a call that rings in the own group.
    PickUpGroup "pick_up_group" "*98";
    /// Puts the call of the own phone where another can take it.
    Park "park" "*68";
    /// The same, within the own group.
    ParkForGroup "park_for_group" "*58";
    /// Takes a parked call.
    Retrieve "retrieve" "*88";
    /// Hears a call of others.
    Monitor "monitor" "*63";
    /// Passes the call on.
    Transfer "transfer" "*54";
    /// Passes the call to a mailbox.
    TransferToVoicemail "transfer_to_voicemail" "*55";
    /// Records from here on.
    RecordingStart "recording_start" "*44";
    /// Records no more.
    RecordingStop "recording_stop" "*45";
    /// Leaves out what is said.
    RecordingPause "recording_pause" "*48";
    /// Goes on recording.
    RecordingResume "recording_resume" "*49";
    /// Calls who called last.
    CallBackLast "call_back_last" "*69";
    /// Calls who was called last.
    Redial "redial" "*66";
    /// Calls to a busy phone go to a number.
    ForwardBusyOn "forward_busy_on" "*90";
    /// No more.
    ForwardBusyOff "forward_busy_off" "*91";
    /// Calls to a busy phone go to the mailbox.
    VoicemailBusyOn "voicemail_busy_on" "*40";
    /// No more.
    VoicemailBusyOff "voicemail_busy_off" "*42";
    /// Calls that nobody answers go to a number.
    ForwardNoAnswerOn "forward_no_answer_on" "*92";
    /// No more.
    ForwardNoAnswerOff "forward_no_answer_off" "*93";
    /// Calls that nobody answers go to the mailbox.
    VoicemailNoAnswerOn "voicemail_no_answer_on" "*41";
    /// No more.
    VoicemailNoAnswerOff "voicemail_no_answer_off" "*35";
    /// Calls to a phone that is not there go to a number, in office hours.
    ForwardUnreachableOn "forward_unreachable_on" "*94";
    /// No more.
    ForwardUnreachableOff "forward_unreachable_off" "*95";
    /// The same, outside office hours.
    ForwardClosedOn "forward_closed_on" "*81";
    /// No more.
    ForwardClosedOff "forward_closed_off" "*82";
    /// Who is called does not see the number.
    HideNumberOn "hide_number_on" "*31";
    /// Who is called sees it.
    HideNumberOff "hide_number_off" "*32";
    /// For this call, who is called sees the number.
    ShowNumberOnce "show_number_once" "*65";
    /// For this call, who is called does not.
    HideNumberOnce "hide_number_once" "*67";
    /// Callers without a number are not let through.
    RejectAnonymousOn "reject_anonymous_on" "*77";
    /// They are.
    RejectAnonymousOff "reject_anonymous_off" "*87";
    /// Calls out show no number.
    AnonymousOutboundOn "anonymous_outbound_on" "*76";
    /// They do.
    AnonymousOutboundOff "anonymous_outbound_off" "*86";
    /// For this call out, no number.
    AnonymousOnce "anonymous_once" "*52";
    /// For this call out, the number.
    NamedOnce "named_once" "*62";
    /// Keeps or calls one of eight numbers.
    SpeedDial "speed_dial" "*74";
    /// The same, of a hundred.
    SpeedDialLong "speed_dial_long" "*75";
    /// Calls in from outside and out again.
    CallBridge "call_bridge" "*15";
    /// Is called when a busy phone is free.
    CallWhenFreeOn "call_when_free_on" "*33";
    /// No more.
    CallWhenFreeOff "call_when_free_off" "*43";
    /// Speaks to many phones at once.
    Paging "paging" "*46";
    /// Sits down at a phone of others.
    HotDeskOn "hot_desk_on" "*70";
    /// Leaves it.
    HotDeskOff "hot_desk_off" "*71";
    /// Takes the call to another own phone.
    CallFlip "call_flip" "*11";
    /// Ends what is left of the own calls.
    ResetCalls "reset_calls" "*12";
    /// Forgets where to wake an app.
    ClearPush "clear_push" "*13";
}

impl Feature {
    /// The feature of that name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.word() == word)
    }
}

/// What is dialled for a feature: one to three of `*` and `#`, then up to four digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one to three of * and #, then at most four digits")]
pub struct NoCode;

impl Code {
    /// Takes a trimmed code.
    pub fn parse(text: &str) -> Result<Self, NoCode> {
        let text = text.trim();
        let digits = text.trim_start_matches(['*', '#']);
        let prefix = text.len() - digits.len();
        let shaped = (1..=3).contains(&prefix) && digits.len() <= 4;
        if shaped && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoCode)
        }
    }

    /// As it is dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = NoCode;

    fn try_from(text: String) -> Result<Self, NoCode> {
        Self::parse(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tenant's codes. No code begins like another, so what is dialled is never two things. A feature that is left out
/// cannot be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureCodes(BTreeMap<Feature, Code>);

impl Default for FeatureCodes {
    /// The codes that phones of this trade are printed with.
    fn default() -> Self {
        let coded = |feature: &Feature| Some((*feature, Code::parse(feature.default_code()).ok()?));
        Self(Feature::ALL.iter().filter_map(coded).collect())
    }
}

impl FeatureCodes {
    /// Takes a table, unless one code begins like another.
    pub fn new(codes: BTreeMap<Feature, Code>) -> Result<Self, Refusal> {
        let clash = |(feature, code): (&Feature, &Code)| {
            codes.iter().any(|(other, begins)| other != feature && code.0.starts_with(&begins.0))
        };
        if codes.iter().any(clash) {
            return Err(Refusal::Invalid { field: "codes", why: "no code may begin like another" });
        }
        Ok(Self(codes))
    }

    /// Each feature that can be dialled, with its code.
    pub fn iter(&self) -> impl Iterator<Item = (Feature, &Code)> {
        self.0.iter().map(|(feature, code)| (*feature, code))
    }

    /// The feature that is dialled, and the number appended to its code. A closing `#`, by which some phones say that
    /// dialling is over, means nothing.
    pub fn read(&self, dialled: &Number) -> Option<(Feature, Option<Number>)> {
        let dialled = dialled.as_str();
        if !dialled.starts_with(['*', '#']) {
            return None;
        }
        let (feature, code) = self.iter().find(|(_, code)| dialled.starts_with(&code.0))?;
        let rest = &dialled[code.0.len()..];
        let rest = rest.strip_suffix('#').unwrap_or(rest);
        Some((feature, Number::parse(rest).ok()))
    }
}

impl Engine {
    pub(crate) fn set_feature_codes(
        &mut self,
        tenant: TenantId,
        codes: FeatureCodes,
    ) -> Result<Answer, Refusal> {
        if self.state.tenant(tenant).codes == codes {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::FeatureCodesSet { codes });
        Ok(Answer::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(table: &[(Feature, &str)]) -> Result<FeatureCodes, Refusal> {
        FeatureCodes::new(
            table.iter().map(|(feature, code)| (*feature, Code::parse(code).unwrap())).collect(),
        )
    }

    fn read(codes: &FeatureCodes, dialled: &str) -> Option<(Feature, Option<String>)> {
        let (feature, rest) = codes.read(&Number::parse(dialled).unwrap())?;
        Some((feature, rest.map(|rest| rest.as_str().to_owned())))
    }

    #[test]
    fn the_default_table_is_whole_and_unambiguous() {
        let default = FeatureCodes::default();
        assert_eq!(default.0.len(), Feature::ALL.len());
        assert_eq!(FeatureCodes::new(default.0.clone()), Ok(default));
        for feature in Feature::ALL {
            assert_eq!(Feature::of_word(feature.word()), Some(*feature));
            let written = serde_json::to_value(feature).unwrap();
            assert_eq!(written, feature.word(), "its name is the same in the journal");
        }
    }

    #[test]
    fn a_code_is_read_with_what_is_appended() {
        let default = FeatureCodes::default();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read(&default, "*38"), Some((Feature::LogIn, None)));
        assert_eq!(read(&default, "*38#"), Some((Feature::LogIn, None)));
        assert_eq!(read(&default, "*388000"), Some((Feature::LogIn, some("8000"))));
        assert_eq!(read(&default, "*388000#"), Some((Feature::LogIn, some("8000"))));
        assert_eq!(read(&default, "*72+4930123"), Some((Feature::ForwardOn, some("+4930123"))));
        for other in ["38", "+*38", "*3", "*", "#38", "**38", "8000*38", "*00"] {
            assert_eq!(read(&default, other), None, "{other}");
        }
    }

    #[test]
    fn a_code_has_a_prefix_and_few_digits() {
        for code in ["*38", "#1", "***1234", "*#*", "##", "*"] {
            assert_eq!(Code::parse(code).map(String::from), Ok(code.to_owned()));
        }
        for wrong in ["", "38", "****1", "*12345", "*3a", "*3*8", "+*38", "*\u{0663}", "* 38"] {
            assert_eq!(Code::parse(wrong), Err(NoCode), "{wrong}");
        }
    }

    #[test]
    fn what_begins_like_another_code_is_no_code() {
        let refused = codes(&[(Feature::LogIn, "*3"), (Feature::LogOut, "*39")]).unwrap_err();
        assert_eq!(refused.to_string(), "codes: no code may begin like another");
        assert!(codes(&[(Feature::LogIn, "*3"), (Feature::LogOut, "*3")]).is_err());
        assert!(codes(&[(Feature::LogIn, "*3"), (Feature::LogOut, "#39"), (Feature::Ready, "**3")]).is_ok());
        assert_eq!(codes(&[]).map(|none| read(&none, "*38")), Ok(None));
    }
}

//! What may leave the house: which numbers, and how much of it. Everything that is led to a trunk passes
//! [`Engine::out`], whoever began it, so that a stolen device costs what the rules let it cost and no more.
//!
//! Numbers are compared as a carrier reads them: `00` is `+`, dots and hyphens mean nothing. Whatever could be read in
//! another way (letters, `*` and `#` codes, a second `+`, a country that begins with nought) goes nowhere.

use serde::{Deserialize, Serialize};

use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{TenantId, TrunkId};
use crate::limits::{
    OUTBOUND_CALLS_MAX, OUTBOUND_DENIED_MAX, OUTBOUND_DEVICE_CALLS_MAX, OUTBOUND_MINUTES_MAX,
    OUTBOUND_PACE_MAX, OUTBOUND_UNLIMITED_MAX,
};
use crate::refusal::Refusal;
use crate::text::Number;

/// What a tenant lets out. Of every count, nought lets nothing out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundRules {
    /// Calls out at once.
    pub calls: u32,
    /// Calls out at once that one device began.
    pub calls_per_device: u32,
    /// Calls out begun within any sixty seconds.
    pub calls_per_minute: u32,
    /// Minutes talked out on one day (UTC). When they are spent no call out begins; those that talk go on.
    pub minutes_per_day: u32,
    /// Prefixes that may not be dialled, whatever a trunk allows. The longest prefix decides; of two equal ones, this.
    pub denied: Vec<Number>,
    /// Whole numbers that none of the limits above holds for, such as those of emergency services. A trunk must still
    /// allow them.
    pub unlimited: Vec<Number>,
    /// Whether a caller from outside may be led outside again, by a forward.
    pub lead_out_again: bool,
}

impl Default for OutboundRules {
    /// For a small centre: satellite networks, networks without a country and premium numbers of all the world are
    /// denied even where a trunk allows everything.
    fn default() -> Self {
        let numbers = |texts: &[&str]| texts.iter().filter_map(|text| Number::parse(text).ok()).collect();
        Self {
            calls: 50,
            calls_per_device: 3,
            calls_per_minute: 60,
            minutes_per_day: 6_000,
            denied: numbers(&["+870", "+878", "+881", "+882", "+883", "+888", "+979"]),
            unlimited: numbers(&["112", "911"]),
            lead_out_again: false,
        }
    }
}

/// A limit of [`OutboundRules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundLimit {
    /// See [`OutboundRules::calls`].
    Calls,
    /// See [`OutboundRules::calls_per_device`].
    CallsPerDevice,
    /// See [`OutboundRules::calls_per_minute`].
    CallsPerMinute,
    /// See [`OutboundRules::minutes_per_day`].
    MinutesPerDay,
}

impl OutboundLimit {
    /// In words, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Calls => "calls out at once",
            Self::CallsPerDevice => "calls out at once of one device",
            Self::CallsPerMinute => "calls out per minute",
            Self::MinutesPerDay => "minutes talked out per day",
        }
    }
}

/// Why a call was not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotOut {
    /// No trunk may dial the number, or a rule denies it.
    Denied,
    /// The caller came from outside and would be led out again.
    LedOutAgain,
    /// A limit is reached.
    Limit(OutboundLimit),
}

impl NotOut {
    /// What whoever asked is told.
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Denied => Refusal::DestinationDenied,
            Self::LedOutAgain => Refusal::LedOutAgain,
            Self::Limit(limit) => Refusal::OutboundLimit(limit),
        }
    }
}

/// A number as a carrier reads it: `+` and digits, or digits alone. `None` for what could be read in several ways.
pub(crate) fn read_number(number: &Number) -> Option<String> {
    let read = read_prefix(number)?;
    (read != "+").then_some(read)
}

/// As [`read_number`], for the beginning of one: `+` and `00` alone mean every number abroad.
pub(crate) fn read_prefix(prefix: &Number) -> Option<String> {
    let said = without_separators(prefix);
    let abroad = said.strip_prefix('+').or_else(|| said.strip_prefix("00"));
    let digits = abroad.unwrap_or(&said);
    // ITU-T E.164 section 6: no country's code begins with nought. Such a number is `00` in disguise.
    let odd = abroad.is_some() && digits.starts_with('0') || abroad.is_none() && digits.is_empty();
    if odd || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if abroad.is_some() { format!("+{digits}") } else { digits.to_owned() })
}

/// RFC 3966 section 5.1.1: visual separators have no meaning.
fn without_separators(number: &Number) -> String {
    number.as_str().chars().filter(|c| !matches!(c, '.' | '-')).collect()
}

impl Engine {
    pub(crate) fn set_outbound_rules(
        &mut self,
        tenant: TenantId,
        rules: OutboundRules,
    ) -> Result<Answer, Refusal> {
        check(&rules)?;
        if self.state.tenant(tenant).outbound.rules == rules {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::OutboundRulesSet { rules });
        Ok(Answer::Done)
    }

    /// The trunk that dials the number for `from`, and the number as it is sent: what was looked at, not what was said.
    pub(crate) fn out(
        &mut self,
        tenant: TenantId,
        from: Endpoint,
        number: &Number,
    ) -> Result<(TrunkId, Number), Refusal> {
        let result = self.may_go_out(tenant, Some(from), number);
        if let Err(why) = result
            && self.state.tenant(tenant).outbound.tells(self.now.at)
        {
            let fact = Fact::OutboundRefused { from, number: number.clone(), why };
            self.record(tenant, fact);
        }
        result.map_err(NotOut::refusal)
    }

    /// As [`Engine::out`], for a look beforehand; without `from`, for whoever will dial it.
    pub(crate) fn may_go_out(
        &self,
        tenant: TenantId,
        from: Option<Endpoint>,
        number: &Number,
    ) -> Result<(TrunkId, Number), NotOut> {
        let outbound = &self.state.tenant(tenant).outbound;
        let read = read_number(number).ok_or(NotOut::Denied)?;
        let trunk = outbound.trunk_for(&read).ok_or(NotOut::Denied)?;
        let device = match from {
            Some(Endpoint::Trunk(_)) if !outbound.rules.lead_out_again => return Err(NotOut::LedOutAgain),
            Some(Endpoint::Trunk(_)) | None => None,
            Some(Endpoint::Device(device)) => Some(device),
        };
        if !outbound.is_unlimited(&read) {
            let of_device = device.map_or(0, |device| outbound.live_of(device));
            if device.is_some() && of_device >= outbound.rules.calls_per_device {
                return Err(NotOut::Limit(OutboundLimit::CallsPerDevice));
            }
            if let Some(limit) = outbound.reached(self.now) {
                return Err(NotOut::Limit(limit));
            }
        }
        let sent = Number::parse(&without_separators(number)).map_err(|_| NotOut::Denied)?;
        Ok((trunk, sent))
    }
}

fn check(rules: &OutboundRules) -> Result<(), Refusal> {
    let invalid = |field, why| Err(Refusal::Invalid { field, why });
    if rules.calls > OUTBOUND_CALLS_MAX {
        return invalid("calls", "must be at most 100000");
    }
    if rules.calls_per_device > OUTBOUND_DEVICE_CALLS_MAX {
        return invalid("calls_per_device", "must be at most 8");
    }
    if rules.calls_per_minute > OUTBOUND_PACE_MAX {
        return invalid("calls_per_minute", "must be at most 10000");
    }
    if rules.minutes_per_day > OUTBOUND_MINUTES_MAX {
        return invalid("minutes_per_day", "must be at most 144000000");
    }
    if rules.denied.len() > OUTBOUND_DENIED_MAX {
        return Err(Refusal::LimitReached("denied"));
    }
    if rules.unlimited.len() > OUTBOUND_UNLIMITED_MAX {
        return Err(Refusal::LimitReached("unlimited"));
    }
    if rules.denied.iter().any(|prefix| read_prefix(prefix).is_none()) {
        return invalid("denied", "must be digits, after + or 00 for numbers abroad");
    }
    if rules.unlimited.iter().any(|number| read_number(number).is_none()) {
        return invalid("unlimited", "must be digits, after + or 00 for numbers abroad");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Number::parse(text).ok().and_then(|number| read_number(&number))
    }

    #[test]
    fn a_number_is_read_as_a_carrier_reads_it() {
        for said in
            ["+4930123", "004930123", "0049-30.123", "+49.30-123", "+-49-30123", "0-0-4930123", " +4930123 "]
        {
            assert_eq!(read(said).as_deref(), Some("+4930123"), "{said}");
        }
        assert_eq!(read("030-123").as_deref(), Some("030123"), "a number at home stays one");
        assert_eq!(read("112").as_deref(), Some("112"));
    }

    #[test]
    fn what_could_be_read_in_another_way_is_not_read_at_all() {
        let tricks = [
            "000881123",
            "+00881123",
            "+0881123",
            "++881123",
            "+49+881",
            "00",
            "+",
            "-",
            "..",
            "*31#00881123",
            "#00881123",
            "*72",
            "00881*1",
            "00881#",
            "0x881",
            "+881p5",
            "00881_1",
            "w00881",
            "bob",
            "00881;tag=1",
            "00881%30",
            "00 881",
            "\u{0660}\u{0660}881",
            "\u{ff10}\u{ff10}881",
            "(00)881",
            "00/881",
        ];
        for trick in tricks {
            assert_eq!(read(trick), None, "{trick}");
        }
    }
}

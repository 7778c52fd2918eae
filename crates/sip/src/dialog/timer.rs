//! Session timers (RFC 4028): what a message says of them, and what the rules make of it.

use crate::config::Config;
use crate::message::{Headers, Name, Parameters, Request, Response, parse_number};

/// The option tag.
pub(crate) const TIMER: &str = "timer";
/// RFC 4028 section 5: no interval is shorter where nobody says otherwise. Seconds.
const MIN_DEFAULT_S: u32 = 90;

/// Who of a transaction's two ends is to refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresher {
    /// Whoever sent the request.
    Uac,
    /// Whoever answers it.
    Uas,
}

/// What a request or its 2xx says of the timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimerAsk {
    /// Whether its sender knows what a session timer is.
    pub(crate) supported: bool,
    pub(crate) interval_s: Option<u32>,
    pub(crate) refresher: Option<Refresher>,
    /// Min-SE, nought if not said.
    pub(crate) min_s: u32,
}

/// An interval that holds, and who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) interval_s: u32,
    pub(crate) we_refresh: bool,
}

/// An interval shorter than ours may be: what Min-SE says in the 422.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSmall(pub(crate) u32);

/// What we want.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerPolicy {
    wanted_s: u32,
    min_s: u32,
}

impl TimerAsk {
    /// A value that cannot be read counts as none.
    pub(crate) fn read(headers: &Headers) -> Self {
        let supported =
            headers.has_token(&Name::Supported, TIMER) || headers.has_token(&Name::Require, TIMER);
        let (interval, parameters) = interval(headers.get(&Name::SessionExpires));
        let refresher = match parameters.get("refresher") {
            Some(role) if role.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(role) if role.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) | None => None,
        };
        Self { supported, interval_s: interval, refresher, min_s: min_of(headers) }
    }
}

impl TimerPolicy {
    /// `None` when timers are turned off.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let (wanted_s, min_s) = (config.session_expires_s, config.session_expires_min_s.max(1));
        (wanted_s > 0).then_some(Self { wanted_s: wanted_s.max(min_s), min_s })
    }

    /// What our 2xx to a request says (RFC 4028 section 9, table 2); `None` is no timer. The interval may be cut, but
    /// never below what any hop asked for. Whoever refreshed before goes on if the request leaves it open.
    pub(crate) fn serve(self, ask: TimerAsk, current: Option<Terms>) -> Result<Option<Terms>, TooSmall> {
        let interval_s = match ask.interval_s {
            Some(asked_s) if asked_s < self.min_s && ask.supported => return Err(TooSmall(self.min_s)),
            // Put in by a proxy, for a caller who would not understand the 422.
            Some(asked_s) if asked_s < self.min_s => return Ok(None),
            Some(asked_s) => self.wanted_s.max(ask.min_s).min(asked_s),
            None if ask.supported => self.wanted_s.max(ask.min_s),
            None => return Ok(None),
        };
        let we_refresh = match ask.refresher {
            _ if !ask.supported => true,
            Some(Refresher::Uas) => true,
            Some(Refresher::Uac) => false,
            None => current.is_none_or(|terms| terms.we_refresh),
        };
        Ok(Some(Terms { interval_s, we_refresh }))
    }

    /// What a 2xx to our request has settled (RFC 4028 section 7.2). Too short an interval is stretched: nobody makes us
    /// send a request every second.
    pub(crate) fn settled(self, headers: &Headers) -> Option<Terms> {
        let ask = TimerAsk::read(headers);
        let interval_s = ask.interval_s?.max(self.min_s);
        Some(Terms { interval_s, we_refresh: ask.refresher != Some(Refresher::Uas) })
    }

    /// Puts into a request of ours what we ask: what holds, or what we want.
    pub(crate) fn ask(self, request: &mut Request, current: Option<Terms>) {
        let value = match current {
            Some(Terms { interval_s, we_refresh: true }) => format!("{interval_s};refresher=uac"),
            Some(Terms { interval_s, we_refresh: false }) => format!("{interval_s};refresher=uas"),
            None => self.wanted_s.to_string(),
        };
        request.headers.push(Name::SessionExpires, value);
        if self.min_s > MIN_DEFAULT_S {
            request.headers.push(Name::MinSe, self.min_s.to_string());
        }
    }
}

impl Terms {
    /// Puts into our 2xx what holds from now on. A caller who is to refresh must know how (RFC 4028 section 9).
    pub(crate) fn tell(self, response: &mut Response) {
        let role = if self.we_refresh { "uas" } else { "uac" };
        response.headers.push(Name::SessionExpires, format!("{};refresher={role}", self.interval_s));
        if !self.we_refresh {
            response.headers.push(Name::Require, TIMER);
        }
    }

    /// When whoever refreshes does so: at half the interval.
    pub(crate) fn refresh_after_ms(self) -> u64 {
        u64::from(self.interval_s) * 500
    }

    /// RFC 4028 section 10: who waits for a refresh says BYE a little early (32 s, or a third of a short interval).
    pub(crate) fn expires_after_ms(self) -> u64 {
        let interval_ms = u64::from(self.interval_s) * 1_000;
        if self.we_refresh { interval_ms } else { interval_ms - (interval_ms / 3).min(32_000) }
    }
}

/// Raises what a request asks to what a 422 demands (RFC 4028 section 7.3); `None` if that would be no longer.
pub(crate) fn stretch(request: &Request, refused: &Headers) -> Option<Request> {
    let (asked_s, parameters) = interval(request.headers.get(&Name::SessionExpires));
    let min_s = min_of(refused);
    if asked_s? >= min_s {
        return None;
    }
    let mut request = request.clone();
    request.headers.set(Name::SessionExpires, format!("{min_s}{parameters}"));
    request.headers.set(Name::MinSe, min_s.to_string());
    Some(request)
}

fn min_of(headers: &Headers) -> u32 {
    interval(headers.get(&Name::MinSe)).0.unwrap_or(0)
}

/// `1800;refresher=uac`.
fn interval(value: Option<&str>) -> (Option<u32>, Parameters) {
    let value = value.unwrap_or_default();
    let (seconds, parameters) = value.split_once(';').unwrap_or((value, ""));
    (parse_number(seconds.trim()), Parameters::parse(parameters).unwrap_or_default())
}

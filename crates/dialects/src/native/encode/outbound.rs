//! What a tenant lets out, and what is going out.

use cordial_engine::outbound::{NotOut, OutboundLimit, OutboundRules};
use cordial_engine::text::Number;
use cordial_engine::view::OutboundView;

use crate::native::wire;

/// The rules with what is going out.
pub fn outbound(view: &OutboundView) -> wire::Outbound {
    wire::Outbound {
        rules: outbound_rules(&view.rules),
        state: wire::OutboundState {
            calls: view.calls,
            calls_last_minute: view.calls_last_minute as u64,
            talked_today_ms: view.talked_today_ms,
        },
    }
}

/// The rules alone.
pub(super) fn outbound_rules(rules: &OutboundRules) -> wire::OutboundRules {
    let written = |numbers: &[Number]| numbers.iter().map(|number| number.as_str().to_owned()).collect();
    wire::OutboundRules {
        calls: rules.calls,
        calls_per_device: rules.calls_per_device,
        calls_per_minute: rules.calls_per_minute,
        minutes_per_day: rules.minutes_per_day,
        denied: written(&rules.denied),
        unlimited: written(&rules.unlimited),
        lead_out_again: rules.lead_out_again,
    }
}

pub(super) const fn not_out(why: NotOut) -> wire::NotOut {
    match why {
        NotOut::Denied => wire::NotOut::Denied,
        NotOut::LedOutAgain => wire::NotOut::LedOutAgain,
        NotOut::Limit(OutboundLimit::Calls) => wire::NotOut::Calls,
        NotOut::Limit(OutboundLimit::CallsPerDevice) => wire::NotOut::CallsPerDevice,
        NotOut::Limit(OutboundLimit::CallsPerMinute) => wire::NotOut::CallsPerMinute,
        NotOut::Limit(OutboundLimit::MinutesPerDay) => wire::NotOut::MinutesPerDay,
    }
}

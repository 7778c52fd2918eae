//! Which buttons a client shows for a call (O-017): by the place of each action in Finesse's list of dialog actions,
//! counted from 1.

use cordial_engine::call::CallAction;

/// Finesse's dialog actions, in its order.
const ACTIONS: [&str; 20] = [
    "ACCEPT",
    "ANSWER",
    "BARGE_CALL",
    "CANCEL_SCHEDULED_CALLBACK",
    "CLOSE",
    "CONFERENCE",
    "CONSULT_CALL",
    "DROP",
    "DTMF",
    "HOLD",
    "MAKE_CALL",
    "PARTICIPANT_DROP",
    "RECLASSIFY",
    "REJECT",
    "RETRIEVE",
    "START_RECORDING",
    "TRANSFER",
    "TRANSFER_SST",
    "UPDATE_CALL_DATA",
    "UPDATE_SCHEDULED_CALLBACK",
];

/// What Finesse calls an action; `None` of one that it does not have.
const fn action(of: CallAction) -> Option<&'static str> {
    match of {
        CallAction::Answer => Some("ANSWER"),
        CallAction::Leave => Some("DROP"),
        CallAction::Hold => Some("HOLD"),
        CallAction::Unhold => Some("RETRIEVE"),
        CallAction::SendDigits => Some("DTMF"),
        CallAction::Transfer => Some("TRANSFER_SST"),
        CallAction::Consult => Some("CONSULT_CALL"),
        CallAction::CompleteTransfer => Some("TRANSFER"),
        CallAction::CompleteConference => Some("CONFERENCE"),
        CallAction::Mute | CallAction::Unmute | CallAction::Park | CallAction::Swap => None,
    }
}

/// All buttons of a call for whom these are allowed there. Call data may be changed as long as there is the call.
#[must_use]
pub fn buttons(allowed: &[CallAction]) -> Vec<(u8, bool)> {
    let shown = |name: &str| {
        name == "UPDATE_CALL_DATA" || allowed.iter().any(|allowed| action(*allowed) == Some(name))
    };
    (1..).zip(ACTIONS).map(|(place, name)| (place, shown(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_shown_and_nothing_else() {
        let shown = buttons(&[CallAction::Leave, CallAction::Hold, CallAction::Mute]);
        let places: Vec<u8> = shown.iter().filter(|(_, shown)| *shown).map(|(place, _)| *place).collect();
        assert_eq!(places, [8, 10, 19]);
        assert_eq!(shown.len(), 20);
    }
}

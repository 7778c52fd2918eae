//! Numbers whose calls queues refuse.

use cordial_engine::blacklist::{self, BlacklistLevel};

use crate::native::wire::{self, Time};

/// An entry of the blacklist.
pub fn blacklisted_number(it: &blacklist::BlacklistedNumber) -> wire::BlacklistedNumber {
    wire::BlacklistedNumber {
        number: it.number.as_str().to_owned(),
        level: match it.level {
            BlacklistLevel::First => wire::BlacklistLevel::First,
            BlacklistLevel::Second => wire::BlacklistLevel::Second,
        },
        until: it.until.map(Time),
        enabled: it.enabled,
        note: it.note.to_string(),
        place: wire::CallerPlace {
            longitude: it.place.longitude.to_string(),
            latitude: it.place.latitude.to_string(),
            address: it.place.address.to_string(),
        },
    }
}

/// What callers on it hear.
pub fn blacklist_prompts(it: &blacklist::BlacklistPrompts) -> wire::BlacklistPrompts {
    let text = |prompt: &Option<cordial_engine::entry::Name>| prompt.as_ref().map(ToString::to_string);
    wire::BlacklistPrompts { first: text(&it.first), second: text(&it.second) }
}

//! Numbers whose calls queues refuse.

use cordial_engine::blacklist::{BlacklistLevel, BlacklistPrompts, BlacklistedNumber, CallerPlace};
use cordial_engine::{Command, Entry};

use super::{EntryBody, Faults, Fields, Nothing};
use crate::names::Find;
use crate::native::wire;

impl EntryBody for wire::BlacklistedNumber {
    fn entry(&self, find: &dyn Find) -> Result<Entry, Faults> {
        let mut f = Fields::new(find);
        let number = f.number("/number", &self.number);
        let note = f.text("/note", &self.note);
        let longitude = f.text("/place/longitude", &self.place.longitude);
        let latitude = f.text("/place/latitude", &self.place.latitude);
        let address = f.text("/place/address", &self.place.address);
        f.finish(|| {
            Some(Entry::BlacklistedNumber(BlacklistedNumber {
                number: number?,
                level: match self.level {
                    wire::BlacklistLevel::First => BlacklistLevel::First,
                    wire::BlacklistLevel::Second => BlacklistLevel::Second,
                },
                until: self.until.map(|until| until.0),
                enabled: self.enabled,
                note: note?,
                place: CallerPlace { longitude: longitude?, latitude: latitude?, address: address? },
            }))
        })
    }
}

/// What callers on the blacklist shall hear.
pub fn blacklist_prompts(body: &wire::BlacklistPrompts) -> Result<Command, Faults> {
    let mut f = Fields::new(&Nothing);
    let first = f.perhaps(body.first.as_deref(), |f, text| f.name("/first", text));
    let second = f.perhaps(body.second.as_deref(), |f, text| f.name("/second", text));
    f.finish(|| Some(Command::SetBlacklistPrompts(BlacklistPrompts { first: first?, second: second? })))
}

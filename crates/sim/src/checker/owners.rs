//! H12: no fact of one tenant names an id of another.

use std::collections::BTreeMap;

use cordial_engine::id::TenantId;
use cordial_engine::{Event, Fact};
use serde_json::Value;

use super::Broken;

/// Who owns each id, by what names it in a fact.
#[derive(Default)]
pub(super) struct Owners {
    by_id: BTreeMap<(&'static str, u64), TenantId>,
}

/// What names an id of which kind; variants of `EntryId` are written with a capital.
const NAMES: [(&str, &str); 27] = [
    ("agent", "agent"),
    ("Agent", "agent"),
    ("device", "device"),
    ("Device", "device"),
    ("trunk", "trunk"),
    ("Trunk", "trunk"),
    ("queue", "queue"),
    ("Queue", "queue"),
    ("queue_gave_up", "queue"),
    ("user", "user"),
    ("User", "user"),
    ("team", "team"),
    ("Team", "team"),
    ("reason", "reason"),
    ("Reason", "reason"),
    ("disposition", "disposition"),
    ("Disposition", "disposition"),
    ("route", "route"),
    ("Route", "route"),
    ("call", "call"),
    ("leg", "leg"),
    ("a", "leg"),
    ("b", "leg"),
    ("left", "leg"),
    ("right", "leg"),
    ("offer", "offer"),
    ("recording", "recording"),
];

impl Owners {
    pub(super) fn read(&mut self, event: &Event) -> Result<(), Broken> {
        // What a dialog was needs no look: it is opaque, and the leg beside it is looked at.
        if matches!(event.fact, Fact::LegSaved { .. } | Fact::NodeStarted { .. }) {
            return Ok(());
        }
        let value = serde_json::to_value((&event.fact, event.by)).unwrap_or_default();
        self.look(event.tenant, "", &value)
    }

    fn look(&mut self, tenant: TenantId, key: &str, value: &Value) -> Result<(), Broken> {
        match value {
            Value::Number(number) => {
                let kind = NAMES.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind);
                let Some((kind, id)) = kind.zip(number.as_u64()) else {
                    return Ok(());
                };
                let owner = *self.by_id.entry((kind, id)).or_insert(tenant);
                if owner != tenant {
                    return Err(format!("H12 {kind}-{id} belongs to {owner}, a fact of {tenant} names it"));
                }
                Ok(())
            }
            Value::Object(fields) => fields.iter().try_for_each(|(key, value)| self.look(tenant, key, value)),
            // By whom an offer was taken: agent, then offer.
            Value::Array(items) if key == "answered_by" => {
                ["agent", "offer"].iter().zip(items).try_for_each(|(key, item)| self.look(tenant, key, item))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.look(tenant, key, item)),
            Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        }
    }
}

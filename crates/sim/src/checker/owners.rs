//! H12: no fact or action of one tenant names an id of another.

use std::collections::{BTreeMap, VecDeque};
use std::iter;
use std::rc::Rc;

use cordial_engine::id::{LegId, TenantId};
use cordial_engine::{Action, Endpoint, Event, Fact};
use serde_json::Value;

use super::Broken;

type Ids = BTreeMap<(&'static str, u64), TenantId>;

/// Who owns each id, by what names it in a fact.
#[derive(Clone, Default)]
pub(super) struct Owners {
    /// Shared between copies, so that a copy is cheap.
    known: Rc<Ids>,
    recent: Ids,
    /// Actions that follow from events not yet told, each with the last of them.
    acted: VecDeque<(u64, Action)>,
}

/// So many ids are copied with a copy. More are shared.
const RECENT_MAX: usize = 256;

/// What names an id of which kind; variants of `EntryId` are written with a capital.
const NAMES: [(&str, &str); 38] = [
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
    ("skill_id", "skill"),
    ("Skill", "skill"),
    ("phone_book", "phone book"),
    ("PhoneBook", "phone book"),
    ("Contact", "contact"),
    ("route", "route"),
    ("Route", "route"),
    ("call", "call"),
    ("monitored", "call"),
    ("of", "call"),
    ("from", "call"),
    ("to", "call"),
    ("leg", "leg"),
    ("legs", "leg"),
    ("a", "leg"),
    ("b", "leg"),
    ("left", "leg"),
    ("right", "leg"),
    ("offer", "offer"),
    ("recording", "recording"),
    ("message", "recording"),
];

impl Owners {
    pub(super) fn read(&mut self, event: &Event) -> Result<(), Broken> {
        // What a dialog was needs no look: it is opaque, and the leg beside it is looked at.
        if matches!(event.fact, Fact::LegSaved { .. } | Fact::NodeStarted { .. }) {
            return Ok(());
        }
        let value = serde_json::to_value((&event.fact, event.by)).unwrap_or_default();
        self.look(event.tenant, "", &value)?;
        if self.recent.len() > RECENT_MAX {
            Rc::make_mut(&mut self.known).append(&mut self.recent);
        }
        while let Some((_, action)) = self.acted.pop_front_if(|(seq, _)| *seq <= event.seq) {
            self.judge(&action)?;
        }
        Ok(())
    }

    /// Takes an action; it is judged when the events that it follows from have been told.
    pub(super) fn act(&mut self, seq: u64, action: Action) {
        self.acted.push_back((seq, action));
    }

    /// The process is gone, and with it what it wanted done.
    pub(super) fn forget_actions(&mut self) {
        self.acted.clear();
    }

    /// All that an action names belongs to one tenant.
    fn judge(&self, action: &Action) -> Result<(), Broken> {
        let mut owners = named(action).into_iter().map(|id| match id {
            ("tenant", tenant) => Some(TenantId(tenant)),
            id => self.owner(id),
        });
        let first = owners.next().flatten();
        if first.is_none() || owners.any(|owner| owner != first) {
            return Err(format!("H12 an action names what is not one tenant's: {action:?}"));
        }
        Ok(())
    }

    fn owner(&self, id: (&'static str, u64)) -> Option<TenantId> {
        self.recent.get(&id).or_else(|| self.known.get(&id)).copied()
    }

    fn look(&mut self, tenant: TenantId, key: &str, value: &Value) -> Result<(), Broken> {
        match value {
            Value::Number(number) => {
                let kind = NAMES.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind);
                let Some((kind, id)) = kind.zip(number.as_u64()) else {
                    return Ok(());
                };
                let owner = self.owner((kind, id));
                if owner.is_none() {
                    self.recent.insert((kind, id), tenant);
                }
                if let Some(owner) = owner.filter(|owner| *owner != tenant) {
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

/// What an action names.
fn named(action: &Action) -> Vec<(&'static str, u64)> {
    let endpoint = |endpoint: &Endpoint| match endpoint {
        Endpoint::Device(id) => ("device", id.0),
        Endpoint::Trunk(id) => ("trunk", id.0),
    };
    let leg = |leg: &LegId| ("leg", leg.0);
    match action {
        Action::Ring { leg: it, endpoint: at, .. } => vec![leg(it), endpoint(at)],
        Action::Progress { leg: it, heard } => iter::once(it).chain(heard).map(leg).collect(),
        Action::Answer { leg: it }
        | Action::Clear { leg: it, .. }
        | Action::ClearSaved { leg: it, .. }
        | Action::Play { leg: it, .. }
        | Action::SendDigits { leg: it, .. }
        | Action::StopPlay { leg: it } => vec![leg(it)],
        Action::Bridge { a, b } | Action::Unbridge { a, b } => vec![leg(a), leg(b)],
        Action::Mix { listener, sources } => iter::once(listener).chain(sources).map(leg).collect(),
        Action::CheckPin { leg: it, agent, .. } => vec![leg(it), ("agent", agent.0)],
        Action::PlayMessage { leg: it, tenant, .. } => vec![leg(it), ("tenant", tenant.0)],
        Action::StartRecording { recording, tenant, left, right, .. } => {
            let legs = iter::once(left).chain(right).map(leg);
            legs.chain([("recording", recording.0), ("tenant", tenant.0)]).collect()
        }
        Action::MoveRecording { recording, left, right } => {
            iter::once(left).chain(right).map(leg).chain([("recording", recording.0)]).collect()
        }
        Action::PauseRecording { recording }
        | Action::ResumeRecording { recording }
        | Action::StopRecording { recording } => vec![("recording", recording.0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordial_engine::id::DeviceId;
    use cordial_engine::text::Number;

    #[test]
    fn an_action_that_names_two_tenants_things_is_found() {
        let mut owners = Owners::default();
        owners.recent.insert(("leg", 1), TenantId(1));
        owners.recent.insert(("leg", 2), TenantId(2));
        owners.recent.insert(("device", 7), TenantId(2));
        let ring = |leg| Action::Ring {
            leg: LegId(leg),
            endpoint: Endpoint::Device(DeviceId(7)),
            number: Number::parse("101").expect("digits"),
            caller: None,
            caller_name: Default::default(),
            auto_answer: false,
        };
        assert_eq!(owners.judge(&ring(2)), Ok(()));
        assert!(owners.judge(&ring(1)).is_err(), "the device is another's");
        assert!(owners.judge(&ring(3)).is_err(), "nobody has told of this leg");
        assert!(owners.judge(&Action::Bridge { a: LegId(1), b: LegId(2) }).is_err());
    }
}

//! Lamps of phones: which mailbox each stands for, and when to tell it.
//!
//! A lamp is whoever's who is logged in at the device, else its owner's. What it says leaves when the facts that it
//! follows from are durable, as everything else does.

use std::collections::{BTreeMap, BTreeSet};

use cordial_engine::code::Feature;
use cordial_engine::id::{AgentId, DeviceId, TenantId};
use cordial_engine::{EntryId, Event, Fact, Now};
use cordial_sip::Mailbox;

use crate::directory;
use crate::node::{Held, Node, sip_time};

/// Whose mailbox each lamp stands for, both ways.
#[derive(Default)]
pub(crate) struct Lamps {
    people: BTreeMap<DeviceId, AgentId>,
    devices: BTreeSet<(AgentId, DeviceId)>,
}

impl Lamps {
    fn put(&mut self, device: DeviceId, person: Option<AgentId>) {
        let before = match person {
            Some(person) => self.people.insert(device, person),
            None => self.people.remove(&device),
        };
        if let Some(before) = before {
            self.devices.remove(&(before, device));
        }
        if let Some(person) = person {
            self.devices.insert((person, device));
        }
    }

    fn of(&self, agent: AgentId) -> Vec<DeviceId> {
        let (first, last) = (DeviceId(0), DeviceId(u64::MAX));
        self.devices.range((agent, first)..=(agent, last)).map(|(_, device)| *device).collect()
    }
}

impl Node {
    /// Tells the user agent what every lamp says, as a process does that starts.
    pub(crate) fn restore_lamps(&mut self) {
        for tenant in self.engine.tenants() {
            for device in self.engine.devices(tenant.id) {
                self.lamps.put(device.id, self.engine.person(device.id));
                let mailbox = self.lamp(tenant.id, device.id);
                self.agent.restore_mailbox(directory::account(device.id), mailbox);
            }
        }
    }

    /// Holds back what these lamps say until what has been decided is durable.
    pub(crate) fn hold_lamps(&mut self, changed: BTreeSet<(TenantId, DeviceId)>) {
        for (tenant, device) in changed {
            let mailbox = self.lamp(tenant, device);
            self.hold(Held::Lamp(device, mailbox));
        }
    }

    /// Tells the user agent what a lamp says from now on.
    pub(crate) fn light(&mut self, now: Now, device: DeviceId, mailbox: Option<Mailbox>) {
        self.agent.set_mailbox(sip_time(now), directory::account(device), mailbox);
    }

    fn lamp(&self, tenant: TenantId, device: DeviceId) -> Option<Mailbox> {
        let lamp = self.engine.lamp(device)?;
        let codes = self.engine.feature_codes(tenant);
        let code = codes.and_then(|codes| codes.iter().find(|(feature, _)| *feature == Feature::Voicemail));
        Some(Mailbox {
            dialled: code.map(|(_, code)| code.as_str().to_owned()),
            new: lamp.new,
            old: lamp.old,
            unsolicited: lamp.unsolicited,
        })
    }

    /// The lamps that may say something else after an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other fact is about messages or who sits where")]
    pub(crate) fn lamps_of(&mut self, event: &Event) -> Vec<(TenantId, DeviceId)> {
        let devices = match &event.fact {
            Fact::MessageLeft { agent, .. }
            | Fact::MessageMarked { agent, .. }
            | Fact::MessageRemoved { agent, .. }
            | Fact::EntryChanged { id: EntryId::Agent(agent), .. } => self.lamps.of(*agent),
            Fact::EntryAdded { id: EntryId::Device(device), .. }
            | Fact::EntryChanged { id: EntryId::Device(device), .. } => {
                self.lamps.put(*device, self.engine.person(*device));
                vec![*device]
            }
            Fact::AgentLoggedIn { device, moved_from, .. } => {
                let devices: Vec<DeviceId> = core::iter::once(*device).chain(*moved_from).collect();
                for device in &devices {
                    self.lamps.put(*device, self.engine.person(*device));
                }
                devices
            }
            Fact::AgentLoggedOut { agent, .. } => {
                let devices = self.lamps.of(*agent);
                for device in &devices {
                    self.lamps.put(*device, self.engine.person(*device));
                }
                devices
            }
            Fact::EntryRemoved { id: EntryId::Device(device) } => {
                self.lamps.put(*device, None);
                Vec::new()
            }
            Fact::FeatureCodesSet { .. } => {
                self.engine.devices(event.tenant).into_iter().map(|device| device.id).collect()
            }
            _ => Vec::new(),
        };
        devices.into_iter().map(|device| (event.tenant, device)).collect()
    }
}

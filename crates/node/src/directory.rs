//! Devices and trunks as the user agent knows them: accounts and peers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use cordial_engine::entry::{self, Device, Digest, Entry, Trunk};
use cordial_engine::id::{AgentId, DeviceId, TenantId, TrunkId};
use cordial_engine::{Endpoint, Engine, EntryId, Fact, Kind};
use cordial_sip::{
    Account, AccountId, ClientCredentials, Flow, Listener, ListenerId, Origin, Peer, PeerId, PeerTarget,
    Secret, Transport, UserAgent, digest,
};

use crate::node::Reach;

/// Bindings of one device; one more pushes out the one that ends first.
const CONTACTS_MAX: usize = 8;

/// A trunk that authenticates has an account too; the highest bit tells it from a device's.
const TRUNK_ACCOUNT: u64 = 1 << 63;

/// What a device proves itself with: a password reduced to HA1, which still is worth a password and is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeviceSecret {
    /// MD5 of `number:domain:password`, for phones that know no better.
    pub ha1_md5: Option<[u8; 16]>,
    /// SHA-256 of the same (RFC 8760).
    pub ha1_sha256: Option<[u8; 32]>,
}

/// What requests to trunks can leave by.
pub(crate) struct Ways<'a> {
    pub(crate) listeners: &'a [Listener],
    pub(crate) reach: &'a Reach,
}

impl Ways<'_> {
    /// The listener that stands for us on a transport towards an address: one of its transport and family, else one of
    /// its family.
    fn listener(&self, transport: Transport, remote: SocketAddr) -> ListenerId {
        let of_family = |id: ListenerId| self.reach.ipv6_listeners.contains(&id) == remote.is_ipv6();
        let of_transport = |listener: &Listener| listener.transport == transport;
        let best = self.listeners.iter().max_by_key(|listener| {
            // Of equals the last is the greatest, and the first listener is the default.
            (of_family(listener.id), of_transport(listener), std::cmp::Reverse(listener.id))
        });
        best.map_or(ListenerId(0), |listener| listener.id)
    }
}

/// What is kept of an agent's PIN instead of it: SHA-256, as of the secrets of devices.
pub fn pin_digest(agent: AgentId, pin: &str) -> [u8; 32] {
    digest::ha1_sha256(&agent.to_string(), "pin", pin)
}

/// Secrets by owner; they live outside the journal and are told at start and on change.
#[derive(Default)]
pub(crate) struct Secrets {
    pub(crate) devices: BTreeMap<DeviceId, DeviceSecret>,
    /// What [`pin_digest`] says of agents' PINs.
    pub(crate) pins: BTreeMap<AgentId, [u8; 32]>,
    pub(crate) trunks: BTreeMap<TrunkId, String>,
}

pub(crate) const fn account(device: DeviceId) -> AccountId {
    AccountId(device.0)
}

/// Whose request it is.
pub(crate) const fn endpoint(origin: Origin) -> Endpoint {
    match origin {
        Origin::Account(AccountId(id)) if id & TRUNK_ACCOUNT != 0 => {
            Endpoint::Trunk(TrunkId(id & !TRUNK_ACCOUNT))
        }
        Origin::Account(AccountId(id)) => Endpoint::Device(DeviceId(id)),
        Origin::Peer(PeerId(id)) => Endpoint::Trunk(TrunkId(id)),
    }
}

/// Tells the user agent of every device and trunk there is.
pub(crate) fn sync_all(engine: &Engine, secrets: &Secrets, ways: &Ways<'_>, agent: &mut UserAgent) {
    for tenant in engine.tenants() {
        for kind in [Kind::Device, Kind::Trunk] {
            for (id, _, entry) in engine.entries(tenant.id, kind) {
                sync(engine, secrets, ways, agent, tenant.id, id, &entry);
            }
        }
    }
}

/// Tells the user agent what a fact changed.
pub(crate) fn sync_fact(
    engine: &Engine,
    secrets: &Secrets,
    ways: &Ways<'_>,
    agent: &mut UserAgent,
    tenant: TenantId,
    fact: &Fact,
) {
    if let Fact::EntryAdded { id, entry, .. } | Fact::EntryChanged { id, entry } = fact {
        sync(engine, secrets, ways, agent, tenant, *id, entry);
    }
    if let Fact::EntryRemoved { id } = fact {
        match id {
            EntryId::Device(device) => agent.remove_account(account(*device)),
            EntryId::Trunk(trunk) => {
                agent.remove_peer(PeerId(trunk.0));
                agent.remove_account(AccountId(trunk.0 | TRUNK_ACCOUNT));
            }
            EntryId::User(_)
            | EntryId::Agent(_)
            | EntryId::Team(_)
            | EntryId::Queue(_)
            | EntryId::Route(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_) => {}
        }
    }
}

fn sync(
    engine: &Engine,
    secrets: &Secrets,
    ways: &Ways<'_>,
    agent: &mut UserAgent,
    tenant: TenantId,
    id: EntryId,
    entry: &Entry,
) {
    let realm = engine.tenant(tenant).map(|tenant| tenant.domain).unwrap_or_default();
    match (id, entry) {
        (EntryId::Device(id), Entry::Device(device)) => {
            agent.set_account(device_account(id, device, realm, secrets.devices.get(&id)));
        }
        (EntryId::Trunk(id), Entry::Trunk(trunk)) => {
            set_trunk(ways, agent, id, trunk, &realm, secrets.trunks.get(&id));
        }
        _ => {}
    }
}

fn device_account(id: DeviceId, device: &Device, realm: String, secret: Option<&DeviceSecret>) -> Account {
    let secret = secret.cloned().unwrap_or_default();
    let (md5, sha256) = match device.digest {
        Digest::Any => (true, true),
        Digest::Md5 => (true, false),
        Digest::Sha256 => (false, true),
    };
    Account {
        id: account(id),
        realm,
        username: device.number.as_str().to_owned(),
        ha1_md5: secret.ha1_md5.filter(|_| md5),
        ha1_sha256: secret.ha1_sha256.filter(|_| sha256),
        may_register: true,
        contacts_max: CONTACTS_MAX,
    }
}

fn set_trunk(
    ways: &Ways<'_>,
    agent: &mut UserAgent,
    id: TrunkId,
    trunk: &Trunk,
    realm: &str,
    password: Option<&String>,
) {
    let transport = match trunk.transport {
        entry::Transport::Udp => Transport::Udp,
        entry::Transport::Tcp => Transport::Tcp,
        entry::Transport::Tls => Transport::Tls,
    };
    let target: Option<SocketAddr> = trunk.address.as_str().parse().ok();
    let mut addresses: Vec<(IpAddr, Option<u16>)> =
        target.iter().map(|target| (target.ip(), source_port(transport, *target))).collect();
    addresses.extend(trunk.sources.iter().filter_map(|source| parse_source(source.as_str())));
    let credentials = trunk.username.as_ref().zip(password);
    let inbound = credentials.filter(|_| trunk.authenticate_inbound).map(|(username, password)| {
        let id = AccountId(id.0 | TRUNK_ACCOUNT);
        agent.set_account(Account {
            id,
            realm: realm.to_owned(),
            username: username.as_str().to_owned(),
            ha1_md5: Some(digest::ha1_md5(username.as_str(), realm, password)),
            ha1_sha256: Some(digest::ha1_sha256(username.as_str(), realm, password)),
            may_register: false,
            contacts_max: 0,
        });
        id
    });
    if trunk.authenticate_inbound && inbound.is_none() {
        // Without its password nobody can be told from a stranger, so requests from its addresses are a stranger's.
        addresses.clear();
    }
    agent.set_peer(Peer {
        id: PeerId(id.0),
        addresses,
        inbound,
        outbound: credentials.map(|(username, password)| ClientCredentials {
            username: username.as_str().to_owned(),
            realm: None,
            secret: Secret::Password(password.clone()),
        }),
        target: target.map(|remote| PeerTarget {
            flow: Flow { transport, listener: ways.listener(transport, remote), remote, stream: None },
            host: remote.to_string(),
            from_host: None,
        }),
    });
}

/// The port that a trunk's requests come from. A connection comes from any: who opens one gets a port of the moment.
fn source_port(transport: Transport, target: SocketAddr) -> Option<u16> {
    (!transport.is_reliable()).then_some(target.port())
}

/// `192.0.2.1`, `192.0.2.1:5080`, `2001:db8::1` or `[2001:db8::1]:5080`.
fn parse_source(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    text.parse::<IpAddr>().ok().map(|address| (address, None))
}

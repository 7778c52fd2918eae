//! Who may speak to us: devices with credentials, and trunks known by address.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::digest::Shape;
use crate::flow::Flow;

/// Names an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(pub u64);

/// Names a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId(pub u64);

/// A device that proves itself with digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name here.
    pub id: AccountId,
    /// Its domain, which is also the digest realm.
    pub realm: String,
    /// User part of its address of record and digest user name.
    pub username: String,
    /// MD5 of `username:realm:password`, if MD5 is accepted from it.
    pub ha1_md5: Option<[u8; 16]>,
    /// SHA-256 of the same, if SHA-256 is accepted from it.
    pub ha1_sha256: Option<[u8; 32]>,
    /// Whether it may register; an inbound trunk's account may not.
    pub may_register: bool,
    /// Bindings kept at once; one more pushes out the one that ends first.
    pub contacts_max: usize,
}

/// A trunk: another SIP system, known by where its packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name here.
    pub id: PeerId,
    /// Source addresses by which it is known; without a port, any port. With none it is known by `inbound` alone.
    pub addresses: Vec<(IpAddr, Option<u16>)>,
    /// If given, its requests must also prove to be this account's.
    pub inbound: Option<AccountId>,
    /// How we answer its challenges; only to requests that we sent to its target.
    pub outbound: Option<ClientCredentials>,
    /// Where our calls to it go; without one it only calls us.
    pub target: Option<PeerTarget>,
}

impl Peer {
    /// Whether it is reached at an address, or sends from there.
    pub(crate) fn is_at(&self, address: IpAddr) -> bool {
        let target = self.target.iter().map(|target| target.flow.remote.ip());
        let known = self.addresses.iter().map(|(address, _)| *address);
        target.chain(known).any(|own| own.to_canonical() == address.to_canonical())
    }
}

/// Where calls to a peer go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerTarget {
    /// Address already resolved: there is no DNS in the signalling path.
    pub flow: Flow,
    /// Host (and port, if needed) written in Request-URI and To.
    pub host: String,
    /// Host written in From; our own public host if not given.
    pub from_host: Option<String>,
}

/// What we prove ourselves with to a peer.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Digest user name.
    pub username: String,
    /// The only realm whose challenges are answered, if known beforehand.
    pub realm: Option<String>,
    /// The secret.
    pub secret: Secret,
}

/// A password, or what it was reduced to.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Clear text: answers any algorithm and realm.
    Password(String),
    /// HA1 values for the realm in the credentials.
    Ha1 {
        /// For MD5 challenges.
        md5: Option<[u8; 16]>,
        /// For SHA-256 challenges.
        sha256: Option<[u8; 32]>,
    },
}

/// HA1 is a password equivalent: it is never printed.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} {}@{})", self.id.0, self.username, self.realm)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCredentials({})", self.username)
    }
}

/// Accounts and peers with the indexes that find them.
#[derive(Default)]
pub(crate) struct Directory {
    accounts: BTreeMap<AccountId, Account>,
    /// Realm in lower case, and user name.
    by_name: BTreeMap<(String, String), AccountId>,
    /// Realm in lower case: the realm as spelled, and its accounts by shape of their challenges.
    realms: BTreeMap<String, (String, [usize; 3])>,
    peers: BTreeMap<PeerId, Peer>,
    by_source: BTreeMap<(IpAddr, Option<u16>), PeerId>,
    by_inbound: BTreeMap<AccountId, PeerId>,
}

impl Directory {
    pub(crate) fn set_account(&mut self, account: Account) {
        self.remove_account(account.id);
        let realm = account.realm.to_ascii_lowercase();
        let (_, shapes) = self.realms.entry(realm.clone()).or_insert_with(|| (account.realm.clone(), [0; 3]));
        shapes[Shape::of(&account) as usize] += 1;
        self.by_name.insert((realm, account.username.clone()), account.id);
        self.accounts.insert(account.id, account);
    }

    pub(crate) fn remove_account(&mut self, id: AccountId) {
        let Some(account) = self.accounts.remove(&id) else {
            return;
        };
        let realm = account.realm.to_ascii_lowercase();
        if let Some((_, shapes)) = self.realms.get_mut(&realm) {
            shapes[Shape::of(&account) as usize] -= 1;
            if shapes.iter().sum::<usize>() == 0 {
                self.realms.remove(&realm);
            }
        }
        let name = (realm, account.username);
        if self.by_name.get(&name) == Some(&id) {
            self.by_name.remove(&name);
        }
    }

    pub(crate) fn set_peer(&mut self, peer: Peer) {
        self.remove_peer(peer.id);
        for (address, port) in &peer.addresses {
            self.by_source.insert((address.to_canonical(), *port), peer.id);
        }
        if let Some(account) = peer.inbound {
            self.by_inbound.insert(account, peer.id);
        }
        self.peers.insert(peer.id, peer);
    }

    pub(crate) fn remove_peer(&mut self, id: PeerId) {
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        if let Some(account) = peer.inbound
            && self.by_inbound.get(&account) == Some(&id)
        {
            self.by_inbound.remove(&account);
        }
        for (address, port) in peer.addresses {
            let source = (address.to_canonical(), port);
            if self.by_source.get(&source) == Some(&id) {
                self.by_source.remove(&source);
            }
        }
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    pub(crate) fn account_by_name(&self, realm: &str, username: &str) -> Option<&Account> {
        self.accounts.get(self.by_name.get(&(realm.to_ascii_lowercase(), username.to_owned()))?)
    }

    /// A realm as spelled, if it has accounts.
    pub(crate) fn realm(&self, host: &str) -> Option<&str> {
        self.realms.get(&host.to_ascii_lowercase()).map(|(realm, _)| realm.as_str())
    }

    pub(crate) fn shapes(&self, realm: &str) -> [usize; 3] {
        self.realms.get(&realm.to_ascii_lowercase()).map_or([0; 3], |(_, shapes)| *shapes)
    }

    pub(crate) fn peer(&self, id: PeerId) -> Option<&Peer> {
        self.peers.get(&id)
    }

    /// The trunk whose inbound account this is.
    pub(crate) fn peer_by_account(&self, account: AccountId) -> Option<&Peer> {
        self.peers.get(self.by_inbound.get(&account)?)
    }

    /// Whether a trunk sends from an address, whatever the port.
    pub(crate) fn has_peer_at(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.by_source.range((address, None)..=(address, Some(u16::MAX))).next().is_some()
    }

    pub(crate) fn peer_by_source(&self, source: SocketAddr) -> Option<&Peer> {
        let address = source.ip().to_canonical();
        let exact = self.by_source.get(&(address, Some(source.port())));
        self.peers.get(exact.or_else(|| self.by_source.get(&(address, None)))?)
    }
}

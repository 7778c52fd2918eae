//! What the user agent is told once, at construction.

use std::fmt;

use crate::flow::{ListenerId, Transport};

/// Settings of a user agent.
#[derive(Clone, Debug)]
pub struct Config {
    /// The sockets the shell listens on. The first is the default.
    pub listeners: Vec<Listener>,
    /// Put in `User-Agent` and `Server`.
    pub user_agent: String,
    /// The realm in which strangers of unknown domains are challenged.
    pub realm: String,
    /// The timers of RFC 3261 section 17.
    pub timing: Timing,
    /// How often a confirmed dialog is asked whether it lives, in milliseconds; 0 turns it off.
    pub dialog_ping_ms: u64,
    /// Interval of the session timer (RFC 4028) that we ask for and grant, in seconds; 0 turns it off.
    pub session_expires_s: u32,
    /// A shorter interval is refused with 422, in seconds. The RFC allows no less than 90.
    pub session_expires_min_s: u32,
    /// Lifetime given to a binding that asks for none, in seconds.
    pub expires_default_s: u32,
    /// A shorter lifetime is refused with 423, in seconds.
    pub expires_min_s: u32,
    /// A longer lifetime is cut to this, in seconds.
    pub expires_max_s: u32,
    /// How long a device that was registered over a connection still counts as registered after a restart, in
    /// milliseconds. Calls to it wait for it to come back.
    pub grace_ms: u64,
    /// Age at which a nonce is answered with `stale=true`, in milliseconds.
    pub nonce_life_ms: u64,
    /// Accept MD5 answers without `qop` (RFC 2069), each nonce once: for very old phones only.
    pub digest_without_qop: bool,
    /// Dialogs alive at once; beyond it a new INVITE is answered 503.
    pub dialogs_max: usize,
    /// Marks our requests so that an answer that comes after a restart is known to be ours: the same in every life.
    /// Without one, each life has its own.
    pub key: Option<Key>,
    /// Whether the ACK for a call of ours that was answered waits for [`UserAgent::acknowledge`], so that the owner can
    /// write down first what ends the call after a crash.
    ///
    /// [`UserAgent::acknowledge`]: crate::UserAgent::acknowledge
    pub hold_ack: bool,
}

/// A secret of 32 bytes, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Config {
    /// Defaults around one or more listeners.
    pub fn new(listeners: Vec<Listener>, realm: impl Into<String>) -> Self {
        Self {
            listeners,
            user_agent: "Cordial".to_owned(),
            realm: realm.into(),
            timing: Timing::default(),
            dialog_ping_ms: 60_000,
            session_expires_s: 1_800,
            session_expires_min_s: 90,
            expires_default_s: 600,
            expires_min_s: 60,
            expires_max_s: 3_600,
            grace_ms: 30_000,
            nonce_life_ms: 300_000,
            digest_without_qop: false,
            dialogs_max: crate::limits::DIALOGS_MAX,
            key: None,
            hold_ack: false,
        }
    }

    pub(crate) fn listener(&self, id: ListenerId) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.id == id).or(self.listeners.first())
    }
}

/// One listening socket as the world sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name in every [`Flow`](crate::Flow).
    pub id: ListenerId,
    /// What it speaks.
    pub transport: Transport,
    /// The host others reach it by: a name or an address (IPv6 without brackets).
    pub host: String,
    /// The port others reach it by.
    pub port: u16,
    /// The realm of devices that register here by address; otherwise the config's.
    pub realm: Option<String>,
}

/// RFC 3261 table 4, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Estimate of the round trip.
    pub t1_ms: u64,
    /// Longest pause between retransmissions.
    pub t2_ms: u64,
    /// Longest stay of a message in the network.
    pub t4_ms: u64,
}

impl Timing {
    /// The span after which a transaction is given up: 64 T1.
    pub fn give_up_ms(&self) -> u64 {
        64 * self.t1_ms
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self { t1_ms: 500, t2_ms: 4_000, t4_ms: 5_000 }
    }
}

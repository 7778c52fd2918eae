//! Links to carriers and peers.

use serde::{Deserialize, Serialize};

use super::Name;
use crate::text::{Number, Text};

/// How requests travel to a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In datagrams.
    #[default]
    Udp,
    /// Over a connection in the clear.
    Tcp,
    /// Over a connection under TLS.
    Tls,
}

/// A carrier or peer link. Its password lives outside the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// Unique within the tenant.
    pub name: Name,
    /// Where requests are sent and, by default, whence they are taken: `host:port` as an IP address and port.
    pub address: Text<64>,
    /// How requests travel there. Facts older than this field mean UDP.
    #[serde(default)]
    pub transport: Transport,
    /// Further addresses whose requests are this trunk's: IP addresses with or without a port.
    pub sources: Vec<Text<64>>,
    /// The user name for digest authentication towards the trunk, when it asks for it.
    pub username: Option<Text<64>>,
    /// Whether requests from the addresses must authenticate as well.
    pub authenticate_inbound: bool,
    /// Numbers that may be dialled out on it, by prefix; empty allows nothing (toll fraud is refused by default).
    pub outbound_prefixes: Vec<Number>,
    /// The number shown to the called party, instead of a device's own (which means nothing outside) and when a caller
    /// from outside who is led out again has none.
    pub caller_number: Option<Number>,
}

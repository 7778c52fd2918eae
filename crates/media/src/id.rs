//! Names of things that the worker is told about. All are chosen by the caller; the worker makes up none of them.

use std::fmt;
use std::sync::Arc;

/// A media port: one party's RTP stream in and out. Chosen by the node, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub u64);

/// A fencing number. A command older than the port it names is ignored; a newer one raises the port's epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u32);

/// A port together with the epoch at which it is addressed; every command and event about a port carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRef {
    /// The port.
    pub port: PortId,
    /// The epoch of whoever speaks.
    pub epoch: Epoch,
}

impl PortRef {
    /// Names `port` at `epoch`.
    #[must_use]
    pub const fn new(port: PortId, epoch: Epoch) -> Self {
        Self { port, epoch }
    }
}

/// A recording of one call. Chosen by the node, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId(pub u64);

/// One `Play` command, so that its ending can be told from that of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// The local UDP port number that carries RTP. Its RTCP lives on the next number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalSocket(pub u16);

/// The name under which a prompt was loaded, such as `en/greeting` or `music/hold`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptName(Arc<str>);

impl PromptName {
    /// Names a prompt; whether it exists is found out when it is played.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PromptName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for PromptName {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl fmt::Display for PromptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}.{}", self.port.0, self.epoch.0)
    }
}

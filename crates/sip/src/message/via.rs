//! Via: the way a response takes back.

use std::fmt;

use super::parse::ParseFault;
use super::uri::{Parameters, parse_host_port, write_host_port};

/// Begins every branch made by RFC 3261 rules (section 8.1.1.7).
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One Via value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, ... as written.
    pub transport: String,
    /// The sender's own name; IPv6 without its brackets.
    pub host: String,
    /// If written.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, ...
    pub parameters: Parameters,
}

impl Via {
    /// Reads one value. Space is allowed around its slashes and colon.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        Self::read(text).ok_or(ParseFault::Value("Via"))
    }

    fn read(text: &str) -> Option<Self> {
        let (protocol, rest) = text.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        if !protocol.trim().eq_ignore_ascii_case("SIP") || version.trim() != "2.0" {
            return None;
        }
        let rest = rest.trim_start();
        let (transport, rest) = rest.split_at(rest.find(|character: char| character.is_ascii_whitespace())?);
        let (sent_by, parameters) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = parse_host_port(sent_by)?;
        let parameters = Parameters::parse(parameters).ok()?;
        Some(Self { transport: transport.to_owned(), host, port, parameters })
    }

    /// The branch, if made by RFC 3261 rules.
    pub fn branch(&self) -> Option<&str> {
        let branch = self.parameters.get("branch")?;
        let cookie = branch.get(..BRANCH_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(BRANCH_COOKIE) && branch.len() > BRANCH_COOKIE.len()).then_some(branch)
    }

    /// `host:port` as a key.
    pub fn sent_by(&self) -> String {
        let mut out = self.host.to_ascii_lowercase();
        if let Some(port) = self.port {
            out.push_str(&format!(":{port}"));
        }
        out
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} ", self.transport)?;
        write_host_port(f, &self.host, self.port)?;
        self.parameters.fmt(f)
    }
}

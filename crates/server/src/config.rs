//! The configuration: listeners, paths and limits, and nothing else. What operators decide at run time (users,
//! devices, queues) is a fact in the journal, never a line in a file.
//!
//! Three layers, each over the one before: the defaults below, a TOML file, and environment variables named
//! `CORDIAL_<TABLE>__<OPTION>` such as `CORDIAL_SIP__UDP`. `config/example.toml` shows every option.

mod connector;
mod error;
mod value;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

pub use connector::{BrokerName, BrokerUrl, CallbackHost, Connector, EventFormat, OnSilence, SiteBroker};
pub use error::ConfigError;
pub use value::{Host, Listen, LogFormat, PortRange, Several, Whole};

/// Environment variables of the command line that share the prefix but are no options.
const OTHER_VARIABLES: &[&str] = &["config", "output", "token", "url"];

/// Everything that is said at start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Signalling.
    pub sip: Sip,
    /// Our own API.
    pub http: Http,
    /// The PortSIP dialect.
    pub portsip: Portsip,
    /// The Webitel dialect.
    pub webitel: Webitel,
    /// FreeSWITCH's event socket.
    pub event_socket: EventSocket,
    /// Expertflow's Generic Connector.
    pub connector: Connector,
    /// Certificates, for SIP and HTTP alike.
    pub tls: Tls,
    /// Audio.
    pub media: Media,
    /// Where things lie on disk.
    pub paths: Paths,
    /// The tenant that the first start makes.
    pub first_tenant: FirstTenant,
    /// How much is taken before something is refused.
    pub limits: Limits,
    /// What is written to standard error.
    pub log: Log,
}

/// Signalling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// Where phones and trunks reach us by UDP.
    pub udp: Several<Listen>,
    /// Where they reach us by TCP.
    pub tcp: Several<Listen>,
    /// Where they reach us by TLS.
    pub tls: Several<Listen>,
    /// The hosts written in Via and Contact: an address for the listeners of its family, a name for all others. With
    /// none of them, the address of the listener.
    pub advertised_host: Several<Host>,
    /// The realm in which strangers of unknown domains are challenged.
    pub realm: Host,
    /// The shortest life of a registration. Seconds.
    pub expires_min_s: Whole<1, 3_600>,
    /// The longest life of a registration. Seconds.
    pub expires_max_s: Whole<60, 86_400>,
    /// How long a device registered over a connection has to come back after a restart. Seconds.
    pub grace_s: Whole<0, 3_600>,
    /// How often a talking phone is asked whether it is still there; nought never asks. Seconds.
    pub ping_s: Whole<0, 3_600>,
    /// The interval of session timers (RFC 4028) that we ask for and grant; nought has none. Seconds.
    pub session_expires_s: Whole<0, 86_400>,
    /// The shortest such interval that we take. Seconds.
    pub session_expires_min_s: Whole<1, 86_400>,
}

/// Our own API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where the native API, `/metrics` and the health probes are served.
    pub native: Listen,
    /// Where the same is served by HTTPS.
    pub tls: Several<Listen>,
}

/// The PortSIP dialect: nothing of it is listened on until it is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Portsip {
    /// Whether it is spoken at all.
    pub enabled: bool,
    /// Where REST and WSI are served.
    pub listen: Several<Listen>,
    /// Where clients of the v16 reach the WSI.
    pub wsi: Several<Listen>,
    /// Whether all of these are under TLS.
    pub tls: bool,
}

/// The Webitel dialect: nothing of it is listened on until it is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webitel {
    /// Whether it is spoken at all.
    pub enabled: bool,
    /// Where REST and WebSocket are served.
    pub listen: Several<Listen>,
    /// Whether these are under TLS.
    pub tls: bool,
    /// The domains of the tenants whose agents are logged out when their last WebSocket is closed for long.
    pub log_out_domains: Several<Host>,
    /// For how long. Seconds.
    pub log_out_after_s: Whole<1, 86_400>,
}

/// FreeSWITCH's event socket: nothing of it is listened on until it is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventSocket {
    /// Whether it is spoken at all.
    pub enabled: bool,
    /// Where.
    pub listen: Several<Listen>,
}

/// Certificates, for SIP and HTTP alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Our certificate and those between it and its root; empty: one is made that signs itself.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The roots by which trunks are believed; empty: those of the system.
    pub roots: PathBuf,
    /// Whether a trunk must prove to be who it should be.
    pub verify_trunks: bool,
}

/// Audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// The address on which audio is taken, and which phones are told to send to.
    /// At most one of each family.
    pub ip: Several<IpAddress>,
    /// UDP ports for audio; each party of a call takes two.
    pub rtp_ports: PortRange,
    /// Whether audio may come from another address than the phone named (phones behind NAT).
    pub learn_sources: bool,
}

/// An IP address in text.
pub type IpAddress = value::Address;

/// Where things lie on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// Journal, read models and keys.
    pub data: PathBuf,
    /// Recordings, one folder for each tenant.
    pub recordings: PathBuf,
    /// A folder with prompts that replace or add to the built-in ones; empty means none.
    pub prompts: PathBuf,
}

/// The tenant that the first start makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FirstTenant {
    /// Its name.
    pub name: Host,
    /// The SIP domain of its devices.
    pub domain: Host,
}

/// How much is taken before something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// SIP dialogs alive at once; beyond it a new call is answered 503.
    pub dialogs: Whole<2, 200_000>,
    /// SIP connections (TCP, TLS) taken at once, in all; beyond it one that has said nothing yet makes place, else a new
    /// one is refused.
    pub sip_connections: Whole<1, 200_000>,
    /// The same from one source: an IPv4 address, or a network of 64 bits in IPv6.
    pub sip_connections_per_source: Whole<1, 200_000>,
    /// HTTP connections taken at once, in all.
    pub http_connections: Whole<1, 200_000>,
    /// The same from one source.
    pub http_connections_per_source: Whole<1, 200_000>,
    /// How far the journal may fall behind before new calls and requests are refused. Milliseconds.
    pub journal_behind_ms: Whole<50, 10_000>,
    /// How long a stop waits for live calls. Seconds.
    pub drain_s: Whole<0, 86_400>,
    /// Event streams open at once; beyond it a new one is refused (429).
    pub event_streams: Whole<1, 100_000>,
    /// Events that a subscriber may be behind before its stream is cut.
    pub events_behind: Whole<64, 1_048_576>,
    /// The largest body of a request. Bytes; a larger one is refused (413).
    pub request_bytes: Whole<1_024, 16_777_216>,
}

/// What is written to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// What is written, as `level` or `target=level,target=level`.
    pub filter: String,
}

/// What is spoken at a place where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Our own API.
    Native,
    /// PortSIP's REST, and its WSI at `/wsi`.
    Portsip,
    /// PortSIP's WSI at the root, as in its v16.
    PortsipWsi,
    /// Webitel's REST, and its WebSocket at the root.
    Webitel,
}

/// A place where HTTP is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebListener {
    /// The option that names it.
    pub key: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// What is spoken there.
    pub face: Face,
    /// Whether it is under TLS.
    pub tls: bool,
}

impl Config {
    /// Reads the file (when given) and the environment over the defaults.
    ///
    /// # Errors
    /// The first value that is not what it should be, with file, line, key and what would be right.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => {
                Some(std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?)
            }
            None => None,
        };
        Self::read(file.unwrap_or(Path::new("")), text.as_deref().unwrap_or(""), environment())
    }

    /// The configuration that `text` says over the defaults, without the environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::read(file, text, Figment::new())
    }

    fn read(file: &Path, text: &str, environment: Figment) -> Result<Self, ConfigError> {
        let source = error::Source { file, text };
        source.check_syntax()?;
        let config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::string(text))
            .merge(environment)
            .extract()
            .map_err(|error| source.explain(&error))?;
        config.check().map_err(|(key, wrong)| source.at(key, &wrong))?;
        Ok(config)
    }

    /// What no single value can say. The key is named in whose line the fault is shown.
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.sip.expires_min_s.get() > self.sip.expires_max_s.get() {
            let wrong = format!("must be at most sip.expires_max_s ({})", self.sip.expires_max_s.get());
            return Err(("sip.expires_min_s", wrong));
        }
        let (interval_s, min_s) = (self.sip.session_expires_s.get(), self.sip.session_expires_min_s.get());
        if interval_s > 0 && interval_s < min_s {
            let wrong = format!("must be 0 or at least sip.session_expires_min_s ({min_s})");
            return Err(("sip.session_expires_s", wrong));
        }
        self.check_media()?;
        if self.tls.certificate.as_os_str().is_empty() != self.tls.key.as_os_str().is_empty() {
            return Err(("tls.key", "must be given together with tls.certificate, or neither".to_owned()));
        }
        for (key, path, needed) in [
            ("paths.data", &self.paths.data, true),
            ("paths.recordings", &self.paths.recordings, true),
            ("paths.prompts", &self.paths.prompts, false),
        ] {
            let text = path.as_os_str().as_encoded_bytes();
            if text.contains(&0) || (needed && text.is_empty()) {
                return Err((key, "expected the path of a folder such as \"/var/lib/cordial\"".to_owned()));
            }
        }
        self.check_listeners()?;
        self.connector.check()?;
        for (key, value) in [
            ("first_tenant.name", &self.first_tenant.name),
            ("first_tenant.domain", &self.first_tenant.domain),
        ] {
            if value.as_str().is_empty() {
                return Err((key, "must not be empty".to_owned()));
            }
        }
        if let Err(wrong) = tracing_subscriber::EnvFilter::try_new(&self.log.filter) {
            return Err((
                "log.filter",
                format!("expected levels such as \"info\" or \"info,cordial_sip=debug\" ({wrong})"),
            ));
        }
        Ok(())
    }

    fn check_media(&self) -> Result<(), (&'static str, String)> {
        let wrong = |what: &str| Err(("media.ip", what.to_owned()));
        for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            if self.media.ip.all().iter().filter(|ip| family(&ip.get())).count() > 1 {
                return wrong("must hold at most one IPv4 and one IPv6 address");
            }
        }
        if self.media.ip.all().is_empty() {
            return wrong("needs at least one address");
        }
        for ip in self.media.ip.all() {
            if ip.get().is_unspecified() {
                return wrong(
                    "phones are told this address, so it must be one of this machine's own such as \"192.0.2.10\"",
                );
            }
            if ip.get().is_multicast() {
                return wrong("must be an address of one machine, not of a group");
            }
        }
        Ok(())
    }

    fn check_listeners(&self) -> Result<(), (&'static str, String)> {
        let listeners = [("sip.udp", &self.sip.udp), ("sip.tcp", &self.sip.tcp), ("sip.tls", &self.sip.tls)];
        if listeners.iter().all(|(_, addresses)| addresses.all().is_empty()) {
            return Err((
                "sip.udp",
                "at least one of sip.udp, sip.tcp and sip.tls must name a place to listen".to_owned(),
            ));
        }
        for (key, addresses) in listeners {
            for (n, address) in addresses.all().iter().enumerate() {
                let address = address.get();
                let twice = addresses.all()[..n].iter().any(|other| other.get() == address);
                if twice && address.port() != 0 {
                    return Err((key, format!("{address} stands there twice")));
                }
                if address.ip().is_unspecified() && self.sip.advertised(address.ip()).is_none() {
                    let wrong = format!(
                        "needed because {key} is {address}: the name or address that phones reach us by"
                    );
                    return Err(("sip.advertised_host", wrong));
                }
                let audible = self.media.ip.all().iter().any(|ip| ip.get().is_ipv6() == address.is_ipv6());
                if !audible {
                    let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
                    return Err((
                        "media.ip",
                        format!("needs an {family} address because {key} is {address}"),
                    ));
                }
            }
        }
        for address in self.sip.udp.all() {
            let port = address.get().port();
            if self.media.rtp_ports.contains(port) {
                return Err(("media.rtp_ports", format!("must not hold the port of sip.udp ({port})")));
            }
        }
        Ok(())
    }

    /// Every place where HTTP is served: our own API in the clear first, then what is switched on.
    #[must_use]
    pub fn web(&self) -> Vec<WebListener> {
        let listener =
            |key, face, tls| move |listen: &Listen| WebListener { key, address: listen.get(), face, tls };
        let mut all = vec![listener("http.native", Face::Native, false)(&self.http.native)];
        all.extend(self.http.tls.all().iter().map(listener("http.tls", Face::Native, true)));
        if self.portsip.enabled {
            let Portsip { listen, wsi, tls, .. } = &self.portsip;
            all.extend(listen.all().iter().map(listener("portsip.listen", Face::Portsip, *tls)));
            all.extend(wsi.all().iter().map(listener("portsip.wsi", Face::PortsipWsi, *tls)));
        }
        if self.webitel.enabled {
            let Webitel { listen, tls, .. } = &self.webitel;
            all.extend(listen.all().iter().map(listener("webitel.listen", Face::Webitel, *tls)));
        }
        all
    }

    /// Whether anybody can connect to us by TLS.
    #[must_use]
    pub fn listens_by_tls(&self) -> bool {
        let connector = self.connector.enabled && !self.connector.tls_listen.all().is_empty();
        !self.sip.tls.all().is_empty() || connector || self.web().iter().any(|place| place.tls)
    }

    /// The keys of all options, as `table.option`.
    #[must_use]
    pub fn keys() -> BTreeSet<String> {
        let all = figment::value::Value::serialize(Self::default()).expect("the defaults are plain values");
        let mut keys = BTreeSet::new();
        for (table, options) in all.as_dict().into_iter().flatten() {
            keys.extend(
                options.as_dict().into_iter().flatten().map(|(option, _)| format!("{table}.{option}")),
            );
        }
        keys
    }
}

/// The variables `CORDIAL_<TABLE>__<OPTION>`.
fn environment() -> Figment {
    Figment::from(Env::prefixed("CORDIAL_").ignore(OTHER_VARIABLES).split("__"))
}

impl Sip {
    /// The host to advertise for a listener at `ip`, if one is said: the address of its family, else a name.
    #[must_use]
    pub fn advertised(&self, ip: IpAddr) -> Option<&str> {
        let hosts = || self.advertised_host.all().iter().map(Host::as_str).filter(|host| !host.is_empty());
        let address = |host: &&str| host.parse::<IpAddr>().is_ok_and(|host| host.is_ipv6() == ip.is_ipv6());
        hosts().find(address).or_else(|| hosts().find(|host| host.parse::<IpAddr>().is_err()))
    }
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            udp: Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)))]),
            tcp: Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)))]),
            tls: Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 5061)))]),
            advertised_host: Several::new(Vec::new()),
            realm: Host::known("cordial"),
            expires_min_s: Whole::known(60),
            expires_max_s: Whole::known(3_600),
            grace_s: Whole::known(30),
            ping_s: Whole::known(60),
            session_expires_s: Whole::known(1_800),
            session_expires_min_s: Whole::known(90),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            native: Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            tls: Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)))]),
        }
    }
}

impl Default for Portsip {
    fn default() -> Self {
        let at = |port| Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))]);
        Self { enabled: false, listen: at(8887), wsi: at(8885), tls: true }
    }
}

impl Default for Webitel {
    fn default() -> Self {
        let listen = Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8086)))]);
        let (log_out_domains, log_out_after_s) = (Several::new(Vec::new()), Whole::known(60));
        Self { enabled: false, listen, tls: false, log_out_domains, log_out_after_s }
    }
}

impl Default for EventSocket {
    fn default() -> Self {
        let listen = Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 8021)))]);
        Self { enabled: false, listen }
    }
}

impl Default for Tls {
    fn default() -> Self {
        let none = PathBuf::new;
        Self { certificate: none(), key: none(), roots: none(), verify_trunks: true }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            ip: Several::new(vec![IpAddress::new(IpAddr::V4(Ipv4Addr::LOCALHOST))]),
            rtp_ports: PortRange::known(16_384, 24_575),
            learn_sources: true,
        }
    }
}

impl Default for Paths {
    fn default() -> Self {
        Self { data: "data".into(), recordings: "data/recordings".into(), prompts: PathBuf::new() }
    }
}

impl Default for FirstTenant {
    fn default() -> Self {
        Self { name: Host::known("default"), domain: Host::known("cordial.local") }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            dialogs: Whole::known(20_000),
            sip_connections: Whole::known(10_000),
            sip_connections_per_source: Whole::known(1_000),
            http_connections: Whole::known(10_000),
            http_connections_per_source: Whole::known(1_000),
            journal_behind_ms: Whole::known(500),
            drain_s: Whole::known(60),
            event_streams: Whole::known(1_000),
            events_behind: Whole::known(8_192),
            request_bytes: Whole::known(1_048_576),
        }
    }
}

impl Limits {
    /// [`Limits::drain_s`] as a duration.
    #[must_use]
    pub const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s.get())
    }

    /// [`Limits::journal_behind_ms`] as a duration.
    #[must_use]
    pub const fn journal_behind(&self) -> Duration {
        Duration::from_millis(self.journal_behind_ms.get())
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

#[cfg(test)]
mod tests;

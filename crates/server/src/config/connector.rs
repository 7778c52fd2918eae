//! The table `connector`: how the clients of Expertflow's Generic Connector reach us, and how they are told.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use cordial_dialects::connector::event::Format;
use cordial_dialects::connector::stomp::limits::NAME_BYTES_MAX;

use serde::{Deserialize, Serialize};
use url::Url;

use super::value::{FromText, Host, Listen, Several, TextVisitor, Whole, in_text};

/// Expertflow's Generic Connector: nothing of it is spoken until one of its three ways is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connector {
    /// Whether the embedded broker speaks STOMP at all.
    pub enabled: bool,
    /// Where it does by TCP.
    pub listen: Several<Listen>,
    /// Where it does by TLS.
    pub tls_listen: Several<Listen>,
    /// The hosts that may be called back; without one there is no connector over HTTP.
    pub callback_hosts: Several<CallbackHost>,
    /// How destinations are told that are not in [`Connector::formats`].
    pub format: EventFormat,
    /// How the destinations of these names are told.
    pub formats: BTreeMap<String, EventFormat>,
    /// Whether the texts of the status bar are told.
    pub status_bar: bool,
    /// How many agents may be logged in by the connector at once; nought is no limit.
    pub licences: Whole<0, 1_000_000>,
    /// What becomes of an agent whose client is no longer heard.
    pub on_silence: OnSilence,
    /// How often a client says that it is there; after three that did not come it counts as gone. Seconds.
    pub beat_s: Whole<1, 3_600>,
    /// How old a request may be that waited in the broker. Seconds; an older one is refused (`PLEASE_RETRY`).
    pub stale_s: Whole<1, 86_400>,
    /// Whether known destinations are told at the start to log in again.
    pub reconnect_at_start: bool,
    /// The broker of the site.
    pub broker: SiteBroker,
}

/// A broker that the site has (ActiveMQ), reached by STOMP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteBroker {
    /// Where it is, and where its substitutes are, in the order in which they are tried; none: there is no such broker.
    pub urls: Several<BrokerUrl>,
    /// The name by which we log in; empty: without one.
    pub login: String,
    /// A file with the password to it; empty: without one.
    pub passcode_file: PathBuf,
    /// The queue of the requests.
    pub queue: BrokerName,
    /// The domain of the tenant whose agents they are; empty: that of the first tenant.
    pub domain: Host,
    /// The topic on which connectors tell each other who is logged in.
    pub sync_topic: BrokerName,
}

impl Connector {
    /// What no single value can say.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let bad = |name: &&String| name.is_empty() || name.len() > NAME_BYTES_MAX;
        if let Some(name) = self.formats.keys().find(bad) {
            let wrong = format!("{name:?} is no destination: a name has 1 to {NAME_BYTES_MAX} bytes");
            return Err(("connector.formats", wrong));
        }
        let broker = &self.broker;
        if broker.login.is_empty() && !broker.passcode_file.as_os_str().is_empty() {
            return Err(("connector.broker.passcode_file", "needs connector.broker.login, too".to_owned()));
        }
        Ok(())
    }
}

impl Default for Connector {
    fn default() -> Self {
        let at = |port| Several::new(vec![Listen::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))]);
        Self {
            enabled: false,
            listen: at(61_613),
            tls_listen: at(61_614),
            callback_hosts: Several::new(Vec::new()),
            format: EventFormat::default(),
            formats: BTreeMap::new(),
            status_bar: false,
            licences: Whole::known(0),
            on_silence: OnSilence::NotReady,
            beat_s: Whole::known(10),
            stale_s: Whole::known(10),
            reconnect_at_start: true,
            broker: SiteBroker::default(),
        }
    }
}

impl Default for SiteBroker {
    fn default() -> Self {
        Self {
            urls: Several::new(Vec::new()),
            login: String::new(),
            passcode_file: PathBuf::new(),
            queue: BrokerName("Connector1".to_owned()),
            domain: Host::default(),
            sync_topic: BrokerName("ConnectorSync".to_owned()),
        }
    }
}

in_text!(BrokerName, BrokerUrl, CallbackHost, EventFormat, OnSilence);

/// A queue or topic of the site's broker, without what says its kind.
///
/// Names come from clients, too. What a broker would not take as one plain name is none: `*` and `>` stand for many names
/// there, `,` joins several, `?` begins options, `/` ends the kind, and below `ActiveMQ.` it speaks itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokerName(String);

impl BrokerName {
    /// The name, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const OF_THE_BROKER: &str = "activemq.";
        let plain = |letter: char| letter.is_alphanumeric() || ".-_:@+".contains(letter);
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
        let head = text.get(..OF_THE_BROKER.len()).unwrap_or_default();
        let ours = !head.eq_ignore_ascii_case(OF_THE_BROKER);
        (fits && ours && text.chars().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for BrokerName {
    const WANTED: &'static str =
        "a name of at most 256 bytes of letters, digits and .-_:@+ such as \"Connector1\"";

    fn from_text(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for BrokerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a broker speaks STOMP, in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl {
    host: String,
    port: u16,
}

impl BrokerUrl {
    /// Its name or address; an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromText for BrokerUrl {
    const WANTED: &'static str = "where a broker speaks STOMP such as \"stomp://broker.example.org:61613\" (OpenWire's 61616 is not it)";

    fn from_text(text: &str) -> Option<Self> {
        let (host, port) = text.strip_prefix("stomp://")?.rsplit_once(':')?;
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let good = match address {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains(':') && Host::from_text(host).is_some(),
        };
        let port = port.parse().ok().filter(|port| *port != 0)?;
        good.then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stomp://{}:{}", self.host, self.port)
    }
}

/// A host that may be called back, at one port: the one that is said, else the usual one of `http` or `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackHost {
    /// As [`Url`] writes it: in lower case, an IPv6 address in brackets.
    host: String,
    port: Option<u16>,
}

impl CallbackHost {
    /// Whether this address is there.
    #[must_use]
    pub fn has(&self, url: &Url) -> bool {
        let port = match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        port && url.host_str() == Some(&self.host)
    }
}

impl FromText for CallbackHost {
    const WANTED: &'static str = "a host, or host:port, such as \"crm.example.org:8443\"";

    fn from_text(text: &str) -> Option<Self> {
        // With a port that no scheme has by itself a `Url` keeps the one that is said.
        let url = |text: &str| Url::parse(&format!("ws://{text}")).ok();
        let plain = |letter: char| letter.is_alphanumeric() || ".-_:[]".contains(letter);
        let behind = text.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let (host, port) = match behind {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
            None => (text, None),
        };
        let host = url(host).filter(|_| !host.is_empty() && host.chars().all(plain))?;
        let alone = host.port().is_none();
        alone.then(|| host.host_str().map(|host| Self { host: host.to_owned(), port })).flatten()
    }
}

impl fmt::Display for CallbackHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// How a destination is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFormat(Format);

impl EventFormat {
    /// As the dialect knows it.
    #[must_use]
    pub const fn get(self) -> Format {
        self.0
    }
}

impl FromText for EventFormat {
    const WANTED: &'static str = "\"seed\", \"long\" or \"json\"";

    fn from_text(text: &str) -> Option<Self> {
        [Format::Seed, Format::Long, Format::Json].map(Self).into_iter().find(|it| it.to_string() == text)
    }
}

impl fmt::Display for EventFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Format::Seed => "seed",
            Format::Long => "long",
            Format::Json => "json",
        })
    }
}

/// What becomes of an agent whose client is no longer heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSilence {
    /// He stays as he is.
    Keep,
    /// He becomes not ready.
    NotReady,
    /// He is logged out.
    LogOut,
}

impl FromText for OnSilence {
    const WANTED: &'static str = "\"keep\", \"not-ready\" or \"log-out\"";

    fn from_text(text: &str) -> Option<Self> {
        [Self::Keep, Self::NotReady, Self::LogOut].into_iter().find(|it| it.to_string() == text)
    }
}

impl fmt::Display for OnSilence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "keep",
            Self::NotReady => "not-ready",
            Self::LogOut => "log-out",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::super::Config;
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the expectation is written where it is used")]
    fn check(text: &str, expect: Expect) {
        let said = match Config::parse(Path::new("cordial.toml"), text) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn wrong_values_are_told_with_what_would_be_right() {
        check(
            "[connector]\nformat = \"xml\"\n",
            expect![[r#"cordial.toml:2: connector.format: expected "seed", "long" or "json", found "xml""#]],
        );
        check(
            "[connector.formats]\ndesk-1 = \"json\"\n\"192.168.1.148\" = \"xml\"\n",
            expect![[
                r#"cordial.toml:1: connector.formats.192.168.1.148: expected "seed", "long" or "json", found "xml""#
            ]],
        );
        check(
            "[connector.formats]\n\"\" = \"json\"\n",
            expect![[
                r#"cordial.toml:1: connector.formats: "" is no destination: a name has 1 to 256 bytes"#
            ]],
        );
        check(
            "[connector]\non_silence = \"logout\"\n",
            expect![[
                r#"cordial.toml:2: connector.on_silence: expected "keep", "not-ready" or "log-out", found "logout""#
            ]],
        );
        check(
            "[connector]\nbeat_s = 0\n",
            expect!["cordial.toml:2: connector.beat_s: expected a whole number from 1 to 3600, found 0"],
        );
        check(
            "[connector]\ncallback_hosts = \"http://crm.example.org/\"\n",
            expect![[
                r#"cordial.toml:2: connector.callback_hosts: expected a host, or host:port, such as "crm.example.org:8443", or a list of at most 16, found "http://crm.example.org/""#
            ]],
        );
        check(
            "[connector.broker]\nurls = \"tcp://broker:61616\"\n",
            expect![[
                r#"cordial.toml:2: connector.broker.urls: expected where a broker speaks STOMP such as "stomp://broker.example.org:61613" (OpenWire's 61616 is not it), or a list of at most 16, found "tcp://broker:61616""#
            ]],
        );
        check(
            "[connector.broker]\nqueue = \"Connector1,Connector2\"\n",
            expect![[
                r#"cordial.toml:2: connector.broker.queue: expected a name of at most 256 bytes of letters, digits and .-_:@+ such as "Connector1", found "Connector1,Connector2""#
            ]],
        );
        check(
            "[connector.broker]\npasscode_file = \"/etc/cordial/passcode\"\n",
            expect!["cordial.toml:2: connector.broker.passcode_file: needs connector.broker.login, too"],
        );
        check(
            "[connector.broker]\nlogn = \"cordial\"\n",
            expect![[r#"cordial.toml:2: connector.broker.logn: no such option; did you mean "login"?"#]],
        );
    }

    #[test]
    fn a_table_of_formats_is_one_for_each_destination() {
        let text =
            "[connector]\nformat = \"seed\"\nformats = { desk-1 = \"json\", \"192.168.1.148\" = \"long\" }\n";
        let connector = Config::parse(Path::new("cordial.toml"), text).unwrap().connector;
        assert_eq!(connector.format.get(), Format::Seed);
        let formats: Vec<_> = connector.formats.iter().map(|(name, it)| (name.as_str(), it.get())).collect();
        assert_eq!(formats, [("192.168.1.148", Format::Long), ("desk-1", Format::Json)]);
    }

    #[test]
    fn a_name_for_the_broker_is_one_plain_name() {
        for good in ["Connector1", "192.168.1.148", "fe80::1", "desk-1@sales_2", "Ação"] {
            assert_eq!(BrokerName::parse(good).map(|name| name.to_string()).as_deref(), Some(good));
        }
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for bad in [
            "",
            ">",
            "a.*",
            "a,b",
            "a?consumer.prefetchSize=0",
            "queue://a",
            "a/b",
            "a b",
            "a\nb",
            "a\0",
            "ActiveMQ.Advisory.Connection",
            &long,
        ] {
            assert_eq!(BrokerName::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn brokers_are_reached_by_name_or_address() {
        let read = |text| BrokerUrl::from_text(text).map(|url| (url.host().to_owned(), url.port()));
        assert_eq!(read("stomp://broker.example.org:61613"), Some(("broker.example.org".to_owned(), 61_613)));
        assert_eq!(read("stomp://[::1]:1"), Some(("::1".to_owned(), 1)));
        for bad in [
            "",
            "stomp://",
            "stomp://a",
            "stomp://a:0",
            "stomp://:1",
            "stomp://::1:1",
            "stomp://a:1/",
            "tcp://a:1",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_host_is_called_back_at_its_port_and_no_other() {
        let allows = |host: &str, url: &str| {
            let host = CallbackHost::from_text(host).expect("a host");
            assert_eq!(CallbackHost::from_text(&host.to_string()), Some(host.clone()));
            host.has(&Url::parse(url).expect("an address"))
        };
        assert!(allows("crm.example.org", "https://CRM.example.org/events"));
        assert!(allows("crm.example.org", "http://crm.example.org:80/events"));
        assert!(!allows("crm.example.org", "https://crm.example.org:8443/events"));
        assert!(allows("CRM.example.org:8443", "https://crm.example.org:8443/events"));
        assert!(allows("crm.example.org:443", "https://crm.example.org/events"));
        assert!(!allows("crm.example.org:443", "http://crm.example.org/events"));
        assert!(!allows("example.org", "https://crm.example.org/"));
        assert!(!allows("crm.example.org", "https://crm.example.org.evil.example/"));
        assert!(!allows("crm.example.org", "https://crm.example.org@evil.example/"));
        assert!(allows("[::1]:8080", "http://[::1]:8080/"));
        assert!(allows("127.0.0.1", "http://127.1/"));
        for bad in ["", ":80", "a/b", "u@a", "http://a", "a:", "a:0", "a:99999", "::1", "a b", "a?b"] {
            assert_eq!(CallbackHost::from_text(bad), None, "{bad:?}");
        }
    }
}

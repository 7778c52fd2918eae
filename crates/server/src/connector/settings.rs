//! What the configuration says of the connector, as its sessions need it.

use std::collections::BTreeMap;
use std::time::Duration;

use cordial_dialects::connector::event::Format;
use reqwest::Url;

use crate::config::{CallbackHost, Config, OnSilence, SiteBroker};

/// How the connector's clients are dealt with, whichever way they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The domain of the tenant of those who name none: all over HTTP, and users at the embedded broker.
    pub(crate) domain: String,
    /// The domain of the tenant of those at the site's broker.
    pub(crate) broker_domain: String,
    /// How destinations are told that are not in `formats`.
    format: Format,
    formats: BTreeMap<String, Format>,
    /// Whether the texts of the status bar are told.
    pub(crate) status_bar: bool,
    /// How many agents may be logged in by the connector at once; `None` is no limit.
    pub(crate) licences: Option<usize>,
    /// What becomes of an agent whose client is no longer heard.
    pub(crate) on_silence: OnSilence,
    /// How often a client says that it is there.
    pub(crate) beat: Duration,
    /// How old a request may be that waited in a broker; an older one is refused.
    pub(crate) stale: Duration,
    /// Whether known destinations are told at the start to log in again.
    pub(crate) reconnect_at_start: bool,
    /// The hosts that may be called back; without one there is no connector over HTTP.
    pub(crate) callback_hosts: Vec<CallbackHost>,
    /// The broker of the site, if it has one.
    pub(crate) broker: Option<SiteBroker>,
}

/// Beats that may fail to come before a client counts as gone.
const BEATS_MISSED_MAX: u32 = 3;

impl Settings {
    /// Those of the configuration; `None` when nothing of it is switched on.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        let connector = &config.connector;
        let (urls, hosts) = (connector.broker.urls.all(), connector.callback_hosts.all());
        if !connector.enabled && !connector.finesse && urls.is_empty() && hosts.is_empty() {
            return None;
        }
        let domain = config.first_tenant.domain.as_str().to_owned();
        let of_the_broker = connector.broker.domain.as_str().to_owned();
        let licences = usize::try_from(connector.licences.get()).unwrap_or(usize::MAX);
        Some(Self {
            broker_domain: if of_the_broker.is_empty() { domain.clone() } else { of_the_broker },
            domain,
            format: connector.format.get(),
            formats: connector.formats.iter().map(|(name, format)| (name.clone(), format.get())).collect(),
            status_bar: connector.status_bar,
            licences: (licences > 0).then_some(licences),
            on_silence: connector.on_silence,
            beat: Duration::from_secs(connector.beat_s.get()),
            stale: Duration::from_secs(connector.stale_s.get()),
            reconnect_at_start: connector.reconnect_at_start,
            callback_hosts: hosts.to_vec(),
            broker: (!urls.is_empty()).then(|| connector.broker.clone()),
        })
    }

    /// Whether somebody may be called back there.
    pub(crate) fn may_be_called(&self, url: &Url) -> bool {
        self.callback_hosts.iter().any(|host| host.has(url))
    }

    /// How a destination is told that has a line of its own.
    pub(crate) fn format_named(&self, destination: &str) -> Option<Format> {
        self.formats.get(destination).copied()
    }

    /// How a destination is told.
    pub(crate) fn format(&self, destination: &str) -> Format {
        self.format_named(destination).unwrap_or(self.format)
    }

    /// How long a client may be silent before it counts as gone.
    pub(crate) fn silence_max(&self) -> Duration {
        self.beat * BEATS_MISSED_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(text: &str) -> Option<Settings> {
        Settings::of(&Config::parse(Path::new("cordial.toml"), text).expect("a good configuration"))
    }

    #[test]
    fn any_of_the_three_ways_switches_the_connector_on() {
        assert_eq!(settings(""), None);
        assert_eq!(settings("[connector]\nlicences = 5\n"), None);
        for way in
            ["enabled = true", "callback_hosts = \"crm\"", "broker = { urls = \"stomp://127.0.0.1:61613\" }"]
        {
            assert!(settings(&format!("[connector]\n{way}\n")).is_some(), "{way}");
        }
    }

    #[test]
    fn what_is_not_said_is_as_documented() {
        let plain = settings("[connector]\nenabled = true\n").expect("it is on");
        assert_eq!((plain.domain.as_str(), plain.broker_domain.as_str()), ("cordial.local", "cordial.local"));
        assert_eq!((plain.licences, plain.status_bar, plain.reconnect_at_start), (None, false, true));
        assert_eq!(plain.on_silence, OnSilence::NotReady);
        assert_eq!((plain.silence_max(), plain.stale), (Duration::from_secs(30), Duration::from_secs(10)));
        assert_eq!((plain.format("desk-1"), plain.broker), (Format::Long, None));
    }

    #[test]
    fn a_destination_is_told_as_its_own_line_says() {
        let text = "[connector]\nenabled = true\nlicences = 5\nformat = \"json\"\nformats = { desk-1 = \"seed\" }\n\
                    [connector.broker]\ndomain = \"sales.example.org\"\n";
        let settings = settings(text).expect("it is on");
        assert_eq!((settings.format("desk-1"), settings.format("desk-2")), (Format::Seed, Format::Json));
        assert_eq!((settings.licences, settings.broker_domain.as_str()), (Some(5), "sales.example.org"));
    }
}

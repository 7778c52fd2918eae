//! `cordial doctor`: what could go wrong here, before it does.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use cordial_store::{Options, Store, StoreError};
use serde_json::{Value, json};

use crate::cli::{Failure, Printer};
use crate::clock;
use crate::config::Config;
use crate::listeners;
use crate::prompts;
use crate::run::store_path;
use crate::tls;

/// A flush slower than this makes every answer slow.
const FLUSH_SLOW: Duration = Duration::from_millis(50);
/// Less free space than this is worth a warning. Bytes: about ten days of one conversation.
const FREE_MIN: u64 = 10 << 30;

/// What one look found.
struct Found {
    what: &'static str,
    state: State,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    Warning,
    Wrong,
    /// Not looked at.
    Skipped,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
            Self::Skipped => "skipped",
        }
    }
}

/// Looks at everything and shows what it found.
///
/// # Errors
/// When something is wrong.
pub async fn doctor(config: &Config, printer: &Printer) -> Result<(), Failure> {
    let mut found = vec![found("configuration", State::Fine, "is right".to_owned())];
    let (journal, runs) = journal(config).await;
    found.extend(journal);
    found.extend(ports(config, runs));
    found.push(folder("data folder", &config.paths.data));
    found.push(folder("recordings folder", &config.paths.recordings));
    found.push(rights(&config.paths.data));
    found.push(certificate(config));
    found.push(prompt_files(config));
    found.push(ephemeral_ports(config));
    let rows: Vec<Value> = found
        .iter()
        .map(|found| json!({ "check": found.what, "result": found.state.word(), "detail": found.detail }))
        .collect();
    printer.list(&rows, &[("check", "check"), ("result", "result"), ("detail", "detail")]);
    match found.iter().filter(|found| found.state == State::Wrong).count() {
        0 => Ok(()),
        wrong => Err(Failure::Refused(format!("{wrong} of {} checks found something wrong", found.len()))),
    }
}

const fn found(what: &'static str, state: State, detail: String) -> Found {
    Found { what, state, detail }
}

/// The journal and the clock that goes on from it; also whether a server runs on it.
async fn journal(config: &Config) -> (Vec<Found>, bool) {
    let path = store_path(config);
    if !path.exists() {
        let detail = format!("{}: not made yet; the first start makes it", path.display());
        return (vec![found("journal", State::Skipped, detail)], false);
    }
    let store = match Store::open(&path, Options::default()).await {
        Ok(store) => store,
        Err(StoreError::InUse { .. }) => {
            let detail = "the server runs on it; stop it to have every record checked".to_owned();
            return (vec![found("journal", State::Skipped, detail)], true);
        }
        Err(error) => return (vec![found("journal", State::Wrong, error.to_string())], false),
    };
    let whole = match store.verify_journal().await {
        Ok(events) => found("journal", State::Fine, format!("{events} events, every checksum right")),
        Err(error) => found("journal", State::Wrong, error.to_string()),
    };
    let clock = match store.tail().await {
        Ok(Some(tail)) => {
            let ahead = tail.wall.0.saturating_sub(clock::wall_now().0);
            if ahead > 0 {
                let detail = format!(
                    "the system's clock is {} s behind the journal's last event: timers stand still meanwhile",
                    ahead / 1_000
                );
                found("clock", State::Warning, detail)
            } else {
                found("clock", State::Fine, "not before the journal's last event".to_owned())
            }
        }
        Ok(None) => found("clock", State::Fine, "the journal is empty".to_owned()),
        Err(error) => found("clock", State::Wrong, error.to_string()),
    };
    (vec![whole, clock], false)
}

/// Whether the sockets could be opened.
fn ports(config: &Config, runs: bool) -> Vec<Found> {
    if runs {
        return vec![found("ports", State::Skipped, "the server has them open".to_owned())];
    }
    let tried = |what, key: &str, address: SocketAddr, result: io::Result<()>| match result {
        Ok(()) => found(what, State::Fine, format!("{address} is free")),
        Err(error) => found(what, State::Wrong, format!("{key} = \"{address}\": {error}")),
    };
    let mut all = Vec::new();
    for address in config.sip.udp.all() {
        let result = listeners::open_udp(address.get()).map(drop);
        all.push(tried("SIP port (UDP)", "sip.udp", address.get(), result));
    }
    for (what, key, addresses) in [
        ("SIP port (TCP)", "sip.tcp", &config.sip.tcp),
        ("SIP port (TLS)", "sip.tls", &config.sip.tls),
        ("API port (TLS)", "http.tls", &config.http.tls),
    ] {
        for address in addresses.all() {
            let result = listeners::open_tcp(address.get()).map(drop);
            all.push(tried(what, key, address.get(), result));
        }
    }
    let http = config.http.native.get();
    all.push(tried("API port", "http.native", http, listeners::open_tcp(http).map(drop)));
    for ip in config.media.ip.all() {
        let rtp = SocketAddr::new(ip.get(), *config.media.rtp_ports.range().start());
        let result = listeners::open_udp(rtp).map(drop);
        all.push(tried("first RTP port", "media.rtp_ports", rtp, result));
    }
    all
}

/// Whether a folder can be written, how fast it flushes, and how much is free.
fn folder(what: &'static str, path: &Path) -> Found {
    if !path.exists() {
        let detail = format!("{}: not made yet; the first start makes it", path.display());
        return found(what, State::Skipped, detail);
    }
    let flushed = match flush_time(path) {
        Ok(flushed) => flushed,
        Err(error) => {
            return found(what, State::Wrong, format!("{}: cannot be written: {error}", path.display()));
        }
    };
    let free = free_bytes(path);
    let slow = flushed > FLUSH_SLOW;
    let full = free.is_some_and(|free| free < FREE_MIN);
    let state = if slow || full { State::Warning } else { State::Fine };
    let free = free.map_or_else(|| "unknown".to_owned(), |free| format!("{} GiB", free >> 30));
    let note = if slow { " (slow: every answer waits for it)" } else { "" };
    found(what, state, format!("{}: flush {:.1?}{note}, free {free}", path.display(), flushed))
}

fn flush_time(folder: &Path) -> io::Result<Duration> {
    let path = folder.join(".doctor");
    let mut file = fs::File::create(&path)?;
    let started = Instant::now();
    let result = file.write_all(b"flush").and_then(|()| file.sync_all());
    let took = started.elapsed();
    fs::remove_file(&path)?;
    result.map(|()| took)
}

#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Whether strangers on this machine can read the journal and the keys.
#[cfg(unix)]
fn rights(data: &Path) -> Found {
    use std::os::unix::fs::PermissionsExt;
    let what = "rights";
    let Ok(about) = fs::metadata(data) else {
        return found(what, State::Skipped, format!("{}: not made yet", data.display()));
    };
    let mode = about.permissions().mode() & 0o777;
    for name in ["cordial.db", "cordial.db.key", "operator.token", "tls.key"] {
        let path = data.join(name);
        let Ok(about) = fs::metadata(&path) else { continue };
        let file = about.permissions().mode() & 0o777;
        if file & 0o077 != 0 && mode & 0o011 != 0 {
            let detail = format!("{} can be read by others (mode {file:o}); chmod 600 it", path.display());
            return found(what, State::Wrong, detail);
        }
    }
    found(what, State::Fine, format!("{} (mode {mode:o}) keeps keys and tokens from others", data.display()))
}

#[cfg(not(unix))]
fn rights(data: &Path) -> Found {
    found("rights", State::Skipped, format!("{}: not known on this system", data.display()))
}

/// Whether certificate, key and roots can be used.
fn certificate(config: &Config) -> Found {
    match tls::check(config) {
        Ok(detail) => found("certificate", State::Fine, detail),
        Err(fault) => found("certificate", State::Wrong, fault.to_string()),
    }
}

fn prompt_files(config: &Config) -> Found {
    match prompts::load(&config.paths.prompts) {
        Ok(prompts) => found("prompts", State::Fine, format!("{} can be played", prompts.names().count())),
        Err(error) => found("prompts", State::Wrong, error.to_string()),
    }
}

/// Whether the system gives our RTP ports to other programs as ephemeral ones.
fn ephemeral_ports(config: &Config) -> Found {
    let what = "ephemeral ports";
    let Some((first, last)) =
        fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok().and_then(|text| {
            let mut numbers = text.split_whitespace().map(str::parse::<u16>);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
    else {
        return found(what, State::Skipped, "not known on this system".to_owned());
    };
    let ours = config.media.rtp_ports.range();
    if *ours.start() <= last && first <= *ours.end() {
        let detail = format!(
            "media.rtp_ports {} overlaps the system's {first}-{last}: some calls will find their port taken",
            config.media.rtp_ports
        );
        found(what, State::Warning, detail)
    } else {
        found(
            what,
            State::Fine,
            format!("{first}-{last}, apart from media.rtp_ports {}", config.media.rtp_ports),
        )
    }
}

//! What the system says about the server's process: processor time of each of its threads, memory, the machine's load.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Processor time of the threads of one process, by what they are there for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// SIP and engine.
    pub(crate) node: Duration,
    /// Audio.
    pub(crate) media: Duration,
    /// Files of recordings.
    pub(crate) recordings: Duration,
    /// Journal, read models, registrations: SQLite's threads and the tasks that feed them; also HTTP.
    pub(crate) store: Duration,
    pub(crate) threads: usize,
}

impl Spent {
    /// All of it.
    pub(crate) fn whole(&self) -> Duration {
        self.node + self.media + self.recordings + self.store
    }

    /// What was spent since.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            node: self.node.saturating_sub(before.node),
            media: self.media.saturating_sub(before.media),
            recordings: self.recordings.saturating_sub(before.recordings),
            store: self.store.saturating_sub(before.store),
            threads: self.threads,
        }
    }

    /// Each part for one of so many units. Microseconds.
    pub(crate) fn each(&self, units: u64) -> String {
        let one = |time: Duration| per(time, units);
        format!(
            "node {:.1} + media {:.1} + recordings {:.1} + store {:.1} us",
            one(self.node),
            one(self.media),
            one(self.recordings),
            one(self.store)
        )
    }
}

/// Microseconds for one of so many units.
pub(crate) fn per(time: Duration, units: u64) -> f64 {
    time.as_secs_f64() * 1e6 / units.max(1) as f64
}

/// A process that is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// User and system time until now: the scheduler's own count in nanoseconds, not the ticks of `stat`.
    pub(crate) fn spent(self) -> Result<Spent> {
        let mut spent = Spent::default();
        for entry in fs::read_dir(format!("/proc/{}/task", self.0)).context("the server has ended")? {
            let folder = entry?.path();
            let (Ok(name), Ok(stat)) =
                (fs::read_to_string(folder.join("comm")), fs::read_to_string(folder.join("schedstat")))
            else {
                continue;
            };
            let nanos = stat.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
            let part = match name.trim() {
                "nodes thread" => &mut spent.node,
                "media thread" => &mut spent.media,
                name if name.starts_with("recordings") => &mut spent.recordings,
                _ => &mut spent.store,
            };
            *part += Duration::from_nanos(nanos);
            spent.threads += 1;
        }
        Ok(spent)
    }

    /// Proportional set size. Bytes.
    pub(crate) fn memory(self) -> Result<u64> {
        let text =
            fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0)).context("the server has ended")?;
        let line =
            text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss in smaps_rollup")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().context("Pss is no number")?;
        Ok(kib * 1024)
    }

    /// Datagrams that the process's UDP sockets at an address had no room for.
    pub(crate) fn dropped(address: std::net::SocketAddrV4) -> u64 {
        let text = fs::read_to_string("/proc/net/udp").unwrap_or_default();
        let wanted = format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port());
        let drops: BTreeMap<&str, u64> = text
            .lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                Some((*words.get(1)?, words.last()?.parse().ok()?))
            })
            .collect();
        drops.get(wanted.as_str()).copied().unwrap_or(0)
    }
}

/// The machine's load averages.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "not known".to_owned());
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

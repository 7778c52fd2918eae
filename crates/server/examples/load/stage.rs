//! A server, phones and a contact centre, ready to be measured.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use crate::floor::{Deed, Floor};
use crate::proc::{Process, Spent};
use crate::server::{Server, own_ip};
use crate::site::Site;
use crate::{Options, figures};

/// Registrations a second while a stage is built.
const REGISTER_RATE: f64 = 1_000.0;
/// Transactions linger for 32 s (RFC 3261 section 17: timers B, F, H and J); memory is looked at after that.
pub(crate) const LINGER: Duration = Duration::from_secs(36);

/// Everything that a measurement needs.
pub(crate) struct Stage {
    runtime: Runtime,
    pub(crate) server: Server,
    pub(crate) floor: Floor,
    pub(crate) site: Site,
}

impl Stage {
    /// A fresh server with so many devices, none of them registered.
    pub(crate) fn with_devices(options: &Options, count: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut server = Server::start(options)?;
        let (floor, site) = runtime.block_on(async {
            let api = server.ready().await?;
            let site = Site::with_devices(api, count).await?;
            let mut floor = Floor::open(own_ip(), server.sip.into())?;
            floor.hand_out(&site.domain, &site.devices);
            anyhow::Ok((floor, site))
        })?;
        Ok(Self { runtime, server, floor, site })
    }

    /// The same with a queue that the carrier's callers dial, and an agent at each registered device; `ready` of them
    /// are at work.
    pub(crate) fn with_agents(options: &Options, count: usize, ready: usize, record: bool) -> Result<Self> {
        let mut stage = Self::with_devices(options, count)?;
        let carrier = stage.floor.carrier_addresses().to_vec();
        stage.runtime.block_on(stage.site.staff(&carrier, record))?;
        stage.register_all()?;
        stage.begin_work(ready)?;
        Ok(stage)
    }

    /// Logs in so many agents and makes them ready.
    pub(crate) fn begin_work(&self, count: usize) -> Result<()> {
        self.runtime.block_on(self.site.begin_work(count))
    }

    /// Every device registers once.
    pub(crate) fn register_all(&mut self) -> Result<()> {
        let count = self.floor.devices.len() as u64;
        self.do_all(Deed::Register, REGISTER_RATE, count, move |floor| floor.counts.settled() >= count)?;
        Ok(())
    }

    /// Does a deed so many times and waits until what follows is so; gives what the server spent on it.
    pub(crate) fn do_all(
        &mut self,
        deed: Deed,
        rate: f64,
        count: u64,
        so: impl Fn(&Floor) -> bool,
    ) -> Result<Spent> {
        self.floor.counts = Default::default();
        let before = self.process().spent()?;
        self.floor.plan(deed, rate, count);
        let most = Duration::from_secs_f64(count as f64 / rate + 30.0);
        let done = self.floor.run_until(most, |floor| floor.is_planless() && so(floor))?;
        let spent = self.process().spent()?.since(&before);
        let counts = &self.floor.counts;
        let failed = counts.given_up + counts.refused.values().sum::<u64>();
        ensure!(
            done && failed * 10 <= count,
            "of {count}: {} registered, {} answered, {} ended, refused {:?}, {} given up",
            counts.registered,
            counts.answered,
            counts.ended,
            counts.refused,
            counts.given_up
        );
        Ok(spent)
    }

    pub(crate) fn process(&self) -> Process {
        self.server.process()
    }

    /// Tells what the measurement itself met that it should not have.
    pub(crate) fn tell_trouble(&self) {
        let counts = &self.floor.counts;
        let dropped = Process::dropped(self.server.sip);
        if counts.sent_again + counts.given_up + counts.skipped + dropped > 0 || !counts.refused.is_empty() {
            let text = format!(
                "{} sent again, {} given up, {} skipped, {dropped} datagrams dropped at the server's socket, refused {:?}",
                counts.sent_again, counts.given_up, counts.skipped, counts.refused
            );
            figures::tell("  (not smooth)", &text);
        }
        let log = self.server.log();
        if let Some(line) =
            log.lines().find(|line| ["WARN", "ERROR", "panicked"].iter().any(|word| line.contains(word)))
        {
            figures::tell("  (the server warned)", line);
        }
    }
}

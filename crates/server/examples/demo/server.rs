//! The real program `cordial serve`, as a process of its own that never outlives the demonstration.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::api::Api;
use crate::folder::Folder;

/// A start that takes longer has failed, even on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long the server may wait for live calls when it is asked to end. Seconds.
const DRAIN_S: u64 = 10;
/// A stop that takes longer is made by force: the drain, and what is to be written after it.
const STOP_LIMIT: Duration = Duration::from_secs(DRAIN_S + 25);
/// Another program may take a port between our choice and the server's start.
const STARTS_MAX: u32 = 5;
/// How often a process is looked at that tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(25);
const RTP_PORTS: u16 = 800;

/// The server's process. Ended when dropped.
pub(crate) struct Server {
    process: Child,
    ports: Ports,
}

struct Ports {
    sip: SocketAddr,
    http: SocketAddr,
    rtp: u16,
}

impl Server {
    /// Starts the program that was built beside this one.
    pub(crate) fn start(folder: &Folder) -> Result<Self> {
        let ports = Ports::free()?;
        let process = spawn(folder, &ports)?;
        Ok(Self { process, ports })
    }

    /// Where phones and trunks reach it.
    pub(crate) const fn sip(&self) -> SocketAddr {
        self.ports.sip
    }

    /// Waits until it serves, and gives its API with the operator's token.
    pub(crate) async fn ready(&mut self, folder: &Folder) -> Result<Api> {
        let until = Instant::now() + START_LIMIT;
        let mut starts = 1;
        loop {
            if let Some(how) = self.process.try_wait()? {
                let taken = folder.end_of_log().is_some_and(|log| log.contains("cannot listen there"));
                if !taken || starts == STARTS_MAX {
                    bail!("the server ended while starting ({how})");
                }
                starts += 1;
                *self = Self::start(folder)?;
            }
            if Api::probe(&format!("http://{}/readyz", self.ports.http)).await {
                break;
            }
            if Instant::now() > until {
                bail!("the server was not ready within {} s", START_LIMIT.as_secs());
            }
            tokio::time::sleep(LOOK).await;
        }
        let file = folder.data().join("operator.token");
        let token = std::fs::read_to_string(&file)
            .with_context(|| format!("the first start left no token at {}", file.display()))?;
        folder.write_header(token.trim())?;
        Api::new(self.ports.http, token.trim())
    }

    /// Comes back when the process ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> String {
        loop {
            match self.process.try_wait() {
                Ok(Some(how)) => return how.to_string(),
                Ok(None) => tokio::time::sleep(LOOK * 10).await,
                Err(error) => return error.to_string(),
            }
        }
    }

    /// Asks it to end (SIGTERM) and waits for its drain; makes it end when that takes too long.
    pub(crate) async fn stop(&mut self, folder: &Folder) -> Result<String> {
        if let Some(how) = self.process.try_wait()? {
            bail!("the server had ended by itself ({how})");
        }
        let asked = Instant::now();
        terminate(self.process.id())?;
        while asked.elapsed() < STOP_LIMIT {
            if let Some(how) = self.process.try_wait()? {
                return judge(folder, how, asked.elapsed());
            }
            tokio::time::sleep(LOOK).await;
        }
        self.process.kill().context("the server cannot be killed")?;
        self.process.wait()?;
        bail!("the server did not end within {} s of SIGTERM and was killed", STOP_LIMIT.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has usually ended by now; what matters is that it never outlives us.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Ports {
    fn free() -> Result<Self> {
        let udp = UdpSocket::bind("127.0.0.1:0").context("no UDP port on loopback")?;
        let tcp = TcpListener::bind("127.0.0.1:0").context("no TCP port on loopback")?;
        Ok(Self { sip: udp.local_addr()?, http: tcp.local_addr()?, rtp: free_rtp_block()? })
    }
}

/// A block of ports below those that the system gives out by itself, none of which is taken now.
fn free_rtp_block() -> Result<u16> {
    let first = u16::try_from(std::process::id() % 14)?;
    (0..14)
        .map(|n| 20_000 + RTP_PORTS * ((first + n) % 14))
        .find(|block| (*block..*block + RTP_PORTS).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok()))
        .context("no free block of UDP ports for audio")
}

fn spawn(folder: &Folder, ports: &Ports) -> Result<Child> {
    let Ports { sip, http, rtp } = ports;
    let config = format!(
        "[sip]\nudp = \"{sip}\"\ntcp = \"\"\ntls = \"\"\n\n[http]\nnative = \"{http}\"\ntls = \"\"\n\n[media]\nrtp_ports = \"{rtp}-{last}\"\n\n\
         [paths]\ndata = {data:?}\nrecordings = {recordings:?}\n\n[limits]\ndrain_s = {DRAIN_S}\n",
        last = rtp + RTP_PORTS - 1,
        data = folder.data(),
        recordings = folder.recordings(),
    );
    let file = folder.path().join("cordial.toml");
    std::fs::write(&file, config).context("the folder cannot be written")?;
    let log = File::create(folder.log()).context("the folder cannot be written")?;
    let program = program()?;
    Command::new(&program)
        .args(["serve", "--config"])
        .arg(&file)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A group of its own: Ctrl-C is for us, who then end it in order.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}; `cargo xtask demo` builds it", program.display()))
}

/// `target/<profile>/cordial`, next to the folder of examples that this program lies in.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it lies")?;
    let folder = own.parent().and_then(|examples| examples.parent()).context("this program lies nowhere")?;
    Ok(folder.join("cordial"))
}

/// SIGTERM. The standard library only kills; every shell can do this by itself.
fn terminate(process: u32) -> Result<()> {
    let line = format!("kill -TERM {process}");
    // A process that ended just now makes it complain; the wait that follows finds out.
    Command::new("sh")
        .args(["-c", &line])
        .stderr(Stdio::null())
        .status()
        .context("no shell to send SIGTERM with")?;
    Ok(())
}

/// The first line of the log that a quiet evening does not have.
fn first_warning(folder: &Folder) -> Option<String> {
    let log = std::fs::read_to_string(folder.log()).ok()?;
    let loud = |line: &&str| [" WARN ", " ERROR ", "panicked"].iter().any(|word| line.contains(word));
    log.lines().find(loud).map(str::to_owned)
}

fn judge(folder: &Folder, how: ExitStatus, took: Duration) -> Result<String> {
    if !how.success() {
        bail!("after SIGTERM the server ended with {how}");
    }
    if let Some(warning) = first_warning(folder) {
        bail!("the server had something to warn of: {warning}");
    }
    Ok(format!("the server ended in order {:.1} s after SIGTERM", took.as_secs_f64()))
}

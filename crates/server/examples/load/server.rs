//! The real program `cordial serve`, as a process of its own with a fresh folder; gone when this program is.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Options;
use crate::api::Api;
use crate::proc::Process;

const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(25);

/// A running server.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    /// Where phones and trunks reach it.
    pub(crate) sip: SocketAddrV4,
    http: SocketAddrV4,
}

/// The loopback address of the server's own: two measurements beside each other share no port.
fn server_ip() -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 128 | high, low, 1)
}

/// The loopback address of phones, callers and carrier.
pub(crate) fn own_ip() -> Ipv4Addr {
    let [a, b, c, _] = server_ip().octets();
    Ipv4Addr::new(a, b, c, 2)
}

impl Server {
    /// Starts the program, on free ports of its own address.
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cordial-load-").tempdir()?;
        let ip = server_ip();
        let (udp, tcp) = (UdpSocket::bind((ip, 0))?, TcpListener::bind((ip, 0))?);
        let (sip, http) = (
            SocketAddrV4::new(ip, udp.local_addr()?.port()),
            SocketAddrV4::new(ip, tcp.local_addr()?.port()),
        );
        drop((udp, tcp));
        // The whole address is the server's, so its audio may have every port that is nobody's by custom.
        let config = format!(
            "[sip]\nudp = \"{sip}\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"{http}\"\ntls = \"\"\n[media]\nip = \"{ip}\"\nrtp_ports = \"2000-{last}\"\n\
             [paths]\ndata = {data:?}\nrecordings = {recordings:?}\n[log]\nfilter = \"warn\"\n",
            last = sip.port().min(http.port()).saturating_sub(2) | 1,
            data = folder.path().join("data"),
            recordings = folder.path().join("recordings"),
        );
        let file = folder.path().join("cordial.toml");
        std::fs::write(&file, config)?;
        let log = File::create(folder.path().join("log"))?;
        let program = options.program.clone().map_or_else(built_beside, Ok)?;
        let mut command = match options.cpu {
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &cpu.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(["serve", "--config"]).arg(&file).env("NO_COLOR", "1").stdin(Stdio::null());
        if options.frees_at_once {
            command.env("MIMALLOC_PURGE_DELAY", "0");
        }
        command.stdout(log.try_clone()?).stderr(log).process_group(0);
        let process =
            command.spawn().context("the server cannot be started; `cargo xtask bench` builds it")?;
        Ok(Self { process, folder, sip, http })
    }

    /// Waits until it serves, and gives its API.
    pub(crate) async fn ready(&mut self) -> Result<Api> {
        let until = Instant::now() + START_LIMIT;
        while !Api::probe(&format!("http://{}/readyz", self.http)).await {
            if let Some(how) = self.process.try_wait()? {
                bail!("the server ended while starting ({how}):\n{}", self.log());
            }
            if Instant::now() > until {
                bail!("the server was not ready within {START_LIMIT:?}:\n{}", self.log());
            }
            tokio::time::sleep(LOOK).await;
        }
        let token = std::fs::read_to_string(self.folder.path().join("data/operator.token"))?;
        Api::new(self.http, token.trim())
    }

    /// The process, to be looked at.
    pub(crate) fn process(&self) -> Process {
        Process(self.process.id())
    }

    /// What it said; nothing unless something was wrong.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what matters is that nothing of ours is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// `target/<profile>/cordial`, next to the folder of examples that this program lies in.
fn built_beside() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent()).context("this program lies nowhere")?;
    Ok(folder.join("cordial"))
}

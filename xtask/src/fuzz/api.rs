//! The HTTP APIs under schemathesis: a real server, its own document with every check, and PortSIP's document.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::check::BUILD;
use crate::invocation::{Budget, Invocation, target_folder};

/// Exact versions of schemathesis and of all that it needs.
const REQUIREMENTS: &str = "fuzz/api/requirements.txt";

/// What is excused, and why.
const SETTINGS: &str = "fuzz/api/schemathesis.toml";

/// The document of PortSIP's call queues, which their tests go by as well.
const PORTSIP: &str = "crates/server/tests/portsip/call-queues.openapi.json";

/// What schemathesis does besides: a module in this folder, `hooks.py`.
const HOOKS: &str = "fuzz/api";

/// Streams without an end: schemathesis waits for the end of each answer. The tests of the API read them.
const ENDLESS: &[&str] = &["/v1/events", "/v1/tap"];

/// How much is asked.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    /// Made-up requests for each operation.
    pub(super) examples: u32,
    /// For the longest of the runs. Seconds.
    pub(super) seconds: u64,
}

/// One document, and what is asked of who answers by it.
struct Api {
    document: String,
    /// Where it is answered, unless the document says so.
    url: Option<String>,
    checks: &'static str,
    mode: &'static str,
    phases: &'static str,
    /// The longest that it is asked. Seconds.
    seconds: u64,
    excluded: &'static [&'static str],
}

/// Asks a server of its own everything that the documents allow, and what they do not.
pub(super) fn ask(depth: Depth, budget: &Budget) -> Result<()> {
    // The server as the gate's one build leaves it.
    Invocation::cargo().args(BUILD.split_whitespace()).arg("--quiet").run_within(budget)?;
    let target = target_folder()?;
    let schemathesis = install(&target.join("schemathesis"), budget)?;
    let server = Server::start(&target)?;
    let native = Api {
        document: format!("http://{}/openapi.json", server.native),
        url: None,
        checks: "all",
        mode: "all",
        phases: "examples,coverage,fuzzing,stateful",
        seconds: depth.seconds,
        excluded: ENDLESS,
    };
    // Written from another vendor's pages, it says less than ours: which bodies are refused, for one.
    let portsip = Api {
        document: absolute(PORTSIP)?.display().to_string(),
        url: Some(format!("http://{}/api", server.portsip)),
        checks: "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        mode: "all",
        phases: "examples,coverage,fuzzing",
        // It has a third of the operations.
        seconds: depth.seconds / 3,
        excluded: &[],
    };
    for api in [native, portsip] {
        let asked = server.ask(&schemathesis, &api, depth.examples)?.run_within(budget);
        asked.with_context(|| format!("the server's log is {}", server.folder.join("log").display()))?;
    }
    Ok(())
}

/// Puts schemathesis into a Python environment of its own, once for each list of versions.
fn install(folder: &Path, budget: &Budget) -> Result<PathBuf> {
    let wanted = fs::read_to_string(REQUIREMENTS).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let mark = folder.join("installed.txt");
    if fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        println!("schemathesis is here");
        return Ok(folder.join("bin/schemathesis"));
    }
    Invocation::new("python3").args(["-m", "venv", "--clear"]).arg(folder).run_within(budget)?;
    let pip =
        ["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--requirement", REQUIREMENTS];
    Invocation::new(folder.join("bin/pip")).args(pip).run_within(budget)?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(folder.join("bin/schemathesis"))
}

/// A running `cordial serve` with a folder of its own; stopped when dropped.
struct Server {
    process: Child,
    folder: PathBuf,
    native: SocketAddr,
    portsip: SocketAddr,
    token: String,
}

impl Server {
    fn start(target: &Path) -> Result<Self> {
        let folder = target.join("schemathesis-server");
        // What an earlier run left is of no use, and the first start of a server is a part of what is looked at.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (native, portsip, sip) = (free_tcp()?, free_tcp()?, free_udp()?);
        let config = format!(
            "[sip]\nudp = \"{sip}\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"{native}\"\ntls = \"\"\n\
             [portsip]\nenabled = true\nlisten = \"{portsip}\"\nwsi = \"\"\ntls = false\n\
             [paths]\ndata = \"{folder}/data\"\nrecordings = \"{folder}/recordings\"\n",
            folder = folder.display()
        );
        let file = folder.join("cordial.toml");
        fs::write(&file, config).with_context(|| format!("cannot write {}", file.display()))?;
        let log = File::create(folder.join("log")).context("cannot write the server's log")?;
        let process = Command::new(target.join("debug/cordial"))
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("a file has a second handle")?)
            .stderr(log)
            .spawn()
            .context("cannot start the server")?;
        let mut server = Self { process, folder, native, portsip, token: String::new() };
        server.wait()?;
        let token = server.folder.join("data/operator.token");
        let token = fs::read_to_string(&token).with_context(|| format!("cannot read {}", token.display()))?;
        token.trim().clone_into(&mut server.token);
        Ok(server)
    }

    /// The command that asks it.
    fn ask(&self, schemathesis: &Path, api: &Api, examples: u32) -> Result<Invocation> {
        let url = api.url.iter().flat_map(|url| ["--url", url]);
        let excluded = api.excluded.iter().flat_map(|path| ["--exclude-path", path]);
        Ok(Invocation::new(schemathesis)
            .in_folder(&self.folder)
            .arg("--config-file")
            .arg(absolute(SETTINGS)?)
            .args(["run", &api.document])
            .args(url)
            .args(["--checks", api.checks, "--mode", api.mode, "--phases", api.phases])
            .args(["--header".to_owned(), format!("Authorization: Bearer {}", self.token)])
            .args(["--seed", "1", "--max-examples", &examples.to_string()])
            .args(["--max-time", &api.seconds.to_string()])
            .args(["--continue-on-failure", "--request-timeout", "20", "--no-color"])
            .args(excluded)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", &absolute(HOOKS)?.to_string_lossy())
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .hide(&self.token))
    }

    /// Until it says that it is ready.
    fn wait(&mut self) -> Result<()> {
        let patience = Budget::starting_now(Duration::from_secs(30));
        while !patience.is_outrun() {
            if let Some(code) = self.process.try_wait().context("our own child")? {
                bail!("the server ended with {code}; its log is {}", self.folder.join("log").display());
            }
            if is_ready(self.native).unwrap_or(false) {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        bail!("the server was not ready in time; its log is {}", self.folder.join("log").display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what matters is that nothing of ours is left.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_ready(at: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// The path from the root, for a program that runs in another folder.
fn absolute(path: &str) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("cannot read {path}"))
}

fn free_tcp() -> Result<SocketAddr> {
    let socket = TcpListener::bind("127.0.0.1:0").context("no free TCP port")?;
    socket.local_addr().context("a bound socket has an address")
}

fn free_udp() -> Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("no free UDP port")?;
    socket.local_addr().context("a bound socket has an address")
}

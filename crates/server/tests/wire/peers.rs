//! `sipp` and `baresip` as children of the test.

use std::f64::consts::TAU;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(10);

/// A loopback port that nobody has, for UDP and TCP, below the system's ephemeral ports and never given out twice: a
/// port is free until its program has started, so only this counter keeps two tests from choosing the same one.
pub(crate) fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() * 61 + GIVEN.fetch_add(1, Ordering::Relaxed);
        // baresip takes the port above its own as well, for TLS: it is nobody else's.
        let port = 24_000 + (next % 4_000) as u16 * 2;
        let is_free = |port| {
            UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
        };
        if is_free(port) && is_free(port + 1) {
            return port;
        }
    }
}

/// One run of sipp to be.
pub(crate) struct Sipp {
    scenario: String,
    name: String,
    arguments: Vec<String>,
    at: IpAddr,
    port: u16,
    to: Option<SocketAddr>,
}

impl Sipp {
    pub(crate) fn scenario(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(name);
        let scenario = std::fs::read_to_string(&path).expect("the scenario is beside this file");
        Self { scenario, name: name.to_owned(), arguments: Vec::new(), at: LOOPBACK, port: 0, to: None }
            .calls(1, 10)
    }

    pub(crate) fn replaced(mut self, what: &str, by: &str) -> Self {
        self.scenario = self.scenario.replace(what, by);
        self
    }

    pub(crate) fn from(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Another address than 127.0.0.1.
    pub(crate) fn at(mut self, at: IpAddr) -> Self {
        self.at = at;
        self
    }

    /// The URI that its digest is made for, without `sip:`. By itself sipp forgets the brackets of IPv6.
    pub(crate) fn proving_for(self, uri: &str) -> Self {
        self.with(&["-auth_uri", uri])
    }

    /// By one TCP connection instead of UDP.
    pub(crate) fn by_tcp(self) -> Self {
        self.with(&["-t", "t1"])
    }

    pub(crate) fn to(mut self, to: SocketAddr) -> Self {
        self.to = Some(to);
        self
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub(crate) fn service(self, user: &str) -> Self {
        self.with(&["-s", user])
    }

    pub(crate) fn credentials(self, user: &str, password: &str) -> Self {
        self.with(&["-au", user, "-ap", password])
    }

    /// The length of `<pause/>`. Milliseconds.
    pub(crate) fn lasting(self, ms: u64) -> Self {
        self.with(&["-d", &ms.to_string()])
    }

    pub(crate) fn calls(self, count: u32, per_second: u32) -> Self {
        self.with(&["-m", &count.to_string(), "-r", &per_second.to_string()])
    }

    /// Loses so many percent of what it sends and of what it receives.
    pub(crate) fn losing(self, percent: u32) -> Self {
        // Of 100 calls, one whose nine INVITEs or their answers are all lost is a matter of 1 in 30,000 runs.
        self.with(&["-lost", &percent.to_string(), "-max_invite_retrans", "8"])
    }

    pub(crate) fn run(self) -> SippRun {
        self.start()
    }

    /// Starts it and waits until its port is bound.
    pub(crate) fn start(self) -> SippRun {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("scenario.xml"), &self.scenario)
            .expect("the folder can be written");
        let output = std::fs::File::create(folder.path().join("output")).expect("the folder can be written");
        let to = self.to.expect("a scenario goes somewhere");
        let mut process = Command::new("sipp")
            .current_dir(folder.path())
            .args(["-sf", "scenario.xml", "-i", &self.at.to_string()])
            .args(["-nostdin", "-aa", "-trace_err", "-trace_msg"])
            .args(["-timeout", "60s", "-timeout_error", "-p", &self.port.to_string()])
            .args(&self.arguments)
            .arg(to.to_string())
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .spawn()
            .expect("sipp is installed (Debian package sip-tester)");
        wait_bound_or(self.port, || process.try_wait().is_ok_and(|ended| ended.is_some()));
        SippRun { process, folder, name: self.name }
    }
}

/// A run of sipp.
pub(crate) struct SippRun {
    process: Child,
    folder: tempfile::TempDir,
    name: String,
}

impl SippRun {
    /// Waits for its end, which must be a success of every call.
    pub(crate) fn succeeds(mut self) {
        let code = self.process.wait().expect("our own child");
        assert!(code.success(), "sipp {} ended with {code}\n{}", self.name, self.traces());
    }

    fn traces(&self) -> String {
        let files = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        let wanted = files.filter(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.contains("errors") || name.contains("messages")
        });
        wanted.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for SippRun {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Waits until somebody has bound the port, so that nothing is sent to it too early. It reads the kernel's tables: trying
/// to bind the port would now and then take it from the very program that is waited for.
fn wait_bound(port: u16) {
    wait_bound_or(port, || false);
}

/// As [`wait_bound`], or until it need not be waited for: a short scenario may be over before anybody looked.
fn wait_bound_or(port: u16, mut is_over: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    let local = format!(":{port:04X}");
    let bound = || {
        ["udp", "udp6", "tcp", "tcp6"].iter().any(|table| {
            // A kernel without IPv6 lacks two of them.
            let table = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
            table.lines().any(|line| line.split_whitespace().nth(1).is_some_and(|at| at.ends_with(&local)))
        })
    };
    while !bound() && !is_over() {
        assert!(Instant::now() < until, "nobody bound port {port}");
        std::thread::yield_now();
    }
}

/// A baresip that sends a tone and keeps what it hears.
pub(crate) struct Baresip {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it is told what to do.
    control: u16,
}

impl Baresip {
    /// Starts it with one account.
    pub(crate) fn start(name: &str, hz: u32, account: &str) -> Self {
        Self::launch(name, hz, account, None)
    }

    /// Starts it with one account, and dials.
    pub(crate) fn dial(name: &str, hz: u32, account: &str, to: &str) -> Self {
        Self::launch(name, hz, account, Some(to))
    }

    fn launch(name: &str, hz: u32, account: &str, dial: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path();
        write_tone(&path.join("tone.wav"), hz);
        let (sip, control) = (free_port(), free_port());
        let rtp = 10_000 + (sip - 24_000) / 40 * 20;
        let config = format!(
            "sip_listen 127.0.0.1:{sip}\nnet_interface 127.0.0.1\nrtp_ports {rtp}-{}\ncall_max_calls 4\n\
             audio_source aufile,{folder}/tone.wav\naudio_player aubridge,{name}\naudio_alert aubridge,alert\n\
             ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\nsnd_path {folder}\n\
             module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\nmodule sndfile.so\n\
             module aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
             ctrl_tcp_listen 127.0.0.1:{control}\n",
            rtp + 20,
            folder = path.display()
        );
        std::fs::write(path.join("config"), config).expect("the folder can be written");
        std::fs::write(path.join("accounts"), format!("{account}\n")).expect("the folder can be written");
        std::fs::write(path.join("contacts"), "").expect("the folder can be written");
        let log = std::fs::File::create(path.join("log")).expect("the folder can be written");
        let mut command = Command::new("baresip");
        command.arg("-f").arg(path).arg("-v");
        if let Some(to) = dial {
            command.args(["-e", &format!("/dial {to}")]);
        }
        let process = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("baresip is installed (Debian package baresip)");
        wait_bound(sip);
        Self { process, folder, control }
    }

    /// Does what its menu calls so.
    pub(crate) fn does(&self, command: &str, what: &str) {
        let said = serde_json::json!({ "command": command, "params": what }).to_string();
        let mut control =
            TcpStream::connect(("127.0.0.1", self.control)).expect("its module ctrl_tcp listens");
        write!(control, "{}:{said},", said.len()).expect("baresip reads");
        let mut answer = [0; 512];
        let length = control.read(&mut answer).expect("baresip answers");
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.contains("\"ok\":true"), "{command} {what}: {answer}");
    }

    /// What it heard, once its call is over and the file is whole.
    pub(crate) fn heard(&self) -> Vec<i16> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(samples) =
                self.decoded().and_then(|file| read_wav(&file)).filter(|all| !all.is_empty())
            {
                return samples;
            }
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "baresip kept no audio:\n{log}");
            std::thread::yield_now();
        }
    }

    fn decoded(&self) -> Option<PathBuf> {
        let mut files = std::fs::read_dir(self.folder.path()).ok()?.flatten().map(|file| file.path());
        files.find(|file| file.to_string_lossy().ends_with("-dec.wav"))
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn read_wav(file: &Path) -> Option<Vec<i16>> {
    hound::WavReader::open(file).ok()?.into_samples().collect::<Result<Vec<i16>, _>>().ok()
}

fn write_tone(file: &Path, hz: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).expect("the folder can be written");
    for n in 0..8_000 * 60 {
        let sample = (f64::from(n) * TAU * f64::from(hz) / 8_000.0).sin() * 12_000.0;
        writer.write_sample(sample as i16).expect("the folder can be written");
    }
    writer.finalize().expect("the folder can be written");
}

/// The amplitude of one frequency in a stretch of 8 kHz audio, 1 being full scale (Goertzel).
pub(crate) fn tone_level(samples: &[i16], hz: f64) -> f64 {
    let turn = TAU * hz / 8_000.0;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = turn * n as f64;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * re.hypot(im) / samples.len().max(1) as f64 / 32_768.0
}

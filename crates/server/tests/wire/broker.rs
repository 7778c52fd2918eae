//! A real ActiveMQ (Debian's package `activemq`) as a child of the test, on loopback ports and in a folder of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::peers::free_port;

/// How long a start may take. It takes about 1.3 s on two idle cores.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where Debian puts it.
const HOME: &str = "/usr/share/activemq";
/// What of Java's virtual machine a broker for a few clients needs: 90 MB in all.
const MACHINE: &[&str] = &["-Xms16m", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// A running broker; stopped and removed when dropped.
pub(crate) struct Broker {
    process: Child,
    folder: tempfile::TempDir,
    openwire: u16,
    stomp: u16,
    /// How long the last start took, until both connectors spoke.
    pub(crate) start_took: Duration,
}

impl Broker {
    /// Starts one and waits until it speaks both languages.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (openwire, stomp) = (free_port(), free_port());
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).expect("the folder can be written");
        };
        write("activemq.xml", configuration(&folder.path().join("data"), openwire, stomp));
        write("log4j.properties", LOGGING.to_owned());
        let process = spawn(folder.path());
        let mut broker = Self { process, folder, openwire, stomp, start_took: Duration::ZERO };
        broker.wait_ready().await;
        broker
    }

    /// What a Java client connects to: one that looks for the broker again when it is gone.
    pub(crate) fn failover_url(&self) -> String {
        // By default the delay between two looks doubles up to 30 s.
        format!("failover:(tcp://127.0.0.1:{})?maxReconnectDelay=250", self.openwire)
    }

    /// The port of its STOMP connector.
    pub(crate) fn stomp(&self) -> u16 {
        self.stomp
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("our own child");
        self.process.wait().expect("our own child");
    }

    /// Starts it again, on the same ports and on what the one before left.
    pub(crate) async fn restart(&mut self) {
        self.process = spawn(self.folder.path());
        self.wait_ready().await;
    }

    /// The memory that it has resident. Bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("it runs, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("every process has it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kB") * 1024
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn wait_ready(&mut self) {
        let began = Instant::now();
        while !(speaks_openwire(self.openwire).await && speaks_stomp(self.stomp).await) {
            if let Some(code) = self.process.try_wait().expect("our own child") {
                panic!("the broker ended with {code}:\n{}", self.log());
            }
            assert!(began.elapsed() < PATIENCE, "no broker in {PATIENCE:?}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.start_took = began.elapsed();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended by itself; what matters is that nothing of ours is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The program itself and not `/usr/bin/activemq`: that is a shell, and to end a shell is not to end its broker.
fn spawn(folder: &Path) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"));
    let log = log.expect("the folder can be written");
    let here = folder.display();
    Command::new("java")
        .args(MACHINE)
        .arg(format!("-Djava.io.tmpdir={here}"))
        .arg(format!("-Dlog4j.configuration=file:{here}/log4j.properties"))
        .arg(format!("-Dactivemq.home={HOME}"))
        .args(["base", "conf", "data"].map(|part| format!("-Dactivemq.{part}={here}")))
        .args(["-jar", &format!("{HOME}/bin/activemq.jar"), "start"])
        .arg(format!("xbean:file:{here}/activemq.xml"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("java is installed")
}

/// Debian's own configuration of an instance, with another connector and less of everything; no console, no JMX.
fn configuration(data: &Path, openwire: u16, stomp: u16) -> String {
    let data = data.display();
    format!(
        r#"<beans xmlns="http://www.springframework.org/schema/beans"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xsi:schemaLocation="http://www.springframework.org/schema/beans
                           http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
                           http://activemq.apache.org/schema/core
                           http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="wire" useJmx="false" dataDirectory="{data}">
    <persistenceAdapter><kahaDB directory="{data}/kahadb" journalMaxFileLength="1mb"/></persistenceAdapter>
    <systemUsage><systemUsage>
      <memoryUsage><memoryUsage limit="16mb"/></memoryUsage>
      <storeUsage><storeUsage limit="64mb"/></storeUsage>
      <tempUsage><tempUsage limit="64mb"/></tempUsage>
    </systemUsage></systemUsage>
    <transportConnectors>
      <transportConnector name="openwire" uri="tcp://127.0.0.1:{openwire}"/>
      <transportConnector name="stomp" uri="stomp://127.0.0.1:{stomp}"/>
    </transportConnectors>
  </broker>
</beans>
"#
    )
}

const LOGGING: &str = "log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %-5p %c{1} %m%n
";

/// Whether a client that connects is greeted: OpenWire begins with what the broker says.
async fn speaks_openwire(port: u16) -> bool {
    first_words(port, "").await.is_some_and(|said| said.contains("ActiveMQ"))
}

async fn speaks_stomp(port: u16) -> bool {
    let connect = "CONNECT\naccept-version:1.2\nhost:wire\n\n\0";
    first_words(port, connect).await.is_some_and(|said| said.starts_with("CONNECTED"))
}

/// What is heard first at a port after these words.
async fn first_words(port: u16, words: &str) -> Option<String> {
    let talk = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(words.as_bytes()).await.ok()?;
        let mut heard = [0; 64];
        let length = stream.read(&mut heard).await.ok()?;
        Some(String::from_utf8_lossy(&heard[..length]).into_owned())
    };
    tokio::time::timeout(Duration::from_secs(5), talk).await.ok().flatten()
}

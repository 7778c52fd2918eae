//! Java clients of the connector (`clients/connector/*.java`), driven line by line.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::broker::Broker;

/// How long anything may take that is waited for, the start of a virtual machine among it.
const PATIENCE: Duration = Duration::from_secs(30);
/// More lines unread than any test makes a client print.
const LINES_WAITING: usize = 10_000;
/// What such a client is compiled with and needs to run, as Debian's packages name it. It logs nothing.
const LIBRARIES: &[&str] = &[
    "activemq-client",
    "geronimo-j2ee-management-1.1-spec",
    "geronimo-jms_1.1_spec",
    "hawtbuf",
    "slf4j-api",
    "slf4j-nop",
];

/// A running client; ended when dropped.
pub(crate) struct JmsClient {
    name: String,
    process: Child,
    commands: ChildStdin,
    lines: mpsc::Receiver<String>,
    unread: VecDeque<Said>,
    transcript: Vec<String>,
}

/// What a client tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Connected,
    /// It is subscribed there, for example `topic://desk-1`.
    Hearing(String),
    Message(Message),
    Interrupted,
    Resumed,
    Ended,
}

/// A JMS message that reached a client.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message {
    /// Its JMSDestination, for example `queue://Connector1`.
    pub(crate) from: String,
    /// `text` for a TextMessage, `bytes` for a BytesMessage, else `other`.
    pub(crate) kind: String,
    pub(crate) jms_type: Option<String>,
    pub(crate) correlation: Option<String>,
    pub(crate) category: Option<String>,
    /// Its JMSReplyTo, for example `topic://desk-1`.
    pub(crate) reply: Option<String>,
    /// `None` for the null body of a TextMessage.
    pub(crate) body: Option<String>,
}

impl JmsClient {
    /// Starts one and waits until it is connected. Its name stands in what it fails with.
    pub(crate) async fn start(name: &str, broker: &Broker) -> Self {
        let mut process = Command::new("java")
            .args(["-Xms8m", "-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(format!("{}:{}", classes().display(), class_path()))
            .args(["JmsClient", &broker.failover_url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("java is installed");
        let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let (to_us, lines) = mpsc::channel(LINES_WAITING);
        // It ends with its client, whose output ends then, or with us, who hear no more.
        std::thread::spawn(move || {
            let mut said = stdout.lines().map_while(Result::ok);
            said.try_for_each(|line| to_us.blocking_send(line))
        });
        let commands = process.stdin.take().expect("it is piped");
        let name = name.to_owned();
        let (unread, transcript) = (VecDeque::new(), Vec::new());
        let mut client = Self { name, process, commands, lines, unread, transcript };
        client.wait_for("its connection", |said| (*said == Said::Connected).then_some(())).await;
        client
    }

    /// Subscribes to the topic of this name: from now on nothing sent there is missed.
    pub(crate) async fn destination(&mut self, name: &str) {
        self.command("destination", &[name]);
        self.wait_for_hearing(format!("topic://{name}")).await;
    }

    /// Takes what is sent to the queue of this name, as the connector does.
    pub(crate) async fn serve(&mut self, name: &str) {
        self.command("serve", &[name]);
        self.wait_for_hearing(format!("queue://{name}")).await;
    }

    /// Sends requests to the queue of this name from now on; to `Connector1` unless told otherwise.
    pub(crate) fn queue(&mut self, name: &str) {
        self.command("queue", &[name]);
    }

    /// Gives the next message this JMSCorrelationID.
    pub(crate) fn correlate(&mut self, id: &str) {
        self.command("correlate", &[id]);
    }

    /// Gives the next message this topic as its JMSReplyTo.
    pub(crate) fn reply_to(&mut self, topic: &str) {
        self.command("reply", &[topic]);
    }

    /// Gives the next message this property `category`.
    pub(crate) fn category(&mut self, category: &str) {
        self.command("category", &[category]);
    }

    /// Sends a request: a TextMessage with this JMSType, `<Command>#<id>`, and body. While the broker is away it waits in
    /// the client.
    pub(crate) fn send(&mut self, jms_type: &str, body: Option<&str>) {
        match body {
            Some(body) => self.command("send", &[jms_type, body]),
            None => self.command("send", &[jms_type]),
        }
    }

    /// As [`Self::send`], by a BytesMessage.
    pub(crate) fn send_bytes(&mut self, jms_type: &str, body: &str) {
        self.command("bytes", &[jms_type, body]);
    }

    /// Sends an event to the topic of this name, as the connector does.
    pub(crate) fn tell(&mut self, topic: &str, body: &str) {
        self.command("tell", &[topic, body]);
    }

    /// The first message not yet expected that is as it should be; those before it stay to be expected.
    pub(crate) async fn expect(&mut self, what: &str, is_it: impl Fn(&Message) -> bool) -> Message {
        let found = |said: &Said| match said {
            Said::Message(message) if is_it(message) => Some(message.clone()),
            Said::Message(_)
            | Said::Connected
            | Said::Hearing(_)
            | Said::Interrupted
            | Said::Resumed
            | Said::Ended => None,
        };
        self.wait_for(what, found).await
    }

    /// Waits until it has noticed that the broker is gone.
    pub(crate) async fn interrupted(&mut self) {
        self.wait_for("an interruption", |said| (*said == Said::Interrupted).then_some(())).await;
    }

    /// Waits until it has found the broker again and subscribed to all that it was subscribed to.
    pub(crate) async fn resumed(&mut self) {
        self.wait_for("its return", |said| (*said == Said::Resumed).then_some(())).await;
    }

    /// Ends it, and gives all that was said: `> ` to it, `< ` by it.
    pub(crate) async fn quit(mut self) -> String {
        self.say("quit");
        self.wait_for("its end", |said| (*said == Said::Ended).then_some(())).await;
        self.transcript()
    }

    /// All that was said so far.
    pub(crate) fn transcript(&self) -> String {
        self.transcript.join("\n")
    }

    async fn wait_for_hearing(&mut self, address: String) {
        let hearing = Said::Hearing(address);
        self.wait_for("a subscription", |said| (*said == hearing).then_some(())).await;
    }

    fn command(&mut self, word: &str, arguments: &[&str]) {
        let words = [word.to_owned()].into_iter().chain(arguments.iter().map(|text| escaped(text)));
        self.say(&words.collect::<Vec<_>>().join(" "));
    }

    fn say(&mut self, line: &str) {
        self.transcript.push(format!("> {line}"));
        let written = writeln!(self.commands, "{line}");
        assert!(written.is_ok(), "{} has ended:\n{}", self.name, self.transcript());
    }

    async fn wait_for<T>(&mut self, what: &str, found: impl Fn(&Said) -> Option<T>) -> T {
        let here = self.unread.iter().enumerate().find_map(|(at, said)| Some((at, found(said)?)));
        if let Some((at, thing)) = here {
            self.unread.remove(at);
            return thing;
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let Ok(Some(line)) = timeout_at(until, self.lines.recv()).await else {
                panic!("{} has not seen {what} in {PATIENCE:?}:\n{}", self.name, self.transcript());
            };
            self.transcript.push(format!("< {line}"));
            let said = Said::read(&line).unwrap_or_else(|| panic!("{} says: {line}", self.name));
            match found(&said) {
                Some(thing) => return thing,
                None => self.unread.push_back(said),
            }
        }
    }
}

impl Drop for JmsClient {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Said {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(match words.next()? {
            "connected" => Self::Connected,
            "hearing" => Self::Hearing(unescaped(words.next()?)?),
            "interrupted" => Self::Interrupted,
            "resumed" => Self::Resumed,
            "ended" => Self::Ended,
            "message" => Self::Message(Message::read(words)?),
            _ => return None,
        })
    }
}

impl Message {
    fn read<'a>(words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut message = Self::default();
        for word in words {
            let (name, value) = word.split_once('=')?;
            let value = unescaped(value)?;
            match name {
                "from" => message.from = value,
                "kind" => message.kind = value,
                "type" => message.jms_type = Some(value),
                "correlation" => message.correlation = Some(value),
                "category" => message.category = Some(value),
                "reply" => message.reply = Some(value),
                "body" => message.body = Some(value),
                _ => return None,
            }
        }
        Some(message)
    }
}

/// `Words.java` on this side.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(' ', "\\s").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(word: &str) -> Option<String> {
    let mut letters = word.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        text.push(match letter {
            '\\' => match letters.next()? {
                '\\' => '\\',
                's' => ' ',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(text)
}

/// Where the client's classes lie, compiled once for each state of their source.
fn classes() -> PathBuf {
    static COMPILING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = COMPILING.lock();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire-clients-java");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/clients/connector");
    let files = ["JmsClient.java", "Words.java"].map(|name| source.join(name));
    let text: String = files.iter().map(|file| std::fs::read_to_string(file).expect("it is there")).collect();
    let mark = folder.join("compiled");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == text) {
        return folder;
    }
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let done = Command::new("javac")
        .args(["-encoding", "UTF-8", "-Xlint:all", "-Werror", "-cp", &class_path(), "-d"])
        .arg(&folder)
        .args(&files)
        .output()
        .expect("javac is installed");
    assert!(done.status.success(), "javac: {}", String::from_utf8_lossy(&done.stderr));
    std::fs::write(&mark, text).expect("the target folder can be written");
    folder
}

fn class_path() -> String {
    LIBRARIES.iter().map(|name| format!("/usr/share/java/{name}.jar")).collect::<Vec<_>>().join(":")
}

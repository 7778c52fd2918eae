//! The program as its operator sees it: the real server on free ports in this process, and the real `cordial` beside
//! it as another process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use cordial_server::config::Config;
use cordial_server::run::{FirstStart, Server};
use expect_test::expect;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that runs until it is told to stop.
struct Running {
    url: String,
    first_start: Option<FirstStart>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), cordial_server::run::Fatal>>,
}

fn config_text(folder: &Path) -> String {
    format!(
        "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:0\"\ntls = \"\"\n[paths]\ndata = {:?}\nrecordings = {:?}\n\
         [limits]\ndrain_s = 0\n",
        folder.join("data"),
        folder.join("recordings")
    )
}

async fn start(folder: &Path) -> Running {
    let file = folder.join("cordial.toml");
    std::fs::write(&file, config_text(folder)).unwrap();
    let config = Config::load(Some(&file)).unwrap();
    let mut server = Server::start(&config).await.unwrap();
    let (url, first_start) = (format!("http://{}", server.http()), server.take_first_start());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(async {
        // A dropped sender says the same.
        stopped.await.ok();
    }));
    Running { url, first_start, stop, ended }
}

impl Running {
    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }

    /// Runs `cordial` beside the server with the operator's own token.
    async fn cordial(&self, folder: &Path, line: &str) -> Output {
        cordial(folder, Some(&self.url), line).await
    }

    /// The same, with something to read from standard input.
    async fn cordial_reads(&self, folder: &Path, line: &str, read: &str) -> Output {
        run(command(folder, Some(&self.url), line), read.to_owned()).await
    }
}

async fn cordial(folder: &Path, url: Option<&str>, line: &str) -> Output {
    run(command(folder, url, line), String::new()).await
}

fn command(folder: &Path, url: Option<&str>, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordial"));
    command.args(line.split(' ')).env_remove("CORDIAL_TOKEN");
    command.env("CORDIAL_CONFIG", folder.join("cordial.toml")).env("NO_COLOR", "1");
    match url {
        Some(url) => command.env("CORDIAL_URL", url),
        None => command.env_remove("CORDIAL_URL"),
    };
    command
}

async fn run(mut command: Command, read: String) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = move || {
        let mut process = command.spawn().unwrap();
        // Who reads nothing has closed it already.
        process.stdin.take().unwrap().write_all(read.as_bytes()).ok();
        process.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(ended).await.unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}({})",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().unwrap()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sets_up_a_site_with_the_command_line_and_finds_it_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = start(folder).await;
    let first = server.first_start.clone().expect("the first start makes a tenant");
    assert_eq!((first.tenant.as_str(), first.domain.as_str()), ("default", "cordial.local"));
    assert!(first.token.starts_with("cordial_") && first.token.len() >= 64, "a long random token");
    let kept = std::fs::read_to_string(&first.token_file).unwrap();
    assert_ne!(kept.trim(), first.token, "the token that is shown is not the one that is kept");

    let device = server.cordial(folder, "device add 100 --output json").await;
    let device: Value = serde_json::from_slice(&device.stdout).unwrap();
    let password = device["secret"]["password"].as_str().unwrap().to_owned();
    assert!(password.len() >= 32, "128 bits as hexadecimal digits: {password}");
    for line in ["queue add sales --number 500", "agent add ann", "route add 4930 --queue sales"] {
        assert!(server.cordial(folder, line).await.status.success(), "{line}");
    }
    let mut said = String::new();
    for line in ["agent assign ann sales", "agent log-in ann 100", "agent ready nobody", "device add 100"] {
        said.push_str(&format!("$ cordial {line}\n{}\n", text(&server.cordial(folder, line).await)));
    }
    expect![[r#"
        $ cordial agent assign ann sales
        ann: logged out, idle
        (0)
        $ cordial agent log-in ann 100
        ann: not ready, idle
        (0)
        $ cordial agent ready nobody
        cordial: no agent has the name "nobody" (see `cordial agent list`)
        (6)
        $ cordial device add 100
        cordial: Another has that name or number: another Device has that number [taken]
        (1)
    "#]]
    .assert_eq(&said);
    let mut said = String::new();
    for (line, read) in [
        ("agent pin ann", "12ab\n"),
        ("agent pin ann", "4711\n"),
        ("agent pin ann --remove", ""),
        ("agent missed-calls ann --busy 500 --unreachable voicemail", ""),
        ("agent missed-calls ann --busy 500", ""),
    ] {
        said.push_str(&format!(
            "$ cordial {line}\n{}\n",
            text(&server.cordial_reads(folder, line, read).await)
        ));
    }
    expect![[r#"
        $ cordial agent pin ann
        cordial: A field is not as it should be
          pin: must be 4 to 12 digits [invalid]
        (1)
        $ cordial agent pin ann
        the PIN is set
        (0)
        $ cordial agent pin ann --remove
        the PIN is removed
        (0)
        $ cordial agent missed-calls ann --busy 500 --unreachable voicemail
        cordial: The agent has no mailbox [no-mailbox]
        (1)
        $ cordial agent missed-calls ann --busy 500
        ann: not ready, idle
        (0)
    "#]]
    .assert_eq(&said);
    server.stop().await;

    let replayed = cordial(folder, None, "replay").await;
    let replayed = text(&replayed);
    assert!(replayed.contains("snapshot      the same"), "{replayed}");
    assert!(!replayed.contains(&password), "no secret is in the journal");
    assert!(text(&cordial(folder, None, "rebuild").await).contains("differences       0"));

    let server = start(folder).await;
    assert!(server.first_start.is_none(), "only the first start makes anything");
    let agents = server.cordial(folder, "agent list --output json").await;
    let agents: Value = serde_json::from_slice(&agents.stdout).unwrap();
    assert_eq!((&agents[0]["name"], &agents[0]["duty"]["state"]), (&"ann".into(), &"not_ready".into()));
    let denied = server.cordial(folder, "agent list --token-file /dev/null").await;
    assert_eq!(denied.status.code(), Some(5));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_never_share_a_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let config = Config::load(Some(&folder.path().join("cordial.toml"))).unwrap();
    let second = Server::start(&config).await.err().expect("refused").to_string();
    assert!(second.ends_with("cordial.db is in use by another process; stop it first"), "{second}");
    let offline = cordial(folder.path(), None, "replay").await;
    assert_eq!(offline.status.code(), Some(7));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_tap_are_shown_live() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = start(folder).await;
    let events = server.cordial(folder, "events --after 0 --count 2 --output json");
    let added = server.cordial(folder, "reason add lunch");
    let (events, added) = tokio::join!(events, added);
    assert!(added.status.success());
    let kinds: Vec<String> = String::from_utf8(events.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["tenant_added", "entry_added"]);
    server.stop().await;
}

#[tokio::test]
async fn wrong_configuration_and_a_missing_server_have_their_own_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("cordial.toml"), "[sip]\nupd = 1\n").unwrap();
    let wrong = cordial(folder, None, "check-config").await;
    assert!(
        text(&wrong).ends_with("cordial.toml:2: sip.upd: no such option; did you mean \"udp\"?\n(3)"),
        "{}",
        text(&wrong)
    );
    std::fs::write(folder.join("cordial.toml"), config_text(folder)).unwrap();
    std::fs::write(folder.join("token"), "cordial_x_y").unwrap();
    let token = format!("call list --token-file {}", folder.join("token").display());
    let nobody = cordial(folder, Some("http://127.0.0.1:9"), &token).await;
    assert_eq!(nobody.status.code(), Some(4), "{}", text(&nobody));
    assert_eq!(cordial(folder, None, "replay").await.status.code(), Some(7), "there is no store yet");
    assert_eq!(cordial(folder, None, "no-such-command").await.status.code(), Some(2));
}

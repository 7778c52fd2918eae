//! The sessions that open the dialects' pages, run as they stand by the program that was built: only ports are others.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::clients;
use crate::peers::free_port;
use crate::server::rtp_block;

const WEBITEL: &str = include_str!("../../../../docs/dialects/webitel.md");
const PORTSIP: &str = include_str!("../../../../docs/dialects/portsip.md");

/// The commands of a page, block by block.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// A session that was pasted into a shell; its server runs until this is dropped.
struct Session {
    bash: Child,
    folder: tempfile::TempDir,
    /// What it printed.
    told: String,
}

impl Session {
    /// Pastes the first block of a page, and waits until all of it is done.
    fn pasted(page: &str, ports: &[(u16, u16)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rtp = rtp_block();
        // What else the server would listen on is another test's as well.
        let tables = format!(
            "[sip]\nudp = \"127.0.0.1:{0}\"\ntcp = \"\"\ntls = \"\"\n[media]\nrtp_ports = \"{rtp}-{1}\"\n\
             [http]\nnative = \"127.0.0.1:8080\"\ntls = \"\"\n",
            free_port(),
            rtp + 399
        );
        let block = blocks(page).first().copied().expect("a page begins with a session");
        let block = block.replacen("<<'EOF'\n", &format!("<<'EOF'\n{tables}"), 1);
        let script = format!(
            "trap 'kill %1; wait' EXIT\n{}\necho all done\nread -r _ || true\n",
            moved(&block, ports)
        );
        let errors = std::fs::File::create(folder.path().join("errors")).expect("the folder can be written");
        let program = Path::new(env!("CARGO_BIN_EXE_cordial")).parent().expect("it lies in a folder");
        let path = std::env::var("PATH").expect("there is one");
        let mut bash = Command::new("timeout")
            .args(["120", "bash", "-e", "-o", "pipefail", "-c", &script])
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", program.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("bash is installed");
        let mut told = String::new();
        let mut lines = BufReader::new(bash.stdout.take().expect("it is piped")).lines();
        loop {
            match lines.next() {
                Some(line) if line.as_ref().is_ok_and(|line| line.ends_with("all done")) => break,
                Some(line) => told = told + &line.expect("text") + "\n",
                None => {
                    let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
                    panic!("the session ended early:\n{told}\n{errors}");
                }
            }
        }
        // Whatever the server says later is read as well, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { bash, folder, told }
    }

    #[track_caller]
    fn says(&self, wanted: &str) {
        let errors = || std::fs::read_to_string(self.folder.path().join("errors")).unwrap_or_default();
        assert!(self.told.contains(wanted), "no {wanted} in\n{}\n{}", self.told, errors());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The shell reads the end, and ends the server before itself.
        drop(self.bash.stdin.take());
        self.bash.wait().ok();
    }
}

/// The commands with other ports.
fn moved(block: &str, ports: &[(u16, u16)]) -> String {
    let port = |text: String, (from, to): &(u16, u16)| {
        text.replace(&format!("127.0.0.1:{from}"), &format!("127.0.0.1:{to}"))
            .replace(&format!("127.0.0.1/{from}"), &format!("127.0.0.1/{to}"))
    };
    ports.iter().fold(block.to_owned(), port)
}

#[test]
#[ignore = "needs curl and jq: runs in the gate's stage `wire`"]
fn the_session_of_webitels_page_works_as_it_stands() {
    let ports = [8080, 8086, 8021].map(|port| (port, free_port()));
    let session = Session::pasted(WEBITEL, &ports);
    for wanted in [
        r#""sip":{"password""#,
        r#""description":"lunch until two""#,
        "100@cordial.local|single_box||callback|user/100@cordial.local|",
        "Reply-Text: +OK accepted",
        "sales@cordial.local|100@cordial.local|Ready|1|1",
    ] {
        session.says(wanted);
    }
    assert!(!session.told.contains(r#""status":"error""#), "{}", session.told);
}

#[test]
#[ignore = "needs curl, jq and npm: runs in the gate's stage `wire`"]
fn the_session_of_portsips_page_works_as_it_stands() {
    let ports = [8080, 8887, 8885].map(|port| (port, free_port()));
    let session = Session::pasted(PORTSIP, &ports);
    for wanted in [r#""extension_number": "201""#, r#""status": "OFFLINE""#, r#""items": ["#] {
        session.says(wanted);
    }
    assert!(!session.told.contains(r#""errors""#), "{}", session.told);
    let listens = moved(blocks(PORTSIP)[1], &ports);
    let script = listens.trim().strip_prefix("node - <<'END'\n").and_then(|rest| rest.strip_suffix("END"));
    let mut node = Command::new("node")
        .arg("-")
        .current_dir(clients::folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = node.stdin.take().expect("it is piped");
    stdin.write_all(script.expect("a script of Node.js").as_bytes()).expect("it reads");
    drop(stdin);
    let lines = BufReader::new(node.stdout.take().expect("it is piped")).lines().take(3);
    let told: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.expect("text")).expect("JSON")).collect();
    node.kill().expect("our own child");
    node.wait().expect("our own child");
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&0.into(), &0.into()), "{told:?}");
    assert_eq!((&told[2]["event_type"], &told[2]["queue_number"]), (&"queue_status".into(), &"8001".into()));
}

//! The sessions that open the dialects' pages, run as a reader pastes them.

use std::path::Path;
use std::process::Command;

use crate::peers::free_port;

/// A page's first block of commands.
fn session(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialects").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let (_, rest) = text.split_once("```sh\n").expect("a session");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// Runs a page's session in a folder of its own, every port replaced by a free one, until a command of it fails; then
/// ends the server that it started. What was printed, without the server's own words.
fn pasted(page: &str, config: &str, ports: &[&str]) -> String {
    let mut session = session(page);
    let heading = format!("cat > {config} <<'EOF'\n");
    assert!(session.contains(&heading), "{page} writes {config}");
    let defaults = "[sip]\nudp = \"127.0.0.1:5060\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:8080\"\ntls = \"\"\n\
                    [media]\nrtp_ports = \"20000-20099\"\n";
    session = session.replace(&heading, &format!("{heading}{defaults}"));
    for port in ["5060", "8080"].iter().chain(ports) {
        assert!(session.contains(port), "{page} names {port}");
        session = session.replace(port, &free_port().to_string());
    }
    session = session
        .replace("cordial serve &", "cordial serve > log 2>&1 & trap 'kill $!; wait; cat log >&2' EXIT");
    let folder = tempfile::tempdir().expect("a folder");
    let programs = Path::new(env!("CARGO_BIN_EXE_cordial")).parent().expect("a folder");
    // A server that does not start is waited for in vain.
    let output = Command::new("timeout")
        .args(["60", "bash", "-euo", "pipefail", "-c", &session])
        .current_dir(&folder)
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path")))
        .output()
        .expect("bash runs");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{page}: {}\n{said}\n{complained}", output.status);
    said.into_owned()
}

#[test]
#[ignore = "needs curl and jq: runs in the gate's stage `wire`"]
fn the_session_of_webitels_page_runs_as_it_is_written() {
    let said = pasted("webitel.md", "webitel.toml", &["8086", "8021"]);
    for expected in [
        r#""username":"100""#,
        r#""description":"lunch until two""#,
        "100@cordial.local|single_box||callback|user/100@cordial.local|",
        "queue|agent|state|level|position\nsales@cordial.local|100@cordial.local|Ready|1|1\n+OK\n",
        "Disconnected, goodbye.",
    ] {
        assert!(said.contains(expected), "{expected} is missing:\n{said}");
    }
    assert!(!said.contains("-ERR") && !said.contains("error"), "{said}");
}

#[test]
#[ignore = "needs curl and jq: runs in the gate's stage `wire`"]
fn the_session_of_portsips_page_runs_as_it_is_written() {
    let said = pasted("portsip.md", "portsip.toml", &["8887", "8885"]);
    let last = said.rfind("{\n").map(|at| &said[at..]).expect("what jq printed");
    let shown: serde_json::Value = serde_json::from_str(last).expect("JSON");
    // As the page says, no phone having registered.
    assert_eq!((&shown["extension_number"], &shown["status"]), (&"201".into(), &"OFFLINE".into()), "{said}");
    assert!(!said.contains("errors"), "{said}");
}

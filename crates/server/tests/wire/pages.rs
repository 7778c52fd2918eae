//! The sessions that open the dialects' pages, run as a reader pastes them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::clients;
use crate::peers::free_port;

/// A page's first blocks of commands, one after the other.
fn session(page: &str, blocks: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialects").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let block = |rest: &str| rest.split_once("```").expect("its end").0.to_owned();
    let all: Vec<String> = text.split("```sh\n").skip(1).take(blocks).map(block).collect();
    assert_eq!(all.len(), blocks, "{page} has a session");
    all.concat()
}

/// Runs a page's session in a folder of its own, every port replaced by a free one, until a command of it fails; then
/// ends the server that it started. What was printed, without the server's own words.
fn pasted(page: &str, mut session: String, config: &str, ports: &[&str]) -> String {
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
        .env("NODE_PATH", clients::folder().join("node_modules"))
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
    let said = pasted("webitel.md", session("webitel.md", 1), "webitel.toml", &["8086", "8021"]);
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
#[ignore = "needs curl, jq and npm: runs in the gate's stage `wire`"]
fn the_session_of_portsips_page_runs_as_it_is_written() {
    // Who listens ends once he has heard how the queue is.
    let (says, ends) = ("console.log(String(text))", "if (/queue_status/.test(text)) process.exit(0)");
    let session = session("portsip.md", 2);
    assert!(session.contains(says), "the second block listens");
    let session = session.replace(says, &format!("{{ {says}; {ends}; }}"));
    let said = pasted("portsip.md", session, "portsip.toml", &["8887", "8885"]);
    let shown = said.split_once("{\n").map(|(_, rest)| format!("{{{rest}")).expect("what jq printed");
    let mut all = serde_json::Deserializer::from_str(&shown).into_iter::<Value>();
    let mut next = || all.next().expect("one more").expect("JSON");
    // As the page says, no phone having registered.
    let agent = next();
    assert_eq!((&agent["extension_number"], &agent["status"]), (&"201".into(), &"OFFLINE".into()), "{said}");
    assert_eq!(next()["items"][0], agent, "{said}");
    assert_eq!((next()["status"].clone(), next()["status"].clone()), (0.into(), 0.into()), "{said}");
    assert_eq!(next()["queue_number"], "8001", "{said}");
    assert!(!said.contains("errors"), "{said}");
}

#[test]
#[ignore = "needs curl: runs in the gate's stage `wire`"]
fn the_session_of_finesses_page_runs_as_it_is_written() {
    let said = pasted("finesse.md", session("finesse.md", 1), "finesse.toml", &[]);
    let statuses: Vec<&str> = said.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["202", "200", "200", "202", "202", "200", "400", "202"], "{said}");
    for expected in [
        "<state>NOT_READY</state>",
        "<extension>101</extension>",
        "<label>lunch</label>",
        "<Dialogs/>",
        "<ErrorType>Generic Error</ErrorType>",
    ] {
        assert!(said.contains(expected), "{expected} is missing:\n{said}");
    }
}

#[test]
#[ignore = "needs curl and npm: runs in the gate's stage `wire`"]
fn the_session_of_the_connectors_page_runs_as_it_is_written() {
    let said = pasted("connector.md", session("connector.md", 1), "connector.toml", &["61613"]);
    let heard: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("System#")).collect();
    let [up, state, codes, info, came, not_ready, calls, refused] = heard[..] else { panic!("{said}") };
    assert_eq!(up, "System#IN_SERVICE");
    assert!(state.starts_with("ann#State#LOGOUT#"), "{said}");
    assert!(
        codes.starts_with("ann#ReasonCodes#Category:NOT_READY#") && codes.contains("#Labels:Lunch#"),
        "{said}"
    );
    assert!(info.starts_with("ann#AgentInfo#Ann#Lee#false#"), "{said}");
    assert!(
        came.starts_with("ann#State#LOGGED_IN#") && not_ready.starts_with("ann#State#NOT_READY#"),
        "{said}"
    );
    assert_eq!((calls, refused), ("ann#DialogStatus####", "ann#Error#CF_GENERIC_UNSPECIFIED_REJECTION"));
}

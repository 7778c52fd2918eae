//! Clients of foreign dialects that we did not write: npm packages, each driven by a script beside the lock file.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

/// Where the scripts lie with their packages, installed once for each lock file.
pub(crate) fn folder() -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/clients");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire-clients");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    for file in std::fs::read_dir(&source).expect("it is beside this file") {
        let file = file.expect("a file of ours");
        // Clients in other languages have folders of their own.
        if file.path().is_dir() {
            continue;
        }
        std::fs::copy(file.path(), folder.join(file.file_name())).expect("a file of ours");
    }
    let lock = std::fs::read_to_string(source.join("package-lock.json")).expect("it is beside this file");
    let mark = folder.join("installed");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == lock) {
        return folder;
    }
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    let done = Command::new("npm").args(npm).current_dir(&folder).status().expect("npm is installed");
    assert!(done.success(), "npm ci: {done}");
    std::fs::write(&mark, lock).expect("the target folder can be written");
    folder
}

/// What a script prints, one JSON thing on each line; the script is ended when this is dropped.
pub(crate) struct Lines {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Lines {
    pub(crate) fn of(script: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new("node")
            .arg("--no-deprecation")
            .arg(folder().join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        Self { process, lines }
    }

    /// Lets the script go on that waits for a line.
    pub(crate) fn go_on(&mut self) {
        use std::io::Write as _;
        let stdin = self.process.stdin.as_mut().expect("it is piped");
        stdin.write_all(b"\n").expect("the script reads");
    }

    /// All things up to the one that is waited for.
    pub(crate) fn until(&mut self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        for line in self.lines.by_ref() {
            let thing: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            let last = is_last(&thing);
            all.push(thing);
            if last {
                return all;
            }
        }
        panic!("the client ended early: {all:#?}");
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

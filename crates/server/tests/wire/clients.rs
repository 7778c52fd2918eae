//! Clients of foreign dialects that we did not write: packages of npm and of PyPI, each driven by a script beside the lists
//! of their versions.

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

/// A Python with the packages of `requirements.txt`, installed once for each list of versions.
fn python() -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock();
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/clients/requirements.txt");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire-python");
    let (python, mark) = (folder.join("bin/python"), folder.join("installed"));
    let wanted = std::fs::read_to_string(&requirements).expect("it is beside this file");
    if std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return python;
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).status();
    assert!(made.expect("python3 is installed").success(), "no environment of Python can be made");
    let pip = ["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--requirement"];
    let done = Command::new(folder.join("bin/pip")).args(pip).arg(&requirements).status();
    assert!(done.expect("it was made just now").success(), "pip install");
    std::fs::write(&mark, wanted).expect("the target folder can be written");
    python
}

/// What a script prints, one JSON thing on each line; the script is ended when this is dropped.
pub(crate) struct Lines {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Lines {
    /// A script for Node, or (`.py`) for Python.
    pub(crate) fn of(script: &str, arguments: &[&str]) -> Self {
        let mut program = if script.ends_with(".py") {
            Command::new(python())
        } else {
            let mut node = Command::new("node");
            node.arg("--no-deprecation");
            node
        };
        let mut process = program
            .arg(folder().join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is installed");
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

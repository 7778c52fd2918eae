//! Running another program: shown before it starts, streamed while it runs, ended when its time is up.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a program that was asked to end (SIGTERM) may take before it is made to (SIGKILL).
const GRACE: Duration = Duration::from_secs(5);

/// Variables that `cargo run` sets for *this* program. Some build scripts watch them, so passing them on would rebuild
/// those crates each time the command is given by hand and by `cargo xtask` in turn.
const CARGO_RUN_VARIABLES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// A stretch of time that work may take, counted from its creation.
pub(crate) struct Budget {
    started: Instant,
    whole: Duration,
}

impl Budget {
    pub(crate) fn starting_now(whole: Duration) -> Self {
        Self { started: Instant::now(), whole }
    }

    pub(crate) fn spent(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn left(&self) -> Duration {
        self.whole.saturating_sub(self.spent())
    }

    pub(crate) fn is_outrun(&self) -> bool {
        self.spent() > self.whole
    }
}

/// One command line, ready to run.
pub(crate) struct Invocation {
    command: Command,
    /// Shown as dots.
    hidden: Option<String>,
}

impl Invocation {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if CARGO_RUN_VARIABLES.iter().any(|prefix| name_text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        Self { command, hidden: None }
    }

    /// The cargo that started us, so that a toolchain override stays in force.
    pub(crate) fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs there, so that what it leaves behind lies there.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Shows this text, which stands in an argument, to nobody.
    pub(crate) fn hide(mut self, secret: &str) -> Self {
        self.hidden = Some(secret.to_owned());
        self
    }

    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs to the end with our terminal as its own: for commands a person asked for.
    pub(crate) fn run(mut self) -> Result<()> {
        println!("$ {self}");
        let status = self.command.status().with_context(|| format!("cannot start `{self}`"))?;
        self.judge(status)
    }

    /// Runs without a stdin and, when the budget is spent, ends the program and all that it started.
    pub(crate) fn run_within(self, budget: &Budget) -> Result<()> {
        println!("$ {self}");
        self.run_quietly_within(budget)
    }

    /// As [`Self::run_within`], with all that it prints in a file.
    pub(crate) fn run_logged(mut self, log: &Path, budget: &Budget) -> Result<()> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        self.command.stdout(file.try_clone().context("a file has a second handle")?).stderr(file);
        self.run_quietly_within(budget)
    }

    /// As [`Self::run_within`]; each whole line that the program prints is also given to `hear`.
    pub(crate) fn run_heard(mut self, budget: &Budget, hear: impl FnMut(&str) + Send) -> Result<()> {
        println!("$ {self}");
        self.command.stdout(Stdio::piped());
        let mut child = self.start()?;
        let pipe = child.stdout.take().expect("it was asked for");
        thread::scope(|scope| {
            scope.spawn(|| pass_on(pipe, hear));
            self.wait_within(child, budget)
        })
    }

    fn run_quietly_within(mut self, budget: &Budget) -> Result<()> {
        let child = self.start()?;
        self.wait_within(child, budget)
    }

    fn start(&mut self) -> Result<Child> {
        self.command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{self}`; is it installed?"))
    }

    fn wait_within(&self, mut child: Child, budget: &Budget) -> Result<()> {
        let process = child.id();
        let (ended, end) = mpsc::sync_channel(1);
        let waiter = thread::spawn(move || {
            // The receiver outlives this thread: the parent waits for one of the two messages below.
            let _ = ended.send(child.wait());
        });
        let Ok(status) = end.recv_timeout(budget.left()) else {
            signal_family(process, "TERM");
            if end.recv_timeout(GRACE).is_err() {
                signal_family(process, "KILL");
            }
            waiter.join().expect("waiting for a child cannot panic");
            bail!("`{self}` was ended: its stage's budget is spent");
        };
        waiter.join().expect("waiting for a child cannot panic");
        let status = status.with_context(|| format!("cannot wait for `{self}`"))?;
        self.judge(status)
    }

    /// Runs silently and returns what it printed.
    pub(crate) fn capture(mut self) -> Result<String> {
        let output = self
            .command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start `{self}`; is it installed?"))?;
        self.judge(output.status)?;
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{self}` printed something that is not UTF-8"))
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("`{self}` failed ({status})");
        }
        Ok(())
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = PathBuf::from(self.command.get_program());
        // A rustup toolchain's cargo has a long path; the reader wants the word to type.
        let word = program.file_name().map_or(program.to_string_lossy(), OsStr::to_string_lossy);
        let target_folder = program.components().any(|part| part.as_os_str() == "debug");
        if target_folder {
            write!(f, "{}", program.display())?;
        } else {
            write!(f, "{word}")?;
        }
        for arg in self.command.get_args() {
            let arg = arg.to_string_lossy();
            match &self.hidden {
                Some(hidden) => write!(f, " {}", arg.replace(hidden.as_str(), "…"))?,
                None => write!(f, " {arg}")?,
            }
        }
        Ok(())
    }
}

/// Prints what arrives, as it arrives, and gives each whole line away.
fn pass_on(mut pipe: impl Read, mut hear: impl FnMut(&str)) {
    let (mut chunk, mut line) = ([0; 4096], Vec::new());
    while let Ok(length @ 1..) = pipe.read(&mut chunk) {
        let mut terminal = std::io::stdout().lock();
        // Nobody reads on: the program's own end is still waited for.
        let _ = terminal.write_all(&chunk[..length]).and_then(|()| terminal.flush());
        for part in chunk[..length].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if line.pop_if(|byte| *byte == b'\n').is_some() {
                hear(&String::from_utf8_lossy(&line));
                line.clear();
            }
        }
    }
}

/// Whether a program of this name can be found on the PATH.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Cargo's target folder, wherever the environment or the configuration has put it.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let text = Invocation::cargo().args(["metadata", "--no-deps", "--format-version", "1"]).capture()?;
    let metadata: serde_json::Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    let folder = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// Sends a signal to a process and to every process that descends from it. A process group of its own would be simpler
/// but would no longer hear the terminal's Ctrl-C.
fn signal_family(eldest: u32, signal: &str) {
    let family = family_of(eldest, &parents_by_process());
    let processes = family.iter().map(u32::to_string);
    // A process that has ended meanwhile makes `kill` complain; that is not news.
    let _ = Command::new("kill").arg(format!("-{signal}")).args(processes).stderr(Stdio::null()).status();
}

fn family_of(eldest: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut family = vec![eldest];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        next += 1;
        family.extend(parents.iter().filter(|pair| pair.1 == parent).map(|pair| pair.0));
    }
    family
}

/// `(process, its parent)` for all processes that /proc shows; empty where there is no /proc.
fn parents_by_process() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let process = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
            Some((process, parent_in_stat(&stat)?))
        })
        .collect()
}

/// proc(5): `pid (comm) state ppid …`, where comm may itself hold spaces and parentheses.
fn parent_in_stat(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_outruns_its_budget_is_ended_with_its_children() {
        let note = std::env::temp_dir().join(format!("xtask-child-{}", std::process::id()));
        let script = format!("sleep 600 & echo $! > {}; wait", note.display());
        let budget = Budget::starting_now(Duration::from_millis(500));
        let error = Invocation::new("sh").args(["-c", &script]).run_within(&budget).unwrap_err();
        assert!(error.to_string().contains("budget is spent"), "{error}");
        assert!(budget.is_outrun());

        let child = std::fs::read_to_string(&note).expect("the shell has noted its child");
        std::fs::remove_file(&note).expect("the note is ours");
        let deadline = Budget::starting_now(Duration::from_secs(20));
        while is_alive(child.trim()) {
            assert!(!deadline.is_outrun(), "the child lives on");
            thread::yield_now();
        }
    }

    /// A process that has ended but that nobody has waited for is still listed, as a zombie.
    fn is_alive(process: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    #[test]
    fn what_a_command_prints_is_heard_line_by_line() {
        let budget = Budget::starting_now(Duration::from_secs(60));
        let mut lines = Vec::new();
        let heard = Invocation::new("sh")
            .args(["-c", "printf 'a\\nb'; printf 'c\\n'; exit 3"])
            .run_heard(&budget, |line| lines.push(line.to_owned()));
        assert!(heard.is_err());
        assert_eq!(lines, ["a", "bc"]);
    }

    #[test]
    fn a_command_that_fails_names_itself() {
        let budget = Budget::starting_now(Duration::from_secs(60));
        let error = Invocation::new("sh").args(["-c", "exit 3"]).run_within(&budget).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn a_family_is_a_process_and_all_that_descend_from_it() {
        assert_eq!(family_of(10, &[(11, 10), (12, 11), (20, 1), (13, 10)]), [10, 11, 13, 12]);
    }

    #[test]
    fn a_process_name_with_parentheses_does_not_hide_its_parent() {
        assert_eq!(parent_in_stat("7 (a) b) c) S 42 7 7 0"), Some(42));
        assert_eq!(parent_in_stat("nonsense"), None);
    }
}

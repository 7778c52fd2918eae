//! Programs that others wrote and that our proofs need: which, why, and how they get onto this machine.

use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, Result, bail};

use crate::invocation::{Budget, Invocation, is_on_path};

/// A Debian package, present when its program is on the PATH (so that other systems may bring the program their way).
struct Package {
    name: &'static str,
    program: &'static str,
    reason: &'static str,
}

/// A part of Python that is a package of its own and brings no program.
struct PythonPart {
    package: Package,
    module: &'static str,
}

const PYTHON_PARTS: &[PythonPart] = &[PythonPart {
    package: Package { name: "python3-venv", program: "python3", reason: "the home of schemathesis" },
    module: "ensurepip",
}];

/// Everything that the gate needs beyond Rust's own tools. Installed when missing, never skipped.
const PACKAGES: &[Package] = &[
    Package { name: "sip-tester", program: "sipp", reason: "SIP traffic that we did not write (wire stage)" },
    Package {
        name: "baresip-core",
        program: "baresip",
        reason: "a SIP phone that we did not write (wire stage)",
    },
    Package { name: "g++", program: "g++", reason: "libFuzzer, which is C++ (fuzz stage)" },
    Package { name: "strace", program: "strace", reason: "disks that fail for a real process (crash stage)" },
    Package { name: "espeak-ng", program: "espeak-ng", reason: "speech of the announcements" },
    Package { name: "curl", program: "curl", reason: "the sessions to paste of the dialects' pages" },
    Package { name: "jq", program: "jq", reason: "the same" },
    Package { name: "nodejs", program: "node", reason: "clients of foreign dialects that we did not write" },
    Package { name: "npm", program: "npm", reason: "how those clients are installed" },
    Package {
        name: "activemq",
        program: "activemq",
        reason: "a message broker that we did not write (wire stage)",
    },
    Package {
        name: "sox",
        program: "sox",
        reason: "the tones in a recording, measured by a program that is not ours",
    },
];

/// Installs what is missing, or says precisely what the reader must do instead.
pub(crate) fn install_missing(budget: &Budget) -> Result<()> {
    let mut missing: Vec<&Package> = PACKAGES.iter().filter(|package| !is_on_path(package.program)).collect();
    let parts = PYTHON_PARTS.iter().filter(|part| !part.is_here());
    missing.extend(parts.map(|part| &part.package));
    if missing.is_empty() {
        println!("all {} packages are here", PACKAGES.len() + PYTHON_PARTS.len());
        return Ok(());
    }
    for package in &missing {
        println!("missing: {} ({}): {}", package.name, package.program, package.reason);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", names.join(" "));
    if !is_on_path("apt-get") {
        let programs: Vec<&str> = missing.iter().map(|package| package.program).collect();
        bail!("this system has no apt-get; install by its own means: {}", programs.join(", "));
    }
    let rights = Rights::here().with_context(|| format!("packages are missing; run as root: {by_hand}"))?;
    rights.apt_get(&["update"]).run_within(budget)?;
    rights.apt_get(&["install", "--yes", "--no-install-recommends"]).args(&names).run_within(budget)?;
    match missing.iter().find(|package| !is_on_path(package.program)) {
        Some(package) => bail!("{} is installed but brought no `{}`", package.name, package.program),
        None => Ok(()),
    }
}

impl PythonPart {
    fn is_here(&self) -> bool {
        let import = format!("import {}", self.module);
        is_on_path("python3") && Invocation::new("python3").args(["-c", &import]).capture().is_ok()
    }
}

/// How this user may install packages.
enum Rights {
    Root,
    Sudo { may_ask: bool },
}

impl Rights {
    fn here() -> Result<Self> {
        if std::fs::metadata("/proc/self").context("cannot tell which user this is")?.uid() == 0 {
            return Ok(Self::Root);
        }
        if is_on_path("sudo") {
            // A password prompt that nobody can see is a hang.
            return Ok(Self::Sudo { may_ask: std::io::stderr().is_terminal() });
        }
        bail!("this user is not root and there is no sudo")
    }

    fn apt_get(&self, args: &[&str]) -> Invocation {
        // Another installation may hold the lock for a moment (a fresh machine updates itself).
        let apt_get = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=60"];
        let invocation = match self {
            Self::Root => Invocation::new("env"),
            Self::Sudo { may_ask: true } => Invocation::new("sudo").args(["env"]),
            Self::Sudo { may_ask: false } => Invocation::new("sudo").args(["--non-interactive", "env"]),
        };
        invocation.args(apt_get).args(args)
    }
}

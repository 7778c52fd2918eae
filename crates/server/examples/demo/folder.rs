//! A fresh folder for one demonstration, under `var/`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that stay, the new one included.
const KEPT: usize = 5;
const PREFIX: &str = "demo-";
/// Bytes of the log that are shown when something went wrong.
const LOG_SHOWN: usize = 4_000;

/// Where one demonstration keeps everything. It stays afterwards.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes `var/demo-<time>` and, unless all are to be kept, removes the oldest of its kind.
    pub(crate) fn fresh(keep_all: bool) -> Result<Self> {
        let var = PathBuf::from("var");
        fs::create_dir_all(&var).context("the folder var cannot be made")?;
        let time = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
        let path = (0..100)
            .map(|n| if n == 0 { format!("{PREFIX}{time}") } else { format!("{PREFIX}{time}-{n}") })
            .map(|name| var.join(name))
            .find(|path| fs::create_dir(path).is_ok())
            .context("no new folder can be made in var")?;
        if !keep_all {
            prune(&var)?;
        }
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What the server says.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("cordial.log")
    }

    /// The server's journal and keys.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// The audio of the calls.
    pub(crate) fn recordings(&self) -> PathBuf {
        self.0.join("recordings")
    }

    /// A header for `curl -H @file`, so that the token need not be typed or shown.
    pub(crate) fn header(&self) -> PathBuf {
        self.0.join("auth")
    }

    /// Writes that header, readable for its owner alone.
    pub(crate) fn write_header(&self, token: &str) -> Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(self.header()).context("the folder cannot be written")?;
        writeln!(file, "Authorization: Bearer {token}").context("the folder cannot be written")
    }

    /// The last lines of the log, if there are any.
    pub(crate) fn end_of_log(&self) -> Option<String> {
        let bytes = fs::read(self.log()).ok()?;
        let end = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_SHOWN)..]).into_owned();
        (!end.trim().is_empty()).then_some(end)
    }
}

fn prune(var: &Path) -> Result<()> {
    let entries = fs::read_dir(var).context("the folder var cannot be read")?;
    let mut old: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX)))
        .filter(|path| path.is_dir())
        .collect();
    old.sort();
    let surplus = old.len().saturating_sub(KEPT);
    for path in &old[..surplus] {
        fs::remove_dir_all(path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    Ok(())
}

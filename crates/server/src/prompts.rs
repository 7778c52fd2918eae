//! Prompts: those built into the program, and those that the operator puts over or beside them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use cordial_media::{PromptError, PromptName, Prompts};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../assets/prompts"]
struct BuiltIn;

/// Why the prompts could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PromptFault {
    /// The operator's folder could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("prompt {0}: {1}")]
    Wrong(PromptName, PromptError),
}

/// Files deeper than this below the operator's folder are not looked at.
const DEPTH_MAX: usize = 4;

/// All prompts by name: `en/please-wait.wav` is `en/please-wait`. An empty path means only the built-in ones.
///
/// # Errors
/// The first file that cannot be read or is no prompt.
pub fn load(over: &Path) -> Result<Prompts, PromptFault> {
    let mut files: BTreeMap<String, Vec<u8>> = BuiltIn::iter()
        .filter_map(|path| {
            let name = path.strip_suffix(".wav")?.to_owned();
            Some((name, BuiltIn::get(&path)?.data.into_owned()))
        })
        .collect();
    if !over.as_os_str().is_empty() {
        read_folder(over, "", 0, &mut files)?;
    }
    let named = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    Prompts::load(named).map_err(|(name, error)| PromptFault::Wrong(name, error))
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), PromptFault> {
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |source| PromptFault::Unreadable { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(fault(folder))? {
        let entry = entry.map_err(fault(folder))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type().map_err(fault(&path))?;
        if kind.is_dir() && depth < DEPTH_MAX {
            read_folder(&path, &format!("{prefix}{name}/"), depth + 1, files)?;
        } else if let Some(name) = name.strip_suffix(".wav") {
            let bytes = std::fs::read(&path).map_err(fault(&path))?;
            files.insert(format!("{prefix}{name}"), bytes);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cordial_engine::entry::Treatment;

    use super::*;

    fn wav(samples: &[u8]) -> Vec<u8> {
        let mut file =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data".to_vec();
        file.extend(u32::try_from(samples.len()).unwrap().to_le_bytes());
        file.extend(samples);
        file
    }

    #[test]
    fn the_operators_prompts_are_named_by_folder_and_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("en")).unwrap();
        std::fs::write(folder.path().join("en/closed.wav"), wav(&[1, 2, 3])).unwrap();
        std::fs::write(folder.path().join("notes.txt"), b"not a prompt").unwrap();
        let prompts = load(folder.path()).unwrap();
        let audio = prompts.get(&PromptName::new("en/closed")).expect("loaded");
        assert_eq!(&audio[..], [1, 2, 3]);
        assert!(prompts.get(&PromptName::new("notes")).is_none());
    }

    #[test]
    fn every_language_of_the_library_has_all_that_callers_are_told() {
        let prompts = load(Path::new("")).unwrap();
        for language in ["en", "es", "pt-BR", "ru", "zh-CN"] {
            for phrase in Treatment::PHRASES {
                let name = format!("{language}/{phrase}");
                assert!(prompts.get(&PromptName::new(&name)).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_file_in_another_format_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bad.wav"), b"RIFF").unwrap();
        assert_eq!(load(folder.path()).unwrap_err().to_string(), "prompt bad: not a WAV file");
    }

    #[test]
    fn a_missing_folder_is_told() {
        let error = load(Path::new("/nonexistent/prompts")).unwrap_err().to_string();
        assert!(error.starts_with("/nonexistent/prompts: "), "{error}");
    }
}

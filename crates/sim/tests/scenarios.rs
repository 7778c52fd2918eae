//! The stories of `scenarios/` are played, and what came of each is compared with what is kept beside it.

#![expect(clippy::disallowed_methods, reason = "a test reads its stories and its wishes from outside")]

#[path = "scenarios/rows.rs"]
mod rows;

use std::path::{Path, PathBuf};

use cordial_sim::scenario::{Story, play};

/// Set to make what happens now the new snapshots.
const UPDATE: [&str; 2] = ["UPDATE_SCENARIOS", "UPDATE_EXPECT"];
/// Set to play only the stories whose file name contains it.
const ONLY: &str = "SCENARIO";

#[test]
fn every_story_comes_out_as_it_was_kept() {
    let only = std::env::var(ONLY).unwrap_or_default();
    let update = UPDATE.iter().any(|name| std::env::var(name).is_ok());
    let stories: Vec<PathBuf> =
        stories().into_iter().filter(|path| path.to_string_lossy().contains(&only)).collect();
    assert!(!stories.is_empty(), "no story is called {only}");
    let faults: Vec<String> = stories.iter().flat_map(|path| compare(path, update)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{} stories came out as kept", stories.len());
}

#[test]
fn an_expectation_that_is_not_met_names_its_line_and_what_is_so() {
    let text = "given agent ann at 101\nat 0s ann registers\nat 1s ann logs in\nat 2s expect ann in wrap-up";
    let error = Story::parse(text).and_then(|story| play(&story)).unwrap_err();
    assert_eq!(error.to_string(), "line 4: expected ann in wrap-up, but it is: idle, not ready");
}

#[test]
fn a_story_that_names_nobody_says_whom() {
    let error = Story::parse("at 2s zoe registers").and_then(|story| play(&story)).unwrap_err();
    assert_eq!(error.to_string(), "line 1: there is no phone `zoe` in this story");
}

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let files = std::fs::read_dir(folder).expect("the stories are in the repository");
    let mut stories: Vec<PathBuf> = files.map(|file| file.expect("a folder can be listed").path()).collect();
    stories.retain(|path| path.extension().is_some_and(|extension| extension == "scn"));
    stories.sort();
    stories
}

fn compare(path: &Path, update: bool) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a story is text");
    let played = match Story::parse(&text).and_then(|story| play(&story)) {
        Ok(played) => played,
        Err(error) => return vec![format!("scenarios/{name}: {error}")],
    };
    let mut faults = Vec::new();
    for (extension, now) in [
        ("facts", &played.facts),
        ("sip", &played.sip),
        ("cdr", &played.cdr),
        ("portsip", &played.portsip),
        ("webitel", &played.webitel),
        ("freeswitch", &played.freeswitch),
        ("connector-seed", &played.seed),
        ("connector-long", &played.long),
        ("connector-json", &played.json),
    ] {
        let kept_path = path.with_extension(extension);
        if update {
            std::fs::write(&kept_path, now).expect("the repository can be written");
            continue;
        }
        let kept = std::fs::read_to_string(&kept_path).unwrap_or_default();
        if let Some((line, (was, is))) = first_difference(&kept, now) {
            faults.push(format!(
                "scenarios/{name}: {extension}, line {line}\n  kept: {was}\n  now:  {is}\n  if that is right: cargo \
                 xtask scenario --update"
            ));
        }
    }
    faults
}

fn first_difference<'a>(kept: &'a str, now: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    const END: &str = "(end)";
    let length = kept.lines().count().max(now.lines().count());
    let pad = |text: &'a str| text.lines().chain(std::iter::repeat(END)).take(length);
    let pairs = pad(kept).zip(pad(now)).enumerate().map(|(index, pair)| (index + 1, pair));
    pairs.into_iter().find(|(_, (was, is))| was != is)
}

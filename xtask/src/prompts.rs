//! `cargo xtask prompts`: makes the announcements, tones and music in `assets/prompts` again.
//!
//! Speech comes from espeak-ng, everything else from sox; both must be installed. All files are WAV, G.711 mu-law,
//! 8 kHz, one channel, so that a player copies their bytes to the wire. The same programs give the same bytes.

mod callers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use callers::{LANGUAGES, NAMES};

/// The whole set is part of the program, so it stays small.
const SET_BYTES_MAX: u64 = 5_000_000;

/// espeak-ng's words per minute and the gap between words.
const SPEECH: [&str; 4] = ["-s", "150", "-g", "4"];

/// The voice of everything that is not for callers.
const VOICE: &str = "en-us+f3";

/// What callers and people at phones hear in English, besides what every language has.
const ENGLISH: [(&str, &str); 45] = [
    ("greeting", "Hello, and thank you for calling."),
    (
        "queue-welcome",
        "All of our agents are helping other callers. Please hold, and we will be with you shortly.",
    ),
    ("please-wait", "Thank you for waiting. Your call will be answered as soon as possible."),
    ("recorded", "This call may be recorded."),
    ("connecting", "We are connecting you now."),
    ("no-agents", "Nobody is available to take your call. Please try again later."),
    ("closed", "We are closed at the moment. Please call again during business hours."),
    ("invalid", "That number is not valid. Please try again."),
    ("leave-message", "Please leave a message after the tone."),
    ("goodbye", "Thank you for calling. Goodbye."),
    ("logged-in", "You are logged in."),
    ("logged-out", "You are logged out."),
    ("ready", "You are ready."),
    ("not-ready", "You are not ready."),
    ("do-not-disturb", "Do not disturb is on."),
    ("forwarded", "Your calls are forwarded."),
    ("phone-rings", "Your phone rings for all calls."),
    ("afterwards", "This takes effect when you have finished."),
    ("not-in-queue", "You are not in that queue."),
    ("no-such-queue", "There is no such queue."),
    ("not-logged-in", "You are not logged in."),
    ("logged-in-elsewhere", "You are logged in at another phone."),
    ("nobody-there", "Nobody is logged in at this phone."),
    ("not-available", "This feature is not available."),
    ("no-call", "There is no such call."),
    ("voicemail-on", "Your callers are asked to leave a message."),
    ("no-mailbox", "You have no mailbox."),
    ("mailbox-full", "This mailbox is full. Please call again later."),
    ("no-messages", "You have no messages."),
    ("no-more-messages", "There are no more messages."),
    ("parked", "The call is parked at"),
    ("enter-number", "Please enter the number, then press the hash key."),
    ("enter-pin", "Please enter your PIN, then press the hash key."),
    ("wrong-pin", "The number and the PIN do not belong together."),
    ("not-permitted", "You may not do this."),
    ("digit-0", "Zero."),
    ("digit-1", "One."),
    ("digit-2", "Two."),
    ("digit-3", "Three."),
    ("digit-4", "Four."),
    ("digit-5", "Five."),
    ("digit-6", "Six."),
    ("digit-7", "Seven."),
    ("digit-8", "Eight."),
    ("digit-9", "Nine."),
];

/// Tones as sox effects: 425 Hz in the cadences of ETSI TR 101 041-2.
const TONES: [(&str, &str); 7] = [
    ("ringback", "synth 1 sine 425 fade t 0.005 1 0.005 gain -15 pad 0 4"),
    ("busy", "synth 0.5 sine 425 fade t 0.005 0.5 0.005 gain -15 pad 0 0.5"),
    ("congestion", "synth 0.25 sine 425 fade t 0.005 0.25 0.005 gain -15 pad 0 0.25"),
    ("beep", "synth 0.3 sine 1000 fade t 0.01 0.3 0.01 gain -12"),
    ("silence", "trim 0 1"),
    ("confirmed", "synth 0.1 sine 900 fade t 0.005 0.1 0.005 gain -12 pad 0 0.1 repeat 2 pad 0.2"),
    ("denied", "synth 0.3 sine 350 fade t 0.005 0.3 0.005 gain -12 pad 0 0.15 repeat 2 pad 0.2"),
];

/// Music on hold: chords of six seconds, each as four notes in hertz.
const CHORDS: [[f64; 4]; 4] = [
    [261.63, 329.63, 392.00, 493.88], // C major seventh
    [220.00, 329.63, 392.00, 523.25], // A minor seventh
    [349.23, 440.00, 523.25, 659.26], // F major seventh
    [293.66, 392.00, 493.88, 587.33], // G over D
];
const CHORD_SECONDS: usize = 6;

/// Root mean square level of the music against a square wave of full scale: -18 dB against a full sine.
const MUSIC_LEVEL_DB: f64 = -21.0;

/// Makes every file again and tells their sizes.
pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/prompts");
    let scratch = Scratch::new()?;
    let mut total = 0;
    let mut made = |path: PathBuf| -> Result<()> {
        let size = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
        total += size;
        println!("{size:>8}  {}", path.strip_prefix(&root)?.display());
        Ok(())
    };
    let folders = LANGUAGES.iter().map(|language| language.folder);
    for folder in folders.chain(["tones", "music"]) {
        fs::create_dir_all(root.join(folder))?;
    }
    for (name, text) in ENGLISH {
        let path = root.join("en").join(name).with_extension("wav");
        speak(&scratch, VOICE, text, &path)?;
        made(path)?;
    }
    for language in LANGUAGES {
        for (name, text) in NAMES.iter().zip(language.phrases) {
            let path = root.join(language.folder).join(name).with_extension("wav");
            speak(&scratch, language.voice, text, &path)?;
            made(path)?;
        }
    }
    for (name, effects) in TONES {
        let path = root.join("tones").join(name).with_extension("wav");
        sox(&[&["-n", "-r", "8000", "-c", "1"][..], ULAW, &[&text(&path)?], &words(effects)].concat())?;
        made(path)?;
    }
    let path = root.join("music/hold.wav");
    compose(&scratch, &path)?;
    made(path)?;
    ensure!(total <= SET_BYTES_MAX, "the prompts take {total} bytes, more than {SET_BYTES_MAX}");
    println!("{total:>8}  in all");
    Ok(())
}

const ULAW: &[&str] = &["-e", "u-law", "-b", "8"];

fn speak(scratch: &Scratch, voice: &str, words_to_say: &str, path: &Path) -> Result<()> {
    let raw = scratch.file("speech.wav")?;
    run_program("espeak-ng", &[&SPEECH[..], &["-v", voice, "-w", &raw, words_to_say]].concat())?;
    // The band of a telephone, peaks at -6 dB, and a breath before and after.
    let effects = words("rate 8000 highpass 200 lowpass 3400 norm -6 pad 0.1 0.2");
    sox(&[&[raw.as_str()], ULAW, &[&text(path)?], &effects].concat())
}

/// Chords fade into each other, and the last into the first, so that the loop has no seam.
fn compose(scratch: &Scratch, path: &Path) -> Result<()> {
    let mut parts = Vec::new();
    for (n, chord) in CHORDS.iter().enumerate() {
        let (pad, harp) = (scratch.file("pad.wav")?, scratch.file("harp.wav")?);
        let notes = |kind: &str| chord.iter().map(|hz| format!(" {kind} {hz}")).collect::<String>();
        let ring = CHORD_SECONDS + 1;
        // sox plucks strings at 44.1 kHz and above only.
        let plain = ["-r", "48000", "-c", "4", "-n", "-b", "24"];
        let swell = format!("synth {ring}{} remix 1-4 tremolo 0.4 25", notes("sine"));
        sox(&[&plain[..], &[&pad], &words(&swell)].concat())?;
        let plucked = format!("synth {ring}{} delay 0 1.5 3 4.5 remix 1-4 trim 0 {ring}", notes("pluck"));
        sox(&[&plain[..], &[&harp], &words(&plucked)].concat())?;
        let part = scratch.file(&format!("part-{n}.wav"))?;
        let place = format!("rate 8000 fade t 1 {ring} 1 lowpass 2500 pad {} 0", n * CHORD_SECONDS);
        sox(&[&["-m", "-v", "0.5", &pad, "-v", "0.35", &harp, &part], &words(&place)[..]].concat())?;
        parts.push(part);
    }
    let song = scratch.file("song.wav")?;
    let mut mix = vec!["-m"];
    parts.iter().for_each(|part| mix.extend(["-v", "1", part]));
    mix.push(&song);
    sox(&mix)?;
    let (body, tail, whole) =
        (scratch.file("body.wav")?, scratch.file("tail.wav")?, scratch.file("whole.wav")?);
    let end = (CHORDS.len() * CHORD_SECONDS).to_string();
    sox(&[&song, &body, "trim", "0", &end])?;
    sox(&[&song, &tail, "trim", &end, "1"])?;
    sox(&["-m", "-v", "1", &body, "-v", "1", &tail, &whole])?;
    let gain = format!("{:.2}", MUSIC_LEVEL_DB - level(&whole)?);
    sox(&[&[whole.as_str()], ULAW, &[&text(path)?, "gain", &gain]].concat())
}

/// Root mean square level by sox's own measure.
fn level(path: &str) -> Result<f64> {
    let output = Command::new("sox").args([path, "-n", "stats"]).output().context("running sox")?;
    let report = String::from_utf8_lossy(&output.stderr);
    let line = report.lines().find_map(|line| line.strip_prefix("RMS lev dB"));
    let value = line.and_then(|line| line.split_whitespace().next()).context("sox told no level")?;
    value.parse().with_context(|| format!("sox told the level {value:?}"))
}

fn sox(arguments: &[&str]) -> Result<()> {
    // -R: chance from a fixed seed; -D: no dither, which would be chance too.
    run_program("sox", &[&["-R", "-D"], arguments].concat())
}

fn run_program(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("running {program}; install it with `apt-get install {program}`"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("a path that is no text")?.to_owned())
}

/// A folder of its own, gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("cordial-prompts-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn file(&self, name: &str) -> Result<String> {
        text(&self.0.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left-overs in the system's temporary folder do no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

//! Disks that fail: torn tail, flipped bit, no room, a flush that fails. Each is told, and nothing acknowledged is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::server::{STORE_TROUBLE, Server, pause};
use super::site::{QUEUE, Site};

/// Commands granted before a disk is looked at.
const GRANTED: usize = 40;
/// The log's header, and a frame's with its page (sqlite.org/fileformat2.html, section 4.1).
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + 4_096;

/// What the server said yes to: reasons by id.
type Granted = BTreeMap<String, String>;

/// Asks for new reasons until there are enough or the server is gone.
async fn ask(server: &mut Server, enough: usize) -> Granted {
    let mut granted = Granted::new();
    while granted.len() < enough && !server.has_ended() {
        let name = format!("reason number {}", granted.len());
        let asked = server.client.try_ask(Method::POST, "/v1/reasons", json!({ "name": name })).await;
        match asked {
            Some(reason) => {
                granted.insert(reason["id"].as_str().expect("a new thing has an id").to_owned(), name);
            }
            None => pause().await,
        }
    }
    granted
}

async fn all_is_there(server: &Server, granted: &Granted) {
    let found = server.client.get("/v1/reasons?limit=500").await;
    let found: BTreeMap<&str, &str> = found["items"]
        .as_array()
        .expect("a listing")
        .iter()
        .filter_map(|reason| Some((reason["id"].as_str()?, reason["name"].as_str()?)))
        .collect();
    for (id, name) in granted.iter().take(500) {
        assert_eq!(found.get(id.as_str()), Some(&name.as_str()), "reason {id} was acknowledged");
    }
}

/// A server killed with commands granted, and the write-ahead log that it left.
async fn killed() -> (Server, Granted, PathBuf) {
    let mut server = Server::start(0).await;
    let granted = ask(&mut server, GRANTED).await;
    assert_eq!(granted.len(), GRANTED);
    server.kill_9();
    let log = server.data().join("cordial.db-wal");
    (server, granted, log)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills real processes: runs in the gate's stage `crash`"]
async fn a_torn_write_at_the_end_of_the_log_is_told_and_costs_nothing_acknowledged() {
    let (mut server, granted, log) = killed().await;
    // A commit was under way: the salts of this log, and no more than a part of a page.
    let mut bytes = fs::read(&log).expect("the log");
    let begun = bytes[LOG_HEADER..LOG_HEADER + FRAME / 2].to_vec();
    // Behind what is whole there may be frames of an older log; a torn write overwrites their beginning.
    let whole = whole_frames(&bytes);
    bytes.truncate(LOG_HEADER + whole * FRAME);
    bytes.extend(begun);
    fs::write(&log, bytes).expect("the log can be written");
    server.restart().await;
    assert!(server.log().contains("the journal's log ended in a torn write"), "{}", server.log());
    all_is_there(&server, &granted).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills real processes: runs in the gate's stage `crash`"]
async fn a_flipped_bit_in_the_log_keeps_the_server_from_forgetting_what_follows_it() {
    let (mut server, granted, log) = killed().await;
    let whole = fs::read(&log).expect("the log");
    let mut flipped = whole.clone();
    let frames = whole_frames(&whole);
    assert!(frames > 20, "{frames} frames");
    flipped[LOG_HEADER + frames / 2 * FRAME + 1_000] ^= 0x10;
    fs::write(&log, &flipped).expect("the log can be written");
    let (code, said) = server.start_refused().await;
    assert_eq!(code, Some(STORE_TROUBLE), "{said}");
    for words in ["cordial.db-wal", "flipped bit", "backup", "truncate -s "] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    let (code, said) = server.cordial("doctor");
    assert!(code != Some(0) && said.contains("flipped bit"), "{said}");
    assert_eq!(fs::read(&log).expect("the log"), flipped, "nothing was overwritten");
    fs::write(&log, &whole).expect("the log can be written");
    server.restart().await;
    all_is_there(&server, &granted).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills real processes: runs in the gate's stage `crash`"]
async fn a_flipped_bit_in_the_journal_is_told_with_its_row() {
    let (mut server, granted, log) = killed().await;
    // A stop in good order folds the log into the file, and leaves a snapshot.
    server.restart().await;
    server.terminate();
    assert!(server.wait_end().await.success(), "{}", server.log());
    fs::remove_file(&log).ok();
    let (code, said) = server.cordial("doctor");
    assert!(said.contains("every checksum right"), "the log was folded: {code:?} {said}");
    fs::remove_file(&log).ok();
    let file = server.data().join("cordial.db");
    let whole = fs::read(&file).expect("the file");
    let records = records(&whole);
    let (last, old) = (records.keys().max().expect("a record"), 5);

    flip(&file, &whole, &records[last]);
    let (code, said) = server.start_refused().await;
    assert_eq!(code, Some(STORE_TROUBLE), "{said}");
    for words in ["paths.data", "journal row", "checksum", "backup", "cordial doctor"] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    // A row that the snapshot covers is read by who asks for it.
    flip(&file, &whole, &records[&old]);
    let (code, said) = server.cordial("doctor");
    assert!(code != Some(0) && said.contains("checksum"), "{said}");

    fs::write(&file, &whole).expect("the file can be written");
    server.restart().await;
    all_is_there(&server, &granted).await;
}

/// Where records lie in the store's file, by event: the journal's, and for some events the audit's copy.
fn records(file: &[u8]) -> BTreeMap<u64, Vec<usize>> {
    let begin = b"\"event\":{\"seq\":";
    let places = (0..file.len() - begin.len() - 20).filter(|at| file[*at..].starts_with(begin));
    let number = |at: usize| {
        let digits = file[at + begin.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    };
    let mut records = BTreeMap::<u64, Vec<usize>>::new();
    places.for_each(|at| records.entry(number(at)).or_default().push(at));
    records
}

fn flip(file: &PathBuf, whole: &[u8], places: &[usize]) {
    let mut flipped = whole.to_vec();
    for at in places {
        flipped[at + 2] ^= 0x01;
    }
    fs::write(file, flipped).expect("the file can be written");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "fails real processes' disks: runs in the gate's stage `crash`"]
async fn a_flush_that_fails_ends_the_process_and_nothing_acknowledged_is_lost() {
    fails("inject=fdatasync,fsync:error=EIO:when=100+", "disk I/O error").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "fails real processes' disks: runs in the gate's stage `crash`"]
async fn a_full_disk_ends_the_process_and_nothing_acknowledged_is_lost() {
    fails("inject=pwrite64:error=ENOSPC:when=1000+", "full").await;
}

/// A disk of its own for recordings, with room for four seconds of one: who becomes the program first mounts it where
/// its configuration, the last of its words, has them.
const SMALL_DISK: &str = r#"for file; do :; done; at=$(dirname "$file")/recordings;
mkdir -p "$at" && mount -t tmpfs -o size=128k none "$at" && exec "$@""#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "fills real processes' disks: runs in the gate's stage `crash`"]
async fn a_call_outlives_the_disk_of_its_recording_and_what_was_heard_until_then_is_kept() {
    let before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh"];
    let talk = Duration::from_secs(15);
    let site = Site::open(Server::start_under(&before, 0).await, 1, talk, Some(440.0)).await;
    site.call(QUEUE, 1);
    let until = Instant::now() + talk;
    let failed = loop {
        assert!(Instant::now() < until, "no recording failed:\n{}", site.server.log());
        let found = site.server.client.get("/v1/recordings").await;
        if found["items"][0]["state"]["kind"] == "failed" {
            break found["items"][0].clone();
        }
        pause().await;
    };
    let kept_ms = kept_ms(&failed);
    assert!((2_000..=4_200).contains(&kept_ms), "128 KiB are 4 s: {failed}");
    assert_eq!(site.agents[0].phone.talking(), 1, "the call goes on");
    let said = site.server.log();
    assert!(said.contains("a recording is incomplete") && said.contains("the disk is full"), "{said}");
    let path = format!("/v1/recordings/{}/audio", failed["id"].as_str().expect("an id"));
    let audio = site.server.client.ask(Method::GET, &path, Value::Null).await.expect("an answer");
    let audio = audio.bytes().await.expect("a whole answer");
    assert!(audio.starts_with(b"RIFF") && audio.len() as u64 > kept_ms * 31, "{} bytes", audio.len());
}

/// The length that the reason of a failed recording tells.
fn kept_ms(recording: &Value) -> u64 {
    let why = recording["state"]["why"].as_str().expect("a reason");
    let kept = why.strip_prefix("the disk is full; ").and_then(|rest| rest.strip_suffix(" ms are kept"));
    kept.and_then(|ms| ms.parse().ok()).unwrap_or_else(|| panic!("{why}"))
}

/// Runs the server on a disk that fails after a while; strace makes the system call say so.
async fn fails(inject: &str, reason: &str) {
    let calls = if inject.contains("pwrite64") { "trace=pwrite64" } else { "trace=fdatasync,fsync" };
    // -D: strace watches from aside, so that the process is our own child.
    let before = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", calls, "-e", inject];
    let mut server = Server::start_under(&before, 0).await;
    let granted = ask(&mut server, usize::MAX).await;
    assert!(granted.len() > 10, "the disk failed too early: {}\n{}", granted.len(), server.log());
    let how = server.wait_end().await;
    let said = server.log();
    assert_eq!(how.code(), Some(STORE_TROUBLE), "{said}");
    for words in
        ["cordial.db", "the journal cannot be written after event", reason, "nothing that was acknowledged"]
    {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    println!(
        "{inject}: {} granted before the end; it said: {}",
        granted.len(),
        said.lines().last().unwrap_or("")
    );
    server.restart().await;
    all_is_there(&server, &granted).await;
}

/// How many frames of a log carry the salts of its header.
fn whole_frames(log: &[u8]) -> usize {
    let salts = &log[16..24];
    log[LOG_HEADER..].chunks_exact(FRAME).take_while(|frame| frame[8..16] == *salts).count()
}

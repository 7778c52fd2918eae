use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cordial_engine::id::AgentId;
use cordial_engine::{Fact, Timestamp};
use cordial_store::{JournalFault, Options, Store, StoreError, TryAppendError, limits};

use crate::world::{TENANT, World, event, many};

#[tokio::test]
async fn what_was_appended_is_read_back_in_order_across_a_reopening() {
    let world = World::new();
    world.fill(many(1, 1_000)).await;
    let store = world.open().await;
    assert_eq!(store.last_seq().await.unwrap(), 1_000);
    assert_eq!(store.events(0, 10_000).await.unwrap(), many(1, 1_000));
    assert_eq!(store.events(990, 5).await.unwrap(), many(991, 5));
    assert!(store.events(1_000, 5).await.unwrap().is_empty());
    let tail = store.tail().await.unwrap().expect("a tail");
    assert_eq!((tail.seq, tail.at), (1_000, Timestamp(100_000)));
    assert_eq!(store.verify_journal().await.unwrap(), 1_000);
}

#[tokio::test]
async fn an_idle_writer_commits_at_once_and_a_busy_one_in_groups() {
    let world = World::new();
    let store = world.open().await;
    let (writer, journal) = store.writer().await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let running = tokio::spawn(writer.run(move |seq| heard.lock().unwrap().push(seq)));
    journal.append(event(1, TENANT, Fact::AgentReady { agent: AgentId(1) })).await.unwrap();
    journal.durable().wait_for(|seq| *seq == 1).await.unwrap();
    for event in many(2, 5_000) {
        journal.append(event).await.unwrap();
    }
    drop(journal);
    running.await.unwrap().unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(told[0], 1, "the first was alone");
    assert_eq!(told.last(), Some(&5_001));
    assert!(told.is_sorted_by(|a, b| a < b), "in order");
    assert!(told.windows(2).all(|pair| pair[1] - pair[0] <= limits::BATCH_FACTS_MAX as u64));
    assert!(told.len() < 1_000, "{} commits for 5,000 facts in a crowd", told.len());
}

#[tokio::test]
async fn what_was_told_durable_is_there_after_a_crash() {
    let world = World::new();
    let mut next = 1;
    for _ in 0..5 {
        let running = world.run().await;
        for event in many(next, 700) {
            running.journal.append(event).await.unwrap();
        }
        let mut durable = running.journal.durable();
        durable.wait_for(|seq| *seq >= next + 100).await.unwrap();
        let told = *durable.borrow();
        running.crash().await;
        let store = world.open().await;
        let kept = store.verify_journal().await.unwrap();
        assert!(kept >= told, "{told} was durable, {kept} is there");
        next = kept + 1;
        drop(store);
    }
}

#[tokio::test]
async fn a_copy_taken_at_any_moment_opens_with_all_that_was_durable_then() {
    let world = World::new();
    let running = world.run().await;
    let copies = World::new();
    for round in 0..5_u64 {
        for event in many(round * 400 + 1, 400) {
            running.journal.append(event).await.unwrap();
        }
        let mut durable = running.journal.durable();
        durable.wait_for(|seq| *seq > round * 400).await.unwrap();
        let told = *durable.borrow();
        let folder = copies.folder.path().join(format!("copy-{round}"));
        copy(&world.path(), &folder, None);
        let copied = Store::open(&folder.join("cordial.db"), Options::default()).await.unwrap();
        assert!(copied.verify_journal().await.unwrap() >= told);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_log_cut_off_anywhere_opens_with_a_whole_beginning() {
    let world = World::new();
    let running = world.run().await;
    for chunk in many(1, 600).chunks(20) {
        running.append(chunk.to_vec()).await;
    }
    let whole = std::fs::metadata(format!("{}-wal", world.path().display())).unwrap().len();
    let copies = World::new();
    let mut kept = Vec::new();
    for part in 1..=8 {
        let folder = copies.folder.path().join(format!("cut-{part}"));
        copy(&world.path(), &folder, Some(whole * part / 8 - 1_001));
        let cut = Store::open(&folder.join("cordial.db"), Options::default()).await.unwrap();
        kept.push(cut.verify_journal().await.unwrap());
    }
    running.crash().await;
    assert!(kept.is_sorted(), "{kept:?}");
    assert!(kept[0] < kept[7] && kept[7] >= 500, "{kept:?}");
}

/// Copies a store's file and log, as a kill of the process would leave them.
fn copy(from: &Path, folder: &Path, log_bytes: Option<u64>) {
    std::fs::create_dir(folder).expect("a folder");
    let wal = std::fs::read(format!("{}-wal", from.display())).expect("the log");
    let keep = log_bytes.map_or(wal.len(), |bytes| bytes as usize);
    std::fs::write(folder.join("cordial.db-wal"), &wal[..keep]).expect("a copy");
    std::fs::copy(from, folder.join("cordial.db")).expect("a copy");
}

#[tokio::test]
async fn a_flipped_bit_is_told_with_its_row() {
    let world = World::new();
    world.fill(many(1, 1)).await;
    world.fill(many(2, 1)).await;
    world.fill(many(3, 1)).await;
    let flip = "UPDATE journal SET records = CAST(replace(CAST(records AS TEXT), 'Ready', 'Reedy') AS BLOB) \
                WHERE first_seq = 2";
    world.tamper(flip).await;
    let store = world.open().await;
    let fault = store.verify_journal().await.expect_err("a fault");
    let StoreError::Journal(fault) = fault else { panic!("{fault}") };
    assert_eq!(fault, JournalFault::Checksum { row: 2, seq: 2 });
    assert_eq!(store.events(0, 1).await.expect_err("the page holds the row").to_string(), fault.to_string());
}

#[tokio::test]
async fn a_flipped_bit_at_the_end_keeps_the_store_from_opening() {
    let world = World::new();
    world.fill(many(1, 10)).await;
    world.tamper("UPDATE journal SET wall = wall + 1 WHERE last_seq = 10").await;
    let fault = Store::open(&world.path(), Options::default()).await.err().expect("a fault");
    assert!(matches!(fault, StoreError::Journal(JournalFault::Checksum { .. })), "{fault}");
}

#[tokio::test]
async fn a_missing_row_is_told_as_a_gap() {
    let world = World::new();
    for seq in 1..=3 {
        world.fill(many(seq, 1)).await;
    }
    world.tamper("DELETE FROM journal WHERE first_seq = 2").await;
    let store = world.open().await;
    let gap = JournalFault::Gap { row: 3, seq: 2, found: 3 };
    for after in [0, 1] {
        match store.events(after, 10).await {
            Err(StoreError::Journal(fault)) => assert_eq!(fault, gap),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.events(2, 10).await.unwrap(), many(3, 1));
}

#[tokio::test]
async fn a_fact_of_a_newer_program_keeps_the_store_from_opening() {
    let world = World::new();
    world.fill(many(1, 1)).await;
    let line = r#"{"v":1,"event":{"seq":1,"at":1,"wall":5,"tenant":1,"by":"policy","fact":{"AgentCloned":{"agent":1}}}}"#;
    let records = format!("{line}\n");
    let mut sum = crc32fast::Hasher::new();
    for number in [1_u64.to_le_bytes(), 1_u64.to_le_bytes(), 5_i64.to_le_bytes()] {
        sum.update(&number);
    }
    sum.update(records.as_bytes());
    let sum = sum.finalize();
    world.replace_journal(5, sum, &records).await;
    let fault = Store::open(&world.path(), Options::default()).await.err().expect("a fault");
    assert_eq!(
        fault.to_string(),
        "journal row 1, event 1: AgentCloned version 1 was written by a newer version of the program (this one \
         knows 0); use that version"
    );
}

#[tokio::test]
async fn a_commit_that_fails_ends_the_writer_and_tells_what_is_safe() {
    let world = World::new();
    let running = world.run().await;
    running.append(many(1, 3)).await;
    world
        .tamper(
            "CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk on fire'); END",
        )
        .await;
    running.journal.append(many(4, 1).remove(0)).await.unwrap();
    let failed = running.writer.await.unwrap().expect_err("the commit failed");
    assert_eq!(failed.durable, 3);
    assert!(failed.why.contains("disk on fire"), "{failed}");
    assert_eq!(*running.journal.durable().borrow(), 3);
    assert_eq!(running.journal.try_append(many(5, 1).remove(0)), Err(TryAppendError::Closed));
}

#[tokio::test]
async fn an_event_out_of_order_is_not_written() {
    let world = World::new();
    let running = world.run().await;
    running.append(many(1, 3)).await;
    running.journal.append(many(5, 1).remove(0)).await.unwrap();
    let failed = running.writer.await.unwrap().expect_err("a gap");
    assert_eq!(failed.why, "event 5 came where 4 was due");
}

#[tokio::test]
async fn the_backlog_ages_while_nobody_writes_and_is_gone_when_all_is_durable() {
    let world = World::new();
    let store = world.open().await;
    let (writer, journal) = store.writer().await.unwrap();
    assert_eq!(journal.backlog_age(), Duration::ZERO);
    // Another program holds the file: the writer has taken the fact and cannot commit it.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.path());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let running = tokio::spawn(writer.run(|_| {}));
    journal.append(many(1, 1).remove(0)).await.unwrap();
    while !journal.is_behind() {
        tokio::task::yield_now().await;
    }
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    journal.durable().wait_for(|seq| *seq == 1).await.unwrap();
    while journal.backlog_age() > Duration::ZERO {
        tokio::task::yield_now().await;
    }
    drop(journal);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_writer_is_given_once() {
    let world = World::new();
    let store = world.open().await;
    let first = store.writer().await.unwrap();
    assert!(matches!(store.writer().await, Err(StoreError::WriterTaken)));
    drop(first);
}

#[tokio::test]
async fn a_second_opening_is_refused_while_the_first_lasts() {
    let world = World::new();
    let store = world.open().await;
    let second = Store::open(&world.path(), Options::default()).await.err().expect("refused");
    assert!(matches!(second, StoreError::InUse { .. }), "{second}");
    drop(store);
    world.open().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_numbers() {
    let world = World::new();
    drop(world.open().await);
    world
        .tamper(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'later', TRUE, x'00', 0)",
        )
        .await;
    let refused = Store::open(&world.path(), Options::default()).await.err().expect("refused");
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, known: 6, .. }), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn folder_file_log_and_key_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let running = world.run().await;
    running.append(many(1, 1)).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.path().parent().unwrap()), 0o700);
    for extension in ["", "-wal", "-shm", ".lock", ".key"] {
        let path = format!("{}{extension}", world.path().display());
        assert_eq!(mode(Path::new(&path)), 0o600, "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn the_newest_whole_snapshot_is_found_and_two_are_kept() {
    let world = World::new();
    world.fill(many(1, 30)).await;
    let store = world.open().await;
    let large = vec![7_u8; limits::SNAPSHOT_CHUNK_BYTES * 2 + 5];
    for seq in [10, 20, 30] {
        store.save_snapshot(seq, 1, &large).await.unwrap();
    }
    let latest = store.latest_snapshot().await.unwrap().expect("a snapshot");
    assert_eq!((latest.seq, latest.version, latest.bytes.len()), (30, 1, large.len()));
    store.save_snapshot(40, 1, b"ahead of the journal").await.unwrap();
    assert_eq!(store.latest_snapshot().await.unwrap().expect("a snapshot").seq, 30);
    drop(store);
    world.tamper("UPDATE snapshot_chunks SET bytes = x'00' WHERE seq = 30 AND chunk = 1").await;
    let store = world.open().await;
    assert_eq!(store.latest_snapshot().await.unwrap(), None, "20 was dropped by 40, 30 is broken");
}

/// What a store leaves that is killed after 30 commits: its file in a folder, its log, and where the log's whole frames end.
async fn left_by_a_crash() -> (tempfile::TempDir, Vec<u8>, usize) {
    let world = World::new();
    let running = world.run().await;
    for event in many(1, 30) {
        running.append(vec![event]).await;
    }
    // Who closes in good order folds the log into the file; a killed process does not come to it.
    let open = running.store.clone();
    running.crash().await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(world.path(), folder.path().join("cordial.db")).expect("a copy");
    let bytes = std::fs::read(format!("{}-wal", world.path().display())).expect("the log");
    drop(open);
    let (salts, frame) = (bytes[16..24].to_vec(), 24 + 4_096);
    let frames = bytes[32..].chunks_exact(frame).take_while(|frame| frame[8..16] == salts[..]).count();
    (folder, bytes, 32 + frames * frame)
}

#[tokio::test]
async fn a_torn_write_at_the_end_of_the_log_is_counted_and_dropped() {
    let (folder, bytes, end) = left_by_a_crash().await;
    let mut torn = bytes[..end].to_vec();
    torn.extend(&bytes[32..1_032]);
    std::fs::write(folder.path().join("cordial.db-wal"), torn).expect("a copy");
    let store = Store::open(&folder.path().join("cordial.db"), Options::default()).await.expect("it opens");
    assert_eq!(store.torn_bytes(), 1_000);
    assert_eq!(store.verify_journal().await.unwrap(), 30);
}

#[tokio::test]
async fn a_flipped_bit_in_the_log_keeps_the_store_from_opening_and_the_log_as_it_is() {
    let (folder, bytes, end) = left_by_a_crash().await;
    let (file, log) = (folder.path().join("cordial.db"), folder.path().join("cordial.db-wal"));
    for at in [5, 30, 32 + 24 + 7, end / 2] {
        let mut flipped = bytes[..end].to_vec();
        flipped[at] ^= 4;
        std::fs::write(&log, &flipped).expect("a copy");
        let fault = Store::open(&file, Options::default()).await.err().expect("refused");
        assert!(matches!(fault, StoreError::Log { .. }), "byte {at}: {fault}");
        assert_eq!(std::fs::read(&log).expect("the log"), flipped, "byte {at}");
    }
    std::fs::write(&log, &bytes[..end]).expect("a copy");
    let store = Store::open(&file, Options::default()).await.expect("whole again");
    assert_eq!((store.torn_bytes(), store.verify_journal().await.unwrap()), (0, 30));
}

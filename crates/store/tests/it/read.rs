use cordial_engine::cdr::RecordingState;
use cordial_engine::entry::{Entry, EntryId, Queue};
use cordial_engine::id::{AgentId, QueueId};
use cordial_engine::{Event, Fact, WallTime};
use cordial_store::{
    CdrCursor, CdrFilter, CdrSort, DirectoryKind, Rebuild, RecordingFilter, RecordingPhase, Store, StoreError,
};

use crate::world::{
    NOON, OTHER, TENANT, World, call, call_guid, event, events, number, queue_added, recording_guid, text,
};

/// Two queues, then `calls` calls of the first tenant and one of the other.
fn day(calls: u64) -> Vec<Event> {
    let mut facts = vec![queue_added(3, "Sales"), queue_added(4, "Support")];
    facts.extend((1..=calls).flat_map(call));
    let mut all = events(1, TENANT, facts);
    all.extend(events(all.len() as u64 + 1, OTHER, call(calls + 1)));
    all
}

async fn listed(store: &Store, filter: CdrFilter) -> Vec<u64> {
    let page = store.cdrs(TENANT, &CdrFilter { limit: 100, ..filter }).await.expect("a page");
    page.cdrs.iter().map(|cdr| cdr.call.0).collect()
}

#[tokio::test]
async fn a_closed_call_is_found_by_each_filter() {
    let world = World::new();
    let running = world.run().await;
    running.append(day(6)).await;
    let store = &running.store;
    let all = CdrFilter::default;
    assert_eq!(listed(store, all()).await, [6, 5, 4, 3, 2, 1]);
    let ascending = true;
    assert_eq!(listed(store, CdrFilter { ascending, ..all() }).await, [1, 2, 3, 4, 5, 6]);
    let sort = CdrSort::Wait;
    assert_eq!(listed(store, CdrFilter { sort, ..all() }).await, [1, 2, 3, 4, 5, 6]);
    let queue = Some(QueueId(3));
    assert_eq!(listed(store, CdrFilter { queue, ..all() }).await.len(), 6);
    let queue = Some(QueueId(4));
    assert!(listed(store, CdrFilter { queue, ..all() }).await.is_empty());
    let agent = Some(AgentId(2));
    assert_eq!(listed(store, CdrFilter { agent, ..all() }).await, [4, 1]);
    let number_of_2 = Some(number("+492"));
    let filter = CdrFilter { number: number_of_2, ..all() };
    assert_eq!(listed(store, filter).await, [2]);
    let third = store.cdr(TENANT, call_guid(3)).await.unwrap().expect("the third");
    let (from, to) = (Some(third.started), Some(WallTime(third.started.0 + 1)));
    assert_eq!(listed(store, CdrFilter { from, to, ..all() }).await, [3]);
    running.stop().await;
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_or_a_repeat() {
    let world = World::new();
    let running = world.run().await;
    running.append(day(7)).await;
    for sort in [CdrSort::Started, CdrSort::Talk, CdrSort::Wait, CdrSort::Closed] {
        let mut filter = CdrFilter { sort, limit: 3, ..CdrFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = running.store.cdrs(TENANT, &filter).await.unwrap();
            seen.extend(page.cdrs.iter().map(|cdr| cdr.call.0));
            let Some(next) = page.next else { break };
            filter.after = CdrCursor::parse(&next.to_string());
            assert_eq!(filter.after, Some(next));
        }
        let expected = if sort == CdrSort::Wait { [1, 2, 3, 4, 5, 6, 7] } else { [7, 6, 5, 4, 3, 2, 1] };
        assert_eq!(seen, expected, "{sort:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_tenant_sees_nothing_of_another() {
    let world = World::new();
    let running = world.run().await;
    running.append(day(2)).await;
    let store = &running.store;
    let mine = store.cdrs(OTHER, &CdrFilter { limit: 100, ..CdrFilter::default() }).await.unwrap();
    assert_eq!(mine.cdrs.iter().map(|cdr| cdr.call.0).collect::<Vec<_>>(), [3]);
    let agent = Some(AgentId(2));
    let filter = CdrFilter { agent, limit: 9, ..CdrFilter::default() };
    assert!(store.cdrs(OTHER, &filter).await.unwrap().cdrs.is_empty());
    for (guid, recording) in [(call_guid(1), recording_guid(1)), (call_guid(2), recording_guid(2))] {
        assert!(store.cdr(TENANT, guid).await.unwrap().is_some());
        assert!(store.cdr(OTHER, guid).await.unwrap().is_none());
        let cdr = store.cdr(TENANT, guid).await.unwrap().expect("its record");
        assert_eq!(store.cdr_of_call(TENANT, cdr.call).await.unwrap(), Some(cdr.clone()));
        assert!(store.cdr_of_call(OTHER, cdr.call).await.unwrap().is_none());
        let kept = store.recording_of_id(TENANT, cdr.recordings[0].recording).await.unwrap();
        assert_eq!(kept.map(|kept| kept.guid), Some(recording));
        assert!(store.recording_of_id(OTHER, cdr.recordings[0].recording).await.unwrap().is_none());
        assert!(store.recording(TENANT, recording).await.unwrap().is_some());
        assert!(store.recording(OTHER, recording).await.unwrap().is_none());
    }
    let sales = EntryId::Queue(QueueId(3));
    assert!(store.directory_name(TENANT, sales).await.unwrap().is_some());
    assert!(store.directory_name(OTHER, sales).await.unwrap().is_none());
    assert!(store.directory(OTHER, DirectoryKind::Queue, 0).await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_file_saved_after_the_record_reaches_both_models() {
    let world = World::new();
    let running = world.run().await;
    let mut facts = call(1);
    let saved = facts.pop().expect("the file's fact");
    running.append(events(1, TENANT, facts)).await;
    let before = running.store.recording(TENANT, recording_guid(1)).await.unwrap().expect("a recording");
    assert_eq!((before.phase, before.audio_ms), (RecordingPhase::Stopped, 0));
    assert_eq!(running.store.recordings_without_end(TENANT).await.unwrap(), [before]);
    assert_eq!(running.store.recordings_without_end(OTHER).await.unwrap(), []);
    running.append(vec![event(14, TENANT, saved)]).await;
    let after = running.store.recording(TENANT, recording_guid(1)).await.unwrap().expect("a recording");
    assert_eq!((after.phase, after.audio_ms, after.bytes), (RecordingPhase::Saved, 200, 6_444));
    assert_eq!(running.store.recordings_without_end(TENANT).await.unwrap(), []);
    assert_eq!((after.call_guid, after.file_key.clone()), (call_guid(1), recording_guid(1).to_string()));
    let cdr = running.store.cdr(TENANT, call_guid(1)).await.unwrap().expect("a record");
    assert_eq!((&cdr.recordings[0].state, cdr.recordings[0].audio_ms), (&RecordingState::Saved, 200));
    let filter = RecordingFilter {
        call: Some(call_guid(1)),
        agent: Some(AgentId(2)),
        from: Some(NOON),
        limit: 10,
        ..RecordingFilter::default()
    };
    let page = running.store.recordings(TENANT, &filter).await.unwrap();
    assert_eq!((page.recordings, page.next), (vec![after], None));
    running.stop().await;
}

#[tokio::test]
async fn a_removed_entry_keeps_its_name() {
    let world = World::new();
    let running = world.run().await;
    let id = EntryId::Queue(QueueId(3));
    let entry = Entry::from(Queue::named(text("Sales north")));
    let facts = vec![queue_added(3, "Sales"), Fact::EntryChanged { id, entry }, Fact::EntryRemoved { id }];
    running.append(events(1, TENANT, facts)).await;
    let names = running.store.directory(TENANT, DirectoryKind::Queue, 0).await.unwrap();
    assert_eq!(names.len(), 1);
    assert_eq!((names[0].name.as_str(), names[0].removed), ("Sales north", true));
    running.stop().await;
}

#[tokio::test]
async fn a_follower_restarted_anywhere_makes_the_same_rows() {
    let world = World::new();
    let store = world.open().await;
    let (writer, journal) = store.writer().await.unwrap();
    let running = tokio::spawn(writer.run(|_| {}));
    let all = day(3);
    let last = all.len() as u64;
    for event in all {
        journal.append(event).await.unwrap();
    }
    journal.durable().wait_for(|seq| *seq == last).await.unwrap();
    for goal in 1..=last {
        let mut follower = store.follower().await.unwrap();
        follower.catch_up(goal).await.unwrap();
    }
    let report = store.rebuild(Rebuild::Compare).await.unwrap();
    assert_eq!((report.seq, report.differing, report.differences.as_slice()), (last, 0, &[][..]));
    assert_eq!(report.rows[0], ("cdrs", 4));
    drop(journal);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_crash_leaves_read_models_that_catch_up() {
    let world = World::new();
    let running = world.run().await;
    for event in day(40) {
        running.journal.append(event).await.unwrap();
    }
    running.journal.durable().wait_for(|seq| *seq >= 300).await.unwrap();
    running.crash().await;
    let running = world.run().await;
    let last = running.store.last_seq().await.unwrap();
    running.store.folded(last).await;
    let report = running.store.rebuild(Rebuild::Compare).await.unwrap();
    assert_eq!((report.seq, report.differing), (last, 0), "{:?}", report.differences);
    running.stop().await;
}

#[tokio::test]
async fn a_rebuild_tells_every_difference_and_can_put_it_right() {
    let world = World::new();
    world.fill(day(3)).await;
    world
        .tamper(
            "UPDATE cdrs SET talk_ms = talk_ms + 1 WHERE call_id = 1; \
             DELETE FROM recordings WHERE recording_id = 2; \
             INSERT INTO directory VALUES ('queue', 77, 1, '00', 'Ghost', 0);",
        )
        .await;
    let store = world.open().await;
    let report = store.rebuild(Rebuild::Compare).await.unwrap();
    let told: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "cdrs: call-1 is not as the journal says",
            "recordings: recording-2 is missing",
            "directory: queue-77 should not be there",
        ]
    );
    assert!(!report.replaced);
    assert!(store.rebuild(Rebuild::Replace).await.unwrap().replaced);
    let report = store.rebuild(Rebuild::Compare).await.unwrap();
    assert_eq!((report.differing, report.rows[0].1), (0, 4));
    assert!(store.recording(TENANT, recording_guid(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_not_dropped() {
    let world = World::new();
    world.fill(day(1)).await;
    world.tamper("UPDATE cdrs SET record = '{}' WHERE call_id = 1").await;
    let store = world.open().await;
    let fault = store.cdr(TENANT, call_guid(1)).await.expect_err("a fault");
    assert!(matches!(fault, StoreError::Row { table: "cdrs", .. }), "{fault}");
}

#[tokio::test]
async fn a_recording_that_failed_says_why_in_both_models() {
    let world = World::new();
    let running = world.run().await;
    let mut facts = call(1);
    facts.pop();
    facts.push(Fact::RecordingFailed {
        recording: cordial_engine::id::RecordingId(1),
        call: cordial_engine::id::CallId(1),
        why: text("no space left"),
    });
    running.append(events(1, TENANT, facts)).await;
    let stored = running.store.recording(TENANT, recording_guid(1)).await.unwrap().expect("a recording");
    assert_eq!((stored.phase, stored.why.as_deref()), (RecordingPhase::Failed, Some("no space left")));
    let cdr = running.store.cdr(TENANT, call_guid(1)).await.unwrap().expect("a record");
    assert_eq!(cdr.recordings[0].state, RecordingState::Failed(text("no space left")));
    running.stop().await;
}

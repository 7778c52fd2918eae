use cordial_engine::WallTime;
use cordial_engine::id::DeviceId;
use cordial_store::{Begun, KnownDestination, StoreError, limits};

use crate::world::{NOON, OTHER, TENANT, World};

const THIS: [u8; 32] = [1; 32];
const THAT: [u8; 32] = [2; 32];

#[tokio::test]
async fn a_repeated_key_gets_the_first_answer() {
    let world = World::new();
    let store = world.open().await;
    let begin = |fingerprint| store.begin_idempotent(TENANT, "key-1", fingerprint, NOON);
    assert_eq!(begin(THIS).await.unwrap(), Begun::Fresh);
    assert_eq!(begin(THIS).await.unwrap(), Begun::InProgress);
    assert_eq!(begin(THAT).await.unwrap(), Begun::Different);
    store.finish_idempotent(TENANT, "key-1", b"201 call-7").await.unwrap();
    assert_eq!(begin(THIS).await.unwrap(), Begun::Done(b"201 call-7".to_vec()));
    assert_eq!(begin(THAT).await.unwrap(), Begun::Different);
    let other = store.begin_idempotent(OTHER, "key-1", THAT, NOON).await.unwrap();
    assert_eq!(other, Begun::Fresh, "a key belongs to its tenant");
}

#[tokio::test]
async fn a_key_survives_the_process_and_lapses_after_a_day() {
    let world = World::new();
    let store = world.open().await;
    store.begin_idempotent(TENANT, "answered", THIS, NOON).await.unwrap();
    store.finish_idempotent(TENANT, "answered", b"ok").await.unwrap();
    store.begin_idempotent(TENANT, "unanswered", THIS, NOON).await.unwrap();
    drop(store);
    let store = world.open().await;
    let begin = |key, now| store.begin_idempotent(TENANT, key, THIS, now);
    let later = WallTime(NOON.0 + limits::IDEMPOTENCY_MS);
    assert_eq!(begin("answered", NOON).await.unwrap(), Begun::Done(b"ok".to_vec()));
    assert_eq!(begin("unanswered", NOON).await.unwrap(), Begun::Interrupted);
    assert_eq!(begin("answered", later).await.unwrap(), Begun::Fresh);
}

#[tokio::test]
async fn an_abandoned_key_can_be_used_again_and_an_answered_one_cannot() {
    let world = World::new();
    let store = world.open().await;
    let begin = || store.begin_idempotent(TENANT, "key", THIS, NOON);
    begin().await.unwrap();
    store.abandon_idempotent(TENANT, "key").await.unwrap();
    assert_eq!(begin().await.unwrap(), Begun::Fresh);
    store.finish_idempotent(TENANT, "key", b"done").await.unwrap();
    store.abandon_idempotent(TENANT, "key").await.unwrap();
    assert_eq!(begin().await.unwrap(), Begun::Done(b"done".to_vec()));
}

#[tokio::test]
async fn of_two_who_take_a_key_at_once_one_gets_it() {
    let world = World::new();
    let store = world.open().await;
    let (a, b) = tokio::join!(
        store.begin_idempotent(TENANT, "key", THIS, NOON),
        store.begin_idempotent(TENANT, "key", THIS, NOON),
    );
    let mut both = [a.unwrap(), b.unwrap()];
    both.sort_by_key(|begun| *begun != Begun::Fresh);
    assert_eq!(both, [Begun::Fresh, Begun::InProgress]);
}

#[tokio::test]
async fn an_overlong_key_is_refused_and_an_overlong_answer_forgotten() {
    let world = World::new();
    let store = world.open().await;
    let key = "k".repeat(limits::IDEMPOTENCY_KEY_BYTES_MAX + 1);
    let refused = store.begin_idempotent(TENANT, &key, THIS, NOON).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    store.begin_idempotent(TENANT, "key", THIS, NOON).await.unwrap();
    let long = vec![0; limits::RESPONSE_BYTES_MAX + 1];
    store.finish_idempotent(TENANT, "key", &long).await.unwrap();
    let begun = store.begin_idempotent(TENANT, "key", THIS, NOON).await.unwrap();
    assert_eq!(begun, Begun::Interrupted);
}

#[tokio::test]
async fn bindings_come_back_after_a_restart_unless_they_lapsed() {
    let world = World::new();
    let store = world.open().await;
    let until = |seconds: i64| WallTime(NOON.0 + seconds * 1_000);
    let kept = |json: &str, seconds| Some((json.to_owned(), until(seconds)));
    store
        .save_bindings(&[
            (DeviceId(1), kept("[1]", 60)),
            (DeviceId(2), kept("[2]", 5)),
            (DeviceId(3), kept("[3]", 60)),
        ])
        .await
        .unwrap();
    store.save_bindings(&[(DeviceId(3), None), (DeviceId(1), kept("[1,1]", 90))]).await.unwrap();
    drop(store);
    let store = world.open().await;
    let loaded = store.load_bindings(until(5)).await.unwrap();
    let loaded: Vec<_> = loaded.iter().map(|b| (b.device, b.json.as_str(), b.expires)).collect();
    assert_eq!(loaded, [(DeviceId(1), "[1,1]", until(90))]);
}

#[tokio::test]
async fn every_question_can_be_asked_from_any_thread() {
    fn sendable<T: Send>(future: T) {
        drop(future);
    }
    let world = World::new();
    let store = world.open().await;
    let guid = cordial_engine::id::Guid(1);
    let owner = cordial_store::Owner::Installation;
    sendable(store.cdrs(TENANT, &cordial_store::CdrFilter::default()));
    sendable(store.cdr(TENANT, guid));
    sendable(store.recordings(TENANT, &cordial_store::RecordingFilter::default()));
    sendable(store.recording(TENANT, guid));
    sendable(store.directory(TENANT, cordial_store::DirectoryKind::Queue, 0));
    sendable(store.events(0, 1));
    sendable(store.tail());
    sendable(store.writer());
    sendable(store.follower());
    sendable(store.folded(0));
    sendable(store.flush());
    sendable(store.rebuild(cordial_store::Rebuild::Replace));
    sendable(store.save_snapshot(1, 1, b""));
    sendable(store.latest_snapshot());
    sendable(store.save_bindings(&[]));
    sendable(store.load_bindings(NOON));
    sendable(store.begin_idempotent(TENANT, "", THIS, NOON));
    sendable(store.finish_idempotent(TENANT, "", b""));
    sendable(store.verify_password(None, ""));
    sendable(store.set_password(cordial_engine::id::UserId(1), "", NOON));
    sendable(store.first_run_token(NOON));
    sendable(store.revoke_token(owner, cordial_store::TokenId::parse("0123456789abcdef").expect("an id")));
    sendable(store.set_device_secret(DeviceId(1), None));
    sendable(store.trunk_passwords());
    let path = world.path();
    sendable(cordial_store::Store::open(&path, cordial_store::Options::default()));
}

#[tokio::test]
async fn where_clients_listen_is_known_after_a_restart_until_they_are_long_gone() {
    let world = World::new();
    let store = world.open().await;
    let at = |tenant, name: &str, url: Option<&str>| KnownDestination {
        tenant,
        name: name.to_owned(),
        url: url.map(str::to_owned),
    };
    let topic = at(TENANT, "desk-1", None);
    let called = at(OTHER, "desk-1", Some("http://crm.example/events"));
    for known in [&topic, &called, &topic] {
        store.remember_destination(known, NOON).await.unwrap();
    }
    drop(store);
    let store = world.open().await;
    assert_eq!(store.destinations().await.unwrap(), [topic.clone(), called.clone()]);
    let later = WallTime(NOON.0 + limits::DESTINATION_LIFE_MS);
    store.remember_destination(&topic, later).await.unwrap();
    let next = WallTime(later.0 + 1);
    store.remember_destination(&topic, next).await.unwrap();
    assert_eq!(store.destinations().await.unwrap(), [topic]);
    for n in 0..limits::DESTINATIONS_MAX + 5 {
        let known = at(TENANT, &format!("desk-{n}"), None);
        store.remember_destination(&known, WallTime(next.0 + n)).await.unwrap();
    }
    let known = store.destinations().await.unwrap();
    assert_eq!(i64::try_from(known.len()).unwrap(), limits::DESTINATIONS_MAX);
    assert!(!known.iter().any(|known| known.name == "desk-2"), "the oldest are forgotten");
}

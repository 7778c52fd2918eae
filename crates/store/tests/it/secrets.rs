use std::time::{Duration, Instant};

use cordial_engine::WallTime;
use cordial_engine::id::{AgentId, DeviceId, TrunkId, UserId};
use cordial_store::{
    DeviceSecret, NewToken, Options, Owner, PasswordFault, Scope, Store, StoreError, limits,
};

use crate::world::{NOON, OTHER, TENANT, World};

fn token(owner: Owner, expires: Option<WallTime>) -> NewToken {
    NewToken {
        owner,
        user: Some(UserId(4)),
        name: "crm".to_owned(),
        scopes: [Scope::Read, Scope::Supervise].into(),
        expires,
    }
}

#[tokio::test]
async fn a_token_speaks_for_its_owner_until_it_is_revoked() {
    let world = World::new();
    let store = world.open().await;
    let issued = store.create_token(token(Owner::Tenant(TENANT), None), NOON).await.unwrap();
    let text = issued.reveal();
    assert!(text.starts_with("cordial_") && text.len() == 8 + 16 + 1 + 64, "{}", text.len());
    let identity = store.authenticate(&text, NOON).expect("it holds");
    assert_eq!((identity.owner, identity.user), (Owner::Tenant(TENANT), Some(UserId(4))));
    assert_eq!(identity.scopes, [Scope::Read, Scope::Supervise].into());
    assert!(!store.revoke_token(Owner::Tenant(OTHER), issued.id).await.unwrap(), "not another's to revoke");
    assert!(store.authenticate(&text, NOON).is_some());
    assert!(store.revoke_token(Owner::Tenant(TENANT), issued.id).await.unwrap());
    assert_eq!(store.authenticate(&text, NOON), None);
    drop(store);
    assert_eq!(world.open().await.authenticate(&text, NOON), None);
}

#[tokio::test]
async fn a_token_holds_across_a_restart_and_shows_its_last_use() {
    let world = World::new();
    let store = world.open().await;
    let issued = store.create_token(token(Owner::Tenant(TENANT), None), NOON).await.unwrap();
    let later = WallTime(NOON.0 + 5_000);
    drop(store);
    let store = world.open().await;
    assert!(store.authenticate(&issued.reveal(), later).is_some());
    store.flush().await.unwrap();
    drop(store);
    let store = world.open().await;
    let listed = store.tokens(Owner::Tenant(TENANT));
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].name.as_str(), listed[0].last_used), ("crm", Some(later)));
    assert!(store.tokens(Owner::Tenant(OTHER)).is_empty());
}

#[tokio::test]
async fn nothing_that_is_nearly_a_token_is_one() {
    let world = World::new();
    let store = world.open().await;
    let expires = Some(WallTime(NOON.0 + 1));
    let issued = store.create_token(token(Owner::Tenant(TENANT), expires), NOON).await.unwrap();
    let text = issued.reveal();
    let mut wrong = text.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    let elsewhere = format!("cordial_{}{}", "0".repeat(16), &text[24..]);
    for bad in
        [&wrong, &elsewhere, &text[1..], &text[..text.len() - 2], "", "cordial_", "cordial__", "cordial_é_é"]
    {
        assert_eq!(store.authenticate(bad, NOON), None, "{bad}");
    }
    assert!(store.authenticate(&text, NOON).is_some());
    assert_eq!(store.authenticate(&text, WallTime(NOON.0 + 1)), None, "it is over");
}

#[tokio::test]
async fn the_secret_of_a_token_is_nowhere_in_the_files() {
    let world = World::new();
    let store = world.open().await;
    let issued = store.create_token(token(Owner::Tenant(TENANT), None), NOON).await.unwrap();
    store.set_trunk_password(TrunkId(1), Some("a carrier's password")).await.unwrap();
    store.flush().await.unwrap();
    let text = issued.reveal();
    let secret = &text[25..];
    let raw: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&secret[2 * i..2 * i + 2], 16).unwrap()).collect();
    // The store stays open meanwhile: its connections take the log's files away when they close, some time after a drop.
    for entry in std::fs::read_dir(world.path().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in [secret.as_bytes(), &raw, b"a carrier's password"] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle));
        }
    }
    drop(store);
}

#[tokio::test]
async fn the_first_start_gives_one_token_and_later_ones_none() {
    let world = World::new();
    let store = world.open().await;
    let first = store.first_run_token(NOON).await.unwrap().expect("a token");
    let identity = store.authenticate(&first.reveal(), NOON).expect("it holds");
    assert_eq!(identity.owner, Owner::Installation);
    assert!(store.first_run_token(NOON).await.unwrap().is_none());
    let next_day = WallTime(NOON.0 + limits::FIRST_RUN_TOKEN_MS);
    assert_eq!(store.authenticate(&first.reveal(), next_day), None);
    assert!(store.first_run_token(next_day).await.unwrap().is_some(), "nobody could log in otherwise");
}

#[tokio::test]
async fn no_first_token_once_somebody_has_a_password() {
    let world = World::new();
    let store = world.open().await;
    store.set_password(UserId(1), "correct horse", NOON).await.unwrap();
    assert!(store.first_run_token(NOON).await.unwrap().is_none());
}

#[tokio::test]
async fn a_password_is_verified_and_a_wrong_one_is_not() {
    let world = World::new();
    let store = world.open().await;
    store.set_password(UserId(1), "correct horse", NOON).await.unwrap();
    assert!(store.verify_password(Some(UserId(1)), "correct horse").await.unwrap());
    assert!(!store.verify_password(Some(UserId(1)), "correct horsf").await.unwrap());
    assert!(!store.verify_password(Some(UserId(2)), "correct horse").await.unwrap());
    assert!(!store.verify_password(None, "a password that nobody has").await.unwrap());
    store.remove_password(UserId(1)).await.unwrap();
    assert!(!store.verify_password(Some(UserId(1)), "correct horse").await.unwrap());
    let short = store.set_password(UserId(1), "short", NOON).await;
    assert!(matches!(short, Err(StoreError::Password(PasswordFault::TooShort))));
}

#[tokio::test]
async fn a_password_that_was_right_is_recognised_until_it_is_another() {
    let world = World::new();
    let store = world.open().await;
    let ann = UserId(1);
    store.set_password(ann, "correct horse", NOON).await.unwrap();
    assert!(!store.recognises_password(ann, "correct horse").await.unwrap());
    assert!(!store.verify_password_for_a_while(Some(ann), "wrong horse").await.unwrap());
    assert!(!store.recognises_password(ann, "wrong horse").await.unwrap());
    assert!(store.verify_password_for_a_while(Some(ann), "correct horse").await.unwrap());
    assert!(store.recognises_password(ann, "correct horse").await.unwrap());
    assert!(!store.recognises_password(UserId(2), "correct horse").await.unwrap());
    store.set_password(ann, "battery staple", NOON).await.unwrap();
    assert!(!store.recognises_password(ann, "correct horse").await.unwrap());
    assert!(store.verify_password_for_a_while(Some(ann), "battery staple").await.unwrap());
    store.remove_password(ann).await.unwrap();
    assert!(!store.recognises_password(ann, "battery staple").await.unwrap());
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let world = World::new();
    let store = world.open().await;
    store.set_password(UserId(1), "correct horse", NOON).await.unwrap();
    store.verify_password(None, "warm up").await.unwrap();
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..3 {
        for (user, fastest) in [Some(UserId(1)), None].into_iter().zip(&mut fastest) {
            let began = Instant::now();
            assert!(!store.verify_password(user, "wrong horse").await.unwrap());
            *fastest = began.elapsed().min(*fastest);
        }
    }
    assert!(fastest[1] > fastest[0] / 3, "{fastest:?}");
}

#[tokio::test]
async fn device_secrets_and_trunk_passwords_come_back() {
    let world = World::new();
    let store = world.open().await;
    // RFC 7616 section 3.9.1 uses these names; the digests are of "Mufasa:http-auth@example.org:Circle of Life".
    let secret = DeviceSecret::derive("Mufasa", "http-auth@example.org", "Circle of Life");
    let hex: String = secret.ha1_md5.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "3d78807defe7de2157e2b0b6573a855f");
    store.set_device_secret(DeviceId(9), Some(secret)).await.unwrap();
    store.set_device_secret(DeviceId(8), Some(secret)).await.unwrap();
    store.set_device_secret(DeviceId(8), None).await.unwrap();
    store.set_trunk_password(TrunkId(3), Some("geheim")).await.unwrap();
    drop(store);
    let store = world.open().await;
    let secrets = store.device_secrets().await.unwrap();
    assert!(secrets.len() == 1 && secrets[0].0 == DeviceId(9) && secrets[0].1 == secret);
    assert!(store.device_secret(DeviceId(9)).await.unwrap() == Some(secret));
    assert_eq!(store.trunk_passwords().await.unwrap(), [(TrunkId(3), "geheim".to_owned())]);
}

#[tokio::test]
async fn digests_of_pins_come_back_and_are_not_kept_as_they_are() {
    let world = World::new();
    let store = world.open().await;
    for agent in [3, 4] {
        store.set_agent_pin(AgentId(agent), Some([agent as u8; 32])).await.unwrap();
    }
    store.set_agent_pin(AgentId(4), None).await.unwrap();
    drop(store);
    let kept = std::fs::read(world.path()).unwrap();
    assert!(!kept.windows(32).any(|bytes| bytes == [3; 32]), "a digest is sealed");
    let store = world.open().await;
    assert_eq!(store.agent_pins().await.unwrap(), [(AgentId(3), [3; 32])]);
}

#[tokio::test]
async fn a_sealed_secret_opens_for_its_owner_and_with_its_key_only() {
    let world = World::new();
    let store = world.open().await;
    store.set_trunk_password(TrunkId(3), Some("geheim")).await.unwrap();
    drop(store);
    world.tamper("UPDATE trunk_secrets SET trunk = 4").await;
    let store = world.open().await;
    let moved = store.trunk_passwords().await.expect_err("it was sealed for trunk 3");
    assert!(matches!(&moved, StoreError::Sealed { of } if of == "trunk-4"), "{moved}");
    drop(store);
    let key = world.folder.path().join("var/cordial.db.key");
    std::fs::remove_file(&key).unwrap();
    let missing = Store::open(&world.path(), Options::default()).await.err().expect("no key");
    assert!(matches!(missing, StoreError::KeyMissing { .. }), "{missing}");
    std::fs::write(&key, "not a key").unwrap();
    let unreadable = Store::open(&world.path(), Options::default()).await.err().expect("no key");
    assert!(matches!(unreadable, StoreError::KeyUnreadable { .. }), "{unreadable}");
}

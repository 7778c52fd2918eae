//! What lies on disk or comes by HTTP: journal records, the configuration, bodies of the native API.

use std::path::Path;

use cordial_dialects::names::{Find, Named, Names};
use cordial_dialects::native::decode::{self, EntryBody};
use cordial_dialects::native::encode;
use cordial_dialects::native::wire;
use cordial_engine::entry::{Entry, EntryId, Kind};
use cordial_engine::id::{
    AgentId, BlacklistedNumberId, CalendarId, CallId, ContactId, DeviceId, DispositionId, Guid, PhoneBookId,
    QueueId, ReasonId, RouteId, SkillId, TeamId, TrunkId, UserId,
};
use cordial_store::Codec;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::server::config::Config;

/// A record is read or refused; what was read is written so that it reads the same.
pub(crate) fn journal(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    match Codec::CURRENT.decode(line) {
        Ok(event) => {
            let written = Codec::CURRENT.encode(&event);
            assert!(!written.contains('\n'), "a record is one line");
            assert_eq!(Codec::CURRENT.decode(&written).as_ref(), Ok(&event), "{written}");
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}

/// A configuration is read or refused with a sentence.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(refused) = Config::parse(Path::new("cordial.toml"), text) {
        assert!(refused.to_string().contains("cordial.toml"), "{refused}");
    }
}

/// Every guid below 64 names the entry of that number, of any kind.
struct Town;

const KNOWN: u64 = 64;

impl Find for Town {
    fn find(&self, kind: Kind, guid: Guid) -> Option<EntryId> {
        let id = u64::try_from(guid.0).ok().filter(|id| *id < KNOWN)?;
        match kind {
            Kind::User => Some(EntryId::User(UserId(id))),
            Kind::Agent => Some(EntryId::Agent(AgentId(id))),
            Kind::Team => Some(EntryId::Team(TeamId(id))),
            Kind::Device => Some(EntryId::Device(DeviceId(id))),
            Kind::Trunk => Some(EntryId::Trunk(TrunkId(id))),
            Kind::Queue => Some(EntryId::Queue(QueueId(id))),
            Kind::Route => Some(EntryId::Route(RouteId(id))),
            Kind::Reason => Some(EntryId::Reason(ReasonId(id))),
            Kind::Calendar => Some(EntryId::Calendar(CalendarId(id))),
            Kind::Disposition => Some(EntryId::Disposition(DispositionId(id))),
            Kind::Skill => Some(EntryId::Skill(SkillId(id))),
            Kind::PhoneBook => Some(EntryId::PhoneBook(PhoneBookId(id))),
            Kind::Contact => Some(EntryId::Contact(ContactId(id))),
            Kind::BlacklistedNumber => Some(EntryId::BlacklistedNumber(BlacklistedNumberId(id))),
            Kind::Tenant | Kind::Call | Kind::Leg | Kind::Offer | Kind::Recording => None,
        }
    }
}

impl Names for Town {
    fn guid(&self, of: Named) -> Option<Guid> {
        Some(Guid(u128::from(of.key().1)))
    }
}

/// Every body of the native API, chosen by the first byte.
pub(crate) fn native_json(bytes: &[u8]) {
    let Some((operation, body)) = bytes.split_first() else {
        return;
    };
    let (agent, call) = (AgentId(1), CallId(1));
    match operation {
        b'a' => entry::<wire::User>(body),
        b'b' => entry::<wire::Agent>(body),
        b'c' => entry::<wire::Team>(body),
        b'd' => entry::<wire::Device>(body),
        b'e' => entry::<wire::Trunk>(body),
        b'f' => entry::<wire::Queue>(body),
        b'g' => entry::<wire::Route>(body),
        b'h' => entry::<wire::Reason>(body),
        b'i' => entry::<wire::Disposition>(body),
        b'v' => entry::<wire::BlacklistedNumber>(body),
        b'K' => entry::<wire::Skill>(body),
        b'P' => entry::<wire::PhoneBook>(body),
        b'C' => entry::<wire::Contact>(body),
        b'O' => given(body, |body| decode::log_out(agent, body, &Town)),
        b'j' => given(body, |body| decode::log_in(agent, body, &Town)),
        b'k' => given(body, |body| decode::not_ready(agent, &body, &Town)),
        b'l' => given(body, |body| decode::set_handling(agent, &body, &Town)),
        b'm' => given(body, |body| {
            let body: wire::SetMembership = body;
            Ok::<_, Vec<_>>(decode::set_membership(agent, QueueId(1), body))
        }),
        b'n' => given(body, |body| decode::place_call(&body, &Town)),
        b'o' => given(body, |body| decode::set_disposition(call, Some(agent), &body, &Town)),
        b'p' => given(body, |body| decode::pause_recording(call, &body, &Town)),
        b'q' => given(body, |body| decode::user_password(&body)),
        b'r' => given(body, |body| decode::trunk_password(&body)),
        b's' => given(body, |body| decode::tenant(&body)),
        b't' => given(body, |body| decode::token(&body, &Town)),
        b'u' => given(body, |body: wire::LogIn| Ok::<_, Vec<_>>(body)),
        _ => {}
    }
}

/// A body is read or refused; every fault of its fields has a pointer into it and a sentence.
fn given<T: DeserializeOwned, R>(
    body: &[u8],
    decode: impl FnOnce(T) -> Result<R, Vec<cordial_dialects::native::problem::FieldError>>,
) {
    let Ok(body) = serde_json::from_slice::<T>(body) else {
        return;
    };
    if let Err(faults) = decode(body) {
        assert!(!faults.is_empty(), "refused without a fault");
        for fault in &faults {
            assert!(fault.pointer.starts_with('/') && !fault.detail.is_empty(), "{fault:?}");
        }
    }
}

/// As `given`; and what the directory keeps is told so that it can be put back.
fn entry<T: DeserializeOwned + EntryBody>(body: &[u8]) {
    given(body, |body: T| {
        let first = body.entry(&Town)?;
        let told = encode::entry(&first, &Town).expect("everything is named in this town");
        let told = plain(&told);
        let again: T = serde_json::from_value(told.clone())
            .unwrap_or_else(|error| panic!("{error}: {told} cannot be put back"));
        assert_eq!(again.entry(&Town).as_ref(), Ok(&first), "{told}");
        Ok::<Entry, Vec<_>>(first)
    });
}

/// A file of contacts is read or refused; of each contact that is taken once, what is dialled has no blanks, and nothing
/// has lines.
pub(crate) fn contacts(bytes: &[u8]) {
    let Ok(file) = decode::ContactFile::read(bytes) else {
        return;
    };
    let mut seen = std::collections::BTreeSet::new();
    for row in &file.rows {
        assert!(row.line > 1, "the header is no contact: {row:?}");
        assert!(!row.number.contains(char::is_whitespace), "{row:?}");
        let body = row.body(wire::Id(Guid(1)));
        let all = [&body.first_name, &body.last_name, &body.number, &body.description];
        assert!(all.iter().all(|text| !text.contains(['\r', '\n'])), "{row:?}");
        assert!(seen.insert((&row.first_name, &row.last_name, &row.number)), "{row:?} twice");
        if let Err(faults) = body.entry(&Town) {
            assert!(!faults.is_empty(), "refused without a fault");
        }
    }
}

fn plain(told: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(told).expect("wire types are plain values")
}

//! What is written down can be read for ever: every fact's form is pinned, and no pinned form is ever dropped.

use std::collections::BTreeMap;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use cordial_engine::agent::{
    Absence, CallSettings, Duty, ForwardTo, Handling, Membership, Missed, PendingMembership, WhyLoggedOut,
    WhyNotReady,
};
use cordial_engine::blacklist::{BlacklistLevel, BlacklistPrompts, BlacklistedNumber, CallerPlace};
use cordial_engine::call::{
    Cause, ConsultationEnd, Direction, Joining, NotKept, OfferEnd, ParkingEnd, Preferred, Role, TransferTo,
    VariableName, WaitingEnd, Widening, Withdrawn,
};
use cordial_engine::code::{Feature, FeatureCodes};
use cordial_engine::command::{Access, Origin};
use cordial_engine::entry;
use cordial_engine::entry::{
    AfterMissed, AtClosing, Choice, Conditions, Destination, Emergency, Entry, EntryId, Holiday, Hours,
    MenuKey, Overflow, Priority, Reach, Sticky, Strategy, Tier, Told, Treatment, Zone,
};
use cordial_engine::estimate::WaitRange;
use cordial_engine::id::*;
use cordial_engine::outbound::{NotOut, OutboundLimit, OutboundRules};
use cordial_engine::{Actor, Endpoint, Event, Fact, Timestamp, WallTime};
use cordial_store::codec::{self, Codec, DecodeError, Upcast};
use serde_json::Value;

use crate::world::{number, text};

const TIER: Tier = Tier { level: 1, position: 3, skill: 70 };

const CODEC: Codec = Codec::CURRENT;

fn golden_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/facts.jsonl")
}

fn golden() -> String {
    std::fs::read_to_string(golden_path()).expect("the golden file")
}

#[test]
fn every_fact_is_written_as_it_is_pinned() {
    let mut pinned = golden();
    let known: BTreeSet<String> = pinned.lines().map(str::to_owned).collect();
    let records: Vec<String> = examples().iter().map(|event| CODEC.encode(event)).collect();
    let fresh: Vec<&String> = records.iter().filter(|record| !known.contains(*record)).collect();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        for record in fresh {
            writeln!(pinned, "{record}").expect("memory");
        }
        // The other tests read it meanwhile.
        let fresh = golden_path().with_extension("new");
        std::fs::write(&fresh, pinned)
            .and_then(|()| std::fs::rename(fresh, golden_path()))
            .expect("the golden file");
        return;
    }
    assert!(
        fresh.is_empty(),
        "{} records are not written as they are pinned, the first:\n{}\nIf a fact is new, run with UPDATE_EXPECT=1 \
         to add it. If a fact is written otherwise than before, raise its version in the codec and add an upcast \
         first: what was pinned must still be read.",
        fresh.len(),
        fresh[0]
    );
}

#[test]
fn every_fact_has_an_example() {
    let shown: BTreeSet<&str> = examples().iter().map(|event| codec::name(&event.fact)).collect();
    let all: BTreeSet<&str> = codec::NAMES.iter().copied().collect();
    assert_eq!(all.difference(&shown).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn whatever_was_pinned_is_still_read() {
    let pinned = golden();
    assert!(pinned.lines().count() >= codec::NAMES.len());
    for line in pinned.lines() {
        if let Err(error) = CODEC.decode(line) {
            panic!("{error}: {line}");
        }
    }
}

#[test]
fn an_event_comes_back_as_it_was() {
    for event in examples() {
        assert_eq!(CODEC.decode(&CODEC.encode(&event)).as_ref(), Ok(&event));
    }
}

#[test]
fn an_old_version_is_brought_up_and_a_newer_one_refused() {
    const RENAMED: Codec = Codec {
        versions: &[("AgentReady", 3)],
        upcasts: &[
            Upcast {
                fact: "AgentReady",
                from: 1,
                change: |mut fields| {
                    let who = fields["who"].take();
                    fields["worker"] = who;
                    Ok(fields)
                },
            },
            Upcast {
                fact: "AgentReady",
                from: 2,
                change: |fields| match fields.get("worker").and_then(Value::as_u64) {
                    Some(worker) => Ok(serde_json::json!({ "agent": worker + 1_000 })),
                    None => Err("no worker".to_owned()),
                },
            },
        ],
    };
    let line = |version: u16, fields: &str| {
        format!(
            r#"{{"v":{version},"event":{{"seq":1,"at":2,"wall":3,"tenant":4,"by":"policy","fact":{{"AgentReady":{fields}}}}}}}"#
        )
    };
    let agent = |decoded: Result<Event, DecodeError>| decoded.map(|event| event.fact);
    let ready = |agent| Ok(Fact::AgentReady { agent: AgentId(agent) });
    assert_eq!(agent(RENAMED.decode(&line(1, r#"{"who":7}"#))), ready(1_007));
    assert_eq!(agent(RENAMED.decode(&line(2, r#"{"worker":7}"#))), ready(1_007));
    assert_eq!(agent(RENAMED.decode(&line(3, r#"{"agent":7}"#))), ready(7));
    // A form that would fit by chance is still of its own version.
    assert_eq!(
        RENAMED.decode(&line(2, r#"{"agent":7}"#)),
        Err(DecodeError::Unreadable("no worker".to_owned()))
    );
    let newer = DecodeError::Newer { fact: "AgentReady".to_owned(), found: 4, known: 3 };
    assert_eq!(RENAMED.decode(&line(4, r#"{"agent":7}"#)), Err(newer));
    for broken in ["", "{}", "[]", r#"{"v":1}"#, r#"{"v":1,"event":{"fact":{}}}"#, "\u{0}", &line(3, "{}")] {
        assert!(matches!(RENAMED.decode(broken), Err(DecodeError::Unreadable(_))), "{broken}");
    }
}

/// At least one of every fact, and among them one of every value of the enums within.
fn examples() -> Vec<Event> {
    let facts = [
        directory(),
        agents(),
        calls(),
        queues(),
        recordings(),
        outbound(),
        pending_memberships(),
        skills(),
        phone_books(),
        codes_and_mailboxes(),
        blacklist(),
        hours(),
        sessions(),
    ]
    .concat();
    let by_user = facts.into_iter().map(|fact| event(Actor::User(UserId(1)), fact));
    let others = [Actor::Operator, Actor::Device(DeviceId(2)), Actor::Network, Actor::Policy];
    let by_others = others.map(|by| event(by, Fact::AgentReady { agent: AgentId(2) }));
    by_user.chain(by_others).collect()
}

/// What is the same for all: a new example leaves the others as they are pinned.
fn event(by: Actor, fact: Fact) -> Event {
    Event {
        seq: 1,
        at: Timestamp(10),
        wall: WallTime(1_700_000_000_000),
        tenant: TenantId(1),
        by,
        origin: matches!(by, Actor::User(_)).then(|| Origin {
            token: Some(text("0123456789abcdef")),
            address: Some(std::net::Ipv4Addr::LOCALHOST.into()),
        }),
        fact,
    }
}

const GUID: Guid = Guid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);

fn calendar() -> entry::Calendar {
    let hours = |from, to| Hours { from, to };
    entry::Calendar {
        name: text("Office"),
        zone: Zone::parse("Europe/Berlin").expect("a zone of the database"),
        week: std::array::from_fn(
            |day| if day < 5 { vec![hours(540, 720), hours(780, 1_020)] } else { vec![] },
        ),
        holidays: vec![Holiday {
            name: text("Christmas"),
            first: "2026-12-24".parse().expect("a date"),
            last: "2026-12-26".parse().expect("a date"),
            yearly: true,
            hours: vec![hours(540, 600)],
        }],
    }
}

fn hours() -> Vec<Fact> {
    let (calendar, queue) = (CalendarId(10), QueueId(6));
    let until = Some(WallTime(1_700_000_040_000));
    vec![
        Fact::CalendarTurned { calendar, open: true, until, due: Timestamp(40_000) },
        Fact::CalendarTurned { calendar, open: false, until: None, due: Timestamp(80_000) },
        Fact::NightModeSet { queue, on: true },
        Fact::EmergencySet { queue: Some(queue), emergency: Some(Emergency { to: None }) },
        Fact::EmergencySet {
            queue: None,
            emergency: Some(Emergency { to: Some(Overflow::Announcement(text("en/emergency"))) }),
        },
        Fact::EmergencySet { queue: None, emergency: None },
    ]
}

fn codes_and_mailboxes() -> Vec<Fact> {
    vec![
        Fact::AccessNoted { what: Access::SecretSet { id: EntryId::User(UserId(1)) } },
        Fact::AccessNoted { what: Access::TokenMade { token: text("0123456789abcdef"), name: text("crm") } },
        Fact::AccessNoted { what: Access::TokenEnded { token: text("0123456789abcdef") } },
        Fact::AccessNoted {
            what: Access::Refused { operation: text("DELETE /v1/queues/{id}"), code: text("forbidden") },
        },
        Fact::FeatureCodesSet { codes: FeatureCodes::default() },
        Fact::FeatureCodeDialled {
            call: CallId(7),
            agent: Some(AgentId(2)),
            feature: Feature::LogIn,
            argument: Some(number("8000")),
            refused: Some(text("not-assigned")),
        },
        Fact::CallTransferred {
            call: CallId(7),
            leg: LegId(8),
            device: DeviceId(4),
            agent: Some(AgentId(2)),
            to: TransferTo::Number(number("8000")),
        },
        Fact::CallTransferred {
            call: CallId(7),
            leg: LegId(8),
            device: DeviceId(4),
            agent: None,
            to: TransferTo::Mailbox(AgentId(3)),
        },
        Fact::CallParked {
            call: CallId(7),
            leg: LegId(8),
            slot: 3,
            device: DeviceId(4),
            until: Timestamp(120_000),
            reminded: 1,
        },
        Fact::ParkingEnded { call: CallId(7), slot: 3, end: ParkingEnd::Retrieved },
        Fact::ParkingEnded { call: CallId(7), slot: 3, end: ParkingEnd::Abandoned },
        Fact::ParkingEnded { call: CallId(7), slot: 3, end: ParkingEnd::Cleared },
        Fact::MonitoringStarted {
            call: CallId(9),
            monitored: CallId(7),
            agent: AgentId(2),
            follows: false,
            whispers: false,
        },
        Fact::MonitoringStarted {
            call: CallId(9),
            monitored: CallId(7),
            agent: AgentId(2),
            follows: true,
            whispers: true,
        },
        Fact::MonitoringAsked {
            call: CallId(9),
            agent: AgentId(2),
            monitored: Some(CallId(7)),
            follows: false,
            whispers: true,
        },
        Fact::MonitoringAsked {
            call: CallId(9),
            agent: AgentId(2),
            monitored: None,
            follows: true,
            whispers: false,
        },
        Fact::MonitoringWaits { call: CallId(9) },
        Fact::MonitoringModeSet { call: CallId(9), whispers: true },
        Fact::VariablesSet {
            call: CallId(7),
            variables: BTreeMap::from([
                (VariableName::parse("callVariable1").expect("a name"), Some(text("gold"))),
                (VariableName::parse("x.y").expect("a name"), None),
            ]),
        },
        Fact::NumberAsked {
            call: CallId(9),
            agent: AgentId(2),
            feature: Feature::ForwardOn,
            digits: text("49"),
        },
        Fact::MailboxReached { call: CallId(7), agent: AgentId(2) },
        Fact::MailboxOpened { call: CallId(7), agent: AgentId(2) },
        Fact::MessagePlayed { call: CallId(7), agent: AgentId(2), message: RecordingId(12) },
        Fact::MessageLeft {
            agent: AgentId(2),
            message: RecordingId(12),
            guid: Guid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            caller: Some(number("+4930123")),
            caller_name: text("Bob"),
            audio_ms: 7_000,
        },
        Fact::MessageMarked { agent: AgentId(2), message: RecordingId(12), heard: true },
        Fact::MessageRemoved { agent: AgentId(2), message: RecordingId(12) },
        Fact::AnnouncementStarted {
            call: CallId(7),
            prompts: vec![text("tones/denied"), text("en/not-in-queue")],
        },
    ]
}

fn directory() -> Vec<Fact> {
    let mut facts = vec![Fact::TenantAdded { guid: GUID, name: text("Acme"), domain: text("acme.example") }];
    facts.extend(entries().map(|(id, entry)| Fact::EntryAdded { id, guid: GUID, entry }));
    let busy = entry::Queue {
        number: Some(number("700")),
        strategy: Strategy::RingAll,
        on_no_answer: AfterMissed::Rest { delay_ms: 5_000 },
        max_wait_ms: Some(60_000),
        overflow: Overflow::Queue(QueueId(8)),
        treatment: Treatment {
            greeting: Some(text("en/welcome")),
            music: Some(text("music")),
            language: Some(text("es")),
            position: Told::Once,
            wait: Told::Again,
            messages: vec![text("en/web")],
            announce_ms: 30_000,
            menu: vec![
                MenuKey { key: '1', prompt: None, choice: Choice::Callback },
                MenuKey {
                    key: '#',
                    prompt: Some(text("en/help")),
                    choice: Choice::Leave(Overflow::Queue(QueueId(8))),
                },
            ],
        },
        briefing: Some(text("en/sales")),
        callback_ms: 3_600_000,
        service_level_percent: 90,
        ..entry::Queue::named(text("Sales"))
    };
    let searching = entry::Queue {
        skill_first: true,
        when_full: Overflow::Number(number("+4930")),
        refuse_when: Conditions::NOBODY_LOGGED_IN,
        leave_when: Conditions::NOBODY_AVAILABLE,
        leave_after_ms: 30_000,
        leave_min_wait_ms: 5_000,
        when_empty: Overflow::Number(number("+4931")),
        calendar: Some(CalendarId(10)),
        when_closed: Overflow::Announcement(text("en/closed")),
        at_closing: AtClosing::SendAway,
        in_emergency: Overflow::Queue(QueueId(8)),
        progress_ms: 5_000,
        reach: vec![Reach { max_level: 0, ..Reach::ALL }, Reach { after_ms: 30_000, ..Reach::ALL }],
        skip_empty_levels: true,
        weight: 2,
        promote_after_ms: Some(600_000),
        sticky: Some(Sticky { remember_ms: 86_400_000, wait_ms: 10_000 }),
        ..entry::Queue::named(text("Sales"))
    };
    let strategies = [
        Strategy::LongestIdle,
        Strategy::LeastRecent,
        Strategy::RoundRobin,
        Strategy::TopDown,
        Strategy::Sequential,
        Strategy::FewestCalls,
        Strategy::LeastTalk,
        Strategy::Random,
        Strategy::WeightedRandom,
        Strategy::RingAll,
        Strategy::RingLevel,
        Strategy::RingProgressively,
    ];
    facts.extend(strategies.map(|strategy| Fact::EntryChanged {
        id: EntryId::Queue(QueueId(6)),
        entry: Entry::from(entry::Queue { strategy, ..searching.clone() }),
    }));
    facts.extend([
        Fact::EntryChanged { id: EntryId::Queue(QueueId(6)), entry: Entry::from(busy) },
        Fact::EntryRemoved { id: EntryId::Reason(ReasonId(8)) },
        Fact::AgentAssigned { agent: AgentId(2), queue: QueueId(6), tier: Tier::default() },
        Fact::AgentAssigned { agent: AgentId(2), queue: QueueId(6), tier: TIER },
        Fact::TierSet { agent: AgentId(2), queue: QueueId(6), tier: TIER },
        Fact::AgentUnassigned { agent: AgentId(2), queue: QueueId(6) },
        Fact::NodeStarted { version: text("0.1.0") },
    ]);
    let destinations = [Destination::Agent(AgentId(2)), Destination::Device(DeviceId(4)), Destination::Clear];
    facts.extend(destinations.map(|destination| Fact::EntryChanged {
        id: EntryId::Route(RouteId(7)),
        entry: Entry::Route(entry::Route::to(number("+4930999"), destination)),
    }));
    facts
}

fn entries() -> impl Iterator<Item = (EntryId, Entry)> {
    let roles =
        [entry::Role::Agent, entry::Role::Supervisor, entry::Role::QueueManager, entry::Role::Administrator];
    [
        (
            EntryId::User(UserId(1)),
            Entry::User(entry::User {
                name: text("ann"),
                roles: roles.into(),
                teams: Some([TeamId(3)].into()),
                queues: None,
            }),
        ),
        (
            EntryId::Agent(AgentId(2)),
            Entry::Agent(entry::Agent {
                number: Some(number("201")),
                user: Some(UserId(1)),
                team: Some(TeamId(3)),
                mailbox: Some(entry::Mailbox { greeting: Some(text("en/ann")), unsolicited: false }),
                ..entry::Agent::named(text("Ann"))
            }),
        ),
        (EntryId::Team(TeamId(3)), Entry::Team(entry::Team { name: text("North"), sees_monitoring: false })),
        (
            EntryId::Device(DeviceId(4)),
            Entry::Device(entry::Device {
                digest: entry::Digest::Md5,
                owner: Some(AgentId(2)),
                hot_desk: true,
                ..entry::Device::numbered(number("301"), text("Ann's phone"))
            }),
        ),
        (
            EntryId::Trunk(TrunkId(5)),
            Entry::Trunk(entry::Trunk {
                name: text("carrier"),
                address: text("192.0.2.1:5060"),
                transport: entry::Transport::Tls,
                sources: vec![text("192.0.2.2")],
                username: Some(text("acme")),
                authenticate_inbound: true,
                outbound_prefixes: vec![number("+49")],
                caller_number: Some(number("+4930999")),
            }),
        ),
        (EntryId::Queue(QueueId(6)), Entry::from(entry::Queue::named(text("Sales")))),
        (
            EntryId::Route(RouteId(7)),
            Entry::Route(entry::Route {
                number: number("+4930999"),
                greeting: Some(text("en/welcome")),
                destination: Destination::Queue(QueueId(6)),
                priority: Priority { urgency: 1, head_start_ms: 0 },
                calendar: Some(CalendarId(10)),
                closed_greeting: Some(text("en/closed")),
                preference: Some(entry::Preference { agent: AgentId(2), wait_ms: 20_000 }),
                when_closed: Destination::Queue(QueueId(6)),
            }),
        ),
        (EntryId::Reason(ReasonId(8)), Entry::Reason(entry::Reason::named(text("Lunch")))),
        (
            EntryId::Disposition(DispositionId(9)),
            Entry::Disposition(entry::Disposition { name: text("Sold") }),
        ),
        (EntryId::Calendar(CalendarId(10)), Entry::Calendar(Box::new(calendar()))),
    ]
    .into_iter()
}

fn blacklist() -> Vec<Fact> {
    let prompts = BlacklistPrompts { first: Some(text("en/refused")), second: None };
    let number = BlacklistedNumberId(10);
    let entry = BlacklistedNumber {
        number: self::number("+4930666"),
        level: BlacklistLevel::Second,
        until: Some(WallTime(1_800_000_000_000)),
        enabled: true,
        note: text("shouts"),
        place: CallerPlace { longitude: text("13.4"), latitude: text("52.5"), address: text("Berlin") },
    };
    vec![
        Fact::EntryAdded {
            id: EntryId::BlacklistedNumber(number),
            guid: GUID,
            entry: Entry::BlacklistedNumber(entry),
        },
        Fact::BlacklistPromptsSet { prompts },
        Fact::CallerBlacklisted { call: CallId(1), queue: QueueId(6), number },
    ]
}

fn agents() -> Vec<Fact> {
    let agent = AgentId(2);
    let device = DeviceId(4);
    let queue = QueueId(6);
    let until = Timestamp(99_000);
    let not_ready = |reason| Duty::NotReady { reason, note: text("back at 3 \"sharp\"") };
    let mut facts = vec![
        Fact::DeviceRegistered { device },
        Fact::DeviceUnregistered { device },
        Fact::AgentLoggedIn { agent, device, moved_from: None },
        Fact::AgentLoggedOut { agent, why: None, reason: None },
        Fact::AgentReady { agent },
        Fact::AgentRested { agent, until },
        Fact::AgentRestEnded { agent },
        Fact::DutyPending { agent, duty: None, reason: None },
    ];
    let reasons = [
        None,
        Some(WhyNotReady::Reason(ReasonId(8))),
        Some(WhyNotReady::Absence(Absence::Break)),
        Some(WhyNotReady::Absence(Absence::Tasks)),
        Some(WhyNotReady::NoAnswer),
        Some(WhyNotReady::Declined),
        Some(WhyNotReady::Unreachable),
        Some(WhyNotReady::Busy),
    ];
    facts.extend(reasons.map(|reason| Fact::AgentNotReady { agent, duty: not_ready(reason) }));
    let duties = [Duty::LoggedOut, not_ready(None), Duty::Ready];
    facts.extend(duties.map(|duty| Fact::DutyPending { agent, duty: Some(duty), reason: None }));
    let handlings = [Handling::Ring, Handling::Busy, Handling::Forward(number("302"))];
    facts.extend(handlings.map(|handling| Fact::HandlingSet { agent, handling }));
    let settings = CallSettings {
        busy: Some(ForwardTo::Number(number("302"))),
        no_answer: Some(ForwardTo::Voicemail),
        unreachable: None,
    };
    facts.push(Fact::CallSettingsSet { agent, settings });
    let missed = [Missed::Busy, Missed::NoAnswer, Missed::Unreachable];
    let to = ForwardTo::Number(number("302"));
    facts.extend(missed.map(|missed| Fact::CallForwarded { call: CallId(7), agent, missed, to: to.clone() }));
    let memberships = [Membership::Out, Membership::NotReady, Membership::Ready];
    facts.extend(memberships.map(|membership| Fact::MembershipSet { agent, queue, membership }));
    facts
}

fn sessions() -> Vec<Fact> {
    let agent = AgentId(2);
    let why = [
        WhyLoggedOut::Asked,
        WhyLoggedOut::Forced { by: Actor::User(UserId(1)) },
        WhyLoggedOut::DeskTaken { agent: AgentId(3) },
    ];
    let mut facts: Vec<Fact> =
        why.map(|why| Fact::AgentLoggedOut { agent, why: Some(why), reason: None }).into();
    let (device, moved_from) = (DeviceId(5), Some(DeviceId(4)));
    facts.push(Fact::AgentLoggedIn { agent, device, moved_from });
    let call = CallId(9);
    facts.push(Fact::LogInAsked { call, digits: text("201"), pin: true, wrong: 1 });
    let refused = |until| Fact::PinRefused { call, agent, wrong: 3, until };
    facts.extend([None, Some(Timestamp(900_000))].map(refused));
    facts
}

fn calls() -> Vec<Fact> {
    let call = CallId(10);
    let (leg, a, b) = (LegId(11), LegId(11), LegId(12));
    let directions = [
        (Direction::Inbound, Some(number("+4930111"))),
        (Direction::Outbound, None),
        (Direction::Internal, Some(number("301"))),
    ];
    let mut facts: Vec<Fact> = directions
        .map(|(direction, caller)| Fact::CallStarted {
            call,
            guid: GUID,
            direction,
            caller,
            caller_name: text("Ольга"),
            dialled: number("+4930999"),
        })
        .into();
    let ends = [
        (Role::Caller, Endpoint::Trunk(TrunkId(5)), None),
        (Role::Callee, Endpoint::Device(DeviceId(4)), Some(AgentId(2))),
    ];
    facts.extend(ends.map(|(role, endpoint, agent)| Fact::LegAdded {
        call,
        leg,
        guid: GUID,
        role,
        arrived: agent.is_none(),
        endpoint,
        agent,
    }));
    facts.extend([
        Fact::LegRinging { call, leg },
        Fact::LegAnswered { call, leg },
        Fact::LegSaved { leg, dialog: "{\"tag\":\"x\"}\n".to_owned() },
        Fact::LegHeld { call, leg, by_command: false },
        Fact::LegRetrieved { call, leg, by_command: false },
        Fact::LegHeld { call, leg, by_command: true },
        Fact::LegRetrieved { call, leg, by_command: true },
        Fact::LegMuted { call, leg, muted: true },
        Fact::DigitsSent { call, leg, digits: 3 },
        Fact::LegsMixed { call, legs: vec![a, b, leg] },
        Fact::LegMoved { leg, from: call, to: CallId(11) },
        Fact::LegsBridged { call, a, b },
        Fact::LegsUnbridged { call, a, b },
        Fact::GreetingStarted { call, prompt: text("en/welcome") },
    ]);
    let (other, device) = (CallId(11), DeviceId(5));
    for agent in [Some(AgentId(2)), None] {
        facts.push(Fact::ConsultationStarted { call: other, of: call, leg, device, agent });
    }
    let ends = [
        ConsultationEnd::Returned,
        ConsultationEnd::CallerGone,
        ConsultationEnd::AgentGone,
        ConsultationEnd::NodeRestarted,
    ];
    facts.extend(ends.map(|end| Fact::ConsultationEnded { call: other, of: call, end }));
    for how in [Joining::Transfer, Joining::Conference, Joining::Barge, Joining::TakeOver] {
        let (legs, agent) = (vec![b], Some(AgentId(2)));
        facts.push(Fact::CallsJoined { call, from: other, legs, how, device, agent });
    }
    for queue in [Some(QueueId(6)), None] {
        facts.push(Fact::AgentConnected { call, agent: AgentId(2), leg, queue });
    }
    facts.push(Fact::AgentDisconnected { call, agent: AgentId(2) });
    let causes = [
        Cause::Normal,
        Cause::Busy,
        Cause::NoAnswer,
        Cause::Rejected,
        Cause::AnsweredElsewhere,
        Cause::Unreachable,
        Cause::NoRoute,
        Cause::Full,
        Cause::Failed(488),
        Cause::Lost,
        Cause::NodeRestarted,
    ];
    facts.extend(causes.map(|cause| Fact::LegCleared { call, leg, cause }));
    facts.push(Fact::CallCleared { call, cause: Cause::Normal });
    facts.push(Fact::CallClosed { call });
    facts
}

fn queues() -> Vec<Fact> {
    let (call, queue, agent) = (CallId(10), QueueId(6), AgentId(2));
    let offer = OfferId(13);
    let mut facts = vec![
        Fact::CallQueued {
            call,
            queue,
            entered: Timestamp(5),
            priority: Priority::default(),
            preferred: None,
        },
        Fact::CallQueued {
            call,
            queue,
            entered: Timestamp(5),
            priority: Priority { urgency: 2, head_start_ms: 60_000 },
            preferred: Some(Preferred { agent: AgentId(2), until: Timestamp(9_000) }),
        },
        Fact::SearchWidened { call, queue, by: Widening::Step(1) },
        Fact::SearchWidened { call, queue, by: Widening::OneMore },
        Fact::SearchWidened { call, queue, by: Widening::Anyone },
        Fact::SearchWidened { call, queue, by: Widening::Promoted },
        Fact::CallerTold {
            call,
            queue,
            position: Some(3),
            wait: Some(WaitRange::of(240_000)),
            message: Some(1),
        },
        Fact::CallerTold { call, queue, position: None, wait: None, message: None },
        Fact::ServiceLevelBreached { call, queue, breached: 2, waiting: 5 },
        Fact::CallbackAsked {
            call,
            of: CallId(9),
            queue,
            number: number("+4930"),
            until: Timestamp(14_400_000),
        },
        Fact::BriefingStarted { call, agent, leg: LegId(12), prompt: text("en/sales") },
        Fact::OfferMade { offer, call, queue, agent, leg: LegId(12), deadline: Timestamp(20_005) },
        Fact::WrapUpStarted { agent, call, queue, until: Timestamp(90_000) },
        Fact::WrapUpExtended { agent, call, until: Timestamp(120_000) },
        Fact::WrapUpEnded { agent, call },
        Fact::DispositionSet { call, agent, disposition: DispositionId(9), note: text("two boxes") },
    ];
    let ends = [
        WaitingEnd::Answered,
        WaitingEnd::Abandoned,
        WaitingEnd::Overflowed,
        WaitingEnd::Refused,
        WaitingEnd::LeftByKey,
        WaitingEnd::CalledBack,
        WaitingEnd::TurnedAway(NotKept::Empty),
        WaitingEnd::SentAway(NotKept::Empty),
        WaitingEnd::TurnedAway(NotKept::Closed),
        WaitingEnd::TurnedAway(NotKept::Night),
        WaitingEnd::SentAway(NotKept::Emergency),
    ];
    facts.extend(ends.map(|end| Fact::WaitingEnded { call, queue, end, waited_ms: 4_000 }));
    let ends = [
        OfferEnd::Accepted,
        OfferEnd::Declined,
        OfferEnd::Expired,
        OfferEnd::Withdrawn(Withdrawn::CallerGone),
        OfferEnd::Withdrawn(Withdrawn::AnsweredBy(AgentId(3), OfferId(14))),
        OfferEnd::Withdrawn(Withdrawn::DeviceLost),
        OfferEnd::Withdrawn(Withdrawn::QueueGaveUp(queue)),
        OfferEnd::Withdrawn(Withdrawn::NodeRestarted),
    ];
    facts.extend(ends.map(|end| Fact::OfferEnded { offer, call, agent, end }));
    facts
}

fn recordings() -> Vec<Fact> {
    let (recording, call) = (RecordingId(15), CallId(10));
    vec![
        Fact::RecordingStarted { recording, guid: GUID, call, agent: AgentId(2) },
        Fact::RecordingPaused { recording, call, reason: text("card number") },
        Fact::RecordingResumed { recording, call },
        Fact::RecordingStopped { recording, call },
        Fact::RecordingSaved { recording, call, audio_ms: 61_000, paused_ms: 4_000, bytes: 1_952_044 },
        Fact::RecordingFailed { recording, call, why: text("no space left") },
    ]
}

fn pending_memberships() -> Vec<Fact> {
    let (agent, queue) = (AgentId(2), QueueId(6));
    let wishes = [
        PendingMembership::Out,
        PendingMembership::In,
        PendingMembership::NotReady,
        PendingMembership::WrapUp,
    ];
    let wishes = std::iter::once(None).chain(wishes.map(Some));
    wishes.map(|wish| Fact::MembershipPending { agent, queue, wish }).collect()
}

fn outbound() -> Vec<Fact> {
    let rules = OutboundRules {
        denied: vec![number("+881"), number("0900")],
        lead_out_again: true,
        ..OutboundRules::default()
    };
    let whys = [
        NotOut::Denied,
        NotOut::LedOutAgain,
        NotOut::Limit(OutboundLimit::Calls),
        NotOut::Limit(OutboundLimit::CallsPerDevice),
        NotOut::Limit(OutboundLimit::CallsPerMinute),
        NotOut::Limit(OutboundLimit::MinutesPerDay),
    ];
    let ends = [Endpoint::Device(DeviceId(4)), Endpoint::Trunk(TrunkId(5))].into_iter().cycle();
    let mut facts = vec![Fact::OutboundRulesSet { rules }];
    let number = number("00881600123");
    facts.extend(ends.zip(whys).map(|(from, why)| Fact::OutboundRefused {
        from,
        number: number.clone(),
        why,
    }));
    facts
}

fn phone_books() -> Vec<Fact> {
    let (book, agent, reason) = (PhoneBookId(12), AgentId(2), Some(ReasonId(14)));
    let contact = entry::Contact {
        phone_book: book,
        first_name: text("Ann"),
        last_name: text("Lee"),
        number: number("+4930123456"),
        description: text("pumps"),
    };
    let of = |name: &str, team| Entry::PhoneBook(entry::PhoneBook { name: text(name), team });
    let leaves =
        entry::Reason { category: entry::ReasonCategory::LogOut, ..entry::Reason::named(text("Shift over")) };
    vec![
        Fact::EntryAdded { id: EntryId::PhoneBook(book), guid: GUID, entry: of("Suppliers", None) },
        Fact::EntryChanged { id: EntryId::PhoneBook(book), entry: of("Suppliers", Some(TeamId(3))) },
        Fact::EntryAdded {
            id: EntryId::Contact(ContactId(13)),
            guid: GUID,
            entry: Entry::Contact(Box::new(contact)),
        },
        Fact::EntryRemoved { id: EntryId::Contact(ContactId(13)) },
        Fact::EntryAdded { id: EntryId::Reason(ReasonId(14)), guid: GUID, entry: Entry::Reason(leaves) },
        Fact::DutyPending { agent, duty: Some(Duty::LoggedOut), reason },
        Fact::AgentLoggedOut { agent, why: Some(WhyLoggedOut::Asked), reason },
    ]
}

fn skills() -> Vec<Fact> {
    let (skill, queue) = (SkillId(11), QueueId(6));
    let level = |level| vec![entry::SkillLevel { skill, level }];
    let french = Entry::Skill(entry::Skill { name: text("French") });
    let speaker = entry::Agent { skills: level(5), ..entry::Agent::named(text("Ann")) };
    let needs = entry::Queue {
        skills: level(8),
        rings: vec![
            entry::Ring { after_ms: 20_000, relax: level(4) },
            entry::Ring { after_ms: 40_000, relax: level(0) },
        ],
        ..entry::Queue::named(text("Sales"))
    };
    vec![
        Fact::EntryAdded { id: EntryId::Skill(skill), guid: GUID, entry: french },
        Fact::EntryChanged { id: EntryId::Agent(AgentId(2)), entry: Entry::Agent(speaker) },
        Fact::EntryChanged { id: EntryId::Queue(queue), entry: needs.into() },
    ]
}

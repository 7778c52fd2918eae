//! Anything in any order: the invariants hold after every input, and after a crash at any record.

use cordial_engine::agent::{Absence, Attend, CallSettings, ForwardTo, Handling, Membership, QueueWish};
use cordial_engine::call::{
    CallAction, Cause, Digits, Joining, Monitored, Supervision, TransferTo, VariableName,
};
use cordial_engine::command::Command;
use cordial_engine::entry::{
    AfterMissed, AtClosing, Calendar, Choice, Condition, Conditions, Contact, Device, Emergency, Hours,
    Mailbox, MenuKey, Overflow, PhoneBook, Preference, Priority, Queue, Reach, Reason, ReasonCategory, Ring,
    SkillLevel, Sticky, Strategy as QueueStrategy, Tier, Told, Zone,
};
use cordial_engine::id::*;
use cordial_engine::outbound::OutboundRules;
use cordial_engine::view::LegView;
use cordial_engine::{Actor, Endpoint, Engine, Input, Kind, Report, Timestamp};
use proptest::prelude::*;

use crate::checks::Checks;
use crate::world::{World, name, number};

/// A step drawn at random: what is done, and three small numbers to choose by.
type Step = (u8, u8, u8, u8);

struct Tenant {
    id: TenantId,
    agents: Vec<AgentId>,
    devices: Vec<DeviceId>,
    queues: Vec<QueueId>,
    trunk: TrunkId,
    reason: ReasonId,
    /// For logging out.
    end_of_shift: ReasonId,
    calendar: CalendarId,
    skill: SkillId,
}

fn furnished() -> (World, Vec<Tenant>) {
    let mut world = World::new();
    let mut tenants = Vec::new();
    for called in ["acme", "other"] {
        if called == "other" {
            world.add_tenant(called);
        }
        world.furnish();
        let help = world.queue("help");
        world.change_queue("sales", |queue| {
            queue.max_wait_ms = Some(45_000);
            queue.overflow = Overflow::Queue(help);
            queue.on_decline = AfterMissed::Rest { delay_ms: 2_000 };
            queue.max_waiting = 3;
        });
        let ann = world.agent("ann");
        for label in ["ann", "bob"] {
            let id = world.ids[label];
            let Some(cordial_engine::Entry::Agent(mut agent)) = world.engine.entry(world.tenant, id) else {
                unreachable!()
            };
            agent.mailbox = Some(Mailbox::default());
            world.granted(Command::Change(id, cordial_engine::Entry::Agent(agent)));
        }
        // ann has a second phone, and two desks are for whoever comes: agents move.
        for (label, owner, hot_desk) in [("104", Some(ann), false), ("103", None, true), ("102", None, true)]
        {
            let device = Device { owner, hot_desk, ..Device::numbered(number(label), name(label)) };
            world.granted(Command::Change(world.ids[label], cordial_engine::Entry::Device(device)));
        }
        world.change_queue("sales", |queue| {
            queue.treatment.menu = menu(Overflow::Voicemail(ann));
            (queue.treatment.position, queue.treatment.wait) = (Told::Again, Told::Again);
            queue.treatment.announce_ms = 10_000;
            queue.callback_ms = 90_000;
            queue.service_level_ms = 5_000;
        });
        world.change_queue("help", |queue| {
            queue.max_wait_ms = Some(60_000);
            queue.overflow = Overflow::Voicemail(ann);
        });
        world.change_rules(|rules| {
            (rules.calls, rules.calls_per_device, rules.calls_per_minute, rules.minutes_per_day) =
                (3, 1, 5, 2);
        });
        // Open for two minutes of each three, so that it turns while the steps are done.
        let minutes = (0..8).map(|n| Hours { from: 1_333 + n * 3, to: 1_335 + n * 3 });
        let calendar = Calendar {
            name: name("minutes"),
            zone: Zone::parse("Etc/UTC").unwrap(),
            week: std::array::from_fn(|_| minutes.clone().collect()),
            holidays: Vec::new(),
        };
        let id = world.add("minutes", cordial_engine::Entry::Calendar(Box::new(calendar)));
        let cordial_engine::EntryId::Calendar(calendar) = id else { unreachable!() };
        let cordial_engine::EntryId::Reason(reason) = world.ids["break"] else { unreachable!() };
        let skill = crate::skills::skill(&mut world, "french");
        let end = Reason { category: ReasonCategory::LogOut, ..Reason::named(name("end of shift")) };
        let end = world.add("end of shift", cordial_engine::Entry::Reason(end));
        let cordial_engine::EntryId::Reason(end_of_shift) = end else { unreachable!() };
        tenants.push(Tenant {
            skill,
            id: world.tenant,
            agents: ["ann", "bob", "cid"].map(|label| world.agent(label)).to_vec(),
            devices: ["101", "102", "103", "104"].map(|label| world.device(label)).to_vec(),
            queues: ["sales", "help"].map(|label| world.queue(label)).to_vec(),
            trunk: world.trunk("carrier"),
            reason,
            end_of_shift,
            calendar,
        });
    }
    (world, tenants)
}

fn pick<T: Copy>(things: &[T], by: u8) -> T {
    things[usize::from(by) % things.len()]
}

const DIALLED: [&str; 32] = [
    "5551", "5552", "5551", "5553", "5554", "101", "102", "201", "600", "004912", "+4991", "5555", "*36",
    "*36600", "*375551", "*38", "*38600", "*39", "*21", "*57", "*97101", "*97202", "*98", "*46", "*70",
    "*70201", "*54102", "*54600", "*54", "*55201", "*68", "*88",
];

/// A callback at 1 and somewhere else at 7.
fn menu(to: Overflow) -> Vec<MenuKey> {
    let key = |key, choice| MenuKey { key, prompt: Some(name("en/press")), choice };
    vec![key('1', Choice::Callback), key('7', Choice::Leave(to))]
}

/// Every strategy and rule of choosing, in any mixture.
fn routed_at_random(queue: &mut Queue, a: u8, b: u8, c: u8) {
    queue.strategy = pick(&STRATEGIES, b);
    queue.wrap_up_ms = u64::from(c) * 100;
    queue.skill_first = a.is_multiple_of(3);
    queue.max_waiting = u32::from(a % 4) + 1;
    queue.when_full = if b.is_multiple_of(3) { Overflow::Number(number("600")) } else { Overflow::Clear };
    queue.progress_ms = 2_000;
    queue.weight = u16::from(c % 3);
    queue.promote_after_ms = c.is_multiple_of(4).then_some(6_000);
    queue.sticky = a.is_multiple_of(2).then_some(Sticky { remember_ms: 60_000, wait_ms: 4_000 });
    queue.skip_empty_levels = b.is_multiple_of(2);
    queue.briefing = a.is_multiple_of(5).then(|| name("en/briefing"));
    if c.is_multiple_of(6) {
        queue.treatment.menu = menu(Overflow::Number(number("600")));
    }
    queue.refuse_when = if a.is_multiple_of(5) { conditions(c) } else { Conditions::NEVER };
    queue.leave_when = if a.is_multiple_of(2) { conditions(b) } else { Conditions::NEVER };
    (queue.leave_after_ms, queue.leave_min_wait_ms) = (u64::from(b % 4) * 1_000, u64::from(c % 3) * 2_000);
    queue.at_closing = if b.is_multiple_of(2) { AtClosing::SendAway } else { AtClosing::Serve };
    queue.when_closed = if c.is_multiple_of(3) { Overflow::Number(number("5551")) } else { Overflow::Clear };
    queue.in_emergency = if a.is_multiple_of(3) {
        Overflow::Announcement(name("en/emergency"))
    } else {
        Overflow::Number(number("600"))
    };
    queue.when_empty = if c.is_multiple_of(2) { Overflow::Number(number("600")) } else { Overflow::Clear };
    let step =
        |after_ms, min_level, max_level, raise_level| Reach { after_ms, min_level, max_level, raise_level };
    queue.reach = match c % 5 {
        0 => vec![step(0, 0, 0, 0), step(3_000, 0, 1, 0), step(8_000, 0, 9, 0)],
        1 => vec![step(0, 1, 9, 0)],
        2 => vec![step(0, 0, 1, 1), step(5_000, 0, 9, 9)],
        _ => Vec::new(),
    };
}

/// A skill that is needed on some level, and less of it with time.
fn skilled_at_random(queue: &mut Queue, skill: SkillId, a: u8, b: u8) {
    let level = a % 4;
    queue.skills = Some(SkillLevel { skill, level }).filter(|level| level.level > 0).into_iter().collect();
    let relax =
        |n: u8| Ring { after_ms: u64::from(n) * 3_000, relax: vec![SkillLevel { skill, level: level - n }] };
    queue.rings = (1..=level.min(b % 3)).map(relax).collect();
}

/// Any set of conditions.
fn conditions(by: u8) -> Conditions {
    let all = Condition::ALL.into_iter().enumerate();
    all.filter(|(n, _)| by >> n & 1 == 1).map(|(_, condition)| condition).collect()
}

const STRATEGIES: [QueueStrategy; 12] = [
    QueueStrategy::LongestIdle,
    QueueStrategy::LeastRecent,
    QueueStrategy::RoundRobin,
    QueueStrategy::TopDown,
    QueueStrategy::Sequential,
    QueueStrategy::FewestCalls,
    QueueStrategy::LeastTalk,
    QueueStrategy::Random,
    QueueStrategy::WeightedRandom,
    QueueStrategy::RingAll,
    QueueStrategy::RingLevel,
    QueueStrategy::RingProgressively,
];

fn tier(a: u8, b: u8) -> Tier {
    Tier { level: u16::from(a % 3), position: u16::from(b % 2), skill: a % 4 }
}

fn input(world: &World, tenant: &Tenant, (what, a, b, c): Step) -> Input {
    let agent = pick(&tenant.agents, a);
    let device = pick(&tenant.devices, a);
    let queue = pick(&tenant.queues, b);
    let calls = world.engine.calls(tenant.id);
    let call = calls.get(usize::from(a) % calls.len().max(1)).map_or(CallId(1), |call| call.id);
    let legs: Vec<LegId> = calls.iter().flat_map(|call| call.legs.iter().map(|leg| leg.id)).collect();
    let leg = legs.get(usize::from(a) % legs.len().max(1)).copied().unwrap_or(LegId(1));
    let offers = world.engine.offers(tenant.id);
    let offer = offers.first().map_or(OfferId(1), |offer| offer.id);
    let note = name("");
    let causes =
        [Cause::Normal, Cause::Busy, Cause::Rejected, Cause::Unreachable, Cause::NoAnswer, Cause::Lost];
    let command = match what % 58 {
        0..=4 => {
            let from = if b % 3 == 0 { Endpoint::Device(device) } else { Endpoint::Trunk(tenant.trunk) };
            let dialled = number(pick(&DIALLED, c));
            let caller = (a % 2 == 0).then(|| number(pick(&["00177", "101", "0178"], b)));
            let caller_name = name("x");
            return Input::Report(Report::LegArrived { from, caller, caller_name, dialled });
        }
        5..=9 => return Input::Report(Report::LegAnswered { leg }),
        10 | 11 => {
            return Input::Report(Report::LegRinging { leg, early_media: b % 2 == 0 });
        }
        12..=14 => {
            return Input::Report(Report::LegCleared { leg, cause: pick(&causes, b) });
        }
        15 => return Input::Report(Report::LegHeld { leg }),
        16 => return Input::Report(Report::LegRetrieved { leg }),
        17 => return Input::Report(Report::DeviceUnregistered { device }),
        18 | 19 => return Input::Report(Report::DeviceRegistered { device }),
        20 => return Input::Report(Report::PromptsEnded { leg }),
        21 => {
            return Input::Report(Report::LegSaved { leg, dialog: "d".to_owned() });
        }
        22..=24 => Command::Ready { agent },
        25 if c % 4 == 0 => Command::Absent { agent, absence: Absence::Tasks, note },
        25 => Command::NotReady { agent, reason: (b % 2 == 0).then_some(tenant.reason), note },
        26 => Command::LogOut { agent, reason: (b % 2 == 0).then_some(tenant.end_of_shift) },
        57 => return phone_book_at_random(world, tenant, a, b, c),
        27 => Command::LogIn { agent, device: pick(&tenant.devices, b) },
        28 if b % 8 > 3 => {
            let to = Some(match a % 3 {
                0 => ForwardTo::Voicemail,
                _ => ForwardTo::Number(number(pick(&DIALLED, c))),
            });
            let mut settings = CallSettings::default();
            match b % 8 {
                4 => settings.busy = to,
                5 => settings.no_answer = to,
                6 => settings.unreachable = to,
                _ => {}
            }
            Command::SetCallSettings { agent, settings }
        }
        28 => match b % 4 {
            0 => Command::SetHandling { agent, handling: Handling::Busy },
            2 => Command::SetHandling { agent, handling: Handling::Voicemail },
            1 => Command::SetHandling { agent, handling: Handling::Forward(number(pick(&DIALLED, c))) },
            _ => Command::SetHandling { agent, handling: Handling::Ring },
        },
        44 => {
            let id = cordial_engine::EntryId::Agent(agent);
            let Some(cordial_engine::Entry::Agent(mut entry)) = world.engine.entry(tenant.id, id) else {
                return Input::Timeout;
            };
            let level = SkillLevel { skill: tenant.skill, level: b % 4 };
            entry.skills = Some(level).filter(|level| level.level > 0).into_iter().collect();
            Command::Change(id, cordial_engine::Entry::Agent(entry))
        }
        45 => {
            if b % 4 == 0 {
                return Input::Report(Report::LegReferred { leg, to: number(pick(&DIALLED, c)) });
            }
            let to = match b % 5 {
                0 => TransferTo::Mailbox(agent),
                _ => TransferTo::Number(number(pick(&DIALLED, c))),
            };
            Command::TransferCall { call, device: (b % 3 == 0).then_some(device), to }
        }
        46 | 47 => {
            Command::Consult { call, device: (b % 3 == 0).then_some(device), to: number(pick(&DIALLED, c)) }
        }
        54 if c % 3 == 0 => {
            let name = VariableName::parse(pick(&["callVariable1", "x.y"], b)).expect("a name");
            let value = (c % 2 == 0).then(|| name_of_value(b));
            Command::SetVariables { call, variables: [(name, value)].into() }
        }
        54 => Command::ClearAgent { agent },
        55 => {
            let whom = if b % 2 == 0 { Monitored::Agent(agent) } else { Monitored::Call(call) };
            Command::Monitor { device: pick(&tenant.devices, c), whom, whispers: c % 2 == 0 }
        }
        56 => {
            let parts =
                [Supervision::Listen, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver];
            // One of those who listen, if there is one.
            let mut own = calls.iter().filter(|call| call.supervision.is_some());
            let call = own.nth(usize::from(b) % 2).map_or(call, |call| call.id);
            Command::Supervise { call, how: pick(&parts, c) }
        }
        48 => Command::SwapCalls { call, device: None },
        49 | 50 => {
            let how = if b % 2 == 0 { Joining::Transfer } else { Joining::Conference };
            Command::JoinCalls { call, device: (c % 5 == 0).then_some(device), how }
        }
        51 => {
            let other = legs.get(usize::from(b) % legs.len().max(1)).copied().unwrap_or(LegId(1));
            return Input::Report(Report::LegReplaces { leg, other });
        }
        52 => Command::HoldCall { call, device: (c % 4 == 0).then_some(device), hold: b % 2 == 0 },
        53 => match b % 5 {
            0 => Command::MuteCall { call, device: None, muted: c % 2 == 0 },
            1 => Command::LeaveCall { call, device: (c % 2 == 0).then_some(device) },
            2 => Command::DropParty { call, leg },
            3 => Command::AnswerCall { call, device },
            _ => {
                let digits = Digits::parse("12#").expect("three keys");
                Command::SendDigits { call, device: None, digits }
            }
        },
        42 => Command::SetNightMode { queue, on: a % 2 == 0 },
        43 => {
            let to = (c % 3 == 0).then(|| Overflow::Number(number("600")));
            let emergency = (a % 3 != 0).then_some(Emergency { to });
            Command::SetEmergency { queue: (b % 4 != 0).then_some(queue), emergency, waiting: c % 2 == 0 }
        }
        39 => {
            let wish = pick(
                &[
                    QueueWish::LogIn(Some(device)),
                    QueueWish::LogOut,
                    QueueWish::Ready,
                    QueueWish::NotReady,
                    QueueWish::WrapUp,
                ],
                c,
            );
            Command::AskInQueue { agent, queue, wish }
        }
        29 if c % 9 == 0 => Command::Pick { agent, call },
        29 => match c % 7 {
            0 => Command::Unassign { agent, queue },
            1 | 2 => Command::Assign { agent, queue, tier: Some(tier(a, b)) },
            5 | 6 => Command::Assign { agent, queue, tier: None },
            3 => Command::SetMembership { agent, queue, membership: Membership::NotReady },
            _ => Command::SetMembership { agent, queue, membership: Membership::Ready },
        },
        30 => match b % 4 {
            0 => Command::EndWrapUp { agent },
            3 => Command::ReadyAfterWrapUp { agent },
            1 => Command::DeclineOffer { offer },
            _ => Command::ClearCall { call },
        },
        31 => Command::PlaceCall { device, to: number(pick(&DIALLED, c)) },
        33 => {
            let (a, b, c) = (u32::from(a), u32::from(b), u32::from(c));
            Command::SetOutboundRules(OutboundRules {
                calls: a % 4,
                calls_per_device: b % 3,
                calls_per_minute: c % 8,
                minutes_per_day: a % 5,
                denied: if b % 2 == 0 { vec![] } else { vec![number("+4991")] },
                unlimited: vec![],
                lead_out_again: c % 2 == 0,
            })
        }
        34 => Command::Attend {
            agent,
            queue: (c % 3 > 0).then_some(queue),
            how: match b % 4 {
                0 => Attend::LogIn { device },
                1 => Attend::LogOut,
                2 => Attend::Ready,
                _ => Attend::NotReady { reason: (c % 2 == 0).then_some(tenant.reason), note },
            },
        },
        35 if c % 3 == 0 => return Input::Report(Report::PinChecked { leg, agent, right: b % 3 > 0 }),
        35 => {
            let digit = pick(&['#', '7', '*', '1'], b);
            return Input::Report(Report::Digit { leg, digit });
        }
        36 => {
            let recording = RecordingId(u64::from(a) % 8 + 1);
            let audio_ms = u64::from(b) * 50;
            return Input::Report(Report::RecordingSaved { recording, audio_ms, paused_ms: 0, bytes: 44 });
        }
        37 => {
            let messages = world.engine.messages(tenant.id, agent).unwrap_or_default();
            let message = messages.first().map_or(RecordingId(1), |message| message.id);
            match b % 2 {
                0 => Command::MarkMessage { agent, message, heard: c % 2 == 0 },
                _ => Command::RemoveMessage { agent, message },
            }
        }
        32 => match b % 3 {
            0 => Command::PauseRecording { call, reason: name("card") },
            1 => Command::ResumeRecording { call },
            _ => Command::Remove(pick(
                &[cordial_engine::EntryId::Agent(agent), cordial_engine::EntryId::Queue(queue)],
                c,
            )),
        },
        40 => {
            let id = world.ids["5552"];
            let Some(cordial_engine::Entry::Route(mut route)) = world.engine.entry(tenant.id, id) else {
                return Input::Timeout;
            };
            route.priority = Priority { urgency: a % 3, head_start_ms: u64::from(b) * 40 };
            let preference = Preference { agent, wait_ms: u64::from(c) * 40 };
            route.preference = b.is_multiple_of(3).then_some(preference);
            Command::Change(id, cordial_engine::Entry::Route(route))
        }
        _ => {
            let id = cordial_engine::EntryId::Queue(queue);
            let Some(cordial_engine::Entry::Queue(mut entry)) = world.engine.entry(tenant.id, id) else {
                return Input::Timeout;
            };
            routed_at_random(&mut entry, a, b, c);
            skilled_at_random(&mut entry, tenant.skill, a, b);
            entry.calendar = (c % 2 == 0).then_some(tenant.calendar);
            (entry.auto_ready, entry.auto_not_ready_after_other_call) = (a % 2 == 0, a % 3 == 0);
            Command::Change(id, cordial_engine::Entry::Queue(entry))
        }
    };
    let by = Actor::Operator;
    Input::Command { tenant: tenant.id, by, command }
}

/// Something done to one of three phone books or to who stands in them.
fn phone_book_at_random(world: &World, tenant: &Tenant, a: u8, b: u8, c: u8) -> Input {
    use cordial_engine::{Entry, EntryId};
    let id = tenant.id;
    let books: Vec<PhoneBookId> = world.engine.phone_books(id).map(|(book, _)| book).collect();
    let Some(phone_book) = books.get(usize::from(a) % 3).copied() else {
        let (called, team) = (name(&format!("book {}", books.len())), None);
        let command = Command::Add(Entry::PhoneBook(PhoneBook { name: called, team }));
        return Input::Command { tenant: id, by: Actor::Operator, command };
    };
    let entry = Entry::Contact(Box::new(Contact {
        phone_book,
        first_name: name(pick(&["", "Ann", "Bob"], b)),
        last_name: name(pick(&["", "Lee"], c)),
        number: number(pick(&["201", "600"], b / 4)),
        description: name("x"),
    }));
    let contacts: Vec<EntryId> = world.engine.entry_ids(id, Kind::Contact).collect();
    let command = match (contacts.get(usize::from(c) % contacts.len().max(1)), b % 5) {
        (Some(contact), 0) => Command::Remove(*contact),
        (Some(contact), 1) => Command::Change(*contact, entry),
        (_, 2) => Command::Remove(EntryId::PhoneBook(phone_book)),
        (Some(_) | None, _) => Command::Add(entry),
    };
    Input::Command { tenant: id, by: Actor::Operator, command }
}

/// Each contact is found in its book, and no book lists anybody else.
fn check_books(world: &World, tenant: TenantId) {
    let mut listed = 0;
    for (book, _) in world.engine.phone_books(tenant) {
        for (id, contact) in world.engine.contacts_of(tenant, book) {
            assert_eq!(contact.phone_book, book);
            assert_eq!(world.engine.find_contact(tenant, contact), Some(id));
            listed += 1;
        }
    }
    assert_eq!(listed, world.engine.entry_ids(tenant, Kind::Contact).count());
}

fn run(world: &mut World, tenants: &[Tenant], steps: &[Step]) {
    for agent in &tenants[0].agents {
        let by = Actor::Operator;
        let command = Command::Ready { agent: *agent };
        let _granted = world.handle(Input::Command { tenant: tenants[0].id, by, command });
    }
    for step in steps {
        world.now = Timestamp(world.now.0 + u64::from(step.3) * 50);
        let due = world.engine.poll_timeout().is_some_and(|(due, _)| due <= world.now);
        if due {
            world.handle(Input::Timeout).0.expect("a timeout is never refused");
        }
        let tenant = &tenants[usize::from(step.0 & 128 == 128)];
        let mut input = input(world, tenant, *step);
        // One command in eight comes from the other tenant and names ids that are not its own.
        if let (Input::Command { tenant, .. }, 0) = (&mut input, step.2 % 8) {
            *tenant = tenants[usize::from(*tenant == tenants[0].id)].id;
        }
        world.handle(input).0.ok();
    }
    for tenant in tenants {
        check_books(world, tenant.id);
    }
}

fn name_of_value(by: u8) -> cordial_engine::call::VariableValue {
    name(&by.to_string())
}

/// Steps of people who mostly talk.
const OF_CALLS: [u8; 27] =
    [0, 1, 2, 5, 6, 7, 8, 9, 9, 12, 15, 16, 22, 23, 31, 45, 46, 46, 47, 48, 49, 50, 52, 53, 55, 55, 56];

/// The command that an action stands for, to somebody who can always be reached.
fn asked(action: CallAction, call: CallId, device: DeviceId) -> Command {
    let (to, line) = (number("600"), Some(device));
    match action {
        CallAction::Answer => Command::AnswerCall { call, device },
        CallAction::Leave => Command::LeaveCall { call, device: line },
        CallAction::Hold => Command::HoldCall { call, device: line, hold: true },
        CallAction::Unhold => Command::HoldCall { call, device: line, hold: false },
        CallAction::Mute => Command::MuteCall { call, device: line, muted: true },
        CallAction::Unmute => Command::MuteCall { call, device: line, muted: false },
        CallAction::SendDigits => {
            let digits = Digits::parse("5").expect("a key");
            Command::SendDigits { call, device: line, digits }
        }
        CallAction::Transfer => Command::TransferCall { call, device: line, to: TransferTo::Number(to) },
        CallAction::Park => Command::ParkCall { call, device: line, slot: None },
        CallAction::Consult => Command::Consult { call, device: line, to },
        CallAction::Swap => Command::SwapCalls { call, device: line },
        CallAction::CompleteTransfer => Command::JoinCalls { call, device: line, how: Joining::Transfer },
        CallAction::CompleteConference => Command::JoinCalls { call, device: line, how: Joining::Conference },
    }
}

const ACTIONS: [CallAction; 13] = [
    CallAction::Answer,
    CallAction::Leave,
    CallAction::Hold,
    CallAction::Unhold,
    CallAction::Mute,
    CallAction::Unmute,
    CallAction::SendDigits,
    CallAction::Transfer,
    CallAction::Park,
    CallAction::Consult,
    CallAction::Swap,
    CallAction::CompleteTransfer,
    CallAction::CompleteConference,
];

/// What is said to be allowed is granted, and what is not is refused.
fn check_actions(world: &World, tenant: TenantId) {
    for call in world.engine.calls(tenant) {
        // A device that has several legs in one call is known by none of them alone.
        let at = |leg: &LegView| match leg.endpoint {
            Endpoint::Device(device) => Some(device),
            Endpoint::Trunk(_) => None,
        };
        for leg in &call.legs {
            let Some(device) = at(leg) else { continue };
            let lines = call.legs.iter().filter(|other| at(other) == Some(device)).count();
            let others = world.engine.device(tenant, device).expect("its leg is there").legs.len();
            for action in ACTIONS {
                // Another line of the device may be transferred to as well.
                let ambiguous = lines > 1 || (others > 1 && action == CallAction::CompleteTransfer);
                if ambiguous {
                    continue;
                }
                let mut copy = Engine::from_state(3, world.engine.state().clone());
                let command = asked(action, call.id, device);
                let input = Input::Command { tenant, by: Actor::Operator, command };
                let granted = copy.handle(world.clock(), input);
                let allowed = leg.actions.contains(&action);
                assert_eq!(granted.is_ok(), allowed, "{action:?} of {leg:?}: {granted:?} in {call:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_after_any_inputs_and_after_a_crash_at_any_record(
        steps in proptest::collection::vec(any::<Step>(), 1..150),
        cut in any::<proptest::sample::Index>(),
    ) {
        let (mut world, tenants) = furnished();
        run(&mut world, &tenants, &steps);

        let kept = cut.index(world.journal.len()) + 1;
        let mut checks = Checks::new();
        let mut engine = Engine::new(9);
        for event in &world.journal[..kept] {
            engine.apply(event);
        }
        engine.recover(world.clock(), "1.0");
        let mut journal = world.journal[..kept].to_vec();
        journal.extend(std::iter::from_fn(|| engine.poll_event()));
        let actions: Vec<_> = std::iter::from_fn(|| engine.poll_action()).collect();
        checks.after(&engine, &journal, &actions);
        for tenant in engine.tenants() {
            // A callback outlives the process, and whoever is free is asked at once.
            for call in engine.calls(tenant.id).into_iter().filter(|call| call.callback.is_none()) {
                prop_assert!(call.legs.is_empty(), "only wrap-ups go on: {call:?}");
            }
        }
    }

    #[test]
    fn what_is_said_to_be_allowed_is_granted_and_nothing_else(
        steps in proptest::collection::vec(any::<Step>(), 1..100),
    ) {
        let (mut world, tenants) = furnished();
        let of_calls = |step: &Step| (pick(&OF_CALLS, step.0), step.1, step.2, step.3);
        let steps: Vec<Step> = steps.iter().map(of_calls).collect();
        for some in steps.chunks(5) {
            run(&mut world, &tenants, some);
            for tenant in &tenants {
                check_actions(&world, tenant.id);
            }
        }
    }

    #[test]
    fn when_the_world_goes_quiet_every_agent_and_call_comes_to_rest(
        steps in proptest::collection::vec(any::<Step>(), 1..100),
    ) {
        let (mut world, tenants) = furnished();
        run(&mut world, &tenants, &steps);
        for tenant in &tenants {
            for call in world.engine.calls(tenant.id) {
                let (tenant, by, command) = (tenant.id, Actor::Operator, Command::ClearCall { call: call.id });
                world.handle(Input::Command { tenant, by, command }).0.ok();
            }
        }
        // Calendars turn for ever.
        // The longest wrap-up takes an hour.
        let end = Timestamp(world.now.0 + 2 * 3_600_000);
        while let Some((due, _)) = world.engine.poll_timeout().filter(|(due, _)| *due < end) {
            world.now = world.now.max(due);
            world.handle(Input::Timeout).0.expect("a timeout is never refused");
        }
        for tenant in &tenants {
            prop_assert_eq!(world.engine.calls(tenant.id), vec![]);
            for agent in world.engine.agents(tenant.id) {
                prop_assert_eq!(&agent.activity, &cordial_engine::agent::Activity::Idle);
                prop_assert_eq!(&agent.pending, &None);
                prop_assert_eq!(&agent.pending_memberships, &vec![]);
            }
        }
    }
}

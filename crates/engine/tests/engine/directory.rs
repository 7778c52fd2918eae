//! The directory: unique, whole, within bounds, and each tenant's own.

use cordial_engine::command::Command;
use cordial_engine::entry::*;
use cordial_engine::{Answer, Entry, EntryId, Refusal};
use expect_test::{Expect, expect};
use std::fmt::Write;

use crate::world::{World, name, number};

fn furnished() -> World {
    let mut world = World::new();
    world.furnish();
    world
}

/// Tries each command and prints what was said.
fn check(world: &mut World, commands: Vec<(&str, Command)>, expected: &Expect) {
    let mut told = String::new();
    for (what, command) in commands {
        let said = match world.command(command).0 {
            Ok(_) => "granted".to_owned(),
            Err(refusal) => format!("{} ({refusal})", refusal.code()),
        };
        writeln!(told, "{what}: {said}").unwrap();
    }
    expected.assert_eq(&told);
}

#[test]
fn names_and_numbers_are_taken_once() {
    let mut world = furnished();
    let device = |digits: &str| {
        let device = Device::numbered(number(digits), name(""));
        Command::Add(Entry::Device(device))
    };
    let agent = |called: &str, digits: &str| {
        let agent = Agent { number: Some(number(digits)), ..Agent::named(name(called)) };
        Command::Add(Entry::Agent(agent))
    };
    let commands = vec![
        ("a second device 101", device("101")),
        ("a device with ann's number", device("201")),
        ("a device with a queue's number", device("600")),
        ("a second ann", agent("ann", "299")),
        ("an agent with a route's number", agent("dot", "5551")),
        ("an agent without a name", agent(" ", "299")),
        ("an agent of her own", agent("dot", "299")),
        ("a queue called as an agent", Command::Add(Queue::named(name("ann")).into())),
    ];
    check(
        &mut world,
        commands,
        &expect![[r#"
        a second device 101: taken (another Device has that number)
        a device with ann's number: taken (another Agent has that number)
        a device with a queue's number: taken (another Queue has that number)
        a second ann: taken (another Agent has that name)
        an agent with a route's number: taken (another Route has that number)
        an agent without a name: invalid (name: must not be empty)
        an agent of her own: granted
        a queue called as an agent: granted
    "#]],
    );
}

#[test]
fn what_is_in_use_is_not_removed() {
    let mut world = furnished();
    let user = world.add(
        "root",
        Entry::User(User { name: name("root"), roles: [Role::Agent].into(), teams: None, queues: None }),
    );
    let team = world.add("team", Entry::Team(Team { name: name("team"), sees_monitoring: false }));
    let (EntryId::User(user_id), EntryId::Team(team_id)) = (user, team) else { unreachable!() };
    let bound = User {
        name: name("bound"),
        roles: [Role::Supervisor].into(),
        teams: Some([team_id].into()),
        queues: None,
    };
    let bound = world.add("bound", Entry::User(bound));
    let dot = Agent { user: Some(user_id), team: Some(team_id), ..Agent::named(name("dot")) };
    let dot = world.add("dot", Entry::Agent(dot));
    let remove = |label: &str| Command::Remove(world.ids[label]);
    let commands = vec![
        ("user", Command::Remove(user)),
        ("team", Command::Remove(team)),
        ("dot", Command::Remove(dot)),
        ("user after dot", Command::Remove(user)),
        ("team after dot", Command::Remove(team)),
        ("bound", Command::Remove(bound)),
        ("team after bound", Command::Remove(team)),
        ("user again", Command::Remove(user)),
        ("ann", remove("ann")),
        ("101", remove("101")),
        ("104", remove("104")),
        ("sales", remove("sales")),
        ("5551", remove("5551")),
        ("5554", remove("5554")),
        ("sales after its routes", remove("sales")),
        ("carrier", remove("carrier")),
        ("break", remove("break")),
    ];
    check(
        &mut world,
        commands,
        &expect![[r#"
        user: in-use (this User is still in use by an agent)
        team: in-use (this Team is still in use by an agent)
        dot: granted
        user after dot: granted
        team after dot: in-use (this Team is still in use by a user)
        bound: granted
        team after bound: granted
        user again: not-found (no such User)
        ann: in-use (this Agent is still in use by a login)
        101: in-use (this Device is still in use by a login)
        104: granted
        sales: in-use (this Queue is still in use by a route)
        5551: granted
        5554: granted
        sales after its routes: granted
        carrier: granted
        break: granted
    "#]],
    );
}

#[test]
fn bounds_are_told_with_the_field_and_what_would_be_right() {
    let mut world = furnished();
    let sales = world.queue("sales");
    let queue = |change: fn(&mut Queue)| {
        let mut queue = Queue::named(name("night"));
        change(&mut queue);
        Command::Add(queue.into())
    };
    let trunk = |address: &str, source: &str| {
        let trunk = Trunk {
            name: name("peer"),
            address: name(address),
            transport: Transport::Udp,
            sources: vec![name(source)],
            username: None,
            authenticate_inbound: true,
            outbound_prefixes: vec![],
            caller_number: None,
        };
        Command::Add(Entry::Trunk(trunk))
    };
    let mut own_overflow = Queue::named(name("sales"));
    own_overflow.overflow = Overflow::Queue(sales);
    let commands = vec![
        ("offer of a moment", queue(|queue| queue.offer_ms = 999)),
        ("wrap-up of a day", queue(|queue| queue.wrap_up_ms = 86_400_000)),
        ("no rest", queue(|queue| queue.on_decline = AfterMissed::Rest { delay_ms: 0 })),
        ("no place", queue(|queue| queue.max_waiting = 0)),
        ("no wait", queue(|queue| queue.max_wait_ms = Some(0))),
        ("long target", queue(|queue| queue.service_level_ms = u64::MAX)),
        ("overflow into itself", Command::Change(EntryId::Queue(sales), own_overflow.into())),
        ("trunk by host name", trunk("peer.example:5060", "192.0.2.9")),
        ("trunk with an odd source", trunk("[2001:db8::1]:5060", "everywhere")),
        ("trunk", trunk("[2001:db8::1]:5060", "2001:db8::2")),
        (
            "another kind",
            Command::Change(
                EntryId::Queue(sales),
                Entry::Team(Team { name: name("t"), sees_monitoring: false }),
            ),
        ),
    ];
    check(
        &mut world,
        commands,
        &expect![[r#"
        offer of a moment: invalid (offer_ms: must be from 1000 to 300000)
        wrap-up of a day: invalid (wrap_up_ms: must be at most 3600000)
        no rest: invalid (on_decline: must rest from 1000 to 3600000)
        no place: invalid (max_waiting: must be from 1 to 100000)
        no wait: invalid (max_wait_ms: must be from 1 to 86400000)
        long target: invalid (service_level_ms: must be at most 3600000)
        overflow into itself: invalid (overflow: must be another queue)
        trunk by host name: invalid (address: must be an IP address and a port)
        trunk with an odd source: invalid (sources: must be IP addresses, with or without a port)
        trunk: granted
        another kind: invalid (kind: must stay what it was)
    "#]],
    );
}

#[test]
fn another_tenants_things_are_not_found() {
    let mut world = furnished();
    let (agent, device, queue) = (world.agent("ann"), world.device("101"), world.queue("sales"));
    let EntryId::Reason(reason) = world.ids["break"] else { unreachable!() };
    let theirs = world.ids["sales"];
    world.granted(Command::Ready { agent });
    world.arrives("5551");
    let (call, offer) = (world.engine.calls(world.tenant)[0].id, world.engine.offers(world.tenant)[0].id);
    world.add_tenant("other");
    let route = Route::to(number("5551"), Destination::Queue(queue));
    let commands = vec![
        ("change", Command::Change(theirs, Queue::named(name("x")).into())),
        ("remove", Command::Remove(theirs)),
        ("route to it", Command::Add(Entry::Route(route))),
        ("log in", Command::LogIn { agent, device }),
        ("log out", Command::LogOut { agent, reason: None }),
        ("not ready", Command::NotReady { agent, reason: Some(reason), note: name("") }),
        ("assign", Command::Assign { agent, queue, tier: None }),
        ("end wrap-up", Command::EndWrapUp { agent }),
        ("ready after wrap-up", Command::ReadyAfterWrapUp { agent }),
        ("place call", Command::PlaceCall { device, to: number("102") }),
        ("clear call", Command::ClearCall { call }),
        ("pause", Command::PauseRecording { call, reason: name("") }),
        ("decline", Command::DeclineOffer { offer }),
    ];
    check(
        &mut world,
        commands,
        &expect![[r#"
            change: not-found (no such Queue)
            remove: not-found (no such Queue)
            route to it: not-found (no such Queue)
            log in: not-found (no such Agent)
            log out: not-found (no such Agent)
            not ready: not-found (no such Agent)
            assign: not-found (no such Agent)
            end wrap-up: not-found (no such Agent)
            ready after wrap-up: not-found (no such Agent)
            place call: not-found (no such Device)
            clear call: not-found (no such Call)
            pause: not-found (no such Call)
            decline: not-found (no such Offer)
        "#]],
    );
    let tenant = world.tenant;
    assert_eq!(world.engine.agent(tenant, agent), None);
    assert_eq!(world.engine.queue(tenant, queue, world.now), None);
    assert_eq!(world.engine.call(tenant, call), None);
    assert_eq!(world.engine.entry(tenant, theirs), None);
    assert_eq!(world.engine.offers(tenant), []);
}

#[test]
fn a_tenant_is_found_by_its_domain_whatever_the_case() {
    let mut world = World::new();
    let acme = world.tenant;
    assert_eq!(world.engine.tenant_by_domain("ACME.example"), Some(acme));
    let again = cordial_engine::Input::AddTenant { name: name("two"), domain: name("Acme.Example") };
    assert_eq!(world.handle(again).0, Err(Refusal::Taken(Kind::Tenant, "domain")));
}

#[test]
fn entries_are_found_by_guid_and_by_name() {
    let mut world = World::new();
    let queue = Entry::from(Queue::named(name("sales")));
    let Ok(Answer::Added(id, guid)) = world.command(Command::Add(queue)).0 else { unreachable!() };
    let (engine, tenant) = (&world.engine, world.tenant);
    assert_eq!(engine.find(tenant, Kind::Queue, guid), Some(id));
    assert_eq!(engine.find(tenant, Kind::Agent, guid), None);
    assert_eq!(engine.find_by_name(tenant, Kind::Queue, "sales"), Some(id));
    assert_eq!(engine.guid(id), Some(guid));
    assert_eq!(engine.entries(tenant, Kind::Queue).len(), 1);
}

#[test]
fn the_owner_of_a_device_is_there_and_stays() {
    let mut world = furnished();
    let dot = Agent::named(name("dot"));
    let dot = world.add("dot", Entry::Agent(dot));
    let device = |owner| {
        let digest = Digest::Any;
        Entry::Device(Device { digest, owner: Some(owner), ..Device::numbered(number("104"), name("")) })
    };
    let desk = world.ids["104"];
    let commands = vec![
        ("owned by nobody known", Command::Change(desk, device(cordial_engine::id::AgentId(99)))),
        ("owned by dot", Command::Change(desk, device(world.agent("dot")))),
        ("dot, who has a desk", Command::Remove(dot)),
        ("the desk", Command::Remove(desk)),
        ("dot, who has none any more", Command::Remove(dot)),
    ];
    check(
        &mut world,
        commands,
        &expect![[r#"
        owned by nobody known: not-found (no such Agent)
        owned by dot: granted
        dot, who has a desk: in-use (this Agent is still in use by a device)
        the desk: granted
        dot, who has none any more: granted
    "#]],
    );
}

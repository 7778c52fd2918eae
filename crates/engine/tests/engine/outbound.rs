//! What may leave the house: a stolen device, and the tricks of those who steal them.

use std::collections::BTreeMap;

use cordial_engine::code::FeatureCodes;
use cordial_engine::command::Command;
use cordial_engine::entry::*;
use cordial_engine::outbound::OutboundRules;
use cordial_engine::view::CallPhase;
use cordial_engine::{Action, Answer, Endpoint, Event, Fact, Refusal, Report};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::{World, name, number};

/// What a call from 104 to the number comes to, and what was sent if it went out.
fn dialled(world: &mut World, to: &str) -> String {
    let from = Endpoint::Device(world.device("104"));
    let dialled = number(to);
    let report = Report::LegArrived { from, caller: None, caller_name: name(""), dialled };
    let (result, _, actions) = world.report(report);
    let sent = actions.iter().find_map(|action| match action {
        Action::Ring { endpoint: Endpoint::Trunk(trunk), number, .. } => {
            let label = world.ids.iter().find(|(_, id)| **id == EntryId::Trunk(*trunk));
            Some(format!("{} on {}", number.as_str(), label.map_or("?", |(label, _)| label)))
        }
        _other => None,
    });
    let mut served = false;
    if let Ok(Answer::Arrived(call, _)) = result {
        let phase = world.engine.call(world.tenant, call).map(|call| call.phase);
        served = phase == Some(CallPhase::Served);
        world.granted(Command::ClearCall { call });
    }
    match result {
        Ok(_) if served && sent.is_none() => "served here".to_owned(),
        Ok(_) => sent.expect("a call out rings a trunk"),
        Err(refusal) => refusal.code().to_owned(),
    }
}

fn furnished() -> World {
    let mut world = World::new();
    world.furnish();
    world.change_rules(|rules| rules.calls_per_minute = 10_000);
    world
}

fn add_trunk(world: &mut World, called: &str, prefixes: &[&str]) {
    let trunk = Trunk {
        name: name(called),
        address: name("192.0.2.9:5060"),
        transport: Transport::Udp,
        sources: vec![],
        username: None,
        authenticate_inbound: false,
        outbound_prefixes: prefixes.iter().map(|prefix| number(prefix)).collect(),
        caller_number: None,
    };
    world.add(called, Entry::Trunk(trunk));
}

#[test]
fn the_longest_prefix_decides_and_of_equals_the_one_that_denies() {
    let mut world = furnished();
    add_trunk(&mut world, "london", &["+44", "0044-20", "0", "+44901"]);
    add_trunk(&mut world, "moon", &["+88216"]);
    world.change_rules(|rules| {
        rules.denied.extend(["+449", "0900", "+44901", "0044-7"].map(number));
    });
    let told = |world: &mut World, to: &str| format!("{to}: {}\n", dialled(world, to));
    let all: String = [
        "004420123",
        "+4420123",
        "+44 30123",
        "+44-9011",
        "+44.9",
        "00449012",
        "+447700",
        "030123",
        "0900123",
        "0-900123",
        "+49301",
        "+881601",
        "0088216",
        "+88216",
        "+870",
        "112",
        "5",
        "00",
    ]
    .map(|to| told(&mut world, &to.replace(' ', "")))
    .concat();
    expect![[r#"
        004420123: 004420123 on london
        +4420123: +4420123 on london
        +4430123: +4430123 on london
        +44-9011: destination-denied
        +44.9: destination-denied
        00449012: destination-denied
        +447700: destination-denied
        030123: 030123 on london
        0900123: destination-denied
        0-900123: destination-denied
        +49301: +49301 on carrier
        +881601: destination-denied
        0088216: 0088216 on moon
        +88216: +88216 on moon
        +870: destination-denied
        112: destination-denied
        5: destination-denied
        00: destination-denied
    "#]]
    .assert_eq(&all);
}

#[test]
fn numbers_abroad_cannot_sneak_around_a_rule() {
    let mut world = furnished();
    add_trunk(&mut world, "all", &["+", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    for trick in [
        "+881600",
        "00881600",
        "+88-16.00",
        "00.881600",
        "0-0881600",
        "000881600",
        "+00881600",
        "+0881600",
        "++881600",
        "*31#00881600",
        "#31#+881600",
        "*67881600x",
        "00881*600",
        "+1+881600",
        "+88I600",
        "bob",
        "*",
        "#",
        "..",
        "00881_600",
    ] {
        let code = trick.starts_with("*31") || trick.starts_with("*67");
        let denied = if code { "served here" } else { "destination-denied" };
        assert_eq!(dialled(&mut world, trick), denied, "{trick}");
    }
    world.granted(Command::SetFeatureCodes(FeatureCodes::new(BTreeMap::new()).unwrap()));
    assert_eq!(dialled(&mut world, "*31#00881600"), "destination-denied", "what is no code is a number");
    assert_eq!(dialled(&mut world, "+49-30.1"), "+49301 on carrier", "what was looked at is what is sent");
    assert_eq!(dialled(&mut world, "00-49301"), "0049301 on carrier");
    world.change_rules(|rules| rules.denied = vec![number("00")]);
    assert_eq!(dialled(&mut world, "+49301"), "destination-denied", "+ is 00");
    assert_eq!(dialled(&mut world, "0301"), "0301 on all", "and 0 is not");
}

#[test]
fn a_trunk_that_is_changed_or_removed_allows_what_it_says_now() {
    let mut world = furnished();
    add_trunk(&mut world, "spare", &["+1"]);
    let id = world.ids["spare"];
    assert_eq!(dialled(&mut world, "+1212"), "+1212 on spare");
    let Some(Entry::Trunk(mut trunk)) = world.engine.entry(world.tenant, id) else { panic!("a trunk") };
    trunk.outbound_prefixes = vec![number("+1646")];
    world.granted(Command::Change(id, Entry::Trunk(trunk)));
    assert_eq!(dialled(&mut world, "+1212"), "+1212 on carrier", "another allows everything abroad");
    assert_eq!(dialled(&mut world, "+1646"), "+1646 on spare");
    world.granted(Command::Remove(id));
    assert_eq!(dialled(&mut world, "+1646"), "+1646 on carrier");
}

#[test]
fn rules_out_of_bounds_are_refused_with_the_field() {
    type Change = fn(&mut OutboundRules);
    let mut world = furnished();
    let mut told = String::new();
    let changes: [(&str, Change); 9] = [
        ("too many calls", |rules| rules.calls = 100_001),
        ("too many of a device", |rules| rules.calls_per_device = 9),
        ("too fast", |rules| rules.calls_per_minute = 10_001),
        ("too long", |rules| rules.minutes_per_day = 144_000_001),
        ("a name", |rules| rules.denied.push(number("bob"))),
        ("a country of nought", |rules| rules.denied.push(number("000"))),
        ("no number", |rules| rules.unlimited.push(number("+"))),
        ("too many", |rules| rules.denied = vec![number("1"); 1_001]),
        ("nothing new", |_| {}),
    ];
    for (what, change) in changes {
        let mut rules = world.engine.outbound(world.tenant, world.clock()).unwrap().rules;
        change(&mut rules);
        let refusal = world.command(Command::SetOutboundRules(rules)).0.expect_err(what);
        told.push_str(&format!("{what}: {} ({refusal})\n", refusal.code()));
    }
    expect![[r#"
        too many calls: invalid (calls: must be at most 100000)
        too many of a device: invalid (calls_per_device: must be at most 8)
        too fast: invalid (calls_per_minute: must be at most 10000)
        too long: invalid (minutes_per_day: must be at most 144000000)
        a name: invalid (denied: must be digits, after + or 00 for numbers abroad)
        a country of nought: invalid (denied: must be digits, after + or 00 for numbers abroad)
        no number: invalid (unlimited: must be digits, after + or 00 for numbers abroad)
        too many: limit-reached (the limit of denied is reached)
        nothing new: already-so (it is so already)
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_device_has_no_more_calls_out_than_it_may() {
    check_in(
        |world| world.change_rules(|rules| rules.calls_per_device = 1),
        "104 calls 00491; 104 calls 00492; 104 calls 00493; 103 calls 00494; carrier answers; show outbound; \
         quietly 104 hangs-up; 104 calls 00495; 104 calls 101",
        expect![[r#"
            104 calls 00491
              CallStarted 104 Outbound to 00491
              LegAdded 104 Caller
              LegAdded carrier Callee
                > ring carrier at 00491 from 5550
            104 calls 00492
              OutboundRefused 104 to 00492: Limit(CallsPerDevice)
              refused: outbound-limit (the limit of calls out at once of one device is reached)
            104 calls 00493
              OutboundRefused 104 to 00493: Limit(CallsPerDevice)
              refused: outbound-limit (the limit of calls out at once of one device is reached)
            103 calls 00494
              CallStarted 103 Outbound to 00494
              LegAdded 103 Caller
              LegAdded carrier Callee
                > ring carrier at 00494 from 5550
            carrier answers
              LegAnswered carrier
              LegAnswered 103
              AgentConnected cid 103 directly
              LegsBridged 103 carrier
                > answer 103
                > bridge 103 carrier
            outbound: 2 now, 2 in a minute, 0 ms today
            104 calls 00495
              CallStarted 104 Outbound to 00495
              LegAdded 104 Caller
              LegAdded carrier Callee
                > ring carrier at 00495 from 5550
            104 calls 101
              CallStarted 104 Internal to 101
              LegAdded 104 Caller
              LegAdded 101 Callee
                > ring 101 at 101 from 104
        "#]],
    );
}

#[test]
fn a_tenant_has_no_more_calls_out_than_it_may_and_another_tenant_is_not_touched() {
    check_in(
        |world| {
            world.add_tenant("other");
            world.furnish();
            world.change_rules(|rules| rules.calls = 2);
        },
        "quietly 101 calls 00491; quietly 102 calls 00492; 103 calls 00493; 103 calls 101; quietly 102 hangs-up; \
         quietly 103 hangs-up; quietly 103 calls 00494; show outbound",
        expect![[r#"
            103 calls 00493
              OutboundRefused 103 to 00493: Limit(Calls)
              refused: outbound-limit (the limit of calls out at once is reached)
            103 calls 101
              CallStarted 103 Internal to 101
              LegAdded 103 Caller
              LegCleared 103 Busy
              CallCleared 103 Busy
              CallClosed 103
                > clear 103 Busy
            outbound: 2 now, 3 in a minute, 0 ms today
        "#]],
    );
}

#[test]
fn calls_out_begin_no_faster_than_they_may_whatever_became_of_them() {
    check_in(
        |world| world.change_rules(|rules| rules.calls_per_minute = 2),
        "quietly 104 calls 00491; quietly carrier is-busy; 30s; quietly 104 calls 00492; quietly 104 hangs-up; \
         104 calls 00493; 29s; 104 calls 00494; crash; 104 calls 00494; 1s; quietly 104 calls 00495; show outbound; \
         102 calls 00496; 30s; show outbound",
        expect![[r#"
            30s
            104 calls 00493
              OutboundRefused 104 to 00493: Limit(CallsPerMinute)
              refused: outbound-limit (the limit of calls out per minute is reached)
            29s
            104 calls 00494
              OutboundRefused 104 to 00494: Limit(CallsPerMinute)
              refused: outbound-limit (the limit of calls out per minute is reached)
              NodeStarted
            104 calls 00494
              OutboundRefused 104 to 00494: Limit(CallsPerMinute)
              refused: outbound-limit (the limit of calls out per minute is reached)
            1s
            outbound: 1 now, 2 in a minute, 0 ms today
            102 calls 00496
              OutboundRefused 102 to 00496: Limit(CallsPerMinute)
              refused: outbound-limit (the limit of calls out per minute is reached)
            30s
            outbound: 1 now, 1 in a minute, 0 ms today
        "#]],
    );
}

#[test]
fn spent_minutes_let_no_call_begin_and_end_none() {
    check_in(
        |world| world.change_rules(|rules| rules.minutes_per_day = 2),
        "quietly 101 calls 00491; quietly carrier answers; 30s; quietly 102 calls 00492; quietly carrier answers; \
         quietly carrier holds; 44s; quietly carrier retrieves; show outbound; quietly 103 calls 00493; 1s; \
         show outbound; 104 calls 00494; 60s; quietly 101 hangs-up; quietly 102 hangs-up; show outbound; \
         crash; show outbound; 104 calls 00494",
        expect![[r#"
            30s
            44s
            outbound: 2 now, 1 in a minute, 118000 ms today
            1s
            outbound: 3 now, 2 in a minute, 120000 ms today
            104 calls 00494
              OutboundRefused 104 to 00494: Limit(MinutesPerDay)
              refused: outbound-limit (the limit of minutes talked out per day is reached)
            60s
              LegCleared 103 NoAnswer
              LegCleared carrier NoAnswer
              CallCleared 103 NoAnswer
              CallClosed 103
                > clear 103 NoAnswer
                > clear carrier NoAnswer
            outbound: 0 now, 0 in a minute, 240000 ms today
              NodeStarted
            outbound: 0 now, 0 in a minute, 240000 ms today
            104 calls 00494
              OutboundRefused 104 to 00494: Limit(MinutesPerDay)
              refused: outbound-limit (the limit of minutes talked out per day is reached)
        "#]],
    );
}

#[test]
fn a_new_day_has_new_minutes_and_what_is_talked_since_midnight_counts() {
    // The world begins 6400 seconds before midnight UTC.
    check_in(
        |world| world.change_rules(|rules| rules.minutes_per_day = 60),
        "quietly 101 calls 00491; quietly carrier answers; 6390s; show outbound; 102 calls 00492; 20s; show outbound; \
         quietly 102 calls 00492; quietly carrier answers; 5s; show outbound; quietly 101 hangs-up; show outbound",
        expect![[r#"
            6390s
            outbound: 1 now, 0 in a minute, 6390000 ms today
            102 calls 00492
              OutboundRefused 102 to 00492: Limit(MinutesPerDay)
              refused: outbound-limit (the limit of minutes talked out per day is reached)
            20s
            outbound: 1 now, 0 in a minute, 10000 ms today
            5s
            outbound: 2 now, 1 in a minute, 20000 ms today
            outbound: 1 now, 1 in a minute, 20000 ms today
        "#]],
    );
}

#[test]
fn numbers_without_limits_go_out_whatever_was_spent() {
    check_in(
        |world| {
            add_trunk(world, "city", &["1", "9"]);
            world.change_rules(|rules| {
                rules.calls = 0;
                rules.calls_per_device = 0;
                rules.calls_per_minute = 0;
                rules.minutes_per_day = 0;
            });
        },
        "104 calls 118; 104 calls 112; 104 calls 911; show outbound; 104 calls 1120",
        expect![[r#"
            104 calls 118
              OutboundRefused 104 to 118: Limit(CallsPerDevice)
              refused: outbound-limit (the limit of calls out at once of one device is reached)
            104 calls 112
              CallStarted 104 Outbound to 112
              LegAdded 104 Caller
              LegAdded city Callee
                > ring city at 112 from 104
            104 calls 911
              CallStarted 104 Outbound to 911
              LegAdded 104 Caller
              LegAdded city Callee
                > ring city at 911 from 104
            outbound: 2 now, 2 in a minute, 0 ms today
            104 calls 1120
              OutboundRefused 104 to 1120: Limit(CallsPerDevice)
              refused: outbound-limit (the limit of calls out at once of one device is reached)
        "#]],
    );
}

#[test]
fn a_caller_from_outside_is_not_led_out_again_unless_that_is_wanted() {
    let story = "quietly ann handling forward 00491; x calls 5553; 102 calls 201";
    check(
        story,
        expect![[r#"
        x calls 5553
          OutboundRefused carrier to 00491: LedOutAgain
          refused: led-out-again (a caller from outside is not led out again)
        102 calls 201
          CallStarted 102 Outbound to 201
          LegAdded 102 Caller
          LegAdded carrier Callee
            > ring carrier at 00491 from 5550
    "#]],
    );
    check_in(
        |world| world.change_rules(|rules| rules.lead_out_again = true),
        story,
        expect![[r#"
        x calls 5553
          CallStarted x Inbound to 5553
          LegAdded x Caller
          LegAdded carrier Callee
            > ring carrier at 00491 from x
        102 calls 201
          CallStarted 102 Outbound to 201
          LegAdded 102 Caller
          LegAdded carrier Callee
            > ring carrier at 00491 from 5550
    "#]],
    );
}

#[test]
fn a_forward_is_held_to_the_rules_behind_a_greeting_too() {
    check_in(
        |world| {
            let ann = world.agent("ann");
            let greeting = Some(name("en/welcome"));
            let route = Route { greeting, ..Route::to(number("5556"), Destination::Agent(ann)) };
            world.add("5556", Entry::Route(route));
            world.change_rules(|rules| rules.calls_per_device = 0);
        },
        "quietly ann handling forward +881600; quietly x calls 5556; x heard-all; quietly 104 calls 5556; 104 heard-all; \
         quietly ann handling forward 00491; quietly 103 calls 5556; 103 heard-all",
        expect![[r#"
            x heard-all
              OutboundRefused carrier to +881600: Denied
              LegCleared x NoRoute
              CallCleared x NoRoute
              CallClosed x
                > clear x NoRoute
            104 heard-all
              OutboundRefused 104 to +881600: Denied
              LegCleared 104 NoRoute
              CallCleared 104 NoRoute
              CallClosed 104
                > clear 104 NoRoute
            103 heard-all
              OutboundRefused 103 to 00491: Limit(CallsPerDevice)
              LegCleared 103 Full
              CallCleared 103 Full
              CallClosed 103
                > clear 103 Full
        "#]],
    );
}

#[test]
fn a_placed_call_is_looked_at_when_it_is_asked_for_and_when_the_device_answers() {
    check_in(
        |world| world.change_rules(|rules| rules.calls = 1),
        "104 places 00881600; quietly 104 places 00491; quietly 103 calls 00492; 104 answers; 102 places 00493",
        expect![[r#"
            104 places 00881600
              OutboundRefused 104 to 00881600: Denied
              refused: destination-denied (the destination is not allowed)
            104 answers
              LegAnswered 104
              OutboundRefused 104 to 00491: Limit(Calls)
              LegCleared 104 Full
              CallCleared 104 Full
              CallClosed 104
                > clear 104 Full
            102 places 00493
              OutboundRefused 102 to 00493: Limit(Calls)
              refused: outbound-limit (the limit of calls out at once is reached)
        "#]],
    );
}

#[test]
fn a_flood_of_refusals_is_told_in_part() {
    let mut world = furnished();
    for _ in 0..200 {
        assert_eq!(dialled(&mut world, "+881600"), "destination-denied");
    }
    let told = |world: &World| {
        let refused = |event: &&Event| matches!(event.fact, Fact::OutboundRefused { .. });
        world.journal.iter().filter(refused).count()
    };
    assert_eq!(told(&world), 60);
    world.now.0 += 60_000;
    assert_eq!(dialled(&mut world, "+881600"), "destination-denied");
    assert_eq!(told(&world), 61, "the next minute is told again");
}

#[test]
fn prefixes_that_cannot_be_read_are_refused_on_a_trunk() {
    let mut world = furnished();
    let id = world.ids["carrier"];
    let Some(Entry::Trunk(mut trunk)) = world.engine.entry(world.tenant, id) else { panic!("a trunk") };
    trunk.outbound_prefixes = vec![number("*31#")];
    let refused = world.command(Command::Change(id, Entry::Trunk(trunk))).0;
    assert!(matches!(refused, Err(Refusal::Invalid { field: "outbound_prefixes", .. })), "{refused:?}");
}

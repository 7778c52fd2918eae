//! Agents: duty now and pending, wrap-up, membership.

use cordial_engine::agent::WhyLoggedOut;
use cordial_engine::call::Cause;
use cordial_engine::command::Command;
use cordial_engine::entry::{
    AfterMissed, Agent, Device, Entry, EntryId, Reason, ReasonCategory, Role, Team, User,
};
use cordial_engine::{Actor, Answer, Event, Fact, Input, Refusal, Report};
use expect_test::expect;

use crate::story::{check, check_in};
use crate::world::{World, name};

#[test]
fn a_break_asked_for_during_ringing_is_pending_and_does_not_cancel_the_offer() {
    check(
        "quietly ann ready; quietly x calls 5551; ann not-ready break; show ann; ann not-ready break; ann answers; \
         x hangs-up; show ann; 30s; show ann",
        expect![[r#"
            ann not-ready break
              DutyPending ann not ready: break
              pending
            ann: ready, then not ready: break, offered, device Busy
            ann not-ready break
              refused: already-so (it is so already)
            ann answers
              LegAnswered 101
              OfferEnded ann Accepted
              WaitingEnded x sales Answered after 0 ms
              AgentConnected ann x sales
              LegsBridged 101 x
              RecordingStarted x
                > stop playing to x
                > bridge 101 x
                > record 101 x
            x hangs-up
              LegCleared x Normal
              RecordingStopped x
              LegCleared 101 Normal
              WrapUpStarted ann until 30.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > stop recording
                > clear 101 Normal
            ann: ready, then not ready: break, wrap-up until 30.000s, device Idle
            30s
              WrapUpEnded ann
              AgentNotReady ann not ready: break
              CallClosed x
            ann: not ready: break, idle, device Idle
        "#]],
    );
}

#[test]
fn a_break_asked_for_during_ringing_takes_effect_when_the_caller_gives_up() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann not-ready lunch; x hangs-up; show ann",
        expect![[r#"
        x hangs-up
          LegCleared x Normal
          OfferEnded ann Withdrawn(CallerGone)
          LegCleared 101 Normal
          AgentNotReady ann not ready: lunch
          WaitingEnded x sales Abandoned after 0 ms
          CallCleared x Normal
          CallClosed x
            > clear 101 Normal
        ann: not ready: lunch, idle, device Idle
    "#]],
    );
}

#[test]
fn what_the_agent_asked_for_comes_before_the_no_answer_policy() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann not-ready lunch; 20s",
        expect![[r#"
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentNotReady ann not ready: lunch
              ServiceLevelBreached x 1 of 1
                > clear 101 NoAnswer
        "#]],
    );
}

#[test]
fn the_last_request_wins() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; ann log-out; ann not-ready break; ann ready; \
         ann ready; show ann; ann log-out; ann log-in 101",
        expect![[r#"
            ann log-out
              DutyPending ann logged out
              pending
            ann not-ready break
              DutyPending ann not ready: break
              pending
            ann ready
              DutyPending ann nothing
            ann ready
              refused: already-so (it is so already)
            ann: ready, in call x of sales, device Busy
            ann log-out
              DutyPending ann logged out
              pending
            ann log-in 101
              DutyPending ann nothing
        "#]],
    );
}

#[test]
fn ready_during_wrap_up_ends_it_at_once() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly ann not-ready break; quietly x hangs-up; \
         5s; ann ready; show ann",
        expect![[r#"
            5s
            ann ready
              DutyPending ann nothing
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn not_ready_during_wrap_up_is_pending_until_its_end() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly ann hangs-up; ann not-ready lunch; \
         y calls 5551; 30s; ann end-wrap-up",
        expect![[r#"
            ann not-ready lunch
              DutyPending ann not ready: lunch
              pending
            y calls 5551
              CallStarted y Inbound to 5551
              LegAdded y Caller
              LegAnswered y
              CallQueued y sales
                > answer y
                > play to y then music
            30s
              ServiceLevelBreached y 1 of 1
              WrapUpEnded ann
              AgentNotReady ann not ready: lunch
              CallClosed x
            ann end-wrap-up
              refused: not-in-wrap-up (the agent is not in wrap-up)
        "#]],
    );
}

#[test]
fn an_agent_takes_a_break_or_does_other_work_without_a_reason_from_the_list() {
    check(
        "ann breaks; ann breaks; ann does letters; x calls 5551; ann ready; show ann",
        expect![[r#"
        ann breaks
          AgentNotReady ann not ready: Absence(Break)
        ann breaks
          refused: already-so (it is so already)
        ann does letters
          AgentNotReady ann not ready: Absence(Tasks)
        x calls 5551
          CallStarted x Inbound to 5551
          LegAdded x Caller
          LegAnswered x
          CallQueued x sales
            > answer x
            > play to x then music
        ann ready
          AgentReady ann
          LegAdded 101 Callee
          OfferMade x to ann
            > ring 101 at 101 from x
        ann: ready, offered, device Busy
    "#]],
    );
}

#[test]
fn who_is_to_be_ready_after_a_wrap_up_finishes_it_first() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly ann hangs-up; \
         ann ready-after-wrap-up; ann not-ready; ann ready-after-wrap-up; ann ready-after-wrap-up; 30s; show ann; \
         ann not-ready; ann ready-after-wrap-up",
        expect![[r#"
            ann ready-after-wrap-up
              refused: already-so (it is so already)
            ann not-ready
              DutyPending ann not ready
              pending
            ann ready-after-wrap-up
              DutyPending ann nothing
            ann ready-after-wrap-up
              refused: already-so (it is so already)
            30s
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
            ann not-ready
              AgentNotReady ann not ready
            ann ready-after-wrap-up
              AgentReady ann
        "#]],
    );
}

#[test]
fn a_wrap_up_is_ended_by_the_agent_and_the_next_call_is_offered() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly ann hangs-up; quietly y calls 5551; \
         ann end-wrap-up",
        expect![[r#"
            ann end-wrap-up
              WrapUpEnded ann
              CallClosed x
              LegAdded 101 Callee
              OfferMade y to ann
                > ring 101 at 101 from y
        "#]],
    );
}

#[test]
fn each_agent_wraps_up_for_himself() {
    check(
        "quietly ann ready; quietly bob ready; quietly x calls 5551; quietly y calls 5551; quietly ann answers; \
         quietly bob answers; quietly x hangs-up; 10s; quietly y hangs-up; 20s; show ann; show bob",
        expect![[r#"
            10s
            20s
              WrapUpEnded ann
              CallClosed x
            ann: ready, idle, device Idle
            bob: ready, wrap-up until 40.000s, device Idle
        "#]],
    );
}

#[test]
fn logging_in_and_out_says_what_is_so_already_and_what_is_taken() {
    check(
        "ann log-in 101; ann log-in 104; ann log-out; ann log-out; ann ready; ann log-in 102; ann log-in 104; show ann",
        expect![[r#"
            ann log-in 101
              refused: already-so (it is so already)
            ann log-in 104
              refused: logged-in-elsewhere (the agent is logged in at another device)
            ann log-out
              AgentLoggedOut ann by the operator
            ann log-out
              refused: already-so (it is so already)
            ann ready
              refused: not-logged-in (the agent is not logged in)
            ann log-in 102
              refused: device-taken (another agent is logged in at that device)
            ann log-in 104
              AgentLoggedIn ann
            ann: not ready, idle, device Idle
        "#]],
    );
}

#[test]
fn an_agent_out_of_a_queue_is_offered_none_of_its_calls() {
    check(
        "quietly ann ready; ann membership sales not-ready; x calls 5551; ann membership sales ready; ann unassign sales; \
         ann membership sales out",
        expect![[r#"
            ann membership sales not-ready
              MembershipSet ann sales NotReady
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
                > answer x
                > play to x then music
            ann membership sales ready
              MembershipSet ann sales Ready
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
            ann unassign sales
              AgentUnassigned ann sales
            ann membership sales out
              refused: not-assigned (the agent is not assigned to that queue)
        "#]],
    );
}

#[test]
fn an_agent_who_forwards_or_does_not_want_to_be_disturbed_gets_no_queue_calls() {
    check(
        "quietly ann ready; ann handling busy; x calls 5551; ann handling ring",
        expect![[r#"
        ann handling busy
          HandlingSet ann
        x calls 5551
          CallStarted x Inbound to 5551
          LegAdded x Caller
          LegAnswered x
          CallQueued x sales
            > answer x
            > play to x then music
        ann handling ring
          HandlingSet ann
          LegAdded 101 Callee
          OfferMade x to ann
            > ring 101 at 101 from x
    "#]],
    );
}

#[test]
fn reasons_may_be_changed_while_not_ready() {
    check(
        "ann not-ready break; ann not-ready break; ann not-ready lunch; ann ready; ann ready",
        expect![[r#"
        ann not-ready break
          AgentNotReady ann not ready: break
        ann not-ready break
          refused: already-so (it is so already)
        ann not-ready lunch
          AgentNotReady ann not ready: lunch
        ann ready
          AgentReady ann
        ann ready
          refused: already-so (it is so already)
    "#]],
    );
}

#[test]
fn a_word_about_one_queue_leaves_what_the_others_see() {
    check(
        "ann attends sales ready; show ann; ann attends help ready; ann attends sales not-ready; show ann; \
         ann attends help not-ready; show ann; ann attends all ready; show ann",
        expect![[r#"
            ann attends sales ready
              MembershipSet ann help NotReady
              AgentReady ann
            ann: ready, idle, device Idle
            ann attends help ready
              MembershipSet ann help Ready
            ann attends sales not-ready
              MembershipSet ann sales NotReady
            ann: ready, idle, device Idle
            ann attends help not-ready
              MembershipSet ann help NotReady
              AgentNotReady ann not ready
            ann: not ready, idle, device Idle
            ann attends all ready
              MembershipSet ann sales Ready
              MembershipSet ann help Ready
              AgentReady ann
            ann: ready, idle, device Idle
        "#]],
    );
}

#[test]
fn who_was_not_there_comes_to_the_queue_named_alone() {
    check(
        "quietly ann log-out; ann attends help at 101; show ann; ann attends help at 101; ann attends sales ready; \
         ann attends help ready; ann attends all at 101; show ann; ann attends all no-more; ann attends all no-more",
        expect![[r#"
            ann attends help at 101
              MembershipSet ann sales Out
              MembershipSet ann help Out
              AgentLoggedIn ann
              AgentReady ann
              MembershipSet ann help Ready
            ann: ready, idle, device Idle
            ann attends help at 101
              refused: already-so (it is so already)
            ann attends sales ready
              refused: not-logged-in (the agent is not logged in)
            ann attends help ready
              refused: already-so (it is so already)
            ann attends all at 101
              MembershipSet ann sales NotReady
            ann: ready, idle, device Idle
            ann attends all no-more
              AgentLoggedOut ann by the operator
            ann attends all no-more
              refused: already-so (it is so already)
        "#]],
    );
}

#[test]
fn who_is_out_of_a_queue_is_told_so_and_a_word_about_all_skips_it() {
    check(
        "ann attends sales no-more; ann attends sales no-more; ann attends sales ready; ann attends sales not-ready; \
         ann attends all ready; show ann; ann unassign sales; ann attends sales ready; quietly ann attends help no-more; \
         ann attends all ready",
        expect![[r#"
            ann attends sales no-more
              MembershipSet ann sales Out
            ann attends sales no-more
              refused: already-so (it is so already)
            ann attends sales ready
              refused: not-logged-in (the agent is not logged in)
            ann attends sales not-ready
              refused: not-logged-in (the agent is not logged in)
            ann attends all ready
              AgentReady ann
            ann: ready, idle, device Idle
            ann unassign sales
              AgentUnassigned ann sales
            ann attends sales ready
              refused: not-assigned (the agent is not assigned to that queue)
            ann attends all ready
              refused: not-logged-in (the agent is not logged in)
        "#]],
    );
}

#[test]
fn a_wrap_up_is_lengthened_once() {
    check(
        "quietly ann ready; quietly x calls 5551; quietly ann answers; quietly x hangs-up; 10s; ann extends-wrap-up;
         ann extends-wrap-up; 49s; 1s; ann extends-wrap-up",
        expect![[r#"
            10s
            ann extends-wrap-up
              WrapUpExtended ann until 60.000s
            ann extends-wrap-up
              refused: no-extension (the wrap-up cannot be extended)
            49s
            1s
              WrapUpEnded ann
              CallClosed x
            ann extends-wrap-up
              refused: not-in-wrap-up (the agent is not in wrap-up)
        "#]],
    );
}

#[test]
fn an_agent_has_his_own_time_for_finishing() {
    check_in(
        |world| {
            let id = world.ids["ann"];
            let Some(Entry::Agent(agent)) = world.engine.entry(world.tenant, id) else { unreachable!() };
            world.granted(Command::Change(id, Entry::Agent(Agent { wrap_up_ms: Some(7_000), ..agent })));
        },
        "quietly ann ready; quietly x calls 5551; quietly ann answers; x hangs-up; 7s",
        expect![[r#"
            x hangs-up
              LegCleared x Normal
              RecordingStopped x
              LegCleared 101 Normal
              WrapUpStarted ann until 7.000s
              AgentDisconnected ann x
              CallCleared x Normal
                > stop recording
                > clear 101 Normal
            7s
              WrapUpEnded ann
              CallClosed x
        "#]],
    );
}

#[test]
fn a_phone_that_is_busy_lets_its_agent_rest_as_the_queue_says() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| queue.on_busy = Some(AfterMissed::Rest { delay_ms: 4_000 }));
        },
        "quietly ann ready; quietly x calls 5551; ann is-busy; 4s; ann rejects; show ann",
        expect![[r#"
            ann is-busy
              OfferEnded ann Declined
              LegCleared 101 Busy
              AgentRested ann until 4.000s
            4s
              AgentRestEnded ann
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
            ann rejects
              OfferEnded ann Declined
              LegCleared 101 Rejected
              AgentNotReady ann not ready: Declined
            ann: not ready: Declined, idle, device Idle
        "#]],
    );
}

#[test]
fn who_is_busy_where_the_queue_says_nothing_of_it_is_treated_as_who_declines() {
    check(
        "quietly ann ready; quietly x calls 5551; ann is-busy; show ann",
        expect![[r#"
        ann is-busy
          OfferEnded ann Declined
          LegCleared 101 Busy
          AgentNotReady ann not ready: Busy
        ann: not ready: Busy, idle, device Idle
    "#]],
    );
}

#[test]
fn who_misses_too_many_offers_in_a_row_is_not_ready() {
    check_in(
        |world| {
            world.change_queue("sales", |queue| {
                queue.on_no_answer = AfterMissed::Rest { delay_ms: 1_000 };
                queue.missed_max = Some(2);
                queue.service_level_ms = 0;
            });
        },
        "quietly ann ready; quietly x calls 5551; 20s; 1s; 20s; ann ready",
        expect![[r#"
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentRested ann until 21.000s
                > clear 101 NoAnswer
            1s
              AgentRestEnded ann
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
            20s
              OfferEnded ann Expired
              LegCleared 101 NoAnswer
              AgentNotReady ann not ready: NoAnswer
                > clear 101 NoAnswer
            ann ready
              AgentReady ann
              LegAdded 101 Callee
              OfferMade x to ann
                > ring 101 at 101 from x
        "#]],
    );
}

#[test]
fn what_an_agent_did_for_queues_is_counted_since_he_logged_in() {
    check(
        "figures ann; quietly ann ready; quietly x calls 5551; quietly 20s; figures ann; quietly ann ready; figures ann; \
         quietly ann answers; quietly 5s; quietly x hangs-up; figures ann; quietly 30s; quietly ann log-out; \
         quietly ann log-in 101; figures ann",
        expect![[r#"
            ann: 0 calls, 0 ms, 0 missed; [None, None, None] s
            ann: 0 calls, 0 ms, 1 missed; [Some(0), None, None] s
            ann: 0 calls, 0 ms, 0 missed; [Some(20), None, None] s
            ann: 1 calls, 5000 ms, 0 missed; [Some(20), Some(20), Some(25)] s
            ann: 0 calls, 0 ms, 0 missed; [Some(20), Some(20), Some(25)] s
        "#]],
    );
}

#[test]
fn a_reason_of_a_team_is_for_its_agents_only() {
    let mut world = World::new();
    world.furnish();
    let EntryId::Team(team) =
        world.add("night", Entry::Team(Team { name: name("night"), sees_monitoring: false }))
    else {
        unreachable!()
    };
    let reason = Reason { team: Some(team), ..Reason::named(name("handover")) };
    let EntryId::Reason(reason) = world.add("handover", Entry::Reason(reason)) else { unreachable!() };
    let ann = world.agent("ann");
    let asks = Command::NotReady { agent: ann, reason: Some(reason), note: name("") };
    let refused = world.command(asks.clone()).0;
    assert!(matches!(refused, Err(Refusal::Invalid { field: "reason", .. })), "{refused:?}");
    let id = world.ids["ann"];
    let Some(Entry::Agent(agent)) = world.engine.entry(world.tenant, id) else { unreachable!() };
    world.granted(Command::Change(id, Entry::Agent(Agent { team: Some(team), ..agent.clone() })));
    world.granted(asks);
    world.granted(Command::Change(id, Entry::Agent(agent)));
    let used = world.command(Command::Remove(EntryId::Team(team))).0;
    assert!(matches!(used, Err(Refusal::InUse(..))), "{used:?}");
}

#[test]
fn a_device_that_answers_by_itself_is_asked_to_where_the_queue_says_so() {
    check_in(
        |world| {
            let id = world.ids["101"];
            let Some(Entry::Device(device)) = world.engine.entry(world.tenant, id) else { unreachable!() };
            world.granted(Command::Change(id, Entry::Device(Device { auto_answer: true, ..device })));
            world.change_queue("sales", |queue| queue.auto_answer = true);
        },
        "quietly ann ready; x calls 5551; quietly x hangs-up; y calls 5552; quietly y hangs-up; ann not-ready; 101 places 102",
        expect![[r#"
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 101 Callee
              OfferMade x to ann
                > answer x
                > play to x then music
                > ring 101 at 101 from x, to be answered at once
            y calls 5552
              CallStarted y Inbound to 5552
              LegAdded y Caller
              LegAnswered y
              CallQueued y help
              LegAdded 101 Callee
              OfferMade y to ann
                > answer y
                > play to y then music
                > ring 101 at 101 from y
            ann not-ready
              AgentNotReady ann not ready
            101 places 102
              CallStarted 101 Internal to 102
              LegAdded 101 Caller
                > ring 101 at 101 from 102, to be answered at once
        "#]],
    );
}

#[test]
fn a_log_out_gives_a_reason_even_when_it_had_to_wait() {
    check_in(
        |world| {
            let end = Reason { category: ReasonCategory::LogOut, ..Reason::named(name("shift-over")) };
            world.add("shift-over", Entry::Reason(end));
            let ill = Reason { category: ReasonCategory::Both, ..Reason::named(name("ill")) };
            world.add("ill", Entry::Reason(ill));
        },
        "ann log-out break; ann not-ready shift-over; ann not-ready ill; ann log-out shift-over; \
         quietly bob ready; x calls 5551; bob log-out; bob log-out ill; bob log-out ill; bob log-out shift-over; x hangs-up",
        expect![[r#"
            ann log-out break
              refused: invalid (reason: must be one for logging out)
            ann not-ready shift-over
              refused: invalid (reason: must be one for being not ready)
            ann not-ready ill
              AgentNotReady ann not ready: ill
            ann log-out shift-over
              AgentLoggedOut ann by the operator: shift-over
            x calls 5551
              CallStarted x Inbound to 5551
              LegAdded x Caller
              LegAnswered x
              CallQueued x sales
              LegAdded 102 Callee
              OfferMade x to bob
                > answer x
                > play to x then music
                > ring 102 at 102 from x
            bob log-out
              DutyPending bob logged out
              pending
            bob log-out ill
              DutyPending bob logged out: ill
              pending
            bob log-out ill
              refused: already-so (it is so already)
            bob log-out shift-over
              DutyPending bob logged out: shift-over
              pending
            x hangs-up
              LegCleared x Normal
              OfferEnded bob Withdrawn(CallerGone)
              LegCleared 102 Normal
              AgentLoggedOut bob by the operator: shift-over
              WaitingEnded x sales Abandoned after 0 ms
              CallCleared x Normal
              CallClosed x
                > clear 102 Normal
        "#]],
    );
}

#[test]
fn a_reason_that_a_log_out_waits_with_is_not_removed() {
    let mut world = World::new();
    world.furnish();
    let end = Reason { category: ReasonCategory::LogOut, ..Reason::named(name("end")) };
    let EntryId::Reason(end) = world.add("end", Entry::Reason(end)) else { unreachable!() };
    let ann = world.agent("ann");
    world.granted(Command::Ready { agent: ann });
    world.arrives("5551");
    let asked = world.command(Command::LogOut { agent: ann, reason: Some(end) }).0;
    assert_eq!(asked, Ok(Answer::Pending));
    let remove = Command::Remove(EntryId::Reason(end));
    assert!(matches!(world.command(remove.clone()).0, Err(Refusal::InUse(..))));
    world.granted(Command::Ready { agent: ann });
    world.granted(remove);
}

#[test]
fn a_log_out_says_who_asked_even_when_it_had_to_wait() {
    let mut world = World::new();
    world.furnish();
    let (ann, tenant) = (world.agent("ann"), world.tenant);
    let user = |world: &mut World, label: &str| {
        let user = User { name: name(label), roles: [Role::Supervisor].into(), teams: None, queues: None };
        let EntryId::User(id) = world.add(label, Entry::User(user)) else { unreachable!() };
        id
    };
    let (own, boss) = (user(&mut world, "ann's"), user(&mut world, "boss"));
    let Some(Entry::Agent(entry)) = world.engine.entry(tenant, world.ids["ann"]) else { unreachable!() };
    world.granted(Command::Change(world.ids["ann"], Entry::Agent(Agent { user: Some(own), ..entry })));
    let log_out = |world: &mut World, by| {
        let command = Command::LogOut { agent: ann, reason: None };
        world.handle(Input::Command { tenant, by, command })
    };
    let log_in = |world: &mut World| {
        world.granted(Command::LogIn { agent: ann, device: world.device("101") });
    };
    let why = |events: &[Event]| {
        let mut whys = events.iter().filter_map(|event| match event.fact {
            Fact::AgentLoggedOut { why, .. } => why,
            _ => None,
        });
        whys.next()
    };

    let told = log_out(&mut world, Actor::User(own)).1;
    assert_eq!(why(&told), Some(WhyLoggedOut::Asked));
    log_in(&mut world);
    let desk = world.device("101");
    let told = log_out(&mut world, Actor::Device(desk)).1;
    assert_eq!(why(&told), Some(WhyLoggedOut::Asked));
    log_in(&mut world);
    let told = log_out(&mut world, Actor::User(boss)).1;
    assert_eq!(why(&told), Some(WhyLoggedOut::Forced { by: Actor::User(boss) }));

    // Whoever ends the offer has not asked for the log-out that waited for it.
    log_in(&mut world);
    world.granted(Command::Ready { agent: ann });
    world.arrives("5551");
    let leg = world.engine.calls(tenant).first().expect("a call").legs.first().expect("its caller").id;
    assert_eq!(log_out(&mut world, Actor::User(boss)).0, Ok(Answer::Pending));
    let told = world.report(Report::LegCleared { leg, cause: Cause::Normal }).1;
    assert_eq!(why(&told), Some(WhyLoggedOut::Forced { by: Actor::User(boss) }));
}

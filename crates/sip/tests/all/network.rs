//! Calls over a bad line, a few hundred seeds each: 20 % loss, 10 % repeats, reordering.

use cordial_sip::{DialogId, Event, Invite, Target, Timestamp, UserAgent};

use crate::bench::OFFER;
use crate::pair::{FAR, Pair};

const SEEDS: u64 = 300;
const LOSS: u64 = 20;

fn dial(pair: &mut Pair) -> DialogId {
    let invite = Invite {
        target: Target::Peer { id: FAR, user: "200".to_owned() },
        from_user: "100".to_owned(),
        from_name: None,
        to_user: "200".to_owned(),
        headers: Vec::new(),
        body: OFFER.into(),
    };
    pair.sides[0].ua.invite(pair.now, invite)
}

/// The far side answers, and both accept every offer.
fn answer_all(_: usize, ua: &mut UserAgent, now: Timestamp, event: &Event) {
    match event {
        Event::Incoming { dialog, .. } => {
            ua.ring(now, *dialog, 180, None);
            ua.answer(now, *dialog, OFFER.into());
        }
        Event::Reoffered { dialog, .. } => ua.answer_reoffer(now, *dialog, OFFER.into()),
        Event::Referred { dialog, .. } => ua.answer_refer(now, *dialog, 202),
        Event::BindingsChanged { .. }
        | Event::Progress { .. }
        | Event::Answered { .. }
        | Event::Failed { .. }
        | Event::Confirmed { .. }
        | Event::ReofferAnswered { .. }
        | Event::ReofferFailed { .. }
        | Event::Cleared { .. }
        | Event::Dtmf { .. }
        | Event::StreamBroken { .. } => {}
    }
}

fn count(pair: &Pair, side: usize, wanted: fn(&Event) -> bool) -> usize {
    pair.sides[side].events.iter().filter(|event| wanted(event)).count()
}

fn incoming(pair: &Pair) -> Option<DialogId> {
    pair.sides[1]
        .events
        .iter()
        .find_map(|event| if let Event::Incoming { dialog, .. } = event { Some(*dialog) } else { None })
}

#[test]
fn a_call_is_answered_held_and_cleared() {
    let (mut answered, mut held) = (0, 0);
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        let call = dial(&mut pair);
        pair.run(40_000, &mut answer_all);
        assert!(
            count(&pair, 1, |event| matches!(event, Event::Incoming { .. })) <= 1,
            "seed {seed}: one call"
        );
        answered += count(&pair, 0, |event| matches!(event, Event::Answered { .. }));
        let now = pair.now;
        if pair.sides[0].ua.reoffer(now, call, OFFER.into()).is_ok() {
            pair.run(80_000, &mut answer_all);
            held += count(&pair, 0, |event| matches!(event, Event::ReofferAnswered { .. }));
        }
        let now = pair.now;
        pair.sides[0].ua.clear(now, call, None);
        pair.assert_nothing_left(seed);
    }
    assert!(answered >= SEEDS as usize * 97 / 100, "answered {answered} of {SEEDS}");
    assert!(held >= SEEDS as usize * 95 / 100, "held {held} of {SEEDS}");
}

#[test]
fn a_call_cancelled_at_any_instant_ends_on_both_sides() {
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        let call = dial(&mut pair);
        let give_up = pair.now.0 + pair.dice.below(2_500);
        let answer_at = pair.now.0 + pair.dice.below(2_500);
        let mut ring = |_: usize, ua: &mut UserAgent, now: Timestamp, event: &Event| {
            if let Event::Incoming { dialog, .. } = event {
                ua.ring(now, *dialog, 180, None);
            }
        };
        pair.run(give_up.min(answer_at), &mut ring);
        for act in [give_up.min(answer_at), give_up.max(answer_at)] {
            pair.run(act, &mut ring);
            let now = pair.now;
            if act == give_up {
                pair.sides[0].ua.clear(now, call, None);
            }
            if act == answer_at
                && let Some(dialog) = incoming(&pair)
            {
                pair.sides[1].ua.answer(now, dialog, OFFER.into());
            }
        }
        pair.run(120_000, &mut ring);
        // The far side may learn it by CANCEL, BYE or silence. A call that it was never asked to end is cleared here.
        if let Some(dialog) = incoming(&pair) {
            let now = pair.now;
            pair.sides[1].ua.clear(now, dialog, None);
        }
        pair.assert_nothing_left(seed);
    }
}

#[test]
fn a_busy_callee_is_reported_once() {
    let mut busy = 0;
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        dial(&mut pair);
        pair.run(70_000, &mut |_, ua, now, event| {
            if let Event::Incoming { dialog, .. } = event {
                ua.reject(now, *dialog, 486, "", &[("Retry-After", "5")]);
            }
        });
        assert_eq!(count(&pair, 0, |event| matches!(event, Event::Failed { .. })), 1, "seed {seed}");
        busy += count(&pair, 0, |event| matches!(event, Event::Failed { code: 486, .. }));
        pair.assert_nothing_left(seed);
    }
    assert!(busy >= SEEDS as usize * 97 / 100, "busy {busy} of {SEEDS}");
}

#[test]
fn glare_is_resolved_and_both_offers_are_answered() {
    let mut resolved = 0;
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        let call = dial(&mut pair);
        pair.run(40_000, &mut answer_all);
        let now = pair.now;
        let Some(far) = incoming(&pair) else { continue };
        let both = pair.sides[0].ua.reoffer(now, call, OFFER.into()).is_ok()
            & pair.sides[1].ua.reoffer(now, far, OFFER.into()).is_ok();
        pair.run(120_000, &mut answer_all);
        let answered =
            [0, 1].map(|side| count(&pair, side, |event| matches!(event, Event::ReofferAnswered { .. })));
        resolved += usize::from(both && answered == [1, 1]);
        let now = pair.now;
        pair.sides[1].ua.clear(now, far, Some("Q.850;cause=16"));
        pair.run(200_000, &mut answer_all);
        pair.assert_nothing_left(seed);
    }
    assert!(resolved >= SEEDS as usize * 90 / 100, "resolved {resolved} of {SEEDS}");
}

#[test]
fn early_media_and_all_that_rings_after_it_arrives_once_and_in_order() {
    let mut answered = 0;
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        dial(&mut pair);
        let mut ring = |_: usize, ua: &mut UserAgent, now: Timestamp, event: &Event| {
            if let Event::Incoming { dialog, .. } = event {
                ua.ring(now, *dialog, 183, Some(OFFER.into()));
                for code in [182, 181, 180] {
                    ua.ring(now, *dialog, code, None);
                }
            }
        };
        pair.run(90_000, &mut ring);
        let heard: Vec<u16> = pair.sides[0]
            .events
            .iter()
            .filter_map(|event| if let Event::Progress { code, .. } = event { Some(*code) } else { None })
            .collect();
        assert!([183, 182, 181, 180].starts_with(&heard), "seed {seed}: {heard:?}");
        if let Some(dialog) = incoming(&pair) {
            let now = pair.now;
            pair.sides[1].ua.answer(now, dialog, b"v=0 another".to_vec());
        }
        pair.run(130_000, &mut ring);
        let early = |event: &Event| matches!(event, Event::Answered { body, .. } if body == OFFER.as_bytes());
        answered += usize::from(heard.len() == 4 && count(&pair, 0, early) == 1);
        if let Some(dialog) = incoming(&pair) {
            let now = pair.now;
            pair.sides[1].ua.clear(now, dialog, None);
        }
        pair.assert_nothing_left(seed);
    }
    assert!(answered >= SEEDS as usize * 97 / 100, "answered {answered} of {SEEDS}");
}

#[test]
fn an_answer_that_waits_for_a_prack_comes_through() {
    let mut confirmed = 0;
    for seed in 0..SEEDS {
        let mut pair = Pair::new(seed, LOSS);
        let call = dial(&mut pair);
        pair.run(100_000, &mut |_, ua, now, event| {
            if let Event::Incoming { dialog, .. } = event {
                ua.ring(now, *dialog, 183, Some(OFFER.into()));
                ua.answer(now, *dialog, OFFER.into());
            }
        });
        confirmed += count(&pair, 1, |event| matches!(event, Event::Confirmed { .. }));
        let now = pair.now;
        pair.sides[0].ua.clear(now, call, None);
        pair.assert_nothing_left(seed);
    }
    assert!(confirmed >= SEEDS as usize * 97 / 100, "confirmed {confirmed} of {SEEDS}");
}

/// Calls of a quarter of an hour that live by their session timer alone; how many stood it.
fn refreshed(censored: &'static str) -> usize {
    let mut stood = 0;
    for seed in 0..SEEDS / 3 {
        let timer_only = |config: &mut cordial_sip::Config| {
            config.dialog_ping_ms = 0;
            config.session_expires_s = 90;
        };
        let mut pair = Pair::with(seed, LOSS, timer_only);
        pair.censored = censored;
        let call = dial(&mut pair);
        pair.run(900_000, &mut answer_all);
        let cleared = |event: &Event| matches!(event, Event::Cleared { .. });
        let talks = count(&pair, 0, |event| matches!(event, Event::Answered { .. })) == 1;
        stood += usize::from(talks && [0, 1].iter().all(|side| count(&pair, *side, cleared) == 0));
        // Then the line is cut, and both notice by the timer alone.
        pair.loss = 100;
        let end = pair.now.0 + 150_000;
        pair.run(end, &mut answer_all);
        for side in 0..2 {
            assert!(!talks || count(&pair, side, cleared) == 1, "seed {seed}");
        }
        let now = pair.now;
        pair.sides[0].ua.clear(now, call, None);
        pair.assert_nothing_left(seed);
    }
    stood
}

#[test]
fn a_call_is_kept_by_updates() {
    let stood = refreshed("");
    assert!(stood >= SEEDS as usize / 3 * 97 / 100, "{stood} of {}", SEEDS / 3);
}

#[test]
fn a_call_is_kept_by_re_invites_where_update_is_not_spoken() {
    let stood = refreshed(", UPDATE");
    assert!(stood >= SEEDS as usize / 3 * 97 / 100, "{stood} of {}", SEEDS / 3);
}

#[test]
fn when_one_side_dies_the_other_notices_by_itself() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed, 0);
        dial(&mut pair);
        pair.run(10_000, &mut answer_all);
        pair.loss = 100;
        pair.run(150_000, &mut answer_all);
        for side in 0..2 {
            assert_eq!(count(&pair, side, |event| matches!(event, Event::Cleared { .. })), 1, "seed {seed}");
        }
        pair.assert_nothing_left(seed);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut pair = Pair::new(seed, LOSS);
        let call = dial(&mut pair);
        let id = pair.now;
        pair.run(30_000, &mut answer_all);
        (id, pair.sides[0].ua.dialog_blob(call), pair.sides.map(|side| side.events))
    };
    assert_eq!(format!("{:?}", run(5)), format!("{:?}", run(5)));
    assert_ne!(format!("{:?}", run(5).1), format!("{:?}", run(6).1));
}

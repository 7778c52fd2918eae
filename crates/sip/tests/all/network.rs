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

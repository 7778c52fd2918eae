//! The checkers are worth what they find: faults planted on purpose are caught, and an honest run is not accused.

use std::collections::BTreeSet;

use cordial_sim::run::run;
use cordial_sim::tamper::Fault;

/// Every planted fault is caught within so many seeds.
const SEEDS: u64 = 200;

#[test]
fn every_planted_fault_is_caught_by_a_rule_that_names_it() {
    for (fault, name, rules) in Fault::ALL {
        let caught =
            (1..=SEEDS).find_map(|seed| run(seed, Some(fault), false).violation.map(|found| (seed, found)));
        let (seed, violation) = caught.unwrap_or_else(|| panic!("{name} went unnoticed for {SEEDS} seeds"));
        println!("{name}: seed {seed}, after {} ms: {}: {}", violation.at, violation.rule, violation.what);
        assert!(rules.contains(&violation.rule.as_str()), "{name} was caught as {violation:?}");
    }
}

/// A queue that is said to choose by one of these and chooses by another is found out. Two are not among them: whoever
/// draws may draw anybody, so that nearly every choice could be a draw.
#[test]
fn the_model_knows_every_strategy_that_does_not_draw_from_the_others() {
    let wanted = [
        "LongestIdle",
        "RingAll",
        "LeastRecent",
        "RoundRobin",
        "TopDown",
        "Sequential",
        "FewestCalls",
        "LeastTalk",
        "RingLevel",
        "RingProgressively",
    ];
    let mut unknown = BTreeSet::from(wanted.map(|strategy| format!("({strategy})")));
    for seed in 1..=SEEDS * 3 {
        if unknown.is_empty() {
            break;
        }
        if let Some(violation) = run(seed, Some(Fault::WrongStrategy), false).violation {
            unknown.retain(|strategy| violation.rule != "model" || !violation.what.contains(strategy));
        }
    }
    assert!(unknown.is_empty(), "never found out: {unknown:?}");
}

#[test]
fn an_honest_run_breaks_no_rule() {
    for seed in 1..=20 {
        assert_eq!(run(seed, None, false).violation, None, "seed {seed}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let tell = |seed| {
        let report = run(seed, None, true);
        (report.events, report.calls, report.virtual_ms, report.log)
    };
    assert_eq!(tell(3), tell(3));
    assert_ne!(tell(3), tell(4));
}

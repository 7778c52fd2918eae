//! The checkers are worth what they find: faults planted on purpose are caught, and an honest run is not accused.

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

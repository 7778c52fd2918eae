//! A crash after every record is worth what it finds: an honest recovery is not accused, and planted faults are caught.

use cordial_sim::crashes::Stops;
use cordial_sim::run::{Pace, hour};
use cordial_sim::tamper::Fault;

/// A thin hour, so that this is quick; the gate's own stage stops after every record of a busier one.
const PACE: Pace = Pace { calls: 60, talk_ms: 60_000 };

#[test]
fn a_recovery_in_the_middle_of_an_honest_hour_is_not_accused() {
    let (report, done) = hour(2, PACE, Stops { first: 0, step: 7, fault: None }, false);
    assert_eq!(report.violation, None);
    assert_eq!(done.compared as usize, report.events, "the states after all records were compared");
    assert!(done.crashes > 200 && done.calls > 200 && done.byes > 200, "{done:?}");
}

#[test]
fn faults_of_journal_and_recovery_are_caught_and_the_record_is_named() {
    let faults =
        [(Fault::RecoveryForgetsWrapUp, "H9"), (Fault::LostWrapUp, "H9"), (Fault::GhostLeg, "ghost")];
    for (fault, rule) in faults {
        let (report, _) = hour(3, PACE, Stops { first: 0, step: 7, fault: Some(fault) }, false);
        let violation = report.violation.unwrap_or_else(|| panic!("{fault:?} went unnoticed"));
        println!("{fault:?}: {violation:?}");
        assert_eq!(violation.rule, rule, "{violation:?}");
        assert!(
            violation.what.contains("record") || violation.what.contains("journal up to"),
            "{violation:?}"
        );
    }
}

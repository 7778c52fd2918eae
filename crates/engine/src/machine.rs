//! State machines as tables: which step may follow which, asserted on every move and drawn by a test.

use core::fmt::Debug;

/// The legal moves of one machine. A step without a row is an end.
pub(crate) type Moves<S> = &'static [(S, &'static [S])];

/// Panics when a machine makes a move that its table does not know: the fault is ours.
pub(crate) fn assert_legal<S: Copy + PartialEq + Debug>(machine: &str, moves: Moves<S>, from: S, to: S) {
    let legal = moves.iter().any(|(step, next)| *step == from && next.contains(&to));
    assert!(legal, "{machine}: {from:?} -> {to:?} is not in the table of legal moves");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{ACTIVITY, DUTY};
    use crate::call::{CALL, LEG};
    use crate::offer::OFFER;
    use crate::recording::RECORDING;
    use core::fmt::Write;

    /// Draws the table. A step without a row is an end.
    fn draw<S: Copy + PartialEq + Debug>(machine: &str, starts: &[S], moves: Moves<S>) -> String {
        let mut dot = format!("// The legal moves of: {machine}. Written by a test; do not edit.\n");
        writeln!(dot, "digraph {machine} {{\n  rankdir=LR;\n  start [shape=point];").unwrap();
        for start in starts {
            writeln!(dot, "  start -> {start:?};").unwrap();
        }
        let mut ends: Vec<S> = Vec::new();
        for (from, next) in moves {
            for to in *next {
                writeln!(dot, "  {from:?} -> {to:?};").unwrap();
                if !moves.iter().any(|(step, _)| step == to) && !ends.contains(to) {
                    ends.push(*to);
                }
            }
        }
        for end in ends {
            writeln!(dot, "  {end:?} [peripheries=2];").unwrap();
        }
        dot.push_str("}\n");
        dot
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the test compares with files, and writes them when told to"
    )]
    fn compare(machine: &str, drawn: &str) {
        let file = format!("{}/../../docs/states/{machine}.dot", env!("CARGO_MANIFEST_DIR"));
        if std::env::var("UPDATE_STATES").is_ok() {
            std::fs::write(&file, drawn).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(kept, drawn, "docs/states/{machine}.dot differs; UPDATE_STATES=1 rewrites it");
    }

    #[test]
    fn the_pictures_of_the_state_machines_are_the_tables() {
        use crate::agent::{ActivityStep, DutyStep};
        use crate::call::{CallStep, LegStep};
        use crate::offer::OfferStep;
        use crate::recording::RecordingStep;
        compare("duty", &draw("duty", &[DutyStep::LoggedOut], DUTY));
        compare("activity", &draw("activity", &[ActivityStep::Idle], ACTIVITY));
        compare("leg", &draw("leg", &[LegStep::Arrived, LegStep::Dialled], LEG));
        compare("call", &draw("call", &[CallStep::Setup], CALL));
        compare("offer", &draw("offer", &[OfferStep::Made], OFFER));
        compare("recording", &draw("recording", &[RecordingStep::Started], RECORDING));
    }

    #[test]
    #[should_panic(expected = "duty: LoggedOut -> Ready is not in the table of legal moves")]
    fn a_move_that_is_not_in_the_table_panics() {
        use crate::agent::DutyStep;
        assert_legal("duty", DUTY, DutyStep::LoggedOut, DutyStep::Ready);
    }
}

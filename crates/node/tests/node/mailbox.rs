//! A message that is left: what the worker is told, and what its keys and late endings come to.

use cordial_media::{Digit, MediaCommand, MediaEvent, PlayEnding, PlayId, PortRef};
use cordial_node::Output;

use crate::desk::Desk;

/// The last play that the worker is asked for.
fn play(outputs: &[Output]) -> Option<(PortRef, PlayId)> {
    outputs.iter().rev().find_map(|output| match output {
        Output::Media(MediaCommand::Play { port, play, .. }) => Some((*port, *play)),
        _ => None,
    })
}

fn recorded(outputs: &[Output]) -> Option<(PortRef, PortRef)> {
    outputs.iter().find_map(|output| match output {
        Output::Media(MediaCommand::StartRecording { left, right, .. }) => match right.as_slice() {
            [right] => Some((*left, *right)),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn what_follows_the_greeting_is_recorded_until_a_key_ends_it() {
    let mut desk = Desk::furnished();
    desk.add_mailbox("2500");
    desk.carrier_calls("sip:2500@192.0.2.1", 1, None);
    let greeted = desk.settle();
    let (port, greeting) = play(&greeted).expect("the caller is greeted");
    // Told of a play that the caller was given before: nothing follows.
    let stale = MediaEvent::PlayEnded { port, play: PlayId(greeting.0 + 99), ending: PlayEnding::Finished };
    assert_eq!(recorded(&desk.worker_tells(&stale)), None);
    let ended = MediaEvent::PlayEnded { port, play: greeting, ending: PlayEnding::Finished };
    let taken = desk.worker_tells(&ended);
    assert_eq!(recorded(&taken), Some((port, port)), "one party is heard on both sides");
    let digit = |key| MediaEvent::Dtmf { port, digit: Digit::parse(key).expect("a key"), duration_ms: 100 };
    let stops = |outputs: &[Output]| {
        outputs.iter().any(|output| matches!(output, Output::Media(MediaCommand::StopRecording { .. })))
    };
    assert!(!stops(&desk.worker_tells(&digit('5'))));
    assert_eq!(desk.calls(), 1);
    assert!(stops(&desk.worker_tells(&digit('#'))));
    assert_eq!(desk.calls(), 0);
}

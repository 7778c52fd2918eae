//! STOMP: frames however they are cut, a connection of either side, and selectors.

use std::sync::Arc;
use std::time::Duration;

use cordial_dialects::connector::stomp::client::{self, Client};
use cordial_dialects::connector::stomp::frame::{BadFrame, Decoder, Frame, Headers, Verb, Version};
use cordial_dialects::connector::stomp::selector::Selector;
use cordial_dialects::connector::stomp::server::{Event, Session};
use cordial_engine::Timestamp;

const VERSIONS: [Version; 3] = [Version::V1_0, Version::V1_1, Version::V1_2];

/// A stream in two pieces, cut where its first byte says, gives the same frames as whole; and what was read, written and
/// read again, is the same.
pub(crate) fn stream(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first() else {
        return;
    };
    let (first, rest) = stream.split_at(usize::from(*cut).min(stream.len()));
    for version in VERSIONS {
        let (frames, end) = frames(version, &[stream]);
        assert_eq!(
            (&frames, end),
            (&self::frames(version, &[first, rest]).0, end),
            "the cut made a difference"
        );
        for frame in frames {
            let returns =
                frame.headers.iter().any(|(name, value)| name.contains('\r') || value.contains('\r'));
            let escapes_none = matches!(frame.verb, Verb::Connect | Verb::Stomp | Verb::Connected);
            // Only the newest can write them, and not in what opens a connection.
            if !returns || (version == Version::V1_2 && !escapes_none) {
                let again = self::frames(version, &[&frame.encode(version)]);
                assert_eq!(again, (vec![frame], None));
            }
        }
    }
}

fn frames(version: Version, pieces: &[&[u8]]) -> (Vec<Frame>, Option<BadFrame>) {
    let mut decoder = Decoder::default();
    decoder.speak(version);
    let mut all = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.take() {
                Ok(Some(frame)) => all.push(frame),
                Ok(None) => break,
                Err(why) => return (all, Some(why)),
            }
        }
    }
    (all, None)
}

/// What a client of ours is sent by a session of ours it understands, whatever the session's client says; a connection ends
/// once, with an `ERROR`, unless its client has left.
pub(crate) fn session(bytes: &[u8]) {
    let mut now = Timestamp(1_000);
    let account = client::Account { host: String::new(), login: None, passcode: None };
    let (mut session, mut reader) = (Session::new("s".to_owned(), now), Client::new(&account, now));
    let (mut listening, mut errors) = (Vec::new(), 0);
    for piece in bytes.split_inclusive(|byte| *byte == 0) {
        session.receive(now, piece);
        while let Some(event) = session.poll_event(now) {
            match event {
                Event::Connect(who) => {
                    if who.host.as_deref() == Some("no") {
                        session.refuse("no");
                    } else {
                        session.accept(now);
                    }
                }
                Event::Subscribe { subscription, destination, selector } => {
                    listening.push((subscription, destination, selector));
                    session.accept(now);
                }
                Event::Unsubscribed { subscription, .. } => {
                    listening.retain(|(its, ..)| *its != subscription);
                }
                Event::Send(messages) => {
                    session.accept(now);
                    for message in messages.into_iter().map(Arc::new) {
                        let wants = |selector: &Selector| selector.wants(message.headers());
                        for (subscription, destination, selector) in &listening {
                            if destination == message.destination() && selector.as_ref().is_none_or(wants) {
                                session.deliver(now, *subscription, &message);
                            }
                        }
                    }
                }
            }
        }
        now = session.poll_timeout().unwrap_or(now).min(now.after(Duration::from_secs(5)));
        session.handle_timeout(now);
        while let Some(written) = session.poll_output() {
            reader.receive(now, &written);
            while let Some(event) = reader.poll_event(now) {
                match event {
                    client::Event::Ended(client::End::Refused { .. }) => errors += 1,
                    // What a delivery adds to a message, or another version's escapes, can make it too much for us.
                    client::Event::Ended(client::End::Frame(
                        BadFrame::LineTooLong | BadFrame::TooManyHeaders,
                    )) => return,
                    client::Event::Ended(end) => panic!("not understood: {end}"),
                    client::Event::Connected { .. }
                    | client::Event::Message(_)
                    | client::Event::Receipt(_) => {}
                }
            }
        }
        assert!(errors == 0 || (errors == 1 && session.is_over()), "{errors} errors");
    }
}

/// A selector that can be read says the same with parentheses around it.
pub(crate) fn selector(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let headers: Headers = [("type", "x"), ("a", "b"), ("c", "")].into_iter().collect();
    if let (Ok(plain), Ok(inner)) = (Selector::parse(text), Selector::parse(&format!("({text})"))) {
        assert_eq!(plain.wants(&headers), inner.wants(&headers));
    }
}

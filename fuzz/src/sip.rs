//! Messages and what stands in them.

use cordial_sip::limits::PARAMETERS_MAX;
use cordial_sip::message::{Frame, Framer, Message, Name, NameAddr, Parameters, Uri, Via};

/// What is read is written so that it reads the same.
pub(crate) fn message(bytes: &[u8]) {
    let Ok(first) = Message::parse(bytes) else {
        return;
    };
    let written = first.to_bytes();
    let again = Message::parse(&written)
        .unwrap_or_else(|refused| panic!("{:?}: {:?}", refused.fault, String::from_utf8_lossy(&written)));
    assert_eq!(without_length(first), without_length(again));
}

/// Writing puts a Content-Length that fits in place of whatever was there.
fn without_length(message: Message) -> Message {
    match message {
        Message::Request(mut request) => {
            request.headers.remove(&Name::ContentLength);
            Message::Request(request)
        }
        Message::Response(mut response) => {
            response.headers.remove(&Name::ContentLength);
            Message::Response(response)
        }
    }
}

/// However a stream is cut into pieces, the same comes out; and nothing is kept beyond one message.
pub(crate) fn stream(bytes: &[u8]) {
    // The first byte says how the rest is cut.
    let Some((cut, stream)) = bytes.split_first() else {
        return;
    };
    let whole = frames(stream, stream.len().max(1));
    let cut = frames(stream, usize::from(*cut).max(1));
    assert_eq!(whole, cut);
}

/// What comes out of a stream, and why it broke if it did.
fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<&'static str>, bool) {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    for piece in stream.chunks(piece) {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(broken) => return (frames, Some(broken.why), true),
            }
        }
    }
    (frames, None, framer.is_empty())
}

/// A URI that was read is written so that it reads the same, and so is one made of its user.
pub(crate) fn uri(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let made = Uri::sip(Some(text), "host.example", None).to_string();
    assert!(Uri::parse(&made).is_ok() || text.is_empty(), "{made}");
    let Ok(first) = Uri::parse(text) else {
        return;
    };
    let written = first.to_string();
    let again = Uri::parse(&written).unwrap_or_else(|fault| panic!("{fault}: {written:?}"));
    assert_eq!(first, again);
    assert!(first.same_place(&again));
    assert!(!first.user_text().contains(['\r', '\n', '\0']));
}

/// The values of Via, From, To, Contact and Route.
pub(crate) fn via(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(first) = Via::parse(text) {
        let written = first.to_string();
        assert_eq!(Via::parse(&written).as_ref(), Ok(&first), "{written:?}");
        let _ = (first.branch(), first.sent_by());
    }
    if let Ok(first) = NameAddr::parse(text) {
        let written = first.to_string();
        assert_eq!(NameAddr::parse(&written).map(|again| again.uri), Ok(first.uri.clone()), "{written:?}");
        let tagged = first.with_tag("t").to_string();
        // One more parameter than may be read.
        if text.matches(';').count() >= PARAMETERS_MAX {
            return;
        }
        assert_eq!(NameAddr::parse(&tagged).ok().as_ref().and_then(NameAddr::tag), Some("t"), "{tagged:?}");
    }
    if let Ok(first) = Parameters::parse(text) {
        let written = first.to_string();
        assert_eq!(Parameters::parse(&written), Ok(first), "{written:?}");
    }
}

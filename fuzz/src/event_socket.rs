//! The event socket: frames however they are cut, requests, subscriptions and the console.

use cordial_dialects::event_socket::console::{Ask, contact_device};
use cordial_dialects::event_socket::event::{Format, Told};
use cordial_dialects::event_socket::frame::Framer;
use cordial_dialects::event_socket::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX};
use cordial_dialects::event_socket::request::{Request, reply};
use cordial_dialects::event_socket::subscription::Subscription;
use cordial_dialects::webitel::newer::Act;
use cordial_dialects::webitel::socket::{Exec, VALUE_MAX};
use cordial_engine::WallTime;

/// A stream in two pieces, cut where its first byte says, gives the same requests as whole; what a client has us repeat
/// stays within its line.
pub(crate) fn stream(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first() else {
        return;
    };
    if stream.len() > HEAD_BYTES_MAX + BODY_BYTES_MAX {
        return;
    }
    let (first, rest) = stream.split_at(usize::from(*cut).min(stream.len()));
    let whole = frames(&[stream]);
    assert_eq!(whole, frames(&[first, rest]), "the cut made a difference");
    let mut listens = Subscription::default();
    let told = Told::new("CUSTOM", "c", 1, WallTime(0)).with("Event-Subclass", "callcenter::info");
    for request in whole {
        let answered = match &request {
            Request::Event(names) => listens.event(names),
            Request::NixEvent(names) => listens.nix(names),
            Request::NoEvents => listens.none().to_owned(),
            Request::Filter(rule) => listens.filter(rule),
            Request::Api(call) | Request::BgApi(call, _) => {
                assert!(contact_device(&call.arguments).is_none_or(|device| !device.is_empty()));
                // Whatever is typed is a command or is answered with words.
                Ask::parse(&call.arguments).err().unwrap_or_default()
            }
            Request::Auth(_)
            | Request::UserAuth { .. }
            | Request::NoLog
            | Request::Exit
            | Request::Unknown => String::new(),
        };
        let frame = reply(&answered);
        assert_eq!(frame.matches('\n').count(), 3, "a reply has a line of its own: {frame:?}");
        if let Some(text) = listens.tell(&told) {
            assert!(text == told.written(Format::Plain) || text == told.written(Format::Json));
        }
    }
}

fn frames(pieces: &[&[u8]]) -> Vec<Request> {
    let mut framer = Framer::default();
    let mut all = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.take() {
                Ok(Some(frame)) => all.push(Request::of(&frame)),
                Ok(None) => break,
                Err(_) => return all,
            }
        }
    }
    all
}

/// A frame of the WebSocket is one of the two protocols, or neither.
pub(crate) fn webitel(bytes: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return;
    };
    if let Some(exec) = Exec::parse(&frame) {
        assert!(exec.text(&["status", "value"]).is_none_or(|text| text.len() <= VALUE_MAX));
        assert_eq!(exec.unknown()["exec-uuid"], exec.uuid);
    }
    if let Some(act) = Act::parse(&frame) {
        assert_eq!(act.refused(400, "a", "b")["seq_reply"], act.seq);
    }
}

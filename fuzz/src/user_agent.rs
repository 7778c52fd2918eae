//! A whole user agent among phones, a trunk and strangers, all of whom say what the input says.

mod site;

use cordial_sip::message::{Name, NameAddr, Request};

use crate::pieces::pieces;
use site::{Site, TRUNK};

/// A script of messages, owner's wishes and time.
pub(crate) fn script(bytes: &[u8]) {
    let mut site = Site::new();
    for piece in pieces(bytes) {
        site.step(piece);
    }
    site.close();
}

/// The input is a header value: an answer to our challenge, and a challenge of ours to answer.
pub(crate) fn auth(bytes: &[u8]) {
    let Ok(value) = std::str::from_utf8(bytes) else {
        return;
    };
    if value.contains(['\r', '\n']) {
        return;
    }
    if let Some(fields) = cordial_sip::digest::DigestFields::parse(value) {
        let _ = (fields.algorithm(), fields.get("realm"));
    }
    let mut site = Site::new();
    for name in ["Authorization", "Proxy-Authorization"] {
        site.stranger_registers(&format!("{name}: {value}\r\n"));
    }
    assert_eq!(site.ua.counts().bindings, 0, "nobody here knows a password");
    for (code, name) in [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")] {
        site.call_trunk("100");
        site.reply(&format!("{code} far\r\n{name}: {value}\r\n"));
    }
    site.close();
}

/// The input is the body of an INFO inside a call; its first byte says of what kind.
pub(crate) fn info(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    let mut site = Site::new();
    site.take_call();
    let kind = match kind % 4 {
        0 => "application/dtmf-relay",
        1 => "application/dtmf",
        2 => "application/sdp",
        _ => "",
    };
    let keys = site.keys;
    let head = format!("Content-Type: {kind}\r\n");
    site.inside(TRUNK, "INFO", &head, body);
    assert!(site.keys <= keys + 1, "one INFO, {} keys", site.keys - keys);
    site.close();
}

/// The input is the whole of what a REFER refers to, first inside the trunk's call, then inside one of the phone's two; it may
/// hold more headers. `$C` and `$T` stand for Call-ID and our tag of the other call of the phone, whose own tag is `far2`.
pub(crate) fn refer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut site = Site::new();
    let calls = site.call_phone("far1").zip(site.call_phone("far2"));
    let (held, consulted) = calls.expect("the phone can be called");
    site.take_call();
    let tag = our_tag(&consulted);
    let call_id = consulted.headers.get(&Name::CallId).unwrap_or_default().replace('@', "%40");
    let text = text.trim_end().replace("$C", &call_id).replace("$T", &tag);
    let refer_to = format!("Refer-To: {text}\r\n");
    site.inside(TRUNK, "REFER", &refer_to, b"");
    assert!(site.referred <= 1, "one REFER, asked {} times", site.referred);
    assert_eq!(site.replaced, 0, "a trunk names nobody's dialogs");
    let asked = site.referred;
    site.phone_refers(&held, "far1", &refer_to);
    assert!(site.referred <= asked + 1, "one REFER, asked {} times", site.referred - asked);
    site.close();
}

fn our_tag(request: &Request) -> String {
    let from = request.headers.get(&Name::From).and_then(|from| NameAddr::parse(from).ok());
    from.and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default()
}

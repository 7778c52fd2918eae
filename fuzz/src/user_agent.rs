//! A whole user agent among phones, a trunk and strangers, all of whom say what the input says.

mod site;

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

/// The input is the whole of what a REFER inside a call refers to, and may hold more headers.
pub(crate) fn refer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut site = Site::new();
    site.take_call();
    let asked = site.referred;
    site.inside(TRUNK, "REFER", &format!("Refer-To: {}\r\n", text.trim_end()), b"");
    assert!(site.referred <= asked + 1, "one REFER, asked {} times", site.referred - asked);
    site.close();
}

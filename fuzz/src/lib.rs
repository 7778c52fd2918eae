//! Fuzz targets: everything of Cordial that reads bytes from outside, each as a function from bytes to nothing.
//!
//! A target panics when a promise is broken: what was written does not read back the same, a request goes unanswered,
//! state grows or is left over. That code never panics by itself is part of it: arithmetic is checked and assertions
//! are on. `cargo xtask fuzz` feeds the targets with libFuzzer, guided by coverage; the kept inputs under `corpus/`
//! are replayed by this crate's tests on every `cargo test`, without libFuzzer.

/// The server's configuration from its own source: the crate around it would double the time that the targets' build
/// takes, and needs nothing of it.
#[path = "../../crates/server/src"]
pub mod server {
    pub mod config;
}

mod event_socket;
mod finesse;
mod media;
mod pieces;
mod portsip;
mod records;
mod sdp;
mod sip;
mod stomp;
mod user_agent;

/// One thing that reads bytes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and of its folder under `corpus/`.
    pub name: &'static str,
    /// Gives it an input.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// All targets.
pub const TARGETS: &[Target] = &[
    target("sip_message", sip::message),
    target("sip_stream", sip::stream),
    target("sip_uri", sip::uri),
    target("sip_via", sip::via),
    target("sip_auth", user_agent::auth),
    target("sip_info", user_agent::info),
    target("sip_refer", user_agent::refer),
    target("user_agent", user_agent::script),
    target("sdp", sdp::negotiate),
    target("rtp", media::rtp),
    target("rtcp", media::rtcp),
    target("dtmf", media::dtmf),
    target("media_worker", media::worker),
    target("wav", media::wav),
    target("journal", records::journal),
    target("config", records::config),
    target("native_json", records::native_json),
    target("contacts_csv", records::contacts),
    target("portsip_json", portsip::json),
    target("event_socket", event_socket::stream),
    target("webitel", event_socket::webitel),
    target("finesse_xml", finesse::xml),
    target("stomp_stream", stomp::stream),
    target("stomp_session", stomp::session),
    target("stomp_selector", stomp::selector),
];

/// The target of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

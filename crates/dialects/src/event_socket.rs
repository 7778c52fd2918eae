//! FreeSWITCH's event socket: a line-based protocol over TCP by which consoles, scripts and panels command and listen.
//!
//! # A tour
//!
//! **Frames.** A request is one line, perhaps headers, perhaps a body of `Content-Length`, and an empty line
//! ([`frame`]). We greet with `auth/request`; until `auth` or `userauth` is accepted nothing else is.
//!
//! **Asking.** `api <command> <arguments>` answers with the command's text; `bgapi` answers with a `Job-UUID` and tells
//! the text later in a `BACKGROUND_JOB` event ([`request`]). The command that matters is `callcenter_config`
//! ([`console`]): agents, tiers, queues and waiting callers, by the words and strings of `mod_callcenter` ([`table`]).
//!
//! **Listening.** `event plain CUSTOM callcenter::info` subscribes; `filter` narrows ([`subscription`]). What happened
//! is told with the headers of the module ([`event`]), each change of an agent as the floor says it.
//!
//! An agent `ann` of the tenant with the domain `pbx.example` is called `ann@pbx.example` here, a queue alike; a name
//! without a domain means the tenant of whoever asks.

pub mod console;
pub mod event;
pub mod frame;
pub mod limits;
pub mod request;
pub mod subscription;
pub mod table;

use cordial_engine::id::Guid;

/// A guid as FreeSWITCH writes its own: with hyphens.
#[must_use]
pub fn uuid(guid: Guid) -> String {
    let text = guid.to_string();
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// The name of an agent or queue with its domain.
#[must_use]
pub fn full_name(name: &str, domain: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{domain}") }
}

/// The name within the tenant of that domain; `None` when another domain is named.
#[must_use]
pub fn local_name<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    match name.rsplit_once('@') {
        Some((local, of)) => of.eq_ignore_ascii_case(domain).then_some(local),
        None => Some(name),
    }
}

//! The PortSIP dialect of the real server, in this process: every operation of the vendor's document, every message of WSI,
//! and every arrow between an agent's states, with scripted SIP phones for the calls.

#[expect(dead_code, reason = "these tests need a part of what a phone can do")]
#[path = "../wire/hostile/phone.rs"]
mod phone;

mod document;
mod rest;
mod site;
mod states;
mod wsi;

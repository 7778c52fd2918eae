//! What somebody hears by PortSIP's WSI who subscribed to everything of the tenant.

use std::fmt::Write as _;

use cordial_dialects::portsip::watch::{Audience, Watch};
use cordial_dialects::portsip::wire::wsi::Message;
use cordial_engine::{Engine, Event, Now};

use super::clock;

/// Each message on a line of its own, after how things were when the story began. Ids are counted by their first mention.
pub(super) fn transcript(told: &[Event], begins: u64) -> String {
    let Some(tenant) = told.iter().map(|event| event.tenant).find(|tenant| tenant.0 > 0) else {
        return String::new();
    };
    let mut engine = Engine::new(0);
    let mut now = Now::default();
    let before = told.iter().take_while(|event| event.at.0 < begins).count();
    for event in &told[..before] {
        engine.apply(event);
        now = Now { at: event.at, wall: event.wall };
    }
    let Some(mut watch) = Watch::of(&engine, tenant, now) else { return String::new() };
    let mut ids = Ids::default();
    let mut text = String::new();
    let mut line = |at: u64, message: &Message| {
        let written = serde_json::to_string(message).unwrap_or_default();
        let _infallible = writeln!(text, "{}  {}", clock(at, begins), ids.named(&written));
    };
    for queue in watch.queues() {
        if let Some(message) = watch.queue_status(queue) {
            line(begins, &message);
        }
    }
    line(begins, &watch.extension_status(&watch.extensions()));
    for event in told[before..].iter().filter(|event| event.tenant == tenant) {
        let mut last = None;
        for told in watch.apply(event) {
            // An extension with two numbers is told of once.
            if last.as_ref() != Some(&told.message) && !matches!(told.audience, Audience::ExtensionV16(_)) {
                line(event.at.0, &told.message);
                last = Some(told.message);
            }
        }
    }
    text
}

/// Ids by their first mention.
#[derive(Default)]
struct Ids(Vec<String>);

impl Ids {
    fn named(&mut self, text: &str) -> String {
        let mut named = String::new();
        for piece in text.split('"') {
            if piece.len() == 32 && piece.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let known = self.0.iter().position(|id| id == piece);
                let index = known.unwrap_or_else(|| {
                    self.0.push(piece.to_owned());
                    self.0.len() - 1
                });
                let _infallible = write!(named, "id-{}", index + 1);
            } else {
                named.push_str(piece);
            }
            named.push('"');
        }
        named.pop();
        named
    }
}

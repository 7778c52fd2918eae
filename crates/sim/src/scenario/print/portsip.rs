//! What somebody hears by PortSIP's WSI who subscribed to everything of the tenant.

use cordial_dialects::portsip::watch::{Audience, Watch};
use cordial_dialects::portsip::wire::wsi::Message;
use cordial_engine::Event;

use super::listener::{Lines, Listener};

/// Each message on a line of its own, after how things were when the story began.
pub(super) fn transcript(told: &[Event], begins: u64) -> String {
    let Some(listener) = Listener::of(told, begins) else { return String::new() };
    let Some(mut watch) = Watch::of(&listener.engine, listener.tenant, listener.now) else {
        return String::new();
    };
    let mut lines = Lines::from(begins);
    let written = |message: &Message| serde_json::to_string(message).unwrap_or_default();
    for queue in watch.queues() {
        if let Some(message) = watch.queue_status(queue) {
            lines.add(begins, &written(&message));
        }
    }
    lines.add(begins, &written(&watch.extension_status(&watch.extensions())));
    for event in listener.events {
        let mut last = None;
        for told in watch.apply(event) {
            // An extension with two numbers is told of once.
            if last.as_ref() != Some(&told.message) && !matches!(told.audience, Audience::ExtensionV16(_)) {
                lines.add(event.at.0, &written(&told.message));
                last = Some(told.message);
            }
        }
    }
    lines.text
}

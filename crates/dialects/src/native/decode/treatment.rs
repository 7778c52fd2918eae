//! What a waiting caller hears, from the body of a queue.

use cordial_engine::entry;
use cordial_engine::limits::MESSAGES_IN_TURN_MAX;

use super::{Fields, overflow};
use crate::native::wire;

pub(super) fn read(f: &mut Fields<'_>, it: &wire::Treatment) -> Option<entry::Treatment> {
    let greeting = f.perhaps(it.greeting.as_deref(), |f, text| f.name("/treatment/greeting", text));
    let music = f.perhaps(it.music.as_deref(), |f, text| f.name("/treatment/music", text));
    let language = f.perhaps(it.language.as_deref(), |f, text| f.text("/treatment/language", text));
    let messages = f.each("/treatment/messages", MESSAGES_IN_TURN_MAX, &it.messages, |f, pointer, text| {
        f.name(pointer, text)
    });
    let menu: Vec<_> = it.menu.iter().enumerate().map(|(i, key)| read_key(f, i, key)).collect();
    Some(entry::Treatment {
        greeting: greeting?,
        music: music?,
        language: language?,
        position: told(it.position),
        wait: told(it.wait),
        messages: messages?,
        announce_ms: it.announce_ms,
        menu: menu.into_iter().collect::<Option<_>>()?,
    })
}

const fn told(told: wire::Told) -> entry::Told {
    match told {
        wire::Told::Never => entry::Told::Never,
        wire::Told::Once => entry::Told::Once,
        wire::Told::Again => entry::Told::Again,
    }
}

fn read_key(f: &mut Fields<'_>, index: usize, it: &wire::MenuKey) -> Option<entry::MenuKey> {
    let at = |field: &str| format!("/treatment/menu/{index}/{field}");
    let prompt = f.perhaps(it.prompt.as_deref(), |f, text| f.name(&at("prompt"), text));
    let fields = [at("choice/queue"), at("choice/agent"), at("choice/number"), at("choice/prompt")];
    let leave = |f: &mut Fields<'_>, to: &wire::Overflow| {
        overflow(f, to, &fields.each_ref().map(String::as_str)).map(entry::Choice::Leave)
    };
    let choice = match it.choice.clone() {
        wire::Choice::Callback => Some(entry::Choice::Callback),
        wire::Choice::Clear => leave(f, &wire::Overflow::Clear),
        wire::Choice::Queue { queue } => leave(f, &wire::Overflow::Queue { queue }),
        wire::Choice::Voicemail { agent } => leave(f, &wire::Overflow::Voicemail { agent }),
        wire::Choice::Announcement { prompt } => leave(f, &wire::Overflow::Announcement { prompt }),
        wire::Choice::Number { number } => leave(f, &wire::Overflow::Number { number }),
    };
    Some(entry::MenuKey { key: it.key, prompt: prompt?, choice: choice? })
}

//! Queues, from the bodies of `createQueue` and `updateQueue`.

use cordial_engine::entry::{
    AfterMissed, Choice, Conditions, Language, MenuKey, Name, Overflow, Queue, Sticky, Strategy, Told,
    Treatment,
};
use cordial_engine::limits::WAITING_MAX;
use cordial_engine::text::Number;
use serde_json::json;

use super::Body;
use crate::portsip::problem::Problem;
use crate::portsip::scene::Scene;

/// How long an agent is left alone who missed an offer and is ready still. Milliseconds.
const REST_MS: u64 = 5_000;
/// How long a caller waits for the agent whom he talked to last, before anybody may have him. Milliseconds.
const STICKY_WAIT_MS: u64 = 5_000;
const DAY_MS: u64 = 86_400_000;

/// What this API calls our strategies, and whether the better skilled come first.
pub(in crate::portsip) const STRATEGIES: [(&str, Strategy, bool); 7] = [
    ("RING_SIMULTANEOUSLY", Strategy::RingAll, false),
    ("PRIORITIZED_HUNT", Strategy::TopDown, false),
    ("CYCLIC_HUNT", Strategy::RoundRobin, false),
    ("LEAST_WORKED_HUNT", Strategy::LeastTalk, false),
    ("SKILL_BASED_ROUTING_PRIORITIZED_HUNT", Strategy::TopDown, true),
    ("SKILL_BASED_ROUTING_CYCLIC_HUNT", Strategy::RoundRobin, true),
    ("SKILL_BASED_ROUTING_LEAST_WORKED_HUNT", Strategy::LeastTalk, true),
];

/// What a caller presses to be called back.
const CALLBACK_KEY: char = '1';
const ENGLISH: &str = "en";
/// The languages of the prompt library.
const LANGUAGES: [&str; 5] = [ENGLISH, "es", "pt-BR", "ru", "zh-CN"];

/// A queue that is to be made.
pub fn new_queue(mut body: Body, scene: &Scene<'_>) -> Result<Queue, Problem> {
    let name = name(&mut body)?.ok_or_else(|| Problem::invalid("name", "is needed"))?;
    let number = body.number("extension_number")?;
    let number = number.ok_or_else(|| Problem::invalid("extension_number", "is needed"))?;
    let number =
        Number::parse(&number).map_err(|error| Problem::invalid("extension_number", &error.to_string()))?;
    let strategy = strategy(&mut body)?.ok_or_else(|| Problem::invalid("polling_strategy", "is needed"))?;
    let fresh = Queue {
        number: Some(number),
        strategy: strategy.0,
        skill_first: strategy.1,
        sticky: Some(Sticky { remember_ms: 30 * DAY_MS, wait_ms: STICKY_WAIT_MS }),
        wrap_up_ms: 0,
        on_no_answer: AfterMissed::Rest { delay_ms: REST_MS },
        on_decline: AfterMissed::Rest { delay_ms: REST_MS },
        max_wait_ms: Some(300_000),
        service_level_ms: 0,
        auto_not_ready_after_other_call: true,
        refuse_when: Conditions::NOBODY_LOGGED_IN,
        leave_when: Conditions::NOBODY_LOGGED_IN,
        ..Queue::named(name)
    };
    let queue = read(&mut body, fresh, scene)?;
    body.finish()?;
    Ok(queue)
}

/// A queue as it is to become: what is left out stays.
pub fn changed_queue(mut body: Body, before: Queue, scene: &Scene<'_>) -> Result<Queue, Problem> {
    let mut queue = before;
    if let Some(name) = name(&mut body)? {
        queue.name = name;
    }
    if let Some(number) = body.number("extension_number")?
        && queue.number.as_ref().is_none_or(|own| own.as_str() != number)
    {
        return Err(Problem::invalid("extension_number", "cannot be changed"));
    }
    if let Some((strategy, skill_first)) = strategy(&mut body)? {
        (queue.strategy, queue.skill_first) = (strategy, skill_first);
    }
    let queue = read(&mut body, queue, scene)?;
    body.finish()?;
    Ok(queue)
}

fn name(body: &mut Body) -> Result<Option<Name>, Problem> {
    let name = body.text("name", 64)?;
    let parse =
        |name: String| Name::parse_some(&name).map_err(|error| Problem::invalid("name", &error.to_string()));
    name.map(parse).transpose()
}

/// The rule of choice, and whether the better skilled come first.
fn strategy(body: &mut Body) -> Result<Option<(Strategy, bool)>, Problem> {
    let Some(word) = body.text("polling_strategy", 64)? else { return Ok(None) };
    let known = STRATEGIES.iter().find(|(known, ..)| *known == word);
    let known =
        known.ok_or_else(|| Problem::invalid("polling_strategy", "must be a strategy of this API"))?;
    Ok(Some((known.1, known.2)))
}

/// What both bodies have.
fn read(body: &mut Body, mut queue: Queue, scene: &Scene<'_>) -> Result<Queue, Problem> {
    if let Some(seconds) = body.whole("ring_time", 1..=65_535)? {
        queue.offer_ms = seconds * 1_000;
    }
    if let Some(calls) = body.whole("max_callers", 0..=i32::MAX as u64)? {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        queue.max_waiting = if calls == 0 { WAITING_MAX } else { calls };
    }
    if let Some(seconds) = body.whole("max_waiting_time", 15..=65_535)? {
        queue.max_wait_ms = Some(seconds * 1_000);
    }
    if let Some(seconds) = body.whole("sla_time", 0..=65_536)? {
        queue.service_level_ms = seconds * 1_000;
    }
    if let Some(auto) = body.flag("agent_auto_ready")? {
        queue.auto_ready = auto;
        // An agent who missed an offer is ready still with it, and not ready without.
        let missed = if auto { AfterMissed::Rest { delay_ms: REST_MS } } else { AfterMissed::NotReady };
        (queue.on_no_answer, queue.on_decline) = (missed, missed);
    }
    if let Some(auto) = body.flag("agent_auto_not_ready_after_non_acd_call")? {
        queue.auto_not_ready_after_other_call = auto;
    }
    sticky(body, &mut queue)?;
    prompts(body, &mut queue)?;
    forward(body, "no_answer_forward_rule", &mut queue.overflow, scene)?;
    forward(body, "night_mode_forward_rule", &mut queue.when_closed, scene)?;
    nobody_online(body, &mut queue)?;
    waiting(body, &mut queue.treatment)?;
    unsupported(body)?;
    Ok(queue)
}

/// Whether a call waits where nobody is logged in; else it goes where those go that nobody answers.
fn nobody_online(body: &mut Body, queue: &mut Queue) -> Result<(), Problem> {
    if let Some(waits) = body.flag("wait_when_no_agents_online")? {
        let rule = if waits { Conditions::NEVER } else { Conditions::NOBODY_LOGGED_IN };
        (queue.refuse_when, queue.leave_when) = (rule, rule);
    }
    if queue.refuse_when == Conditions::NOBODY_LOGGED_IN {
        queue.when_empty = queue.overflow.clone();
    }
    Ok(())
}

/// What a waiting caller is told, and whether he can be called back: by the key 1.
fn waiting(body: &mut Body, treatment: &mut Treatment) -> Result<(), Problem> {
    match body.text("inform_position", 16)?.as_deref() {
        None => {}
        Some("DISABLE") => treatment.position = Told::Never,
        Some("ON_CONNECTED") => treatment.position = Told::Once,
        Some("PERIODICALLY") => treatment.position = Told::Again,
        Some(_) => {
            let why = "must be DISABLE, PERIODICALLY or ON_CONNECTED";
            return Err(Problem::invalid("inform_position", why));
        }
    }
    if let Some(seconds) = body.whole("inform_position_interval", 5..=86_400)? {
        treatment.announce_ms = seconds * 1_000;
    }
    if let Some(language) = body.text("language", 16)? {
        treatment.language = folder(&language)?;
    }
    if let Some(enabled) = body.flag("enable_callback")? {
        treatment.menu.retain(|key| key.choice != Choice::Callback);
        if enabled {
            treatment.menu.retain(|key| key.key != CALLBACK_KEY);
            treatment.menu.push(MenuKey { key: CALLBACK_KEY, prompt: None, choice: Choice::Callback });
        }
    }
    Ok(())
}

/// The folder of the library in which a language is spoken, such as `es` for `es-ES`.
fn folder(language: &str) -> Result<Option<Language>, Problem> {
    let known = |folder: &&&str| **folder == language || language.split('-').next() == Some(folder);
    let exact = LANGUAGES.iter().find(|folder| **folder == language);
    let wrong = || Problem::unsupported("language", "must be one of en, es, pt-BR, ru and zh-CN");
    match exact.or_else(|| LANGUAGES.iter().find(known)) {
        _ if language.is_empty() => Ok(None),
        Some(&ENGLISH) => Ok(None),
        Some(folder) => Language::parse(folder).map(Some).map_err(|_| wrong()),
        None => Err(wrong()),
    }
}

/// A caller gets the agent whom he talked to last; remembered for so many days.
fn sticky(body: &mut Body, queue: &mut Queue) -> Result<(), Problem> {
    let days = body.whole("sticky_routing_duration", 1..=365)?;
    let kept = queue.sticky.map(|sticky| sticky.remember_ms);
    let remember_ms = days.map(|days| days * DAY_MS).or(kept).unwrap_or(30 * DAY_MS);
    let sticky = Some(Sticky { remember_ms, wait_ms: STICKY_WAIT_MS });
    match body.flag("enable_sticky_routing")? {
        Some(true) => queue.sticky = sticky,
        Some(false) => queue.sticky = None,
        None if queue.sticky.is_some() => queue.sticky = sticky,
        None => {}
    }
    Ok(())
}

/// A prompt's id is its name in the library.
fn prompts(body: &mut Body, queue: &mut Queue) -> Result<(), Problem> {
    let mut prompt = |field| {
        let name = body.text(field, 64)?;
        let parse = |name: String| {
            Name::parse_some(&name).map_err(|error| Problem::invalid(field, &error.to_string()))
        };
        name.filter(|name| !name.is_empty()).map(parse).transpose()
    };
    if let Some(music) = prompt("moh_prompt_file_id")? {
        queue.treatment.music = Some(music);
    }
    let intro = prompt("intro_prompt_file_id")?;
    match body.text("intro_type", 16)?.as_deref() {
        None => queue.treatment.greeting = intro.or(queue.treatment.greeting.take()),
        Some("DISABLE") => queue.treatment.greeting = None,
        Some("NORMAL") => {
            queue.treatment.greeting = intro.or(queue.treatment.greeting.take());
            if queue.treatment.greeting.is_none() {
                return Err(Problem::invalid("intro_prompt_file_id", "is needed for this intro_type"));
            }
        }
        Some("FULL") => {
            let why = "an introduction ends when an agent answers: only DISABLE or NORMAL is supported";
            return Err(Problem::unsupported("intro_type", why));
        }
        Some(_) => return Err(Problem::invalid("intro_type", "must be DISABLE, NORMAL or FULL")),
    }
    Ok(())
}

/// Where a call goes by a rule of this name.
fn forward(
    body: &mut Body,
    field: &'static str,
    to: &mut Overflow,
    scene: &Scene<'_>,
) -> Result<(), Problem> {
    let Some(rule) = body.take(field) else { return Ok(()) };
    let mut rule = Body::of(rule, field)?;
    let number = rule.text("number", 64)?.filter(|number| !number.is_empty());
    *to = match (rule.text("action", 64)?.as_deref(), number) {
        (None, None) | (Some("HANGUP"), _) => Overflow::Clear,
        (Some("FORWARD_TO_NUMBER"), Some(number)) => match scene.queue(&number) {
            Ok(other) => Overflow::Queue(other.id),
            Err(_) => {
                let number =
                    Number::parse(&number).map_err(|error| Problem::invalid(field, &error.to_string()));
                Overflow::Number(number?)
            }
        },
        (Some("FORWARD_TO_VOICEMAIL"), Some(number)) => match scene.extension(&number) {
            Ok(person) => Overflow::Voicemail(person.agent),
            Err(_) => return Err(Problem::invalid(field, "number must be that of a user with a mailbox")),
        },
        (Some("FORWARD_TO_NUMBER" | "FORWARD_TO_VOICEMAIL"), None) => {
            return Err(Problem::invalid(field, "needs a number"));
        }
        (Some(_) | None, _) => {
            let why = "action must be FORWARD_TO_NUMBER, FORWARD_TO_VOICEMAIL or HANGUP";
            return Err(Problem::invalid(field, why));
        }
    };
    rule.finish()
}

/// What our queues do not have: taken only where it says how it is, or what it is when nothing is said.
fn unsupported(body: &mut Body) -> Result<(), Problem> {
    let no = json!(false);
    body.only("callback_mode", &[json!("ACTIVE")])?;
    body.only("callback_timeout", &[json!(600)])?;
    body.only("callback_outbound_prefix", &[json!("")])?;
    body.only("outbound_caller_ids", &[json!([])])?;
    body.only("enable_paid", std::slice::from_ref(&no))?;
    body.only("enable_prid", std::slice::from_ref(&no))?;
    body.only("extension_number_as_to_header", &[no])
}

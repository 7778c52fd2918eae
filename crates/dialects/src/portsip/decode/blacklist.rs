//! Numbers that queues refuse, and what their callers hear.

use cordial_engine::blacklist::{BlacklistLevel, BlacklistPrompts, BlacklistedNumber, CallerPlace};
use cordial_engine::entry::Name;
use cordial_engine::text::{Number, Text};
use serde_json::json;

use super::Body;
use crate::native::wire::Time;
use crate::portsip::problem::Problem;

/// Reads a number for the blacklist.
pub fn new_blacklisted(body: Body) -> Result<BlacklistedNumber, Problem> {
    read(body, None, 0)
}

/// Reads what changes of one that is there, and has refused so many calls.
pub fn changed_blacklisted(
    body: Body,
    before: BlacklistedNumber,
    refused: u64,
) -> Result<BlacklistedNumber, Problem> {
    read(body, Some(before), refused)
}

fn read(
    mut body: Body,
    before: Option<BlacklistedNumber>,
    refused: u64,
) -> Result<BlacklistedNumber, Problem> {
    let number = match body.text("number", 64)? {
        Some(text) => Number::parse(&text).map_err(|_| Problem::invalid("number", "must be a number"))?,
        None => before.as_ref().map(|it| it.number.clone()).ok_or_else(|| needed("number"))?,
    };
    let level = match body.text("level", 16)?.as_deref() {
        Some("FIRST") => BlacklistLevel::First,
        Some("SECOND") => BlacklistLevel::Second,
        Some(_) => return Err(Problem::invalid("level", "must be FIRST or SECOND")),
        None => before.as_ref().map(|it| it.level).ok_or_else(|| needed("level"))?,
    };
    let until = match body.text("expire_at", 64)?.as_deref() {
        Some("") => None,
        Some(text) => {
            let time = Time::parse(text);
            Some(time.ok_or_else(|| Problem::invalid("expire_at", "must be a time in UTC"))?.0)
        }
        None => before.as_ref().and_then(|it| it.until),
    };
    // It counts what was refused; nobody else sets it.
    body.only("trigger_times", &[json!(refused)])?;
    let enabled = body.flag("enabled")?.unwrap_or_else(|| before.as_ref().is_none_or(|it| it.enabled));
    let (was, place) = match before {
        Some(before) => (before.note, before.place),
        None => (Text::default(), CallerPlace::default()),
    };
    let place = CallerPlace {
        longitude: text(&mut body, "longitude", place.longitude)?,
        latitude: text(&mut body, "latitude", place.latitude)?,
        address: text(&mut body, "address", place.address)?,
    };
    let note = text(&mut body, "description", was)?;
    body.finish()?;
    Ok(BlacklistedNumber { number, level, until, enabled, note, place })
}

/// A text, or what it was.
fn text<const MAX: usize>(body: &mut Body, field: &str, was: Text<MAX>) -> Result<Text<MAX>, Problem> {
    let Some(text) = body.text(field, MAX)? else { return Ok(was) };
    Text::parse(&text).map_err(|why| Problem::invalid(field, &why.to_string()))
}

fn needed(field: &str) -> Problem {
    Problem::invalid(field, "is needed")
}

/// Reads what callers on the blacklist shall hear; what is left out stays.
pub fn blacklist_prompts(mut body: Body, before: BlacklistPrompts) -> Result<BlacklistPrompts, Problem> {
    let first = prompt(&mut body, "enable_level1", "level1_prompt_file_id", before.first)?;
    let second = prompt(&mut body, "enable_level2", "level2_prompt_file_id", before.second)?;
    body.finish()?;
    Ok(BlacklistPrompts { first, second })
}

fn prompt(body: &mut Body, flag: &str, file: &str, before: Option<Name>) -> Result<Option<Name>, Problem> {
    let named = body.text(file, 64)?.filter(|name| !name.is_empty());
    let named = named.map(|name| Name::parse(&name).map_err(|why| Problem::invalid(file, &why.to_string())));
    let (enabled, named) = (body.flag(flag)?, named.transpose()?);
    match (enabled.unwrap_or(before.is_some()), named.or(before)) {
        (false, _) => Ok(None),
        (true, Some(prompt)) => Ok(Some(prompt)),
        (true, None) => Err(Problem::invalid(file, "is needed: the name of a prompt")),
    }
}

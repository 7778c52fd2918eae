//! Numbers that queues refuse, and what their callers hear.

use std::fmt::Write as _;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordial_dialects::portsip::decode::{blacklist_prompts, changed_blacklisted, new_blacklisted};
use cordial_dialects::portsip::encode;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::scene::Scene;
use cordial_dialects::portsip::wire::{Blacklisted, Items, Made};
use cordial_engine::entry::{Entry, EntryId, Kind};
use cordial_engine::{Answer, Command};

use super::asking::{Asking, told};
use super::fault::No;

pub(super) async fn create(asking: Asking) -> Result<Response, No> {
    let entry = new_blacklisted(asking.body()?)?;
    match asking.give(Command::Add(Entry::BlacklistedNumber(entry))).await? {
        Some(Answer::Added(_, guid)) => told(&Made { id: guid.to_string() }),
        Some(
            Answer::Done
            | Answer::Pending
            | Answer::Tenant(..)
            | Answer::Call(..)
            | Answer::Arrived(..)
            | Answer::Parked(_),
        )
        | None => Err(Problem::new(500, "INTERNAL", "the engine answered what was not asked").into()),
    }
}

/// Lists in the order in which they were added.
pub(super) async fn list(asking: Asking) -> Result<Response, No> {
    told(&Items { items: all(&asking).await? })
}

async fn all(asking: &Asking) -> Result<Vec<Blacklisted>, No> {
    let all = asking.look(|scene| {
        let entries = scene.engine.entries(scene.tenant, Kind::BlacklistedNumber);
        Ok(entries.into_iter().filter_map(|(id, ..)| encode::blacklisted(id, scene)).collect::<Vec<_>>())
    });
    all.await
}

/// All of them as rows between commas.
pub(super) async fn export(asking: Asking) -> Result<Response, No> {
    let mut text =
        "number,level,longitude,latitude,address,expire_at,trigger_times,enabled,description\r\n".to_owned();
    for it in all(&asking).await? {
        let cells = [&it.number, it.level, &it.longitude, &it.latitude, &it.address];
        let cells = cells.map(cell).join(",");
        let (until, note) = (it.expire_at.unwrap_or_default(), cell(&it.description));
        let _infallible = write!(text, "{cells},{until},{},{},{note}\r\n", it.trigger_times, it.enabled);
    }
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"call_queue_blacklisted_numbers.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// Text of strangers in a cell: quoted where it could be read as something else, and never a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '@', '-', '\t']) || (text.starts_with('+') && !is_number(text));
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn is_number(text: &str) -> bool {
    text.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

pub(super) async fn show(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    told(&asking.look(move |scene| Ok(found(scene, &id)?.1)).await?)
}

fn found(scene: &Scene<'_>, id: &str) -> Result<(EntryId, Blacklisted), Problem> {
    let guid = cordial_engine::id::Guid::parse(id);
    let found = guid.and_then(|guid| scene.engine.find(scene.tenant, Kind::BlacklistedNumber, guid));
    let shown = found.and_then(|id| Some((id, encode::blacklisted(id, scene)?)));
    shown.ok_or_else(|| Problem::not_found("blacklisted number"))
}

pub(super) async fn update(asking: Asking) -> Result<StatusCode, No> {
    let (id, body) = (asking.named("id"), asking.body()?);
    let command = asking.look(move |scene| {
        let (id, shown) = found(scene, &id)?;
        let Some(Entry::BlacklistedNumber(before)) = scene.engine.entry(scene.tenant, id) else {
            return Err(Problem::not_found("blacklisted number"));
        };
        let entry = changed_blacklisted(body, before, shown.trigger_times)?;
        Ok(Command::Change(id, Entry::BlacklistedNumber(entry)))
    });
    let command = command.await?;
    asking.give(command).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn delete(asking: Asking) -> Result<StatusCode, No> {
    let id = asking.named("id");
    let id = asking.look(move |scene| Ok(found(scene, &id)?.0)).await?;
    asking.give(Command::Remove(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn prompts(asking: Asking) -> Result<Response, No> {
    let prompts = asking.look(|scene| Ok(scene.engine.blacklist_prompts(scene.tenant).map(encode::prompts)));
    told(&prompts.await?.unwrap_or_default())
}

pub(super) async fn update_prompts(asking: Asking) -> Result<StatusCode, No> {
    let body = asking.body()?;
    let command = asking.look(|scene| {
        let before = scene.engine.blacklist_prompts(scene.tenant).cloned().unwrap_or_default();
        Ok(Command::SetBlacklistPrompts(blacklist_prompts(body, before)?))
    });
    let command = command.await?;
    asking.give(command).await?;
    Ok(StatusCode::OK)
}

//! Queues.

use axum::http::StatusCode;
use axum::response::Response;
use cordial_dialects::portsip::decode::{changed_queue, new_queue};
use cordial_dialects::portsip::encode;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::wire::{Items, Made, OnlineStatus, Page};
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::{Answer, Command};

use super::asking::{Asking, told};
use super::fault::No;

pub(super) async fn create(asking: Asking) -> Result<Response, No> {
    let body = asking.body()?;
    let queue = asking.look(move |scene| new_queue(body, scene)).await?;
    match asking.give(Command::Add(Entry::Queue(queue.into()))).await? {
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

pub(super) async fn list(asking: Asking) -> Result<Response, No> {
    let listing = asking.listing()?;
    let queues = asking.look(|scene| {
        let queues = scene.engine.queues(scene.tenant, scene.now.at);
        Ok(queues.iter().map(encode::listed_queue).collect::<Vec<_>>())
    });
    let (count, items) = listing.page(queues.await?)?;
    told(&Page { count, items })
}

pub(super) async fn show(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    told(&asking.look(move |scene| Ok(encode::queue(&scene.queue(&id)?, scene))).await?)
}

pub(super) async fn update(asking: Asking) -> Result<StatusCode, No> {
    let (id, body) = (asking.named("id"), asking.body()?);
    let command = asking.look(move |scene| {
        let before = scene.queue(&id)?;
        let queue = changed_queue(body, before.entry, scene)?;
        Ok(Command::Change(EntryId::Queue(before.id), Entry::Queue(queue.into())))
    });
    let command = command.await?;
    asking.give(command).await?;
    Ok(StatusCode::OK)
}

/// A queue is reached as long as new calls are taken.
pub(super) async fn status(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    asking.look(move |scene| scene.queue(&id).map(|_| ())).await?;
    let status = if asking.state.parts.health.is_draining() { "OFFLINE" } else { "ONLINE" };
    told(&OnlineStatus { status })
}

pub(super) async fn delete(asking: Asking) -> Result<StatusCode, No> {
    let id = asking.named("id");
    let queue = asking.look(move |scene| Ok(scene.queue(&id)?.id)).await?;
    asking.give(Command::Remove(EntryId::Queue(queue))).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn waiting(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    let items = asking.look(move |scene| Ok(encode::waiting(&scene.queue(&id)?, scene))).await?;
    told(&Items { items })
}

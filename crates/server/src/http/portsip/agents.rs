//! Agents of queues, asked for by extension, by user, or by oneself.

use axum::http::StatusCode;
use axum::response::Response;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::scene::Scene;
use cordial_dialects::portsip::wire::Items;
use cordial_dialects::portsip::{decode, encode};
use cordial_engine::Command;
use cordial_engine::id::{AgentId, DeviceId};
use cordial_engine::view::AgentView;

use super::asking::{Asking, told};
use super::fault::No;

pub(super) async fn list_own_queues(asking: Asking) -> Result<Response, No> {
    let user = asking.who.user;
    let items = asking.look(move |scene| Ok(encode::queues_of(&scene.own(user)?, scene))).await?;
    told(&Items { items })
}

pub(super) async fn list_user_queues(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    let items = asking.look(move |scene| Ok(encode::queues_of(&scene.user(&id)?, scene))).await?;
    told(&Items { items })
}

pub(super) async fn show_own(asking: Asking) -> Result<Response, No> {
    let user = asking.who.user;
    show_agent(&asking, asking.named("id"), move |scene| scene.own(user)).await
}

pub(super) async fn show_of_user(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    show_agent(&asking, asking.named("queue_id"), move |scene| scene.user(&id)).await
}

pub(super) async fn show(asking: Asking) -> Result<Response, No> {
    let number = asking.named("agent_number");
    let agent = move |scene: &Scene<'_>| scene.agent(scene.extension(&number)?.agent);
    show_agent(&asking, asking.named("id"), agent).await
}

pub(super) async fn set_own(asking: Asking) -> Result<StatusCode, No> {
    let (user, queue) = (asking.who.user, asking.named("id"));
    let wish = decode::wish(asking.body()?)?;
    set_status(&asking, queue, wish, move |scene| phoned(scene, &scene.own(user)?)).await
}

pub(super) async fn set_of_user(asking: Asking) -> Result<StatusCode, No> {
    let (id, queue) = (asking.named("id"), asking.named("queue_id"));
    let wish = decode::wish(asking.body()?)?;
    set_status(&asking, queue, wish, move |scene| phoned(scene, &scene.user(&id)?)).await
}

pub(super) async fn set(asking: Asking) -> Result<StatusCode, No> {
    let wish = decode::wish(asking.body()?)?;
    set_of_extension(&asking, wish).await
}

pub(super) async fn log_in(asking: Asking) -> Result<StatusCode, No> {
    asking.body()?.finish()?;
    set_of_extension(&asking, decode::Wish::LogIn).await
}

pub(super) async fn log_out(asking: Asking) -> Result<StatusCode, No> {
    asking.body()?.finish()?;
    set_of_extension(&asking, decode::Wish::LogOut).await
}

pub(super) async fn list(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    let items = asking.look(move |scene| Ok(encode::agents(scene.queue(&id)?.id, scene)));
    told(&Items { items: items.await? })
}

pub(super) async fn list_states(asking: Asking) -> Result<Response, No> {
    let id = asking.named("id");
    let numbers = decode::agents_asked(asking.body()?)?;
    let items =
        asking.look(move |scene| Ok(encode::agents_asked(&scene.queue(&id)?, numbers.as_deref(), scene)));
    told(&Items { items: items.await? })
}

pub(super) async fn update_list(asking: Asking) -> Result<StatusCode, No> {
    let (id, body) = (asking.named("id"), asking.body()?);
    let list = asking.look(move |scene| decode::agent_list(body, scene, scene.queue(&id)?.id));
    for command in list.await?.commands {
        asking.give(command).await?;
    }
    Ok(StatusCode::OK)
}

pub(super) async fn pick_up(asking: Asking) -> Result<StatusCode, No> {
    asking.body()?.finish()?;
    let (id, session, user) = (asking.named("id"), asking.named("session_id"), asking.who.user);
    let command = asking.look(move |scene| {
        let call = scene.waiting(scene.queue(&id)?.id, &session)?;
        Ok(Command::Pick { agent: scene.own(user)?.id, call })
    });
    let command = command.await?;
    asking.give(command).await?;
    Ok(StatusCode::OK)
}

async fn show_agent(
    asking: &Asking,
    queue: String,
    agent: impl FnOnce(&Scene<'_>) -> Result<AgentView, Problem> + Send + 'static,
) -> Result<Response, No> {
    let shown = asking.look(move |scene| encode::agent(&agent(scene)?, &scene.queue(&queue)?, scene));
    told(&shown.await?)
}

async fn set_of_extension(asking: &Asking, wish: decode::Wish) -> Result<StatusCode, No> {
    let (number, queue) = (asking.named("agent_number"), asking.named("id"));
    set_status(asking, queue, wish, move |scene| {
        let extension = scene.extension(&number)?;
        let phone = || scene.agent(extension.agent).ok().and_then(|agent| scene.phone_of(&agent));
        Ok((extension.agent, extension.device.or_else(phone)))
    })
    .await
}

async fn set_status(
    asking: &Asking,
    queue: String,
    wish: decode::Wish,
    agent: impl FnOnce(&Scene<'_>) -> Result<(AgentId, Option<DeviceId>), Problem> + Send + 'static,
) -> Result<StatusCode, No> {
    let command = asking.look(move |scene| {
        let queue = scene.queue(&queue)?.id;
        let (agent, device) = agent(scene)?;
        decode::ask(scene, agent, device, queue, wish)
    });
    let command = command.await?;
    asking.give(command).await?;
    Ok(StatusCode::OK)
}

/// An agent, and where he could be logged in.
fn phoned(scene: &Scene<'_>, agent: &AgentView) -> Result<(AgentId, Option<DeviceId>), Problem> {
    Ok((agent.id, scene.phone_of(agent)))
}

//! Commands about the directory: users, devices, queues, trunks, routes, reasons, dispositions.

use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, nothing, object, secret_from_stdin};
use super::arguments::{
    DeviceVerb, NamedVerb, NewQueue, NewTrunk, QueueVerb, RouteTo, RouteVerb, TrunkVerb, UserVerb,
};
use super::hours;
use super::kinds::{set, show};
use super::print::Printer;
use super::rules;

pub(super) async fn user(api: &Api, printer: &Printer, verb: &UserVerb) -> Result<(), Failure> {
    match verb {
        UserVerb::List => {
            printer.list(&api.list("users").await?, &[("name", "name"), ("roles", "roles"), ("id", "id")]);
        }
        UserVerb::Add { name, roles, teams, queues, password_stdin } => {
            let (teams, queues) = (ids(api, "teams", teams).await?, ids(api, "queues", queues).await?);
            let password = if *password_stdin { Some(json!(secret_from_stdin()?)) } else { None };
            let roles: Vec<_> = roles.iter().map(|role| role.word()).collect();
            let body = object([
                ("name", Some(json!(name))),
                ("roles", Some(json!(roles))),
                ("teams", teams),
                ("queues", queues),
                ("password", password),
            ]);
            printer.record(&api.post("/v1/users", &body).await?);
        }
        UserVerb::Password { user } => {
            let id = api.id("users", user).await?;
            let body = json!({ "password": secret_from_stdin()? });
            api.put(&format!("/v1/users/{id}/password"), &body).await?;
            printer.done("the password is set");
        }
        UserVerb::Show { which } => show(api, printer, "users", which).await?,
        UserVerb::Set { which, changes } => set(api, printer, "users", which, changes).await?,
        UserVerb::Remove { user } => remove(api, printer, "users", user).await?,
    }
    Ok(())
}

/// The ids of several things; nothing when none is named.
async fn ids(api: &Api, kind: &str, names: &[String]) -> Result<Option<Value>, Failure> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(api.id(kind, name).await?);
    }
    Ok((!ids.is_empty()).then(|| json!(ids)))
}

pub(super) async fn device(api: &Api, printer: &Printer, verb: &DeviceVerb) -> Result<(), Failure> {
    match verb {
        DeviceVerb::List => {
            let columns = [("number", "number"), ("name", "display_name"), ("state", "state"), ("id", "id")];
            printer.list(&api.list("devices").await?, &columns);
        }
        DeviceVerb::Add { number, display_name, digest, owner, hot_desk } => {
            let name = display_name.as_ref().map(|name| json!(name));
            let digest = digest.as_ref().map(|digest| json!(digest));
            let owner = match owner {
                Some(agent) => Some(json!(api.id("agents", agent).await?)),
                None => None,
            };
            let body = object([
                ("number", Some(json!(number))),
                ("display_name", name),
                ("digest", digest),
                ("owner", owner),
                ("hot_desk", hot_desk.then(|| json!(true))),
            ]);
            printer.record(&api.post("/v1/devices", &body).await?);
        }
        DeviceVerb::Secret { device } => {
            let id = api.id("devices", device).await?;
            printer.record(&api.post(&format!("/v1/devices/{id}/secret"), &nothing()).await?);
        }
        DeviceVerb::Show { which } => show(api, printer, "devices", which).await?,
        DeviceVerb::Set { which, changes } => set(api, printer, "devices", which, changes).await?,
        DeviceVerb::Remove { device } => remove(api, printer, "devices", device).await?,
    }
    Ok(())
}

pub(super) async fn queue(api: &Api, printer: &Printer, verb: &QueueVerb) -> Result<(), Failure> {
    match verb {
        QueueVerb::List => {
            let columns = [
                ("name", "name"),
                ("number", "number"),
                ("strategy", "strategy"),
                ("waiting", "state.waiting"),
                ("longest wait ms", "state.longest_wait_ms"),
                ("logged in", "state.logged_in"),
                ("eligible", "state.eligible"),
                ("answered", "state.tally.answered"),
                ("abandoned", "state.tally.abandoned"),
                ("id", "id"),
            ];
            printer.list(&api.list("queues").await?, &columns);
        }
        QueueVerb::Add(new) => {
            let body = with(new_queue(new), rules::queue(api, &new.rules).await?);
            printer.record(&api.post("/v1/queues", &body).await?);
        }
        QueueVerb::Night { queue, switch } => hours::night(api, printer, queue, *switch).await?,
        QueueVerb::Show { which } => show(api, printer, "queues", which).await?,
        QueueVerb::Set { which, changes } => set(api, printer, "queues", which, changes).await?,
        QueueVerb::Remove { queue } => remove(api, printer, "queues", queue).await?,
    }
    Ok(())
}

/// An object with what another says in place of its own.
pub(super) fn with(mut whole: Value, changes: Value) -> Value {
    if let (Some(whole), Value::Object(changes)) = (whole.as_object_mut(), changes) {
        whole.extend(changes);
    }
    whole
}

fn new_queue(new: &NewQueue) -> Value {
    let ms = |seconds: Option<u64>| seconds.map(|seconds| json!(seconds.saturating_mul(1_000)));
    object([
        ("name", Some(json!(new.name))),
        ("number", new.number.as_ref().map(|number| json!(number))),
        ("strategy", new.strategy.map(|strategy| json!(strategy.word()))),
        ("skill_first", new.skill_first.then_some(json!(true))),
        ("weight", new.weight.map(|weight| json!(weight))),
        ("offer_ms", ms(new.offer_s)),
        ("wrap_up_ms", ms(new.wrap_up_s)),
        ("max_wait_ms", ms(new.max_wait_s)),
        ("treatment", new.greeting.as_ref().map(|greeting| json!({ "greeting": greeting }))),
        ("record", new.no_recording.then_some(json!(false))),
    ])
}

pub(super) async fn trunk(api: &Api, printer: &Printer, verb: &TrunkVerb) -> Result<(), Failure> {
    match verb {
        TrunkVerb::List => {
            let columns = [
                ("name", "name"),
                ("address", "address"),
                ("sources", "sources"),
                ("transport", "transport"),
                ("may dial", "outbound_prefixes"),
                ("user name", "username"),
                ("id", "id"),
            ];
            printer.list(&api.list("trunks").await?, &columns);
        }
        TrunkVerb::Add(new) => printer.record(&api.post("/v1/trunks", &new_trunk(new)?).await?),
        TrunkVerb::Show { which } => show(api, printer, "trunks", which).await?,
        TrunkVerb::Set { which, changes } => set(api, printer, "trunks", which, changes).await?,
        TrunkVerb::Remove { trunk } => remove(api, printer, "trunks", trunk).await?,
    }
    Ok(())
}

fn new_trunk(new: &NewTrunk) -> Result<Value, Failure> {
    let password = if new.password_stdin { Some(json!(secret_from_stdin()?)) } else { None };
    let some = |list: &[String]| (!list.is_empty()).then(|| json!(list));
    Ok(object([
        ("name", Some(json!(new.name))),
        ("address", Some(json!(new.address))),
        ("transport", Some(json!(new.transport))),
        ("sources", some(&new.sources)),
        ("username", new.username.as_ref().map(|username| json!(username))),
        ("password", password),
        ("authenticate_inbound", new.authenticate_inbound.then_some(json!(true))),
        ("outbound_prefixes", some(&new.outbound_prefixes)),
        ("caller_number", new.caller_number.as_ref().map(|number| json!(number))),
    ]))
}

pub(super) async fn route(api: &Api, printer: &Printer, verb: &RouteVerb) -> Result<(), Failure> {
    match verb {
        RouteVerb::List => {
            let columns = [
                ("number", "number"),
                ("greeting", "greeting"),
                ("to", "destination.to"),
                ("queue", "destination.queue"),
                ("agent", "destination.agent"),
                ("device", "destination.device"),
                ("id", "id"),
            ];
            printer.list(&api.list("routes").await?, &columns);
        }
        RouteVerb::Add { number, to, greeting } => {
            let greeting = greeting.as_ref().map(|greeting| json!(greeting));
            let destination = destination(api, to).await?;
            let body = object([
                ("number", Some(json!(number))),
                ("greeting", greeting),
                ("destination", Some(destination)),
            ]);
            printer.record(&api.post("/v1/routes", &body).await?);
        }
        RouteVerb::Show { which } => show(api, printer, "routes", which).await?,
        RouteVerb::Set { which, changes } => set(api, printer, "routes", which, changes).await?,
        RouteVerb::Remove { route } => remove(api, printer, "routes", route).await?,
    }
    Ok(())
}

async fn destination(api: &Api, to: &RouteTo) -> Result<Value, Failure> {
    if let Some(queue) = &to.queue {
        return Ok(json!({ "to": "queue", "queue": api.id("queues", queue).await? }));
    }
    if let Some(agent) = &to.agent {
        return Ok(json!({ "to": "agent", "agent": api.id("agents", agent).await? }));
    }
    if let Some(device) = &to.device {
        return Ok(json!({ "to": "device", "device": api.id("devices", device).await? }));
    }
    // The parser insists on exactly one of the four.
    Ok(json!({ "to": "clear" }))
}

pub(super) async fn named(api: &Api, printer: &Printer, kind: &str, verb: &NamedVerb) -> Result<(), Failure> {
    match verb {
        NamedVerb::List => printer.list(&api.list(kind).await?, &[("name", "name"), ("id", "id")]),
        NamedVerb::Add { name } => {
            printer.record(&api.post(&format!("/v1/{kind}"), &json!({ "name": name })).await?);
        }
        NamedVerb::Show { which } => show(api, printer, kind, which).await?,
        NamedVerb::Set { which, changes } => set(api, printer, kind, which, changes).await?,
        NamedVerb::Remove { which } => remove(api, printer, kind, which).await?,
    }
    Ok(())
}

pub(super) async fn remove(api: &Api, printer: &Printer, kind: &str, which: &str) -> Result<(), Failure> {
    let id = api.id(kind, which).await?;
    api.delete(&format!("/v1/{kind}/{id}")).await?;
    printer.done("removed");
    Ok(())
}

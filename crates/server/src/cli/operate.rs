//! Commands about what goes on: agents, calls, tokens.

use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, PAGE, escape, nothing, object, secret_from_stdin};
use super::arguments::{AgentVerb, TokenVerb};
use super::directory::remove;
use super::kinds::{set, show};
use super::print::Printer;

/// What a list of agents shows, and where it stands.
const AGENT_COLUMNS: [(&str, &str); 7] = [
    ("name", "name"),
    ("duty", "duty.state"),
    ("pending", "pending.state"),
    ("activity", "activity.state"),
    ("device", "device.state"),
    ("number", "number"),
    ("id", "id"),
];

pub(super) async fn agent(api: &Api, printer: &Printer, verb: &AgentVerb) -> Result<(), Failure> {
    match verb {
        AgentVerb::List => {
            printer.list(&api.list("agents").await?, &AGENT_COLUMNS);
        }
        AgentVerb::Add { name, number, user, team } => {
            let team = match team {
                Some(team) => Some(json!(api.id("teams", team).await?)),
                None => None,
            };
            let user = match user {
                Some(user) => Some(json!(api.id("users", user).await?)),
                None => None,
            };
            let number = number.as_ref().map(|number| json!(number));
            let body =
                object([("name", Some(json!(name))), ("number", number), ("user", user), ("team", team)]);
            printer.record(&api.post("/v1/agents", &body).await?);
        }
        AgentVerb::Show { which } => show(api, printer, "agents", which).await?,
        AgentVerb::Set { which, changes } => set(api, printer, "agents", which, changes).await?,
        AgentVerb::Remove { agent } => remove(api, printer, "agents", agent).await?,
        AgentVerb::Assign { agent, queue, level, position, skill } => {
            let (agent, queue) = (api.id("agents", agent).await?, api.id("queues", queue).await?);
            let rank = object([
                ("level", level.map(|level| json!(level))),
                ("position", position.map(|position| json!(position))),
                ("skill", skill.map(|skill| json!(skill))),
            ]);
            outcome(printer, &api.put(&format!("/v1/agents/{agent}/queues/{queue}"), &rank).await?);
        }
        AgentVerb::Unassign { agent, queue } => {
            let (agent, queue) = (api.id("agents", agent).await?, api.id("queues", queue).await?);
            outcome(printer, &api.delete(&format!("/v1/agents/{agent}/queues/{queue}")).await?);
        }
        AgentVerb::Pin { agent, remove } => set_pin(api, printer, agent, *remove).await?,
        AgentVerb::LogIn { agent, device } => {
            let device = api.id("devices", device).await?;
            act(api, printer, agent, "log-in", &json!({ "device": device })).await?;
        }
        AgentVerb::LogOut { agent, reason } => {
            let reason = reason_id(api, reason.as_deref()).await?;
            act(api, printer, agent, "log-out", &object([("reason", reason)])).await?;
        }
        AgentVerb::Ready { agent } => act(api, printer, agent, "ready", &nothing()).await?,
        AgentVerb::NotReady { agent, reason, note } => {
            let reason = reason_id(api, reason.as_deref()).await?;
            let body = object([("reason", reason), ("note", note.as_ref().map(|note| json!(note)))]);
            act(api, printer, agent, "not-ready", &body).await?;
        }
        AgentVerb::MissedCalls { agent, busy, no_answer, unreachable } => {
            let changes = [("busy", busy), ("no_answer", no_answer), ("unreachable", unreachable)];
            missed_calls(api, printer, agent, changes).await?;
        }
        AgentVerb::ExtendWrapUp { agent } => act(api, printer, agent, "extend-wrap-up", &nothing()).await?,
        AgentVerb::ReadyAfterWrapUp { agent } => {
            act(api, printer, agent, "ready-after-wrap-up", &nothing()).await?;
        }
        AgentVerb::EndWrapUp { agent } => act(api, printer, agent, "end-wrap-up", &nothing()).await?,
    }
    Ok(())
}

async fn set_pin(api: &Api, printer: &Printer, agent: &str, remove: bool) -> Result<(), Failure> {
    let id = api.id("agents", agent).await?;
    let pin = if remove { Value::Null } else { json!(secret_from_stdin()?) };
    api.put(&format!("/v1/agents/{id}/pin"), &json!({ "pin": pin })).await?;
    printer.done(if remove { "the PIN is removed" } else { "the PIN is set" });
    Ok(())
}

/// Changes where an agent's missed calls of some kinds go.
async fn missed_calls(
    api: &Api,
    printer: &Printer,
    agent: &str,
    changes: [(&str, &Option<String>); 3],
) -> Result<(), Failure> {
    let path = format!("/v1/agents/{}", api.id("agents", agent).await?);
    let mut settings = api.get(&path).await?["call_settings"].clone();
    for (missed, to) in changes {
        if let Some(to) = to {
            settings[missed] = forward(to);
        }
    }
    outcome(printer, &api.put(&format!("{path}/call-settings"), &settings).await?);
    Ok(())
}

/// Where missed calls go, as it is said on the command line.
fn forward(to: &str) -> Value {
    match to {
        "off" => Value::Null,
        "voicemail" => json!({ "to": "voicemail" }),
        number => json!({ "to": "number", "number": number }),
    }
}

/// The id of a reason that need not be given.
async fn reason_id(api: &Api, reason: Option<&str>) -> Result<Option<Value>, Failure> {
    match reason {
        Some(reason) => Ok(Some(json!(api.id("reasons", reason).await?))),
        None => Ok(None),
    }
}

async fn act(api: &Api, printer: &Printer, agent: &str, verb: &str, body: &Value) -> Result<(), Failure> {
    let id = api.id("agents", agent).await?;
    outcome(printer, &api.post(&format!("/v1/agents/{id}/{verb}"), body).await?);
    Ok(())
}

/// Says whether it is so now, was so before, or will be so after the call.
fn outcome(printer: &Printer, answer: &Value) {
    let agent = &answer["agent"];
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut line = format!(
        "{}: {}, {}",
        text(&agent["name"]),
        text(&agent["duty"]["state"]).replace('_', " "),
        text(&agent["activity"]["state"]).replace('_', " ")
    );
    if answer["pending"] == true {
        line.push_str(&format!(" (pending: {})", text(&agent["pending"]["state"]).replace('_', " ")));
    }
    if answer["already"] == true {
        line.push_str(" (it was so already)");
    }
    printer.line(answer, &line);
}

pub(super) async fn token(api: &Api, printer: &Printer, verb: &TokenVerb) -> Result<(), Failure> {
    match verb {
        TokenVerb::List => {
            let columns = [
                ("name", "name"),
                ("scopes", "scopes"),
                ("user", "user"),
                ("expires", "expires_at"),
                ("id", "id"),
            ];
            printer.list(&api.list("tokens").await?, &columns);
        }
        TokenVerb::Add { name, scopes, user, expires_in_s } => {
            let user = match user {
                Some(user) => Some(json!(api.id("users", user).await?)),
                None => None,
            };
            let body = object([
                ("name", Some(json!(name))),
                ("scopes", Some(json!(scopes))),
                ("user", user),
                ("expires_in_s", expires_in_s.map(|seconds| json!(seconds))),
            ]);
            printer.record(&api.post("/v1/tokens", &body).await?);
        }
        TokenVerb::Revoke { token } => {
            if token.len() != 16 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Failure::NotFound(format!(
                    "\"{token}\" is no token's id, which has 16 hexadecimal digits (see `cordial token list`)"
                )));
            }
            api.delete(&format!("/v1/tokens/{token}")).await?;
            printer.done("the token is ended");
        }
    }
    Ok(())
}

/// A command of the FreeSWITCH console. Each word that the shell kept together stays one.
pub(super) async fn callcenter_config(api: &Api, printer: &Printer, words: &[String]) -> Result<(), Failure> {
    let quoted = |word: &String| {
        let whole = !word.is_empty() && !word.contains(char::is_whitespace);
        if whole { word.clone() } else { format!("'{word}'") }
    };
    let command = words.iter().map(quoted).collect::<Vec<_>>().join(" ");
    let answer = api.post("/v1/callcenter-config", &json!({ "command": command })).await?;
    let text = answer["answer"].as_str().unwrap_or_default().trim_end();
    if text.starts_with("-") {
        return Err(Failure::Refused(text.to_owned()));
    }
    printer.line(&answer, text);
    Ok(())
}

/// Changes, newest first.
pub(super) async fn audit(
    api: &Api,
    printer: &Printer,
    (user, operation, from): (Option<&str>, Option<&str>, Option<&str>),
    count: usize,
) -> Result<(), Failure> {
    let mut filter = String::new();
    if let Some(user) = user {
        filter.push_str(&format!("&user={}", api.id("users", user).await?));
    }
    for (name, value) in [("operation", operation), ("from", from)] {
        if let Some(value) = value {
            filter.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    let mut changes = Vec::new();
    let mut after = String::new();
    while changes.len() < count {
        let limit = (count - changes.len()).min(PAGE);
        let page = api.get(&format!("/v1/audit?limit={limit}{filter}{after}")).await?;
        changes.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", escape(next)),
            None => break,
        }
    }
    let columns = [
        ("at", "at"),
        ("by", "by.kind"),
        ("user or device", "by.id"),
        ("address", "address"),
        ("operation", "operation"),
        ("before", "before"),
        ("after", "after"),
    ];
    printer.list(&changes, &columns);
    Ok(())
}

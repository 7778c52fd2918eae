//! Commands about mailboxes.

use serde_json::{Value, json};

use super::Failure;
use super::api::Api;
use super::arguments::VoicemailVerb;
use super::kinds::kind_of;
use super::print::Printer;

pub(super) async fn voicemail(api: &Api, printer: &Printer, verb: &VoicemailVerb) -> Result<(), Failure> {
    match verb {
        VoicemailVerb::On { agent, greeting, subscribed_only } => {
            let mailbox = json!({ "greeting": greeting, "unsolicited": !subscribed_only });
            enable(api, printer, agent, mailbox).await?;
        }
        VoicemailVerb::Off { agent } => enable(api, printer, agent, Value::Null).await?,
        VoicemailVerb::List { agent } => {
            let id = api.id("agents", agent).await?;
            let messages = api.get(&format!("/v1/agents/{id}/messages")).await?;
            let columns = [
                ("left", "left"),
                ("caller", "caller"),
                ("name", "caller_name"),
                ("ms", "audio_ms"),
                ("heard", "heard"),
                ("id", "id"),
            ];
            let items = messages["items"].as_array().cloned().unwrap_or_default();
            printer.list(&items, &columns);
        }
        VoicemailVerb::Remove { agent, message } => {
            let id = api.id("agents", agent).await?;
            api.delete(&format!("/v1/agents/{id}/messages/{message}")).await?;
            printer.done("removed");
        }
    }
    Ok(())
}

async fn enable(api: &Api, printer: &Printer, agent: &str, mailbox: Value) -> Result<(), Failure> {
    let path = format!("/v1/agents/{}", api.id("agents", agent).await?);
    let seen = api.see(&path).await?;
    let mut entry = Value::Object(kind_of("agents")?.written(&seen.value));
    entry["mailbox"] = mailbox;
    api.put_if(&path, &entry, &seen.tag).await?;
    printer.done(if entry["mailbox"].is_null() { "the mailbox is off" } else { "the mailbox is on" });
    Ok(())
}

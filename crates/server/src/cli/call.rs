//! `cordial call`.

use serde_json::{Value, json};

use super::Failure;
use super::api::{Api, escape, nothing};
use super::arguments::{CallVerb, ControlVerb, Line};
use super::print::Printer;

pub(super) async fn call(api: &Api, printer: &Printer, verb: &CallVerb) -> Result<(), Failure> {
    match verb {
        CallVerb::List => {
            let columns = [
                ("started", "started"),
                ("direction", "direction"),
                ("caller", "caller"),
                ("dialled", "dialled"),
                ("phase", "phase.state"),
                ("agent", "agent"),
                ("id", "id"),
            ];
            printer.list(&api.list("calls").await?, &columns);
        }
        CallVerb::Place { device, to } => {
            let device = api.id("devices", device).await?;
            printer.record(&api.post("/v1/calls", &json!({ "device": device, "to": to })).await?);
        }
        CallVerb::HangUp { call } => {
            let id = api.id("calls", call).await?;
            api.post(&format!("/v1/calls/{id}/hang-up"), &nothing()).await?;
            printer.done("the call is ended");
        }
        CallVerb::Show { call } => {
            let id = api.id("calls", call).await?;
            printer.record(&api.get(&format!("/v1/calls/{id}")).await?);
        }
        CallVerb::Control(verb) => control(api, printer, verb).await?,
        CallVerb::Park { call, device, slot } => {
            let id = api.id("calls", call).await?;
            let device = match device {
                Some(device) => Some(api.id("devices", device).await?),
                None => None,
            };
            let body = json!({ "device": device, "slot": slot });
            let parked = api.post(&format!("/v1/calls/{id}/park"), &body).await?;
            printer.done(&format!("the call is parked at {}", parked["slot"]));
        }
        CallVerb::Transfer { call, to, mailbox, device } => {
            let id = api.id("calls", call).await?;
            let destination = match mailbox {
                Some(agent) => json!({ "to": "mailbox", "agent": api.id("agents", agent).await? }),
                None => json!({ "to": "number", "number": to }),
            };
            let device = match device {
                Some(device) => Some(api.id("devices", device).await?),
                None => None,
            };
            let body = json!({ "destination": destination, "device": device });
            api.post(&format!("/v1/calls/{id}/transfer"), &body).await?;
            printer.done("the call is transferred");
        }
        CallVerb::Parked => {
            let parked = api.list("/v1/parked").await?;
            let columns = [("slot", "slot"), ("since", "since"), ("device", "device"), ("call", "call")];
            printer.list(&parked, &columns);
        }
        CallVerb::Retrieve { call, device } => {
            let id = api.id("calls", call).await?;
            let body = json!({ "device": api.id("devices", device).await? });
            api.post(&format!("/v1/calls/{id}/retrieve"), &body).await?;
            printer.done("the device rings");
        }
    }
    Ok(())
}

async fn control(api: &Api, printer: &Printer, verb: &ControlVerb) -> Result<(), Failure> {
    let (line, path, what, said) = match verb {
        ControlVerb::Answer(line) => (line, "answer", json!({}), "the phone is asked to answer"),
        ControlVerb::Leave(line) => (line, "leave", json!({}), "the phone is out of the call"),
        ControlVerb::Hold(line) => (line, "hold", json!({}), "the call is held"),
        ControlVerb::Unhold(line) => (line, "unhold", json!({}), "the call goes on"),
        ControlVerb::Mute(line) => (line, "mute", json!({}), "nobody hears the phone"),
        ControlVerb::Unmute(line) => (line, "unmute", json!({}), "the phone is heard again"),
        ControlVerb::Swap(line) => (line, "swap", json!({}), "the other call goes on"),
        ControlVerb::Digits { digits, line } => {
            (line, "digits", json!({ "digits": digits }), "the keys are sent")
        }
        ControlVerb::Complete { how, line } => {
            (line, "complete", json!({ "how": how.word() }), "the two calls are one")
        }
        ControlVerb::Consult { to, line } => {
            let (path, body) = at(api, line, "consult", json!({ "to": to })).await?;
            printer.record(&api.post(&path, &body).await?);
            return Ok(());
        }
        ControlVerb::Drop { call, leg } => {
            let id = api.id("calls", call).await?;
            api.delete(&format!("/v1/calls/{id}/legs/{}", escape(leg))).await?;
            printer.done("its part is over");
            return Ok(());
        }
    };
    let (path, body) = at(api, line, path, what).await?;
    api.post(&path, &body).await?;
    printer.done(said);
    Ok(())
}

/// Where something is asked for on behalf of a phone, and what is said with it.
async fn at(api: &Api, line: &Line, verb: &str, mut what: Value) -> Result<(String, Value), Failure> {
    let id = api.id("calls", &line.call).await?;
    if let Some(device) = &line.device {
        what["device"] = json!(api.id("devices", device).await?);
    }
    Ok((format!("/v1/calls/{id}/{verb}"), what))
}

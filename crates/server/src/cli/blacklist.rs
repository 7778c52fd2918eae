//! Commands about the blacklist.

use serde_json::json;

use super::Failure;
use super::api::{Api, object};
use super::arguments::BlacklistVerb;
use super::directory::remove;
use super::print::Printer;

const PROMPTS: &str = "/v1/blacklist-prompts";

pub(super) async fn blacklist(api: &Api, printer: &Printer, verb: &BlacklistVerb) -> Result<(), Failure> {
    match verb {
        BlacklistVerb::List => {
            let columns = [
                ("number", "number"),
                ("level", "level"),
                ("until", "until"),
                ("enabled", "enabled"),
                ("refused", "refused"),
                ("note", "note"),
                ("id", "id"),
            ];
            printer.list(&api.list("blacklist").await?, &columns);
        }
        BlacklistVerb::Add { number, second, until, note } => {
            let body = object([
                ("number", Some(json!(number))),
                ("level", second.then(|| json!("second"))),
                ("until", until.as_ref().map(|until| json!(until))),
                ("note", note.as_ref().map(|note| json!(note))),
            ]);
            printer.record(&api.post("/v1/blacklist", &body).await?);
        }
        BlacklistVerb::Remove { number } => remove(api, printer, "blacklist", number).await?,
        BlacklistVerb::Prompts { first, second } => {
            let body = json!({ "first": first, "second": second });
            printer.record(&api.put(PROMPTS, &body).await?);
        }
    }
    Ok(())
}

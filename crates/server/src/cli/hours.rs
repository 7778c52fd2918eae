//! Commands about opening hours and emergencies.

use serde_json::{Map, Value, json};

use super::Failure;
use super::api::{Api, object};
use super::arguments::{CalendarRules, CalendarVerb, EmergencyVerb, Switch, Which};
use super::directory::{remove, with};
use super::print::Printer;
use super::rules::overflow;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) async fn calendar(api: &Api, printer: &Printer, verb: &CalendarVerb) -> Result<(), Failure> {
    match verb {
        CalendarVerb::List => {
            let columns = [
                ("name", "name"),
                ("zone", "zone"),
                ("open", "state.open"),
                ("until", "state.until"),
                ("id", "id"),
            ];
            printer.list(&api.list("calendars").await?, &columns);
        }
        CalendarVerb::Show { calendar } => {
            let id = api.id("calendars", calendar).await?;
            printer.record(&api.get(&format!("/v1/calendars/{id}")).await?);
        }
        CalendarVerb::Add { name, zone, rules } => {
            let fresh = object([("name", Some(json!(name))), ("zone", Some(json!(zone)))]);
            printer.record(&api.post("/v1/calendars", &changed(fresh, rules)?).await?);
        }
        CalendarVerb::Set { calendar, zone, rules } => {
            let path = format!("/v1/calendars/{}", api.id("calendars", calendar).await?);
            let mut before = api.get(&path).await?;
            if let Some(before) = before.as_object_mut() {
                // What the server adds to what was said.
                before.retain(|field, _| !matches!(field.as_str(), "id" | "state"));
            }
            let zone = object([("zone", zone.as_ref().map(|zone| json!(zone)))]);
            printer.record(&api.put(&path, &changed(with(before, zone), rules)?).await?);
        }
        CalendarVerb::Remove { calendar } => remove(api, printer, "calendars", calendar).await?,
    }
    Ok(())
}

/// A calendar with the days and holidays that were said; holidays replace all that there were.
fn changed(mut calendar: Value, rules: &CalendarRules) -> Result<Value, Failure> {
    for said in &rules.hours {
        let (days, hours) = said.split_once('=').ok_or_else(|| wrong(said, "mon-fri=09:00-17:00"))?;
        let hours: Vec<&str> = if hours == "closed" { Vec::new() } else { hours.split(',').collect() };
        for day in days_of(days).ok_or_else(|| wrong(said, "mon-fri=09:00-17:00"))? {
            calendar["week"][day] = json!(hours);
        }
    }
    let holidays: Result<Vec<Value>, Failure> = rules.holidays.iter().map(|said| holiday(said)).collect();
    match holidays? {
        holidays if holidays.is_empty() => {}
        holidays => calendar["holidays"] = json!(holidays),
    }
    Ok(calendar)
}

fn wrong(said: &str, example: &str) -> Failure {
    Failure::Refused(format!("\"{said}\" is not of the form {example}"))
}

/// `mon`, or `mon-fri`.
fn days_of(text: &str) -> Option<&'static [&'static str]> {
    let day = |short: &str| DAYS.iter().position(|day| short.len() >= 3 && day.starts_with(short));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    DAYS.get(day(first)?..=day(last)?)
}

/// `Christmas=2026-12-24..2026-12-26,yearly,09:00-12:00`.
fn holiday(said: &str) -> Result<Value, Failure> {
    const EXAMPLE: &str = "Christmas=2026-12-24..2026-12-26,yearly";
    let (name, rest) = said.split_once('=').ok_or_else(|| wrong(said, EXAMPLE))?;
    let mut words = rest.split(',');
    let days = words.next().unwrap_or_default();
    let mut holiday = Map::new();
    holiday.insert("name".to_owned(), json!(name));
    match days.split_once("..") {
        Some((first, last)) => {
            holiday.insert("first".to_owned(), json!(first));
            holiday.insert("last".to_owned(), json!(last));
        }
        None => drop(holiday.insert("first".to_owned(), json!(days))),
    }
    let (yearly, hours): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "yearly");
    holiday.insert("yearly".to_owned(), json!(!yearly.is_empty()));
    holiday.insert("hours".to_owned(), json!(hours));
    Ok(Value::Object(holiday))
}

pub(super) async fn night(
    api: &Api,
    printer: &Printer,
    queue: &Which,
    switch: Switch,
) -> Result<(), Failure> {
    let id = api.id("queues", queue).await?;
    let on = matches!(switch, Switch::On);
    api.put(&format!("/v1/queues/{id}/night-mode"), &json!({ "on": on })).await?;
    printer.done(if on { "the queue is closed" } else { "the queue is open again, as its calendar says" });
    Ok(())
}

pub(super) async fn emergency(api: &Api, printer: &Printer, verb: &EmergencyVerb) -> Result<(), Failure> {
    match verb {
        EmergencyVerb::On { queue, to, waiting } => {
            let to = overflow(api, to.as_ref()).await?;
            let body = object([("to", to), ("waiting", Some(json!(waiting)))]);
            api.put(&path(api, queue.as_ref()).await?, &body).await?;
            printer.done("calls go elsewhere from now on");
        }
        EmergencyVerb::Off { queue } => {
            api.delete(&path(api, queue.as_ref()).await?).await?;
            printer.done("calls are taken again");
        }
        EmergencyVerb::Show => {
            let all = api.get("/v1/emergency").await?;
            let mut rows = Vec::new();
            if all["emergency"] != Value::Null {
                rows.push(json!({ "name": "(all queues)", "emergency": all["emergency"] }));
            }
            let queues = api.list("queues").await?;
            let own = queues.iter().filter(|queue| queue["state"]["emergency"] != Value::Null);
            rows.extend(
                own.map(|queue| json!({ "name": queue["name"], "emergency": queue["state"]["emergency"] })),
            );
            printer.list(&rows, &[("queue", "name"), ("to", "emergency.to.to")]);
        }
    }
    Ok(())
}

async fn path(api: &Api, queue: Option<&Which>) -> Result<String, Failure> {
    Ok(match queue {
        Some(queue) => format!("/v1/queues/{}/emergency", api.id("queues", queue).await?),
        None => "/v1/emergency".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_holidays_are_read_as_people_write_them() {
        assert_eq!(days_of("mon-wed"), Some(&DAYS[..3]));
        assert_eq!(days_of("sunday"), Some(&DAYS[6..]));
        assert_eq!(days_of("fri-mon"), None);
        assert_eq!(days_of("m"), None);
        let rules = CalendarRules {
            hours: vec!["mon-fri=09:00-12:00,13:00-17:00".to_owned(), "fri=closed".to_owned()],
            holidays: vec!["Christmas=2026-12-24..2026-12-26,yearly,09:00-12:00".to_owned()],
        };
        let said = changed(json!({ "name": "x" }), &rules).unwrap();
        assert_eq!(said["week"]["thursday"], json!(["09:00-12:00", "13:00-17:00"]));
        assert_eq!(said["week"]["friday"], json!([]));
        let christmas = json!({
            "name": "Christmas", "first": "2026-12-24", "last": "2026-12-26", "yearly": true, "hours": ["09:00-12:00"]
        });
        assert_eq!(said["holidays"], json!([christmas]));
    }
}

//! Commands about what may leave the house.

use serde_json::{Value, json};

use super::Failure;
use super::api::Api;
use super::arguments::{OutboundChange, OutboundVerb};
use super::print::Printer;

const PATH: &str = "/v1/outbound";

pub(super) async fn outbound(api: &Api, printer: &Printer, verb: &OutboundVerb) -> Result<(), Failure> {
    match verb {
        OutboundVerb::Show => printer.record(&api.get(PATH).await?),
        OutboundVerb::Set(change) => {
            let mut rules = api.get(PATH).await?;
            apply(change, &mut rules);
            printer.record(&api.put(PATH, &rules).await?);
        }
    }
    Ok(())
}

/// Makes of what the server answered what it shall be told.
fn apply(change: &OutboundChange, rules: &mut Value) {
    if let Some(rules) = rules.as_object_mut() {
        rules.remove("state");
    }
    let counts = [
        ("calls", change.calls),
        ("calls_per_device", change.calls_per_device),
        ("calls_per_minute", change.calls_per_minute),
        ("minutes_per_day", change.minutes_per_day),
    ];
    for (name, count) in counts {
        if let Some(count) = count {
            rules[name] = json!(count);
        }
    }
    if let Some(lead_out_again) = change.lead_out_again {
        rules["lead_out_again"] = json!(lead_out_again);
    }
    let lists = [
        ("denied", &change.deny, &change.deny_no_more),
        ("unlimited", &change.unlimited, &change.unlimited_no_more),
    ];
    for (name, more, less) in lists {
        let Some(list) = rules[name].as_array_mut() else { continue };
        list.retain(|known| !known.as_str().is_some_and(|known| less.iter().any(|less| less == known)));
        for new in more {
            if !list.iter().any(|known| known == new) {
                list.push(json!(new));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_stays_as_it_is() {
        let change = OutboundChange {
            calls: Some(7),
            calls_per_device: None,
            calls_per_minute: None,
            minutes_per_day: Some(0),
            deny: vec!["0900".to_owned(), "+881".to_owned()],
            deny_no_more: vec!["+870".to_owned()],
            unlimited: Vec::new(),
            unlimited_no_more: vec!["112".to_owned()],
            lead_out_again: Some(true),
        };
        let mut rules = json!({
            "calls": 50, "calls_per_device": 3, "calls_per_minute": 60, "minutes_per_day": 6000,
            "denied": ["+870", "+881"], "unlimited": ["112", "911"], "lead_out_again": false,
            "state": {"calls": 2},
        });
        apply(&change, &mut rules);
        let wanted = json!({
            "calls": 7, "calls_per_device": 3, "calls_per_minute": 60, "minutes_per_day": 0,
            "denied": ["+881", "0900"], "unlimited": ["911"], "lead_out_again": true,
        });
        assert_eq!(rules, wanted);
    }
}

//! Commands about feature codes.

use serde_json::{Value, json};

use super::Failure;
use super::api::Api;
use super::arguments::FeatureCodeVerb;
use super::print::Printer;

const PATH: &str = "/v1/feature-codes";

pub(super) async fn feature_code(
    api: &Api,
    printer: &Printer,
    verb: &FeatureCodeVerb,
) -> Result<(), Failure> {
    let table = match verb {
        FeatureCodeVerb::List => api.get(PATH).await?,
        FeatureCodeVerb::Default => api.put(PATH, &json!({})).await?,
        FeatureCodeVerb::Set { feature, code } => {
            let mut table = api.get(PATH).await?;
            table["codes"][feature] = json!(code);
            api.put(PATH, &table).await?
        }
        FeatureCodeVerb::Off { feature } => {
            let mut table = api.get(PATH).await?;
            let codes = table["codes"].as_object_mut();
            if codes.and_then(|codes| codes.remove(feature)).is_none() {
                return Err(Failure::NotFound(format!("no feature {feature} has a code")));
            }
            api.put(PATH, &table).await?
        }
    };
    let rows: Vec<Value> = table["codes"].as_object().into_iter().flatten().map(row).collect();
    printer.list(&rows, &[("code", "code"), ("feature", "feature")]);
    Ok(())
}

fn row((feature, code): (&String, &Value)) -> Value {
    json!({ "code": code, "feature": feature })
}

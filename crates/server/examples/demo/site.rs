//! The contact centre of the demonstration, set up as any operator would: by the API.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::phones::Cast;

/// The number that callers dial.
pub(crate) const NUMBER: &str = "1000";
const NAMES: &[&str] =
    &["Ann", "Ben", "Cara", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jon", "Kim", "Lou"];
/// Phones that do not register in this time never will.
const REGISTER_LIMIT: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(50);

/// Everything that was made, by id.
pub(crate) struct Site {
    pub(crate) domain: String,
    pub(crate) queue: String,
    pub(crate) agents: Vec<Agent>,
    pub(crate) dispositions: Vec<Named>,
    pub(crate) lunch: Named,
}

/// An agent with his device, and the API as he sees it.
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) device: String,
    pub(crate) number: String,
    pub(crate) password: String,
    pub(crate) api: Api,
}

#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Device {
    id: String,
    state: String,
}

impl Site {
    /// Makes trunk, queue, route, words and agents.
    pub(crate) async fn set_up(api: &Api, cast: &Cast) -> Result<Self> {
        let me: Value = api.get("/v1/me").await?;
        let domain = me["tenant"]["domain"].as_str().context("the token's tenant has no domain")?.to_owned();
        let queue = add_queue(api).await?;
        let addresses = cast.carrier_addresses();
        let (address, sources) = addresses.split_first().context("there is no caller")?;
        api.add("/v1/trunks", json!({ "name": "carrier", "address": address, "sources": sources })).await?;
        let destination = json!({ "to": "queue", "queue": queue });
        let route = json!({ "number": NUMBER, "greeting": "en/greeting", "destination": destination });
        api.add("/v1/routes", route).await?;

        let mut dispositions = Vec::new();
        for name in ["Sold", "Call back", "Not interested", "Wrong number"] {
            dispositions.push(named(api, "/v1/dispositions", name).await?);
        }
        named(api, "/v1/reasons", "Training").await?;
        let lunch = named(api, "/v1/reasons", "Lunch").await?;
        let mut agents = Vec::new();
        for (index, name) in NAMES.iter().take(cast.agents()).enumerate() {
            agents.push(add_agent(api, &queue, name, index).await?);
        }
        Ok(Self { domain, queue, agents, dispositions, lunch })
    }

    /// Waits until every agent's phone can be rung, then logs everybody in and makes them ready.
    pub(crate) async fn begin_work(&self, api: &Api) -> Result<()> {
        let until = Instant::now() + REGISTER_LIMIT;
        loop {
            let devices: Vec<Device> = api.all("/v1/devices").await?;
            let missing = devices.iter().filter(|device| device.state == "unregistered").count();
            if missing == 0 {
                break;
            }
            if Instant::now() > until {
                let first = devices.iter().find(|device| device.state == "unregistered");
                let id = first.map(|device| device.id.as_str()).unwrap_or_default();
                bail!("{missing} of {} phones did not register, device {id} for one", devices.len());
            }
            tokio::time::sleep(LOOK).await;
        }
        for agent in &self.agents {
            let path = format!("/v1/agents/{}", agent.id);
            agent.api.post(&format!("{path}/log-in"), Some(json!({ "device": agent.device }))).await?;
            let membership = format!("{path}/queues/{}/membership", self.queue);
            agent.api.put(&membership, Some(json!({ "membership": "ready" }))).await?;
            agent.api.post(&format!("{path}/ready"), None).await?;
        }
        Ok(())
    }
}

async fn add_queue(api: &Api) -> Result<String> {
    let queue = json!({
        "name": "sales",
        "strategy": "longest_idle",
        "offer_ms": 6_000,
        "wrap_up_ms": 10_000,
        "on_no_answer": { "then": "not_ready" },
        "service_level_ms": 8_000,
        "short_abandon_ms": 2_000,
        "treatment": { "greeting": "en/please-wait" },
        "record": true,
    });
    api.add("/v1/queues", queue).await
}

async fn named(api: &Api, path: &str, name: &str) -> Result<Named> {
    Ok(Named { id: api.add(path, json!({ "name": name })).await?, name: name.to_owned() })
}

async fn add_agent(api: &Api, queue: &str, name: &str, index: usize) -> Result<Agent> {
    let number = format!("{}", 201 + index);
    let display_name = format!("Desk {}", index + 1);
    let device =
        api.post("/v1/devices", Some(json!({ "number": number, "display_name": display_name }))).await?;
    let text =
        |value: &Value| value.as_str().map(str::to_owned).context("a new device has an id and a secret");
    let (device, password) = (text(&device["id"])?, text(&device["secret"]["password"])?);

    let user = api.add("/v1/users", json!({ "name": name.to_lowercase(), "roles": ["agent"] })).await?;
    let id = api.add("/v1/agents", json!({ "name": name, "user": user })).await?;
    api.put(&format!("/v1/agents/{id}/queues/{queue}"), None).await?;
    let token = json!({ "name": format!("demo: {name}"), "scopes": ["read", "agent"], "user": user });
    let token = api.post("/v1/tokens", Some(token)).await?;
    let token = token["token"].as_str().context("a new token is shown once")?;
    Ok(Agent { id, name: name.to_owned(), device, number, password, api: api.acting_with(token) })
}

//! The contact centre that is driven: made through the API, as any operator would.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use cordial_sip::digest::ha1_md5;
use serde_json::{Value, json};

use crate::api::{Api, Crowd};

/// The number that the carrier's callers dial for the queue.
pub(crate) const NUMBER: &str = "1000";

/// A phone as the server knows it.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) number: String,
    /// MD5 of name, realm and password, in hexadecimal.
    pub(crate) ha1: String,
}

/// What was made.
pub(crate) struct Site {
    api: Api,
    crowd: Crowd,
    pub(crate) domain: String,
    pub(crate) devices: Vec<Device>,
    queue: String,
    agents: Vec<String>,
}

impl Site {
    /// Makes so many devices.
    pub(crate) async fn with_devices(api: Api, count: usize) -> Result<Self> {
        let me = api.get("/v1/me").await?;
        let domain = me["tenant"]["domain"].as_str().context("the token's tenant has no domain")?.to_owned();
        let crowd = api.crowd().await?;
        let devices = crowd.each(count, |api, n| add_device(api, n, &domain)).await?;
        Ok(Self { api, crowd, domain: domain.clone(), devices, queue: String::new(), agents: Vec::new() })
    }

    /// Makes a queue, the trunk of a carrier who calls from these addresses, and an agent for each device.
    pub(crate) async fn staff(&mut self, carrier: &[SocketAddr], record: bool) -> Result<()> {
        let queue = json!({
            "name": "sales", "wrap_up_ms": 0, "record": record, "max_waiting": 100_000,
            "on_no_answer": { "then": "rest", "delay_ms": 1_000 },
        });
        self.queue = self.api.add("/v1/queues", queue).await?;
        let (address, sources) = carrier.split_first().context("the carrier has no address")?;
        let trunk = json!({ "name": "carrier", "address": address, "sources": sources });
        self.api.add("/v1/trunks", trunk).await?;
        let route = json!({ "number": NUMBER, "destination": { "to": "queue", "queue": self.queue } });
        self.api.add("/v1/routes", route).await?;
        let queue = &self.queue;
        let add = |api: Api, n: usize| async move {
            let id = api.add("/v1/agents", json!({ "name": format!("agent {n}") })).await?;
            api.ask(reqwest::Method::PUT, &format!("/v1/agents/{id}/queues/{queue}"), None).await?;
            Ok(id)
        };
        self.agents = self.crowd.each(self.devices.len(), add).await?;
        Ok(())
    }

    /// Logs in the first `count` agents, each at his device, and makes them ready. Their phones have registered.
    pub(crate) async fn begin_work(&self, count: usize) -> Result<()> {
        let (agents, devices) = (&self.agents, &self.devices);
        let begin = |api: Api, n: usize| async move {
            let path = format!("/v1/agents/{}", agents[n]);
            api.post(&format!("{path}/log-in"), json!({ "device": devices[n].id })).await?;
            api.ask(reqwest::Method::POST, &format!("{path}/ready"), None).await?;
            Ok(())
        };
        self.crowd.each(count.min(agents.len()), begin).await?;
        Ok(())
    }
}

async fn add_device(api: Api, n: usize, domain: &str) -> Result<Device> {
    let number = format!("{}", 20_000 + n);
    let device = api.post("/v1/devices", json!({ "number": number, "display_name": "desk" })).await?;
    let text =
        |value: &Value| value.as_str().map(str::to_owned).context("a new device has an id and a secret");
    let password = text(&device["secret"]["password"])?;
    let ha1 = ha1_md5(&number, domain, &password);
    let ha1 = ha1.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Device { id: text(&device["id"])?, number, ha1 })
}

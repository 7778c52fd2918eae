//! The servers that serve queues: this process.

use std::net::IpAddr;

use axum::http::StatusCode;
use axum::response::Response;
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::wire::{Page, Server, ServerStatus};
use serde_json::Value;

use super::asking::{Asking, told};
use super::fault::No;
use crate::http::State;

/// The id of this process among servers.
const SELF: &str = "1";

pub(super) async fn list(asking: Asking) -> Result<Response, No> {
    let (count, items) = asking.listing()?.page(vec![this(&asking.state)])?;
    told(&Page { count, items })
}

pub(super) async fn show(asking: Asking) -> Result<Response, No> {
    is_this(&asking)?;
    told(&this(&asking.state))
}

pub(super) async fn status(asking: Asking) -> Result<Response, No> {
    is_this(&asking)?;
    let status = if asking.state.parts.health.is_draining() { "OFFLINE" } else { "ONLINE" };
    told(&ServerStatus { cpu_usage: cpu_usage().await, memory_usage: memory_usage().await, status })
}

/// There is one process; it cannot be told of others.
pub(super) async fn create(asking: Asking) -> Result<Response, No> {
    let mut body = asking.body()?;
    body.text("name", 64)?.ok_or_else(|| Problem::invalid("name", "is needed"))?;
    Err(Problem::unsupported("call_queue_servers", "this server serves all queues alone").into())
}

pub(super) async fn update(asking: Asking) -> Result<StatusCode, No> {
    is_this(&asking)?;
    let mut body = asking.body()?;
    body.only("enabled", &[Value::Bool(true)])?;
    body.finish()?;
    Ok(StatusCode::OK)
}

pub(super) async fn delete(asking: Asking) -> Result<Response, No> {
    is_this(&asking)?;
    Err(Problem::new(400, "IN_USE", "the internal server cannot be removed").into())
}

fn is_this(asking: &Asking) -> Result<(), Problem> {
    if asking.named("id") == SELF { Ok(()) } else { Err(Problem::not_found("call queue server")) }
}

fn this(state: &State) -> Server {
    let address = |wanted: fn(&IpAddr) -> bool| {
        let mut all = state.parts.sip.iter().map(|address| address.ip());
        all.find(wanted).map(|address| address.to_string())
    };
    Server {
        id: SELF.to_owned(),
        name: "cordial".to_owned(),
        enabled: true,
        kind: "INTERNAL",
        ipv4: address(IpAddr::is_ipv4),
        ipv6: address(IpAddr::is_ipv6),
    }
}

/// How busy the machine was in the last minute: its load for each of its processors. Percent.
async fn cpu_usage() -> u32 {
    let load = tokio::fs::read_to_string("/proc/loadavg").await.unwrap_or_default();
    let load: f64 = load.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    (load * 100.0 / processors as f64).clamp(0.0, 100.0) as u32
}

/// How much of the machine's memory is in use. Percent.
async fn memory_usage() -> u32 {
    let memory = tokio::fs::read_to_string("/proc/meminfo").await.unwrap_or_default();
    let kib = |name: &str| -> Option<u64> {
        let line = memory.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (all, free) = (kib("MemTotal:").unwrap_or(0), kib("MemAvailable:").unwrap_or(0));
    u32::try_from(all.saturating_sub(free) * 100 / all.max(1)).unwrap_or(100)
}

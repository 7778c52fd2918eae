//! A contact centre of fifty agents, set up by the API, with their phones and a carrier.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cordial_sim::phone::{LineId, Placing};
use serde_json::{Value, json};

use super::phones::{Role, Station};
use super::server::{Server, pause};

/// The queue's number, and one that is answered at once and cleared after its greeting.
pub(crate) const QUEUE: &str = "1000";
pub(crate) const GREETING: &str = "1001";
/// Calls that the carrier can have at once.
const CARRIER_LINES: u16 = 300;
/// How long phones may take to register.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module's first line.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) agents: Vec<Agent>,
    pub(crate) queue: String,
    pub(crate) carrier: Arc<Station>,
    /// Set while nobody does anything of his own accord.
    pub(crate) frozen: Arc<AtomicBool>,
}

/// An agent and the phone on the desk.
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) phone: Arc<Station>,
}

impl Site {
    /// Everybody at work on this server; agents hang up after `talk`, and their phones talk in a tone or not at all.
    pub(crate) async fn open(server: Server, agents: usize, talk: Duration, tone_hz: Option<f64>) -> Self {
        let api = &server.client;
        let frozen = Arc::new(AtomicBool::new(false));
        let domain = api.get("/v1/me").await["tenant"]["domain"].as_str().expect("a domain").to_owned();
        let role = |number: String, password: String, lines, talk| Role {
            number,
            domain: domain.clone(),
            password,
            lines,
            tone_hz,
            talk,
        };
        let carrier =
            Station::on(server.sip, role("carrier".to_owned(), String::new(), CARRIER_LINES, None), &frozen);
        let address = carrier.address().to_string();
        api.post("/v1/trunks", json!({ "name": "carrier", "address": address })).await;
        let queue = json!({
            "name": "sales", "offer_ms": 5_000, "wrap_up_ms": 400, "max_wait_ms": 8_000, "record": true,
            "on_no_answer": { "then": "rest", "delay_ms": 1_000 }, "on_decline": { "then": "rest", "delay_ms": 1_000 },
        });
        let queue = api.add("/v1/queues", queue).await;
        let to_queue = json!({ "to": "queue", "queue": queue });
        api.post("/v1/routes", json!({ "number": QUEUE, "destination": to_queue })).await;
        let to_clear =
            json!({ "number": GREETING, "greeting": "en/greeting", "destination": { "to": "clear" } });
        api.post("/v1/routes", to_clear).await;
        let mut people = Vec::new();
        for n in 0..agents {
            let number = format!("{}", 2_000 + n);
            let device = api.post("/v1/devices", json!({ "number": number })).await;
            let text =
                |value: &Value| value.as_str().expect("a new device has an id and a secret").to_owned();
            let (device, password) = (text(&device["id"]), text(&device["secret"]["password"]));
            let id = api.add("/v1/agents", json!({ "name": format!("agent {n}") })).await;
            api.put(&format!("/v1/agents/{id}/queues/{queue}"), Value::Null).await;
            let talk = talk + Duration::from_millis(11 * (n as u64 % 30));
            let phone = Station::on(server.sip, role(number, password, 1, Some(talk)), &frozen);
            phone.answers_after(100 + 7 * (n as u64 % 40));
            phone.register();
            api.post(&format!("/v1/agents/{id}/log-in"), json!({ "device": device })).await;
            people.push(Agent { id, phone });
        }
        let site = Self { server, agents: people, queue, carrier, frozen };
        site.wait_registered().await;
        for agent in &site.agents {
            site.server.client.post(&format!("/v1/agents/{}/ready", agent.id), Value::Null).await;
        }
        site
    }

    async fn wait_registered(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let devices = self.server.client.get("/v1/devices?limit=500").await;
            let devices = devices["items"].as_array().expect("a listing").clone();
            if devices.iter().all(|device| device["state"] == "idle") {
                return;
            }
            assert!(Instant::now() < until, "not all phones registered:\n{}", self.server.log());
            pause().await;
        }
    }

    /// A caller dials a number; he gives up when nobody answers.
    pub(crate) fn call(&self, number: &str, caller: u64) {
        let placing = Placing {
            to: number.to_owned(),
            from: Some(format!("+44207946{:05}", caller % 100_000)),
            give_up_after_ms: Some(4_000),
            hang_up_after_ms: None,
        };
        self.carrier.place(placing);
    }

    /// Callers dial the queue at this pace for so long.
    pub(crate) async fn load(&self, per_second: u64, lasting: Duration) {
        let begun = Instant::now();
        for call in 0.. {
            let due = begun + Duration::from_millis(call * 1_000 / per_second);
            if due > begun + lasting {
                return;
            }
            tokio::time::sleep_until(due.into()).await;
            self.call(QUEUE, call);
        }
    }

    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
    }

    /// All phones, the carrier's last.
    pub(crate) fn phones(&self) -> impl Iterator<Item = &Arc<Station>> {
        self.agents.iter().map(|agent| &agent.phone).chain([&self.carrier])
    }

    /// The calls that talk or ring now, phone by phone.
    pub(crate) fn live(&self) -> Vec<(Arc<Station>, Vec<LineId>)> {
        self.phones().map(|phone| (Arc::clone(phone), phone.live())).collect()
    }

    /// Waits until these calls have ended; tells of those that have not when that takes too long.
    pub(crate) async fn left_of(cut: &[(Arc<Station>, Vec<LineId>)], longest: Duration) -> Vec<String> {
        let until = Instant::now() + longest;
        loop {
            let left: Vec<_> = cut
                .iter()
                .filter_map(|(phone, lines)| {
                    let left: Vec<_> =
                        phone.calls().into_iter().filter(|(line, _)| lines.contains(line)).collect();
                    let told = || format!("{} {left:?}\n{}", phone.address(), phone.spoken().join("\n"));
                    (!left.is_empty()).then(told)
                })
                .collect();
            if left.is_empty() || Instant::now() > until {
                return left;
            }
            pause().await;
        }
    }

    /// Waits until the server knows of no leg.
    pub(crate) async fn wait_no_legs(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let calls = self.server.client.get("/v1/calls?limit=500").await;
            let calls = calls["items"].as_array().expect("a listing").clone();
            if calls.iter().all(|call| call["legs"] == json!([])) {
                return;
            }
            assert!(Instant::now() < until, "legs outlive their phones' calls: {calls:#?}");
            pause().await;
        }
    }

    /// Ends every call at its phone, new ones too, until there is none.
    pub(crate) async fn quiet(&self) {
        let until = Instant::now() + PATIENCE;
        while self.phones().any(|phone| !phone.lines().is_empty()) {
            assert!(Instant::now() < until, "calls come again and again:\n{}", self.server.log());
            for phone in self.phones() {
                phone.hang_up(&phone.live());
            }
            pause().await;
        }
    }
}

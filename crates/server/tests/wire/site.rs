//! What most of these tests begin with.

use serde_json::json;

use crate::peers::{Sipp, free_port};
use crate::server::Server;

/// A site with one trunk (sipp's port), a queue behind 1000 and a device 2001 that 3001 rings directly.
pub(crate) struct Site {
    pub(crate) server: Server,
    trunk_port: u16,
    pub(crate) queue: String,
    pub(crate) device: String,
    pub(crate) secret: String,
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::open_on(Server::start().await).await
    }

    pub(crate) async fn open_on(server: Server) -> Self {
        let trunk_port = free_port();
        let address = format!("127.0.0.1:{trunk_port}");
        server.post("/v1/trunks", json!({ "name": "carrier", "address": address })).await;
        let policy = json!({ "name": "sales", "offer_ms": 2_000, "wrap_up_ms": 0 });
        let queue = server.add("/v1/queues", policy).await;
        let device = server.post("/v1/devices", json!({ "number": "2001", "digest": "md5" })).await;
        let id = device["id"].as_str().expect("a device has an id").to_owned();
        let secret = device["secret"]["password"].as_str().expect("a new device has a secret").to_owned();
        let to_queue = json!({ "number": "1000", "destination": { "to": "queue", "queue": queue } });
        server.post("/v1/routes", to_queue).await;
        let to_device = json!({ "number": "3001", "destination": { "to": "device", "device": id } });
        server.post("/v1/routes", to_device).await;
        Self { server, trunk_port, queue, device: id, secret }
    }

    /// An agent who is ready for the queue at the device, which has registered.
    pub(crate) async fn agent_ready(&self) -> String {
        let agent = self.server.add("/v1/agents", json!({ "name": "ann" })).await;
        self.server.put(&format!("/v1/agents/{agent}/queues/{}", self.queue), json!(null)).await;
        self.server.post(&format!("/v1/agents/{agent}/log-in"), json!({ "device": self.device })).await;
        self.server.post(&format!("/v1/agents/{agent}/ready"), json!(null)).await;
        agent
    }

    /// The device's phone at a free port, registered and known to be.
    pub(crate) async fn phone_registered(&self) -> u16 {
        let port = free_port();
        self.register(port, &self.secret, 120, 200).run().succeeds();
        self.server.wait_for_device(&self.device, "idle").await;
        port
    }

    pub(crate) fn register(&self, port: u16, password: &str, expires: u32, expected: u16) -> Sipp {
        Sipp::scenario("register.xml")
            .replaced("EXPIRES", &expires.to_string())
            .replaced("FINAL", &expected.to_string())
            .from(port)
            .to(self.server.sip)
            .service("2001")
            .credentials("2001", password)
    }

    pub(crate) fn caller(&self, scenario: &str, number: &str) -> Sipp {
        Sipp::scenario(scenario).from(self.trunk_port).to(self.server.sip).service(number)
    }
}

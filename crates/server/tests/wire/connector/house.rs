//! Where the connector's clients work: a server, and phones for all of them.

use std::net::SocketAddr;

use serde_json::json;

use crate::codes::held::talker;
use crate::peers::{Baresip, free_port};
use crate::server::Server;

/// What all of them log in with.
pub(super) const PASSWORD: &str = "a good password";

/// A server with a queue (8000) whose calls Ann takes; Bob is of her team, and Sue supervises it. All have phones.
pub(super) struct House {
    pub(super) server: Server,
    pub(super) stomp: SocketAddr,
    /// How a contact ended well.
    pub(super) sold: String,
    _phones: Vec<Baresip>,
}

impl House {
    pub(super) async fn open(tables: &str) -> Self {
        Self::calling("", tables).await
    }

    /// One that may call back to these places.
    pub(super) async fn calling(callbacks: &str, tables: &str) -> Self {
        let stomp = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let formats = "formats = { ann = \"long\", bob = \"long\", sue = \"long\" }";
        let embedded = format!("[connector]\nenabled = true\nlisten = \"{stomp}\"\ntls_listen = \"\"\n");
        let callbacks = format!("callback_hosts = \"{callbacks}\"\nfinesse = true\n");
        let server = Server::start_with_tables(&format!("{embedded}{callbacks}{formats}\n{tables}")).await;
        let policy = json!({ "name": "sales", "number": "8000", "wrap_up_ms": 3_000 });
        let queue = server.add("/v1/queues", policy).await;
        let sold = server.add("/v1/dispositions", json!({ "name": "sold" })).await;
        let team = server.add("/v1/teams", json!({ "name": "day" })).await;
        let mut phones = Vec::new();
        for (name, full, role, number, hz) in [
            ("ann", "Ann Lee", "agent", "2004", 1_300),
            ("bob", "Bob Ray", "agent", "2006", 1_000),
            ("sue", "Sue Day", "supervisor", "2010", 1_900),
        ] {
            let user = json!({ "name": name, "roles": [role], "password": PASSWORD });
            let user = server.add("/v1/users", user).await;
            let agent = server.add("/v1/agents", json!({ "name": full, "user": user, "team": team })).await;
            if name == "ann" {
                server.put(&format!("/v1/agents/{agent}/queues/{queue}"), json!(null)).await;
            }
            phones.push(talker(&server, number, hz, None).await);
        }
        Self { server, stomp, sold, _phones: phones }
    }

    /// A caller at a phone of his own dials the queue.
    pub(super) async fn caller(&self) -> Baresip {
        let made = self.server.post("/v1/devices", json!({ "number": "2005", "digest": "md5" })).await;
        let password = made["secret"]["password"].as_str().expect("a new device has a secret");
        let account = format!("<sip:2005@{}>;auth_pass={password};regint=60", self.server.sip);
        Baresip::dial("2005", 700, &account, &format!("sip:8000@{}", self.server.sip))
    }
}

//! What these tests begin with: devices, a number for each, and a look at the process.

use serde_json::json;

use super::phone::Phone;
use crate::server::Server;

/// A server with devices 2001, 2002 and so on; 3001 rings 2001, 3002 rings 2002.
pub(crate) struct Site {
    pub(crate) server: Server,
    /// Ids and passwords, 2001 first.
    pub(crate) devices: Vec<(String, String)>,
}

impl Site {
    pub(crate) async fn open(devices: usize) -> Self {
        Self::open_on(Server::start().await, devices).await
    }

    pub(crate) async fn open_on(server: Server, count: usize) -> Self {
        let mut devices = Vec::new();
        for n in 1..=count {
            let number = (2_000 + n).to_string();
            let device = server.post("/v1/devices", json!({ "number": number })).await;
            let id = device["id"].as_str().expect("a device has an id").to_owned();
            let password =
                device["secret"]["password"].as_str().expect("a new device has a secret").to_owned();
            let ring = json!({ "to": "device", "device": id });
            server
                .post("/v1/routes", json!({ "number": (3_000 + n).to_string(), "destination": ring }))
                .await;
            devices.push((id, password));
        }
        Self { server, devices }
    }

    /// The phone of the device 2000 + n, not registered yet.
    pub(crate) fn phone(&self, n: usize) -> Phone {
        self.phone_at([127, 0, 0, 1], n)
    }

    pub(crate) fn phone_at(&self, ip: [u8; 4], n: usize) -> Phone {
        Phone::at(ip, self.server.sip, &(2_000 + n).to_string(), &self.devices[n - 1].1)
    }

    /// Proportional share of memory. Bytes.
    pub(crate) fn memory(&self) -> u64 {
        let rollup = format!("/proc/{}/smaps_rollup", self.server.process.id());
        let rollup = std::fs::read_to_string(rollup).expect("Linux tells it");
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a line for it");
        let kib: u64 = pss.trim().trim_end_matches(" kB").trim().parse().expect("a number");
        kib * 1_024
    }
}

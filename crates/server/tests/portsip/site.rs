//! A server with two queues, people of every role, phones, and a carrier that calls.

use std::net::SocketAddr;
use std::path::Path;

use cordial_server::config::{Config, Face};
use cordial_server::run::Server;
use cordial_sip::message::{Message, Name, NameAddr};
use serde_json::{Value, json};

use crate::phone::{Draft, PATIENCE, Phone, sdp};

pub(crate) const PASSWORD: &str = "long enough";

/// The server and what it holds.
pub(crate) struct Site {
    pub(crate) rest: SocketAddr,
    pub(crate) wsi_v16: SocketAddr,
    pub(crate) token: String,
    pub(crate) domain: String,
    pub(crate) client: reqwest::Client,
    /// Registered phones: 101 with Ann (201), 102 with Ben (202), 103 with nobody.
    pub(crate) phones: Vec<Phone>,
    /// The SIP password of each.
    pub(crate) sip_passwords: Vec<String>,
    /// The id of queue 8001, and of 8002.
    pub(crate) queues: Vec<String>,
    pub(crate) users: Vec<String>,
    native: SocketAddr,
    sip: SocketAddr,
    carrier: Phone,
    server: Server,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Site {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Server::start(&config(folder.path())).await.expect("the server starts");
        let first = server.take_first_start().expect("nobody was here before");
        let spoken = |face| server.spoken(face).expect("it is switched on");
        let (native, sip) = (server.http(), server.sip());
        let mut site = Self {
            rest: spoken(Face::Portsip),
            wsi_v16: spoken(Face::PortsipWsi),
            token: first.token,
            domain: first.domain,
            client: reqwest::Client::new(),
            phones: Vec::new(),
            sip_passwords: Vec::new(),
            queues: Vec::new(),
            users: Vec::new(),
            native,
            sip,
            carrier: Phone::at([127, 0, 0, 1], sip, "4477", ""),
            server,
            _folder: folder,
        };
        site.fill().await;
        site
    }

    async fn fill(&mut self) {
        for (name, role) in [("ann", "agent"), ("boss", "supervisor"), ("root", "administrator")] {
            let user = json!({"name": name, "roles": [role], "password": PASSWORD});
            self.users.push(text(&self.native("POST", "/v1/users", Some(user)).await["id"]));
        }
        for reason in ["lunch", "break"] {
            self.native("POST", "/v1/reasons", Some(json!({"name": reason}))).await;
        }
        let people = [("Ann", "201", Some(self.users[0].clone())), ("Ben", "202", None)];
        for number in ["101", "102", "103"] {
            let device = self.native("POST", "/v1/devices", Some(json!({"number": number}))).await;
            let password = text(&device["secret"]["password"]);
            let phone = Phone::at([127, 0, 0, 1], self.sip, number, &password);
            tokio::task::block_in_place(|| phone.registers());
            self.phones.push(phone);
            self.sip_passwords.push(password);
            if let Some((name, number, user)) = people.get(self.phones.len() - 1) {
                let agent = json!({"name": name, "number": number, "user": user});
                let agent = self.native("POST", "/v1/agents", Some(agent)).await;
                let path = format!("/v1/agents/{}/log-in", text(&agent["id"]));
                self.native("POST", &path, Some(json!({"device": device["id"]}))).await;
                let number = format!("44{number}");
                let route = json!({"number": number, "destination": {"to": "agent", "agent": agent["id"]}});
                self.native("POST", "/v1/routes", Some(route)).await;
            }
        }
        let address = self.carrier.local().to_string();
        self.native("POST", "/v1/trunks", Some(json!({"name": "carrier", "address": address}))).await;
        for (name, number) in [("Sales", "8001"), ("Help", "8002")] {
            let queue =
                json!({"name": name, "extension_number": number, "polling_strategy": "RING_SIMULTANEOUSLY"});
            let made = self.ask("POST", "/api/call_queues", Some(queue)).await;
            assert_eq!(made.status, 200, "{}", made.text);
            let id = text(&made.json()["id"]);
            let route = json!({"number": format!("44{number}"), "destination": {"to": "queue", "queue": id}});
            self.native("POST", "/v1/routes", Some(route)).await;
            self.queues.push(id);
        }
    }

    /// Asks our own API.
    pub(crate) async fn native(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.send(self.native, method, path, &self.token, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// Asks the PortSIP face with the tenant's first token.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(self.rest, method, path, &self.token, body).await
    }

    /// As [`Site::ask`], with another token.
    pub(crate) async fn ask_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(self.rest, method, path, token, body).await
    }

    async fn send(
        &self,
        at: SocketAddr,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let method: reqwest::Method = method.parse().expect("a method");
        let mut request = self.client.request(method, format!("http://{at}{path}"));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        Answer { status: answer.status().as_u16(), text: answer.text().await.expect("a body") }
    }

    /// Sends a form to the place where tokens are bought.
    pub(crate) async fn form(&self, form: &str) -> Answer {
        let request = self.client.post(format!("http://{}/api/login/oauth/token", self.rest));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form.to_owned()).send().await.expect("an answer");
        Answer { status: answer.status().as_u16(), text: answer.text().await.expect("a body") }
    }

    /// A token bought as the document says.
    pub(crate) async fn log_in(&self, user: &str) -> String {
        let answer = self.form(&password_form(user, &self.domain, PASSWORD)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        text(&answer.json()["access_token"])
    }

    /// Sets an agent's status in queue 8001, found by their numbers.
    pub(crate) async fn set(&self, number: &str, status: &str) {
        let path = format!("/api/call_queues/8001/agents/{number}");
        let answer = self.ask("POST", &path, Some(json!({"status": status}))).await;
        assert_eq!(answer.status, 200, "{status}: {}", answer.text);
    }

    pub(crate) async fn change_queue(&self, change: Value) {
        let answer = self.ask("POST", "/api/call_queues/8001", Some(change)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Lets queue 8001 have these agents and no others.
    pub(crate) async fn assign(&self, numbers: &[&str]) {
        let items: Vec<Value> = numbers.iter().map(|number| json!({"extension_number": number})).collect();
        let answer = self.ask("POST", "/api/call_queues/8001/agents", Some(json!({"items": items}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Calls a number from outside and lets a phone answer it, if one is given.
    pub(crate) fn call(&self, number: &str, callee: Option<usize>) -> Call<'_> {
        tokio::task::block_in_place(|| {
            let invite = self.carrier.invite(number, sdp(self.carrier.local()));
            self.carrier.send(&self.carrier.text(&invite));
            if let Some(callee) = callee {
                let phone = &self.phones[callee];
                let ringing = phone.asked("INVITE");
                phone.answer(&ringing, 180, &[], "");
                phone.answer(&ringing, 200, &[], &sdp(phone.local()));
                phone.asked("ACK");
            }
            let answered = loop {
                match self.carrier.hear(PATIENCE).expect("an answer") {
                    Message::Response(response) if response.code == 200 => break response,
                    Message::Response(response) => assert!(response.code < 200, "{response:?}"),
                    Message::Request(_) => {}
                }
            };
            let contact = answered.headers.get(&Name::Contact).map(NameAddr::parse).expect("a Contact");
            let target = contact.expect("a Contact that can be read").uri.to_string();
            self.carrier.acknowledge(&invite, &answered, &target);
            let to = answered.headers.get(&Name::To).unwrap_or_default().to_owned();
            Call { carrier: &self.carrier, invite, to, target }
        })
    }

    /// Calls a number from outside and is refused: with which code.
    pub(crate) fn refused(&self, number: &str) -> u16 {
        tokio::task::block_in_place(|| {
            let invite = self.carrier.invite(number, String::new());
            let text = self.carrier.text(&invite);
            self.carrier.send(&text);
            let refused = self.carrier.hear_final();
            // RFC 3261 §17.1.1.3: in the transaction of the INVITE, so that the answer is not sent again.
            let to = refused.headers.get(&Name::To).unwrap_or_default();
            let ack = text.replacen("INVITE", "ACK", 1).replace(" INVITE\r\n", " ACK\r\n");
            self.carrier.send(&ack.replace(&format!("To: {}\r\n", invite.to), &format!("To: {to}\r\n")));
            refused.code
        })
    }

    /// Lets a phone answer the call that rings there.
    pub(crate) fn answers(&self, callee: usize) {
        tokio::task::block_in_place(|| {
            let phone = &self.phones[callee];
            let ringing = phone.asked("INVITE");
            phone.answer(&ringing, 180, &[], "");
            phone.answer(&ringing, 200, &[], &sdp(phone.local()));
            phone.asked("ACK");
        });
    }

    /// Lets a phone refuse the call that rings there.
    pub(crate) fn refuses(&self, callee: usize, code: u16) {
        tokio::task::block_in_place(|| {
            let phone = &self.phones[callee];
            let ringing = phone.asked("INVITE");
            phone.answer(&ringing, code, &[], "");
            phone.asked("ACK");
        });
    }

    /// Lets a phone ring until the server gives up.
    pub(crate) fn lets_ring(&self, callee: usize) {
        tokio::task::block_in_place(|| {
            let phone = &self.phones[callee];
            let ringing = phone.asked("INVITE");
            phone.answer(&ringing, 180, &[], "");
            phone.answer(&phone.asked("CANCEL"), 200, &[], "");
            phone.answer(&ringing, 487, &[], "");
            phone.asked("ACK");
        });
    }

    /// Lets a phone register for so many seconds; for none it leaves.
    pub(crate) fn registers(&self, phone: usize, expires: u32) {
        tokio::task::block_in_place(|| {
            let mut register = self.phones[phone].register();
            register.more = register.more.replace("expires=300", &format!("expires={expires}"));
            assert_eq!(self.phones[phone].ask_proving(&register).code, 200);
        });
    }

    /// A token of the installation, as the command line makes it.
    pub(crate) async fn installation_token(&self) -> String {
        let new = cordial_store::NewToken {
            owner: cordial_store::Owner::Installation,
            user: None,
            name: "test".to_owned(),
            scopes: cordial_store::Scope::ALL.into(),
            expires: None,
        };
        let store = self.server.handle().store();
        store.create_token(new, cordial_engine::WallTime(0)).await.expect("a token").reveal()
    }
}

/// A call from outside that is talked on, or waits.
pub(crate) struct Call<'a> {
    carrier: &'a Phone,
    invite: Draft,
    to: String,
    target: String,
}

impl Call<'_> {
    pub(crate) fn hang_up(self) {
        let bye = Draft {
            method: "BYE".to_owned(),
            uri: self.target.clone(),
            to: self.to.clone(),
            cseq: self.invite.cseq + 1,
            more: String::new(),
            body: String::new(),
            ..self.invite.clone()
        };
        tokio::task::block_in_place(|| assert_eq!(self.carrier.ask(&bye).code, 200));
    }

    /// Waits until the server hangs up.
    pub(crate) fn waits_for_hang_up(self) {
        tokio::task::block_in_place(|| self.carrier.answer(&self.carrier.asked("BYE"), 200, &[], ""));
    }
}

pub(crate) fn password_form(user: &str, domain: &str, password: &str) -> String {
    let password = password.replace(' ', "+");
    format!(
        "grant_type=password&username={user}&domain={domain}&password={password}&scope=all&\
         client_id=9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"
    )
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn config(folder: &Path) -> Config {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let rtp = 20_050 + (std::process::id() % 100) * 200 + NEXT.fetch_add(1, Ordering::Relaxed) % 20 * 1_000;
    let text = format!(
        "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"\"\ntls = \"\"\n[http]\nnative = \"127.0.0.1:0\"\ntls = \"\"\n\
         [portsip]\nenabled = true\nlisten = \"127.0.0.1:0\"\nwsi = \"127.0.0.1:0\"\ntls = false\n\
         [media]\nrtp_ports = \"{rtp}-{}\"\n\
         [paths]\ndata = \"{folder}/data\"\nrecordings = \"{folder}/recordings\"\n",
        rtp + 99,
        folder = folder.display()
    );
    Config::parse(Path::new("test.toml"), &text).expect("a good configuration")
}

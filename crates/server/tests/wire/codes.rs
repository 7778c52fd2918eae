//! Feature codes at the real process: a phone dials, and what it hears tells whether it was done.

mod control;
pub(crate) mod held;
mod lamp;

use serde_json::{Value, json};

use crate::hostile::phone::{Phone, sdp};
use crate::server::Server;
use crate::talk::{Talk, dial, phone};

/// What a yes and a no begin with. Hertz.
const CONFIRMED: Option<f64> = Some(900.0);
const DENIED: Option<f64> = Some(350.0);

/// Queues sales (8000), which ann takes calls of, and help (8001), which she does not; her phone, and one of nobody's.
struct Site {
    server: Server,
    ann: String,
    desk: Phone,
    lobby: Phone,
}

impl Site {
    async fn open() -> Self {
        let server = Server::start().await;
        let sales = server.add("/v1/queues", json!({ "name": "sales", "number": "8000" })).await;
        server.add("/v1/queues", json!({ "name": "help", "number": "8001" })).await;
        let ann = server.add("/v1/agents", json!({ "name": "ann" })).await;
        server.put(&format!("/v1/agents/{ann}/queues/{sales}"), json!(null)).await;
        let desk = phone(&server, json!({ "number": "2001", "owner": ann })).await;
        let lobby = phone(&server, json!({ "number": "2002" })).await;
        Self { server, ann, desk, lobby }
    }

    async fn agent(&self) -> Value {
        self.server.get(&format!("/v1/agents/{}", self.ann)).await
    }

    async fn duty(&self) -> Value {
        self.agent().await["duty"]["state"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn an_agent_works_by_codes_and_hears_that_it_is_so() {
    let site = Site::open().await;
    for (code, duty) in
        [("*38", "not_ready"), ("%2A36", "ready"), ("*378000%23", "not_ready"), ("*39", "logged_out")]
    {
        let heard = dial(&site.desk, code);
        assert_eq!(heard.tone(), CONFIRMED, "{code}");
        assert!(heard.speaks(), "{code} is answered in words, too");
        assert_eq!(site.duty().await, duty, "{code}: {:#}", site.agent().await);
    }
    let cdr = site.server.wait_for_cdr().await;
    assert_eq!((&cdr["direction"], &cdr["caller"]), (&json!("internal"), &json!("2001")), "{cdr:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn what_cannot_be_is_denied_and_said_so() {
    let site = Site::open().await;
    assert_eq!(dial(&site.desk, "*36").tone(), DENIED, "nobody is ready who is not logged in");
    assert_eq!(dial(&site.desk, "*38").tone(), CONFIRMED);
    for code in ["*388001", "*368999", "*46"] {
        let heard = dial(&site.desk, code);
        assert_eq!(heard.tone(), DENIED, "{code}");
        assert!(heard.speaks(), "{code} is refused in words, too");
    }
    assert_eq!(dial(&site.lobby, "*38").tone(), DENIED, "a phone of nobody's logs nobody in");
    assert_eq!(site.duty().await, "not_ready", "nothing of it changed anything");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn the_table_of_codes_is_the_tenants_own() {
    let site = Site::open().await;
    let table = site.server.put("/v1/feature-codes", json!({ "codes": { "log_in": "#1" } })).await;
    assert_eq!(table["codes"], json!({ "log_in": "#1" }));
    assert_eq!(dial(&site.desk, "%231").tone(), CONFIRMED);
    assert_eq!(site.duty().await, "not_ready");
    let draft = site.desk.invite("*39", sdp(site.desk.local()));
    assert_eq!(site.desk.ask_proving(&draft).code, 403, "what is no code is a number that leads nowhere");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "hears the real process: runs in the gate's stage `wire`"]
async fn a_message_is_left_outlives_a_crash_and_is_heard_at_the_phone() {
    let mut site = Site::open().await;
    assert_eq!(dial(&site.desk, "*21").tone(), DENIED, "there is no mailbox yet");
    site.server.put(&format!("/v1/agents/{}", site.ann), json!({ "name": "ann", "mailbox": {} })).await;
    assert_eq!(dial(&site.desk, "*21").tone(), CONFIRMED);
    let talk = Talk::begin(&site.lobby, "2001");
    // The greeting takes less than four seconds; what is said from the tone on is the message.
    talk.speak(750.0, 350);
    talk.hang_up();
    let messages = format!("/v1/agents/{}/messages", site.ann);
    let left = site.server.wait_for(&messages, "message", |seen| seen["items"].get(0).cloned()).await;
    assert_eq!((&left["caller"], &left["heard"]), (&json!("2002"), &json!(false)), "{left:#}");
    assert!(left["audio_ms"].as_u64().is_some_and(|ms| (1_000..7_000).contains(&ms)), "{left:#}");
    site.server.kill_9();
    site.server.restart().await;
    site.desk.registers();
    let heard = dial(&site.desk, "*57");
    assert_eq!(heard.tone(), Some(750.0), "the message in the caller's own voice");
    assert!(heard.speaks(), "and then that there is no other");
    let told = site.server.get(&messages).await;
    assert_eq!(told["items"][0]["heard"], json!(true), "{told:#}");
    // While it is played once more, 7 removes it.
    let talk = Talk::begin(&site.desk, "*57");
    talk.press('7');
    talk.listen();
    let told = site.server.get(&messages).await;
    assert_eq!(told["items"], json!([]), "{told:#}");
}

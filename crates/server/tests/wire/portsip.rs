//! PortSIP's WSI under TLS, listened to by a client that we did not write (ws, with OpenSSL beneath it).

use expect_test::expect;
use serde_json::{Value, json};

use crate::clients::Lines;
use crate::peers::{Sipp, free_port};
use crate::server::Server;
use crate::site::Site;

/// Messages as lines: what varies from run to run is left out.
fn told(things: &[Value]) -> String {
    let line = |thing: &Value| {
        let (name, message) = (thing["name"].as_str()?, thing["message"].as_object()?);
        let kind = message.get("event_type").or_else(|| message.get("command"))?.as_str()?;
        let shown = |field: &&str| Some(format!(" {}", message.get(*field)?));
        let more = ["id", "status", "updated_callers", "updated_agents", "call_status", "removed_contacts"];
        let mut text = more.iter().filter_map(shown).collect::<String>();
        text.truncate(text.find("[{").unwrap_or(text.len()));
        for (list, field) in
            [("updated_callers", "reason"), ("updated_agents", "state"), ("status", "online")]
        {
            if let Some(value) = message.get(list).and_then(|list| list.get(0)?.get(field)) {
                text.push_str(&value.to_string());
            }
        }
        Some(format!("{name} {kind}{text}"))
    };
    things.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
#[ignore = "needs sipp and npm: runs in the gate's stage `wire`"]
async fn a_client_that_we_did_not_write_listens_under_tls() {
    let (rest, wsi) = (free_port(), free_port());
    let tables = format!(
        "[portsip]\nenabled = true\nlisten = \"127.0.0.1:{rest}\"\nwsi = \"127.0.0.1:{wsi}\"\ntls = true\n"
    );
    let site = Site::open_on(Server::start_with_tables(&tables).await).await;
    let port = site.phone_registered().await;
    let agent = site.agent_ready().await;
    let certificate = site.server.data().join("tls.crt");
    let mut client = Lines::of(
        "wsi.js",
        &[
            &format!("wss://127.0.0.1:{rest}/wsi"),
            &format!("wss://127.0.0.1:{wsi}/"),
            certificate.to_str().expect("a name of ours"),
            site.server.token(),
        ],
    );
    let begun = client.until(|thing| thing["ready"] == true);
    let connected = begun.iter().filter(|thing| thing["message"].is_null()).map(ToString::to_string);
    expect![[r#"
        {"stranger":"DEPTH_ZERO_SELF_SIGNED_CERT"}
        {"authorized":true,"name":"newer","protocol":"TLSv1.3"}
        {"authorized":true,"name":"older","protocol":"TLSv1.3"}
        {"ready":true}"#]]
    .assert_eq(&connected.collect::<Vec<_>>().join("\n"));
    let phone = Sipp::scenario("phone_answers.xml").from(port).to(site.server.sip).lasting(200).start();
    site.caller("caller.xml", "1000").lasting(600).run().succeeds();
    phone.succeeds();
    site.server.wait_for_agent(&agent, "idle").await;
    site.register(port, &site.secret, 0, 200).run().succeeds();
    let mut all = begun;
    // The two sockets have no order between them: each is heard up to its last line below.
    let is_last = |name: &str, thing: &Value| {
        let last = if name == "newer" { "OFFLINE" } else { "extension_register" };
        thing["name"] == name && thing.to_string().contains(last)
    };
    for name in ["newer", "older"] {
        if !all.iter().any(|thing| is_last(name, thing)) {
            all.extend(client.until(|thing| is_last(name, thing)));
        }
    }
    for name in ["newer", "older"] {
        let mut own: Vec<Value> = all.iter().filter(|thing| thing["name"] == name).cloned().collect();
        let last = own.iter().position(|thing| is_last(name, thing)).expect("it was waited for");
        own.truncate(last + 1);
        let expected = match name {
            "newer" => expect![[r#"
                newer auth "1" 0
                newer subscribe "2" 0
                newer queue_status
                newer queue_caller_status "enqueue"
                newer queue_caller_status "agent_answered"
                newer queue_agent_status "QUEUE_CALL"
                newer queue_agent_status "READY"
                newer queue_agent_status "OFFLINE""#]],
            _ => expect![[r#"
                older subscribe "2" 0
                older extension_status true
                older extension_call "RINGING"
                older call_start
                older target_add
                older target_ringing
                older extension_call "ON_CALL"
                older call_established
                older extension_agent_status
                older extension_call ""
                older target_ended
                older extension_agent_status
                older call_ended
                older extension_register []"#]],
        };
        expected.assert_eq(&told(&own));
    }
    let left = all.iter().find(|thing| thing["message"]["event_type"] == "extension_register");
    assert_eq!(left.map(|thing| &thing["message"]["removed_contacts"]), Some(&json!([])));
}

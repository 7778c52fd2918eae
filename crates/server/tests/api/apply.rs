//! `cordial apply` and `cordial export`, the real program beside a server with a live call.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::site::Site;

/// What the program says, and its exit code.
pub(super) async fn cordial(site: &Site, folder: &Path, line: &str) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordial"));
    command.args(line.split(' ')).current_dir(folder).stdin(Stdio::null()).env_remove("CORDIAL_CONFIG");
    command.env("CORDIAL_URL", site.url()).env("CORDIAL_TOKEN", &site.token).env("NO_COLOR", "1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

pub(super) async fn done(site: &Site, folder: &Path, line: &str) -> String {
    let (text, code) = cordial(site, folder, line).await;
    assert_eq!(code, 0, "{line}: {text}");
    text
}

/// What a change must leave as it is.
async fn live(site: &Site) -> Value {
    let agent = site.get(&format!("/v1/agents/{}", site.ids.agent)).await;
    let queue = site.get(&format!("/v1/queues/{}", site.ids.queue)).await;
    let call = site.get(&format!("/v1/calls/{}", site.ids.call)).await;
    json!([
        agent["duty"],
        agent["device"],
        agent["queues"],
        queue["state"]["tally"],
        queue["state"]["waiting"],
        call["phase"]["state"],
        call["legs"][0]["id"]
    ])
}

#[tokio::test]
async fn what_was_exported_is_applied_without_anything_to_do() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let assign = format!("/v1/agents/{}/queues/{}", site.ids.agent, site.ids.queue);
    let rank = json!({"level": 2, "skill": 7}).to_string();
    assert_eq!(site.ask("PUT", &assign, &site.token, Some(&rank), None, false).await.status, 200);
    let file = done(&site, folder, "export").await;
    assert!(file.contains("[[queues]]\nname = \"sales\"\nnumber = \"800\""), "{file}");
    assert!(
        file.contains("[[tiers]]\nagent = \"Ann\"\nlevel = 2\nposition = 0\nqueue = \"sales\"\nskill = 7"),
        "{file}"
    );
    assert!(!file.contains("password") && !file.contains(&site.ids.queue), "{file}");
    std::fs::write(folder.join("site.toml"), &file).unwrap();
    // The audit follows what is done: it has seen all when it has seen the last of it.
    let assigned = |seen: &Value| seen["items"][0]["operation"] == "agent_assigned";
    let seq = site.until("/v1/audit?limit=1", assigned).await["items"][0]["seq"].clone();
    assert_eq!(done(&site, folder, "apply site.toml").await, "nothing to do\n");
    assert_eq!(done(&site, folder, "apply site.toml --prune").await, "nothing to do\n");
    assert_eq!(site.get("/v1/audit?limit=1").await["items"][0]["seq"], seq, "nothing was written");
}

#[tokio::test]
async fn skills_are_set_by_name_and_come_with_the_export() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(&site, folder, r#"agent set Ann skills=[{"skill":"french","level":5}]"#).await;
    let rings = r#"rings=[{"after_ms":20000,"relax":[{"skill":"french","level":4}]}]"#;
    done(&site, folder, &format!(r#"queue set sales skills=[{{"skill":"french","level":8}}] {rings}"#)).await;
    let queue = site.get(&format!("/v1/queues/{}", site.ids.queue)).await;
    assert_eq!(queue["rings"][0]["relax"][0]["skill"], site.ids.skill, "{queue:#}");
    let file = done(&site, folder, "export").await;
    assert!(file.contains("[[skills]]\nname = \"french\"") && !file.contains(&site.ids.skill), "{file}");
    std::fs::write(folder.join("site.toml"), &file).unwrap();
    assert_eq!(done(&site, folder, "apply site.toml").await, "nothing to do\n");
    assert!(done(&site, folder, "skill list").await.contains("french"));
    assert!(done(&site, folder, "agent show Ann").await.contains("skills"));
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done_and_whom_it_touches_and_does_nothing() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file =
        "[[queues]]\nname = \"sales\"\nwrap_up_ms = 1234\n[[agents]]\nname = \"Ann\"\nnumber = \"201\"\n";
    std::fs::write(folder.join("site.toml"), file).unwrap();
    let before = live(&site).await;
    let plan = done(&site, folder, "apply site.toml --dry-run").await;
    for part in [
        "change queue sales\n  wrap_up_ms: ",
        " -> 1234\n",
        &format!("  touches call {} waits\n", site.ids.call),
        "change agent Ann\n  number: null -> \"201\"\n  touches agent Ann is not ready\n",
        "nothing was changed",
    ] {
        assert!(plan.contains(part), "{part:?} is not in {plan}");
    }
    assert_eq!(live(&site).await, before);
    let queue = site.get(&format!("/v1/queues/{}", site.ids.queue)).await;
    assert_ne!(queue["wrap_up_ms"], 1234);
    let told = done(&site, folder, "apply site.toml --dry-run --json").await;
    assert!(told.contains("\"touches\":[\"call "), "{told}");
}

#[tokio::test]
async fn a_queue_is_renamed_under_a_waiting_call_and_loses_nothing() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let assign = format!("/v1/agents/{}/queues/{}", site.ids.agent, site.ids.queue);
    assert_eq!(site.ask("PUT", &assign, &site.token, None, None, false).await.status, 200);
    let file = "[[queues]]\nname = \"orders\"\nwas = \"sales\"\nwrap_up_ms = 1234\n";
    std::fs::write(folder.join("site.toml"), file).unwrap();
    let before = live(&site).await;
    let plan = done(&site, folder, "apply site.toml").await;
    assert!(plan.starts_with("change queue sales (now orders)\n"), "{plan}");
    assert_eq!(live(&site).await, before);
    let queue = site.get(&format!("/v1/queues/{}", site.ids.queue)).await;
    assert_eq!((&queue["name"], &queue["wrap_up_ms"]), (&json!("orders"), &json!(1234)));
    assert_eq!((&queue["state"]["waiting"], &queue["state"]["tally"]["entered"]), (&json!(1), &json!(1)));
    assert_eq!(done(&site, folder, "apply site.toml").await, "nothing to do\n");
}

#[tokio::test]
async fn a_file_makes_a_directory_from_nothing_in_any_order_and_prunes_what_it_does_not_name() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = r#"
        [[tiers]]
        agent = "Zoe"
        queue = "north"
        level = 3
        [[routes]]
        number = "4930"
        destination = { to = "queue", queue = "north" }
        [[agents]]
        name = "Zoe"
        user = "zoe"
        team = "night"
        [[devices]]
        number = "3001"
        owner = "Zoe"
        [[queues]]
        name = "north"
        overflow = { to = "queue", queue = "south" }
        [[queues]]
        name = "south"
        [[users]]
        name = "zoe"
        roles = ["agent", "supervisor"]
        teams = ["night"]
        queues = ["north"]
        [[teams]]
        name = "night"
    "#;
    std::fs::write(folder.join("site.toml"), file).unwrap();
    done(&site, folder, "apply site.toml").await;
    assert_eq!(done(&site, folder, "apply site.toml").await, "nothing to do\n");
    let north = site.get("/v1/queues?name=north").await["items"][0].clone();
    let south = site.get("/v1/queues?name=south").await["items"][0].clone();
    assert_eq!(north["overflow"]["queue"], south["id"]);
    let zoe = site.get("/v1/agents?name=Zoe").await["items"][0].clone();
    assert_eq!((&zoe["queues"][0]["queue"], &zoe["queues"][0]["level"]), (&north["id"], &json!(3)));
    // What is in use stays, and says so; nobody is logged out.
    let (told, code) = cordial(&site, folder, "apply site.toml --prune").await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("[in-use]"), "{told}");
    assert_eq!(site.get(&format!("/v1/agents/{}", site.ids.agent)).await["duty"]["state"], "not_ready");
    std::fs::write(folder.join("bad.toml"), "[[queues]]\nname = \"north\"\ncolour = \"red\"\n").unwrap();
    let (told, code) = cordial(&site, folder, "apply bad.toml").await;
    assert_eq!((told.as_str(), code), ("cordial: bad.toml: queue north has no field colour\n", 1));
}

#[tokio::test]
async fn fields_are_shown_and_set_by_name() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let set =
        "queue set sales wrap_up_ms=4321 overflow={\"to\":\"queue\",\"queue\":\"spare\"} number=null --json";
    site.make("queues", json!({"name": "spare"})).await;
    let told: Value = serde_json::from_str(&done(&site, folder, set).await).unwrap();
    assert_eq!((&told["wrap_up_ms"], &told["number"]), (&json!(4321), &Value::Null));
    assert_eq!(told["overflow"]["queue"], site.get("/v1/queues?name=spare").await["items"][0]["id"]);
    assert!(done(&site, folder, "queue show sales").await.contains("wrap_up_ms"));
    done(&site, folder, "team add west").await;
    done(&site, folder, "agent set Ben team=west number=209").await;
    let ben = site.get(&format!("/v1/agents/{}", site.ids.idle_agent)).await;
    assert_eq!((&ben["number"], ben["team"].is_string()), (&json!("209"), true));
    let (told, code) = cordial(&site, folder, "queue set sales colour=red").await;
    assert!(code == 1 && told.contains("a queue has no field \"colour\"; there are: "), "{told}");
    let (told, code) = cordial(&site, folder, "agent set Ben team=nowhere").await;
    assert_eq!(
        (told.as_str(), code),
        ("cordial: no team has the name \"nowhere\" (see `cordial team list`)\n", 6)
    );
    assert!(done(&site, folder, "audit --operation entry_changed --count 3").await.contains("entry_changed"));
}

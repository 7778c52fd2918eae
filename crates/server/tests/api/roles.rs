//! What each role sees and changes, on every operation of the document.

use serde_json::{Value, json};

use super::site::Site;
use crate::{Case, cases};

/// Somebody with one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Ann, who is in team day and takes calls of the queue.
    Agent,
    /// Supervises team day.
    Supervisor,
    /// Supervises a team that nobody is in.
    SupervisorElsewhere,
    /// Manages the queue.
    Manager,
    /// Manages another queue.
    ManagerElsewhere,
    /// Administers the tenant.
    Administrator,
    /// Administers the installation, which has two tenants, so that he speaks for none.
    System,
}

const ALL: [Role; 7] = [
    Role::Agent,
    Role::Supervisor,
    Role::SupervisorElsewhere,
    Role::Manager,
    Role::ManagerElsewhere,
    Role::Administrator,
    Role::System,
];

/// What an operation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// It is done, or refused for what it asks.
    Through,
    /// The role never does this: 403.
    Forbidden,
    /// The role does not see this thing: 404.
    Unseen,
}

impl Role {
    async fn token(self, site: &Site) -> String {
        let bounds = match self {
            Self::System => return site.installation.clone(),
            Self::Agent => return site.log_in("ann", "long enough").await,
            Self::Supervisor => json!({"roles": ["supervisor"], "teams": [site.ids.team]}),
            Self::SupervisorElsewhere => {
                let night = site.make("teams", json!({"name": "night"})).await;
                json!({"roles": ["supervisor"], "teams": [night]})
            }
            Self::Manager => json!({"roles": ["queue_manager"], "queues": [site.ids.queue]}),
            Self::ManagerElsewhere => {
                let other = site.make("queues", json!({"name": "elsewhere"})).await;
                json!({"roles": ["queue_manager"], "queues": [other]})
            }
            Self::Administrator => json!({"roles": ["administrator"]}),
        };
        let mut user = json!({"name": "role", "password": "long enough"});
        user.as_object_mut().unwrap().extend(bounds.as_object().unwrap().clone());
        site.make("users", user).await;
        site.log_in("role", "long enough").await
    }

    /// What the role does with an operation, told apart by what the operation is for.
    fn comes(self, operation: &str) -> Comes {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        if path.starts_with("/v1/tenants") {
            return if self == Self::System { Comes::Through } else { Comes::Forbidden };
        }
        if !path.starts_with("/v1/") {
            return Comes::Through;
        }
        if self == Self::System {
            return Comes::Forbidden;
        }
        if matches!(path, "/v1/me" | "/v1/tickets" | "/v1/callcenter-config" | "/v1/events") {
            return Comes::Through;
        }
        if path.starts_with("/v1/tokens") || matches!(path, "/v1/tap" | "/v1/audit") {
            return if self == Self::Administrator { Comes::Through } else { Comes::Forbidden };
        }
        let switches = path.ends_with("/emergency") || path.ends_with("/night-mode");
        if switches && method != "GET" {
            return self.comes_to_switch(path);
        }
        if path == "/v1/supervisions" {
            return self.comes_to_hear();
        }
        let kind = path.split('/').nth(2).expect("a kind");
        if self.acts(operation) {
            return self.comes_to_act(path);
        }
        match (method, path.contains('{')) {
            ("GET", false) => Comes::Through,
            ("GET", true) => self.comes_to_see(kind),
            _ => self.comes_to_change(operation),
        }
    }

    /// Hearing Ann.
    fn comes_to_hear(self) -> Comes {
        match self {
            Self::Supervisor => Comes::Through,
            Self::SupervisorElsewhere => Comes::Unseen,
            Self::Agent | Self::Manager | Self::ManagerElsewhere | Self::Administrator | Self::System => {
                Comes::Forbidden
            }
        }
    }

    /// Whether an operation is done by and to agents, on calls and offers.
    fn acts(self, operation: &str) -> bool {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let arranges = matches!(path, "/v1/agents/{id}/queues/{queue}" | "/v1/agents/{id}/pin");
        let looks = path.ends_with("/waits");
        let verb = path.starts_with("/v1/agents/{id}/") && !arranges && !looks;
        let call = ["/v1/calls", "/v1/offers"].iter().any(|kind| path.starts_with(kind)) && method != "GET";
        verb || call
    }

    fn comes_to_act(self, path: &str) -> Comes {
        match self {
            Self::Manager | Self::ManagerElsewhere | Self::Administrator | Self::System => Comes::Forbidden,
            // At a device that is nobody's.
            Self::Agent if path == "/v1/calls" => Comes::Forbidden,
            Self::Agent if path.ends_with("/supervision") => Comes::Forbidden,
            // Ben, who is in no team.
            Self::Agent | Self::Supervisor if path == "/v1/agents/{id}/clear" => Comes::Unseen,
            Self::Supervisor | Self::SupervisorElsewhere if path == "/v1/calls" => Comes::Through,
            // Ben, who is in no team.
            _ if path.ends_with("/membership") => Comes::Unseen,
            Self::Agent | Self::Supervisor => Comes::Through,
            Self::SupervisorElsewhere => Comes::Unseen,
        }
    }

    /// Closing queues and throwing the emergency switch.
    fn comes_to_switch(self, path: &str) -> Comes {
        match self {
            Self::Administrator | Self::Supervisor => Comes::Through,
            Self::SupervisorElsewhere if path == "/v1/emergency" => Comes::Through,
            Self::SupervisorElsewhere => Comes::Unseen,
            Self::Agent | Self::Manager | Self::ManagerElsewhere | Self::System => Comes::Forbidden,
        }
    }

    fn comes_to_see(self, kind: &str) -> Comes {
        let seen = match (self, kind) {
            (Self::Administrator, _) => true,
            (_, "reasons" | "dispositions" | "skills" | "phone-books" | "contacts") => true,
            (_, "calendars") => true,
            (_, "trunks" | "routes" | "blacklist") => false,
            (Self::Agent, _) => true,
            (Self::Supervisor, "users") => false,
            (Self::Supervisor, _) => true,
            (Self::Manager, "agents" | "queues" | "calls") => true,
            (Self::ManagerElsewhere, "agents") => true,
            _ => false,
        };
        if seen { Comes::Through } else { Comes::Unseen }
    }

    fn comes_to_change(self, operation: &str) -> Comes {
        match (self, operation) {
            (Self::Administrator, _) => Comes::Through,
            // A queue that is not his.
            (Self::Manager | Self::ManagerElsewhere, "PUT /v1/queues/{id}") => Comes::Unseen,
            (Self::Manager, _) if operation.ends_with("/queues/{queue}") => Comes::Through,
            (Self::ManagerElsewhere, _) if operation.ends_with("/queues/{queue}") => Comes::Unseen,
            _ => Comes::Forbidden,
        }
    }
}

#[tokio::test]
async fn every_role_meets_every_operation_as_its_rights_say() {
    for role in ALL {
        let site = Site::open().await;
        let cases = cases(&site).await;
        let token = role.token(&site).await;
        // Whoever logs in has no role yet.
        for case in cases.iter().filter(|case| case.operation != "POST /v1/log-in") {
            meet(&site, role, &token, case).await;
        }
    }
}

async fn meet(site: &Site, role: Role, token: &str, case: &Case) {
    let method = case.operation.split_once(' ').expect("a method and a path").0;
    let body = case.body.as_ref().map(Value::to_string);
    let answer = site.ask(method, &case.path, token, body.as_deref(), None, case.stream).await;
    let comes = role.comes(case.operation);
    let so = match comes {
        Comes::Through => !matches!(answer.status, 401 | 403 | 404) || answer.status == case.status,
        Comes::Forbidden => answer.status == 403,
        Comes::Unseen => answer.status == 404,
    };
    assert!(so, "{role:?} {}: {comes:?} expected, not {} {}", case.operation, answer.status, answer.text);
}

#[tokio::test]
async fn lists_and_streams_hold_what_the_role_sees_and_no_more() {
    let site = Site::open().await;
    let supervisor = Role::Supervisor.token(&site).await;
    let names = async |path: &str, token: &str| -> Vec<String> {
        let page = site.ask("GET", path, token, None, None, false).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let items = page.json()["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["name"].as_str().or(it["id"].as_str()).unwrap().to_owned()).collect()
    };
    assert_eq!(names("/v1/agents", &supervisor).await, ["Ann"]);
    assert_eq!(names("/v1/agents", &site.token).await, ["Ann", "Ben"]);
    assert_eq!(names("/v1/users", &supervisor).await, ["role"]);
    // Nobody of his team is in the queue, where a call waits.
    assert_eq!(names("/v1/queues", &supervisor).await, [""; 0]);
    assert_eq!(names("/v1/calls", &supervisor).await, [""; 0]);
    let mut stream = site.stream_as("/v1/events", &supervisor).await;
    let snapshot = stream.next().await["data"].clone();
    assert_eq!(snapshot["agents"].as_array().unwrap().len(), 1, "{snapshot}");
    assert_eq!((&snapshot["calls"], &snapshot["queues"]), (&json!([]), &json!([])));
    for agent in [&site.ids.idle_agent, &site.ids.agent] {
        let path = format!("/v1/agents/{agent}/handling");
        let busy = json!({"mode": "busy"}).to_string();
        assert_eq!(site.ask("PUT", &path, &site.token, Some(&busy), None, false).await.status, 200);
    }
    let told = stream.next().await;
    assert_eq!((&told["type"], &told["data"]["agent"]), (&json!("handling_set"), &json!(site.ids.agent)));
    let path = format!("/v1/agents/{}/handling", site.ids.agent);
    let ring = json!({"mode": "ring"}).to_string();
    assert_eq!(site.ask("PUT", &path, &site.token, Some(&ring), None, false).await.status, 200);
    // His agent comes into the queue: from now on he sees it, and the call that waits there.
    site.live_offer().await;
    assert_eq!(names("/v1/queues", &supervisor).await, ["sales"]);
    assert_eq!(names("/v1/calls", &supervisor).await, std::slice::from_ref(&site.ids.call));
    let offered = loop {
        let told = stream.next().await;
        assert_ne!(told["data"]["agent"], site.ids.idle_agent.as_str(), "{told}");
        if told["type"] == "offer_made" {
            break told;
        }
    };
    assert_eq!(offered["data"]["call"], site.ids.call.as_str());
}

#[tokio::test]
async fn a_manager_changes_his_queue_and_the_ranks_in_it() {
    let site = Site::open().await;
    let manager = Role::Manager.token(&site).await;
    let queue = format!("/v1/queues/{}", site.ids.queue);
    let body = json!({"name": "sales", "number": "800", "wrap_up_ms": 5000}).to_string();
    let changed = site.ask("PUT", &queue, &manager, Some(&body), None, false).await;
    assert_eq!((changed.status, &changed.json()["wrap_up_ms"]), (200, &json!(5000)), "{}", changed.text);
    let tier = format!("/v1/agents/{}/queues/{}", site.ids.idle_agent, site.ids.queue);
    let rank = json!({"level": 2}).to_string();
    assert_eq!(site.ask("PUT", &tier, &manager, Some(&rank), None, false).await.status, 200);
    assert_eq!(site.ask("DELETE", &queue, &manager, None, None, false).await.status, 403);
}

#[tokio::test]
async fn an_id_of_another_tenant_is_answered_like_one_that_nobody_has() {
    let site = Site::open().await;
    let nobody = "0123456789abcdef0123456789abcdef";
    let mut met = 0;
    for case in cases(&site).await.iter().filter(|case| case.owned) {
        let (method, template) = case.operation.split_once(' ').expect("a method and a path");
        // A token's id has half as many digits.
        let unknown = template.replace("{token}", &nobody[..16]);
        let unknown = ["{id}", "{queue}", "{message}", "{leg}"]
            .iter()
            .fold(unknown, |path, it| path.replace(it, nobody));
        let body = case.body.as_ref().map(Value::to_string);
        let theirs = site.ask(method, &case.path, &site.foreign, body.as_deref(), None, false).await;
        let nobodys = site.ask(method, &unknown, &site.foreign, body.as_deref(), None, false).await;
        assert_eq!(nobodys.status, 404, "{}: {}", case.operation, nobodys.text);
        assert_eq!(
            (theirs.status, &theirs.kind, &theirs.text),
            (nobodys.status, &nobodys.kind, &nobodys.text),
            "{}",
            case.operation
        );
        met += 1;
    }
    assert!(met > 40, "{met} operations have an id");
}

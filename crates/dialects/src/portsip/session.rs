//! What a client of WSI says, what it is answered, and what it subscribed to.

use std::collections::BTreeSet;

use cordial_engine::id::{AgentId, QueueId};
use serde::Serialize;
use serde_json::Value;

use super::decode::Body;

use super::limits::TOPIC_KEYS_MAX;
use super::watch::{Audience, Watch};
use super::wire::wsi::Message;

/// A request, with what its answer repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The command, as it was said.
    pub command: String,
    /// The client's own mark on the request.
    pub id: Option<Value>,
    /// The request, or what is wrong with it.
    pub request: Result<Request, String>,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To be believed.
    Auth(Auth),
    /// To be told.
    Subscribe(Topics),
    /// To be told no longer.
    Unsubscribe(Topics),
}

/// How a client shows who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// By a token of REST.
    Token(String),
    /// By a user's name and password; without a domain as the system's administrator.
    User {
        /// The login.
        username: String,
        /// The SIP domain of the tenant; empty for the system's administrator.
        domain: String,
        /// The password.
        password: String,
    },
    /// By an extension's number and SIP password.
    Extension {
        /// The number.
        number: String,
        /// The SIP domain of the tenant.
        domain: String,
        /// The SIP password.
        password: String,
    },
}

impl core::fmt::Debug for Auth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Auth")
    }
}

/// What a client wants to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics {
    topics: Vec<Topic>,
    queues: Option<Vec<String>>,
    extensions: Option<Vec<String>>,
    /// The tenants of the global topics.
    pub tenants: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Queues,
    Extensions,
    Cdr,
    QueueManagement,
    ExtensionManagement,
    Global(GlobalTopic),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GlobalTopic {
    Queues,
    Extensions,
    Cdr,
    QueueManagement,
    ExtensionManagement,
}

impl Topic {
    fn named(name: &str) -> Option<Self> {
        if let Some(name) = name.strip_prefix("global_") {
            return Some(Self::Global(match name {
                "queue_events" => GlobalTopic::Queues,
                "extension_events" => GlobalTopic::Extensions,
                "cdr_events" => GlobalTopic::Cdr,
                "queue_management_events" => GlobalTopic::QueueManagement,
                "extension_management_events" => GlobalTopic::ExtensionManagement,
                _ => return None,
            }));
        }
        Some(match name {
            // The last two are what v16 calls it.
            "queue_events" | "queue_status" | "queue_member_state" => Self::Queues,
            "extension_events" => Self::Extensions,
            "cdr_events" => Self::Cdr,
            "queue_management_events" => Self::QueueManagement,
            "extension_management_events" => Self::ExtensionManagement,
            _ => return None,
        })
    }
}

/// Reads one message of a client.
#[must_use]
pub fn hear(text: &str) -> Heard {
    let wrong = |why: String| Heard { command: String::new(), id: None, request: Err(why) };
    let mut body = match Body::parse(text.as_bytes()) {
        Ok(body) => body,
        Err(problem) => return wrong(problem.errors.into_iter().map(|fault| fault.message).collect()),
    };
    let id = body.take("id");
    let Some(Value::String(command)) = body.take("command") else {
        return Heard { id, ..wrong("command: is needed".to_owned()) };
    };
    let request = match command.as_str() {
        "auth" => auth(body).map(Request::Auth),
        "subscribe" => topics(body).map(Request::Subscribe),
        "unsubscribe" => topics(body).map(Request::Unsubscribe),
        _ => Err(format!("command: {command:?} is not known here")),
    };
    Heard { command, id, request }
}

fn auth(mut body: Body) -> Result<Auth, String> {
    let mut text = |field| body.text(field, 1_024).map_err(|problem| said(&problem));
    if let Some(token) = text("access_token")? {
        return Ok(Auth::Token(token));
    }
    let (username, number) = (text("username")?, text("extension_number")?);
    let (domain, password) = (text("domain")?.unwrap_or_default(), text("password")?);
    let password = password.ok_or("password: is needed")?;
    match (username, number) {
        (Some(username), None) => Ok(Auth::User { username, domain, password }),
        (None, Some(number)) => Ok(Auth::Extension { number, domain, password }),
        (Some(_), Some(_)) => Err("username: not together with extension_number".to_owned()),
        (None, None) => Err("username: is needed, or extension_number or access_token".to_owned()),
    }
}

fn topics(mut body: Body) -> Result<Topics, String> {
    let told = |problem: super::problem::Problem| said(&problem);
    let names = body.list("topics", TOPIC_KEYS_MAX).map_err(told)?.ok_or("topics: is needed")?;
    let mut topics = Topics {
        topics: Vec::new(),
        queues: body.texts("queues", TOPIC_KEYS_MAX).map_err(told)?,
        extensions: body.texts("extensions", TOPIC_KEYS_MAX).map_err(told)?,
        tenants: body.texts("tenants", TOPIC_KEYS_MAX).map_err(told)?,
    };
    for name in names {
        let (name, keys) = match name {
            Value::String(name) => (name, None),
            // As in v12: {"topic": .., "keys": [..]}.
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                let mut topic = Body::of(other, "topics").map_err(told)?;
                let keys = topic.texts("keys", TOPIC_KEYS_MAX).map_err(told)?;
                (topic.text("topic", 64).map_err(told)?.unwrap_or_default(), keys)
            }
        };
        let topic = Topic::named(&name).ok_or_else(|| format!("topics: {name:?} is not known here"))?;
        match topic {
            Topic::Queues => topics.queues = keys.or(topics.queues),
            Topic::Extensions => topics.extensions = keys.or(topics.extensions),
            Topic::Global(_) => topics.tenants = keys.or(topics.tenants),
            Topic::Cdr | Topic::QueueManagement | Topic::ExtensionManagement => {}
        }
        topics.topics.push(topic);
    }
    Ok(topics)
}

fn said(problem: &super::problem::Problem) -> String {
    problem.errors.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reply {
    #[serde(skip_serializing_if = "String::is_empty")]
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    status: i32,
}

impl Reply {
    /// Yes, or no and why. On the v16 face an answer to `auth` says nothing else.
    #[must_use]
    pub fn new(command: &str, id: Option<Value>, error: Option<String>, v16: bool) -> Self {
        let status = if error.is_some() { -1 } else { 0 };
        if v16 && command == "auth" {
            return Self { command: String::new(), error, id: None, status };
        }
        Self { command: command.to_owned(), error, id, status }
    }

    /// Whoever it is, he is not believed.
    #[must_use]
    pub const fn not_believed(v16: bool) -> &'static str {
        if v16 { "name or password error" } else { "access_token , username , domain or password error" }
    }
}

/// What somebody may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything of all tenants.
    System,
    /// Everything of his tenant.
    Tenant,
    /// Extensions, and the queues of this agent.
    Agent(Option<AgentId>),
}

/// What a session subscribed to, in one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    queues: Wanted<QueueId>,
    extensions: Wanted<String>,
    cdr: bool,
    queue_management: bool,
    extension_management: bool,
}

/// Some things of a kind, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted<T> {
    all: bool,
    some: BTreeSet<T>,
}

impl<T> Default for Wanted<T> {
    fn default() -> Self {
        Self { all: false, some: BTreeSet::new() }
    }
}

impl<T: Ord> Wanted<T> {
    fn wants(&self, thing: &T) -> bool {
        self.all || self.some.contains(thing)
    }
}

impl Topics {
    /// Whether a tenant's own topics are among them.
    #[must_use]
    pub fn own(&self) -> bool {
        self.topics.iter().any(|topic| !matches!(topic, Topic::Global(_)))
    }

    /// Whether topics over tenants are among them.
    #[must_use]
    pub fn global(&self) -> bool {
        self.topics.iter().any(|topic| matches!(topic, Topic::Global(_)))
    }
}

impl Interest {
    /// Whether a message is for this session.
    #[must_use]
    pub fn wants(&self, audience: &Audience, v16: bool) -> bool {
        match audience {
            Audience::Queue(queue) => self.queues.wants(queue),
            Audience::Extension(number) => self.extensions.wants(number),
            Audience::ExtensionV16(number) => v16 && self.extensions.wants(number),
            Audience::QueueManagement => self.queue_management,
            Audience::ExtensionManagement => self.extension_management,
            Audience::Cdr => self.cdr,
        }
    }

    /// Adds topics of this tenant, all of them or none; gives what is told at once.
    pub fn subscribe(
        &mut self,
        topics: &Topics,
        rights: Rights,
        watch: &Watch,
    ) -> Result<Vec<Message>, String> {
        let mut then = self.clone();
        let mut told = Vec::new();
        for topic in topics.topics.iter().filter(|topic| !matches!(topic, Topic::Global(_))) {
            then.add(*topic, topics, rights, watch, &mut told)?;
        }
        *self = then;
        Ok(told)
    }

    /// Adds the topics over tenants, for this one of them; gives what is told at once.
    pub fn subscribe_globally(&mut self, topics: &Topics, watch: &Watch) -> Result<Vec<Message>, String> {
        let mut told = Vec::new();
        let whole = Topics::default();
        for topic in topics.topics.iter().filter_map(|topic| topic.beneath()) {
            self.add(topic, &whole, Rights::System, watch, &mut told)?;
        }
        Ok(told)
    }

    /// Takes topics back; what was not subscribed to is no fault.
    pub fn unsubscribe(&mut self, topics: &Topics, watch: &Watch) {
        for topic in &topics.topics {
            match topic.beneath().unwrap_or(*topic) {
                Topic::Queues => match &topics.queues {
                    None => self.queues = Wanted::default(),
                    Some(names) => {
                        for queue in names.iter().filter_map(|name| watch.queue_called(name)) {
                            self.queues.some.remove(&queue);
                        }
                    }
                },
                Topic::Extensions => match &topics.extensions {
                    None => self.extensions = Wanted::default(),
                    Some(numbers) => self.extensions.some.retain(|own| !numbers.contains(own)),
                },
                Topic::Cdr => self.cdr = false,
                Topic::QueueManagement => self.queue_management = false,
                Topic::ExtensionManagement => self.extension_management = false,
                Topic::Global(_) => {}
            }
        }
    }

    fn add(
        &mut self,
        topic: Topic,
        topics: &Topics,
        rights: Rights,
        watch: &Watch,
        told: &mut Vec<Message>,
    ) -> Result<(), String> {
        let manages = !matches!(rights, Rights::Agent(_));
        match topic {
            Topic::Queues => self.add_queues(topics.queues.as_deref(), rights, watch, told)?,
            Topic::Extensions => self.add_extensions(topics.extensions.as_deref(), watch, told)?,
            Topic::Cdr | Topic::QueueManagement | Topic::ExtensionManagement if !manages => {
                return Err("permission denied".to_owned());
            }
            Topic::Cdr => self.cdr = true,
            Topic::QueueManagement => {
                self.queue_management = true;
                told.extend(watch.queues_there());
            }
            Topic::ExtensionManagement => {
                self.extension_management = true;
                told.extend(watch.extensions_there());
            }
            Topic::Global(_) => {}
        }
        Ok(())
    }

    fn add_queues(
        &mut self,
        names: Option<&[String]>,
        rights: Rights,
        watch: &Watch,
        told: &mut Vec<Message>,
    ) -> Result<(), String> {
        let own = match rights {
            Rights::System | Rights::Tenant => None,
            Rights::Agent(agent) => Some(agent.map(|agent| watch.queues_of(agent)).unwrap_or_default()),
        };
        let wanted: Vec<QueueId> = match (names, &own) {
            (Some(names), _) => {
                let called = |name: &String| watch.queue_called(name).ok_or(format!("no such queue: {name}"));
                names.iter().map(called).collect::<Result<_, _>>()?
            }
            (None, Some(own)) => own.clone(),
            (None, None) => {
                self.queues.all = true;
                watch.queues()
            }
        };
        if own.is_some_and(|own| wanted.iter().any(|queue| !own.contains(queue))) {
            return Err("permission denied".to_owned());
        }
        told.extend(wanted.iter().filter_map(|queue| watch.queue_status(*queue)));
        self.queues.some.extend(wanted);
        Ok(())
    }

    fn add_extensions(
        &mut self,
        numbers: Option<&[String]>,
        watch: &Watch,
        told: &mut Vec<Message>,
    ) -> Result<(), String> {
        let Some(numbers) = numbers else {
            self.extensions.all = true;
            told.push(watch.extension_status(&watch.extensions()));
            return Ok(());
        };
        let called =
            |number: &String| watch.extension_called(number).ok_or(format!("no such extension: {number}"));
        let devices = numbers.iter().map(called).collect::<Result<Vec<_>, _>>()?;
        told.push(watch.extension_status(&devices));
        self.extensions.some.extend(numbers.iter().cloned());
        Ok(())
    }
}

impl Topic {
    /// The tenant's topic that a topic over tenants stands for.
    const fn beneath(self) -> Option<Self> {
        match self {
            Self::Global(GlobalTopic::Queues) => Some(Self::Queues),
            Self::Global(GlobalTopic::Extensions) => Some(Self::Extensions),
            Self::Global(GlobalTopic::Cdr) => Some(Self::Cdr),
            Self::Global(GlobalTopic::QueueManagement) => Some(Self::QueueManagement),
            Self::Global(GlobalTopic::ExtensionManagement) => Some(Self::ExtensionManagement),
            Self::Queues
            | Self::Extensions
            | Self::Cdr
            | Self::QueueManagement
            | Self::ExtensionManagement => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str, error: Option<&str>, v16: bool) -> String {
        let heard = hear(text);
        let error = heard.request.err().or_else(|| error.map(str::to_owned));
        serde_json::to_string(&Reply::new(&heard.command, heard.id, error, v16)).unwrap()
    }

    #[test]
    fn answers_are_those_of_the_document() {
        let auth = r#"{"command":"auth","id":"1","username":"u","domain":"d","password":"p"}"#;
        let wrong = |v16| Some(Reply::not_believed(v16));
        let told = [
            reply(auth, None, false),
            reply(auth, wrong(false), false),
            reply(auth, None, true),
            reply(auth, wrong(true), true),
            reply(r#"{"command":"subscribe","id":7,"topics":["cdr_events"]}"#, None, false),
            reply(r#"{"command":"subscribe","topics":["weather"]}"#, None, false),
            reply(r#"{"command":"dance"}"#, None, false),
            reply("[", None, false),
            reply(r#"{"command":"auth","username":"u"}"#, None, false),
        ];
        expect_test::expect![[r#"
            {"command":"auth","id":"1","status":0}
            {"command":"auth","error":"access_token , username , domain or password error","id":"1","status":-1}
            {"status":0}
            {"error":"name or password error","status":-1}
            {"command":"subscribe","id":7,"status":0}
            {"command":"subscribe","error":"topics: \"weather\" is not known here","status":-1}
            {"command":"dance","error":"command: \"dance\" is not known here","status":-1}
            {"error":"the body is not JSON: EOF while parsing a list at line 1 column 1","status":-1}
            {"command":"auth","error":"password: is needed","status":-1}"#]]
        .assert_eq(&told.join("\n"));
    }

    #[test]
    fn a_password_is_not_shown_where_a_request_is_written() {
        let heard = hear(r#"{"command":"auth","username":"u","password":"secret"}"#);
        assert!(!format!("{heard:?}").contains("secret"));
    }

    #[test]
    fn topics_may_be_objects_as_in_v12() {
        let heard = hear(r#"{"command":"subscribe","topics":[{"topic":"queue_events","keys":["8001"]}]}"#);
        let Ok(Request::Subscribe(topics)) = heard.request else { panic!("{heard:?}") };
        assert_eq!(topics.queues, Some(vec!["8001".to_owned()]));
        assert!(topics.own() && !topics.global());
    }
}

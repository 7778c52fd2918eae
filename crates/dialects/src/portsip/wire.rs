//! The answers of REST, member by member as the vendor's document has them. Ids are opaque texts; times are seconds.

pub mod wsi;

use serde::Serialize;

/// Items without a count.
#[derive(Clone, Debug, Serialize)]
pub struct Items<T> {
    /// All of them.
    pub items: Vec<T>,
}

/// One page of items.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    /// How many there are on all pages.
    pub count: usize,
    /// Those of this page.
    pub items: Vec<T>,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// Its id.
    pub id: String,
}

/// A token and what renews it.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// How long it works. Seconds.
    pub expires_in: u64,
    /// Buys the next one, once.
    pub refresh_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
}

/// A queue that somebody belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct BelongedQueue {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_number: Option<String>,
}

/// A queue in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ListedQueue {
    #[serde(flatten)]
    pub queue: BelongedQueue,
    pub ring_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polling_strategy: Option<&'static str>,
}

/// A queue with all that there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct Queue {
    #[serde(flatten)]
    pub listed: ListedQueue,
    pub max_callers: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moh_prompt_file_name: Option<String>,
    pub intro_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intro_prompt_file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_waiting_time: Option<u64>,
    pub wait_when_no_agents_online: bool,
    pub inform_position: &'static str,
    pub agent_auto_ready: bool,
    pub agent_auto_not_ready_after_non_acd_call: bool,
    pub sla_time: u64,
    pub language: String,
    pub no_answer_forward_rule: ForwardRule,
    pub night_mode_forward_rule: ForwardRule,
    pub enable_callback: bool,
    pub outbound_caller_ids: Vec<String>,
    pub enable_sticky_routing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky_routing_duration: Option<u64>,
    pub enable_paid: bool,
    pub enable_prid: bool,
    pub extension_number_as_to_header: bool,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ForwardRule {
    pub action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// Whether a thing works.
#[derive(Clone, Debug, Serialize)]
pub struct OnlineStatus {
    /// `ONLINE` or `OFFLINE`.
    pub status: &'static str,
}

/// A waiting caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct WaitingCaller {
    pub session_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_number: Option<String>,
    pub display_name: String,
    pub waiting_time: u64,
}

/// An agent of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ListedAgent {
    pub extension_number: String,
    pub display_name: String,
    pub skill_level: u32,
}

/// An agent of a queue with his state there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct Agent {
    #[serde(flatten)]
    pub listed: ListedAgent,
    pub status: &'static str,
}

/// A server that serves queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct Server {
    pub id: String,
    pub name: String,
    pub enabled: bool,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<String>,
}

/// How a server stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ServerStatus {
    pub cpu_usage: u32,
    pub memory_usage: u32,
    pub status: &'static str,
}

/// A number on the blacklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct Blacklisted {
    pub id: String,
    pub number: String,
    pub level: &'static str,
    pub longitude: String,
    pub latitude: String,
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_at: Option<String>,
    /// How many calls it has refused.
    pub trigger_times: u64,
    pub enabled: bool,
    pub description: String,
}

/// What callers on the blacklist hear; a level that is not enabled is cleared unanswered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct BlacklistPrompts {
    pub enable_level1: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level1_prompt_file_name: Option<String>,
    pub enable_level2: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level2_prompt_file_name: Option<String>,
}

//! The messages of WSI. Ids, positions and times (UNIX seconds) are texts; counters are numbers.

use serde::Serialize;

/// What is told without being asked, in the vendor's members and order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub enum Message {
    /// A queue as it is when it is subscribed to.
    QueueStatus {
        tenant_id: String,
        queue_id: String,
        queue_number: String,
        queue_name: String,
        waiting_list: Vec<Waiting>,
        agents: Vec<QueueAgent>,
    },
    /// A caller entered or left.
    QueueCallerStatus { tenant_id: String, queue_id: String, updated_callers: Vec<UpdatedCaller> },
    /// An agent's state changed, or he no longer belongs to the queue.
    QueueAgentStatus {
        tenant_id: String,
        queue_id: String,
        updated_agents: Vec<QueueAgent>,
        removed_agents: Vec<RemovedAgent>,
    },
    /// A caller has waited longer than the queue's service level says.
    QueueSlaBreached {
        queue_id: String,
        tenant_id: String,
        caller: String,
        total_callers_breached: u32,
        sla_time_secs: u64,
        waiting_callers: u32,
        timestamp: String,
    },
    /// Extensions as they are.
    ExtensionStatus { status: Vec<ExtensionStatus>, tenant_id: String },
    /// An extension is rung, talks, or no longer does.
    ExtensionCall {
        extension: String,
        call_status: &'static str,
        tenant_id: String,
        extension_id: String,
        time: String,
    },
    /// What a person says of himself.
    ExtensionPresence {
        extension: String,
        presence: &'static str,
        presence_note: String,
        tenant_id: String,
        extension_id: String,
        time: String,
    },
    /// The states of an agent in his queues.
    ExtensionAgentStatus {
        agent_status: Vec<AgentStatus>,
        extension: String,
        extension_id: String,
        tenant_id: String,
        time: String,
    },
    /// A queue exists.
    QueueCreated { queue_number: String, tenant_id: String },
    /// A queue was changed.
    QueueUpdated { queue_number: String, tenant_id: String },
    /// A queue is gone.
    QueueDestroy { queue_number: String, tenant_id: String },
    /// An extension exists.
    ExtensionCreated(ManagedExtension),
    /// An extension was changed.
    ExtensionUpdated(ManagedExtension),
    /// An extension is gone.
    ExtensionDestroyed(ManagedExtension),
    /// A call began.
    CallStart(CallBegun),
    /// A call was answered.
    CallUpdateInfo(CallTold),
    /// A call is over and its record final.
    CallCdr(CallTold),
    /// A call was answered, told to its extensions.
    CallEstablished(CallTold),
    /// An answered call ended, told to its extensions.
    CallEnded(CallTold),
    /// A call rang and was not answered, told to its extensions.
    CallNoanswer(CallTold),
    /// A call came to nothing, told to its extensions.
    CallFail {
        #[serde(flatten)]
        call: CallTold,
        fail_code: u16,
    },
    /// An extension was added to a call, told to its extensions; so are the next five.
    TargetAdd(CallTold),
    /// It rings.
    TargetRinging(CallTold),
    /// It rang and was not answered.
    TargetNoanswer(CallTold),
    /// It was not reached, or declined.
    TargetFail {
        #[serde(flatten)]
        call: CallTold,
        fail_code: u16,
    },
    /// It had answered, and is in the call no more.
    TargetEnded(CallTold),
    /// A queue sends the call on that nobody of it took.
    CallReroute(CallTold),
    /// An extension registered, or is registered no longer. Where it can be reached stays with us: the lists are empty.
    ExtensionRegister {
        extension: String,
        extension_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        registration_contacts: Option<[String; 0]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        removed_contacts: Option<[String; 0]>,
        tenant_id: String,
        time: String,
    },
    /// An extension holds its call.
    CallHold(CallHeld),
    /// An extension goes on with its call.
    CallUnhold(CallHeld),
}

/// A waiting caller in a queue's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct Waiting {
    pub position: String,
    pub session_id: String,
    pub caller_number: String,
    pub caller_name: String,
    pub timestamp: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A caller who entered or left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct UpdatedCaller {
    pub position: String,
    pub session_id: String,
    pub caller_number: String,
    pub reason: &'static str,
    pub timestamp: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// An agent in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct QueueAgent {
    pub state: &'static str,
    pub agent_extension_number: String,
    pub session_id: String,
    pub caller_number: String,
    pub caller_name: String,
    pub timestamp: String,
}

/// An agent who no longer belongs to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct RemovedAgent {
    pub agent_extension_number: String,
}

/// An extension as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ExtensionStatus {
    pub extension: String,
    pub extension_id: String,
    pub call_status: &'static str,
    pub online: bool,
    pub presence: &'static str,
    pub presence_note: String,
    pub push_online: bool,
    pub time: String,
}

/// An agent's state in one queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct AgentStatus {
    pub queue_number: String,
    pub status: &'static str,
}

/// An extension, for those who manage them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct ManagedExtension {
    pub extension_number: String,
    pub disp_name: String,
    pub email: String,
    pub extension_id: String,
    pub tenant_id: String,
    pub username: String,
    pub enabled: bool,
}

/// A call that began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct CallBegun {
    pub call_id: String,
    pub callee: String,
    pub caller: String,
    pub caller_display_name: String,
    pub cdr_id: String,
    pub direction: &'static str,
    pub request_id: String,
    pub session_id: String,
    pub tenant_id: String,
    pub time: String,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct CallTold {
    pub call_id: String,
    pub call_target: String,
    pub callee: String,
    pub caller: String,
    pub session_id: String,
    pub tenant_id: String,
    pub time: String,
}

/// A call on hold, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named as the vendor names them")]
pub struct CallHeld {
    pub aor: String,
    pub call_id: String,
    pub peer_aor: String,
    pub session_id: String,
    pub tenant_id: String,
    pub time: String,
}

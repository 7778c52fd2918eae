//! The operations of this API, by the vendor's names.

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who has an agent: it concerns himself.
    Own,
    /// Who sees the tenant: an administrator, a manager of queues, or a token that may read.
    See,
    /// Who manages agents in queues: an administrator or a manager of queues.
    Manage,
    /// An administrator of the tenant.
    Administer,
}

macro_rules! operations {
    ($($op:ident $name:literal $method:ident $path:literal $access:ident;)*) => {
        /// One operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "named as the vendor names them")]
        pub enum Op { $($op,)* }

        impl Op {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$op,)*];

            /// The vendor's `operationId`; ours for `get_many`, of which only the path is published.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$op => $name,)* }
            }

            /// The method.
            #[must_use]
            pub const fn method(self) -> &'static str {
                match self { $(Self::$op => stringify!($method),)* }
            }

            /// The path below [`BASE`].
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$op => $path,)* }
            }

            /// Who may call it.
            #[must_use]
            pub const fn access(self) -> Access {
                match self { $(Self::$op => Access::$access,)* }
            }
        }
    };
}

/// What stands before every path.
pub const BASE: &str = "/api";

/// Where tokens are bought, below [`BASE`].
pub const TOKEN_PATH: &str = "/login/oauth/token";

operations! {
    ListOwnQueues "listCurrentUserBelongedCallQueues" GET "/user/call_queues" Own;
    ShowOwnStatus "getCurrentUserCallQueueAgentStatus" GET "/user/call_queues/{id}/agent" Own;
    SetOwnStatus "setCurrentUserCallQueueAgentStatus" POST "/user/call_queues/{id}/agent" Own;
    ListUserQueues "listUserBelongedCallQueues" GET "/users/{id}/call_queues" See;
    ShowUserStatus "getUserCallQueueAgentStatus" GET "/users/{id}/call_queues/{queue_id}/agent" See;
    SetUserStatus "setUserCallQueueAgentStatus" POST "/users/{id}/call_queues/{queue_id}/agent" Manage;
    CreateServer "createCallQueueServer" POST "/call_queue_servers" Administer;
    ListServers "listCallQueueServers" GET "/call_queue_servers" See;
    ShowServer "showCallQueueServer" GET "/call_queue_servers/{id}" See;
    UpdateServer "updateCallQueueServer" POST "/call_queue_servers/{id}" Administer;
    ShowServerStatus "getCallQueueServerStatus" GET "/call_queue_servers/{id}/status" See;
    DeleteServer "deleteCallQueueServer" POST "/call_queue_servers/{id}/destroy" Administer;
    CreateQueue "createQueue" POST "/call_queues" Administer;
    ListQueues "listQueues" GET "/call_queues" See;
    ShowQueue "showQueue" GET "/call_queues/{id}" See;
    UpdateQueue "updateQueue" POST "/call_queues/{id}" Administer;
    ShowQueueStatus "getQueueStatus" GET "/call_queues/{id}/status" See;
    DeleteQueue "deleteQueue" POST "/call_queues/{id}/destroy" Administer;
    ListWaiting "getQueueWaitingList" GET "/call_queues/{id}/waiting" See;
    PickUp "pickupQueueWaiting" POST "/call_queues/{id}/waiting/{session_id}/pickup" Own;
    ListAgents "listQueueAgents" GET "/call_queues/{id}/agents" See;
    UpdateAgents "updateQueueAgentList" POST "/call_queues/{id}/agents" Administer;
    ShowAgent "showQueueAgent" GET "/call_queues/{id}/agents/{agent_number}" See;
    SetAgentStatus "setQueueAgentStatus" POST "/call_queues/{id}/agents/{agent_number}" Manage;
    ShowAgents "getManyQueueAgentStatus" POST "/call_queues/{id}/agents/status/get_many" See;
    LogInAgent "loginQueueAgent" POST "/call_queues/{id}/agents/{agent_number}/login" Manage;
    LogOutAgent "logoutQueueAgent" POST "/call_queues/{id}/agents/{agent_number}/logout" Manage;
    ListExclusiveQueues "listExclusiveNumberCallQueues" GET "/exclusive_numbers/{id}/call_queues" See;
    SetExclusiveAgents "setAgentsForExclusiveNumber" POST "/exclusive_numbers/{id}/call_queues/{queue_id}/agents" Administer;
    ListExclusiveAgents "listAgentsOfExclusiveNumberInQueue" GET "/exclusive_numbers/{id}/call_queues/{queue_id}/agents" See;
    RemoveExclusiveAgents "removeAllAgentsOfQueueForExclusiveNumber" POST "/exclusive_numbers/{id}/call_queues/{queue_id}/destroy" Administer;
    CreateBlacklisted "createQueueBlacklistedNumber" POST "/call_queue_blacklisted_numbers" Administer;
    ListBlacklisted "listQueueBlacklistedNumbers" GET "/call_queue_blacklisted_numbers" See;
    ExportBlacklisted "exportQueueBlacklistedNumbers" GET "/call_queue_blacklisted_numbers/export" See;
    ShowBlacklisted "showQueueBlacklistedNumber" GET "/call_queue_blacklisted_numbers/{id}" See;
    UpdateBlacklisted "updateQueueBlacklistedNumber" POST "/call_queue_blacklisted_numbers/{id}" Administer;
    DeleteBlacklisted "deleteQueueBlacklistedNumber" POST "/call_queue_blacklisted_numbers/{id}/destroy" Administer;
    ShowPrompts "getCallQueueBlacklistPrompts" GET "/call_queue_blacklist_prompts" See;
    UpdatePrompts "updateCallQueueBlacklistPrompts" POST "/call_queue_blacklist_prompts" Administer;
}

impl Op {
    /// Whether a body belongs to it.
    #[must_use]
    pub fn takes_body(self) -> bool {
        self.method() == "POST"
    }
}

//! Who may: tokens, log-in, tickets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Time};

/// What a token may do; none includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Sees everything of the tenant, events included; for a user, what his roles let him see.
    Read,
    /// Acts as the agent of the token's own user.
    Agent,
    /// Acts on any agent, call and offer; for a user with teams, on those of his teams.
    Supervise,
    /// Changes any queue and the ranks of its agents; for a user with queues, his queues.
    Manage,
    /// Changes the directory, makes and removes tokens, taps.
    Admin,
}

impl Scope {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Read, Self::Agent, Self::Supervise, Self::Manage, Self::Admin];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Agent => "agent",
            Self::Supervise => "supervise",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

/// A token that is to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewToken {
    /// For the people who will wonder later whose it is.
    #[schema(min_length = 1, max_length = 64, example = "crm")]
    pub name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    pub scopes: Vec<Scope>,
    /// The user it acts as; needed for `agent`.
    #[serde(default)]
    pub user: Option<Id>,
    /// When it stops working, counted from now; left out, never. Seconds.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub expires_in_s: Option<u64>,
}

/// A token without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    /// Its id: 16 hexadecimal digits, the same that stand in the token itself.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "9f86d081884c7d65")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The user it acts as.
    pub user: Option<Id>,
    /// When it stops working.
    pub expires_at: Option<Time>,
}

/// A new token, whose secret is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenWithSecret {
    /// The token.
    #[serde(flatten)]
    pub record: Token,
    /// What goes behind `Authorization: Bearer`.
    #[schema(example = "cordial_9f86d081884c7d65_…")]
    pub token: String,
}

/// A user's name and password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LogIn {
    /// The tenant's SIP domain.
    #[schema(max_length = 255, example = "cordial.localhost")]
    pub domain: String,
    /// The login.
    #[schema(max_length = 64, example = "ann")]
    pub name: String,
    /// The password.
    #[schema(max_length = 256, format = Password)]
    pub password: String,
}

/// Who asks, as the server sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// Whose things are seen.
    pub tenant: Tenant,
    /// The user that the token acts as.
    pub user: Option<Id>,
    /// That user's agent.
    pub agent: Option<Id>,
    /// What the token may do.
    pub scopes: Vec<Scope>,
    /// The token's id.
    pub token: String,
}

/// The owner of everything that a token sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tenant {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its SIP domain.
    pub domain: String,
}

/// A ticket that stands for the token once, for a browser's WebSocket, which cannot send a header.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// Offered as subprotocol `cordial.ticket.<ticket>` beside `cordial.v1`.
    pub ticket: String,
    /// Until then.
    pub expires_at: Time,
}

/// A tenant that is to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewTenant {
    /// Unique on the installation.
    #[schema(min_length = 1, max_length = 64, example = "Example Ltd")]
    pub name: String,
    /// The SIP domain whose devices are this tenant's.
    #[schema(min_length = 1, max_length = 255, example = "example.com")]
    pub domain: String,
}

/// A new tenant with a token that may do everything within it, shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantWithToken {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// What goes behind `Authorization: Bearer`.
    pub token: String,
}

/// A command for the console of the call centre.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct ConsoleCommand {
    /// What stands behind `callcenter_config`.
    #[schema(max_length = 4096, example = "agent list")]
    pub command: String,
}

/// What the console prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsoleAnswer {
    /// With its line ends.
    pub answer: String,
}

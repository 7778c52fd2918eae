//! Users and their teams.

use super::{Answer, ReasonCode, optional, uri};
use crate::finesse::words::{UserState, WrapUpMode};
use crate::finesse::xml::Element;
use crate::native::wire::Time;

/// An agent or supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id in addresses.
    pub login_id: String,
    /// The name to log in by.
    pub login_name: String,
    /// Of the person.
    pub first_name: String,
    /// Of the person.
    pub last_name: String,
    /// Empty while logged out.
    pub extension: String,
    /// A supervisor is an agent as well.
    pub is_supervisor: bool,
    /// What the user is.
    pub state: UserState,
    /// What the user will be after this call.
    pub pending_state: Option<UserState>,
    /// Why not ready or logged out.
    pub reason_code: Option<ReasonCode>,
    /// Since when.
    pub state_change_time: Option<Time>,
    /// The team that the user is in.
    pub team: TeamName,
    /// The teams that the user supervises.
    pub teams: Vec<TeamName>,
    /// Whether and when the user finishes calls.
    pub wrap_up_on_incoming: WrapUpMode,
}

impl Answer for User {
    fn element(&self) -> Element {
        let roles = if self.is_supervisor { ["Agent", "Supervisor"].as_slice() } else { &["Agent"] };
        let own = uri("User", &self.login_id);
        let settings = vec![Element::leaf("wrapUpOnIncoming", self.wrap_up_on_incoming)];
        let mut children = vec![
            Element::leaf("uri", &own),
            Element::leaf("dialogs", format!("{own}/Dialogs")),
            Element::leaf("extension", &self.extension),
            Element::leaf("firstName", &self.first_name),
            Element::leaf("lastName", &self.last_name),
            Element::leaf("loginId", &self.login_id),
            Element::leaf("loginName", &self.login_name),
            Element::of("roles", roles.iter().map(|role| Element::leaf("role", role)).collect()),
            Element::leaf("state", self.state),
            optional("pendingState", self.pending_state),
        ];
        if let Some(reason) = &self.reason_code {
            children.push(Element::of("reasonCode", reason.element().children));
            children.push(Element::leaf("reasonCodeId", &reason.id));
        }
        children.extend([
            optional("stateChangeTime", self.state_change_time),
            Element::leaf("teamId", &self.team.id),
            Element::leaf("teamName", &self.team.name),
            Element::of(
                "teams",
                self.teams.iter().map(|team| Element::of("Team", team.elements())).collect(),
            ),
            Element::of("settings", settings),
        ]);
        Element::of("User", children)
    }
}

/// A team by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamName {
    /// The id in addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl TeamName {
    fn elements(&self) -> Vec<Element> {
        vec![
            Element::leaf("uri", uri("Team", &self.id)),
            Element::leaf("id", &self.id),
            Element::leaf("name", &self.name),
        ]
    }
}

/// A team with its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Which.
    pub name: TeamName,
    /// Who is in it.
    pub users: Vec<User>,
}

impl Answer for Team {
    fn element(&self) -> Element {
        let mut children = self.name.elements();
        children.push(Element::of("users", self.users.iter().map(Answer::element).collect()));
        Element::of("Team", children)
    }
}

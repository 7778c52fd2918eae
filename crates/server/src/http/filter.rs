//! What is wanted of a list of the directory.

use std::collections::BTreeSet;

use cordial_dialects::native::problem::{FieldError, Problem};
use cordial_engine::agent::{DeviceState, Duty};
use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::id::{AgentId, PhoneBookId, QueueId, TeamId, UserId};

use super::ask::Listing;
use super::scene::Scene;

/// The filters of a list, read.
pub(super) struct Wanted {
    key: Option<String>,
    team: Option<TeamId>,
    queue: Option<QueueId>,
    user: Option<UserId>,
    owner: Option<AgentId>,
    state: Option<State>,
    phone_book: Option<PhoneBookId>,
}

/// A state of an agent or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    LoggedOut,
    NotReady,
    Ready,
    Unregistered,
    Idle,
    Busy,
}

impl State {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "logged_out" => Ok(Self::LoggedOut),
            "not_ready" => Ok(Self::NotReady),
            "ready" => Ok(Self::Ready),
            "unregistered" => Ok(Self::Unregistered),
            "idle" => Ok(Self::Idle),
            "busy" => Ok(Self::Busy),
            _ => Err(Problem::invalid(vec![FieldError::new("?state", "is no state of these")])),
        }
    }
}

impl Wanted {
    pub(super) fn of(scene: &Scene<'_>, listing: &Listing) -> Result<Self, Problem> {
        Ok(Self {
            key: listing.name.clone().or_else(|| listing.number.clone()),
            team: listing.team.map(|id| scene.named("?team", id)).transpose()?,
            queue: listing.queue.map(|id| scene.named("?queue", id)).transpose()?,
            user: listing.user.map(|id| scene.named("?user", id)).transpose()?,
            owner: listing.owner.map(|id| scene.named("?owner", id)).transpose()?,
            state: listing.state.as_deref().map(State::parse).transpose()?,
            phone_book: listing.phone_book.map(|id| scene.named("?phone_book", id)).transpose()?,
        })
    }

    /// What can be wanted of a kind, in the order in which it was added.
    pub(super) fn ids<'a>(&self, scene: &'a Scene<'_>, kind: Kind) -> Box<dyn Iterator<Item = EntryId> + 'a> {
        let (engine, tenant) = (scene.engine, scene.tenant);
        match (&self.key, self.phone_book) {
            // Names and numbers are found, not searched for; and a book knows its contacts.
            (Some(key), _) => Box::new(engine.find_by_name(tenant, kind, key).into_iter()),
            (None, Some(book)) => {
                let ids: BTreeSet<EntryId> =
                    engine.contacts_of(tenant, book).map(|(id, _)| EntryId::Contact(id)).collect();
                Box::new(ids.into_iter())
            }
            (None, None) => Box::new(engine.entry_ids(tenant, kind)),
        }
    }

    /// Whether an entry is wanted.
    pub(super) fn passes(&self, scene: &Scene<'_>, id: EntryId) -> bool {
        match id {
            EntryId::Agent(agent) => self.passes_agent(scene, agent),
            EntryId::Device(device) => {
                if self.owner.is_none() && self.state.is_none() {
                    return true;
                }
                let Some(view) = scene.engine.device(scene.tenant, device) else { return false };
                let state = match view.state {
                    DeviceState::Unregistered => State::Unregistered,
                    DeviceState::Idle => State::Idle,
                    DeviceState::Busy => State::Busy,
                };
                self.owner.is_none_or(|owner| view.entry.owner == Some(owner))
                    && self.state.is_none_or(|wanted| wanted == state)
            }
            EntryId::User(_)
            | EntryId::Team(_)
            | EntryId::Trunk(_)
            | EntryId::Queue(_)
            | EntryId::Route(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_) => true,
        }
    }

    fn passes_agent(&self, scene: &Scene<'_>, agent: AgentId) -> bool {
        let (engine, tenant) = (scene.engine, scene.tenant);
        let state = |wanted| {
            let Some(view) = engine.agent(tenant, agent) else { return false };
            let state = match view.duty {
                Duty::LoggedOut => State::LoggedOut,
                Duty::NotReady { .. } => State::NotReady,
                Duty::Ready => State::Ready,
            };
            state == wanted
        };
        self.team.is_none_or(|team| engine.team_of(tenant, agent) == Some(team))
            && self.queue.is_none_or(|queue| engine.is_assigned(agent, queue))
            && self.user.is_none_or(|user| engine.agent_of_user(tenant, user) == Some(agent))
            && self.state.is_none_or(state)
    }
}

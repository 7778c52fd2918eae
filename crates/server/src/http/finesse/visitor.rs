//! Who asks, and what his requests are about.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use cordial_dialects::connector::board::Board;
use cordial_dialects::connector::fault::Code;
use cordial_dialects::connector::request::Ask;
use cordial_dialects::finesse::wire::ApiError;
use cordial_dialects::finesse::words::ErrorType;
use cordial_engine::id::{AgentId, DeviceId, TenantId};
use cordial_engine::{Command, Refusal};

use super::fault::No;
use crate::connector::{Denied, Person, Rooms};
use crate::handle::Asker;
use crate::http::State;
use crate::http::guard::Bytes64;

/// Who asks: an agent or a supervisor.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) tenant: TenantId,
    pub(super) person: Arc<Person>,
    pub(super) by: Asker,
    pub(super) rooms: Rooms,
}

/// Whom a path names, and whoever asks may see.
pub(super) struct Whom {
    /// A supervisor may take no calls.
    pub(super) agent: Option<AgentId>,
    /// Whether he asks about himself.
    pub(super) is_own: bool,
}

/// Where an agent is.
pub(super) struct Place {
    pub(super) agent: AgentId,
    pub(super) device: DeviceId,
    pub(super) extension: String,
}

impl Visitor {
    /// Looks at the tenant's board.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Board) -> T + Send + 'static,
    ) -> Result<T, No> {
        Ok(self.rooms.look(self.tenant, f).await?)
    }

    /// The user of that id: himself, or an agent whom he supervises. Who supervises nobody does not learn which others there
    /// are.
    pub(super) async fn whom(&self, id: &str) -> Result<Whom, No> {
        if id == self.person.login {
            return Ok(Whom { agent: self.person.agent, is_own: true });
        }
        if !self.person.supervises() {
            let other = "an agent sees and changes himself only";
            return Err(No::new(ErrorType::InvalidAuthorizationUserSpecified, other, id));
        }
        let (person, login) = (Arc::clone(&self.person), id.to_owned());
        let found = self.look(move |board| {
            let agent = board.agent_of(&login)?;
            Some((agent, person.reaches(board.team(agent))))
        });
        match found.await? {
            Some((agent, true)) => Ok(Whom { agent: Some(agent), is_own: false }),
            Some((_, false)) => {
                Err(No::new(ErrorType::InvalidSupervisor, "the user is in none of your teams", id))
            }
            None => Err(No::new(ErrorType::UserNotFound, "there is no such user", id)),
        }
    }

    /// Where he is himself.
    pub(super) async fn place(&self) -> Result<Place, No> {
        let nowhere =
            || No::new(ErrorType::InvalidState, "the user is logged in at no phone", &self.person.login);
        let agent = self.person.agent.ok_or_else(nowhere)?;
        let found = self.look(move |board| Some((board.device(agent)?, board.state(agent)?.extension)));
        let (device, extension) = found.await?.ok_or_else(nowhere)?;
        Ok(Place { agent, device, extension })
    }

    /// Does what a session of his could ask for, for himself or about somebody of his team; `id` is what the path names.
    pub(super) async fn ask(&self, about: Option<AgentId>, ask: Ask, id: &str) -> Result<(), No> {
        let by = (self.person.user, self.by.clone());
        match self.rooms.ask(self.tenant, by, about, ask).await {
            Ok(_) => Ok(()),
            Err(Denied { code, detail }) => Err(ApiError::denied(code, &detail, id).into()),
        }
    }

    /// Asks the engine for what sessions of the connector cannot. What is so already is granted.
    pub(super) async fn command(&self, state: &State, command: Command, id: &str) -> Result<(), No> {
        match state.handle().command(self.tenant, self.by.clone(), command).await? {
            Ok(_) | Err(Refusal::AlreadySo) => Ok(()),
            Err(refusal) => Err(ApiError::denied(Code::of(&refusal), &refusal.to_string(), id).into()),
        }
    }
}

/// The id in a path.
pub(super) struct At(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, No> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(No::new(ErrorType::BadRequest, "the path is not in UTF-8", "")),
        }
    }
}

/// A body as it was sent.
pub(super) struct Sent(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = No;

    async fn from_request(request: Request, _: &S) -> Result<Self, No> {
        Ok(Self(request.extensions().get::<Bytes64>().cloned().unwrap_or_default().0))
    }
}

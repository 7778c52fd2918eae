//! What a request sees of the engine: one tenant's things, by guid.

use cordial_dialects::names::{EntryKey, Find, Named, Names, Unnamed, offer_guid};
use cordial_dialects::native::problem::{Code, Problem};
use cordial_dialects::native::wire::{Id, Scope};
use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::id::{AgentId, CallId, Guid, TenantId};
use cordial_engine::view::{CallView, OfferView};
use cordial_engine::{Engine, Now, Refusal};

use super::State;
use super::fault::No;
use super::guard::Who;

/// One tenant's part of the engine at one instant.
pub(super) struct Scene<'a> {
    pub(super) engine: &'a Engine,
    pub(super) now: Now,
    pub(super) tenant: TenantId,
}

impl Names for Scene<'_> {
    fn guid(&self, of: Named) -> Option<Guid> {
        match of {
            Named::Entry(id) => self.engine.guid(id),
            Named::Call(call) => Some(self.engine.call(self.tenant, call)?.guid),
            Named::Leg(call, leg) => {
                let call = self.engine.call(self.tenant, call)?;
                Some(call.legs.iter().find(|it| it.id == leg)?.guid)
            }
            Named::Offer(offer) => {
                let call = self.engine.offer(offer)?.call;
                Some(offer_guid(self.engine.call(self.tenant, call)?.guid, offer))
            }
            Named::Recording(recording) => {
                let calls = self.engine.calls(self.tenant);
                calls.iter().filter_map(|call| call.recording).find(|(id, _)| *id == recording).map(|it| it.1)
            }
        }
    }
}

impl Find for Scene<'_> {
    fn find(&self, kind: Kind, guid: Guid) -> Option<EntryId> {
        self.engine.find(self.tenant, kind, guid)
    }
}

impl Scene<'_> {
    /// The entry that a path names.
    pub(super) fn key<K: EntryKey>(&self, id: Id) -> Result<K, Problem> {
        let found = self.find(K::KIND, id.0).and_then(K::of);
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(K::KIND)))
    }

    /// The live call that a path names.
    pub(super) fn call(&self, id: Id) -> Result<CallView, Problem> {
        let found = self.engine.call_by_guid(self.tenant, id.0);
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(Kind::Call)))
    }

    /// The live offer that a path names.
    pub(super) fn offer(&self, id: Id) -> Result<OfferView, Problem> {
        let guid = |call: CallId| self.guid(Named::Call(call));
        let mut offers = self.engine.offers(self.tenant).into_iter();
        let found = offers.find(|it| guid(it.call).is_some_and(|call| offer_guid(call, it.id) == id.0));
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(Kind::Offer)))
    }

    /// The agent of the token's own user.
    pub(super) fn own(&self, who: &Who) -> Option<AgentId> {
        self.engine.agent_of_user(self.tenant, who.user?)
    }

    /// Whether `who` may act on what concerns these agents: as a supervisor on all, as an agent on what is his own.
    pub(super) fn may_act(
        &self,
        who: &Who,
        mut agents: impl Iterator<Item = AgentId>,
    ) -> Result<(), Problem> {
        if who.scopes.contains(&Scope::Supervise) {
            return Ok(());
        }
        let own = self.own(who);
        if own.is_some_and(|own| agents.any(|agent| agent == own)) {
            return Ok(());
        }
        Err(Problem::new(
            Code::Forbidden,
            "the scope agent reaches what is the token's own agent's; supervise reaches all",
        ))
    }
}

/// Everybody who has or had a part in a live call.
pub(super) fn parties(call: &CallView) -> impl Iterator<Item = AgentId> + '_ {
    call.agent.into_iter().chain(call.legs.iter().filter_map(|leg| leg.agent))
}

impl State {
    /// Looks at the tenant of whoever asks.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        who: &Who,
        look: impl FnOnce(&Scene<'_>) -> Result<T, LookError> + Send + 'static,
    ) -> Result<T, No> {
        let tenant = who.tenant;
        let seen = self.parts.handle.read(move |engine, now| look(&Scene { engine, now, tenant })).await?;
        seen.map_err(|error| match error {
            LookError::Problem(problem) => problem.into(),
            LookError::Unnamed(unnamed) => unnamed.into(),
        })
    }
}

/// Why a look came to nothing.
pub(super) enum LookError {
    Problem(Problem),
    Unnamed(Unnamed),
}

impl From<Problem> for LookError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Unnamed> for LookError {
    fn from(unnamed: Unnamed) -> Self {
        Self::Unnamed(unnamed)
    }
}

impl From<Vec<cordial_dialects::native::problem::FieldError>> for LookError {
    fn from(errors: Vec<cordial_dialects::native::problem::FieldError>) -> Self {
        Self::Problem(Problem::invalid(errors))
    }
}

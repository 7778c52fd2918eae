//! What a request sees of the engine: one tenant's things, by guid.

use cordial_dialects::names::{EntryKey, Find, Named, Names, Unnamed, offer_guid};
use cordial_dialects::native::problem::{Code, FieldError, Problem};
use cordial_dialects::native::wire::{Id, Scope};
use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::id::{AgentId, CallId, Guid, TenantId};
use cordial_engine::view::{CallView, OfferView};
use cordial_engine::{Engine, Now, Refusal};

use super::State;
use super::fault::No;
use super::guard::Who;
use super::sight::{Horizon, Sight};

/// One tenant's part of the engine at one instant.
pub(super) struct Scene<'a> {
    pub(super) engine: &'a Engine,
    pub(super) now: Now,
    pub(super) tenant: TenantId,
    /// How far whoever asks sees.
    pub(super) sight: Sight,
}

impl Names for Scene<'_> {
    fn guid(&self, of: Named) -> Option<Guid> {
        match of {
            Named::Entry(id) => self.engine.guid(id),
            Named::Call(call) => Some(self.engine.call(self.tenant, call)?.guid),
            // It may be in another call by now.
            Named::Leg(_, leg) => {
                let own = self.engine.call_of_leg(leg).is_some_and(|(tenant, _)| tenant == self.tenant);
                own.then(|| self.engine.leg(leg)).flatten().map(|leg| leg.guid)
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
    /// Whether whoever asks sees an entry.
    pub(super) fn sees(&self, id: EntryId) -> bool {
        self.sight.sees(self.engine, self.tenant, id)
    }

    /// Whether whoever asks sees a live call.
    pub(super) fn sees_call(&self, call: &CallView) -> bool {
        self.sight.sees_call(self.engine, self.tenant, call)
    }

    /// Whether whoever asks sees a live offer: that of an agent whom he reaches.
    pub(super) fn sees_offer(&self, offer: &OfferView) -> bool {
        self.sight.is_whole() || self.sight.reaches(self.engine, self.tenant, offer.agent)
    }

    /// Everything that whoever asks sees; `None` for all of the tenant.
    pub(super) fn horizon(&self) -> Option<Horizon> {
        self.sight.horizon(self.engine, self.tenant)
    }

    /// The entry that a path names, if whoever asks sees it.
    pub(super) fn key<K: EntryKey>(&self, id: Id) -> Result<K, Problem> {
        let found = self.find(K::KIND, id.0).filter(|id| self.sees(*id)).and_then(K::of);
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(K::KIND)))
    }

    /// The entry that a parameter of the query names, if whoever asks sees it.
    pub(super) fn named<K: EntryKey>(&self, parameter: &str, id: Id) -> Result<K, Problem> {
        self.key(id).map_err(|_| Problem::invalid(vec![FieldError::new(parameter, "is not known here")]))
    }

    /// The live call that a path names.
    pub(super) fn call(&self, id: Id) -> Result<CallView, Problem> {
        let found = self.engine.call_by_guid(self.tenant, id.0).filter(|call| self.sees_call(call));
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(Kind::Call)))
    }

    /// The live offer that a path names.
    pub(super) fn offer(&self, id: Id) -> Result<OfferView, Problem> {
        let guid = |call: CallId| self.guid(Named::Call(call));
        let mut offers = self.engine.offers(self.tenant).into_iter().filter(|it| self.sees_offer(it));
        let found = offers.find(|it| guid(it.call).is_some_and(|call| offer_guid(call, it.id) == id.0));
        found.ok_or_else(|| Problem::refused(&Refusal::NotFound(Kind::Offer)))
    }

    /// The agent of the token's own user.
    pub(super) const fn own(&self) -> Option<AgentId> {
        self.sight.own()
    }

    /// Whether `who` may act on what concerns these agents: as a supervisor on those of his teams and on what is
    /// nobody's, as an agent on what is his own.
    pub(super) fn may_act(&self, who: &Who, agents: impl Iterator<Item = AgentId>) -> Result<(), Problem> {
        let agents: Vec<AgentId> = agents.collect();
        let supervised = |agent: &AgentId| self.sight.supervises(self.engine, self.tenant, *agent);
        if who.scopes.contains(&Scope::Supervise) && (agents.is_empty() || agents.iter().any(supervised)) {
            return Ok(());
        }
        if who.scopes.contains(&Scope::Agent) && self.own().is_some_and(|own| agents.contains(&own)) {
            return Ok(());
        }
        Err(Problem::new(
            Code::Forbidden,
            "the scope agent reaches what is the token's own agent's; supervise reaches the agents of the user's teams",
        ))
    }

    /// Whether `who` may change an entry: everything as an administrator, his queues as a manager of queues.
    pub(super) fn may_change(&self, who: &Who, id: EntryId) -> Result<(), Problem> {
        if who.scopes.contains(&Scope::Admin) {
            return Ok(());
        }
        match id {
            EntryId::Queue(queue) if who.scopes.contains(&Scope::Manage) && self.sight.manages(queue) => {
                Ok(())
            }
            EntryId::Queue(_)
            | EntryId::User(_)
            | EntryId::Agent(_)
            | EntryId::Team(_)
            | EntryId::Device(_)
            | EntryId::Trunk(_)
            | EntryId::Route(_)
            | EntryId::Reason(_)
            | EntryId::Disposition(_)
            | EntryId::Skill(_)
            | EntryId::PhoneBook(_)
            | EntryId::Contact(_)
            | EntryId::BlacklistedNumber(_)
            | EntryId::Calendar(_) => Err(Problem::new(
                Code::Forbidden,
                "the scope manage reaches the user's queues; admin reaches all of the directory",
            )),
        }
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
        let Who { tenant, user, scopes, .. } = who.clone();
        let seen = self.parts.handle.read(move |engine, now| {
            let sight = Sight::of(engine, tenant, user, &scopes);
            look(&Scene { engine, now, tenant, sight })
        });
        let seen = seen.await?;
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

impl From<Vec<FieldError>> for LookError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Problem(Problem::invalid(errors))
    }
}

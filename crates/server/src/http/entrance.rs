//! How those come in who speak no HTTP of ours: by a token, or by a user's name and password.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cordial_dialects::native::wire::Scope;
use cordial_engine::Actor;
use cordial_engine::command::Origin;
use cordial_engine::id::{TenantId, UserId};
use cordial_engine::text::Text;
use cordial_store::{Owner, TokenId};

use super::access::{Known, known, reaching_all, scope_told, scopes_of};
use super::fault::No;
use super::guard::{Who, only_tenant};
use super::{State, wall};
use crate::handle::Asker;

/// Somebody who came in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Whose things are seen.
    pub(crate) tenant: TenantId,
    /// As whom.
    pub(crate) user: Option<UserId>,
    /// How far it reaches.
    pub(crate) scopes: BTreeSet<Scope>,
    /// The token, when there is one, to look again whether it still works.
    token: Option<(TokenId, Arc<str>)>,
    /// Whence.
    peer: Option<IpAddr>,
}

/// Why somebody did not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnedAway {
    /// Nobody has that token, or that name and password.
    Wrong,
    /// Too many were tried, or too much is asked.
    TooMuch,
    /// Nobody can tell now.
    Unavailable,
}

impl Caller {
    /// Who came in by HTTP, with the request's own token.
    pub(super) async fn of(state: &State, who: &Who) -> Result<Self, No> {
        let Who { tenant, token, user, scopes, text, peer } = who.clone();
        let scopes = reaching_all(state, tenant, user, scopes).await?;
        Ok(Self { tenant, user, scopes, token: Some((token, text)), peer: Some(peer) })
    }

    /// In whose name things are done.
    pub(crate) fn by(&self) -> Asker {
        let actor = self.user.map_or(Actor::Operator, Actor::User);
        let token = self.token.as_ref().and_then(|(token, _)| Text::parse(&token.to_string()).ok());
        Asker::from(actor, Origin { token, address: self.peer })
    }

    /// The name of the token that it came in by.
    pub(crate) fn key(&self) -> Option<String> {
        self.token.as_ref().map(|(token, _)| token.to_string())
    }

    /// Whether what it came in by still holds.
    pub(crate) fn stands(&self, state: &State) -> bool {
        let holds =
            |(_, text): &(TokenId, Arc<str>)| state.parts.handle.store().authenticate(text, wall()).is_some();
        self.token.as_ref().is_none_or(holds)
    }
}

impl From<No> for TurnedAway {
    fn from(no: No) -> Self {
        match no.status() {
            429 => Self::TooMuch,
            500.. => Self::Unavailable,
            _ => Self::Wrong,
        }
    }
}

impl State {
    /// The door to the node.
    pub(crate) fn handle(&self) -> &crate::handle::Handle {
        &self.parts.handle
    }

    /// Whether new calls and requests are taken.
    pub(crate) fn takes_work(&self) -> bool {
        self.parts.health.takes_work()
    }

    /// Lets in who has a token.
    pub(crate) async fn enter_by_token(&self, peer: IpAddr, text: &str) -> Result<Caller, TurnedAway> {
        let store = self.parts.handle.store();
        let Some(identity) = store.authenticate(text, wall()) else {
            self.rates.stranger(peer)?;
            return Err(TurnedAway::Wrong);
        };
        self.rates.token(identity.token)?;
        let tenant = match identity.owner {
            Owner::Tenant(tenant) => tenant,
            Owner::Installation => only_tenant(self).await?,
        };
        let scopes = identity.scopes.iter().map(|scope| scope_told(*scope)).collect();
        Ok(Caller {
            tenant,
            user: identity.user,
            scopes: reaching_all(self, tenant, identity.user, scopes).await?,
            token: Some((identity.token, text.into())),
            peer: Some(peer),
        })
    }

    /// Lets in who has a name and a password.
    pub(crate) async fn enter_by_password(
        &self,
        peer: IpAddr,
        domain: &str,
        name: &str,
        password: &str,
    ) -> Result<Caller, TurnedAway> {
        self.rates.stranger(peer)?;
        let found = known(self, peer, domain, name, password).await?;
        let Some(Known { tenant, user, roles, .. }) = found else {
            return Err(TurnedAway::Wrong);
        };
        let scopes = reaching_all(self, tenant, Some(user), scopes_of(&roles)).await?;
        Ok(Caller { tenant, user: Some(user), scopes, token: None, peer: Some(peer) })
    }

    /// Whose name and password these are, if anybody's; guesses are counted, but not how fast is asked. For those who speak
    /// for many by one connection.
    pub(crate) async fn proves(
        &self,
        peer: IpAddr,
        domain: &str,
        name: &str,
        password: &str,
    ) -> Result<Option<UserId>, TurnedAway> {
        Ok(known(self, peer, domain, name, password).await?.map(|known| known.user))
    }

    /// Counts one more thing asked for by somebody who came in.
    pub(crate) fn asks(&self, caller: &Caller, peer: IpAddr) -> Result<(), TurnedAway> {
        match &caller.token {
            Some((token, _)) => self.rates.token(*token)?,
            None => self.rates.stranger(peer)?,
        }
        Ok(())
    }
}

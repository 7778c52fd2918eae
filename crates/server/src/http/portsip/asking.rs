//! One request that has passed the guard, and what a handler does with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use cordial_dialects::portsip::decode::{Body, Listing};
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::scene::Scene;
use cordial_engine::{Answer, Command, Refusal};
use serde::Serialize;

use super::fault::No;
use crate::http::State;
use crate::http::guard::{Bytes64, Who};

/// A request: who asks, what the path names, and what else is said.
pub(super) struct Asking {
    pub(super) state: State,
    pub(super) who: Who,
    path: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    body: Bytes64,
}

impl FromRequest<State> for Asking {
    type Rejection = No;

    async fn from_request(request: Request, state: &State) -> Result<Self, No> {
        let (mut parts, _) = request.into_parts();
        let bad = |what: &str| Problem::invalid(what, "cannot be read");
        let Path(path) = Path::from_request_parts(&mut parts, state).await.map_err(|_| bad("path"))?;
        let Query(query) = Query::try_from_uri(&parts.uri).map_err(|_| bad("query"))?;
        let who = parts.extensions.remove::<Who>().ok_or_else(Problem::unauthorized)?;
        let body = parts.extensions.remove::<Bytes64>().unwrap_or_default();
        Ok(Self { state: state.clone(), who, path, query, body })
    }
}

impl Asking {
    /// What the path names there.
    pub(super) fn named(&self, what: &str) -> String {
        self.path.get(what).cloned().unwrap_or_default()
    }

    /// The body, an object.
    pub(super) fn body(&self) -> Result<Body, Problem> {
        Body::parse(&self.body.0)
    }

    /// What is asked of a list.
    pub(super) fn listing(&self) -> Result<Listing, Problem> {
        Listing::parse(&self.query)
    }

    /// Looks at the tenant of whoever asks.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Scene<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, No> {
        let tenant = self.who.tenant;
        let seen =
            self.state.parts.handle.read(move |engine, now| look(&Scene { engine, tenant, now })).await?;
        Ok(seen?)
    }

    /// Gives a command. That it is so already, or will be after the live call, is a yes.
    pub(super) async fn give(&self, command: Command) -> Result<Option<Answer>, No> {
        let answer = self.state.parts.handle.command(self.who.tenant, self.who.by(), command).await?;
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(Refusal::AlreadySo) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// 200 with a body.
pub(super) fn told(body: &impl Serialize) -> Result<Response, No> {
    Ok(Json(body).into_response())
}

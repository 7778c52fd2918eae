//! Brings each request to its tenant's room, which is opened when somebody first comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordial_engine::id::TenantId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::room::Room;
use super::rooms::{Inquiries, ToRoom};
use super::settings::Settings;
use super::{Heard, Way, Ways};
use crate::http;
use crate::limits::CONNECTOR_ROOM_MAX;
use crate::stomp::broker::Request;

/// All rooms.
pub(crate) struct Hub {
    state: http::State,
    settings: Arc<Settings>,
    ways: Ways,
    rooms: BTreeMap<TenantId, mpsc::Sender<ToRoom>>,
    open: JoinSet<()>,
}

impl Hub {
    pub(crate) fn new(state: http::State, settings: Settings, ways: Ways) -> Self {
        let (settings, rooms) = (Arc::new(settings), BTreeMap::new());
        Self { state, settings, ways, rooms, open: JoinSet::new() }
    }

    /// Hears until all is to stop; then everybody is told that it is over.
    pub(crate) async fn run(
        mut self,
        mut embedded: mpsc::Receiver<Request>,
        mut heard: mpsc::Receiver<Heard>,
        mut inquiries: Inquiries,
        mut stopped: watch::Receiver<bool>,
    ) {
        loop {
            let heard = tokio::select! {
                Some(request) = embedded.recv() => Heard::from(request),
                Some(heard) = heard.recv() => heard,
                Some((tenant, inquiry)) = inquiries.recv() => {
                    self.bring(tenant, ToRoom::Inquiry(inquiry)).await;
                    continue;
                }
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => break,
                Some(_) = self.open.join_next() => continue,
            };
            if let Some(tenant) = self.whose(&heard.way).await {
                self.bring(tenant, ToRoom::Heard(heard)).await;
            }
        }
        self.rooms.clear();
        while self.open.join_next().await.is_some() {}
    }

    /// Of which tenant somebody is who came by that way.
    async fn whose(&self, way: &Way) -> Option<TenantId> {
        match way {
            Way::Embedded { visitor, .. } => Some(visitor.tenant),
            Way::Broker => self.tenant_of(&self.settings.broker_domain).await,
            Way::Web { .. } => self.tenant_of(&self.settings.domain).await,
        }
    }

    async fn bring(&mut self, tenant: TenantId, asked: ToRoom) {
        if let Some(room) = self.room(tenant).await
            && room.send(asked).await.is_err()
        {
            // It ended by itself, which is a bug; the next request opens another.
            self.rooms.remove(&tenant);
        }
    }

    /// Whose tenant those are who come by a way that is no tenant's.
    async fn tenant_of(&self, domain: &str) -> Option<TenantId> {
        let asked = domain.to_owned();
        let known = self.state.handle().read(move |engine, _| engine.tenant_by_domain(&asked)).await;
        let tenant = known.ok().flatten();
        if tenant.is_none() {
            tracing::warn!(
                domain,
                "a request of the connector is dropped: no tenant of that domain is known now"
            );
        }
        tenant
    }

    async fn room(&mut self, tenant: TenantId) -> Option<mpsc::Sender<ToRoom>> {
        if let Some(room) = self.rooms.get(&tenant) {
            return Some(room.clone());
        }
        match Room::open(&self.state, tenant, Arc::clone(&self.settings), self.ways.clone()).await {
            Ok(room) => {
                let (ask, asked) = mpsc::channel(CONNECTOR_ROOM_MAX);
                self.open.spawn(room.run(asked));
                self.rooms.insert(tenant, ask.clone());
                Some(ask)
            }
            Err(why) => {
                tracing::warn!(%why, "a request of the connector is dropped: its tenant cannot be looked at now");
                None
            }
        }
    }
}

//! Brings each request to its tenant's room, which is opened when somebody first comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordial_dialects::connector::event::{Event, Format, Told};
use cordial_engine::id::TenantId;
use cordial_store::KnownDestination;
use reqwest::Url;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::link::LinkState;
use super::recall::Recall;
use super::room::Room;
use super::rooms::{Inquiries, ToRoom};
use super::settings::Settings;
use super::{Address, Heard, Post, Way, Ways};
use crate::http;
use crate::limits::CONNECTOR_ROOM_MAX;
use crate::stomp::broker::Request;

/// Where the hub hears.
pub(crate) struct Ears {
    /// What is sent to the embedded broker.
    pub(crate) embedded: mpsc::Receiver<Request>,
    /// What comes by the other ways.
    pub(crate) heard: mpsc::Receiver<Heard>,
    /// Who asks by HTTP, without a session.
    pub(crate) inquiries: Inquiries,
    /// The broker of the site's, if there is one.
    pub(crate) far: Option<Far>,
}

/// What is to be known of the site's broker.
pub(crate) struct Far {
    /// Whether it is there.
    pub(crate) state: watch::Receiver<LinkState>,
    /// What the other connectors tell there.
    pub(crate) others: mpsc::Receiver<String>,
}

enum FarNews {
    /// It is there, for the first time or again.
    Back {
        first: bool,
    },
    Other(String),
}

impl Far {
    /// What is new; `None` when there is no such broker.
    async fn next(far: &mut Option<Self>) -> Option<FarNews> {
        let Self { state, others } = far.as_mut()?;
        loop {
            tokio::select! {
                changed = state.changed() => {
                    changed.ok()?;
                    if let LinkState::Up { times } = *state.borrow_and_update() {
                        return Some(FarNews::Back { first: times == 1 });
                    }
                }
                Some(text) = others.recv() => return Some(FarNews::Other(text)),
            }
        }
    }
}

/// All rooms.
pub(crate) struct Hub {
    state: http::State,
    settings: Arc<Settings>,
    ways: Ways,
    rooms: BTreeMap<TenantId, mpsc::Sender<ToRoom>>,
    open: JoinSet<()>,
    recall: Recall,
}

impl Hub {
    pub(crate) fn new(state: http::State, settings: Settings, ways: Ways) -> Self {
        let (settings, rooms) = (Arc::new(settings), BTreeMap::new());
        Self { state, settings, ways, rooms, open: JoinSet::new(), recall: Recall::default() }
    }

    /// Hears until all is to stop; then everybody is told that it is over.
    pub(crate) async fn run(mut self, ears: Ears, mut stopped: watch::Receiver<bool>) {
        let Ears { mut embedded, mut heard, mut inquiries, mut far } = ears;
        if self.settings.reconnect_at_start {
            self.recall(|known| known.url.is_some()).await;
        }
        loop {
            tokio::select! {
                Some(request) = embedded.recv() => self.hear(Heard::from(request)).await,
                Some(heard) = heard.recv() => self.hear(heard).await,
                Some((tenant, inquiry)) = inquiries.recv() => self.bring(tenant, ToRoom::Inquiry(inquiry)).await,
                Some(news) = Far::next(&mut far) => match news {
                    FarNews::Back { first } if first && !self.settings.reconnect_at_start => {}
                    FarNews::Back { .. } => self.recall(|known| known.url.is_none()).await,
                    // Whoever logs in here as well is told by his client; there is nothing to decide by it.
                    FarNews::Other(text) => tracing::debug!(text, "another connector tells"),
                },
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => break,
                known = self.recall.due() => self.call_back(known),
                Some(_) = self.open.join_next() => {}
            }
        }
        self.rooms.clear();
        while self.open.join_next().await.is_some() {}
    }

    async fn hear(&mut self, heard: Heard) {
        self.recall.hear(&heard);
        if let Some(tenant) = self.whose(&heard.way).await {
            self.bring(tenant, ToRoom::Heard(heard)).await;
        }
    }

    /// Begins to call those back who listened until now.
    async fn recall(&mut self, wanted: impl Fn(&KnownDestination) -> bool) {
        match self.state.handle().store().destinations().await {
            Ok(known) => self.recall.begin(known.into_iter().filter(wanted).collect()),
            Err(error) => tracing::warn!(%error, "it is not known where the connector's clients listened"),
        }
    }

    /// Tells those who listened that they have to say once more who is there.
    fn call_back(&self, known: Vec<KnownDestination>) {
        for KnownDestination { tenant, name, url } in known {
            let (address, usual) = match url.map(|url| Url::parse(&url)) {
                Some(Ok(url)) if self.settings.may_be_called(&url) => (Address::Web(url), Format::Json),
                Some(_) => continue,
                None => (Address::Broker(name.clone()), self.settings.format(&name)),
            };
            let format = self.settings.format_named(&name).unwrap_or(usual);
            let event = Event::Reconnect { destination: name };
            let told = Told { to: String::new(), full_name: String::new(), event };
            let Some(text) = told.encode(format) else { continue };
            let category = told.category();
            self.ways.send(tenant, Post { to: address, text, kind: None, category, correlation: None });
        }
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

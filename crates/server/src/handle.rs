//! The one door to the node for everything else in the process: HTTP, the command line's server side, recordings.

use std::sync::Arc;

use cordial_engine::command::Origin;
use cordial_engine::id::{AgentId, DeviceId, TenantId, TrunkId};
use cordial_engine::{Actor, Answer, Command, Engine, Input, Now, Refusal, Report};
use cordial_media::PlayId;
use cordial_node::{DeviceSecret, pin_digest};
use cordial_store::Store;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use cordial_engine::Event;

use crate::events::{Pages, Subscription};
use crate::health::{Gate, Health};

/// Asks and reads; cheap to clone. Every question is answered, or ends in [`Unavailable`].
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// What all clones of a [`Handle`] share.
pub(crate) struct Shared {
    pub(crate) node: mpsc::Sender<ToNode>,
    /// Weak, so that streams end when the node does, however many handles there are.
    pub(crate) live: broadcast::WeakSender<Arc<Event>>,
    pub(crate) durable: watch::Receiver<u64>,
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) store: Store,
    pub(crate) health: Health,
}

/// In whose name something is asked, and whence if that is known.
#[derive(Clone, Debug)]
pub struct Asker {
    by: Actor,
    origin: Option<Origin>,
}

impl Asker {
    /// Somebody who came by the network.
    #[must_use]
    pub const fn from(by: Actor, origin: Origin) -> Self {
        Self { by, origin: Some(origin) }
    }
}

impl From<Actor> for Asker {
    fn from(by: Actor) -> Self {
        Self { by, origin: None }
    }
}

/// Why nobody answers. Not a refusal: the same question may be granted a moment later, or elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The journal is behind, the inbox is full, or too many streams are open (429, try again soon).
    #[error("too much is asked at once; try again soon")]
    Overloaded,
    /// The process is about to stop, or takes no new calls before it does (503).
    #[error("the server is stopping")]
    Stopping,
    /// The store could not be read or written (503).
    #[error("the store cannot be reached")]
    Storage,
}

/// One message to the node's loop.
pub(crate) enum ToNode {
    /// Something asked for.
    Ask { input: Input, answer: oneshot::Sender<Result<Answer, Refusal>> },
    /// A look at the engine.
    Read(Read),
    /// What a thread of the shell found out.
    Report(Report),
    /// A recording was read that somebody is to hear.
    Audio(PlayId, Arc<[u8]>),
    /// A device's secret changed; it is in the store already.
    DeviceSecret(DeviceId, Option<DeviceSecret>),
    /// What is kept of an agent's PIN.
    AgentPin(AgentId, Option<[u8; 32]>),
    /// A trunk's password changed; it is in the store already.
    TrunkSecret(TrunkId, Option<String>),
    /// From now on no new calls.
    Drain,
    /// The end, once everything decided is durable.
    Stop,
}

/// Looks at the engine and gives back what to run when all it saw is durable.
pub(crate) type Read = Box<dyn FnOnce(&Engine, Now) -> Release + Send>;
/// Hands over what a [`Read`] saw.
pub(crate) type Release = Box<dyn FnOnce() + Send>;

impl Handle {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Asks for something within a tenant. What is granted is durable when the answer comes.
    ///
    /// # Errors
    /// When nobody can answer now.
    pub async fn command(
        &self,
        tenant: TenantId,
        by: impl Into<Asker>,
        command: Command,
    ) -> Result<Result<Answer, Refusal>, Unavailable> {
        if matches!(command, Command::PlaceCall { .. }) && self.shared.health.is_draining() {
            return Err(Unavailable::Stopping);
        }
        let Asker { by, origin } = by.into();
        let input = match origin {
            Some(origin) => Input::Request { tenant, by, origin, command },
            None => Input::Command { tenant, by, command },
        };
        self.input(input).await
    }

    /// Asks for anything that the engine takes.
    ///
    /// # Errors
    /// When nobody can answer now.
    pub async fn input(&self, input: Input) -> Result<Result<Answer, Refusal>, Unavailable> {
        self.admit()?;
        let (answer, wait) = oneshot::channel();
        self.send(ToNode::Ask { input, answer })?;
        wait.await.map_err(|_| Unavailable::Stopping)
    }

    /// Looks at the engine on the node's thread, so `f` is short. Answered when all that it saw is durable.
    ///
    /// # Errors
    /// When nobody can answer now.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Engine, Now) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.admit()?;
        let (answer, wait) = oneshot::channel();
        self.send(ToNode::Read(Box::new(move |engine, now| {
            let seen = f(engine, now);
            // Whoever asked may have gone away meanwhile.
            Box::new(move || drop(answer.send(seen)))
        })))?;
        wait.await.map_err(|_| Unavailable::Stopping)
    }

    /// As [`Handle::read`], with the number of the last event that `f` saw: [`Handle::subscribe`] after it misses
    /// nothing and repeats nothing.
    ///
    /// # Errors
    /// When nobody can answer now.
    pub async fn snapshot<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Engine, Now) -> T + Send + 'static,
    ) -> Result<(u64, T), Unavailable> {
        self.read(move |engine, now| (engine.last_seq(), f(engine, now))).await
    }

    /// Every event of `tenant` after the given number, or from now on; without gaps and in order.
    ///
    /// # Errors
    /// When too many streams are open, or the process is about to stop.
    pub async fn subscribe(&self, tenant: TenantId, after: Option<u64>) -> Result<Subscription, Unavailable> {
        let Ok(place) = Arc::clone(&self.shared.streams).try_acquire_owned() else {
            return Err(Unavailable::Overloaded);
        };
        let after = match after {
            Some(after) => after,
            None => *self.shared.durable.borrow(),
        };
        let (pages, live) = (Arc::clone(&self.shared.pages), self.shared.live.clone());
        Ok(Subscription::new(tenant, after, pages, live, Some(place)))
    }

    /// Streams that are open.
    pub(crate) fn open_streams(&self) -> usize {
        // Each permit holds the semaphore, as we do ourselves.
        Arc::strong_count(&self.shared.streams) - 1
    }

    /// Keeps what a device proves itself with, and uses it from now on.
    ///
    /// # Errors
    /// When it could not be kept, or nobody can answer now.
    pub async fn set_device_secret(
        &self,
        device: DeviceId,
        secret: Option<cordial_store::DeviceSecret>,
    ) -> Result<(), Unavailable> {
        self.shared.store.set_device_secret(device, secret).await.map_err(not_kept)?;
        self.send(ToNode::DeviceSecret(device, secret.map(for_node)))
    }

    /// Keeps the digest of an agent's PIN, and goes by it from now on.
    ///
    /// # Errors
    /// When it could not be kept, or nobody can answer now.
    pub async fn set_agent_pin(&self, agent: AgentId, pin: Option<&str>) -> Result<(), Unavailable> {
        let digest = pin.map(|pin| pin_digest(agent, pin));
        self.shared.store.set_agent_pin(agent, digest).await.map_err(not_kept)?;
        self.send(ToNode::AgentPin(agent, digest))
    }

    /// Keeps a trunk's password sealed, and uses it from now on.
    ///
    /// # Errors
    /// When it could not be kept, or nobody can answer now.
    pub async fn set_trunk_secret(
        &self,
        trunk: TrunkId,
        password: Option<String>,
    ) -> Result<(), Unavailable> {
        self.shared.store.set_trunk_password(trunk, password.as_deref()).await.map_err(not_kept)?;
        self.send(ToNode::TrunkSecret(trunk, password))
    }

    /// The store, for what is no state of the engine: tokens, records, recordings' index.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The number of the last durable event.
    #[must_use]
    pub fn durable_seq(&self) -> u64 {
        *self.shared.durable.borrow()
    }

    /// The number of the last durable event, and news of it.
    pub(crate) fn durable(&self) -> watch::Receiver<u64> {
        self.shared.durable.clone()
    }

    /// Tells the node what the shell found out.
    pub(crate) fn report(&self, report: Report) -> Result<(), Unavailable> {
        self.send(ToNode::Report(report))
    }

    /// Takes no new calls from now on.
    pub(crate) fn drain(&self) -> Result<(), Unavailable> {
        self.shared.health.drain();
        self.send(ToNode::Drain)
    }

    /// Ends the node's loop once everything decided is durable.
    pub(crate) async fn stop(&self) {
        // A loop that has ended already is what is wanted.
        self.shared.node.send(ToNode::Stop).await.ok();
    }

    fn admit(&self) -> Result<(), Unavailable> {
        match self.shared.health.gate() {
            Gate::Open => Ok(()),
            Gate::Behind => Err(Unavailable::Overloaded),
        }
    }

    fn send(&self, message: ToNode) -> Result<(), Unavailable> {
        self.shared.node.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopping,
        })
    }
}

/// A device's secret as the node uses it.
pub(crate) fn for_node(secret: cordial_store::DeviceSecret) -> DeviceSecret {
    DeviceSecret { ha1_md5: Some(secret.ha1_md5), ha1_sha256: Some(secret.ha1_sha256) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn not_kept(error: cordial_store::StoreError) -> Unavailable {
    tracing::error!(%error, "a secret could not be kept");
    Unavailable::Storage
}

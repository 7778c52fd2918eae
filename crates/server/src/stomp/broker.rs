//! Destinations, who listens there, and what waits for somebody who does.
//!
//! Each tenant has destinations of its own: what a session names is looked for in its own tenant, so that there is no way
//! to name another's. A topic hands a message to all who listen; a queue to one of them in turn, and keeps what nobody
//! takes. What is sent to a destination that is attended to ([`Broker::attend`]) goes to whoever does, and to nobody else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cordial_dialects::connector::stomp::destination::{Destination, Kind};
use cordial_dialects::connector::stomp::message::Message;
use cordial_dialects::connector::stomp::selector::Selector;
use cordial_dialects::connector::stomp::server::SubscriptionId;
use cordial_dialects::native::wire::Scope;
use cordial_engine::id::{TenantId, UserId};
use tokio::sync::mpsc;

use crate::limits::{
    STOMP_ARRIVALS_BYTES_MAX, STOMP_ARRIVALS_MAX, STOMP_HELD_BYTES_MAX, STOMP_HELD_MAX,
    STOMP_REQUEST_BYTES_MAX, STOMP_REQUESTS_MAX, STOMP_WRITTEN_BYTES,
};

/// The embedded broker; cheap to clone.
#[derive(Clone)]
pub struct Broker(Arc<Shared>);

struct Shared {
    /// Unlike that of any other run, so that no message is named twice.
    run: u64,
    sessions: AtomicU64,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    attended: BTreeMap<Destination, mpsc::Sender<Request>>,
    /// Topics to which nobody sends but us.
    claimed: BTreeSet<(TenantId, Destination)>,
    sessions: BTreeMap<SessionId, Outbox>,
    tenants: BTreeMap<TenantId, Hall>,
}

/// One connection. No two of a run are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(u64);

/// Who is connected.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Whose things he sees.
    pub tenant: TenantId,
    /// As whom.
    pub user: Option<UserId>,
    /// How far he reaches.
    pub scopes: BTreeSet<Scope>,
    /// Whence he came.
    pub peer: IpAddr,
}

/// What a client asks of whoever attends to a destination.
#[derive(Debug)]
pub struct Request {
    /// By which connection.
    pub session: SessionId,
    /// Who asks.
    pub visitor: Visitor,
    /// Where it was sent, its headers (`type`, `correlation-id`, `reply-to`), and what it says.
    pub message: Message,
}

/// Why a message or subscription is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More messages wait in the tenant's queues than are kept.
    #[error("too many messages wait in queues that nobody reads")]
    Full,
    /// What is sent to whoever attends to a destination is short.
    #[error("a message for this destination has at most {STOMP_REQUEST_BYTES_MAX} bytes")]
    TooLarge,
    /// Whoever attends to the destination has too much to do.
    #[error("too much is asked at once; try again soon")]
    Busy,
    /// What is sent there is for us, or comes from us, alone.
    #[error("this destination belongs to the connector: listen to your own topic, send to its queue")]
    Ours,
    /// The connection is not there any more.
    #[error("the connection has ended")]
    Gone,
}

/// A message on its way to a session.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) subscription: SubscriptionId,
    pub(super) message: Arc<Message>,
}

/// What comes for a session, as long as it is not too slow.
pub(super) struct Arrivals {
    arriving: mpsc::Receiver<Delivery>,
    bytes: Arc<AtomicUsize>,
}

/// The way to a session.
struct Outbox {
    tenant: TenantId,
    user: Option<UserId>,
    out: mpsc::Sender<Delivery>,
    bytes: Arc<AtomicUsize>,
    listens: BTreeMap<SubscriptionId, Destination>,
}

/// A tenant's destinations; those that nobody listens to and nothing waits in are not kept.
#[derive(Default)]
struct Hall {
    places: BTreeMap<Destination, Place>,
    held: usize,
    held_bytes: usize,
}

#[derive(Default)]
struct Place {
    listeners: VecDeque<Listener>,
    /// Of a queue: what nobody has taken, the oldest first.
    held: VecDeque<Arc<Message>>,
}

#[derive(Clone)]
struct Listener {
    session: SessionId,
    subscription: SubscriptionId,
    selector: Option<Selector>,
}

impl Broker {
    /// A broker without destinations; `run` is unlike that of any other run.
    #[must_use]
    pub fn new(run: u64) -> Self {
        Self(Arc::new(Shared { run, sessions: AtomicU64::new(0), books: Mutex::default() }))
    }

    /// Attends to a destination in every tenant: from now on what is sent there comes here, until the receiver is dropped.
    #[must_use]
    pub fn attend(&self, destination: Destination) -> mpsc::Receiver<Request> {
        let (requests, asked) = mpsc::channel(STOMP_REQUESTS_MAX);
        self.books().attended.insert(destination, requests);
        asked
    }

    /// Hands a message of ours to who listens in a tenant. A queue keeps it until somebody does.
    ///
    /// # Errors
    /// [`Refused::Full`] when it cannot be kept.
    pub fn publish(&self, tenant: TenantId, message: Message) -> Result<(), Refused> {
        let mut books = self.books();
        books.has_room(tenant, [&message].into_iter())?;
        books.hand_on(tenant, Arc::new(message));
        Ok(())
    }

    /// Hands a message of ours to those who listen in a tenant and are a certain user; nobody else hears it.
    pub fn tell(&self, tenant: TenantId, user: Option<UserId>, message: Message) {
        self.books().tell(tenant, user, &Arc::new(message));
    }

    /// From now on nobody sends to a destination of a tenant but us.
    pub fn claim(&self, tenant: TenantId, destination: Destination) {
        self.books().claimed.insert((tenant, destination));
    }

    /// Everybody in the tenant may send there again.
    pub fn release(&self, tenant: TenantId, destination: Destination) {
        self.books().claimed.remove(&(tenant, destination));
    }

    /// A new session, and a name for it that no other has.
    pub(super) fn name(&self) -> (SessionId, String) {
        let number = self.0.sessions.fetch_add(1, Ordering::Relaxed);
        (SessionId(number), format!("{:016x}-{number}", self.0.run))
    }

    /// A session belongs to a tenant from now on.
    pub(super) fn enter(&self, session: SessionId, tenant: TenantId, user: Option<UserId>) -> Arrivals {
        let (out, arriving) = mpsc::channel(STOMP_ARRIVALS_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        let outbox = Outbox { tenant, user, out, bytes: Arc::clone(&bytes), listens: BTreeMap::new() };
        self.books().sessions.insert(session, outbox);
        Arrivals { arriving, bytes }
    }

    /// A session listens to a destination of its tenant; what waits there goes to it.
    pub(super) fn subscribe(
        &self,
        session: SessionId,
        subscription: SubscriptionId,
        destination: &Destination,
        selector: Option<Selector>,
    ) -> Result<(), Refused> {
        let mut books = self.books();
        if books.attended.contains_key(destination) {
            return Err(Refused::Ours);
        }
        let outbox = books.sessions.get_mut(&session).ok_or(Refused::Gone)?;
        outbox.listens.insert(subscription, destination.clone());
        let tenant = outbox.tenant;
        let place = books.tenants.entry(tenant).or_default().places.entry(destination.clone()).or_default();
        place.listeners.push_back(Listener { session, subscription, selector });
        books.hand_out(tenant, destination);
        Ok(())
    }

    /// A session no longer listens; what it did not acknowledge goes back to the queue.
    pub(super) fn unsubscribe(
        &self,
        session: SessionId,
        subscription: SubscriptionId,
        back: &[Arc<Message>],
    ) {
        let mut books = self.books();
        let Some(outbox) = books.sessions.get_mut(&session) else {
            return;
        };
        let tenant = outbox.tenant;
        if let Some(destination) = outbox.listens.remove(&subscription) {
            books.stop_listening(tenant, &destination, session, Some(subscription));
        }
        books.give_back(tenant, back);
    }

    /// Takes messages of a client, all of them or none.
    pub(super) fn send(
        &self,
        session: SessionId,
        visitor: &Visitor,
        messages: Vec<Message>,
    ) -> Result<(), Refused> {
        let mut books = self.books();
        let is_ours =
            |message: &Message| books.claimed.contains(&(visitor.tenant, message.destination().clone()));
        if messages.iter().any(is_ours) {
            return Err(Refused::Ours);
        }
        books.attended.retain(|_, requests| !requests.is_closed());
        let (asked, told): (Vec<Message>, Vec<Message>) =
            messages.into_iter().partition(|message| books.attended.contains_key(message.destination()));
        if asked.iter().any(|message| message.bytes() > STOMP_REQUEST_BYTES_MAX) {
            return Err(Refused::TooLarge);
        }
        for (destination, requests) in &books.attended {
            let wanted = asked.iter().filter(|message| message.destination() == destination).count();
            if requests.capacity() < wanted {
                return Err(Refused::Busy);
            }
        }
        books.has_room(visitor.tenant, told.iter())?;
        for message in asked {
            if let Some(requests) = books.attended.get(message.destination()) {
                // There is room: nobody else sends. Who attended may have gone just now, and his requests with him.
                requests.try_send(Request { session, visitor: visitor.clone(), message }).ok();
            }
        }
        told.into_iter().for_each(|message| books.hand_on(visitor.tenant, Arc::new(message)));
        Ok(())
    }

    /// A session has ended.
    pub(super) fn leave(&self, session: SessionId) {
        self.books().cut(session);
    }

    /// What a session of a tenant did not acknowledge, or was not even sent, goes back to its queues.
    pub(super) fn give_back(&self, tenant: TenantId, back: &[Arc<Message>]) {
        self.books().give_back(tenant, back);
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Nothing in here panics half-way, so the books are right even then.
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Whether queues can keep what nobody takes of these.
    fn has_room<'a>(
        &self,
        tenant: TenantId,
        messages: impl Iterator<Item = &'a Message>,
    ) -> Result<(), Refused> {
        let hall = self.tenants.get(&tenant);
        let (mut held, mut bytes) = hall.map_or((0, 0), |hall| (hall.held, hall.held_bytes));
        for message in messages.filter(|message| message.destination().kind() == Kind::Queue) {
            let place = hall.and_then(|hall| hall.places.get(message.destination()));
            if !place.is_some_and(|place| place.listeners.iter().any(|listener| listener.wants(message))) {
                (held, bytes) = (held + 1, bytes + message.bytes());
            }
        }
        if held > STOMP_HELD_MAX || bytes > STOMP_HELD_BYTES_MAX { Err(Refused::Full) } else { Ok(()) }
    }

    fn tell(&mut self, tenant: TenantId, user: Option<UserId>, message: &Arc<Message>) {
        let mut wanting = self.listening(tenant, message);
        wanting.retain(|(session, _)| self.sessions.get(session).is_some_and(|outbox| outbox.user == user));
        self.deliver_all(wanting, message);
    }

    /// Who listens to a topic and wants a message.
    fn listening(&self, tenant: TenantId, message: &Message) -> Vec<(SessionId, SubscriptionId)> {
        let place = self.tenants.get(&tenant).and_then(|hall| hall.places.get(message.destination()));
        let listeners = place.into_iter().flat_map(|place| &place.listeners);
        let wanting = listeners.filter(|listener| listener.wants(message));
        wanting.map(|listener| (listener.session, listener.subscription)).collect()
    }

    fn deliver_all(&mut self, wanting: Vec<(SessionId, SubscriptionId)>, message: &Arc<Message>) {
        for (session, subscription) in wanting {
            self.deliver(session, Delivery { subscription, message: Arc::clone(message) });
        }
    }

    fn hand_on(&mut self, tenant: TenantId, message: Arc<Message>) {
        let destination = message.destination();
        match destination.kind() {
            Kind::Topic => {
                let wanting = self.listening(tenant, &message);
                self.deliver_all(wanting, &message);
            }
            Kind::Queue => {
                let destination = destination.clone();
                let hall = self.tenants.entry(tenant).or_default();
                hall.hold(message, false);
                self.hand_out(tenant, &destination);
            }
        }
    }

    /// Hands out what waits in a queue to those who want it, each message to the one who waited longest for one.
    fn hand_out(&mut self, tenant: TenantId, destination: &Destination) {
        let mut at = 0;
        while let Some((message, listener)) =
            self.tenants.get_mut(&tenant).and_then(|hall| hall.next(destination, &mut at))
        {
            let Listener { session, subscription, .. } = listener;
            if !self.deliver(session, Delivery { subscription, message: Arc::clone(&message) }) {
                // Who is too slow is not there any more: the message is for the next.
                self.stop_listening(tenant, destination, session, None);
                if let Some(hall) = self.tenants.get_mut(&tenant) {
                    hall.hold(message, true);
                }
                at = 0;
            }
        }
        if let Some(hall) = self.tenants.get_mut(&tenant) {
            hall.forget_empty(destination);
            if hall.places.is_empty() {
                self.tenants.remove(&tenant);
            }
        }
    }

    /// Queues keep what comes back even beyond their room: it was in there before, or was on its way.
    fn give_back(&mut self, tenant: TenantId, back: &[Arc<Message>]) {
        let queued = |message: &&Arc<Message>| message.destination().kind() == Kind::Queue;
        let queues: BTreeSet<Destination> =
            back.iter().filter(queued).map(|message| message.destination().clone()).collect();
        let hall = self.tenants.entry(tenant).or_default();
        back.iter().rev().filter(queued).for_each(|message| hall.hold(Arc::clone(message), true));
        queues.iter().for_each(|queue| self.hand_out(tenant, queue));
        if self.tenants.get(&tenant).is_some_and(|hall| hall.places.is_empty()) {
            self.tenants.remove(&tenant);
        }
    }

    /// Delivers to a session; one that is too slow is cut instead.
    fn deliver(&mut self, session: SessionId, delivery: Delivery) -> bool {
        let Some(outbox) = self.sessions.get(&session) else {
            return false;
        };
        let length = delivery.message.bytes();
        let waiting = outbox.bytes.fetch_add(length, Ordering::Relaxed);
        let taken = waiting + length <= STOMP_ARRIVALS_BYTES_MAX && outbox.out.try_send(delivery).is_ok();
        if !taken {
            self.cut(session);
        }
        taken
    }

    /// Takes a session out; it sees that nothing more can come.
    fn cut(&mut self, session: SessionId) {
        if let Some(Outbox { tenant, listens, .. }) = self.sessions.remove(&session) {
            listens.values().for_each(|destination| self.stop_listening(tenant, destination, session, None));
        }
    }

    /// `subscription` alone, or all of the session's.
    fn stop_listening(
        &mut self,
        tenant: TenantId,
        destination: &Destination,
        session: SessionId,
        subscription: Option<SubscriptionId>,
    ) {
        let Some(hall) = self.tenants.get_mut(&tenant) else {
            return;
        };
        if let Some(place) = hall.places.get_mut(destination) {
            place.listeners.retain(|there| {
                there.session != session || subscription.is_some_and(|one| there.subscription != one)
            });
        }
        hall.forget_empty(destination);
        if hall.places.is_empty() {
            self.tenants.remove(&tenant);
        }
    }
}

impl Hall {
    /// Puts a message into its queue, behind all or (true) before all.
    fn hold(&mut self, message: Arc<Message>, first: bool) {
        self.held += 1;
        self.held_bytes += message.bytes();
        let place = self.places.entry(message.destination().clone()).or_default();
        if first { place.held.push_front(message) } else { place.held.push_back(message) }
    }

    /// Takes the next message out of a queue, from `at` on, that somebody wants; whoever gets it comes last for the next.
    fn next(&mut self, destination: &Destination, at: &mut usize) -> Option<(Arc<Message>, Listener)> {
        let place = self.places.get_mut(destination)?;
        while let Some(message) = place.held.get(*at) {
            if let Some(found) = place.listeners.iter().position(|listener| listener.wants(message)) {
                let listener = place.listeners.remove(found)?;
                place.listeners.push_back(listener.clone());
                let message = place.held.remove(*at)?;
                self.held -= 1;
                self.held_bytes -= message.bytes();
                return Some((message, listener));
            }
            *at += 1;
        }
        None
    }

    fn forget_empty(&mut self, destination: &Destination) {
        let empty = |place: &Place| place.listeners.is_empty() && place.held.is_empty();
        if self.places.get(destination).is_some_and(empty) {
            self.places.remove(destination);
        }
    }
}

impl Listener {
    fn wants(&self, message: &Message) -> bool {
        self.selector.as_ref().is_none_or(|selector| selector.wants(message.headers()))
    }
}

impl Arrivals {
    /// The next message; `None` when the session was too slow.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.arriving.recv().await?;
        self.bytes.fetch_sub(delivery.message.bytes(), Ordering::Relaxed);
        Some(delivery)
    }

    /// What else has come already, as much as is written at once.
    pub(super) fn more(&mut self) -> Vec<Delivery> {
        let mut bytes = 0;
        let mut more = Vec::new();
        while bytes < STOMP_WRITTEN_BYTES
            && let Ok(delivery) = self.arriving.try_recv()
        {
            bytes += delivery.message.bytes();
            self.bytes.fetch_sub(delivery.message.bytes(), Ordering::Relaxed);
            more.push(delivery);
        }
        more
    }

    /// What has come and was not taken.
    pub(super) fn rest(mut self) -> Vec<Arc<Message>> {
        self.arriving.close();
        std::iter::from_fn(|| self.arriving.try_recv().ok()).map(|delivery| delivery.message).collect()
    }
}

#[cfg(test)]
mod tests;

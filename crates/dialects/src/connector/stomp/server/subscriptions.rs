//! The subscriptions of one connection, and what was delivered by them and not acknowledged.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Fault, SubscriptionId, name};
use crate::connector::stomp::destination::Destination;
use crate::connector::stomp::frame::{Headers, Version, write_header};
use crate::connector::stomp::limits::{SUBSCRIPTIONS_MAX, UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_MAX};
use crate::connector::stomp::message::{AckMode, Message};

/// Messages that the client has taken, or has not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledged {
    subscription: SubscriptionId,
    number: u64,
    all_before: bool,
}

#[derive(Debug)]
pub(super) struct Subscriptions {
    /// What messages are named after.
    session: String,
    all: BTreeMap<SubscriptionId, Subscription>,
    last: u64,
    /// How many messages were delivered.
    delivered: u64,
    /// In the order of delivery.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
}

#[derive(Debug)]
struct Subscription {
    /// What the client calls it; in 1.0 it need not.
    id: Option<String>,
    destination: Destination,
    mode: AckMode,
}

/// Delivered, and not acknowledged.
#[derive(Debug)]
struct Waiting {
    number: u64,
    subscription: SubscriptionId,
    message: Arc<Message>,
}

impl Subscriptions {
    pub(super) const fn new(session: String) -> Self {
        Self {
            session,
            all: BTreeMap::new(),
            last: 0,
            delivered: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        headers: &Headers,
        version: Version,
        destination: &Destination,
        mode: AckMode,
    ) -> Result<SubscriptionId, Fault> {
        let id = optional_id(headers, version)?;
        let same = |there: &Subscription| match &id {
            Some(id) => there.id.as_ref() == Some(id),
            None => there.id.is_none() && there.destination == *destination,
        };
        if self.all.values().any(same) {
            return Err(Fault::SubscribedAlready);
        }
        if self.all.len() >= SUBSCRIPTIONS_MAX {
            return Err(Fault::TooManySubscriptions);
        }
        self.last += 1;
        let subscription = SubscriptionId(self.last);
        self.all.insert(subscription, Subscription { id, destination: destination.clone(), mode });
        Ok(subscription)
    }

    /// Ends a subscription; gives what was delivered by it and not acknowledged.
    pub(super) fn remove(
        &mut self,
        headers: &Headers,
        version: Version,
    ) -> Result<(SubscriptionId, Vec<Arc<Message>>), Fault> {
        let id = optional_id(headers, version)?;
        let destination = match id {
            Some(_) => None,
            None => Some(Destination::parse(name(headers, "destination")?)?),
        };
        let meant = |there: &Subscription| match &destination {
            Some(destination) => there.id.is_none() && there.destination == *destination,
            None => there.id == id,
        };
        let found = self.all.iter().find(|(_, there)| meant(there));
        let subscription = *found.ok_or(Fault::NotSubscribed)?.0;
        self.all.remove(&subscription);
        let (back, kept) = self.waiting.drain(..).partition(|waiting| waiting.subscription == subscription);
        self.waiting = kept;
        let back: VecDeque<Waiting> = back;
        let back: Vec<Arc<Message>> = back.into_iter().map(|waiting| waiting.message).collect();
        self.waiting_bytes -= back.iter().map(|message| message.bytes()).sum::<usize>();
        Ok((subscription, back))
    }

    /// The frame of a message for a subscription, as bytes, unless that has ended.
    pub(super) fn deliver(
        &mut self,
        subscription: SubscriptionId,
        message: &Arc<Message>,
        version: Version,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some(Subscription { id, mode, .. }) = self.all.get(&subscription) else {
            return Ok(None);
        };
        self.delivered += 1;
        let number = self.delivered;
        let message_id = format!("{}-{number}", self.session);
        let acknowledged = *mode != AckMode::Auto;
        let written = message.written(version);
        let mut bytes = Vec::with_capacity(128 + written.len());
        bytes.extend_from_slice(b"MESSAGE\n");
        if let Some(id) = id {
            write_header("subscription", id, version, &mut bytes);
        }
        write_header("message-id", &message_id, version, &mut bytes);
        if acknowledged {
            write_header("ack", &message_id, version, &mut bytes);
            self.waiting_bytes += message.bytes();
            self.waiting.push_back(Waiting { number, subscription, message: Arc::clone(message) });
            if self.waiting.len() > UNACKNOWLEDGED_MAX || self.waiting_bytes > UNACKNOWLEDGED_BYTES_MAX {
                return Err(Fault::TooManyUnacknowledged);
            }
        }
        bytes.extend_from_slice(written);
        Ok(Some(bytes))
    }

    /// What an `ACK` or `NACK` means.
    pub(super) fn find(&self, headers: &Headers, version: Version) -> Result<Acknowledged, Fault> {
        let named = match version {
            Version::V1_0 | Version::V1_1 => name(headers, "message-id")?,
            Version::V1_2 => name(headers, "id")?,
        };
        let number = named.strip_prefix(&self.session).and_then(|rest| rest.strip_prefix('-')?.parse().ok());
        let number: u64 = number.ok_or(Fault::NothingToAcknowledge)?;
        let found = self.waiting.binary_search_by_key(&number, |waiting| waiting.number);
        let waiting = found.ok().and_then(|at| self.waiting.get(at)).ok_or(Fault::NothingToAcknowledge)?;
        let subscription = waiting.subscription;
        let its = self.all.get(&subscription).ok_or(Fault::NothingToAcknowledge)?;
        // 1.1 asks for the subscription's name as well.
        if version == Version::V1_1 && Some(name(headers, "subscription")?) != its.id.as_deref() {
            return Err(Fault::NothingToAcknowledge);
        }
        Ok(Acknowledged { subscription, number, all_before: its.mode == AckMode::Client })
    }

    /// Forgets what was acknowledged; what is acknowledged already is passed over.
    pub(super) fn acknowledge_all(&mut self, all: &[Acknowledged]) {
        for one in all {
            let bytes = &mut self.waiting_bytes;
            self.waiting.retain(|waiting| {
                let meant = waiting.subscription == one.subscription
                    && (waiting.number == one.number || (one.all_before && waiting.number < one.number));
                *bytes -= if meant { waiting.message.bytes() } else { 0 };
                !meant
            });
        }
    }

    pub(super) fn unacknowledged(self) -> Vec<Arc<Message>> {
        self.waiting.into_iter().map(|waiting| waiting.message).collect()
    }
}

/// What the client calls a subscription; only who speaks 1.0 may leave that out.
fn optional_id(headers: &Headers, version: Version) -> Result<Option<String>, Fault> {
    match name(headers, "id") {
        Ok(id) => Ok(Some(id.to_owned())),
        Err(Fault::Missing(_)) if version == Version::V1_0 => Ok(None),
        Err(fault) => Err(fault),
    }
}

//! Message waiting (RFC 3842): the lamp of a phone that says whether messages wait for whoever sits there.
//!
//! A device subscribes to its own lamp and to nothing else (RFC 6665), and proves itself each time as it does to
//! register. Where its mailbox says so, bindings without a subscription are told as well, as many phones expect: once
//! they have registered, and with every change. Each is told one thing at a time; what changes meanwhile is told after
//! it, so a burst of messages does not become a burst of requests. What nobody took in time is told again when the
//! device registers.

use std::collections::{BTreeMap, BTreeSet};

use super::UserAgent;
use super::asked::{Asked, retry_later};
use super::clients::Purpose;
use super::inbound::incoming_relation;
use super::streams::OnStream;
use crate::dialog::Relation;
use crate::directory::AccountId;
use crate::event::Origin;
use crate::flow::Flow;
use crate::limits::{SUBSCRIPTIONS_MAX, SUBSCRIPTIONS_PER_ACCOUNT_MAX};
use crate::message::{Method, Name, NameAddr, Response, Uri};
use crate::registrar::{Binding, parse_lifetime};
use crate::time::{TimerKey, Timestamp};

/// The one event package that is served.
pub(super) const PACKAGE: &str = "message-summary";
const BODY_TYPE: &str = "application/simple-message-summary";
/// Seconds of a subscription that asks for no lifetime (RFC 3842 section 3.4 leaves it to us).
const LIFETIME_DEFAULT_S: u32 = 3_600;
/// Why a subscription ends (RFC 6665 section 4.1.3).
const TIMEOUT: &str = "terminated;reason=timeout";
const PUSHED_OUT: &str = "terminated;reason=probation;retry-after=600";
/// What a NOTIFY to who has not subscribed says: it has no subscription, and needs none.
const UNSOLICITED: &str = "terminated;reason=noresource";

/// What a device is told of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// What it dials to hear them, for `Message-Account`.
    pub dialled: Option<String>,
    /// Messages not heard yet.
    pub new: usize,
    /// The others.
    pub old: usize,
    /// Whether bindings without a subscription are told as well.
    pub unsolicited: bool,
}

/// Names a subscription; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SubscriptionId(pub(crate) u64);

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Listener {
    Subscription(SubscriptionId),
    /// A binding without one, by its Contact.
    Binding(AccountId, String),
}

/// What a listener knows.
#[derive(Clone, Debug, Default)]
struct Told {
    /// What it took last.
    known: Option<Vec<u8>>,
    /// What is on its way.
    sent: Option<Vec<u8>>,
}

struct Subscription {
    account: AccountId,
    relation: Relation,
    /// The `id` of its Event header, to be said again.
    event: String,
    expires_at: Timestamp,
    remote_cseq: u32,
}

#[derive(Default)]
pub(super) struct Lamps {
    mailboxes: BTreeMap<AccountId, Mailbox>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    /// Call-ID and our tag.
    keys: BTreeMap<(String, String), SubscriptionId>,
    of: BTreeSet<(AccountId, SubscriptionId)>,
    told: BTreeMap<Listener, Told>,
    /// Whom a NOTIFY without a subscription is on its way to.
    asked: BTreeMap<u64, Listener>,
}

impl Lamps {
    pub(super) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    fn ids(&self, account: AccountId) -> Vec<SubscriptionId> {
        let (first, last) = (SubscriptionId(0), SubscriptionId(u64::MAX));
        self.of.range((account, first)..=(account, last)).map(|(_, id)| *id).collect()
    }

    fn bindings_told(&self, account: AccountId) -> Vec<Listener> {
        let first = Listener::Binding(account, String::new());
        let own = |listener: &&Listener| matches!(listener, Listener::Binding(of, _) if *of == account);
        self.told.range(first..).map(|(listener, _)| listener).take_while(own).cloned().collect()
    }
}

impl UserAgent {
    /// What a device is to be told of its messages from now on; `None` when there is no mailbox that its lamp stands for.
    pub fn set_mailbox(&mut self, now: Timestamp, account: AccountId, mailbox: Option<Mailbox>) {
        match mailbox {
            Some(mailbox) => self.lamps.mailboxes.insert(account, mailbox),
            None => self.lamps.mailboxes.remove(&account),
        };
        self.tell_lamps(now, account);
    }

    /// The same after a restart: whoever registers or subscribes again is told then, and not all at once.
    pub fn restore_mailbox(&mut self, account: AccountId, mailbox: Option<Mailbox>) {
        if let Some(mailbox) = mailbox {
            self.lamps.mailboxes.insert(account, mailbox);
        }
    }

    /// Forgets a device's lamps without a word.
    pub(super) fn forget_lamps(&mut self, account: AccountId) {
        self.lamps.mailboxes.remove(&account);
        for id in self.lamps.ids(account) {
            self.remove_subscription(id);
        }
        for listener in self.lamps.bindings_told(account) {
            self.lamps.told.remove(&listener);
        }
    }

    /// A SUBSCRIBE outside of any dialog to the package that is served.
    pub(super) fn handle_subscribe(&mut self, now: Timestamp, asked: &Asked) {
        let Some((account, contact, lifetime_s)) = self.admit_subscribe(now, asked) else {
            return;
        };
        if self.lamps.len() >= SUBSCRIPTIONS_MAX {
            return self.refuse(asked, 503, retry_later);
        }
        let own = self.lamps.ids(account);
        if own.len() >= SUBSCRIPTIONS_PER_ACCOUNT_MAX {
            let ends = |id: &SubscriptionId| self.lamps.subscriptions.get(id).map(|it| it.expires_at);
            if let Some(first) = own.into_iter().min_by_key(ends) {
                self.end_subscription(now, first, PUSHED_OUT);
            }
        }
        let id = SubscriptionId(self.next_id());
        let tag = self.chance.token();
        let mut relation = incoming_relation(asked, contact, Origin::Account(account), &tag);
        relation.instance = self.instance_at(Origin::Account(account), asked.source);
        let key = (relation.call_id.clone(), tag.clone());
        self.watch_stream(&relation.flow, OnStream::Subscription(id));
        let event = asked.request.headers.get(&Name::new("Event")).unwrap_or(PACKAGE).to_owned();
        let remote_cseq = asked.essentials.cseq;
        let subscription = Subscription { account, relation, event, expires_at: now, remote_cseq };
        self.lamps.subscriptions.insert(id, subscription);
        self.lamps.keys.insert(key, id);
        self.lamps.of.insert((account, id));
        self.grant_subscription(now, asked, id, &tag, lifetime_s);
    }

    /// The subscription that a request belongs to, by Call-ID and both tags.
    pub(super) fn subscription_of(&self, asked: &Asked) -> Option<SubscriptionId> {
        let key = (asked.essentials.call_id.clone(), asked.to_tag()?.to_owned());
        let id = *self.lamps.keys.get(&key)?;
        let theirs = self.lamps.subscriptions.get(&id)?.relation.remote.tag().unwrap_or_default();
        (theirs == asked.their_tag()).then_some(id)
    }

    /// A request in the dialog of a subscription: it is refreshed or ended.
    pub(super) fn handle_resubscribe(&mut self, now: Timestamp, asked: &Asked, id: SubscriptionId) {
        if asked.request.method != Method::Subscribe {
            return self.refuse(asked, 481, |_| {});
        }
        if self.refused_by_headers(asked) {
            return;
        }
        if !is_served(asked) {
            return self.refuse(asked, 489, allow_events);
        }
        let Some((account, contact, lifetime_s)) = self.admit_subscribe(now, asked) else {
            return;
        };
        let Some(subscription) = self.lamps.subscriptions.get_mut(&id) else { return };
        if subscription.account != account {
            return self.refuse(asked, 403, |_| {});
        }
        if asked.essentials.cseq <= subscription.remote_cseq {
            return self.respond_other(now, asked, 500, |_| {});
        }
        subscription.remote_cseq = asked.essentials.cseq;
        // RFC 6665 section 4.2.1.2: whoever refreshes has perhaps moved.
        subscription.relation.target = contact;
        subscription.relation.lost = false;
        let old = core::mem::replace(&mut subscription.relation.flow, asked.source);
        let tag = subscription.relation.local_tag().to_owned();
        self.unwatch_stream(&old, OnStream::Subscription(id));
        self.watch_stream(&asked.source, OnStream::Subscription(id));
        self.grant_subscription(now, asked, id, &tag, lifetime_s);
    }

    /// The device, its Contact and the lifetime that it gets; `None` when it has been told what is wrong.
    fn admit_subscribe(&mut self, now: Timestamp, asked: &Asked) -> Option<(AccountId, Uri, u32)> {
        let headers = &asked.request.headers;
        let contact = headers.values(&Name::Contact).next().map(NameAddr::parse);
        let Some(Ok(contact)) = contact else {
            self.refuse(asked, 400, |response| response.reason = "Bad Request: Contact".to_owned());
            return None;
        };
        let mut accepted = headers.values(&Name::Accept).peekable();
        let fits = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or(kind).trim();
            [BODY_TYPE, "application/*", "*/*"].iter().any(|known| known.eq_ignore_ascii_case(kind))
        };
        if accepted.peek().is_some() && !accepted.any(fits) {
            self.refuse(asked, 406, |response| response.headers.push(Name::Accept, BODY_TYPE));
            return None;
        }
        let wanted_s = headers.get(&Name::Expires).and_then(parse_lifetime).unwrap_or(LIFETIME_DEFAULT_S);
        let lifetime_s = wanted_s.min(self.config.expires_max_s);
        let min_s = self.config.expires_min_s;
        let Origin::Account(id) = self.identify(now, asked)? else {
            // A trunk has no mailbox.
            self.refuse(asked, 403, |_| {});
            return None;
        };
        let account = self.directory.account(id)?;
        let own = account.username == asked.essentials.from.uri.user_text() && account.may_register;
        let of = asked.request.uri.user_text();
        let dialled = self.lamps.mailboxes.get(&id).and_then(|mailbox| mailbox.dialled.as_deref());
        // Inside the dialog the Request-URI is our Contact, which has the same user.
        if !own || (of != account.username && Some(of.as_str()) != dialled) {
            self.refuse(asked, 403, |_| {});
            return None;
        }
        if lifetime_s != 0 && lifetime_s < min_s {
            self.refuse(asked, 423, |response| response.headers.push(Name::MinExpires, min_s.to_string()));
            return None;
        }
        Some((id, contact.uri, lifetime_s))
    }

    /// Answers a SUBSCRIBE and tells at once what there is (RFC 6665 section 4.2.1.2).
    fn grant_subscription(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        id: SubscriptionId,
        tag: &str,
        lifetime_s: u32,
    ) {
        let Some(subscription) = self.lamps.subscriptions.get_mut(&id) else { return };
        subscription.expires_at = now + u64::from(lifetime_s) * 1_000;
        let (expires_at, flow) = (subscription.expires_at, subscription.relation.flow);
        let contact_user = subscription.relation.contact_user.clone();
        let contact = self.contact(&flow, &contact_user);
        self.respond_other_tagged(now, asked, 200, tag, |response| {
            response.headers.copy(&asked.request.headers, &Name::RecordRoute);
            response.headers.push(Name::Contact, contact);
            response.headers.push(Name::Expires, lifetime_s.to_string());
        });
        self.lamps.told.remove(&Listener::Subscription(id));
        if lifetime_s == 0 {
            return self.end_subscription(now, id, TIMEOUT);
        }
        self.timers.set(TimerKey::Subscription(id), expires_at);
        self.tell_subscription(now, id);
    }

    /// Nobody refreshed it in time.
    pub(super) fn subscription_lapses(&mut self, now: Timestamp, id: SubscriptionId) {
        self.end_subscription(now, id, TIMEOUT);
    }

    /// Says the last word of a subscription, and what there is with it.
    fn end_subscription(&mut self, now: Timestamp, id: SubscriptionId, state: &str) {
        let Some(subscription) = self.lamps.subscriptions.get(&id) else { return };
        let (mut relation, event) = (subscription.relation.clone(), subscription.event.clone());
        let body = self.summary(subscription.account);
        if !relation.lost {
            relation.cseq += 1;
            self.send_notify(now, &relation, (&event, state, BODY_TYPE), body, Purpose::LastNotify);
        }
        self.remove_subscription(id);
    }

    fn remove_subscription(&mut self, id: SubscriptionId) {
        self.timers.stop(TimerKey::Subscription(id));
        self.lamps.told.remove(&Listener::Subscription(id));
        if let Some(Subscription { account, relation, .. }) = self.lamps.subscriptions.remove(&id) {
            self.unwatch_stream(&relation.flow, OnStream::Subscription(id));
            let key = (relation.call_id.clone(), relation.local_tag().to_owned());
            self.lamps.keys.remove(&key);
            self.lamps.of.remove(&(account, id));
        }
    }

    /// Tells everyone who listens for a device and does not know yet.
    fn tell_lamps(&mut self, now: Timestamp, account: AccountId) {
        for id in self.lamps.ids(account) {
            self.tell_subscription(now, id);
        }
        for binding in self.registrar.of(account).to_vec() {
            self.tell_binding(now, account, &binding);
        }
    }

    fn tell_subscription(&mut self, now: Timestamp, id: SubscriptionId) {
        let Some(subscription) = self.lamps.subscriptions.get(&id) else { return };
        let body = self.summary(subscription.account);
        let listener = Listener::Subscription(id);
        if subscription.relation.lost || !self.lamps.wants(&listener, &body) {
            return;
        }
        let left_s = subscription.expires_at.0.saturating_sub(now.0) / 1_000;
        let state = format!("active;expires={left_s}");
        self.lamps.told.entry(listener).or_default().sent = Some(body.clone());
        let Some(subscription) = self.lamps.subscriptions.get_mut(&id) else { return };
        subscription.relation.cseq += 1;
        let (relation, event) = (subscription.relation.clone(), subscription.event.clone());
        self.send_notify(now, &relation, (&event, &state, BODY_TYPE), body, Purpose::Notify(id));
    }

    /// Tells a binding that has no subscription, if it is to be told at all.
    fn tell_binding(&mut self, now: Timestamp, account: AccountId, binding: &Binding) {
        let listener = Listener::Binding(account, binding.contact.clone());
        let told_before = self.lamps.told.contains_key(&listener);
        match self.lamps.mailboxes.get(&account) {
            Some(mailbox) if !mailbox.unsolicited => return,
            Some(_) => {}
            // A lamp that was never lit need not be put out.
            None if !told_before => return,
            None => {}
        }
        let subscribed = self.lamps.ids(account).iter().any(|id| {
            let relation = self.lamps.subscriptions.get(id).map(|subscription| &subscription.relation);
            relation.is_some_and(|relation| relation.flow == binding.flow)
        });
        let body = self.summary(account);
        if subscribed || !self.lamps.wants(&listener, &body) {
            return;
        }
        let Some((flow, own)) = self.way_to(binding).zip(self.directory.account(account)) else { return };
        let (Ok(target), record) =
            (Uri::parse(&binding.contact), Uri::sip(Some(&own.username), &own.realm, None))
        else {
            return;
        };
        let contact_user = own.username.clone();
        let relation = Relation {
            call_id: format!("{}{}", self.chance.token(), self.chance.token()),
            local: NameAddr::new(record.clone()).with_tag(&self.chance.token()),
            remote: NameAddr::new(record),
            target,
            routes: binding.path.clone(),
            flow,
            cseq: 1,
            peer: None,
            account: Some(account),
            instance: binding.instance.clone(),
            lost: false,
            contact_user,
        };
        self.lamps.told.entry(listener.clone()).or_default().sent = Some(body.clone());
        let number = self.next_id();
        self.lamps.asked.insert(number, listener);
        let purpose = Purpose::UnsolicitedNotify(number);
        self.send_notify(now, &relation, (PACKAGE, UNSOLICITED, BODY_TYPE), body, purpose);
    }

    pub(super) fn send_notify(
        &mut self,
        now: Timestamp,
        relation: &Relation,
        (event, state, kind): (&str, &str, &str),
        body: Vec<u8>,
        purpose: Purpose,
    ) {
        let mut request = relation.request(Method::Notify, relation.cseq);
        let contact = self.contact(&relation.flow, &relation.contact_user);
        request.headers.push(Name::Contact, contact);
        request.headers.push(Name::new("Event"), event);
        request.headers.push(Name::new("Subscription-State"), state);
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        request.headers.push(Name::ContentType, kind);
        request.body = body;
        self.start_client(now, request, relation.flow, None, purpose);
    }

    /// What came of telling who has subscribed. RFC 6665 section 4.2.2: who does not answer, or does not know of it any
    /// more, has no subscription. A path that did not carry it may come back.
    pub(super) fn notify_heard(&mut self, now: Timestamp, id: SubscriptionId, code: u16) {
        match code {
            100..=199 => {}
            200..=299 => {
                self.lamps.took(&Listener::Subscription(id));
                self.tell_subscription(now, id);
            }
            503 => {
                if let Some(told) = self.lamps.told.get_mut(&Listener::Subscription(id)) {
                    told.sent = None;
                }
                self.subscription_lost(id);
            }
            _ => self.remove_subscription(id),
        }
    }

    /// The same of who has not. Who cannot be told so takes it as it is; who was not reached is told again when he
    /// registers.
    pub(super) fn unsolicited_heard(&mut self, now: Timestamp, number: u64, code: u16) {
        if code < 200 {
            return;
        }
        let Some(listener) = self.lamps.asked.remove(&number) else { return };
        if matches!(code, 408 | 480 | 500..=599) {
            self.lamps.told.remove(&listener);
            return;
        }
        self.lamps.took(&listener);
        if let Listener::Binding(account, contact) = listener {
            let bindings = self.registrar.of(account);
            let binding = bindings.iter().find(|binding| binding.contact == contact).cloned();
            if let Some(binding) = binding {
                self.tell_binding(now, account, &binding);
            }
        }
    }

    /// The path to who has subscribed is gone: it is told by another, or when it is back.
    pub(super) fn subscription_stream_lost(&mut self, id: SubscriptionId) {
        self.subscription_lost(id);
    }

    fn subscription_lost(&mut self, id: SubscriptionId) {
        let Some(subscription) = self.lamps.subscriptions.get(&id) else { return };
        let way = self.registered_way(&subscription.relation);
        self.redirect_subscription(id, way);
    }

    fn redirect_subscription(&mut self, id: SubscriptionId, way: Option<Flow>) {
        let Some(subscription) = self.lamps.subscriptions.get_mut(&id) else { return };
        let old = subscription.relation.flow;
        match way {
            Some(flow) => subscription.relation.flow = flow,
            None => subscription.relation.flow.stream = None,
        }
        subscription.relation.lost = way.is_none();
        let new = subscription.relation.flow;
        self.unwatch_stream(&old, OnStream::Subscription(id));
        self.watch_stream(&new, OnStream::Subscription(id));
    }

    /// A device has registered: whoever lost it goes on by its new path, and all who do not know yet are told.
    pub(super) fn light_lamps(&mut self, now: Timestamp, account: AccountId) {
        for id in self.lamps.ids(account) {
            let relation = self.lamps.subscriptions.get(&id).map(|subscription| &subscription.relation);
            let way = relation.filter(|relation| relation.lost).and_then(|of| self.registered_way(of));
            if way.is_some() {
                self.redirect_subscription(id, way);
            }
        }
        self.tell_lamps(now, account);
    }

    /// Forgets what bindings knew that are gone.
    pub(super) fn forget_told(&mut self, account: AccountId) {
        for listener in self.lamps.bindings_told(account) {
            let Listener::Binding(_, contact) = &listener else { continue };
            if !self.registrar.of(account).iter().any(|binding| binding.contact == *contact) {
                self.lamps.told.remove(&listener);
            }
        }
    }

    /// RFC 3842 section 5.2.
    fn summary(&self, account: AccountId) -> Vec<u8> {
        let Some(mailbox) = self.lamps.mailboxes.get(&account) else {
            return b"Messages-Waiting: no\r\n".to_vec();
        };
        let waiting = if mailbox.new > 0 { "yes" } else { "no" };
        let mut body = format!("Messages-Waiting: {waiting}\r\n");
        if let (Some(dialled), Some(account)) = (&mailbox.dialled, self.directory.account(account)) {
            let address = Uri::sip(Some(dialled), &account.realm, None);
            body.push_str(&format!("Message-Account: {address}\r\n"));
        }
        body.push_str(&format!("Voice-Message: {}/{} (0/0)\r\n", mailbox.new, mailbox.old));
        body.into_bytes()
    }
}

impl Lamps {
    /// Whether a listener is to be told this: it does not know it, and nothing else is on its way.
    fn wants(&self, listener: &Listener, body: &[u8]) -> bool {
        self.told.get(listener).is_none_or(|told| told.sent.is_none() && told.known.as_deref() != Some(body))
    }

    fn took(&mut self, listener: &Listener) {
        if let Some(told) = self.told.get_mut(listener) {
            told.known = told.sent.take().or(told.known.take());
        }
    }
}

/// Whether a SUBSCRIBE is about messages.
pub(super) fn is_served(asked: &Asked) -> bool {
    let event = asked.request.headers.get(&Name::new("Event")).unwrap_or_default();
    event.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(PACKAGE)
}

pub(super) fn allow_events(response: &mut Response) {
    response.headers.push(Name::new("Allow-Events"), PACKAGE);
}

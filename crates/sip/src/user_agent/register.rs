//! REGISTER: the registrar's side that speaks SIP.

use super::UserAgent;
use super::asked::Asked;
use super::streams::OnStream;
use crate::directory::AccountId;
use crate::event::Event;
use crate::message::{Headers, Name, NameAddr, quote};
use crate::registrar::{Ask, Binding, Contacts, Lifetimes, RegisterRefusal, parse_lifetime, update};
use crate::time::{TimerKey, Timestamp};

/// The option tag of RFC 3327.
const PATH: &str = "path";

impl UserAgent {
    /// RFC 3261 section 10.3.
    pub(super) fn handle_register(&mut self, now: Timestamp, asked: &Asked) {
        let record = &asked.essentials.to.uri;
        let realm = self.realm_for(asked, &[&record.host, &asked.request.uri.host]);
        let Some(id) = self.prove(now, asked, &realm, &record.user_text(), None) else {
            return;
        };
        let Some(account) = self.directory.account(id) else {
            return;
        };
        // A device registers itself and nobody else.
        if !account.may_register || account.username != record.user_text() {
            return self.respond_other(now, asked, 403, |_| {});
        }
        let contacts_max = account.contacts_max;
        let Some(contacts) = contacts(asked) else {
            return self.respond_other(now, asked, 400, |_| {});
        };
        let headers = &asked.request.headers;
        let path: Vec<String> = headers.values(&Name::Path).map(str::to_owned).collect();
        // RFC 3327 section 5.3: whoever does not know of the proxies on its way is told that there are some.
        if !path.is_empty() && !knows_path(headers) {
            return self.respond_other(now, asked, 420, |response| {
                response.headers.push(Name::Unsupported, PATH);
            });
        }
        let only_asks = matches!(&contacts, Contacts::Listed(listed) if listed.is_empty());
        let ask = Ask {
            now,
            contacts,
            expires_s: headers.get(&Name::Expires).and_then(parse_lifetime),
            call_id: asked.essentials.call_id.clone(),
            cseq: asked.essentials.cseq,
            flow: asked.source,
            path: path.clone(),
            lifetimes: Lifetimes {
                default_s: self.config.expires_default_s,
                min_s: self.config.expires_min_s,
                max_s: self.config.expires_max_s,
            },
            contacts_max,
        };
        match update(self.registrar.of(id), &ask) {
            Err(refusal) => self.refuse_register(now, asked, refusal),
            Ok(mut bindings) => {
                // A device that does not name itself and is back by a connection is the one that had to come back.
                if asked.source.stream.is_some() && !only_asks {
                    bindings.retain(|binding| binding.instance.is_some() || !binding.awaits_device());
                }
                self.respond_other(now, asked, 200, |response| {
                    for binding in &bindings {
                        response.headers.push(Name::Contact, contact_value(now, binding));
                    }
                    for hop in path {
                        response.headers.push(Name::Path, hop);
                    }
                });
                if !only_asks {
                    let before = self.registrar.of(id).to_vec();
                    self.put_bindings(id, bindings.clone());
                    self.device_is_back(now, id, &before);
                    self.events.push_back(Event::BindingsChanged { account: id, bindings });
                    self.light_lamps(now, id);
                }
            }
        }
    }

    fn refuse_register(&mut self, now: Timestamp, asked: &Asked, refusal: RegisterRefusal) {
        let min_s = self.config.expires_min_s;
        self.respond_other(now, asked, refusal.code(), |response| match refusal {
            RegisterRefusal::TooBrief => response.headers.push(Name::MinExpires, min_s.to_string()),
            RegisterRefusal::Malformed | RegisterRefusal::TooMany | RegisterRefusal::OutOfOrder => {}
        });
    }

    /// Puts back a binding kept across a restart. No event follows, unless it lapses later: one whose connection ended
    /// with the process lapses after [`Config::grace_ms`](crate::Config::grace_ms).
    pub fn restore_binding(&mut self, now: Timestamp, account: AccountId, mut binding: Binding) {
        self.strangers.note_restored(binding.flow.remote.ip(), binding.expires_at);
        if binding.flow.transport.is_reliable() {
            binding.flow.stream = None;
            binding.expires_at = binding.expires_at.min(now + self.config.grace_ms);
        }
        let mut bindings = self.registrar.of(account).to_vec();
        bindings.retain(|other| other.contact != binding.contact);
        bindings.push(binding);
        self.put_bindings(account, bindings);
    }

    pub(super) fn put_bindings(&mut self, account: AccountId, bindings: Vec<Binding>) {
        for old in self.registrar.of(account).to_vec() {
            self.unwatch_stream(&old.flow, OnStream::Bindings(account));
        }
        for new in &bindings {
            self.watch_stream(&new.flow, OnStream::Bindings(account));
        }
        match bindings.iter().map(|binding| binding.expires_at).min() {
            Some(first) => self.timers.set(TimerKey::Bindings(account), first),
            None => self.timers.stop(TimerKey::Bindings(account)),
        }
        self.registrar.put(account, bindings);
        self.forget_told(account);
    }

    pub(super) fn bindings_lapse(&mut self, now: Timestamp, account: AccountId) {
        self.keep_bindings(account, |binding| binding.expires_at > now);
    }

    /// Drops bindings and tells the owner if any went.
    pub(super) fn keep_bindings(&mut self, account: AccountId, keep: impl Fn(&Binding) -> bool) {
        let before = self.registrar.of(account);
        let bindings: Vec<Binding> = before.iter().filter(|binding| keep(binding)).cloned().collect();
        if bindings.len() != before.len() {
            self.put_bindings(account, bindings.clone());
            self.stop_waiting(account);
            self.events.push_back(Event::BindingsChanged { account, bindings });
        }
    }
}

/// `None` if a Contact cannot be read, or `*` stands beside another.
fn contacts(asked: &Asked) -> Option<Contacts> {
    let values: Vec<&str> = asked.request.headers.values(&Name::Contact).collect();
    if values == ["*"] {
        return Some(Contacts::All);
    }
    let parsed: Option<Vec<NameAddr>> = values.into_iter().map(|value| NameAddr::parse(value).ok()).collect();
    parsed.map(Contacts::Listed)
}

fn knows_path(headers: &Headers) -> bool {
    headers.has_token(&Name::Supported, PATH) || headers.has_token(&Name::Require, PATH)
}

fn contact_value(now: Timestamp, binding: &Binding) -> String {
    let left_s = binding.expires_at.0.saturating_sub(now.0) / 1_000;
    let instance = binding.instance.as_deref().map(|instance| format!(";+sip.instance={}", quote(instance)));
    format!("<{}>;expires={left_s}{}", binding.contact, instance.unwrap_or_default())
}

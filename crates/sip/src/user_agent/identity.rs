//! Who is asking: digest for devices, source address (and digest, if set) for trunks.

use super::UserAgent;
use super::asked::{Asked, retry_later};
use super::strangers::Attempt;
use crate::digest::{DigestFields, Shape, Verdict};
use crate::directory::AccountId;
use crate::event::Origin;
use crate::message::Name;
use crate::time::Timestamp;

impl UserAgent {
    /// The proved sender of a request outside of any dialog; `None` when the sender has been told what is missing.
    pub(super) fn identify(&mut self, now: Timestamp, asked: &Asked) -> Option<Origin> {
        if let Some(peer) = self.directory.peer_by_source(asked.source.remote) {
            let id = peer.id;
            let Some(account) = peer.inbound else {
                return Some(Origin::Peer(id));
            };
            let Some(account) = self.directory.account(account).cloned() else {
                self.refuse(asked, 403, |_| {});
                return None;
            };
            self.prove(now, asked, &account.realm, &account.username, Some(account.id))?;
            return Some(Origin::Peer(id));
        }
        let from = &asked.essentials.from.uri;
        let realm = self.realm_for(asked, &[&from.host, &asked.request.uri.host]);
        let account = self.prove(now, asked, &realm, &from.user_text(), None)?;
        match self.directory.peer_by_account(account) {
            None => Some(Origin::Account(account)),
            Some(peer) if peer.addresses.is_empty() => Some(Origin::Peer(peer.id)),
            // A trunk's account does not open the door to the whole world.
            Some(_) => {
                self.refuse(asked, 403, |_| {});
                None
            }
        }
    }

    /// The first of the hosts that is a realm; else the listener's, else the config's.
    pub(super) fn realm_for(&self, asked: &Asked, hosts: &[&str]) -> String {
        let known = hosts.iter().find_map(|host| self.directory.realm(host));
        let listener = self.config.listener(asked.source.listener);
        known.or_else(|| listener?.realm.as_deref()).unwrap_or(&self.config.realm).to_owned()
    }

    /// The account whose secret the sender knows; `None` when the sender has been challenged or refused. Names that do
    /// not exist are treated in every step as those that do.
    pub(super) fn prove(
        &mut self,
        now: Timestamp,
        asked: &Asked,
        realm: &str,
        claimed: &str,
        only: Option<AccountId>,
    ) -> Option<AccountId> {
        let answers = asked.request.headers.all(&Name::Authorization).filter_map(DigestFields::parse);
        let Some(fields) = answers.into_iter().find(|fields| fields.get("realm") == Some(realm)) else {
            self.challenge(now, asked, realm, claimed, false);
            return None;
        };
        let source = asked.source.remote.ip();
        let name = fields.get("username").unwrap_or_default();
        let account = self.directory.account_by_name(realm, name);
        let account = account.filter(|account| only.is_none_or(|only| account.id == only));
        let home = account
            .map(|account| account.id)
            .filter(|id| self.registrar.of(*id).iter().any(|binding| binding.flow.remote.ip() == source));
        let attempt = Attempt::new(source, realm, name, home);
        // An answer to what was never asked there is no attempt: others could spend an address's attempts with it.
        if !self.guard.asked(realm, source, &fields) {
            self.challenge(now, asked, realm, claimed, true);
            return None;
        }
        if !self.strangers.may_try(now, &attempt) {
            self.refuse(asked, 503, retry_later);
            return None;
        }
        match self.guard.judge(now, account, &asked.request, &fields) {
            Verdict::Proved => {
                let id = account.map(|account| account.id);
                self.strangers.note_proved(now, source);
                id
            }
            Verdict::Stale => {
                self.challenge(now, asked, realm, claimed, true);
                None
            }
            Verdict::Wrong => {
                self.strangers.note_wrong(now, &attempt);
                self.refuse(asked, 403, |_| {});
                None
            }
        }
    }

    fn challenge(&mut self, now: Timestamp, asked: &Asked, realm: &str, claimed: &str, stale: bool) {
        let shape = match self.directory.account_by_name(realm, claimed) {
            Some(account) => Shape::of(account),
            None => self.guard.shape_for_stranger(claimed, self.directory.shapes(realm)),
        };
        let challenges = self.guard.challenges(now, realm, asked.source.remote.ip(), shape, stale);
        self.refuse(asked, 401, |response| {
            for challenge in challenges {
                response.headers.push(Name::WwwAuthenticate, challenge);
            }
        });
    }
}

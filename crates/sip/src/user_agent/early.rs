//! Dialogs that provisional responses to our INVITE begin, one for each fork, and their PRACKs (RFC 3262 section 4).

use super::UserAgent;
use super::asked::Asked;
use super::clients::{Client, Heard, Purpose};
use crate::dialog::reliable::{Early, RELIABLE};
use crate::dialog::{DialogId, Relation, State};
use crate::limits::FORKS_MAX;
use crate::message::{Essentials, Method, Name, parse_number};
use crate::time::Timestamp;
use crate::transaction::ClientId;

impl UserAgent {
    /// Notes who a provisional response comes from and acknowledges it if it wants that. False if it is one that the
    /// owner has heard already, or one that came before its time and will be sent again.
    pub(super) fn early_heard(&mut self, now: Timestamp, client: ClientId, heard: &Heard<'_>) -> bool {
        let headers = &heard.response.headers;
        let Some(tag) = heard.essentials.to.tag().filter(|_| heard.response.code > 100) else {
            return true;
        };
        let Some(entry) = self.clients.get_mut(&client) else {
            return true;
        };
        let known = entry.early.iter().any(|early| early.tag() == tag);
        if !known && entry.early.len() < FORKS_MAX {
            let begun =
                entry.relation().map(|relation| relation.established_by(headers, &heard.essentials.to));
            entry.early.extend(begun.map(Early::new));
        }
        let Some(early) = entry.early.iter_mut().find(|early| early.tag() == tag) else {
            return true;
        };
        early.update |= headers.has_token(&Name::Allow, Method::Update.as_str());
        let rseq = headers.get(&Name::RSeq).and_then(parse_number).filter(|rseq| *rseq > 0);
        let Some(rseq) = rseq.filter(|_| headers.has_token(&Name::Require, RELIABLE)) else {
            return true;
        };
        if early.rseq != 0 && early.rseq.checked_add(1) != Some(rseq) {
            return false;
        }
        early.rseq = rseq;
        let body = &heard.response.body;
        if early.answer.is_none() && !body.is_empty() {
            early.answer = Some(body.clone());
        }
        let relation = match entry.purpose {
            // Inside a dialog of ours there is one count for all its requests.
            Purpose::Reinvite(id) | Purpose::Refresh(id) => match self.dialogs.get_mut(&id) {
                Some(dialog) => &mut dialog.relation,
                None => return true,
            },
            Purpose::Invite(_)
            | Purpose::Prack(_)
            | Purpose::Ping(_)
            | Purpose::Cancel
            | Purpose::Bye
            | Purpose::Notify(_)
            | Purpose::LastNotify
            | Purpose::UnsolicitedNotify(_) => &mut early.relation,
        };
        relation.cseq += 1;
        let mut request = relation.request(Method::Prack, relation.cseq);
        request.headers.push(Name::RAck, format!("{rseq} {} INVITE", heard.essentials.cseq));
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        let (flow, peer) = (entry.flow, entry.peer);
        self.start_client(now, request, flow, peer, Purpose::Prack(client));
        true
    }

    /// The early dialog in which a request was sent or came, by the far end's tag.
    pub(super) fn early_mut(&mut self, client: ClientId, tag: &str) -> Option<&mut Early> {
        self.clients.get_mut(&client)?.early.iter_mut().find(|early| early.tag() == tag)
    }

    /// The early dialog of ours that a request of theirs came in.
    pub(super) fn early_of(&mut self, asked: &Asked, id: DialogId) -> Option<&mut Early> {
        let State::Calling { invite } = self.dialogs.get(&id)?.state else {
            return None;
        };
        self.early_mut(invite, asked.their_tag())
    }

    /// Whether an INVITE of ours rings at a fork with this tag.
    pub(super) fn rings_at(&self, invite: ClientId, tag: &str) -> bool {
        self.clients.get(&invite).is_some_and(|client| client.early.iter().any(|early| early.tag() == tag))
    }

    /// RFC 3261 section 12.2.2: notes the number of a request; false if it is older than one already served.
    pub(super) fn in_order(&mut self, asked: &Asked, id: DialogId) -> bool {
        let cseq = asked.essentials.cseq;
        let last = if let Some(early) = self.early_of(asked, id) {
            &mut early.remote_cseq
        } else if let Some(dialog) = self.dialogs.get_mut(&id) {
            &mut dialog.remote_cseq
        } else {
            return false;
        };
        let in_order = last.is_none_or(|last| cseq > last);
        if in_order {
            *last = Some(cseq);
        }
        in_order
    }
}

impl Client {
    /// The relation that a response to this request may begin.
    pub(super) fn relation(&self) -> Option<Relation> {
        let asked = Essentials::read(&self.request.headers).ok()?;
        Some(Relation {
            call_id: asked.call_id,
            local: asked.from,
            remote: asked.to,
            target: self.request.uri.clone(),
            routes: self.request.headers.values(&Name::Route).map(str::to_owned).collect(),
            flow: self.flow,
            cseq: asked.cseq,
            peer: self.peer,
            account: None,
            instance: None,
            lost: false,
            contact_user: String::new(),
        })
    }
}

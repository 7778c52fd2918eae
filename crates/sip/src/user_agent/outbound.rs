//! Calls we make: RFC 3261 section 13.2.

use std::net::SocketAddr;

use super::UserAgent;
use super::clients::{Acknowledgement, Heard, Purpose};
use super::inbound::passes;
use super::waiting::Trial;
use crate::dialog::{Dialog, DialogId, Invite, Offering, Phase, Relation, State, Target};
use crate::event::{Event, Origin};
use crate::flow::Flow;
use crate::limits::{FORKS_MAX, RING_MS_MAX};
use crate::message::{ALLOW, Method, Name, NameAddr, Request, Uri};
use crate::time::{DialogTimer, TimerKey, Timestamp};
use crate::transaction::ClientId;

/// An [`Invite`]'s target, resolved.
struct Aim {
    uri: Uri,
    to: Uri,
    from_host: String,
    routes: Vec<String>,
    flow: Flow,
    origin: Option<Origin>,
    instance: Option<String>,
}

impl UserAgent {
    /// Makes a call. What cannot be sent at all comes back as `Failed`.
    pub fn invite(&mut self, now: Timestamp, invite: Invite) -> DialogId {
        let id = DialogId(self.next_id());
        if self.awaited(&invite) {
            self.waiting.insert(id, invite);
        } else {
            self.invite_as(now, id, invite);
        }
        id
    }

    pub(super) fn invite_as(&mut self, now: Timestamp, id: DialogId, invite: Invite) {
        let again = self.may_wait(&invite).then(|| invite.clone());
        let aim = match self.aim(&invite) {
            Ok(aim) if self.dialogs.len() < self.config.dialogs_max => aim,
            Ok(_) => {
                return self.fail(id, 503, "Too Many Dialogs");
            }
            Err(code) => return self.fail(id, code, crate::message::reason_phrase(code)),
        };
        let Invite { from_user, from_name, headers, body, .. } = invite;
        let mut local = NameAddr::new(Uri::sip(Some(&from_user), &aim.from_host, None));
        local.display = from_name;
        let relation = Relation {
            call_id: format!("{}{}", self.chance.token(), self.chance.token()),
            local: local.with_tag(&self.chance.token()),
            remote: NameAddr::new(aim.to),
            target: aim.uri,
            routes: aim.routes,
            flow: aim.flow,
            cseq: 1,
            peer: match aim.origin {
                Some(Origin::Peer(peer)) => Some(peer),
                Some(Origin::Account(_)) | None => None,
            },
            account: match aim.origin {
                Some(Origin::Account(account)) => Some(account),
                Some(Origin::Peer(_)) | None => None,
            },
            instance: aim.instance,
            lost: false,
            contact_user: from_user,
        };
        let mut request = relation.request(Method::Invite, 1);
        for (name, value) in headers.into_iter().filter(|(name, _)| passes(name)) {
            request.headers.push(Name::new(&name), value);
        }
        let said = body.clone();
        self.dress_invite(&mut request, &relation, body);
        self.ask_for_timer(&mut request, true, None);
        let (flow, peer) = (relation.flow, relation.peer);
        let purpose = Purpose::Invite(id);
        let client = self.start_client(now, request, flow, peer, purpose);
        if let Some(again) = again {
            self.trials.insert(client, Trial::Call(id, Box::new(again)));
        }
        let state = State::Calling { invite: client };
        let origin = aim.origin;
        let mut dialog = Dialog::of_ours(relation, state, origin);
        dialog.upkeep.said = said;
        self.add_dialog(id, dialog);
        self.timers.set(TimerKey::Dialog(id, DialogTimer::GiveUp), now + RING_MS_MAX);
    }

    /// Where a call to a target would go.
    pub fn remote_of(&self, target: &Target) -> Option<SocketAddr> {
        match target {
            Target::Binding { binding, .. } => Some(binding.flow.remote),
            Target::Peer { id, .. } => Some(self.directory.peer(*id)?.target.as_ref()?.flow.remote),
            Target::Uri { flow, .. } => Some(flow.remote),
        }
    }

    /// Where the far end of a dialog is.
    pub fn remote_in(&self, dialog: DialogId) -> Option<SocketAddr> {
        Some(self.dialogs.get(&dialog)?.relation.flow.remote)
    }

    pub(super) fn fail(&mut self, dialog: DialogId, code: u16, reason: &str) {
        self.events.push_back(Event::Failed { dialog, code, reason: reason.to_owned() });
    }

    fn aim(&self, invite: &Invite) -> Result<Aim, u16> {
        match &invite.target {
            Target::Binding { account, binding } => {
                let listener = self.config.listener(binding.flow.listener);
                let realm = listener.and_then(|listener| listener.realm.clone());
                let realm = realm.unwrap_or_else(|| self.config.realm.clone());
                Ok(Aim {
                    uri: Uri::parse(&binding.contact).map_err(|_| 400u16)?,
                    to: Uri::sip(Some(&invite.to_user), &realm, None),
                    from_host: realm,
                    routes: binding.path.clone(),
                    flow: self.way_to(binding).ok_or(480u16)?,
                    origin: Some(Origin::Account(*account)),
                    instance: binding.instance.clone(),
                })
            }
            Target::Peer { id, user } => {
                let target = self.directory.peer(*id).and_then(|peer| peer.target.as_ref()).ok_or(404u16)?;
                let from_host = target.from_host.clone().unwrap_or_else(|| self.own_host(&target.flow));
                let mut uri = Uri::sip(Some(user), &target.host, None);
                if let Some(transport) = target.flow.transport.uri_parameter() {
                    uri.parameters.set("transport", Some(transport.to_owned()));
                }
                Ok(Aim {
                    uri,
                    to: Uri::sip(Some(&invite.to_user), &target.host, None),
                    from_host,
                    routes: Vec::new(),
                    flow: target.flow,
                    origin: Some(Origin::Peer(*id)),
                    instance: None,
                })
            }
            Target::Uri { uri, flow } => {
                let uri = Uri::parse(uri).map_err(|_| 400u16)?;
                let to = Uri::sip(Some(&invite.to_user), &uri.host, uri.port);
                let from_host = self.own_host(flow);
                Ok(Aim { uri, to, from_host, routes: Vec::new(), flow: *flow, origin: None, instance: None })
            }
        }
    }

    /// What an INVITE has beside the dialog's own headers.
    pub(super) fn dress_invite(&self, request: &mut Request, relation: &Relation, body: Vec<u8>) {
        request.headers.push(Name::Contact, self.contact(&relation.flow, &relation.contact_user));
        request.headers.push(Name::Allow, ALLOW);
        request.headers.push(Name::Supported, self.supported());
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        if !body.is_empty() {
            request.headers.push(Name::ContentType, "application/sdp");
            request.body = body;
        }
    }

    pub(super) fn invite_heard(&mut self, now: Timestamp, id: DialogId, client: ClientId, heard: &Heard<'_>) {
        let response = heard.response;
        match response.code {
            100..=199 => self.invite_proceeds(now, id, client, heard),
            200..=299 => self.invite_answered(now, id, client, heard),
            code => self.invite_failed(now, id, code, &response.reason),
        }
    }

    fn invite_proceeds(&mut self, now: Timestamp, id: DialogId, client: ClientId, heard: &Heard<'_>) {
        let fresh = self.early_heard(now, client, heard);
        match self.dialogs.get_mut(&id).map(|dialog| &mut dialog.state) {
            Some(State::Calling { .. }) if heard.response.code > 100 && fresh => {
                let body = Some(heard.response.body.clone()).filter(|body| !body.is_empty());
                self.events.push_back(Event::Progress { dialog: id, code: heard.response.code, body });
            }
            Some(State::Cancelling { sent, reason, .. }) if !*sent => {
                *sent = true;
                let reason = reason.clone();
                self.send_cancel(now, client, reason.as_deref());
                let give_up_ms = self.config.timing.give_up_ms();
                self.timers.set(TimerKey::Dialog(id, DialogTimer::GiveUp), now + give_up_ms);
            }
            Some(
                State::Calling { .. }
                | State::Cancelling { .. }
                | State::Incoming { .. }
                | State::Answered { .. }
                | State::Leaving { .. }
                | State::Confirmed { .. },
            )
            | None => {}
        }
    }

    /// A 2xx: the first makes the dialog; the same once more is acknowledged once more; another fork's is acknowledged
    /// and cleared (RFC 3261 section 13.2.2.4).
    fn invite_answered(&mut self, now: Timestamp, id: DialogId, client: ClientId, heard: &Heard<'_>) {
        let wanted = matches!(self.dialogs.get(&id).map(Dialog::phase), Some(Phase::Calling));
        let hold = wanted && self.config.hold_ack;
        let Some(relation) = self.acknowledge_success(client, heard, hold) else {
            return;
        };
        if let Some(dialog) = self.dialogs.get_mut(&id).filter(|_| hold) {
            dialog.held_ack = Some(client);
        }
        match self.dialogs.get(&id).map(|dialog| &dialog.state) {
            Some(State::Calling { .. }) => self.dialog_confirmed(now, id, client, relation, heard),
            Some(State::Cancelling { .. }) => {
                // The 200 crossed our CANCEL.
                self.remove_dialog(now, id);
                self.leave(now, relation);
            }
            Some(
                State::Incoming { .. }
                | State::Answered { .. }
                | State::Leaving { .. }
                | State::Confirmed { .. },
            )
            | None => self.leave(now, relation),
        }
    }

    fn leave(&mut self, now: Timestamp, mut relation: Relation) {
        self.send_bye(now, &mut relation, None);
    }

    fn dialog_confirmed(
        &mut self,
        now: Timestamp,
        id: DialogId,
        client: ClientId,
        relation: Relation,
        heard: &Heard<'_>,
    ) {
        let tag = relation.remote.tag().unwrap_or_default();
        let early = self.early_mut(client, tag).cloned();
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let contact_user = std::mem::take(&mut dialog.relation.contact_user);
        let (account, instance) = (dialog.relation.account, dialog.relation.instance.take());
        dialog.relation = Relation { contact_user, account, instance, ..relation };
        dialog.enter(State::Confirmed { offering: Offering::Nobody });
        dialog.upkeep.update = early.as_ref().is_some_and(|early| early.update);
        dialog.upkeep.note_allowed(&heard.response.headers);
        dialog.remote_cseq = early.as_ref().and_then(|early| early.remote_cseq);
        self.timers.stop(TimerKey::Dialog(id, DialogTimer::GiveUp));
        self.settle_timer(now, id, &heard.response.headers);
        // RFC 3261 section 13.2.1: an answer that came reliably is the answer; what a 2xx says beside it is ignored.
        let body = early.and_then(|early| early.answer).unwrap_or_else(|| heard.response.body.clone());
        self.events.push_back(Event::Answered { dialog: id, body });
        self.schedule_ping(now, id);
    }

    /// Lets the ACK of an answered call go, where [`Config::hold_ack`](crate::Config::hold_ack) held it back. Until then
    /// the far end repeats its 2xx, for at most 64 T1.
    pub fn acknowledge(&mut self, dialog: DialogId) {
        if let Some(client) = self.dialogs.get_mut(&dialog).and_then(|dialog| dialog.held_ack.take()) {
            self.release_ack(client);
        }
    }

    pub(super) fn release_ack(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let (flow, lost) = (client.flow, client.lost);
        let held = client.acks.iter_mut().find(|ack| ack.held);
        let Some(ack) = held else {
            return;
        };
        ack.held = false;
        let bytes = ack.bytes.clone();
        // To a device out of reach it goes when its 2xx comes again.
        if !lost {
            self.transmit(flow, bytes);
        }
    }

    /// Sends the ACK of a 2xx, unless it is to be held. Gives the relation if this is the first 2xx with its tag.
    pub(super) fn acknowledge_success(
        &mut self,
        id: ClientId,
        heard: &Heard<'_>,
        hold: bool,
    ) -> Option<Relation> {
        let client = self.clients.get(&id)?;
        let tag = heard.essentials.to.tag().unwrap_or_default();
        let flow = client.flow;
        if let Some(ack) = client.acks.iter().find(|ack| ack.tag == tag) {
            if !ack.held {
                let bytes = ack.bytes.clone();
                self.transmit(flow, bytes);
            }
            return None;
        }
        if client.acks.len() >= FORKS_MAX {
            return None;
        }
        let request = client.request.clone();
        let relation = client.relation()?;
        let cseq = relation.cseq;
        // Requests of ours in the early dialog have gone before.
        let early = client.early.iter().find(|early| early.tag() == tag);
        let used = early.map_or(cseq.saturating_add(client.cseqs_used), |early| early.relation.cseq);
        let relation = Relation { cseq: used, ..relation };
        let relation = match client.purpose {
            Purpose::Reinvite(dialog) | Purpose::Refresh(dialog) => match self.dialogs.get_mut(&dialog) {
                Some(dialog) => {
                    dialog.relation.refresh_target(&heard.response.headers);
                    dialog.relation.clone()
                }
                None => relation,
            },
            Purpose::Invite(_)
            | Purpose::Prack(_)
            | Purpose::Ping(_)
            | Purpose::Cancel
            | Purpose::Bye
            | Purpose::Notify(_)
            | Purpose::LastNotify
            | Purpose::UnsolicitedNotify(_) => {
                relation.established_by(&heard.response.headers, &heard.essentials.to)
            }
        };
        let mut ack = relation.request(Method::Ack, cseq);
        // RFC 3261 section 13.2.2.4: the same credentials as the INVITE.
        ack.headers.copy(&request.headers, &Name::Authorization);
        ack.headers.copy(&request.headers, &Name::ProxyAuthorization);
        let (_, via) = self.new_via(&flow, &relation.call_id);
        ack.headers.push_front(Name::Via, via);
        let bytes = ack.to_bytes();
        if let Some(client) = self.clients.get_mut(&id) {
            client.acks.push(Acknowledgement { tag: tag.to_owned(), bytes: bytes.clone(), held: hold });
        }
        if !hold {
            self.transmit(flow, bytes);
        }
        Some(relation)
    }

    pub(super) fn invite_failed(&mut self, now: Timestamp, id: DialogId, code: u16, reason: &str) {
        match self.dialogs.get(&id).map(|dialog| &dialog.state) {
            Some(State::Calling { .. }) => {
                self.remove_dialog(now, id);
                self.fail(id, code, reason);
            }
            Some(State::Cancelling { .. }) => {
                self.remove_dialog(now, id);
            }
            Some(
                State::Incoming { .. }
                | State::Answered { .. }
                | State::Leaving { .. }
                | State::Confirmed { .. },
            )
            | None => {}
        }
    }

    /// It rang too long, or no final response followed our CANCEL within 64 T1 (RFC 3261 section 9.1).
    pub(super) fn invite_given_up(&mut self, now: Timestamp, id: DialogId) {
        match self.dialogs.get(&id).map(|dialog| &dialog.state) {
            Some(State::Calling { .. }) => {
                self.fail(id, 408, "Ringing Too Long");
                self.clear(now, id, None);
            }
            Some(State::Cancelling { invite, .. }) => {
                let invite = *invite;
                self.remove_client(invite);
                self.remove_dialog(now, id);
            }
            Some(
                State::Incoming { .. }
                | State::Answered { .. }
                | State::Leaving { .. }
                | State::Confirmed { .. },
            )
            | None => {}
        }
    }
}

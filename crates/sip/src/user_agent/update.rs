//! Their UPDATE (RFC 3311), before and after the answer; and offers in requests that are no INVITE.

use super::UserAgent;
use super::asked::{Asked, capabilities};
use super::inbound::describe;
use crate::dialog::reliable::Exchange;
use crate::dialog::{DialogId, Offering, OpenRequest, State};
use crate::event::Event;
use crate::message::{Headers, Method, Name, NameAddr, Response, Uri};
use crate::time::Timestamp;

/// RFC 3311 section 5.2: whoever offered too early waits up to ten seconds.
const RETRY_AFTER_MAX_S: u64 = 10;

impl UserAgent {
    pub(super) fn handle_update(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        if self.refused_by_body(asked) {
            return;
        }
        if let Some(code) = self.untimely(asked, id) {
            let wait_s = self.chance.between(1, RETRY_AFTER_MAX_S);
            return self.respond_other(now, asked, code, |response| {
                if code == 500 {
                    response.headers.push(Name::RetryAfter, wait_s.to_string());
                }
            });
        }
        if self.refused_by_timer(now, asked) {
            return;
        }
        self.note_asked(id, &asked.request.headers);
        if asked.request.body.is_empty() {
            let transaction = self.open_other(asked);
            let request = Box::new(asked.request.clone());
            self.accept_update(now, id, &OpenRequest { transaction, request }, Vec::new());
        } else {
            self.take_offer(now, asked, id);
        }
    }

    /// RFC 3311 section 5.2: 491 when an offer of ours has no answer, 500 when one of theirs has none.
    fn untimely(&mut self, asked: &Asked, id: DialogId) -> Option<u16> {
        let early_answer = self.early_of(asked, id).is_some_and(|early| early.answer.is_some());
        let dialog = self.dialogs.get(&id)?;
        if dialog.updating.is_some() {
            return Some(500);
        }
        if asked.request.body.is_empty() {
            return None;
        }
        match &dialog.state {
            State::Calling { .. } => (!early_answer).then_some(491),
            State::Cancelling { .. } | State::Leaving { .. } => Some(491),
            State::Incoming { had_offer, .. } => match dialog.reliable.exchange {
                Exchange::Done => None,
                Exchange::Open if *had_offer => Some(500),
                Exchange::Open | Exchange::Offered => Some(491),
            },
            State::Confirmed { offering: Offering::Nobody } => None,
            State::Confirmed { offering: Offering::Ours } => Some(491),
            State::Confirmed { offering: Offering::Theirs { .. } } => Some(500),
            State::Answered { answer } | State::Confirmed { offering: Offering::Unacked(answer) } => {
                (!answer.had_offer).then_some(491)
            }
        }
    }

    /// Gives an offer in an UPDATE or PRACK to the owner; its transaction waits for the answer.
    pub(super) fn take_offer(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        let transaction = self.open_other(asked);
        let updating = OpenRequest { transaction, request: Box::new(asked.request.clone()) };
        match self.dialogs.get_mut(&id) {
            Some(dialog) if dialog.updating.is_none() => {
                dialog.updating = Some(updating);
                let body = Some(asked.request.body.clone());
                self.events.push_back(Event::Reoffered { dialog: id, body });
            }
            Some(_) | None => self.finish_open(now, &updating, 500, |_| {}),
        }
    }

    /// The owner's answer to such an offer, or the 200 to an UPDATE without one.
    pub(super) fn accept_update(
        &mut self,
        now: Timestamp,
        id: DialogId,
        updating: &OpenRequest,
        body: Vec<u8>,
    ) {
        let headers = &updating.request.headers;
        let is_update = updating.request.method == Method::Update;
        let talking = match self.dialogs.get_mut(&id) {
            Some(dialog) => {
                if !body.is_empty() {
                    dialog.upkeep.said.clone_from(&body);
                }
                matches!(dialog.state, State::Answered { .. } | State::Confirmed { .. })
            }
            None => false,
        };
        // Until the INVITE is answered there is no interval to refresh (RFC 4028 section 7).
        let terms = if talking && is_update { self.grant_timer(now, id) } else { None };
        if is_update {
            self.move_target(id, headers);
        }
        let (contact, supported) = (self.contact_of(id), self.supported());
        self.finish_open(now, updating, 200, |response| {
            if is_update {
                response.headers.push(Name::Contact, contact);
                capabilities(response, supported);
            }
            if let Some(terms) = terms {
                terms.tell(response);
            }
            describe(response, body);
        });
    }

    pub(super) fn finish_open(
        &mut self,
        now: Timestamp,
        updating: &OpenRequest,
        code: u16,
        edit: impl FnOnce(&mut Response),
    ) {
        let tag = self.chance.token();
        let mut response = Response::to_request(&updating.request, code, Some(&tag));
        self.sign(&mut response);
        edit(&mut response);
        self.answer_other(now, updating.transaction, &response);
    }

    /// UPDATE is a target refresh request: its Contact is the new remote target.
    fn move_target(&mut self, id: DialogId, headers: &Headers) {
        let Some(target) = contact_uri(headers) else {
            return;
        };
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let State::Calling { invite } = dialog.state else {
            dialog.relation.target = target;
            return;
        };
        let from = headers.get(&Name::From).and_then(|from| NameAddr::parse(from).ok());
        if let Some(early) = self.early_mut(invite, from.as_ref().and_then(NameAddr::tag).unwrap_or_default())
        {
            early.relation.target = target;
        }
    }
}

fn contact_uri(headers: &Headers) -> Option<Uri> {
    let contact = headers.values(&Name::Contact).next()?;
    Some(NameAddr::parse(contact).ok()?.uri)
}

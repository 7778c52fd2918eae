//! REFER inside a dialog (RFC 3515): a phone asks us to lead the other party elsewhere, or to whom it talks in another
//! dialog (RFC 5589 section 7). The owner says whether it is done; where it is, the phone is told so at once and for the
//! last time, since we take over.

use super::UserAgent;
use super::asked::Asked;
use super::clients::Purpose;
use super::replaces::NamedBy;
use crate::dialog::{DialogId, OpenRequest, State};
use crate::event::Event;
use crate::message::{Name, NameAddr, Replaces, Scheme};
use crate::time::Timestamp;

/// What a sipfrag is (RFC 3420).
const FRAGMENT: &str = "message/sipfrag;version=2.0";

impl UserAgent {
    pub(super) fn handle_refer(&mut self, now: Timestamp, asked: &Asked, id: DialogId) {
        let (to, replaces) = match referred_to(asked) {
            Ok(target) => target,
            Err(code) => return self.respond_other(now, asked, code, |_| {}),
        };
        let open = self.dialogs.get(&id).map(|dialog| (&dialog.state, dialog.referring.is_none()));
        let Some((State::Confirmed { .. }, true)) = open else {
            return self.respond_other(now, asked, 403, |_| {});
        };
        let replaces = match replaces.map(|named| self.consultation_of(id, &named)).transpose() {
            Ok(replaces) => replaces,
            Err(code) => return self.respond_other(now, asked, code, |_| {}),
        };
        let transaction = self.open_other(asked);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.referring = Some(OpenRequest { transaction, request: Box::new(asked.request.clone()) });
        }
        self.events.push_back(Event::Referred { dialog: id, to, replaces });
    }

    /// The dialog that a REFER in another names; else the code of the refusal. None takes its own place.
    fn consultation_of(&self, id: DialogId, named: &Replaces) -> Result<DialogId, u16> {
        let origin = self.dialogs.get(&id).and_then(|dialog| dialog.origin);
        let other = self.dialog_to_replace(origin, named, NamedBy::Refer)?;
        if other == id { Err(400) } else { Ok(other) }
    }

    /// Answers a [`Event::Referred`]: 202 when it is done, else the code that says why not.
    pub fn answer_refer(&mut self, now: Timestamp, dialog: DialogId, code: u16) {
        let Some(open) = self.dialogs.get_mut(&dialog).and_then(|dialog| dialog.referring.take()) else {
            return;
        };
        let contact = self.contact_of(dialog);
        self.finish_open(now, &open, code, |response| response.headers.push(Name::Contact, contact));
        // RFC 4488 section 4: who wants no word gets none.
        let unwanted = open.request.headers.get(&Name::new("Refer-Sub")).is_some_and(|value| {
            value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("false")
        });
        if (200..300).contains(&code) && !unwanted {
            self.tell_referred(now, dialog);
        }
    }

    /// The first and last NOTIFY of the subscription that a REFER is (RFC 3515 section 2.4.4).
    fn tell_referred(&mut self, now: Timestamp, dialog: DialogId) {
        let Some(relation) = self.dialogs.get_mut(&dialog).map(|dialog| &mut dialog.relation) else { return };
        if relation.lost {
            return;
        }
        relation.cseq += 1;
        let (relation, body) = (relation.clone(), b"SIP/2.0 200 OK\r\n".to_vec());
        let about = ("refer", "terminated;reason=noresource", FRAGMENT);
        self.send_notify(now, &relation, about, body, Purpose::LastNotify);
    }
}

/// The user part of the one URI that is referred to, and the dialog that it names; else the code of the refusal.
fn referred_to(asked: &Asked) -> Result<(String, Option<Replaces>), u16> {
    let name = Name::new("Refer-To");
    let mut all = asked.request.headers.values(&name);
    let (Some(value), None) = (all.next(), all.next()) else { return Err(400) };
    let uri = NameAddr::parse(value).map_err(|_| 400_u16)?.uri;
    match uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
        // RFC 3515 section 4.1: 416 for a URI that cannot be called.
        Scheme::Other(_) => return Err(416),
    }
    let (user, replaces) = (uri.user_text(), Replaces::of_uri(&uri).map_err(|_| 400_u16)?);
    if user.is_empty() && replaces.is_none() { Err(404) } else { Ok((user, replaces)) }
}

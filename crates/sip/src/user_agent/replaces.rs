//! Which of our dialogs a Replaces header names (RFC 3891 section 3), and whether who sent it may name that one.

use super::UserAgent;
use super::asked::Asked;
use crate::dialog::{DialogId, State};
use crate::event::Origin;
use crate::message::{Name, Replaces};

/// In what a dialog is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// A REFER, in which any live dialog may be named: what comes of it is the owner's business.
    Refer,
    /// An INVITE, which may not take the place of a call that rings elsewhere and that its caller made.
    Invite,
}

impl UserAgent {
    /// The dialog whose place an INVITE of a proved sender is to take, if any; else the code of the refusal.
    pub(super) fn replaced_by(&self, asked: &Asked, origin: Origin) -> Result<Option<DialogId>, u16> {
        let name = Name::new("Replaces");
        let mut all = asked.request.headers.all(&name);
        let value = match (all.next(), all.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value,
            (Some(_), Some(_)) => return Err(400),
        };
        let replaces = Replaces::parse(value).map_err(|_| 400_u16)?;
        self.dialog_to_replace(Some(origin), &replaces, NamedBy::Invite).map(Some)
    }

    /// The dialog named by a device of this origin; else the code of the refusal. A dialog of any other account is as
    /// unknown as one that is not there. Those of trunks are nobody's to name.
    pub(super) fn dialog_to_replace(
        &self,
        origin: Option<Origin>,
        replaces: &Replaces,
        by: NamedBy,
    ) -> Result<DialogId, u16> {
        let id = match origin {
            Some(Origin::Account(_)) => self.dialog_named(replaces).ok_or(481_u16)?,
            Some(Origin::Peer(_)) | None => return Err(481),
        };
        let dialog = self.dialogs.get(&id).filter(|dialog| dialog.origin == origin).ok_or(481_u16)?;
        match (&dialog.state, by) {
            (State::Cancelling { .. } | State::Leaving { .. }, _)
            | (State::Incoming { .. }, NamedBy::Invite) => Err(481),
            (State::Answered { .. } | State::Confirmed { .. }, _) if replaces.early_only => Err(486),
            (State::Calling { .. } | State::Answered { .. } | State::Confirmed { .. }, _)
            | (State::Incoming { .. }, NamedBy::Refer) => Ok(id),
        }
    }

    /// RFC 3891 section 3: our tag is the to-tag; a from-tag of 0 is also that of a far end without one.
    fn dialog_named(&self, replaces: &Replaces) -> Option<DialogId> {
        let named = |their_tag| self.dialog_with(&replaces.call_id, &replaces.to_tag, their_tag);
        named(&replaces.from_tag).or_else(|| (replaces.from_tag == "0").then(|| named(""))?)
    }
}

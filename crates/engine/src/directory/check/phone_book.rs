//! What phone books and contacts must be like.

use super::invalid;
use crate::engine::Engine;
use crate::entry::{Contact, EntryId, Kind, PhoneBook};
use crate::id::TenantId;
use crate::limits::{CONTACTS_MAX, PHONE_BOOKS_GLOBAL_MAX, PHONE_BOOKS_TEAM_MAX};
use crate::refusal::Refusal;

impl Engine {
    pub(super) fn check_phone_book(
        &self,
        tenant: TenantId,
        own: Option<EntryId>,
        book: &PhoneBook,
    ) -> Result<(), Refusal> {
        if let Some(team) = book.team {
            self.owned(tenant, EntryId::Team(team))?;
        }
        let others = self.phone_books(tenant).filter(|(id, _)| own != Some(EntryId::PhoneBook(*id)));
        let alike = others.filter(|(_, other)| other.team.is_some() == book.team.is_some()).count();
        match book.team {
            None if alike >= PHONE_BOOKS_GLOBAL_MAX => Err(Refusal::LimitReached("global phone books")),
            Some(_) if alike >= PHONE_BOOKS_TEAM_MAX => Err(Refusal::LimitReached("phone books of teams")),
            None | Some(_) => Ok(()),
        }
    }

    pub(super) fn check_contact(
        &self,
        tenant: TenantId,
        own: Option<EntryId>,
        contact: &Contact,
    ) -> Result<(), Refusal> {
        self.owned(tenant, EntryId::PhoneBook(contact.phone_book))?;
        if contact.first_name.as_str().is_empty() && contact.last_name.as_str().is_empty() {
            return Err(invalid("last_name", "must not be empty when the first name is"));
        }
        let Some(book) = self.state.phone_books.get(&contact.phone_book) else { return Ok(()) };
        let is_own = |other: &crate::id::ContactId| own == Some(EntryId::Contact(*other));
        if book.contacts.get(&contact.place()).is_some_and(|other| !is_own(other)) {
            return Err(Refusal::Taken(Kind::Contact, "name and number"));
        }
        let stays = match own {
            Some(EntryId::Contact(own)) => {
                self.state.contacts.get(&own).is_some_and(|own| own.entry.phone_book == contact.phone_book)
            }
            Some(_) | None => false,
        };
        if !stays && book.contacts.len() >= CONTACTS_MAX {
            return Err(Refusal::LimitReached("contacts of a phone book"));
        }
        Ok(())
    }
}

//! Numbers to call.

use super::{Answer, Listed, uri};
use crate::finesse::words::PhoneBookType;
use crate::finesse::xml::Element;

/// Numbers to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneBook {
    /// The id in addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub kind: PhoneBookType,
}

impl Answer for PhoneBook {
    fn element(&self) -> Element {
        let own = uri("PhoneBook", &self.id);
        let contacts = format!("{own}/Contacts");
        Element::of(
            "PhoneBook",
            vec![
                Element::leaf("uri", own),
                Element::leaf("name", &self.name),
                Element::leaf("type", self.kind),
                Element::leaf("contacts", contacts),
            ],
        )
    }
}

impl Listed for PhoneBook {
    const LIST: &'static str = "PhoneBooks";
}

/// A number to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The id in addresses, within its phone book.
    pub id: String,
    /// The id of its phone book.
    pub phone_book: String,
    /// Of a person.
    pub first_name: String,
    /// Of a person, or what else is called.
    pub last_name: String,
    /// As it is dialled.
    pub phone_number: String,
    /// Anything.
    pub description: String,
}

impl Answer for Contact {
    fn element(&self) -> Element {
        let own = format!("{}/Contact/{}", uri("PhoneBook", &self.phone_book), self.id);
        Element::of(
            "Contact",
            vec![
                Element::leaf("uri", own),
                Element::leaf("firstName", &self.first_name),
                Element::leaf("lastName", &self.last_name),
                Element::leaf("phoneNumber", &self.phone_number),
                Element::leaf("description", &self.description),
            ],
        )
    }
}

impl Listed for Contact {
    const LIST: &'static str = "Contacts";
}

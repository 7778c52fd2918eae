//! Phone books: whom agents call, for their desktops to show.

use serde::{Deserialize, Serialize};

use super::Name;
use crate::id::{PhoneBookId, TeamId};
use crate::text::{Number, Text};

/// A list of people to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneBook {
    /// Unique within the tenant.
    pub name: Name,
    /// Whose agents see it; everybody when absent (a global book).
    #[serde(default)]
    pub team: Option<TeamId>,
}

/// Somebody in a phone book, which has each name with a number once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Where he stands.
    pub phone_book: PhoneBookId,
    /// Perhaps empty, but not together with the last name.
    pub first_name: Name,
    /// Perhaps empty.
    pub last_name: Name,
    /// What is dialled.
    pub number: Number,
    /// Who that is.
    #[serde(default)]
    pub description: Text<256>,
}

impl Contact {
    /// The contact's place in its book: by last name, first name and number.
    pub(crate) fn place(&self) -> String {
        // No name has a control character, so no two contacts share a place.
        format!("{}\0{}\0{}", self.last_name, self.first_name, self.number.as_str())
    }

    /// The name as one line: first name, then last name.
    pub fn full_name(&self) -> String {
        let both = [self.first_name.as_str(), self.last_name.as_str()];
        both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

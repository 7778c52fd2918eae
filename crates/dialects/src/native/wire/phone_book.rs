//! Phone books and whom they list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;

/// A list of people to call. A tenant has at most 10 that everybody sees, and 300 of its teams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneBook {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, example = "Suppliers")]
    pub name: String,
    /// The team whose agents alone see it; everybody when left out.
    #[serde(default)]
    pub team: Option<Id>,
}

/// Somebody in a phone book, which has each name with a number once, and at most 6,000 contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// Where he stands.
    pub phone_book: Id,
    /// Left out only where there is a last name.
    #[serde(default)]
    #[schema(max_length = 64, example = "Ann")]
    pub first_name: String,
    /// Left out only where there is a first name.
    #[serde(default)]
    #[schema(max_length = 64, example = "Lee")]
    pub last_name: String,
    /// What is dialled.
    #[schema(min_length = 1, max_length = 64, example = "+4930123456")]
    pub number: String,
    /// Who that is.
    #[serde(default)]
    #[schema(max_length = 256)]
    pub description: String,
}

/// What an import did with the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContactImport {
    /// Rows that are contacts now and were not before.
    pub added: u32,
    /// Rows whose contact was there with another description.
    pub changed: u32,
    /// Rows whose contact was there just so, or in an earlier row.
    pub unchanged: u32,
    /// Rows that were not taken.
    pub refused: u32,
    /// Why, row by row; the first 1,000.
    pub refusals: Vec<RowRefusal>,
    /// Columns of the file that are none of a contact's.
    pub ignored_columns: Vec<String>,
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowRefusal {
    /// Where the row begins; the first line of the file is 1.
    pub line: u64,
    /// The column, if it is one.
    pub column: Option<String>,
    /// What is wrong.
    #[schema(example = "must not be empty")]
    pub detail: String,
}

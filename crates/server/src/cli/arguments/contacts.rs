//! What can be typed about phone books, contacts and reasons.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

/// `cordial phone-book`
#[derive(Debug, Subcommand)]
pub enum PhoneBookVerb {
    /// All phone books
    List,
    /// Make a phone book
    Add {
        /// Its name
        name: String,
        /// The team whose agents alone see it; without it everybody does
        #[arg(long, value_name = "TEAM")]
        team: Option<Which>,
    },
    /// Show a phone book
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a phone book; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial phone-book set suppliers team=day")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as team=day; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a phone book
    Remove {
        /// Name or id
        which: Which,
        /// Its contacts too; without it a book that has any stays
        #[arg(long)]
        contacts: bool,
    },
}

/// `cordial contact`
#[derive(Debug, Subcommand)]
pub enum ContactVerb {
    /// All contacts, or those of one phone book
    List {
        /// The book
        #[arg(long, value_name = "BOOK")]
        phone_book: Option<Which>,
    },
    /// Make a contact
    Add {
        /// What is dialled
        number: String,
        /// Where the contact stands
        #[arg(long, value_name = "BOOK")]
        phone_book: Which,
        /// The first name
        #[arg(long, value_name = "NAME", required_unless_present = "last_name")]
        first_name: Option<String>,
        /// The last name
        #[arg(long, value_name = "NAME")]
        last_name: Option<String>,
        /// Who that is
        #[arg(long)]
        description: Option<String>,
    },
    /// Show a contact
    Show(OneContact),
    /// Change fields of a contact; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial contact set \"Ann Lee\" number=+4930123")]
    Set {
        /// Whom.
        #[command(flatten)]
        one: OneContact,
        /// A field and its value, such as number=+4930123
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a contact
    Remove(OneContact),
    /// Take contacts from a file of comma-separated values whose first row names the columns
    ///
    /// The columns are number, first_name, last_name and description, in any order and case; of these only number must be
    /// there, others are ignored. Good rows are taken and bad ones are told with their line. A second run finds nothing to
    /// do: who is there already, by name and number, gets at most another description.
    #[command(after_help = "Example: cordial contact import suppliers.csv --phone-book suppliers")]
    Import {
        /// The file, in UTF-8
        file: PathBuf,
        /// Where the contacts go
        #[arg(long, value_name = "BOOK")]
        phone_book: Which,
    },
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub struct OneContact {
    /// Name (first name, blank, last name), number or id
    pub which: Which,
    /// The book, where several have such a contact
    #[arg(long, value_name = "BOOK")]
    pub phone_book: Option<Which>,
}

/// `cordial reason`
#[derive(Debug, Subcommand)]
pub enum ReasonVerb {
    /// All reasons
    List,
    /// Make a reason
    Add {
        /// Its name
        name: String,
        /// What it can be given for; without it for being not ready
        #[arg(long, value_enum)]
        category: Option<ReasonCategory>,
        /// The team whose agents alone may give it; without it everybody may
        #[arg(long, value_name = "TEAM")]
        team: Option<Which>,
    },
    /// Show a reason
    Show {
        /// Name or id
        which: Which,
    },
    /// Change fields of a reason; the others stay, and nothing is changed if somebody else did meanwhile
    #[command(after_help = "Example: cordial reason set \"shift over\" category=log_out")]
    Set {
        /// Name or id
        which: Which,
        /// A field and its value, such as category=both; `null` clears it
        #[arg(required = true, value_name = "FIELD=VALUE")]
        changes: Vec<String>,
    },
    /// Remove a reason
    Remove {
        /// Name or id
        which: Which,
    },
}

/// What a reason can be given for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReasonCategory {
    /// Being not ready
    NotReady,
    /// Logging out
    LogOut,
    /// Either
    Both,
}

impl ReasonCategory {
    /// The API's word.
    pub(in crate::cli) const fn word(self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::LogOut => "log_out",
            Self::Both => "both",
        }
    }
}

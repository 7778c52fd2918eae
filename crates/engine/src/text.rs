//! Text from outside, parsed once at the border and trusted afterwards.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Why a text was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks where something is needed.
    #[error("must not be empty")]
    Empty,
    /// Longer than the field holds.
    #[error("must be at most {max} characters")]
    TooLong {
        /// The most characters the field holds.
        max: usize,
    },
    /// A character that the field does not take.
    #[error("must not contain {found:?}")]
    BadCharacter {
        /// The first such character.
        found: char,
    },
}

/// A line of text for people of at most `MAX` characters, without control characters, trimmed, perhaps empty.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Takes a trimmed line; refuses control characters and overlong text.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.chars().nth(MAX).is_some() {
            return Err(TextError::TooLong { max: MAX });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(found) => Err(TextError::BadCharacter { found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// As [`Text::parse`], and refuses the empty line.
    pub fn parse_some(text: &str) -> Result<Self, TextError> {
        let text = Self::parse(text)?;
        if text.0.is_empty() { Err(TextError::Empty) } else { Ok(text) }
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A number or short address that can be dialled, or that somebody called from.
///
/// Digits mostly, but desk phones also call names, so letters and `+*#._-` pass. It belongs to a person: it has no
/// `Display`, and its `Debug` shows the last two characters only. Say [`Number::as_str`] where the whole is meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(String);

impl Number {
    /// The most characters that a number has.
    pub const MAX: usize = 64;

    /// Takes a trimmed number; refuses blanks inside, quotes and anything else that could mean something in a header.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > Self::MAX {
            return Err(TextError::TooLong { max: Self::MAX });
        }
        match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "+*#._-".contains(*c))) {
            Some(found) => Err(TextError::BadCharacter { found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The whole number, for dialling and for those who may see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Number {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", &self.0[self.0.len().saturating_sub(2)..])
    }
}

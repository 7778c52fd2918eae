//! Where messages go: `/queue/NAME`, whose messages each have one taker, and `/topic/NAME`, whose messages all have that
//! listen.

use core::fmt;

use super::limits::NAME_BYTES_MAX;

/// A destination of our own broker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    kind: Kind,
    name: String,
}

/// Who gets a destination's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Each has one taker.
    Queue,
    /// All who listen.
    Topic,
}

/// The name is none of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a destination is /queue/NAME or /topic/NAME, a name at most {NAME_BYTES_MAX} bytes of text without blanks, * and >"
)]
pub struct BadDestination;

impl Destination {
    /// A queue or topic by its name alone.
    ///
    /// # Errors
    /// [`BadDestination`] when the name is none. `*` and `>` would be wildcards at ActiveMQ, which we do not have.
    pub fn new(kind: Kind, name: &str) -> Result<Self, BadDestination> {
        let fits = (1..=NAME_BYTES_MAX).contains(&name.len());
        let odd = |letter: char| letter.is_control() || letter.is_whitespace() || matches!(letter, '*' | '>');
        if !fits || name.contains(odd) {
            return Err(BadDestination);
        }
        Ok(Self { kind, name: name.to_owned() })
    }

    /// A destination as frames name it.
    ///
    /// # Errors
    /// As [`Destination::new`].
    pub fn parse(text: &str) -> Result<Self, BadDestination> {
        if let Some(name) = text.strip_prefix("/queue/") {
            Self::new(Kind::Queue, name)
        } else if let Some(name) = text.strip_prefix("/topic/") {
            Self::new(Kind::Topic, name)
        } else {
            Err(BadDestination)
        }
    }

    /// Who gets its messages.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name, without what says its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Queue => "queue",
            Kind::Topic => "topic",
        };
        write!(f, "/{kind}/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_kind_and_a_plain_name() {
        for good in ["/queue/Connector1", "/topic/192.168.1.148", "/topic/a/b/../c", "/queue/Ação"] {
            assert_eq!(Destination::parse(good).map(|all| all.to_string()), Ok(good.to_owned()));
        }
        let long = format!("/queue/{}", "a".repeat(NAME_BYTES_MAX + 1));
        for bad in [
            "",
            "/",
            "/queue",
            "/queue/",
            "queue/a",
            "/Queue/a",
            "/temp-queue/a",
            "/topic/>",
            "/topic/a.*",
            "/topic/a b",
            "/topic/a\n",
            &long,
        ] {
            assert_eq!(Destination::parse(bad), Err(BadDestination), "{bad:?}");
        }
    }
}

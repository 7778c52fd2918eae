//! What a waiting caller hears, and what he can choose.

use serde::{Deserialize, Serialize};

use super::{Name, Overflow};
use crate::text::Text;

/// What a waiting caller hears, and what he can choose. Prompts are named as in the prompt library, e.g. `en/please-wait`.
/// Nothing of it delays an agent's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatment {
    /// Said once on entering; the call waits already while it is said.
    pub greeting: Option<Name>,
    /// Played while waiting; the library's default when absent.
    pub music: Option<Name>,
    /// The folder of the library with what the engine itself says to callers; `en` when absent.
    #[serde(default)]
    pub language: Option<Language>,
    /// When a caller is told his place in the line.
    #[serde(default)]
    pub position: Told,
    /// When he is told how long he will probably wait.
    #[serde(default)]
    pub wait: Told,
    /// Said to a waiting caller, one each time, in turn.
    #[serde(default)]
    pub messages: Vec<Name>,
    /// From the beginning of one announcement to the next. Milliseconds. Facts older than this field mean a minute.
    #[serde(default = "announce_ms")]
    pub announce_ms: u64,
    /// What a caller can press; said at the end of every announcement.
    #[serde(default)]
    pub menu: Vec<MenuKey>,
}

/// A folder of the prompt library, named by the language that is spoken there.
pub type Language = Text<16>;

/// [`Treatment::announce_ms`] of facts older than the field.
const fn announce_ms() -> u64 {
    60_000
}

impl Treatment {
    /// Music alone.
    pub const NONE: Self = Self {
        greeting: None,
        music: None,
        language: None,
        position: Told::Never,
        wait: Told::Never,
        messages: Vec::new(),
        announce_ms: announce_ms(),
        menu: Vec::new(),
    };

    /// The prompts that the folder of a language must have: what the engine itself says to callers.
    pub const PHRASES: [&str; 21] = [
        "position-1",
        "position-2",
        "position-3",
        "position-4",
        "position-5",
        "position-more",
        "wait-0-1",
        "wait-1-2",
        "wait-2-3",
        "wait-3-5",
        "wait-5-10",
        "wait-10-15",
        "wait-15-20",
        "wait-20-30",
        "wait-30",
        "callback",
        "callback-not-possible",
        "press-1-callback",
        "press-2-callback",
        "press-1-voicemail",
        "press-2-voicemail",
    ];

    /// Whether anything is said after the first announcement.
    pub fn goes_on(&self) -> bool {
        let again = |told| told == Told::Again;
        again(self.position) || again(self.wait) || !self.messages.is_empty() || !self.menu.is_empty()
    }
}

/// When a waiting caller is told something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Not at all.
    #[default]
    Never,
    /// On entering.
    Once,
    /// On entering, and with every announcement.
    Again,
}

/// A key that a waiting caller can press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuKey {
    /// `0` to `9`, `*` or `#`.
    pub key: char,
    /// Says what the key is for. The library has words of its own for the keys 1 and 2.
    pub prompt: Option<Name>,
    /// What happens then.
    pub choice: Choice,
}

/// What a waiting caller chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// He hangs up and keeps his place; when his turn comes an agent is asked, and then the caller is called.
    Callback,
    /// He leaves the line for somewhere else.
    Leave(Overflow),
}

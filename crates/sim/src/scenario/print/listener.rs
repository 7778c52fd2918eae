//! What every transcript begins with: how things were when the story began, and what was told since.

use std::fmt::Write as _;

use cordial_engine::id::TenantId;
use cordial_engine::{Engine, Event, Now};

use super::clock;

/// Somebody who listens to the story's first tenant from its beginning.
pub(super) struct Listener<'a> {
    /// The engine as it was then.
    pub(super) engine: Engine,
    pub(super) tenant: TenantId,
    pub(super) now: Now,
    /// What is told from then on.
    pub(super) events: Vec<&'a Event>,
}

impl<'a> Listener<'a> {
    /// `None` when the story has no tenant.
    pub(super) fn of(told: &'a [Event], begins: u64) -> Option<Self> {
        let tenant = told.iter().map(|event| event.tenant).find(|tenant| tenant.0 > 0)?;
        let (mut engine, mut now) = (Engine::new(0), Now::default());
        let before = told.iter().take_while(|event| event.at.0 < begins).count();
        for event in &told[..before] {
            engine.apply(event);
            now = Now { at: event.at, wall: event.wall };
        }
        let events = told[before..].iter().filter(|event| event.tenant == tenant).collect();
        Some(Self { engine, tenant, now, events })
    }
}

/// What was heard, line by line, with the time of the story. Ids are counted by their first mention.
pub(super) struct Lines {
    pub(super) text: String,
    begins: u64,
    ids: Vec<String>,
}

impl Lines {
    pub(super) const fn from(begins: u64) -> Self {
        Self { text: String::new(), begins, ids: Vec::new() }
    }

    pub(super) fn add(&mut self, at: u64, said: &str) {
        let named = self.named(said);
        let _infallible = writeln!(self.text, "{}  {named}", clock(at, self.begins));
    }

    fn named(&mut self, said: &str) -> String {
        let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
        let mut named = String::with_capacity(said.len());
        let mut rest = said;
        while let Some(start) = rest.find(is_part) {
            let (before, tail) = rest.split_at(start);
            let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
            let (word, after) = tail.split_at(end);
            named.push_str(before);
            // With hyphens or without, a guid is the same.
            let bare: String = word.chars().filter(|c| *c != '-').collect();
            let whole = matches!(word.len(), 32 | 36) && bare.len() == 32;
            // A word that only ends in such letters is none.
            if whole && !before.ends_with(|c: char| c.is_ascii_alphanumeric()) {
                let known = self.ids.iter().position(|id| *id == bare).unwrap_or_else(|| {
                    self.ids.push(bare);
                    self.ids.len() - 1
                });
                let _infallible = write!(named, "id-{}", known + 1);
            } else {
                named.push_str(word);
            }
            rest = after;
        }
        named.push_str(rest);
        named
    }
}

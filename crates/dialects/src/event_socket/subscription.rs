//! What one connection listens to.

use std::collections::BTreeSet;

use super::event::{Format, Told};
use super::limits::{FILTERS_MAX, SUBCLASSES_MAX, WORD_MAX};

/// Events that are told here.
const SERVED: &[&str] = &["CUSTOM", "BACKGROUND_JOB"];

/// Everything after this word names a subclass.
const CUSTOM: &str = "CUSTOM";

/// The subscription of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    format: Format,
    listens: bool,
    names: BTreeSet<&'static str>,
    subclasses: Subclasses,
    filters: Vec<(String, Rule)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Subclasses {
    /// None at all.
    #[default]
    None,
    /// Those that are named.
    Named(BTreeSet<String>),
    /// All but those that are named.
    All(BTreeSet<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    value: String,
    /// Events that match are told; otherwise they are kept back.
    tells: bool,
}

impl Subscription {
    /// `event [plain|json|xml] <names>`; gives the reply.
    pub fn event(&mut self, arguments: &str) -> String {
        let mut words = arguments.split_whitespace().peekable();
        let format = match words.peek().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some("plain") => Some(Format::Plain),
            Some("json") => Some(Format::Json),
            Some("xml") => return "-ERR events in xml are not served".to_owned(),
            Some(_) | None => None,
        };
        if let Some(format) = format {
            self.format = format;
            words.next();
        }
        let mut fresh = self.clone();
        match fresh.listen_to(words) {
            Ok(0) => "-ERR no keywords supplied".to_owned(),
            Ok(_) => {
                fresh.listens = true;
                *self = fresh;
                format!("+OK event listener enabled {}", self.format.name())
            }
            Err(why) => why,
        }
    }

    /// Gives how many words were known.
    fn listen_to<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) -> Result<usize, String> {
        let mut known = 0;
        while let Some(word) = words.next() {
            if word.eq_ignore_ascii_case("ALL") {
                self.names = SERVED.iter().copied().collect();
                self.subclasses = Subclasses::All(BTreeSet::new());
                known += 1;
            } else if let Some(name) = SERVED.iter().find(|name| name.eq_ignore_ascii_case(word)) {
                self.names.insert(name);
                known += 1;
                if *name == CUSTOM {
                    for subclass in words.by_ref() {
                        self.add_subclass(subclass)?;
                    }
                }
            }
        }
        Ok(known)
    }

    fn add_subclass(&mut self, subclass: &str) -> Result<(), String> {
        let too_many = || Err("-ERR too many subclasses".to_owned());
        if subclass.len() > WORD_MAX {
            return too_many();
        }
        match &mut self.subclasses {
            Subclasses::All(but) => drop(but.remove(subclass)),
            Subclasses::Named(names) if names.len() >= SUBCLASSES_MAX => return too_many(),
            Subclasses::Named(names) => drop(names.insert(subclass.to_owned())),
            Subclasses::None => self.subclasses = Subclasses::Named([subclass.to_owned()].into()),
        }
        Ok(())
    }

    /// `nixevent <names>`; gives the reply.
    pub fn nix(&mut self, arguments: &str) -> String {
        let mut words = arguments.split_whitespace();
        let mut known = false;
        while let Some(word) = words.next() {
            known = true;
            if word.eq_ignore_ascii_case("ALL") {
                self.names.clear();
                self.subclasses = Subclasses::None;
            } else if word.eq_ignore_ascii_case(CUSTOM) {
                for subclass in words.by_ref() {
                    match &mut self.subclasses {
                        Subclasses::Named(names) => drop(names.remove(subclass)),
                        Subclasses::All(but) if but.len() < SUBCLASSES_MAX && subclass.len() <= WORD_MAX => {
                            but.insert(subclass.to_owned());
                        }
                        Subclasses::All(_) => return "-ERR too many subclasses".to_owned(),
                        Subclasses::None => {}
                    }
                }
            } else {
                self.names.retain(|name| !name.eq_ignore_ascii_case(word));
            }
        }
        if known { "+OK events nixed".to_owned() } else { "-ERR no keywords supplied".to_owned() }
    }

    /// `noevents`; gives the reply.
    pub fn none(&mut self) -> &'static str {
        if !core::mem::take(&mut self.listens) {
            return "-ERR not listening for events";
        }
        self.names.clear();
        self.subclasses = Subclasses::None;
        "+OK no longer listening for events"
    }

    /// `filter [delete] <header> [<value>]`; gives the reply.
    pub fn filter(&mut self, arguments: &str) -> String {
        let (first, rest) = split(arguments);
        if first.eq_ignore_ascii_case("delete") {
            return self.unfilter(rest);
        }
        let (header, value) = (first, rest);
        if header.is_empty() || value.is_empty() {
            return "-ERR invalid syntax".to_owned();
        }
        let wanted = value.trim_start_matches(['+', '-', ' ']);
        if wanted.starts_with('/') {
            return "-ERR filters by regular expression are not served".to_owned();
        }
        if self.filters.len() >= FILTERS_MAX || header.len() > WORD_MAX || value.len() > WORD_MAX {
            return "-ERR too many filters".to_owned();
        }
        let signs = &value[..value.len() - wanted.len()];
        let tells = signs.rfind(['+', '-']).is_none_or(|at| signs.as_bytes()[at] == b'+');
        let rule = Rule { value: wanted.to_owned(), tells };
        self.filters.push((header.to_owned(), rule));
        format!("+OK filter added. [{header}]=[{value}]")
    }

    fn unfilter(&mut self, arguments: &str) -> String {
        let (header, value) = split(arguments);
        if header.is_empty() {
            return "-ERR invalid syntax".to_owned();
        }
        let wanted = value.trim_start_matches(['+', '-', ' ']);
        self.filters.retain(|(name, rule)| {
            !name.eq_ignore_ascii_case(header) || !(value.is_empty() || rule.value == wanted)
        });
        format!("+OK filter deleted. [{header}]=[{value}]")
    }

    /// How an event is written for this connection; `None` when it is not told.
    #[must_use]
    pub fn tell(&self, told: &Told) -> Option<String> {
        let name = told.header("Event-Name")?;
        let subclass = told.header("Event-Subclass").unwrap_or_default();
        let wants = self.listens && self.names.contains(name);
        let in_class = name != CUSTOM
            || match &self.subclasses {
                Subclasses::None => false,
                Subclasses::Named(names) => names.contains(subclass),
                Subclasses::All(but) => !but.contains(subclass),
            };
        (wants && in_class && self.passes(told)).then(|| told.written(self.format))
    }

    /// Whether the filters let an event through: with none of them everything; else what one lets in and none keeps
    /// back.
    fn passes(&self, told: &Told) -> bool {
        let mut passes = self.filters.is_empty();
        for (header, rule) in &self.filters {
            let Some(value) = told.header(header) else {
                continue;
            };
            if value.eq_ignore_ascii_case(&rule.value) {
                if !rule.tells {
                    return false;
                }
                passes = true;
            }
        }
        passes
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(first, rest)| (first, rest.trim()))
}

#[cfg(test)]
mod tests {
    use cordial_engine::WallTime;

    use super::*;

    fn told(agent: &str) -> Told {
        let told = Told::new("CUSTOM", "c0", 1, WallTime(0)).with("Event-Subclass", "callcenter::info");
        told.with("CC-Action", "agent-state-change").with("CC-Agent", agent)
    }

    #[test]
    fn only_the_named_subclasses_are_told() {
        let mut subscription = Subscription::default();
        assert!(subscription.tell(&told("ann")).is_none());
        assert_eq!(subscription.event(""), "-ERR no keywords supplied");
        assert_eq!(subscription.event("plain CHANNEL_CREATE"), "-ERR no keywords supplied");
        assert_eq!(
            subscription.event("json custom callcenter::info sofia::register"),
            "+OK event listener enabled json"
        );
        assert!(subscription.tell(&told("ann")).is_some_and(|text| text.contains("text/event-json")));
        assert_eq!(subscription.nix("CUSTOM callcenter::info"), "+OK events nixed");
        assert!(subscription.tell(&told("ann")).is_none());
        assert_eq!(subscription.event("plain ALL"), "+OK event listener enabled plain");
        assert!(subscription.tell(&told("ann")).is_some());
        assert_eq!(subscription.none(), "+OK no longer listening for events");
        assert!(subscription.tell(&told("ann")).is_none());
        assert_eq!(subscription.none(), "-ERR not listening for events");
    }

    #[test]
    fn filters_let_in_and_keep_back() {
        let mut subscription = Subscription::default();
        subscription.event("plain ALL");
        assert_eq!(subscription.filter("CC-Agent ann"), "+OK filter added. [CC-Agent]=[ann]");
        assert!(subscription.tell(&told("ann")).is_some());
        assert!(subscription.tell(&told("bob")).is_none());
        subscription.filter("CC-Action -agent-state-change");
        assert!(subscription.tell(&told("ann")).is_none());
        assert_eq!(subscription.filter("delete CC-Action"), "+OK filter deleted. [CC-Action]=[]");
        assert!(subscription.tell(&told("ann")).is_some());
        assert_eq!(subscription.filter("CC-Agent"), "-ERR invalid syntax");
        assert!(subscription.filter("CC-Agent /a.*/").starts_with("-ERR"));
    }

    #[test]
    fn a_connection_cannot_make_us_remember_without_end() {
        let mut subscription = Subscription::default();
        for n in 0..FILTERS_MAX {
            assert!(subscription.filter(&format!("h{n} v")).starts_with("+OK"));
        }
        assert_eq!(subscription.filter("h v"), "-ERR too many filters");
        let many: String = (0..=SUBCLASSES_MAX).map(|n| format!(" s{n}")).collect();
        assert_eq!(subscription.event(&format!("plain CUSTOM{many}")), "-ERR too many subclasses");
    }
}

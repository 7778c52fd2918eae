//! What a waiting caller is told. An announcement is said over the music and ends with an agent's answer.

use crate::action::{Action, AfterPrompts};
use crate::engine::Engine;
use crate::entry::{Choice, MenuKey, Name, Overflow, Told, Treatment};
use crate::estimate::WaitRange;
use crate::fact::Fact;
use crate::id::{CallId, LegId};

/// The language of the library where a queue names none.
const ENGLISH: &str = "en";
/// The longest line whose places have a prompt of their own.
const POSITIONS: u32 = 5;

/// A prompt of the library that says something to callers, in a queue's language.
pub(super) fn said(treatment: &Treatment, what: &str) -> Name {
    debug_assert!(Treatment::PHRASES.contains(&what), "{what} is not in the library");
    let language = treatment.language.as_ref().map_or(ENGLISH, |language| language.as_str());
    Name::parse(&format!("{language}/{what}")).expect("a language and what is said are short")
}

/// What the library has to say of a key, if it has.
pub(crate) fn key_prompt(key: &MenuKey) -> Option<String> {
    let what = match &key.choice {
        Choice::Callback => "callback",
        Choice::Leave(Overflow::Voicemail(_)) => "voicemail",
        Choice::Leave(
            Overflow::Clear | Overflow::Queue(_) | Overflow::Number(_) | Overflow::Announcement(_),
        ) => return None,
    };
    matches!(key.key, '1' | '2').then(|| format!("press-{}-{what}", key.key))
}

impl Engine {
    /// Greets a caller who has entered, and tells him what the queue tells at once.
    pub(super) fn announce_first(&mut self, call: CallId) {
        let Some(place) = self.state.call(call).place else { return };
        let treatment = self.state.queue(place.queue).filed.entry.treatment.clone();
        let at_once = |told| told != Told::Never;
        let told = self.tell(call, at_once(treatment.position), at_once(treatment.wait), None);
        let prompts = treatment.greeting.iter().cloned().chain(told).collect();
        self.say(call, &treatment, prompts);
    }

    /// Tells a waiting caller what the queue tells again and again.
    pub(crate) fn announce_again(&mut self, call: CallId) {
        let Some(place) = self.state.call(call).place else { return };
        let treatment = self.state.queue(place.queue).filed.entry.treatment.clone();
        let again = |told| told == Told::Again;
        let many = treatment.messages.len();
        let message = usize::from(place.next_message).checked_rem(many).unwrap_or_default();
        let words = treatment.messages.get(message).cloned();
        let number = words.is_some().then(|| u8::try_from(message).unwrap_or_default());
        let told = self.tell(call, again(treatment.position), again(treatment.wait), number);
        self.say(call, &treatment, words.into_iter().chain(told).collect());
    }

    /// Puts on record what a caller is told, and finds the words for it.
    fn tell(&mut self, call: CallId, position: bool, wait: bool, message: Option<u8>) -> Vec<Name> {
        let waiting = self.state.call(call);
        let (tenant, Some(place)) = (waiting.tenant, waiting.place) else { return Vec::new() };
        let queue = self.state.queue(place.queue);
        let treatment = &queue.filed.entry.treatment;
        let before = queue.line.before(&place.turn(call));
        let position = position.then(|| u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1));
        let estimate = wait.then(|| self.state.wait_estimate(queue, Some(call), self.now.at)).flatten();
        let wait = estimate.map(|estimate| estimate.range().after(place.told));
        let of_position = |position| match position {
            1..=POSITIONS => said(treatment, &format!("position-{position}")),
            _ => said(treatment, "position-more"),
        };
        let of_wait = |range: WaitRange| said(treatment, range.prompt());
        let words = position.map(of_position).into_iter().chain(wait.map(of_wait)).collect();
        let again = treatment.goes_on() && place.entered != self.now.at;
        if again || position.is_some() || wait.is_some() {
            self.record(tenant, Fact::CallerTold { call, queue: place.queue, position, wait, message });
        }
        words
    }

    /// Plays to the caller, then what he can press, then music.
    fn say(&mut self, call: CallId, treatment: &Treatment, mut prompts: Vec<Name>) {
        let Some(leg) = self.state.call(call).caller_leg else { return };
        prompts.extend(treatment.menu.iter().filter_map(|key| words_for(treatment, key)));
        self.act(Action::Play { leg, prompts, then: AfterPrompts::Music(treatment.music.clone()) });
    }

    /// A waiting caller pressed a key.
    pub(crate) fn press(&mut self, call: CallId, leg: LegId, key: char) {
        let Some(place) = self.state.call(call).place else { return };
        let treatment = &self.state.queue(place.queue).filed.entry.treatment;
        match treatment.menu.iter().find(|pressed| pressed.key == key).map(|pressed| pressed.choice.clone()) {
            Some(Choice::Callback) => self.ask_callback(call, leg),
            Some(Choice::Leave(to)) => self.leave_by_key(call, to),
            None => {}
        }
    }
}

fn words_for(treatment: &Treatment, key: &MenuKey) -> Option<Name> {
    key.prompt.clone().or_else(|| key_prompt(key).map(|what| said(treatment, &what)))
}

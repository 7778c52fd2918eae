//! Who hears whom: worked out anew from who is in a call, whenever that changes.
//!
//! Two who talk are bridged. More than two are mixed, and so are two when one is muted or whispered to, because a bridge
//! works both ways. Whoever is alone because the others hold or ask somebody else hears music.

use std::collections::BTreeMap;

use super::mailbox::SILENCE;
use super::{CallStep, LegPhase, Service};
use crate::action::{Action, AfterPrompts};
use crate::engine::Engine;
use crate::entry::Name;
use crate::fact::Fact;
use crate::id::{CallId, LegId};

/// What a leg hears.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ear {
    /// Nothing: its phone holds us, and takes nothing.
    Nothing,
    /// Silence: nobody is there to be heard, but a stream that ends looks like a call that is dead.
    Silence,
    /// Music: it is alone.
    Music(CallId),
    /// One other, who hears it.
    Bridge(LegId),
    /// These.
    Mix(Vec<LegId>),
}

impl Ear {
    fn mix(sources: impl Iterator<Item = LegId>) -> Self {
        let sources = sources.collect::<Vec<_>>();
        if sources.is_empty() { Self::Silence } else { Self::Mix(sources) }
    }

    /// Whether it is something that is played.
    const fn is_played(&self) -> bool {
        matches!(self, Self::Music(_) | Self::Silence)
    }
}

type Ears = BTreeMap<LegId, Ear>;

impl Engine {
    /// Makes a change to who talks in these calls, and lets everybody hear what he should hear then.
    pub(super) fn retalk(&mut self, calls: &[CallId], change: impl FnOnce(&mut Self)) {
        let before = self.ears_of(calls);
        change(self);
        for call in calls {
            self.say_who_hears(*call);
        }
        let after = self.ears_of(calls);
        self.change_ears(&before, &after);
    }

    /// Tells who hear each other, if that has changed.
    fn say_who_hears(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get(&id).filter(|call| call.step == CallStep::Talking) else {
            return;
        };
        let speaks = |leg: &LegId| self.state.leg(*leg).phase == LegPhase::Answered;
        let members = || call.members.iter().copied();
        let legs = members().filter(speaks).collect::<Vec<_>>();
        let heard = members().filter(|leg| call.heard.contains(leg)).collect::<Vec<_>>();
        let tenant = call.tenant;
        match (legs.as_slice(), heard.as_slice()) {
            _ if legs == heard => {}
            ([] | [_], []) => {}
            ([] | [_], [a, .., b]) => {
                self.record(tenant, Fact::LegsUnbridged { call: id, a: *a, b: *b });
            }
            ([a, b], _) => self.record(tenant, Fact::LegsBridged { call: id, a: *a, b: *b }),
            _ => self.record(tenant, Fact::LegsMixed { call: id, legs }),
        }
    }

    fn ears_of(&self, calls: &[CallId]) -> Ears {
        let mut ears = Ears::new();
        for call in calls {
            self.ears(*call, &mut ears);
        }
        ears
    }

    fn ears(&self, id: CallId, ears: &mut Ears) {
        let Some(call) = self.state.calls.get(&id).filter(|call| call.step == CallStep::Talking) else {
            return;
        };
        let monitors = call.monitors.iter().filter_map(|monitor| self.state.calls.get(monitor));
        let monitors = monitors.filter(|monitor| matches!(monitor.service, Some(Service::Monitors(_))));
        let listeners = monitors.filter_map(|monitor| monitor.caller_leg).collect::<Vec<_>>();
        let is_muted = |leg: &LegId| self.state.leg(*leg).muted;
        let mixes = call.heard.len() > 2 || call.heard.iter().any(is_muted);
        for leg in &call.members {
            let mut others = call.heard.iter().copied().filter(|other| other != leg);
            let member = self.state.leg(*leg);
            let ear = match (member.is_held(), call.heard.contains(leg)) {
                (true, _) if member.held_by_phone => Ear::Nothing,
                (true, _) => Ear::Silence,
                (false, false) => Ear::Music(id),
                (false, true) if mixes => Ear::mix(others.filter(|other| !is_muted(other))),
                (false, true) => others.next_back().map_or(Ear::Music(id), Ear::Bridge),
            };
            ears.insert(*leg, ear);
        }
        let speaks = |leg: &LegId| !self.state.leg(*leg).is_held();
        let heard = call.members.iter().copied().filter(speaks).collect::<Vec<_>>();
        for listener in listeners {
            ears.insert(listener, Ear::mix(heard.iter().copied()));
        }
    }

    fn change_ears(&mut self, before: &Ears, after: &Ears) {
        let lives = |engine: &Self, leg: LegId| engine.state.legs.contains_key(&leg);
        for (leg, ear) in before {
            match ear {
                Ear::Bridge(other) if leg < other && after.get(leg) != Some(ear) => {
                    if lives(self, *leg) && lives(self, *other) {
                        self.act(Action::Unbridge { a: *leg, b: *other });
                    }
                }
                Ear::Mix(_) if !matches!(after.get(leg), Some(Ear::Mix(_))) && lives(self, *leg) => {
                    self.act(Action::Mix { listener: *leg, sources: Vec::new() });
                }
                ear if ear.is_played()
                    && matches!(after.get(leg), None | Some(Ear::Nothing | Ear::Mix(_)))
                    && lives(self, *leg) =>
                {
                    self.act(Action::StopPlay { leg: *leg });
                }
                Ear::Bridge(_) | Ear::Mix(_) | Ear::Music(_) | Ear::Nothing | Ear::Silence => {}
            }
        }
        for (leg, ear) in after {
            let was = before.get(leg);
            match ear {
                _ if was == Some(ear) => {}
                Ear::Bridge(other) if leg < other => self.act(Action::Bridge { a: *leg, b: *other }),
                Ear::Bridge(_) | Ear::Nothing => {}
                Ear::Mix(sources) => {
                    if was.is_none() {
                        // Whoever comes may have been told something on the way.
                        self.act(Action::StopPlay { leg: *leg });
                    }
                    self.act(Action::Mix { listener: *leg, sources: sources.clone() });
                }
                Ear::Music(_) if matches!(was, Some(Ear::Music(_))) => {}
                Ear::Music(call) => self.play_hold_music(*call, *leg),
                Ear::Silence => {
                    let then = AfterPrompts::Music(Name::parse(SILENCE).ok());
                    self.act(Action::Play { leg: *leg, prompts: Vec::new(), then });
                }
            }
        }
    }
}

//! The language of the stories: `ann ready; x calls 5551; ann answers; 20s` and what came of it.
//!
//! Somebody does something: an agent (ann, bob, cid), a device (101 to 104) or a caller from outside (any other word)
//! by his number. A bare `20s` or `500ms` lets time pass. `crash` kills the process. `show ann` prints an agent,
//! `count sales` a queue, `show outbound` what goes out. `quietly` before a step leaves its facts and actions out.

use std::fmt::Write;

use cordial_engine::agent::{Absence, Attend, CallSettings, ForwardTo, Handling, Membership, QueueWish};
use cordial_engine::call::{Cause, Digits, Joining, Monitored, Supervision, TransferTo, VariableName};
use cordial_engine::command::Command;
use cordial_engine::entry::{Emergency, Overflow};
use cordial_engine::id::*;
use cordial_engine::tally::AgentTally;
use cordial_engine::view::{WaitView, WaitsFor};
use cordial_engine::{Action, Answer, Endpoint, EntryId, Event, Input, Refusal, Report, Timestamp, WallTime};
use expect_test::Expect;

use crate::telling::Names;
use crate::world::{World, name, number};

/// Tells a story in the furnished world and compares what came of it.
pub(crate) fn check(story: &str, expected: Expect) {
    check_in(|_| {}, story, expected);
}

/// As [`check`], after changing the world.
#[expect(clippy::needless_pass_by_value, reason = "so that a test reads as data in, text out")]
pub(crate) fn check_in(change: impl FnOnce(&mut World), story: &str, expected: Expect) {
    let mut world = World::new();
    world.furnish();
    change(&mut world);
    let names = Names {
        entries: world.ids.iter().map(|(label, id)| (*id, label.clone())).collect(),
        ..Names::default()
    };
    let mut story_so_far = Story { world, names, told: String::new() };
    for step in story.split([';', '\n']).map(str::trim).filter(|step| !step.is_empty()) {
        story_so_far.step(step);
    }
    expected.assert_eq(&story_so_far.told);
}

type Outcome = (Result<Answer, Refusal>, Vec<Event>, Vec<Action>);

struct Story {
    world: World,
    names: Names,
    told: String,
}

impl Story {
    fn step(&mut self, step: &str) {
        if let Some(step) = step.strip_prefix("quietly ") {
            let before = self.told.len();
            self.step(step);
            return self.told.truncate(before);
        }
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.as_slice() {
            ["show", "outbound"] => {
                let view = self.world.engine.outbound(self.world.tenant, self.world.clock()).unwrap();
                let (now, minute, talked) = (view.calls, view.calls_last_minute, view.talked_today_ms);
                writeln!(self.told, "outbound: {now} now, {minute} in a minute, {talked} ms today").unwrap();
            }
            ["waits", who] => {
                let waits = match self.world.ids.get(*who) {
                    Some(EntryId::Agent(agent)) => {
                        self.world.engine.agent_waits_for(self.world.tenant, *agent)
                    }
                    Some(_) | None => self.world.engine.call_waits_for(self.world.tenant, self.call(who)),
                };
                for WaitView { what, until } in waits.unwrap() {
                    let until = until.map(|until| format!(" until {until:?}")).unwrap_or_default();
                    let what = match what {
                        WaitsFor::Leg { leg, state } => format!("leg {} {state:?}", self.names.leg(leg)),
                        WaitsFor::Consultation { call } => format!("consultation {}", self.names.call(call)),
                        WaitsFor::Offer { agent, .. } => format!("offer to {}", self.names.agent(agent)),
                        WaitsFor::AnyAgent { queue } => format!("an agent of {}", self.names.queue(queue)),
                        WaitsFor::WrapUp { agent } => format!("wrap-up of {}", self.names.agent(agent)),
                        other => format!("{other:?}"),
                    };
                    writeln!(self.told, "{who} waits for {what}{until}").unwrap();
                }
            }
            ["variables", caller] => {
                let call = self.world.engine.call(self.world.tenant, self.call(caller)).unwrap();
                let all = call.variables.iter().map(|(name, value)| format!(" {}={value}", name.as_str()));
                writeln!(self.told, "{caller}:{}", all.collect::<String>()).unwrap();
            }
            ["show", agent] => {
                let view = self.world.engine.agent(self.world.tenant, self.world.agent(agent)).unwrap();
                writeln!(self.told, "{agent}: {}", self.names.view(&view)).unwrap();
            }
            ["count", queue] => self.count(queue),
            ["figures", agent] => {
                let it = self.world.engine.agent(self.world.tenant, self.world.agent(agent)).unwrap().tally;
                let start = self.world.clock().wall.0 - self.world.clock().at.0 as i64;
                let at = |wall: Option<WallTime>| wall.map(|wall| (wall.0 - start) / 1_000);
                let last = [it.offered, it.answered, it.ended].map(at);
                let AgentTally { calls, talked_ms, missed, .. } = it;
                writeln!(self.told, "{agent}: {calls} calls, {talked_ms} ms, {missed} missed; {last:?} s")
                    .unwrap();
            }
            ["saved", recording, ms] => {
                writeln!(self.told, "{step}").unwrap();
                let recording = RecordingId(recording.parse().unwrap());
                let audio_ms = ms.parse().unwrap();
                let report = Report::RecordingSaved { recording, audio_ms, paused_ms: 0, bytes: 44 };
                let outcome = self.world.report(report);
                self.tell(outcome);
            }
            ["night", queue, on] => {
                writeln!(self.told, "{step}").unwrap();
                let (queue, on) = (self.world.queue(queue), *on == "on");
                let outcome = self.world.command(Command::SetNightMode { queue, on });
                self.tell(outcome);
            }
            ["emergency", whose, rest @ ..] => {
                writeln!(self.told, "{step}").unwrap();
                let queue = (*whose != "all").then(|| self.world.queue(whose));
                let (to, waiting) = (rest.first().copied(), rest.contains(&"waiting"));
                let to = to.filter(|to| !matches!(*to, "over" | "waiting"));
                let to = to.map(|to| Overflow::Number(number(to)));
                let emergency = (rest != ["over"]).then_some(Emergency { to });
                let outcome = self.world.command(Command::SetEmergency { queue, emergency, waiting });
                self.tell(outcome);
            }
            ["crash"] => {
                let (events, actions) = self.world.crash();
                self.tell((Ok(Answer::Done), events, actions));
            }
            [time] => self.pass(time),
            [who, verb, rest @ ..] => {
                writeln!(self.told, "{step}").unwrap();
                let outcome = self.act(who, verb, rest);
                self.tell(outcome);
            }
            [] => {}
        }
    }

    fn act(&mut self, who: &str, verb: &str, rest: &[&str]) -> Outcome {
        if verb == "is-removed" {
            return self.world.command(Command::Remove(self.world.ids[who]));
        }
        match self.world.ids.get(who) {
            Some(EntryId::Agent(agent)) => {
                let agent = *agent;
                if let Some(command) = self.agent_command(agent, verb, rest) {
                    return self.world.command(command);
                }
                let device = self.world.engine.agent(self.world.tenant, agent).unwrap().login;
                let device = device.map(|login| Endpoint::Device(login.device));
                self.leg_report(device, who, verb, rest)
            }
            Some(EntryId::Device(device)) => {
                let device = *device;
                match verb {
                    "registers" => self.world.report(Report::DeviceRegistered { device }),
                    "unregisters" => self.world.report(Report::DeviceUnregistered { device }),
                    "places" => self.world.command(Command::PlaceCall { device, to: number(rest[0]) }),
                    _other => self.leg_report(Some(Endpoint::Device(device)), who, verb, rest),
                }
            }
            Some(EntryId::Trunk(trunk)) => {
                let trunk = Endpoint::Trunk(*trunk);
                self.leg_report(Some(trunk), who, verb, rest)
            }
            Some(_) | None => self.leg_report(None, who, verb, rest),
        }
    }

    fn agent_command(&self, agent: AgentId, verb: &str, rest: &[&str]) -> Option<Command> {
        let note = name("");
        Some(match (verb, rest) {
            ("ready", []) => Command::Ready { agent },
            ("breaks", _) => Command::Absent { agent, absence: Absence::Break, note },
            ("does", _) => Command::Absent { agent, absence: Absence::Tasks, note },
            ("not-ready", reason) => {
                Command::NotReady { agent, reason: reason.first().map(|reason| self.reason(reason)), note }
            }
            ("log-out", reason) => {
                Command::LogOut { agent, reason: reason.first().map(|reason| self.reason(reason)) }
            }
            ("log-in", [device]) => Command::LogIn { agent, device: self.world.device(device) },
            ("asks", [queue, wish, rest @ ..]) => Command::AskInQueue {
                agent,
                queue: self.world.queue(queue),
                wish: match *wish {
                    "log-in" => QueueWish::LogIn(rest.first().map(|device| self.world.device(device))),
                    "log-out" => QueueWish::LogOut,
                    "ready" => QueueWish::Ready,
                    "not-ready" => QueueWish::NotReady,
                    "wrap-up" => QueueWish::WrapUp,
                    other => panic!("{other}"),
                },
            },
            ("picks", [caller]) => Command::Pick { agent, call: self.call(caller) },
            ("extends-wrap-up", []) => Command::ExtendWrapUp { agent },
            ("is-cleared", []) => Command::ClearAgent { agent },
            ("end-wrap-up", []) => Command::EndWrapUp { agent },
            ("ready-after-wrap-up", []) => Command::ReadyAfterWrapUp { agent },
            ("declines", []) => {
                let offers = self.world.engine.offers(self.world.tenant);
                let offer = offers.iter().find(|offer| offer.agent == agent).map(|offer| offer.id);
                Command::DeclineOffer { offer: offer.unwrap_or(OfferId(1)) }
            }
            ("handling", ["ring"]) => Command::SetHandling { agent, handling: Handling::Ring },
            ("handling", ["voicemail"]) => Command::SetHandling { agent, handling: Handling::Voicemail },
            ("handling", ["busy"]) => Command::SetHandling { agent, handling: Handling::Busy },
            ("handling", ["forward", to]) => {
                Command::SetHandling { agent, handling: Handling::Forward(number(to)) }
            }
            ("settings", settings) => {
                let mut set = CallSettings::default();
                for setting in settings {
                    let (when, to) = setting.split_once('=').unwrap();
                    let to = Some(match to {
                        "voicemail" => ForwardTo::Voicemail,
                        to => ForwardTo::Number(number(to)),
                    });
                    match when {
                        "busy" => set.busy = to,
                        "no-answer" => set.no_answer = to,
                        "unreachable" => set.unreachable = to,
                        other => panic!("no such setting: {other}"),
                    }
                }
                Command::SetCallSettings { agent, settings: set }
            }
            ("membership", [queue, part]) => Command::SetMembership {
                agent,
                queue: self.world.queue(queue),
                membership: match *part {
                    "out" => Membership::Out,
                    "not-ready" => Membership::NotReady,
                    "ready" => Membership::Ready,
                    other => panic!("no such membership: {other}"),
                },
            },
            ("attends", [queue, how @ ..]) => Command::Attend {
                agent,
                queue: (*queue != "all").then(|| self.world.queue(queue)),
                how: match how {
                    ["at", device] => Attend::LogIn { device: self.world.device(device) },
                    ["no-more"] => Attend::LogOut,
                    ["ready"] => Attend::Ready,
                    ["not-ready"] => Attend::NotReady { reason: None, note },
                    other => panic!("nobody attends like that: {other:?}"),
                },
            },
            ("unassign", [queue]) => Command::Unassign { agent, queue: self.world.queue(queue) },
            ("says", [word, caller]) => Command::SetDisposition {
                call: self.call(caller),
                agent,
                disposition: match self.world.ids[*word] {
                    EntryId::Disposition(id) => id,
                    other => panic!("{word} is {other:?}"),
                },
                note,
            },
            _other => return None,
        })
    }

    fn leg_report(&mut self, endpoint: Option<Endpoint>, who: &str, verb: &str, rest: &[&str]) -> Outcome {
        if verb == "calls" {
            let from = endpoint.unwrap_or(Endpoint::Trunk(self.world.trunk("carrier")));
            return self.world.report(Report::LegArrived {
                from,
                caller: Some(number(who)),
                caller_name: name(who),
                dialled: number(rest[0]),
            });
        }
        match verb {
            "cleared-by-command" => {
                let call = self.call(who);
                return self.world.command(Command::ClearCall { call });
            }
            "pauses-recording" => {
                let (call, reason) = (self.call(who), name("card"));
                return self.world.command(Command::PauseRecording { call, reason });
            }
            "is-transferred-to" => {
                let (call, to) = (self.call(who), TransferTo::Number(number(rest[0])));
                return self.world.command(Command::TransferCall { call, device: None, to });
            }
            "is-held" | "is-retrieved" | "is-muted" | "is-heard-again" => {
                let (call, device) = (self.call(who), self.by(rest));
                return self.world.command(match verb {
                    "is-held" => Command::HoldCall { call, device, hold: true },
                    "is-retrieved" => Command::HoldCall { call, device, hold: false },
                    "is-muted" => Command::MuteCall { call, device, muted: true },
                    _heard_again => Command::MuteCall { call, device, muted: false },
                });
            }
            "is-sent" => {
                let (call, digits) = (self.call(who), Digits::parse(rest[0]).unwrap());
                return self.world.command(Command::SendDigits { call, device: self.by(&rest[1..]), digits });
            }
            "is-answered-by-command-at" => {
                let (call, device) = (self.call(who), self.world.device(rest[0]));
                return self.world.command(Command::AnswerCall { call, device });
            }
            "is-left" => {
                let (call, device) = (self.call(who), self.by(rest));
                return self.world.command(Command::LeaveCall { call, device });
            }
            "drops" => {
                let call = self.call(who);
                let leg = match self.world.ids.get(rest[0]) {
                    Some(EntryId::Device(device)) => self.leg(Some(Endpoint::Device(*device)), rest[0]),
                    Some(_) | None => self.leg(None, rest[0]),
                };
                return self.world.command(Command::DropParty { call, leg });
            }
            "consults" => {
                let (call, device, to) = (self.call(who), self.by(&rest[1..]), number(rest[0]));
                return self.world.command(Command::Consult { call, device, to });
            }
            "is-swapped" => {
                let (call, device) = (self.call(who), self.by(rest));
                return self.world.command(Command::SwapCalls { call, device });
            }
            "is-transferred" | "becomes-a-conference" => {
                let how = if verb == "is-transferred" { Joining::Transfer } else { Joining::Conference };
                let (call, device) = (self.call(who), self.by(rest));
                return self.world.command(Command::JoinCalls { call, device, how });
            }
            "whispers-to" | "listens-to" if self.world.ids.contains_key(who) => {
                let device = self.world.device(who);
                let whom = match self.world.ids.get(rest[0]) {
                    Some(EntryId::Agent(agent)) => Monitored::Agent(*agent),
                    Some(_) | None => Monitored::Call(self.call(rest[0])),
                };
                let whispers = verb == "whispers-to";
                return self.world.command(Command::Monitor { device, whom, whispers });
            }
            "has-variables" => {
                let variables = rest.iter().map(|word| {
                    let (name, value) = word.split_once('=').unwrap();
                    let value = (!value.is_empty()).then(|| self::name(value));
                    (VariableName::parse(name).unwrap(), value)
                });
                let (call, variables) = (self.call(who), variables.collect());
                return self.world.command(Command::SetVariables { call, variables });
            }
            "listens" | "whispers" | "barges-in" | "takes-over" => {
                let how = match verb {
                    "listens" => Supervision::Listen,
                    "whispers" => Supervision::Whisper,
                    "barges-in" => Supervision::Barge,
                    _takes_over => Supervision::TakeOver,
                };
                return self.world.command(Command::Supervise { call: self.call(who), how });
            }
            "is-parked" => {
                let (call, slot) = (self.call(who), rest.first().map(|slot| slot.parse().unwrap()));
                return self.world.command(Command::ParkCall { call, device: None, slot });
            }
            "is-retrieved-by" => {
                let (call, device) = (self.call(who), self.world.device(rest[0]));
                return self.world.command(Command::RetrieveCall { call, device });
            }
            "resumes-recording" => {
                let call = self.call(who);
                return self.world.command(Command::ResumeRecording { call });
            }
            _other => {}
        }
        let leg = self.leg(endpoint, who);
        let cause = |cause| Report::LegCleared { leg, cause };
        let report = match verb {
            "rings" => Report::LegRinging { leg, early_media: rest == ["early"] },
            "answers" => Report::LegAnswered { leg },
            "hangs-up" => cause(Cause::Normal),
            "is-busy" => cause(Cause::Busy),
            "rejects" => cause(Cause::Rejected),
            "is-unreachable" => cause(Cause::Unreachable),
            "is-lost" => cause(Cause::Lost),
            "holds" => Report::LegHeld { leg },
            "refers-to" => Report::LegReferred { leg, to: number(rest[0]) },
            // Its older leg is replaced by the newer one.
            "refers-to-its-other-call" => {
                let mut legs = self.names.legs.iter().filter(|(_, name)| *name == who);
                let (older, newer) = (*legs.next().unwrap().0, *legs.next_back().unwrap().0);
                Report::LegReplaces { leg: older, other: newer }
            }
            "retrieves" => Report::LegRetrieved { leg },
            "is-saved" => Report::LegSaved { leg, dialog: format!("dialog of {who}") },
            "has-pin-of" | "has-no-pin-of" => {
                let agent = self.world.agent(rest[0]);
                Report::PinChecked { leg, agent, right: verb == "has-pin-of" }
            }
            "presses" => Report::Digit { leg, digit: rest[0].chars().next().unwrap() },
            "heard-all" => Report::PromptsEnded { leg },
            other => panic!("nobody knows how to {other}"),
        };
        self.world.report(report)
    }

    /// The newest leg of that name, living or dead.
    fn leg(&self, endpoint: Option<Endpoint>, who: &str) -> LegId {
        let label = endpoint.map_or(who.to_owned(), |endpoint| match endpoint {
            Endpoint::Device(id) => self.names.entry(EntryId::Device(id)),
            Endpoint::Trunk(id) => self.names.entry(EntryId::Trunk(id)),
        });
        let mut newest = self.names.legs.iter().rev();
        *newest.find(|(_, name)| **name == label).unwrap_or_else(|| panic!("{who} has no leg")).0
    }

    /// `by 101`, when a device is named.
    fn by(&self, rest: &[&str]) -> Option<DeviceId> {
        match rest {
            ["by", device] => Some(self.world.device(device)),
            [] => None,
            other => panic!("nobody understands {other:?}"),
        }
    }

    /// The newest call from that caller.
    fn reason(&self, label: &str) -> ReasonId {
        match self.world.ids[label] {
            EntryId::Reason(id) => id,
            other => panic!("{label} is {other:?}"),
        }
    }

    fn call(&self, caller: &str) -> CallId {
        let mut newest = self.names.calls.iter().rev();
        *newest.find(|(_, name)| *name == caller).unwrap_or_else(|| panic!("{caller} has no call")).0
    }

    fn pass(&mut self, time: &str) {
        let ms = match (time.strip_suffix("ms"), time.strip_suffix('s')) {
            (Some(ms), _) => ms.parse::<u64>().unwrap(),
            (None, Some(s)) => s.parse::<u64>().unwrap() * 1_000,
            (None, None) => panic!("no such step: {time}"),
        };
        writeln!(self.told, "{time}").unwrap();
        let end = Timestamp(self.world.now.0 + ms);
        while let Some((due, _)) = self.world.engine.poll_timeout().filter(|(due, _)| *due <= end) {
            self.world.now = self.world.now.max(due);
            let outcome = self.world.handle(Input::Timeout);
            self.tell(outcome);
        }
        self.world.now = end;
    }

    fn tell(&mut self, (result, events, actions): Outcome) {
        for event in &events {
            self.names.learn(event);
            writeln!(self.told, "  {}", self.names.fact(event)).unwrap();
        }
        for action in &actions {
            writeln!(self.told, "    > {}", self.names.action(action)).unwrap();
        }
        match result {
            Ok(Answer::Pending) => writeln!(self.told, "  pending").unwrap(),
            Ok(_) => {}
            Err(refusal) => writeln!(self.told, "  refused: {} ({refusal})", refusal.code()).unwrap(),
        }
    }

    fn count(&mut self, label: &str) {
        let queue = self.world.queue(label);
        let view = self.world.engine.queue(self.world.tenant, queue, self.world.now).unwrap();
        let tally = view.tally;
        writeln!(
            self.told,
            "{label}: entered {}, answered {} ({} in time, {} ms), abandoned {} ({} short), overflowed {}, refused {}, \
             waiting {}, offers {} ({} expired)",
            tally.entered,
            tally.answered,
            tally.answered_in_time,
            tally.answered_wait_ms,
            tally.abandoned,
            tally.abandoned_short,
            tally.overflowed,
            tally.refused,
            view.waiting,
            tally.offers,
            tally.offers_expired,
        )
        .unwrap();
    }
}

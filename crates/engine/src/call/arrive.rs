//! Calls that come in, calls that are placed by command, and leading either to its target.

use super::route::Target;
use super::{CallStep, Cause, Direction, LegPhase, Role, Service};
use crate::action::{Action, AfterPrompts};
use crate::agent::Missed;
use crate::command::{Actor, Answer, Endpoint};
use crate::engine::Engine;
use crate::entry::{Destination, EntryId, Kind, Name};
use crate::fact::Fact;
use crate::id::{AgentId, CallId, DeviceId, Guid, LegId, TenantId, TrunkId};
use crate::limits::{CALLS_MAX, LEGS_PER_DEVICE_MAX};
use crate::refusal::Refusal;
use crate::text::Number;

/// What somebody hears whose call rings at the far end, when we have answered his leg already.
const RINGBACK: &str = "tones/ringback";

impl Engine {
    pub(crate) fn arrive(
        &mut self,
        from: Endpoint,
        caller: Option<Number>,
        caller_name: Name,
        dialled: Number,
    ) -> Result<Answer, Refusal> {
        let (tenant, caller, caller_name) = match from {
            Endpoint::Trunk(id) => {
                let trunk = self.state.trunks.get(&id).ok_or(Refusal::NotFound(Kind::Trunk))?;
                (trunk.tenant, caller, caller_name)
            }
            Endpoint::Device(id) => {
                self.by = Actor::Device(id);
                let device = self.state.devices.get(&id).ok_or(Refusal::NotFound(Kind::Device))?;
                if device.legs.len() >= LEGS_PER_DEVICE_MAX {
                    return Err(Refusal::Busy);
                }
                // What a device says of itself is not believed: who authenticated is who calls.
                let entry = &device.filed.entry;
                (device.filed.tenant, Some(entry.number.clone()), entry.display_name.clone())
            }
        };
        self.check_room(tenant)?;
        if let (Endpoint::Device(device), Some((feature, argument))) = (from, self.feature(tenant, &dialled))
        {
            let again = self.called_again(device, feature, argument.as_ref());
            let refused = match again {
                Some(Ok(number)) => match self.dial(tenant, from, &number) {
                    Ok(target) => {
                        return Ok(self.call_again(device, (feature, number), (caller, caller_name), target));
                    }
                    Err(refusal) => Some(refusal),
                },
                Some(Err(refusal)) => Some(refusal),
                None => match self.join_by_code(tenant, device, feature, argument.as_ref()) {
                    Ok(joined) => return Ok(joined),
                    Err(refused) => refused,
                },
            };
            let (call, _) = self.start_call(tenant, Direction::Internal, caller, caller_name, dialled);
            let leg = self.add_leg(call, Role::Caller, true, from);
            self.take_code(call, device, (feature, argument), refused);
            return Ok(Answer::Arrived(call, leg));
        }
        let target = self.dial(tenant, from, &dialled)?;
        let direction = match from {
            Endpoint::Trunk(_) => Direction::Inbound,
            Endpoint::Device(_) => direction_to(&target),
        };
        let (call, _) = self.start_call(tenant, direction, caller, caller_name, dialled);
        let leg = self.add_leg(call, Role::Caller, true, from);
        self.lead(call, target);
        Ok(Answer::Arrived(call, leg))
    }

    pub(crate) fn place_call(
        &mut self,
        tenant: TenantId,
        id: DeviceId,
        to: Number,
    ) -> Result<Answer, Refusal> {
        self.owned(tenant, EntryId::Device(id))?;
        let device = self.state.device(id);
        if !device.registered {
            return Err(Refusal::DeviceUnregistered);
        }
        if !device.legs.is_empty() {
            return Err(Refusal::Busy);
        }
        let entry = device.filed.entry.clone();
        self.check_room(tenant)?;
        let endpoint = Endpoint::Device(id);
        let target = self.dial(tenant, endpoint, &to)?;
        let target = self.not_in_vain(target)?;
        let (number, name) = (Some(entry.number.clone()), entry.display_name);
        let (call, guid) = self.start_call(tenant, direction_to(&target), number, name, to.clone());
        let leg = self.add_leg(call, Role::Caller, false, endpoint);
        let caller_name = self.name_of(tenant, &to);
        let (number, caller, auto_answer) = (entry.number, Some(to), entry.auto_answer);
        self.act(Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer });
        Ok(Answer::Call(call, guid))
    }

    /// The target, unless nobody is there who takes calls or has them taken elsewhere.
    pub(super) fn not_in_vain(&self, target: Target) -> Result<Target, Refusal> {
        match target {
            Target::Absent(agent, missed) if self.state.agent(agent).settings.forward(missed).is_none() => {
                Err(if missed == Missed::Busy { Refusal::Busy } else { Refusal::NoRoute })
            }
            Target::Gone(Cause::Busy) => Err(Refusal::Busy),
            Target::Gone(_) => Err(Refusal::NoRoute),
            Target::Queue(..)
            | Target::Device(_)
            | Target::Trunk(..)
            | Target::Greeting(..)
            | Target::Mailbox(_)
            | Target::Absent(..) => Ok(target),
        }
    }

    /// The device that was rung to place a call answered: what it wants is dialled now.
    pub(super) fn dial_for_caller(&mut self, call: CallId, leg: LegId, endpoint: Endpoint) {
        let placed = self.state.call(call);
        let (tenant, dialled) = (placed.tenant, placed.dialled.clone());
        self.record(tenant, Fact::LegAnswered { call, leg });
        match self.dial(tenant, endpoint, &dialled) {
            Ok(target) => self.lead(call, target),
            Err(refusal) => self.clear_call(call, cause_of(&refusal)),
        }
    }

    pub(crate) fn prompts_ended(&mut self, leg: LegId) {
        let Some(leg) = self.state.legs.get(&leg) else {
            return;
        };
        // Who is asked for keys has time to press them after he was asked.
        let service = self.state.call(leg.call).service;
        if !matches!(service, Some(Service::Asks { .. } | Service::LogsIn { .. })) {
            self.end_greeting(leg.call);
        }
    }

    /// What was to be said is said, or should be: a greeted call goes on, one that was only told something ends.
    pub(crate) fn end_greeting(&mut self, id: CallId) {
        match self.state.call(id).step {
            CallStep::Greeting => self.go_on(id),
            CallStep::Served => self.serve_on(id),
            CallStep::Briefing => self.end_briefing(id),
            CallStep::Setup
            | CallStep::Waiting
            | CallStep::Talking
            | CallStep::Parked
            | CallStep::Cleared
            | CallStep::Closed => {}
        }
    }

    fn go_on(&mut self, id: CallId) {
        let call = self.state.call(id);
        let (tenant, dialled) = (call.tenant, call.dialled.clone());
        let leg = call.caller_leg.expect("a call that is greeted has its caller");
        let from = self.state.leg(leg).endpoint;
        match self.beyond_greeting(tenant, from, &dialled) {
            Ok(target) => self.lead(id, target),
            Err(refusal) => self.clear_call(id, cause_of(&refusal)),
        }
    }

    /// Leads a call to a number that it did not dial, because a queue or an agent sends it there.
    pub(crate) fn lead_to_number(&mut self, id: CallId, number: &Number, by: Option<AgentId>) {
        let call = self.state.call(id);
        let (tenant, leg) = (call.tenant, call.caller_leg.expect("a call that is led on has its caller"));
        let from = self.state.leg(leg).endpoint;
        match self.send_on(tenant, from, number, by) {
            Ok(target) => self.lead(id, target),
            Err(refusal) => self.clear_call(id, cause_of(&refusal)),
        }
    }

    /// Answers the caller's leg unless that was done before.
    pub(crate) fn answer_caller(&mut self, id: CallId) -> LegId {
        let call = self.state.call(id);
        let tenant = call.tenant;
        let leg = call.caller_leg.expect("a call that is led somewhere has its caller");
        if self.state.leg(leg).phase == LegPhase::Arrived {
            self.record(tenant, Fact::LegAnswered { call: id, leg });
            self.act(Action::Answer { leg });
        }
        leg
    }

    pub(crate) fn add_leg(&mut self, call: CallId, role: Role, arrived: bool, endpoint: Endpoint) -> LegId {
        let tenant = self.state.call(call).tenant;
        let leg = LegId(self.state.last.leg + 1);
        let fact = Fact::LegAdded {
            call,
            leg,
            guid: self.draw_guid(),
            role,
            arrived,
            endpoint,
            agent: self.agent_at(endpoint),
        };
        self.record(tenant, fact);
        leg
    }

    pub(crate) fn start_call(
        &mut self,
        tenant: TenantId,
        direction: Direction,
        caller: Option<Number>,
        caller_name: Name,
        dialled: Number,
    ) -> (CallId, Guid) {
        let call = CallId(self.state.last.call + 1);
        let guid = self.draw_guid();
        let fact = Fact::CallStarted { call, guid, direction, caller, caller_name, dialled };
        self.record(tenant, fact);
        (call, guid)
    }

    pub(crate) fn lead(&mut self, call: CallId, target: Target) {
        match target {
            Target::Queue(queue, priority, preference) => match self.blacklisted(call) {
                Some(number) => self.refuse_caller(call, queue, number),
                None => self.enter_queue(call, queue, priority, preference),
            },
            Target::Device(device) => self.ring_device(call, device),
            Target::Trunk(trunk, number) => self.ring_trunk(call, trunk, number),
            Target::Greeting(route, prompt) => {
                match (self.state.route(route).destination, self.blacklisted(call)) {
                    // Whom the queue behind the greeting refuses is not greeted first.
                    (Destination::Queue(queue), Some(number)) => self.refuse_caller(call, queue, number),
                    (
                        Destination::Queue(_)
                        | Destination::Agent(_)
                        | Destination::Device(_)
                        | Destination::Clear,
                        _,
                    ) => self.greet(call, prompt),
                }
            }
            Target::Mailbox(agent) => self.reach_mailbox(call, agent),
            Target::Absent(agent, missed) => self.forward_missed(call, agent, missed),
            Target::Gone(cause) => self.clear_call(call, cause),
        }
    }

    fn greet(&mut self, call: CallId, prompt: Name) {
        let leg = self.answer_caller(call);
        let tenant = self.state.call(call).tenant;
        let fact = Fact::GreetingStarted { call, prompt: prompt.clone() };
        self.record(tenant, fact);
        self.act(Action::Play { leg, prompts: vec![prompt], then: AfterPrompts::Report });
    }

    fn ring_device(&mut self, call: CallId, id: DeviceId) {
        let device = self.state.device(id);
        if !device.registered {
            return self.forward_missed_at(call, id, Missed::Unreachable);
        }
        if !device.legs.is_empty() {
            return self.forward_missed_at(call, id, Missed::Busy);
        }
        let number = device.filed.entry.number.clone();
        let caller = self.state.call(call).caller.clone();
        self.ring(call, Endpoint::Device(id), number, caller);
    }

    fn ring_trunk(&mut self, call: CallId, id: TrunkId, number: Number) {
        let shown = self.state.trunk(id).caller_number.clone();
        let leading = self.state.call(call);
        let own = leading.caller.clone();
        let caller = match leading.direction {
            Direction::Inbound => own.or(shown),
            Direction::Outbound | Direction::Internal => shown.or(own),
        };
        self.ring(call, Endpoint::Trunk(id), number, caller);
    }

    fn ring(&mut self, id: CallId, endpoint: Endpoint, number: Number, caller: Option<Number>) {
        // Where nobody called, the agent who calls back is the one who waits for an answer.
        let near = self.state.call(id).legs.first().copied();
        let leg = self.add_leg(id, Role::Callee, false, endpoint);
        let call = self.state.call(id);
        let (caller_name, waiting) = (call.caller_name.clone(), call.caller_leg);
        self.act(Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer: false });
        let answered = |leg: &LegId| self.state.leg(*leg).phase != LegPhase::Arrived;
        if let Some(leg) = waiting.or(near).filter(answered) {
            self.act(Action::Play {
                leg,
                prompts: Vec::new(),
                then: AfterPrompts::Music(Name::parse(RINGBACK).ok()),
            });
        }
    }

    pub(crate) fn check_room(&self, tenant: TenantId) -> Result<(), Refusal> {
        if self.state.tenant(tenant).calls.len() >= CALLS_MAX {
            return Err(Refusal::LimitReached("calls"));
        }
        Ok(())
    }
}

pub(super) const fn direction_to(target: &Target) -> Direction {
    match target {
        Target::Trunk(..) => Direction::Outbound,
        Target::Queue(..)
        | Target::Device(_)
        | Target::Greeting(..)
        | Target::Mailbox(_)
        | Target::Absent(..)
        | Target::Gone(_) => Direction::Internal,
    }
}

/// Why a call clears that was let in and cannot be led on.
pub(crate) fn cause_of(refusal: &Refusal) -> Cause {
    if matches!(refusal, Refusal::OutboundLimit(_)) { Cause::Full } else { Cause::NoRoute }
}

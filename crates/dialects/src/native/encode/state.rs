//! Views of agents, devices, queues, calls and offers.

use cordial_engine::agent::{Activity, DeviceState, Duty, Membership, PendingMembership, WhyNotReady};
use cordial_engine::call::CallAction;
use cordial_engine::entry::Tier;
use cordial_engine::estimate::{WaitEstimate, WaitRange};
use cordial_engine::id::QueueId;
use cordial_engine::tally::AgentTally;
use cordial_engine::time::Now;
use cordial_engine::view::{
    AgentView, CallPhase, CallView, ConsultationView, DeviceView, LegPhase, LegView, OfferView, ParkedView,
    PlaceView, QueueView,
};

use super::{
    Encoded, agent_entry, call_settings, device_entry, direction, endpoint, handling, id, of, offer_of,
    perhaps, queue_entry, role, text, tier,
};
use crate::names::{Named, Names};
use crate::native::wire::{self, Id, Time};

/// An agent on all axes.
pub fn agent(view: &AgentView, now: Now, names: &dyn Names) -> Encoded<wire::AgentState> {
    let device = |login: cordial_engine::agent::Login| {
        Ok(wire::AgentDevice { id: id(names, login.device)?, state: device_axis(view.device) })
    };
    let part = |((queue, part), (_, rank)): (&(QueueId, Membership), &(QueueId, Tier))| {
        let pending = view.pending_memberships.iter().find(|(other, _)| other == queue);
        Ok(wire::QueuePart {
            queue: id(names, *queue)?,
            membership: membership(*part),
            tier: tier(*rank),
            pending: pending.map(|(_, wish)| pending_membership(*wish)),
        })
    };
    Ok(wire::AgentState {
        id: Id(view.guid),
        entry: agent_entry(&view.entry, names)?,
        device: view.login.map(device).transpose()?,
        duty: duty(&view.duty, names)?,
        duty_since: Time::of(now, view.duty_since),
        pending: view.pending.as_ref().map(|pending| duty(pending, names)).transpose()?,
        handling: handling(&view.handling),
        call_settings: call_settings(&view.settings),
        queues: view.memberships.iter().zip(&view.tiers).map(part).collect::<Encoded<_>>()?,
        activity: activity(view, now, names)?,
        activity_since: Time::of(now, view.activity_since),
        rest_until: view.rest_until.map(|until| Time::of(now, until)),
        since: Time(view.since_wall),
        tally: agent_tally(&view.tally),
    })
}

fn agent_tally(tally: &AgentTally) -> wire::AgentTally {
    wire::AgentTally {
        calls: tally.calls,
        talked_ms: tally.talked_ms,
        missed: tally.missed,
        offered: tally.offered.map(Time),
        answered: tally.answered.map(Time),
        ended: tally.ended.map(Time),
    }
}

/// Whether the person is here for calls of queues.
pub(super) fn duty(duty: &Duty, names: &dyn Names) -> Encoded<wire::Duty> {
    Ok(match duty {
        Duty::LoggedOut => wire::Duty::LoggedOut,
        Duty::NotReady { reason, note } => wire::Duty::NotReady {
            why: reason.map(|reason| why(reason, names)).transpose()?,
            note: note.to_string(),
        },
        Duty::Ready => wire::Duty::Ready,
    })
}

fn why(why: WhyNotReady, names: &dyn Names) -> Encoded<wire::WhyNotReady> {
    Ok(match why {
        WhyNotReady::Reason(reason) => wire::WhyNotReady::Reason { reason: id(names, reason)? },
        WhyNotReady::Absence(absence) => wire::WhyNotReady::Absence { absence: super::absence(absence) },
        WhyNotReady::NoAnswer => wire::WhyNotReady::NoAnswer,
        WhyNotReady::Declined => wire::WhyNotReady::Declined,
        WhyNotReady::Unreachable => wire::WhyNotReady::Unreachable,
        WhyNotReady::Busy => wire::WhyNotReady::Busy,
    })
}

fn activity(view: &AgentView, now: Now, names: &dyn Names) -> Encoded<wire::Activity> {
    Ok(match view.activity {
        Activity::Idle => wire::Activity::Idle,
        Activity::Offered { offer } => wire::Activity::Offered { offer: of(names, Named::Offer(offer))? },
        Activity::InCall { call, leg, queue } => wire::Activity::InCall {
            call: of(names, Named::Call(call))?,
            leg: of(names, Named::Leg(call, leg))?,
            queue: perhaps(names, queue)?,
            held: view.held,
        },
        Activity::WrapUp { call, queue, until } => wire::Activity::WrapUp {
            call: of(names, Named::Call(call))?,
            queue: id(names, queue)?,
            until: Time::of(now, until),
        },
    })
}

/// An agent's part in a queue.
pub(super) const fn membership(membership: Membership) -> wire::Membership {
    match membership {
        Membership::Out => wire::Membership::Out,
        Membership::NotReady => wire::Membership::NotReady,
        Membership::Ready => wire::Membership::Ready,
    }
}

/// What an agent's part in a queue becomes.
pub(super) const fn pending_membership(wish: PendingMembership) -> wire::PendingMembership {
    match wish {
        PendingMembership::Out => wire::PendingMembership::Out,
        PendingMembership::In => wire::PendingMembership::In,
        PendingMembership::NotReady => wire::PendingMembership::NotReady,
        PendingMembership::WrapUp => wire::PendingMembership::WrapUp,
    }
}

const fn device_axis(state: DeviceState) -> wire::DeviceAxis {
    match state {
        DeviceState::Unregistered => wire::DeviceAxis::Unregistered,
        DeviceState::Idle => wire::DeviceAxis::Idle,
        DeviceState::Busy => wire::DeviceAxis::Busy,
    }
}

/// A device with its state.
pub fn device(view: &DeviceView, names: &dyn Names) -> Encoded<wire::DeviceState> {
    Ok(wire::DeviceState {
        id: Id(view.guid),
        entry: device_entry(&view.entry, names)?,
        state: device_axis(view.state),
        agent: perhaps(names, view.agent)?,
        legs: view.legs.len(),
    })
}

/// A queue with its line.
pub fn queue(view: &QueueView, names: &dyn Names) -> Encoded<wire::QueueState> {
    let tally = view.tally;
    Ok(wire::QueueState {
        id: Id(view.guid),
        entry: queue_entry(&view.entry, names)?,
        state: wire::QueueLine {
            waiting: view.waiting,
            longest_wait_ms: view.longest_wait_ms,
            logged_in: view.logged_in,
            eligible: view.eligible,
            staffed: view.staffed,
            breached: view.breached,
            callbacks: view.callbacks,
            estimate: view.estimate.map(estimate),
            turns_away: view.turns_away.map(super::not_kept),
            night: view.night,
            emergency: view.emergency.as_ref().map(|it| super::emergency(it, names)).transpose()?,
            tally: wire::Tally {
                entered: tally.entered,
                answered: tally.answered,
                abandoned: tally.abandoned,
                abandoned_short: tally.abandoned_short,
                abandoned_in_time: tally.abandoned_in_time,
                overflowed: tally.overflowed,
                refused: tally.refused,
                left_by_key: tally.left_by_key,
                called_back: tally.called_back,
                breached: tally.breached,
                answered_in_time: tally.answered_in_time,
                answered_wait_ms: tally.answered_wait_ms,
                offers: tally.offers,
                offers_expired: tally.offers_expired,
            },
        },
    })
}

fn estimate(estimate: WaitEstimate) -> wire::WaitEstimate {
    let WaitEstimate { median_ms, p80_ms } = estimate;
    wire::WaitEstimate { median_ms, p80_ms, range: wait_range(estimate.range()) }
}

pub(super) fn wait_range(range: WaitRange) -> wire::WaitRange {
    wire::WaitRange { from_minutes: range.from_minutes(), to_minutes: range.to_minutes() }
}

/// A waiting call; `call` is the same one.
pub fn waiting(view: &PlaceView, call: &CallView, now: Now) -> wire::Waiting {
    wire::Waiting {
        call: Id(call.guid),
        position: view.position,
        entered: Time::of(now, view.entered),
        caller: text(call.caller.as_ref()),
        caller_name: call.caller_name.to_string(),
        callback: text(view.callback.as_ref()),
        estimate: view.estimate.map(estimate),
    }
}

/// A live call with its legs.
pub fn call(view: &CallView, now: Now, names: &dyn Names) -> Encoded<wire::Call> {
    Ok(wire::Call {
        id: Id(view.guid),
        direction: direction(view.direction),
        caller: text(view.caller.as_ref()),
        caller_name: view.caller_name.to_string(),
        dialled: view.dialled.as_str().to_owned(),
        started: Time(view.started_wall),
        phase: match view.phase {
            CallPhase::Setup => wire::CallPhase::Setup,
            CallPhase::Greeting => wire::CallPhase::Greeting,
            CallPhase::Served => wire::CallPhase::Served,
            CallPhase::Waiting { queue, entered } => {
                wire::CallPhase::Waiting { queue: id(names, queue)?, entered: Time::of(now, entered) }
            }
            CallPhase::Talking => wire::CallPhase::Talking,
            CallPhase::Parked { slot } => wire::CallPhase::Parked { slot },
            CallPhase::WrapUp => wire::CallPhase::WrapUp,
        },
        agent: perhaps(names, view.agent)?,
        recording: view.recording.map(|(_, guid)| Id(guid)),
        callback: text(view.callback.as_ref()),
        consultation: view.consultation.map(|it| consultation(it, names)).transpose()?,
        consults_for: view.consults_for.map(|call| of(names, Named::Call(call))).transpose()?,
        legs: view.legs.iter().map(|it| leg(it, now, names)).collect::<Encoded<_>>()?,
    })
}

fn leg(view: &LegView, now: Now, names: &dyn Names) -> Encoded<wire::Leg> {
    Ok(wire::Leg {
        id: Id(view.guid),
        role: role(view.role),
        endpoint: endpoint(view.endpoint, names)?,
        agent: perhaps(names, view.agent)?,
        state: match view.phase {
            LegPhase::Arrived => wire::LegPhase::Arrived,
            LegPhase::Dialled => wire::LegPhase::Dialled,
            LegPhase::Ringing => wire::LegPhase::Ringing,
            LegPhase::Answered => wire::LegPhase::Answered,
            LegPhase::Held => wire::LegPhase::Held,
        },
        since: Time::of(now, view.since),
        held_by_phone: view.held_by_phone,
        held_by_command: view.held_by_command,
        muted: view.muted,
        actions: view.actions.iter().copied().map(call_action).collect(),
    })
}

fn consultation(view: ConsultationView, names: &dyn Names) -> Encoded<wire::Consultation> {
    let call = of(names, Named::Call(view.call))?;
    Ok(wire::Consultation { call, leg: of(names, Named::Leg(view.call, view.leg))? })
}

const fn call_action(action: CallAction) -> wire::CallAction {
    match action {
        CallAction::Answer => wire::CallAction::Answer,
        CallAction::Leave => wire::CallAction::Leave,
        CallAction::Hold => wire::CallAction::Hold,
        CallAction::Unhold => wire::CallAction::Unhold,
        CallAction::Mute => wire::CallAction::Mute,
        CallAction::Unmute => wire::CallAction::Unmute,
        CallAction::SendDigits => wire::CallAction::SendDigits,
        CallAction::Transfer => wire::CallAction::Transfer,
        CallAction::Park => wire::CallAction::Park,
        CallAction::Consult => wire::CallAction::Consult,
        CallAction::Swap => wire::CallAction::Swap,
        CallAction::CompleteTransfer => wire::CallAction::CompleteTransfer,
        CallAction::CompleteConference => wire::CallAction::CompleteConference,
    }
}

/// A parked call.
pub fn parked(view: &ParkedView, now: Now, names: &dyn Names) -> Encoded<wire::Parked> {
    Ok(wire::Parked {
        slot: view.slot,
        call: of(names, Named::Call(view.call))?,
        device: id(names, view.device)?,
        since: Time::of(now, view.since),
        until: Time::of(now, view.until),
    })
}

/// A live offer.
pub fn offer(view: &OfferView, now: Now, names: &dyn Names) -> Encoded<wire::Offer> {
    Ok(wire::Offer {
        id: offer_of(view.call, view.id, names)?,
        call: of(names, Named::Call(view.call))?,
        queue: id(names, view.queue)?,
        agent: id(names, view.agent)?,
        deadline: Time::of(now, view.deadline),
    })
}

/// Everything of one tenant as it stands.
pub fn snapshot(
    agents: &[AgentView],
    queues: &[QueueView],
    calls: &[CallView],
    offers: &[OfferView],
    devices: &[DeviceView],
    now: Now,
    names: &dyn Names,
) -> Encoded<wire::Snapshot> {
    Ok(wire::Snapshot {
        agents: agents.iter().map(|it| agent(it, now, names)).collect::<Encoded<_>>()?,
        queues: queues.iter().map(|it| queue(it, names)).collect::<Encoded<_>>()?,
        calls: calls.iter().map(|it| call(it, now, names)).collect::<Encoded<_>>()?,
        offers: offers.iter().map(|it| offer(it, now, names)).collect::<Encoded<_>>()?,
        devices: devices.iter().map(|it| device(it, names)).collect::<Encoded<_>>()?,
    })
}

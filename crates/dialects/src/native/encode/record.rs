//! Call records and recordings.

use cordial_engine::cdr::{
    AgentPart, Cdr, ConsultationOutcome, ConsultationPart, DispositionPart, OfferPart, ParkingPart,
    QueuePart, RecordingPart, RecordingState, Segment, TransferPart,
};
use cordial_engine::id::CallId;

use super::{
    Encoded, cause, consultation_end, direction, endpoint, id, joining, of, offer_end, offer_of, parking_end,
    perhaps, role, text, transfer_to, waiting_end,
};
use crate::names::{Named, Names};
use crate::native::wire::{self, Id, Time};

/// The record of one call.
pub fn cdr(it: &Cdr, names: &dyn Names) -> Encoded<wire::Cdr> {
    Ok(wire::Cdr {
        id: Id(it.guid),
        direction: direction(it.direction),
        caller: text(it.caller.as_ref()),
        caller_name: it.caller_name.to_string(),
        dialled: it.dialled.as_str().to_owned(),
        started: Time(it.started),
        answered: it.answered.map(Time),
        cleared: it.cleared.map(Time),
        closed: Time(it.closed),
        answered_ms: it.answered_ms,
        cleared_ms: it.cleared_ms,
        closed_ms: it.closed_ms,
        talk_ms: it.talk_ms,
        hold_ms: it.hold_ms,
        wait_ms: it.wait_ms,
        wrap_ms: it.wrap_ms,
        cause: it.cause.map(cause),
        queues: it.queues.iter().map(|part| queue(part, names)).collect::<Encoded<_>>()?,
        segments: it.segments.iter().map(|part| segment(part, names)).collect::<Encoded<_>>()?,
        offers: it.offers.iter().map(|part| offer(it.call, part, names)).collect::<Encoded<_>>()?,
        agents: it.agents.iter().map(|part| agent(part, names)).collect::<Encoded<_>>()?,
        parkings: it.parkings.iter().map(|part| parking(part, names)).collect::<Encoded<_>>()?,
        transfers: it.transfers.iter().map(|part| transfer(part, names)).collect::<Encoded<_>>()?,
        consultations: it
            .consultations
            .iter()
            .map(|part| consultation(part, names))
            .collect::<Encoded<_>>()?,
        consulted_for: it.consulted_for.map(|call| of(names, Named::Call(call))).transpose()?,
        dispositions: it.dispositions.iter().map(|part| disposition(part, names)).collect::<Encoded<_>>()?,
        recordings: it.recordings.iter().map(|part| recording(part, names)).collect::<Encoded<_>>()?,
        left_out: it.left_out,
    })
}

fn queue(part: &QueuePart, names: &dyn Names) -> Encoded<wire::CdrQueue> {
    Ok(wire::CdrQueue {
        queue: id(names, part.queue)?,
        entered_ms: part.entered_ms,
        end: part.end.map(waiting_end),
        waited_ms: part.waited_ms,
    })
}

fn parking(part: &ParkingPart, names: &dyn Names) -> Encoded<wire::CdrParking> {
    Ok(wire::CdrParking {
        slot: part.slot,
        device: id(names, part.device)?,
        parked_ms: part.parked_ms,
        ended_ms: part.ended_ms,
        end: part.end.map(parking_end),
    })
}

fn transfer(part: &TransferPart, names: &dyn Names) -> Encoded<wire::CdrTransfer> {
    Ok(wire::CdrTransfer {
        device: id(names, part.device)?,
        agent: perhaps(names, part.agent)?,
        to: transfer_to(&part.to, names)?,
        transferred_ms: part.transferred_ms,
    })
}

fn segment(part: &Segment, names: &dyn Names) -> Encoded<wire::CdrSegment> {
    Ok(wire::CdrSegment {
        leg: Id(part.guid),
        role: role(part.role),
        endpoint: endpoint(part.endpoint, names)?,
        agent: perhaps(names, part.agent)?,
        added_ms: part.added_ms,
        ringing_ms: part.ringing_ms,
        answered_ms: part.answered_ms,
        cleared_ms: part.cleared_ms,
        cause: part.cause.map(cause),
        moved_ms: part.moved_ms,
    })
}

fn consultation(part: &ConsultationPart, names: &dyn Names) -> Encoded<wire::CdrConsultation> {
    let (joined, end) = match part.end {
        None => (None, None),
        Some(ConsultationOutcome::Joined(how)) => (Some(joining(how)), None),
        Some(ConsultationOutcome::Ended(end)) => (None, Some(consultation_end(end))),
    };
    Ok(wire::CdrConsultation {
        call: of(names, Named::Call(part.call))?,
        device: id(names, part.device)?,
        agent: perhaps(names, part.agent)?,
        started_ms: part.started_ms,
        ended_ms: part.ended_ms,
        joined,
        end,
    })
}

fn offer(call: CallId, part: &OfferPart, names: &dyn Names) -> Encoded<wire::CdrOffer> {
    Ok(wire::CdrOffer {
        offer: offer_of(call, part.offer, names)?,
        queue: id(names, part.queue)?,
        agent: id(names, part.agent)?,
        made_ms: part.made_ms,
        ended_ms: part.ended_ms,
        end: part.end.map(|end| offer_end(call, end, names)).transpose()?,
    })
}

fn agent(part: &AgentPart, names: &dyn Names) -> Encoded<wire::CdrAgent> {
    Ok(wire::CdrAgent {
        agent: id(names, part.agent)?,
        queue: perhaps(names, part.queue)?,
        connected_ms: part.connected_ms,
        disconnected_ms: part.disconnected_ms,
        wrap_ms: part.wrap_ms,
    })
}

fn disposition(part: &DispositionPart, names: &dyn Names) -> Encoded<wire::CdrDisposition> {
    Ok(wire::CdrDisposition {
        agent: id(names, part.agent)?,
        disposition: id(names, part.disposition)?,
        note: part.note.to_string(),
        set: Time(part.set),
    })
}

fn recording(part: &RecordingPart, names: &dyn Names) -> Encoded<wire::CdrRecording> {
    let pause = |pause: &cordial_engine::cdr::Pause| wire::Pause {
        reason: pause.reason.to_string(),
        from_ms: pause.from_ms,
        to_ms: pause.to_ms,
    };
    Ok(wire::CdrRecording {
        id: Id(part.guid),
        agent: id(names, part.agent)?,
        started_ms: part.started_ms,
        state: match &part.state {
            RecordingState::Recording => wire::RecordingState::Recording,
            RecordingState::Paused => wire::RecordingState::Paused,
            RecordingState::Stopped => wire::RecordingState::Stopped,
            RecordingState::Saved => wire::RecordingState::Saved,
            RecordingState::Failed(why) => wire::RecordingState::Failed { why: why.to_string() },
        },
        audio_ms: part.audio_ms,
        paused_ms: part.paused_ms,
        bytes: part.bytes,
        pauses: part.pauses.iter().map(pause).collect(),
    })
}

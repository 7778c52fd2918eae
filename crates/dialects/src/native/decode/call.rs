//! What is asked for in calls.

use cordial_engine::call::{Digits, Joining, TransferTo};
use cordial_engine::command::{Command, Note};
use cordial_engine::id::{AgentId, CallId, DeviceId, DispositionId};

use super::{Faults, Fields, Nothing};
use crate::names::Find;
use crate::native::wire;

/// Place a call.
pub fn place_call(body: &wire::NewCall, find: &dyn Find) -> Result<(DeviceId, Command), Faults> {
    let mut f = Fields::new(find);
    let device = f.entry::<DeviceId>("/device", body.device);
    let to = f.number("/to", &body.to);
    f.finish(|| Some((device?, Command::PlaceCall { device: device?, to: to? })))
}

/// Park a call.
pub fn park_call(call: CallId, body: &wire::ParkCall, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let device = f.perhaps(body.device, |f, id| f.entry::<DeviceId>("/device", id));
    f.finish(|| Some(Command::ParkCall { call, device: device?, slot: body.slot }))
}

/// Transfer a call.
pub fn transfer_call(call: CallId, body: &wire::TransferCall, find: &dyn Find) -> Result<Command, Faults> {
    let mut f = Fields::new(find);
    let device = f.perhaps(body.device, |f, id| f.entry::<DeviceId>("/device", id));
    let to = match &body.destination {
        wire::TransferTo::Number { number } => {
            f.number("/destination/number", number).map(TransferTo::Number)
        }
        wire::TransferTo::Mailbox { agent } => {
            f.entry::<AgentId>("/destination/agent", *agent).map(TransferTo::Mailbox)
        }
    };
    f.finish(|| Some(Command::TransferCall { call, device: device?, to: to? }))
}

/// Press keys.
pub fn send_digits(
    call: CallId,
    device: Option<DeviceId>,
    body: &wire::SendDigits,
) -> Result<Command, Faults> {
    let mut f = Fields::new(&Nothing);
    let digits = Digits::parse(&body.digits)
        .or_else(|| f.fault("/digits", "must be 1 to 32 of 0 to 9, A to D, * and #"));
    f.finish(|| Some(Command::SendDigits { call, device, digits: digits? }))
}

/// Ask somebody else.
pub fn consult(call: CallId, device: Option<DeviceId>, body: &wire::Consult) -> Result<Command, Faults> {
    let mut f = Fields::new(&Nothing);
    let to = f.number("/to", &body.to);
    f.finish(|| Some(Command::Consult { call, device, to: to? }))
}

/// Make one call of two.
pub const fn complete_consultation(
    call: CallId,
    device: Option<DeviceId>,
    body: wire::CompleteConsultation,
) -> Command {
    let how = match body.how {
        wire::Joining::Transfer => Joining::Transfer,
        wire::Joining::Conference => Joining::Conference,
    };
    Command::JoinCalls { call, device, how }
}

/// Ring a device for a parked call.
pub fn retrieve_call(
    call: CallId,
    body: &wire::RetrieveCall,
    find: &dyn Find,
) -> Result<(DeviceId, Command), Faults> {
    let mut f = Fields::new(find);
    let device = f.entry::<DeviceId>("/device", body.device);
    f.finish(|| Some((device?, Command::RetrieveCall { call, device: device? })))
}

/// Say how a contact ended; `own` is the agent of whoever asks.
pub fn set_disposition(
    call: CallId,
    own: Option<AgentId>,
    body: &wire::SetDisposition,
    find: &dyn Find,
) -> Result<(AgentId, Command), Faults> {
    let mut f = Fields::new(find);
    let disposition = f.entry::<DispositionId>("/disposition", body.disposition);
    let note: Option<Note> = f.text("/note", &body.note);
    let agent = match (body.agent, own) {
        (Some(id), _) => f.entry::<AgentId>("/agent", id),
        (None, Some(own)) => Some(own),
        (None, None) => f.fault("/agent", "must be given: the token's user is no agent"),
    };
    f.finish(|| {
        let (agent, disposition, note) = (agent?, disposition?, note?);
        Some((agent, Command::SetDisposition { call, agent, disposition, note }))
    })
}

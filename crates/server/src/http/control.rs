//! What one party of a live call may ask for: hold, keys, another's advice, an end.

use axum::response::Response;
use axum::{Extension, Json, extract};
use cordial_dialects::native::decode;
use cordial_dialects::native::problem::FieldError;
use cordial_dialects::native::wire::{self, Done, Id};
use cordial_engine::Command;
use cordial_engine::id::{CallId, DeviceId};

use super::ask::{At, Body, MaybeBody};
use super::calls::{ACTS, Asking, granted, placed};
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, delete, post};
use super::scene::{LookError, Scene, parties};
use super::{State, not_found};

pub(super) fn operations() -> Vec<Operation> {
    let line = |path: &'static str, id: &'static str, does: &'static str| {
        granted(post(path).called(id, "calls", does).perhaps_body::<wire::Line>())
    };
    vec![
        line(
            "/v1/calls/{id}/answer",
            "answer_call",
            "Answers for a device that rings and answers by itself when it is asked to",
        )
        .handled_by(answer),
        line(
            "/v1/calls/{id}/leave",
            "leave_call",
            "Ends one device's part; of more than two the others talk on",
        )
        .handled_by(leave),
        line(
            "/v1/calls/{id}/hold",
            "hold_call",
            "Holds the call for one of its devices; the others hear music",
        )
        .handled_by(hold),
        line(
            "/v1/calls/{id}/unhold",
            "unhold_call",
            "Takes back a hold; from a consultation, goes back to this call",
        )
        .handled_by(unhold),
        line("/v1/calls/{id}/mute", "mute_call", "Lets the others hear a device no more").handled_by(mute),
        line("/v1/calls/{id}/unmute", "unmute_call", "Lets the others hear it again").handled_by(unmute),
        granted(post("/v1/calls/{id}/digits").called(
            "send_digits",
            "calls",
            "Presses keys on a device's behalf",
        ))
        .body::<wire::SendDigits>()
        .handled_by(digits),
        post("/v1/calls/{id}/consult")
            .called(
                "consult",
                "calls",
                "Lets a device ask somebody else, in a call of its own; the others hear music",
            )
            .needs(ACTS)
            .body::<wire::Consult>()
            .answers::<wire::Call>(201, "The consultation.")
            .refuses(&[409])
            .handled_by(consult),
        line("/v1/calls/{id}/swap", "swap_calls", "Takes who consults to the other of his two calls")
            .handled_by(swap),
        granted(post("/v1/calls/{id}/complete").called(
            "complete_consultation",
            "calls",
            "Makes one call of a call and its consultation: a transfer or a conference",
        ))
        .body::<wire::CompleteConsultation>()
        .handled_by(complete),
        granted(delete("/v1/calls/{id}/legs/{leg}").called(
            "drop_party",
            "calls",
            "Ends the part of any of those who talk; of more than two the others talk on",
        ))
        .handled_by(drop_party),
    ]
}

impl Scene<'_> {
    /// The device of a call that whoever asks means, and may speak for.
    fn line(
        &self,
        asker: &Who,
        call: Id,
        device: Option<Id>,
    ) -> Result<(CallId, Option<DeviceId>), LookError> {
        let call = self.call(call)?;
        let own = self.own().and_then(|own| self.engine.agent(self.tenant, own)?.login);
        let device = match (device, own) {
            (Some(id), _) => {
                let device = self.named::<DeviceId>("/device", id)?;
                self.may_act(asker, self.engine.person(device).into_iter())?;
                Some(device)
            }
            (None, Some(login)) => Some(login.device),
            (None, None) => {
                self.may_act(asker, parties(&call))?;
                None
            }
        };
        Ok((call.id, device))
    }
}

/// Carries out what a party of a call asks for.
async fn act(
    (extract::State(state), Extension(who), At(id)): Asking,
    device: Option<Id>,
    make: impl FnOnce(CallId, Option<DeviceId>) -> Result<Command, LookError> + Send + 'static,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let (call, device) = scene.line(&asker, id, device)?;
        make(call, device)
    });
    let command = made.await?;
    state.give(&who, command).await.map(Json)
}

async fn answer(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    let make = |call, device: Option<DeviceId>| {
        let unknown = || vec![FieldError::new("/device", "must be given: the token's user is at none")];
        Ok(Command::AnswerCall { call, device: device.ok_or_else(unknown)? })
    };
    act(asking, body.device, make).await
}

async fn leave(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::LeaveCall { call, device })).await
}

async fn hold(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::HoldCall { call, device, hold: true })).await
}

async fn unhold(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::HoldCall { call, device, hold: false })).await
}

async fn mute(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::MuteCall { call, device, muted: true })).await
}

async fn unmute(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::MuteCall { call, device, muted: false })).await
}

async fn digits(asking: Asking, Body(body): Body<wire::SendDigits>) -> Result<Json<Done>, No> {
    let device = body.device;
    act(asking, device, move |call, device| Ok(decode::send_digits(call, device, &body)?)).await
}

async fn swap(asking: Asking, MaybeBody(body): MaybeBody<wire::Line>) -> Result<Json<Done>, No> {
    act(asking, body.device, |call, device| Ok(Command::SwapCalls { call, device })).await
}

async fn complete(asking: Asking, Body(body): Body<wire::CompleteConsultation>) -> Result<Json<Done>, No> {
    act(asking, body.device, move |call, device| Ok(decode::complete_consultation(call, device, body))).await
}

async fn consult(
    (extract::State(state), Extension(who), At(id)): Asking,
    Body(body): Body<wire::Consult>,
) -> Result<Response, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let (call, device) = scene.line(&asker, id, body.device)?;
        Ok(decode::consult(call, device, &body)?)
    });
    let command = made.await?;
    placed(&state, &who, command).await
}

async fn drop_party(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At((id, leg)): At<(Id, Id)>,
) -> Result<Json<Done>, No> {
    let asker = who.clone();
    let made = state.look(&who, move |scene| {
        let call = scene.call(id)?;
        let found = call.legs.iter().find(|it| it.guid == leg.0);
        let Some(leg) = found else { return Ok(None) };
        match leg.agent {
            Some(agent) => scene.may_act(&asker, std::iter::once(agent))?,
            None => scene.may_act(&asker, parties(&call))?,
        }
        Ok(Some(Command::DropParty { call: call.id, leg: leg.id }))
    });
    let command = made.await?.ok_or_else(|| not_found("leg"))?;
    state.give(&who, command).await.map(Json)
}

//! What is asked for. It is answered with 202 as soon as it is granted and durable; what comes of it is told by events, and
//! seen by the next read.

use axum::Extension;
use axum::extract;
use axum::http::StatusCode;
use cordial_dialects::connector::board::call_named;
use cordial_dialects::connector::request::{Ask, Control};
use cordial_dialects::finesse::ask::{CallAsk, UserAsk};
use cordial_dialects::finesse::request::{DialogRequest, UserRequest};
use cordial_dialects::finesse::words::ErrorType;
use cordial_engine::Command;

use super::fault::No;
use super::visitor::{At, Place, Sent, Visitor};
use crate::http::State;

type Taken = Result<StatusCode, No>;

/// `PUT User/{id}`.
pub(super) async fn user(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    Sent(body): Sent,
) -> Taken {
    let whom = visitor.whom(&id).await?;
    match UserRequest::read(&body)?.ask()? {
        UserAsk::LogIn { extension } => {
            if !whom.is_own {
                let other = "everybody logs in himself";
                return Err(No::new(ErrorType::InvalidAuthorizationUserSpecified, other, &id));
            }
            let no_agent = || No::new(ErrorType::InvalidState, "the user is no agent", &id);
            let agent = whom.agent.ok_or_else(no_agent)?;
            let called = extension.clone();
            let device = visitor.look(move |board| board.device_called(&called)).await?;
            let no_phone = || No::new(ErrorType::InvalidInput, "no phone has that extension", &extension);
            let device = device.ok_or_else(no_phone)?;
            visitor.command(&state, Command::LogIn { agent, device }, &id).await?;
        }
        UserAsk::Duty(duty) => {
            let about = whom.agent.filter(|_| !whom.is_own);
            visitor.ask(about, Ask::Duty(duty), &id).await?;
        }
    }
    Ok(StatusCode::ACCEPTED)
}

/// `POST User/{id}/Dialogs`.
pub(super) async fn new_dialog(
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    Sent(body): Sent,
) -> Taken {
    if !visitor.whom(&id).await?.is_own {
        let other = "everybody calls for himself";
        return Err(No::new(ErrorType::InvalidAuthorizationUserSpecified, other, &id));
    }
    let asked = DialogRequest::read(&body)?;
    let ask = asked.new_call(&visitor.place().await?.extension)?;
    visitor.ask(None, ask, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `PUT Dialog/{id}`.
pub(super) async fn dialog(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    Sent(body): Sent,
) -> Taken {
    let asked = DialogRequest::read(&body)?;
    let place = visitor.place().await?;
    for ask in asked.on_call(&id, &place.extension)? {
        match ask {
            CallAsk::Ask(ask) => visitor.ask(None, ask, &id).await?,
            CallAsk::Retrieve => retrieve(&state, &visitor, &place, &id).await?,
            CallAsk::Digits(digits) => {
                let (call, agent) = (call_named(&id), place.agent);
                let call =
                    visitor.look(move |board| call.filter(|call| board.dialog(agent, *call).is_some()));
                let call = call.await?.ok_or_else(|| No::not_found("call"))?;
                let command = Command::SendDigits { call, device: Some(place.device), digits };
                visitor.command(&state, command, &id).await?;
            }
        }
    }
    Ok(StatusCode::ACCEPTED)
}

/// Of two calls of his he goes on with the one that waits; then the other waits.
async fn retrieve(state: &State, visitor: &Visitor, place: &Place, id: &str) -> Result<(), No> {
    let (call, agent) = (call_named(id), place.agent);
    let away = visitor.look(move |board| call.filter(|call| board.is_away(agent, *call))).await?;
    match away {
        Some(call) => {
            let command = Command::SwapCalls { call, device: Some(place.device) };
            visitor.command(state, command, id).await
        }
        None => visitor.ask(None, Ask::Control(Control::Retrieve { dialog: id.to_owned() }), id).await,
    }
}

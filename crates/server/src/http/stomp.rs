//! STOMP over WebSocket at `/stomp`, for clients of the connector in browsers.

use std::net::SocketAddr;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{self, ConnectInfo};
use axum::response::{IntoResponse, Response};
use cordial_dialects::native::problem::Code;

use super::State;
use super::fault::No;
use crate::limits::STOMP_WEB_SOCKET_BYTES_MAX;
use crate::stomp::Stomp;

/// Where it is.
pub(super) const PATH: &str = "/stomp";
/// Its subprotocols, the best first. Which version is spoken is agreed on by `CONNECT` alone.
const PROTOCOLS: [&str; 3] = ["v12.stomp", "v11.stomp", "v10.stomp"];

/// Lets anybody in who speaks STOMP: who he is he proves by `CONNECT`. So it does not matter whose page a browser shows:
/// nothing that a browser sends by itself proves anything.
pub(super) async fn connect(
    extract::State(state): extract::State<State>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Some(embedded) = state.embedded().cloned() else {
        return No::new(Code::NoSuchPath, "the connector is switched off here").into_response();
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols(PROTOCOLS),
        Err(why) => {
            return No::new(Code::BadRequest, format!("this is STOMP over WebSocket: {why}")).into_response();
        }
    };
    if upgrade.selected_protocol().is_none() {
        let detail = "ask for a WebSocket subprotocol of STOMP: v12.stomp, v11.stomp or v10.stomp";
        return No::new(Code::BadRequest, detail).into_response();
    }
    upgrade
        .max_message_size(STOMP_WEB_SOCKET_BYTES_MAX)
        .max_frame_size(STOMP_WEB_SOCKET_BYTES_MAX)
        .on_upgrade(async move |socket| Stomp::new(state, embedded).speak(socket, remote.ip(), None).await)
}

//! SIP over WebSocket (RFC 7118) at `/sip`, for phones in browsers: the page and its phone come by one address and one
//! certificate.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{self, ConnectInfo};
use axum::response::{IntoResponse, Response};
use cordial_dialects::native::problem::Code;
use cordial_sip::ListenerId;
use cordial_sip::limits::MESSAGE_BYTES_MAX;

use super::State;
use super::fault::No;
use crate::streams::web_socket;

/// Where it is.
pub(super) const PATH: &str = "/sip";

/// Lets anybody in who speaks SIP: who he is he proves by his messages, as on every other transport of SIP. So it does
/// not matter whose page a browser shows: nothing that a browser sends by itself proves anything.
pub(super) async fn connect(
    extract::State(state): extract::State<State>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Extension(listener): Extension<ListenerId>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols(["sip"]),
        Err(why) => {
            return No::new(Code::BadRequest, format!("this is SIP over WebSocket: {why}")).into_response();
        }
    };
    if upgrade.selected_protocol().is_none() {
        let detail = "ask for the WebSocket subprotocol \"sip\" (RFC 7118 section 4.1)";
        return No::new(Code::BadRequest, detail).into_response();
    }
    let hall = state.parts.sip_sockets.clone();
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| web_socket::carry(&hall, listener, remote, socket).await)
}

//! Tickets: a browser's WebSocket cannot send a header, and a token in an address ends up in logs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, header};
use cordial_dialects::native::problem::Code;

use super::fault::No;
use super::limits::{TICKET_LIFE, TICKETS_MAX};

/// The subprotocol by which a ticket is presented, before the ticket itself.
const PREFIX: &str = "cordial.ticket.";

/// The token of each ticket, and until when it stands.
type Standing = BTreeMap<String, (Arc<str>, Instant)>;

/// Tickets that stand; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Tickets(Arc<Mutex<Standing>>);

impl Tickets {
    /// A ticket that stands for a token, once.
    pub(super) fn issue(&self, token: Arc<str>) -> Result<String, No> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| No::new(Code::Internal, "no randomness"))?;
        let ticket = format!("{:032x}", u128::from_be_bytes(bytes));
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        standing.retain(|_, (_, until)| *until > now);
        if standing.len() >= TICKETS_MAX {
            return Err(No::new(Code::TooManyRequests, "too many tickets stand at once"));
        }
        standing.insert(ticket.clone(), (token, now + TICKET_LIFE));
        Ok(ticket)
    }

    /// The token of the ticket that a WebSocket request presents; the ticket is used up.
    pub(super) fn redeem(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
        let ticket = offered.split(',').find_map(|protocol| protocol.trim().strip_prefix(PREFIX))?;
        let (token, until) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket)?;
        (until > Instant::now()).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_ticket_stands_for_its_token_once() {
        let tickets = Tickets::default();
        let ticket = tickets.issue("cordial_x".into()).unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(tickets.redeem(&headers), None);
        let offered = format!("cordial.v1, {PREFIX}{ticket}");
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(&offered).unwrap());
        assert_eq!(tickets.redeem(&headers).as_deref(), Some("cordial_x"));
        assert_eq!(tickets.redeem(&headers), None);
    }
}

//! Requests from outside: which transaction they belong to, and what is refused before anybody acts on it.

use std::net::{IpAddr, SocketAddr};

use sha2::{Digest as _, Sha256};

use super::lamp::{allow_events, is_served};
use super::{Shedding, UserAgent};
use crate::flow::{Flow, Transport};
use crate::limits::SERVER_TRANSACTIONS_MAX;
use crate::message::{
    ALLOW, Essentials, Headers, Method, Name, ParseFault, Request, Response, Scheme, Via, find_outside,
    parse_number,
};
use crate::time::Timestamp;
use crate::transaction::{MergeKey, ServerKey};

/// A request that can be answered.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) essentials: Essentials,
    /// Where it came from.
    pub(super) source: Flow,
    /// Where its answers go.
    pub(super) reply: Flow,
    pub(super) key: ServerKey,
}

impl Asked {
    pub(super) fn new(mut request: Request, essentials: Essentials, source: Flow) -> Self {
        let keyed = if request.method == Method::Ack { &Method::Invite } else { &request.method };
        let key = ServerKey::new(&request, &essentials, keyed);
        let reply = mark_top_via(&mut request.headers, essentials.via.clone(), source);
        Self { request, essentials, source, reply, key }
    }

    pub(super) fn to_tag(&self) -> Option<&str> {
        self.essentials.to.tag()
    }

    pub(super) fn their_tag(&self) -> &str {
        self.essentials.from.tag().unwrap_or_default()
    }

    pub(super) fn merge_key(&self) -> MergeKey {
        MergeKey::new(&self.essentials)
    }
}

/// RFC 3261 section 18.2.1 and RFC 3581: notes the true source in the topmost Via; returns where answers go.
fn mark_top_via(headers: &mut Headers, mut via: Via, source: Flow) -> Flow {
    let address = source.remote.ip();
    let wants_port = via.parameters.get("rport").is_some();
    if wants_port {
        via.parameters.set("rport", Some(source.remote.port().to_string()));
    }
    if wants_port || via.host.parse::<IpAddr>() != Ok(address) {
        via.parameters.set("received", Some(address.to_string()));
    }
    if let Some(line) = headers.get_mut(&Name::Via) {
        let rest = find_outside(line, ',').map(|at| line[at + 1..].trim().to_owned());
        *line = match rest {
            Some(rest) => format!("{via}, {rest}"),
            None => via.to_string(),
        };
    }
    match source.transport {
        Transport::Udp if !wants_port => {
            let port = via.port.unwrap_or(Transport::Udp.default_port());
            Flow { remote: SocketAddr::new(address, port), ..source }
        }
        Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Ws => source,
    }
}

impl UserAgent {
    pub(super) fn handle_request(&mut self, now: Timestamp, asked: Asked) {
        if asked.request.method == Method::Ack {
            self.handle_ack(now, &asked);
        } else if self.repeats_known(now, &asked) {
            // Its answer has been sent again.
        } else if asked.request.method == Method::Cancel {
            self.handle_cancel(now, &asked);
        } else if asked.to_tag().is_some() {
            self.handle_inside(now, &asked);
        } else {
            self.handle_outside(now, asked);
        }
    }

    /// A request outside of any dialog (RFC 3261 section 8.2). Nothing here leaves state behind but what a proved
    /// sender is entitled to.
    fn handle_outside(&mut self, now: Timestamp, asked: Asked) {
        match asked.request.method {
            Method::Invite if self.shedding >= Shedding::Calls => {
                return self.refuse(&asked, 503, retry_later);
            }
            Method::Register if self.shedding >= Shedding::CallsAndRegistrations => {
                return self.refuse(&asked, 503, retry_later);
            }
            Method::Subscribe if self.shedding >= Shedding::CallsAndRegistrations => {
                return self.refuse(&asked, 503, retry_later);
            }
            Method::Subscribe if !is_served(&asked) => return self.refuse(&asked, 489, allow_events),
            Method::Invite | Method::Register | Method::Options | Method::Subscribe => {}
            Method::Ack | Method::Cancel => return,
            Method::Bye | Method::Info | Method::Prack | Method::Update => {
                return self.refuse(&asked, 481, |_| {});
            }
            Method::Notify | Method::Publish => return self.refuse(&asked, 489, allow_events),
            Method::Refer | Method::Message => return self.refuse(&asked, 405, allow),
            Method::Other(_) => return self.refuse(&asked, 501, allow),
        }
        match asked.request.uri.scheme {
            Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
            Scheme::Other(_) => return self.refuse(&asked, 416, |_| {}),
        }
        if self.merge_keys.contains_key(&asked.merge_key()) {
            return self.refuse(&asked, 482, |_| {});
        }
        if self.refused_by_headers(&asked) {
            return;
        }
        if asked.request.method == Method::Options {
            let supported = self.supported();
            self.refuse(&asked, 200, |response| capabilities(response, supported));
        } else if self.servers.len() >= SERVER_TRANSACTIONS_MAX {
            self.refuse(&asked, 503, retry_later);
        } else if asked.request.method == Method::Register {
            self.handle_register(now, &asked);
        } else if asked.request.method == Method::Subscribe {
            self.handle_subscribe(now, &asked);
        } else {
            self.handle_invite(now, asked);
        }
    }

    /// Max-Forwards, Require and a Replaces out of place, inside and outside of dialogs.
    pub(super) fn refused_by_headers(&mut self, asked: &Asked) -> bool {
        let headers = &asked.request.headers;
        match headers.get(&Name::MaxForwards).map(|value| parse_number(value).filter(|hops| *hops <= 255)) {
            Some(None) => {
                self.refuse(asked, 400, |response| {
                    response.reason = "malformed Max-Forwards".to_owned();
                });
                return true;
            }
            Some(Some(0)) => {
                self.refuse(asked, 483, |_| {});
                return true;
            }
            Some(Some(_)) | None => {}
        }
        // RFC 3891 section 3: only an INVITE takes a dialog's place.
        if asked.request.method != Method::Invite && headers.get(&Name::new("Replaces")).is_some() {
            self.refuse(asked, 400, |_| {});
            return true;
        }
        let spoken: Vec<&str> = self.supported().split(", ").collect();
        let registers = asked.request.method == Method::Register;
        let is_spoken = |option: &&str| {
            spoken.iter().any(|known| known.eq_ignore_ascii_case(option))
                || (registers && option.eq_ignore_ascii_case("path"))
        };
        let unsupported: Vec<&str> =
            headers.values(&Name::Require).filter(|option| !is_spoken(option)).collect();
        if !unsupported.is_empty() {
            let unsupported = unsupported.join(", ");
            self.refuse(asked, 420, |response| {
                response.headers.push(Name::Unsupported, unsupported);
            });
            return true;
        }
        false
    }

    /// Only session descriptions are understood in an INVITE.
    pub(super) fn refused_by_body(&mut self, asked: &Asked) -> bool {
        let request = &asked.request;
        let encoded = request
            .headers
            .values(&Name::ContentEncoding)
            .any(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        let described = content_type(&request.headers).is_some_and(|kind| kind == "application/sdp");
        if request.body.is_empty() || (described && !encoded) {
            return false;
        }
        self.refuse(asked, 415, |response| {
            response.headers.push(Name::Accept, "application/sdp");
            response.headers.push(Name::Other("Accept-Encoding".to_owned()), "identity");
        });
        true
    }

    /// Answers without keeping state (RFC 3261 section 8.2.7): the same request gets the same To tag.
    pub(super) fn refuse(&mut self, asked: &Asked, code: u16, edit: impl FnOnce(&mut Response)) {
        let tag = self.stateless_tag(asked);
        let mut response = Response::to_request(&asked.request, code, Some(&tag));
        self.sign(&mut response);
        edit(&mut response);
        self.transmit(asked.reply, response.to_bytes());
    }

    fn stateless_tag(&self, asked: &Asked) -> String {
        let hash = Sha256::new()
            .chain_update(self.tag_key)
            .chain_update(asked.essentials.call_id.as_bytes())
            .chain_update(asked.their_tag().as_bytes())
            .chain_update(asked.essentials.cseq.to_be_bytes())
            .finalize();
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn sign(&self, response: &mut Response) {
        response.headers.push(Name::Server, self.config.user_agent.clone());
    }

    /// Says what is wrong to the sender of a request that cannot be read, as far as its Via tells where that is.
    pub(super) fn refuse_malformed(&mut self, mut request: Request, source: Flow, fault: ParseFault) {
        let top = request.headers.values(&Name::Via).next().map(Via::parse);
        let Some(Ok(via)) = top else {
            return;
        };
        let reply = mark_top_via(&mut request.headers, via, source);
        let mut response = Response::to_request(&request, fault.code(), None);
        if fault.code() == 400 {
            response.reason = format!("Bad Request: {fault}");
        }
        self.sign(&mut response);
        self.transmit(reply, response.to_bytes());
    }
}

/// Media type in lower case, without parameters.
pub(super) fn content_type(headers: &Headers) -> Option<String> {
    let value = headers.get(&Name::ContentType)?;
    Some(value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase())
}

pub(super) fn allow(response: &mut Response) {
    response.headers.push(Name::Allow, ALLOW);
}

/// RFC 3261 section 11.2.
pub(super) fn capabilities(response: &mut Response, supported: &str) {
    response.headers.push(Name::Allow, ALLOW);
    response.headers.push(Name::Accept, "application/sdp");
    response.headers.push(Name::Supported, supported);
    allow_events(response);
}

pub(super) fn retry_later(response: &mut Response) {
    response.headers.push(Name::RetryAfter, "5");
}

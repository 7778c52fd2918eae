//! A phone's own registration (RFC 3261 section 10.2): REGISTER, the answer to a challenge, refreshes.

use std::net::SocketAddr;

use cordial_sip::Timestamp;
use cordial_sip::digest::{self, Algorithm, DigestFields};
use cordial_sip::message::{BRANCH_COOKIE, Headers, Method, Name, Request, Response, Uri};

use crate::chance::Chance;

/// RFC 3261 table 4. Milliseconds.
const T1_MS: u64 = 500;
const T2_MS: u64 = 4_000;
/// A registration that failed is tried again after this. Milliseconds.
const RETRY_MS: u64 = 5_000;

/// Who registers where.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) password: String,
    pub(super) contact: SocketAddr,
    pub(super) expires_s: u32,
}

/// What became of the registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Registered,
    Unregistered,
    Refused(u16),
}

/// The client side of one binding.
#[derive(Debug)]
pub(super) struct Registration {
    identity: Identity,
    chance: Chance,
    call_id: String,
    from_tag: String,
    cseq: u32,
    authorization: Option<(Name, String)>,
    /// Whether the answer to a challenge is on its way: a second challenge is then a refusal.
    answering: bool,
    wanted: bool,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// For nothing, or for the time of the next REGISTER.
    Idle { refresh: Option<Timestamp> },
    /// For the final response; Timer E (RFC 3261 section 17.1.2.2) repeats the request, Timer F gives up.
    Response { bytes: Vec<u8>, again: Timestamp, interval_ms: u64, give_up: Timestamp },
}

impl Registration {
    pub(super) fn new(identity: Identity, mut chance: Chance) -> Self {
        let call_id = format!("{:016x}", chance.number());
        let from_tag = format!("{:08x}", chance.number() >> 32);
        let waiting = Waiting::Idle { refresh: None };
        Self {
            identity,
            chance,
            call_id,
            from_tag,
            cseq: 0,
            authorization: None,
            answering: false,
            wanted: false,
            waiting,
        }
    }

    /// Registers or, with `wanted` false, takes the binding back. Gives the bytes to send.
    pub(super) fn begin(&mut self, now: Timestamp, wanted: bool) -> Vec<u8> {
        self.wanted = wanted;
        self.answering = false;
        self.send(now)
    }

    /// Forgets everything, as a phone does that loses power.
    pub(super) fn forget(&mut self) {
        self.waiting = Waiting::Idle { refresh: None };
        self.wanted = false;
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        match &self.waiting {
            Waiting::Idle { refresh } => *refresh,
            Waiting::Response { again, give_up, .. } => Some(*again.min(give_up)),
        }
    }

    /// Repeats, refreshes, or gives up and tries again later.
    pub(super) fn handle_timeout(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        match &mut self.waiting {
            Waiting::Idle { refresh } if refresh.is_some_and(|at| at <= now) => Some(self.begin(now, true)),
            Waiting::Response { give_up, .. } if *give_up <= now => {
                self.waiting = Waiting::Idle { refresh: self.wanted.then_some(now + RETRY_MS) };
                None
            }
            Waiting::Response { bytes, again, interval_ms, .. } if *again <= now => {
                *interval_ms = (*interval_ms * 2).min(T2_MS);
                *again = now + *interval_ms;
                Some(bytes.clone())
            }
            Waiting::Idle { .. } | Waiting::Response { .. } => None,
        }
    }

    /// Takes a response to a REGISTER: an outcome, or more bytes to send.
    pub(super) fn handle_response(
        &mut self,
        now: Timestamp,
        response: &Response,
    ) -> (Option<Outcome>, Option<Vec<u8>>) {
        let ours = response.headers.get(&Name::CallId) == Some(&self.call_id)
            && response.headers.get(&Name::CSeq) == Some(&format!("{} REGISTER", self.cseq));
        if !ours || response.is_provisional() || matches!(self.waiting, Waiting::Idle { .. }) {
            return (None, None);
        }
        if matches!(response.code, 401 | 407) && !self.answering {
            self.authorization = self.answer(response);
            if self.authorization.is_some() {
                self.answering = true;
                return (None, Some(self.send(now)));
            }
        }
        let outcome = match (response.is_success(), self.wanted) {
            (true, true) => Outcome::Registered,
            (true, false) => Outcome::Unregistered,
            (false, _) => Outcome::Refused(response.code),
        };
        let half_life_ms = u64::from(self.identity.expires_s) * 500;
        let pause_ms = if response.is_success() { half_life_ms } else { RETRY_MS };
        self.waiting = Waiting::Idle { refresh: self.wanted.then_some(now + pause_ms) };
        (Some(outcome), None)
    }

    fn send(&mut self, now: Timestamp) -> Vec<u8> {
        self.cseq += 1;
        let bytes = self.request().to_bytes();
        let (again, give_up) = (now + T1_MS, now + 64 * T1_MS);
        self.waiting = Waiting::Response { bytes: bytes.clone(), again, interval_ms: T1_MS, give_up };
        bytes
    }

    fn request(&mut self) -> Request {
        let Identity { user, domain, contact, expires_s, .. } = &self.identity;
        let expires = if self.wanted { *expires_s } else { 0 };
        let mut headers = Headers::new();
        let branch = self.chance.number();
        headers.push(Name::Via, format!("SIP/2.0/UDP {contact};rport;branch={BRANCH_COOKIE}{branch:016x}"));
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, format!("<sip:{user}@{domain}>;tag={}", self.from_tag));
        headers.push(Name::To, format!("<sip:{user}@{domain}>"));
        headers.push(Name::CallId, self.call_id.clone());
        headers.push(Name::CSeq, format!("{} REGISTER", self.cseq));
        headers.push(Name::Contact, format!("<sip:{user}@{contact}>;expires={expires}"));
        headers.push(Name::UserAgent, "Cordial test phone");
        if let Some((name, value)) = &self.authorization {
            headers.push(name.clone(), value.clone());
        }
        Request { method: Method::Register, uri: Uri::sip(None, domain, None), headers, body: Vec::new() }
    }

    /// The header that answers the first challenge we can answer (RFC 8760 section 2.4).
    fn answer(&mut self, response: &Response) -> Option<(Name, String)> {
        let (from, to) = match response.code {
            407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => (Name::WwwAuthenticate, Name::Authorization),
        };
        let challenges = response.headers.all(&from);
        let (fields, algorithm) = challenges.filter_map(DigestFields::parse).find_map(|fields| {
            let algorithm = fields.algorithm()?;
            Some((fields, algorithm))
        })?;
        let (realm, nonce) = (fields.get("realm")?, fields.get("nonce")?);
        let Identity { user, domain, password, .. } = &self.identity;
        let ha1 = match algorithm {
            Algorithm::Md5 => hex(&digest::ha1_md5(user, realm, password)),
            Algorithm::Sha256 => hex(&digest::ha1_sha256(user, realm, password)),
        };
        let uri = Uri::sip(None, domain, None).to_string();
        let (count, ours) = ("00000001", format!("{:016x}", self.chance.number()));
        let proof = digest::response(algorithm, &ha1, "REGISTER", &uri, nonce, Some((count, &ours)));
        let opaque = fields.get("opaque").map(|opaque| format!(", opaque=\"{opaque}\"")).unwrap_or_default();
        let value = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
             algorithm={}, qop=auth, nc={count}, cnonce=\"{ours}\"{opaque}",
            algorithm.as_str(),
        );
        Some((to, value))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Answers to INVITEs of an earlier life: 2xx responses that match no transaction and no dialog, but whose branch we
//! alone can have made. A phone that answered while we were away is acknowledged, and told BYE; it would ring into the
//! void otherwise (RFC 3261 section 13.2.2.4). Without such a branch nothing is sent: the 2xx is a stranger's.

use sha2::{Digest as _, Sha256};

use super::UserAgent;
use super::clients::{Heard, Purpose};
use crate::chance::hex;
use crate::config::Key;
use crate::dialog::Relation;
use crate::flow::Flow;
use crate::limits::{BLOB_CSEQ_STEP, STRAY_MS, STRAYS_BURST};
use crate::message::{BRANCH_COOKIE, Method, Name, Uri};
use crate::time::Timestamp;

/// Hexadecimal digits of a branch's random half, and of the other half, which proves that it is ours.
const HALF: usize = 16;

impl Key {
    /// The proof in a branch. It binds the branch to one call, so that knowing one does not help with others.
    fn proof(&self, token: &str, call_id: &str) -> String {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(b"branch")
            .chain_update(token.as_bytes())
            .chain_update(call_id.as_bytes())
            .finalize();
        // The hash is cut in half and more, so it cannot be continued by somebody who knows it.
        hex(&hash, HALF / 2)
    }

    /// A branch for a request of a call.
    pub(super) fn branch(&self, token: &str, call_id: &str) -> String {
        format!("{BRANCH_COOKIE}{token}{}", self.proof(token, call_id))
    }

    fn made(&self, branch: &str, call_id: &str) -> bool {
        let halves = branch.get(BRANCH_COOKIE.len()..).and_then(|rest| rest.split_at_checked(HALF));
        // Whoever can try often enough to learn a proof by how long this takes is stopped by the limit below.
        halves.is_some_and(|(token, proof)| proof == self.proof(token, call_id))
    }
}

/// How many strays may still be answered now: one bucket for all.
#[derive(Default)]
pub(super) struct Strays {
    free_at: Timestamp,
}

impl Strays {
    fn may_answer(&mut self, now: Timestamp) -> bool {
        let free = self.free_at.max(now) + STRAY_MS;
        let within = free <= now + u64::from(STRAYS_BURST) * STRAY_MS;
        if within {
            self.free_at = free;
        }
        within
    }
}

impl UserAgent {
    /// A response that no transaction asked for.
    pub(super) fn stray_response(&mut self, now: Timestamp, source: Flow, heard: &Heard<'_>) {
        let essentials = heard.essentials;
        let ours = essentials.from.tag().unwrap_or_default();
        let (Some(branch), Some(theirs)) = (essentials.via.branch(), essentials.to.tag()) else {
            return;
        };
        if essentials.method != Method::Invite
            || !(200..300).contains(&heard.response.code)
            || self.dialog_keys.contains_key(&(essentials.call_id.clone(), ours.to_owned()))
            || !self.key.made(branch, &essentials.call_id)
            || !self.strays.may_answer(now)
        {
            return;
        }
        let relation = Relation {
            call_id: essentials.call_id.clone(),
            local: essentials.from.clone(),
            remote: essentials.to.clone(),
            target: Uri::sip(None, &source.remote.ip().to_string(), Some(source.remote.port())),
            routes: Vec::new(),
            flow: source,
            cseq: essentials.cseq,
            peer: self.directory.peer_by_source(source.remote).map(|peer| peer.id),
            account: None,
            instance: None,
            lost: false,
            contact_user: String::new(),
        };
        let mut relation = relation.established_by(&heard.response.headers, &essentials.to);
        let mut ack = relation.request(Method::Ack, essentials.cseq);
        let (_, via) = self.new_via(&source, &relation.call_id);
        ack.headers.push_front(Name::Via, via);
        self.transmit(source, ack.to_bytes());
        // The same answer once more is acknowledged once more, but its BYE is on the way already.
        let token = self.key.proof(theirs, &essentials.call_id);
        let bye = self.key.branch(&token, &essentials.call_id);
        if !self.client_keys.contains_key(&(bye.clone(), Method::Bye)) {
            relation.cseq = relation.cseq.saturating_add(BLOB_CSEQ_STEP);
            let mut request = relation.request(Method::Bye, relation.cseq);
            request.headers.push(Name::Reason, "SIP;cause=503;text=\"Restarted\"");
            request.headers.push(Name::UserAgent, self.config.user_agent.clone());
            let via = self.via(&source, &bye);
            self.start_client_on(now, request, source, relation.peer, Purpose::Bye, (bye, via, 0));
        }
    }
}

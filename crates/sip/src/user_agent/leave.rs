//! Ends of dialogs: by the owner, and after a restart.

use std::net::SocketAddr;

use super::UserAgent;
use super::clients::Purpose;
use crate::dialog::{BlobError, DialogId, Relation, State};
use crate::directory::PeerId;
use crate::flow::{Flow, ListenerId, Transport};
use crate::limits::BLOB_CSEQ_STEP;
use crate::message::{Method, Name, NameAddr, Uri};
use crate::time::{DialogTimer, TimerKey, Timestamp};

impl UserAgent {
    /// Ends a dialog in whatever state it is: refuses it, takes it back or says BYE. `reason` becomes the `Reason`
    /// header. No event follows.
    pub fn clear(&mut self, now: Timestamp, dialog: DialogId, reason: Option<&str>) {
        let Some(state) = self.dialogs.get(&dialog).map(|dialog| dialog.state.clone()) else {
            return;
        };
        let owned = reason.map(str::to_owned);
        match state {
            State::Calling { invite } => {
                let sent = self.is_proceeding(invite);
                if sent {
                    self.send_cancel(now, invite, reason);
                }
                // Without a provisional response timer B ends the wait, with one this does.
                let wait_ms = 2 * self.config.timing.give_up_ms();
                self.timers.set(TimerKey::Dialog(dialog, DialogTimer::GiveUp), now + wait_ms);
                if let Some(dialog) = self.dialogs.get_mut(&dialog) {
                    dialog.enter(State::Cancelling { invite, sent, reason: owned });
                }
            }
            State::Incoming { .. } => {
                let headers: Vec<(&str, &str)> =
                    reason.map(|reason| ("Reason", reason)).into_iter().collect();
                self.reject(now, dialog, 480, "", &headers);
            }
            State::Answered { answer } => {
                if let Some(dialog) = self.dialogs.get_mut(&dialog) {
                    dialog.enter(State::Leaving { answer, reason: owned });
                }
            }
            State::Confirmed { .. } => {
                if let Some(mut dialog) = self.remove_dialog(now, dialog) {
                    self.send_bye(now, &mut dialog.relation, reason);
                }
            }
            State::Cancelling { .. } | State::Leaving { .. } => {}
        }
    }

    /// Says BYE; to a device out of reach, when it is back.
    pub(super) fn send_bye(&mut self, now: Timestamp, relation: &mut Relation, reason: Option<&str>) {
        if relation.lost {
            return self.owe_farewell(now, relation.clone(), reason);
        }
        relation.cseq += 1;
        let mut request = relation.request(Method::Bye, relation.cseq);
        if let Some(reason) = reason {
            request.headers.push(Name::Reason, reason);
        }
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        self.start_client(now, request, relation.flow, relation.peer, Purpose::Bye);
    }

    /// What is needed to end a dialog after a restart, once both tags are known: from its arrival for theirs, from the
    /// answer for ours. Good for the dialog's whole life, though better renewed when a re-INVITE has moved it.
    pub fn dialog_blob(&self, dialog: DialogId) -> Option<String> {
        let dialog = self.dialogs.get(&dialog)?;
        match dialog.state {
            State::Incoming { .. } | State::Answered { .. } | State::Confirmed { .. } => {
                Some(write_blob(&dialog.relation))
            }
            State::Calling { .. } | State::Cancelling { .. } | State::Leaving { .. } => None,
        }
    }

    /// Sends BYE for a dialog of an earlier life. Its device's stream, if it had one, is gone: then nothing can be
    /// said, and the device has noticed by itself.
    pub fn clear_from_blob(&mut self, now: Timestamp, blob: &str) -> Result<(), BlobError> {
        let mut relation = read_blob(blob)?;
        if relation.flow.transport.is_reliable() {
            let target = relation.peer.and_then(|peer| self.directory.peer(peer)?.target.as_ref());
            let Some(target) = target else {
                return Ok(());
            };
            relation.flow = target.flow;
        }
        self.send_bye(now, &mut relation, Some("SIP;cause=503;text=\"Restarted\""));
        Ok(())
    }
}

const BLOB_VERSION: &str = "1";

/// Fields with tabs between them. A tab in a header value is the same as a space (RFC 3261 section 25.1, LWS).
fn write_blob(relation: &Relation) -> String {
    let flow = relation.flow;
    let mut fields = vec![
        BLOB_VERSION.to_owned(),
        relation.call_id.clone(),
        relation.local.to_string(),
        relation.remote.to_string(),
        relation.target.to_string(),
        relation.cseq.to_string(),
        relation.peer.map(|peer| peer.0.to_string()).unwrap_or_default(),
        flow.transport.via_token().to_owned(),
        flow.listener.0.to_string(),
        flow.remote.to_string(),
    ];
    fields.extend(relation.routes.iter().cloned());
    fields.iter().map(|field| field.replace(['\t', '\n'], " ")).collect::<Vec<_>>().join("\t")
}

fn read_blob(blob: &str) -> Result<Relation, BlobError> {
    let mut fields = blob.split('\t');
    if fields.next() != Some(BLOB_VERSION) {
        return Err(BlobError::Unknown);
    }
    let mut next = |name: &'static str| fields.next().ok_or(BlobError::Field(name));
    let call_id = next("Call-ID")?.to_owned();
    let local = NameAddr::parse(next("local address")?).map_err(|_| BlobError::Field("local address"))?;
    let remote = NameAddr::parse(next("remote address")?).map_err(|_| BlobError::Field("remote address"))?;
    let target = Uri::parse(next("target")?).map_err(|_| BlobError::Field("target"))?;
    let cseq =
        next("CSeq")?.parse::<u32>().ok().filter(|cseq| *cseq < 1 << 30).ok_or(BlobError::Field("CSeq"))?;
    let peer = match next("peer")? {
        "" => None,
        peer => Some(PeerId(peer.parse().map_err(|_| BlobError::Field("peer"))?)),
    };
    let transport = next("transport")?;
    let transport = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws]
        .into_iter()
        .find(|known| known.via_token() == transport)
        .ok_or(BlobError::Field("transport"))?;
    let listener = ListenerId(next("listener")?.parse().map_err(|_| BlobError::Field("listener"))?);
    let remote_address: SocketAddr = next("flow")?.parse().map_err(|_| BlobError::Field("flow"))?;
    Ok(Relation {
        call_id,
        local,
        remote,
        target,
        routes: fields.map(str::to_owned).collect(),
        flow: Flow { transport, listener, remote: remote_address, stream: None },
        cseq: cseq + BLOB_CSEQ_STEP,
        peer,
        account: None,
        instance: None,
        lost: false,
        contact_user: String::new(),
    })
}

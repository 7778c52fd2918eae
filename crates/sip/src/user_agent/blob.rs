//! What ends a dialog from another process: BYE for one that is answered, CANCEL for one that rings.

use std::net::SocketAddr;

use super::UserAgent;
use crate::dialog::{BlobError, Dialog, DialogId, Relation, State};
use crate::directory::{AccountId, PeerId};
use crate::event::Origin;
use crate::flow::{Flow, ListenerId, Transport};
use crate::limits::BLOB_CSEQ_STEP;
use crate::message::{Method, NameAddr, Uri, Via};
use crate::time::{DialogTimer, TimerKey, Timestamp};

const REASON: &str = "SIP;cause=503;text=\"Restarted\"";
/// The form of a blob. The first, of which journals may still have some, knew only answered dialogs and no devices.
const VERSION: &str = "2";
const VERSION_FIRST: &str = "1";

/// A blob as read.
struct Saved {
    relation: Relation,
    /// The topmost Via of our INVITE, if it had no final response.
    rings: Option<Via>,
}

impl UserAgent {
    /// What is needed to end a dialog after a restart: of theirs from its arrival, of ours while it rings and again from
    /// the answer. Good for the dialog's whole life, though better renewed when a re-INVITE has moved it. One line.
    pub fn dialog_blob(&self, dialog: DialogId) -> Option<String> {
        let dialog = self.dialogs.get(&dialog)?;
        match dialog.state {
            State::Incoming { .. } | State::Answered { .. } | State::Confirmed { .. } => {
                Some(write(&dialog.relation, dialog.relation.cseq, ""))
            }
            State::Calling { invite } | State::Cancelling { invite, .. } => {
                Some(write(&dialog.relation, dialog.relation.cseq, self.via_of(invite)?))
            }
            State::Leaving { .. } => None,
        }
    }

    /// Ends a dialog of an earlier life: says BYE, or takes our INVITE back by CANCEL and sees to its answer. A device
    /// whose stream ended with that life, and that cannot be connected to, hears it when it registers again.
    pub fn clear_from_blob(&mut self, now: Timestamp, blob: &str) -> Result<(), BlobError> {
        let Saved { mut relation, rings } = read(blob)?;
        if relation.flow.transport.is_reliable() {
            match self.way_back(&relation) {
                Some(flow) => relation.flow = flow,
                None => relation.lost = true,
            }
        }
        match rings {
            Some(via) => self.take_back(now, relation, &via),
            None => {
                relation.cseq += BLOB_CSEQ_STEP;
                self.send_bye(now, &mut relation, Some(REASON));
            }
        }
        Ok(())
    }

    /// The INVITE is made again as one that rings and is not wanted, so that 487 is acknowledged and a 200 that crosses
    /// is told BYE.
    fn take_back(&mut self, now: Timestamp, relation: Relation, via: &Via) {
        let Some(branch) = via.branch() else {
            return;
        };
        let known = (relation.call_id.clone(), relation.local_tag().to_owned());
        if self.dialog_keys.contains_key(&known) || self.dialogs.len() >= self.config.dialogs_max {
            return;
        }
        let id = DialogId(self.next_id());
        let request = relation.request(Method::Invite, relation.cseq);
        let named = (branch.to_owned(), via.to_string());
        let (flow, peer, lost) = (relation.flow, relation.peer, relation.lost);
        let invite = self.restore_invite(request, (flow, lost), peer, id, named);
        let account = relation.account;
        let origin = account.map(Origin::Account).or(peer.map(Origin::Peer));
        let state = State::Cancelling { invite, sent: !lost, reason: Some(REASON.to_owned()) };
        self.add_dialog(id, Dialog::of_ours(relation, state, origin));
        if let Some(account) = account.filter(|_| lost) {
            self.lost.insert((account, id));
        }
        self.note_by_contact(id);
        self.send_cancel(now, invite, Some(REASON));
        let wait_ms = 2 * self.config.timing.give_up_ms();
        self.timers.set(TimerKey::Dialog(id, DialogTimer::GiveUp), now + wait_ms);
    }
}

/// Fields with tabs between them. A tab in a header value is the same as a space (RFC 3261 section 25.1, LWS).
fn write(relation: &Relation, cseq: u32, via: &str) -> String {
    let flow = relation.flow;
    let mut fields = vec![
        VERSION.to_owned(),
        relation.call_id.clone(),
        relation.local.to_string(),
        relation.remote.to_string(),
        relation.target.to_string(),
        cseq.to_string(),
        relation.peer.map(|peer| peer.0.to_string()).unwrap_or_default(),
        flow.transport.via_token().to_owned(),
        flow.listener.0.to_string(),
        flow.remote.to_string(),
        relation.account.map(|account| account.0.to_string()).unwrap_or_default(),
        relation.instance.clone().unwrap_or_default(),
        via.to_owned(),
    ];
    fields.extend(relation.routes.iter().cloned());
    fields.iter().map(|field| field.replace(['\t', '\r', '\n'], " ")).collect::<Vec<_>>().join("\t")
}

fn read(blob: &str) -> Result<Saved, BlobError> {
    let mut fields = blob.split('\t');
    let version = fields.next().filter(|version| [VERSION, VERSION_FIRST].contains(version));
    let version = version.ok_or(BlobError::Unknown)?;
    let mut next = |name: &'static str| fields.next().ok_or(BlobError::Field(name));
    let call_id = next("Call-ID")?.to_owned();
    let local = NameAddr::parse(next("local address")?).map_err(|_| BlobError::Field("local address"))?;
    let remote = NameAddr::parse(next("remote address")?).map_err(|_| BlobError::Field("remote address"))?;
    let target = Uri::parse(next("target")?).map_err(|_| BlobError::Field("target"))?;
    let cseq =
        next("CSeq")?.parse::<u32>().ok().filter(|cseq| *cseq < 1 << 30).ok_or(BlobError::Field("CSeq"))?;
    let peer = number(next("peer")?).map_err(|()| BlobError::Field("peer"))?.map(PeerId);
    let transport = next("transport")?;
    let transport = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws]
        .into_iter()
        .find(|known| known.via_token() == transport)
        .ok_or(BlobError::Field("transport"))?;
    let listener = ListenerId(next("listener")?.parse().map_err(|_| BlobError::Field("listener"))?);
    let address: SocketAddr = next("flow")?.parse().map_err(|_| BlobError::Field("flow"))?;
    let (mut account, mut instance, mut rings) = (None, None, None);
    if version == VERSION {
        account = number(next("account")?).map_err(|()| BlobError::Field("account"))?.map(AccountId);
        instance = Some(next("instance")?.to_owned()).filter(|instance| !instance.is_empty());
        rings = match next("Via")? {
            "" => None,
            via => Some(Via::parse(via).map_err(|_| BlobError::Field("Via"))?),
        };
    }
    let relation = Relation {
        call_id,
        local,
        remote,
        target,
        routes: fields.map(str::to_owned).collect(),
        flow: Flow { transport, listener, remote: address, stream: None },
        cseq,
        peer,
        account,
        instance,
        lost: false,
        contact_user: String::new(),
    };
    Ok(Saved { relation, rings })
}

fn number(text: &str) -> Result<Option<u64>, ()> {
    match text {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| ()),
    }
}

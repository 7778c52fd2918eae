//! Where devices are, kept across a restart: a task writes changes behind, and the start reads them again.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use cordial_engine::id::DeviceId;
use cordial_engine::{Now, WallTime};
use cordial_sip::{Binding, Flow, ListenerId, Timestamp, Transport};
use cordial_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::limits::{BINDINGS_BATCH_MAX, BINDINGS_EVERY};

/// All bindings that a device has from now on.
pub(crate) struct Changed {
    pub(crate) device: DeviceId,
    pub(crate) bindings: Vec<Binding>,
}

/// A binding as it is stored. Its end is wall time: the engine's clock may go on differently after a restart.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    contact: String,
    /// The word of a Via; absent when written by a version that kept bindings over UDP alone.
    #[serde(default)]
    transport: Option<String>,
    remote: SocketAddr,
    listener: u16,
    expires: WallTime,
    q: u16,
    call_id: String,
    cseq: u32,
    instance: Option<String>,
    path: Vec<String>,
}

/// Writes changes until nobody makes any. Many that came together are one commit, and of each device only the last
/// counts.
pub(crate) async fn write_behind(mut changes: mpsc::Receiver<Changed>, store: Store, now: impl Fn() -> Now) {
    let mut taken = Vec::new();
    while changes.recv_many(&mut taken, BINDINGS_BATCH_MAX).await > 0 {
        let (begun, whole) = (tokio::time::Instant::now(), taken.len() == BINDINGS_BATCH_MAX);
        let now = now();
        let last: BTreeMap<DeviceId, Vec<Binding>> =
            taken.drain(..).map(|changed| (changed.device, changed.bindings)).collect();
        let rows: Vec<_> = last.into_iter().map(|(device, bindings)| (device, row(&bindings, now))).collect();
        if let Err(error) = store.save_bindings(&rows).await {
            tracing::warn!(%error, "registrations are not kept: devices must register again after a restart");
        }
        if !whole && !changes.is_closed() {
            // A commit's price is the disk's, not the rows': a little patience makes one of many.
            tokio::time::sleep_until(begun + BINDINGS_EVERY).await;
        }
    }
}

/// The bindings of all devices that have not lapsed.
///
/// # Errors
/// When they cannot be read.
pub(crate) async fn load(store: &Store, now: Now) -> Result<Vec<(DeviceId, Vec<Binding>)>, StoreError> {
    let stored = store.load_bindings(now.wall).await?;
    Ok(stored
        .into_iter()
        .map(|row| match read(&row.json, now) {
            Ok(bindings) => (row.device, bindings),
            Err(error) => {
                tracing::warn!(device = %row.device, %error, "a stored registration cannot be read");
                (row.device, Vec::new())
            }
        })
        .collect())
}

/// What is stored for a device: nothing when no binding is left that a restart could use.
fn row(bindings: &[Binding], now: Now) -> Option<(String, WallTime)> {
    let stored: Vec<Stored> = bindings
        .iter()
        .map(|binding| Stored {
            contact: binding.contact.clone(),
            transport: Some(binding.flow.transport.via_token().to_owned()),
            remote: binding.flow.remote,
            listener: binding.flow.listener.0,
            expires: WallTime(
                now.wall.0.saturating_add_unsigned(binding.expires_at.0.saturating_sub(now.at.0)),
            ),
            q: binding.q,
            call_id: binding.call_id.clone(),
            cseq: binding.cseq,
            instance: binding.instance.clone(),
            path: binding.path.clone(),
        })
        .collect();
    let last = stored.iter().map(|binding| binding.expires).max()?;
    let json = serde_json::to_string(&stored).expect("strings and numbers are always JSON");
    Some((json, last))
}

fn read(json: &str, now: Now) -> io::Result<Vec<Binding>> {
    let stored: Vec<Stored> = serde_json::from_str(json)?;
    let left =
        |expires: WallTime| u64::try_from(expires.0.saturating_sub(now.wall.0)).ok().filter(|ms| *ms > 0);
    Ok(stored
        .into_iter()
        .filter_map(|binding| {
            Some(Binding {
                expires_at: Timestamp(now.at.0.saturating_add(left(binding.expires)?)),
                contact: binding.contact,
                // A connection ends with the process; its device has to come back by itself.
                flow: Flow {
                    transport: transport(binding.transport.as_deref())?,
                    listener: ListenerId(binding.listener),
                    remote: binding.remote,
                    stream: None,
                },
                q: binding.q,
                call_id: binding.call_id,
                cseq: binding.cseq,
                instance: binding.instance,
                path: binding.path,
            })
        })
        .collect())
}

fn transport(token: Option<&str>) -> Option<Transport> {
    let all = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws];
    match token {
        None => Some(Transport::Udp),
        Some(token) => all.into_iter().find(|transport| transport.via_token() == token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordial_sip::StreamId;

    fn binding(expires_at: u64, transport: Transport) -> Binding {
        Binding {
            contact: "<sip:100@192.0.2.1:5060>".into(),
            flow: Flow {
                transport,
                listener: ListenerId(0),
                remote: "192.0.2.1:5060".parse().unwrap(),
                stream: transport.is_reliable().then_some(StreamId(1)),
            },
            expires_at: Timestamp(expires_at),
            q: 1_000,
            call_id: "abc".into(),
            cseq: 7,
            instance: Some("urn:uuid:1".into()),
            path: vec!["<sip:edge;lr>".into()],
        }
    }

    fn now(at: u64, wall: i64) -> Now {
        Now { at: cordial_engine::Timestamp(at), wall: WallTime(wall) }
    }

    #[test]
    fn a_udp_binding_ends_after_a_restart_when_it_would_have_ended() {
        let (json, last) = row(&[binding(90_000, Transport::Udp)], now(30_000, 1_000_000)).unwrap();
        assert_eq!(last, WallTime(1_060_000));
        // Ten seconds of wall time later, on a clock that went on from somewhere else.
        let again = read(&json, now(500, 1_010_000)).unwrap();
        assert_eq!(again, [binding(50_500, Transport::Udp)]);
        assert_eq!(read(&json, now(500, 1_060_000)).unwrap(), [], "lapsed meanwhile");
    }

    #[test]
    fn a_binding_of_a_connection_is_kept_without_its_connection() {
        for transport in [Transport::Tcp, Transport::Tls, Transport::Ws] {
            let before = binding(90_000, transport);
            let (json, _) = row(std::slice::from_ref(&before), now(0, 0)).unwrap();
            let again = read(&json, now(0, 0)).unwrap();
            assert_eq!(again, [Binding { flow: Flow { stream: None, ..before.flow }, ..before }]);
        }
        assert_eq!(row(&[], now(0, 0)), None);
    }

    #[test]
    fn a_binding_written_before_transports_were_kept_is_one_over_udp() {
        let (json, _) = row(&[binding(90_000, Transport::Udp)], now(0, 0)).unwrap();
        let old = json.replace("\"transport\":\"UDP\",", "");
        assert_ne!(old, json);
        assert_eq!(read(&old, now(0, 0)).unwrap(), [binding(90_000, Transport::Udp)]);
    }
}

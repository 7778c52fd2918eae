//! A graceful end, as far as calls are concerned.

use std::time::Duration;

use cordial_engine::{Actor, Command};
use tokio::time::Instant;

use crate::handle::Handle;
use crate::limits::{DRAIN_LOOK, STOP_MAX};
use crate::recordings::RecordingDoor;

/// Takes no new calls and waits for the live ones; those that outlast `longest` are cleared, or
/// all of them when `hurry` comes.
pub(super) async fn drain(
    handle: &Handle,
    recordings: &RecordingDoor,
    longest: Duration,
    hurry: impl Future<Output = ()>,
) {
    // Full or closed: the wait below finds out.
    handle.drain().ok();
    let until = Instant::now() + longest;
    tracing::info!(?longest, "draining: new calls are refused, live ones go on");
    let ended = async {
        while live_calls(handle).await != Some(0) && Instant::now() < until {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    };
    tokio::select! {
        () = ended => {}
        () = hurry => tracing::warn!("asked to end a second time: the drain is cut short"),
    }
    clear_calls(handle).await;
    let until = Instant::now() + STOP_MAX;
    while (recordings.unfinished() > 0 || live_calls(handle).await != Some(0)) && Instant::now() < until {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
}

/// Calls with legs; `None` when the node cannot be asked.
async fn live_calls(handle: &Handle) -> Option<usize> {
    let count = handle.read(|engine, _| {
        let tenants = engine.tenants();
        tenants.iter().flat_map(|tenant| engine.calls(tenant.id)).filter(|call| !call.legs.is_empty()).count()
    });
    count.await.ok()
}

async fn clear_calls(handle: &Handle) {
    let calls = handle.read(|engine, _| {
        let of = |tenant| engine.calls(tenant).into_iter().filter(|call| !call.legs.is_empty());
        let tenants = engine.tenants().into_iter().map(|tenant| tenant.id);
        tenants.flat_map(|tenant| of(tenant).map(move |call| (tenant, call.id))).collect::<Vec<_>>()
    });
    for (tenant, call) in calls.await.unwrap_or_default() {
        tracing::warn!(%call, "cleared: it was still there at the end of the drain");
        // One that cleared by itself meanwhile is what is wanted.
        handle.command(tenant, Actor::Policy, Command::ClearCall { call }).await.ok();
    }
}

//! What each event changes in the rows.

use cordial_engine::cdr::{CdrChange, CdrFold, recording_end};
use cordial_engine::{Event, Fact};
use sqlx::sqlite::SqliteConnection;

use super::follow::move_cursor;
use super::recording::RecordingPhase as Phase;
use super::{audit, cdr, directory, recording};
use crate::error::StoreError;

/// Applies events that follow `applied`; gives the last one.
pub(super) async fn fold(
    connection: &mut SqliteConnection,
    cdrs: &mut CdrFold,
    mut applied: u64,
    events: &[Event],
) -> Result<u64, StoreError> {
    for event in events {
        let change = cdrs.apply(event);
        if let Some(change) = change {
            fold_cdr(connection, change).await?;
        }
        fold_rows(connection, cdrs, event).await?;
        audit::fold(connection, event).await?;
        if let Some((recording, end)) = recording_end(&event.fact) {
            recording::end(connection, recording, &end).await?;
        }
        applied = event.seq;
    }
    move_cursor(connection, cdrs, applied).await?;
    Ok(applied)
}

async fn fold_cdr(connection: &mut SqliteConnection, change: CdrChange) -> Result<(), StoreError> {
    match change {
        CdrChange::Closed(record) => cdr::insert(connection, &record).await,
        CdrChange::RecordingEnded { call, recording, end } => {
            if let Some(mut record) = cdr::by_call(connection, call).await? {
                record.end_recording(recording, end);
                cdr::replace_record(connection, &record).await?;
            }
            Ok(())
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
async fn fold_rows(
    connection: &mut SqliteConnection,
    cdrs: &CdrFold,
    event: &Event,
) -> Result<(), StoreError> {
    let tenant = event.tenant;
    match &event.fact {
        Fact::TenantAdded { guid, name, .. } => directory::put_tenant(connection, tenant, *guid, name).await,
        Fact::EntryAdded { id, guid, entry } => directory::put(connection, tenant, *id, *guid, entry).await,
        Fact::EntryChanged { id, entry } => directory::rename(connection, *id, entry).await,
        Fact::EntryRemoved { id } => directory::mark_removed(connection, *id).await,
        Fact::RecordingStarted { recording, guid, call, agent } => {
            let call_guid = cdrs.open(*call).map(|record| record.guid);
            recording::insert(connection, event, *recording, *guid, (*call, call_guid), *agent).await
        }
        Fact::RecordingPaused { recording, .. } => {
            recording::enter(connection, *recording, Phase::Paused).await
        }
        Fact::RecordingResumed { recording, .. } => {
            recording::enter(connection, *recording, Phase::Recording).await
        }
        Fact::RecordingStopped { recording, .. } => {
            recording::enter(connection, *recording, Phase::Stopped).await
        }
        // `recording_end` has read these two.
        Fact::RecordingSaved { .. }
        | Fact::RecordingFailed { .. }
        | Fact::BlacklistPromptsSet { .. }
        | Fact::CallerBlacklisted { .. }
        | Fact::OutboundRulesSet { .. }
        | Fact::OutboundRefused { .. }
        | Fact::AgentAssigned { .. }
        | Fact::TierSet { .. }
        | Fact::SearchWidened { .. }
        | Fact::WrapUpExtended { .. }
        | Fact::CallerTold { .. }
        | Fact::ServiceLevelBreached { .. }
        | Fact::CallbackAsked { .. }
        | Fact::BriefingStarted { .. }
        | Fact::AgentUnassigned { .. }
        | Fact::DeviceRegistered { .. }
        | Fact::DeviceUnregistered { .. }
        | Fact::AgentLoggedIn { .. }
        | Fact::AgentLoggedOut { .. }
        | Fact::AgentReady { .. }
        | Fact::AgentNotReady { .. }
        | Fact::DutyPending { .. }
        | Fact::HandlingSet { .. }
        | Fact::CallSettingsSet { .. }
        | Fact::CallForwarded { .. }
        | Fact::MembershipSet { .. }
        | Fact::MembershipPending { .. }
        | Fact::AgentRested { .. }
        | Fact::AgentRestEnded { .. }
        | Fact::CallStarted { .. }
        | Fact::LegAdded { .. }
        | Fact::LegRinging { .. }
        | Fact::LegAnswered { .. }
        | Fact::LegSaved { .. }
        | Fact::LegHeld { .. }
        | Fact::LegRetrieved { .. }
        | Fact::LegCleared { .. }
        | Fact::LegsBridged { .. }
        | Fact::LegsUnbridged { .. }
        | Fact::GreetingStarted { .. }
        | Fact::FeatureCodesSet { .. }
        | Fact::AccessNoted { .. }
        | Fact::CalendarTurned { .. }
        | Fact::NightModeSet { .. }
        | Fact::EmergencySet { .. }
        | Fact::FeatureCodeDialled { .. }
        | Fact::CallTransferred { .. }
        | Fact::LegMuted { .. }
        | Fact::DigitsSent { .. }
        | Fact::LegsMixed { .. }
        | Fact::LegMoved { .. }
        | Fact::ConsultationStarted { .. }
        | Fact::ConsultationEnded { .. }
        | Fact::CallsJoined { .. }
        | Fact::CallParked { .. }
        | Fact::ParkingEnded { .. }
        | Fact::MonitoringStarted { .. }
        | Fact::NumberAsked { .. }
        | Fact::LogInAsked { .. }
        | Fact::PinRefused { .. }
        | Fact::AnnouncementStarted { .. }
        | Fact::MailboxReached { .. }
        | Fact::MailboxOpened { .. }
        | Fact::MessagePlayed { .. }
        | Fact::MessageLeft { .. }
        | Fact::MessageMarked { .. }
        | Fact::MessageRemoved { .. }
        | Fact::AgentConnected { .. }
        | Fact::AgentDisconnected { .. }
        | Fact::CallCleared { .. }
        | Fact::CallClosed { .. }
        | Fact::CallQueued { .. }
        | Fact::WaitingEnded { .. }
        | Fact::OfferMade { .. }
        | Fact::OfferEnded { .. }
        | Fact::WrapUpStarted { .. }
        | Fact::WrapUpEnded { .. }
        | Fact::DispositionSet { .. }
        | Fact::NodeStarted { .. } => Ok(()),
    }
}

//! Making facts true: the one place where state changes.

use super::State;
use crate::agent::Duty;
use crate::call::{CallStep, LegPhase, variable};
use crate::fact::{Event, Fact};

impl State {
    /// Makes one event true. It cannot fail: an event that does not fit is a fault of ours and panics.
    pub(crate) fn apply(&mut self, event: &Event) {
        assert_eq!(event.seq, self.seq + 1, "events are applied in order and without gaps");
        self.seq = event.seq;
        self.at = event.at;
        self.wall = event.wall;
        self.make_true(event);
    }

    #[expect(clippy::too_many_lines, reason = "one table of all facts; splitting it would need a wildcard")]
    fn make_true(&mut self, event: &Event) {
        match &event.fact {
            Fact::TenantAdded { guid, name, domain } => self.add_tenant(event.tenant, *guid, name, domain),
            Fact::EntryAdded { id, guid, entry } => self.add_entry(event.tenant, *id, *guid, entry),
            Fact::EntryChanged { id, entry } => self.change_entry(event.tenant, *id, entry),
            Fact::EntryRemoved { id } => self.remove_entry(event.tenant, *id),
            Fact::OutboundRulesSet { .. } | Fact::OutboundRefused { .. } => self.apply_outbound(event),
            Fact::BlacklistPromptsSet { prompts } => {
                self.tenant_mut(event.tenant).blacklist_prompts = prompts.clone();
            }
            Fact::CallerBlacklisted { number, .. } => {
                let entry = self.blacklist.get_mut(number).expect("the fact names an entry");
                entry.refused += 1;
            }
            Fact::FeatureCodesSet { codes } => self.tenant_mut(event.tenant).codes = codes.clone(),
            Fact::CalendarTurned { .. } | Fact::NightModeSet { .. } | Fact::EmergencySet { .. } => {
                self.turn(event);
            }
            Fact::AgentAssigned { .. }
            | Fact::TierSet { .. }
            | Fact::AgentUnassigned { .. }
            | Fact::MembershipSet { .. }
            | Fact::MembershipPending { .. } => self.apply_membership(event),
            Fact::DeviceRegistered { device } => self.set_registered(*device, true),
            Fact::DeviceUnregistered { device } => self.set_registered(*device, false),
            Fact::AgentLoggedIn { agent, device, moved_from: None } => self.log_in(*agent, *device),
            Fact::AgentLoggedIn { agent, device, moved_from: Some(_) } => self.move_login(*agent, *device),
            Fact::AgentLoggedOut { agent, .. } => self.log_out(*agent),
            Fact::AgentReady { agent } => self.enter_duty(*agent, Duty::Ready),
            Fact::AgentNotReady { agent, duty } => self.enter_duty(*agent, duty.clone()),
            Fact::DutyPending { agent, duty, reason } => {
                self.set_pending(*agent, duty.as_ref(), *reason, event.by);
            }
            Fact::HandlingSet { agent, handling } => self.set_handling(*agent, handling),
            Fact::CallSettingsSet { agent, settings } => self.agent_mut(*agent).settings = settings.clone(),
            Fact::AgentRested { agent, until } => self.rest(*agent, *until),
            Fact::AgentRestEnded { agent } => self.end_rest(*agent),
            Fact::AgentConnected { .. }
            | Fact::AgentDisconnected { .. }
            | Fact::WrapUpStarted { .. }
            | Fact::WrapUpExtended { .. }
            | Fact::WrapUpEnded { .. } => self.apply_part(&event.fact),
            Fact::CallStarted { .. } => self.start_call(event),
            Fact::LegAdded { .. } => self.add_leg(event),
            Fact::LegRinging { leg, .. } => self.enter_leg(*leg, LegPhase::Ringing),
            Fact::LegAnswered { leg, .. } => self.enter_leg(*leg, LegPhase::Answered),
            Fact::LegSaved { leg, dialog } => self.leg_mut(*leg).dialog = Some(dialog.clone()),
            Fact::LegHeld { leg, by_command, .. } => self.hold(*leg, *by_command, true),
            Fact::LegRetrieved { leg, by_command, .. } => self.hold(*leg, *by_command, false),
            Fact::LegMuted { leg, muted, .. } => self.leg_mut(*leg).muted = *muted,
            Fact::VariablesSet { call, variables } => {
                variable::change(&mut self.call_mut(*call).variables, variables);
            }
            Fact::LegMoved { leg, from, to } => self.move_leg(*leg, *from, *to),
            Fact::LegCleared { leg, .. } => self.clear_leg(*leg),
            Fact::CallForwarded { call, agent, .. } => {
                self.call_mut(*call).forwarded_by.insert(*agent);
            }
            Fact::LegsBridged { call, a, b } => self.let_hear(*call, &[*a, *b]),
            Fact::LegsUnbridged { call, .. } => self.hear_nobody(*call),
            Fact::LegsMixed { call, legs } => self.let_hear(*call, legs),
            Fact::ConsultationStarted { call, of, leg, .. } => self.start_consulting(*call, *of, *leg),
            Fact::ConsultationEnded { call, .. } => self.end_consulting(*call),
            Fact::CallsJoined { call, from, legs, .. } => self.join(*call, *from, legs),
            Fact::GreetingStarted { call, .. } => self.start_saying(*call, CallStep::Greeting),
            Fact::AnnouncementStarted { .. }
            | Fact::MailboxReached { .. }
            | Fact::MailboxOpened { .. }
            | Fact::NumberAsked { .. }
            | Fact::LogInAsked { .. }
            | Fact::MessagePlayed { .. } => self.serve(&event.fact),
            Fact::CallTransferred { call, leg, .. } => self.transfer(*call, *leg),
            Fact::CallParked { .. } | Fact::ParkingEnded { .. } => self.apply_parking(event),
            Fact::MonitoringAsked { .. }
            | Fact::MonitoringStarted { .. }
            | Fact::MonitoringWaits { .. }
            | Fact::MonitoringModeSet { .. } => self.apply_monitoring(&event.fact),
            Fact::CallCleared { call, .. } => self.enter_call(*call, CallStep::Cleared),
            Fact::CallClosed { call } => self.close_call(*call),
            Fact::CallQueued { .. } => self.enter_queue(event),
            Fact::CallerTold { .. }
            | Fact::ServiceLevelBreached { .. }
            | Fact::CallbackAsked { .. }
            | Fact::BriefingStarted { .. } => self.apply_waiting(&event.fact),
            Fact::SearchWidened { call, by, .. } => self.widen(*call, *by),
            Fact::WaitingEnded { .. } => self.leave_queue(event),
            Fact::OfferMade { .. } => self.make_offer(event),
            Fact::OfferEnded { offer, end, .. } => self.end_offer(*offer, *end),
            Fact::RecordingStarted { .. }
            | Fact::RecordingPaused { .. }
            | Fact::RecordingResumed { .. }
            | Fact::RecordingStopped { .. }
            | Fact::RecordingSaved { .. }
            | Fact::RecordingFailed { .. } => self.apply_recording(event),
            Fact::MessageLeft { .. } | Fact::MessageMarked { .. } | Fact::MessageRemoved { .. } => {
                self.apply_message(event);
            }
            Fact::PinRefused { .. } | Fact::FeatureCodeDialled { .. } | Fact::AccessNoted { .. } => {
                self.count_pins(&event.fact);
            }
            Fact::DigitsSent { .. } | Fact::DispositionSet { .. } | Fact::NodeStarted { .. } => {}
        }
    }
}

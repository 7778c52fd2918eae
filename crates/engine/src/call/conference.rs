//! Conferences: more than two who talk. Anybody may leave; the last two talk on, and the last one is alone no longer than
//! it takes to clear him.

use super::Cause;
use crate::action::Action;
use crate::command::{Answer, Endpoint};
use crate::engine::Engine;
use crate::id::{AgentId, CallId, LegId, QueueId, TenantId};
use crate::limits::CONFERENCE_MAX;
use crate::refusal::Refusal;

impl Engine {
    /// Ends the part of one party, whoever that is: of two who talk both leave, of more the others talk on.
    pub(crate) fn drop_by_command(
        &mut self,
        tenant: TenantId,
        id: CallId,
        leg: LegId,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, id)?;
        if !self.state.call(id).members.contains(&leg) {
            return Err(Refusal::NotInCall);
        }
        self.drop_party(tenant, id, leg);
        Ok(Answer::Done)
    }

    pub(super) fn drop_party(&mut self, tenant: TenantId, id: CallId, leg: LegId) {
        if self.goes_on_without(id, leg) {
            self.leave_conference(tenant, id, leg, |engine| engine.clear_leg(leg, Cause::Normal));
        } else {
            self.clear_call(id, Cause::Normal);
        }
    }

    pub(super) const fn check_conference(&self, people: usize) -> Result<(), Refusal> {
        if people > CONFERENCE_MAX {
            return Err(Refusal::LimitReached("participants of a conference"));
        }
        Ok(())
    }

    /// Whether a leg is one of so many that the others have each other when it is gone.
    pub(super) fn goes_on_without(&self, id: CallId, leg: LegId) -> bool {
        let call = self.state.call(id);
        let is_away = |leg: LegId| self.state.leg(leg).call != id;
        let away = call.consultation.is_some_and(|consultation| is_away(consultation.leg));
        call.members.contains(&leg) && call.members.len() + usize::from(away) > 2
    }

    /// A leg leaves the others, in the way that `end` says.
    pub(super) fn leave_conference(
        &mut self,
        tenant: TenantId,
        id: CallId,
        leg: LegId,
        end: impl FnOnce(&mut Self),
    ) {
        self.retalk(&[id], end);
        self.end_part_of(tenant, id, leg);
        self.follow_recording(id);
    }

    /// The part of who had it by that leg is over.
    pub(super) fn end_part_of(&mut self, tenant: TenantId, id: CallId, leg: LegId) {
        let has_it = |(agent, _): &(AgentId, Option<QueueId>)| {
            self.state.agent(*agent).parts.get(&leg).is_some_and(|part| part.call == id)
        };
        let agents = self.state.call(id).agents.iter().map(|(agent, queue)| (*agent, *queue));
        let Some((agent, queue)) = { agents }.find(has_it) else { return };
        let changed = self.disconnect(tenant, id, agent, queue);
        self.settle(agent);
        if changed {
            self.rest_if_ready_nowhere(agent);
        }
    }

    /// Lets a call's recording follow who talks in it: it ends with the part of its agent, and another begins where somebody
    /// has the call from a queue that records.
    pub(super) fn follow_recording(&mut self, id: CallId) {
        let call = self.state.call(id);
        let others =
            |left: LegId| call.members.iter().copied().filter(|leg| *leg != left).collect::<Vec<_>>();
        if let Some(recording) = call.recording
            && let Some(agent) = self.state.recordings.get(&recording).map(|recording| recording.agent)
        {
            let parts = self.state.agent(agent).parts.iter();
            match { parts }.find(|(_, part)| part.call == id).map(|(leg, _)| *leg) {
                Some(left) if call.members.contains(&left) => {
                    let right = others(left);
                    return self.act(Action::MoveRecording { recording, left, right });
                }
                // He asks somebody else, and is back.
                Some(_) => return,
                None => self.stop_recording(id, true),
            }
        }
        let call = self.state.call(id);
        let records = |queue: QueueId| self.state.queue(queue).filed.entry.record;
        // Who had it by a queue may have it again directly.
        let queues = call.agents.values().copied().flatten();
        let queues = queues.chain(call.queue.filter(|_| !call.agents.is_empty()));
        if call.members.len() < 2 || !{ queues }.any(records) {
            return;
        }
        let agent_at = |leg: &LegId| match self.state.leg(*leg).endpoint {
            Endpoint::Device(_) => Some((self.state.agent_with_leg(*leg)?, *leg)),
            Endpoint::Trunk(_) => None,
        };
        if let Some((agent, left)) = call.members.iter().find_map(agent_at) {
            let right = call.members.iter().copied().filter(|leg| *leg != left).collect();
            self.start_recording(id, agent, left, right);
        }
    }
}

//! After the journal has been applied: ending what the dead process had live. Wrap-ups and rests go on to their ends.

use std::collections::VecDeque;

use crate::action::Action;
use crate::command::Actor;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, TenantId};
use crate::limits::LEG_ENDING_KEPT_MS;
use crate::state::EndedLeg;
use crate::text::Text;
use crate::time::{Now, Timestamp};

impl Engine {
    /// Says that the process started, and ends every call that the one before had. Wherever the journal was cut, what
    /// follows leaves no offer, leg or place in a queue without an end.
    pub fn recover(&mut self, now: Now, version: &str) {
        let died = self.state.at;
        let ended = self.state.ended_legs.clone();
        self.begin(now, Actor::Policy);
        let version = Text::parse(version).unwrap_or_default();
        self.record(TenantId::INSTALLATION, Fact::NodeStarted { version });
        for call in self.state.calls.keys().copied().collect::<Vec<CallId>>() {
            self.end_after_restart(call);
        }
        self.turn_calendars();
        self.end_again(ended, died);
        for agent in self.state.agents.keys().copied().collect::<Vec<AgentId>>() {
            self.settle(agent);
        }
        self.assign_all();
    }

    /// That a leg ended is on record before its far end is told, so a BYE or CANCEL may be lost with the process. Who has had
    /// it knows of no such call any more, and says so. They come after the calls that were live, and the last first: a far end
    /// that cannot read all at once misses what matters least.
    fn end_again(&mut self, ended: VecDeque<EndedLeg>, died: Timestamp) {
        let fresh = |ended: &EndedLeg| died.millis_since(ended.at) <= LEG_ENDING_KEPT_MS;
        for EndedLeg { leg, dialog, .. } in ended.into_iter().rev().take_while(fresh) {
            self.act(Action::ClearSaved { leg, dialog });
        }
    }
}

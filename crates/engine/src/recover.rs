//! After the journal has been applied: ending what the dead process had live. Wrap-ups and rests go on to their ends.

use crate::command::Actor;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{AgentId, CallId, TenantId};
use crate::text::Text;
use crate::time::Now;

impl Engine {
    /// Says that the process started, and ends every call that the one before had. Wherever the journal was cut, what
    /// follows leaves no offer, leg or place in a queue without an end.
    pub fn recover(&mut self, now: Now, version: &str) {
        self.begin(now, Actor::Policy);
        let version = Text::parse(version).unwrap_or_default();
        self.record(TenantId::INSTALLATION, Fact::NodeStarted { version });
        for call in self.state.calls.keys().copied().collect::<Vec<CallId>>() {
            self.end_after_restart(call);
        }
        for agent in self.state.agents.keys().copied().collect::<Vec<AgentId>>() {
            self.settle(agent);
        }
        self.assign_all();
    }
}

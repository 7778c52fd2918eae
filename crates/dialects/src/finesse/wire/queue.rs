//! Queues and their counts.

use super::{Answer, Listed, optional, uri, whole_seconds};
use crate::finesse::xml::Element;
use crate::native::wire::Time;

/// A queue with its counts of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The id in addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What goes on in it.
    pub statistics: QueueStatistics,
}

impl Answer for Queue {
    fn element(&self) -> Element {
        Element::of(
            "Queue",
            vec![
                Element::leaf("uri", uri("Queue", &self.id)),
                Element::leaf("name", &self.name),
                self.statistics.element(),
            ],
        )
    }
}

impl Listed for Queue {
    const LIST: &'static str = "Queues";
}

/// Counts of a queue; `None` is told as -1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the reference's names of what is counted")]
pub struct QueueStatistics {
    pub calls_in_queue: Option<u32>,
    pub start_time_of_longest_call_in_queue: Option<Time>,
    pub agents_ready: Option<u32>,
    pub agents_not_ready: Option<u32>,
    pub agents_talking_inbound: Option<u32>,
    pub agents_talking_outbound: Option<u32>,
    pub agents_talking_internal: Option<u32>,
    pub agents_wrap_up_not_ready: Option<u32>,
    pub agents_wrap_up_ready: Option<u32>,
}

impl Answer for QueueStatistics {
    fn element(&self) -> Element {
        let count = |name, count: Option<u32>| Element::leaf(name, count.map_or(-1, i64::from));
        let longest = self.start_time_of_longest_call_in_queue.map(whole_seconds);
        Element::of(
            "statistics",
            vec![
                count("callsInQueue", self.calls_in_queue),
                optional("startTimeOfLongestCallInQueue", longest),
                count("agentsReady", self.agents_ready),
                count("agentsNotReady", self.agents_not_ready),
                count("agentsTalkingInbound", self.agents_talking_inbound),
                count("agentsTalkingOutbound", self.agents_talking_outbound),
                count("agentsTalkingInternal", self.agents_talking_internal),
                count("agentsWrapUpNotReady", self.agents_wrap_up_not_ready),
                count("agentsWrapUpReady", self.agents_wrap_up_ready),
            ],
        )
    }
}

//! What waits to be polled.

use std::collections::VecDeque;

use crate::event::{MediaEvent, Recorded, Transmit};
use crate::limits::{EVENT_QUEUE_MAX, SPARE_BUFFERS_MAX, TRANSMIT_QUEUE_MAX};

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    transmits: VecDeque<Transmit>,
    events: VecDeque<MediaEvent>,
    recorded: VecDeque<Recorded>,
    spare: Vec<Vec<u8>>,
}

impl Outbox {
    /// An empty buffer, used before if there is one.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_else(|| Vec::with_capacity(256))
    }

    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE_BUFFERS_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    pub(crate) fn transmit(&mut self, transmit: Transmit) {
        if self.transmits.len() >= TRANSMIT_QUEUE_MAX
            && let Some(oldest) = self.transmits.pop_front()
        {
            self.recycle(oldest.bytes);
        }
        self.transmits.push_back(transmit);
    }

    pub(crate) fn event(&mut self, event: MediaEvent) {
        // All other events are answers to commands, a few for each port and recording.
        if self.events.len() < EVENT_QUEUE_MAX || !matches!(event, MediaEvent::Dtmf { .. }) {
            self.events.push_back(event);
        }
    }

    pub(crate) fn recorded(&mut self, piece: Recorded) {
        self.recorded.push_back(piece);
    }

    pub(crate) fn recorded_waiting(&self) -> usize {
        self.recorded.len()
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    pub(crate) fn poll_recorded(&mut self) -> Option<Recorded> {
        self.recorded.pop_front()
    }
}

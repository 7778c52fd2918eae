//! The journal of the simulated shell: group commit that takes time, and a crash that loses what was not synced.

use std::collections::VecDeque;

use cordial_node::engine::Event;

/// Durable events, and those on their way to the disk.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    durable: Vec<Event>,
    pending: VecDeque<Event>,
    /// How many of `pending` the running commit holds.
    committing: usize,
}

impl Journal {
    /// Takes an event.
    pub fn append(&mut self, event: Event) {
        self.pending.push_back(event);
    }

    /// Begins a commit of all that waits, unless one runs. Says whether one began.
    pub fn begin(&mut self) -> bool {
        let starts = self.committing == 0 && !self.pending.is_empty();
        if starts {
            self.committing = self.pending.len();
        }
        starts
    }

    /// The running commit is on disk. Gives the last durable number.
    pub fn synced(&mut self) -> u64 {
        self.durable.extend(self.pending.drain(..self.committing));
        self.committing = 0;
        self.last_seq()
    }

    /// The process dies. Of the commit that was running, so many events reached the disk though nobody was told.
    pub fn crash(&mut self, survivors: usize) {
        self.durable.extend(self.pending.drain(..self.committing.min(survivors)));
        self.pending.clear();
        self.committing = 0;
    }

    /// What a new process finds.
    pub fn durable(&self) -> &[Event] {
        &self.durable
    }

    /// What a new process finds, for a fault that damages it.
    pub fn durable_mut(&mut self) -> &mut Vec<Event> {
        &mut self.durable
    }

    /// The number of the last durable event.
    pub fn last_seq(&self) -> u64 {
        self.durable.last().map_or(0, |event| event.seq)
    }
}

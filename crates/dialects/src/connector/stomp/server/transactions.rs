//! The transactions of one connection: what they hold takes effect together, or not at all.

use std::collections::BTreeMap;

use super::Fault;
use super::subscriptions::Acknowledged;
use crate::connector::stomp::limits::{TRANSACTION_BYTES_MAX, TRANSACTION_STEPS_MAX, TRANSACTIONS_MAX};
use crate::connector::stomp::message::Message;

#[derive(Debug, Default)]
pub(super) struct Transactions {
    begun: BTreeMap<String, Vec<Step>>,
    /// Of all messages in them.
    bytes: usize,
}

#[derive(Debug)]
pub(super) enum Step {
    Send(Message),
    Acknowledge(Acknowledged),
}

impl Transactions {
    pub(super) fn begin(&mut self, name: &str) -> Result<(), Fault> {
        if self.begun.contains_key(name) {
            return Err(Fault::BegunAlready);
        }
        if self.begun.len() >= TRANSACTIONS_MAX {
            return Err(Fault::TooManyTransactions);
        }
        self.begun.insert(name.to_owned(), Vec::new());
        Ok(())
    }

    pub(super) fn add(&mut self, name: &str, step: Step) -> Result<(), Fault> {
        let steps = self.begun.get_mut(name).ok_or(Fault::NotBegun)?;
        let bytes = self.bytes + step.bytes();
        if steps.len() >= TRANSACTION_STEPS_MAX || bytes > TRANSACTION_BYTES_MAX {
            return Err(Fault::LargeTransaction);
        }
        steps.push(step);
        self.bytes = bytes;
        Ok(())
    }

    /// Ends a transaction; gives what it held, in the order in which it came.
    pub(super) fn end(&mut self, name: &str) -> Result<Vec<Step>, Fault> {
        let steps = self.begun.remove(name).ok_or(Fault::NotBegun)?;
        self.bytes -= steps.iter().map(Step::bytes).sum::<usize>();
        Ok(steps)
    }
}

impl Step {
    fn bytes(&self) -> usize {
        match self {
            Self::Send(message) => message.bytes(),
            Self::Acknowledge(_) => 0,
        }
    }
}

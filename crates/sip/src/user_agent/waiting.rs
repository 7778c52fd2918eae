//! Calls to devices whose connection ended with the process before: they wait for the device to register, as long as
//! its binding still counts. Where its Contact names the address it was seen at they try there first: a desk phone may
//! listen there, while many others write the port of the connection that is gone, where nobody is.

use super::UserAgent;
use super::streams::named_way;
use crate::dialog::{DialogId, Invite, Relation, State, Target};
use crate::directory::AccountId;
use crate::flow::Flow;
use crate::message::{Uri, reason_phrase};
use crate::registrar::Binding;
use crate::time::Timestamp;

/// What is tried at a device's Contact. If nobody is there it waits until the device registers.
pub(super) enum Trial {
    Call(DialogId, Box<Invite>),
    /// A BYE, and why it is said.
    End(Box<Relation>, Option<String>),
}

impl UserAgent {
    /// The path to a binding: its own, or a connection to the Contact of one whose connection is gone.
    pub(super) fn way_to(&self, binding: &Binding) -> Option<Flow> {
        if !binding.awaits_device() {
            return Some(binding.flow);
        }
        named_way(binding.flow, binding.path.first(), &Uri::parse(&binding.contact).ok()?)
    }

    /// Whether a call has to wait for its device.
    pub(super) fn awaited(&self, invite: &Invite) -> bool {
        match &invite.target {
            Target::Binding { binding, .. } => self.may_wait(invite) && self.way_to(binding).is_none(),
            Target::Peer { .. } | Target::Uri { .. } => false,
        }
    }

    /// Whether a call may wait for its device if nothing leads there.
    pub(super) fn may_wait(&self, invite: &Invite) -> bool {
        match &invite.target {
            Target::Binding { account, binding } => {
                self.still_awaited(*account, binding) && self.waiting.len() < self.config.dialogs_max
            }
            Target::Peer { .. } | Target::Uri { .. } => false,
        }
    }

    /// No connection to a Contact came about. False: what was tried there has failed.
    pub(super) fn nobody_at_contact(&mut self, now: Timestamp, trial: Trial) -> bool {
        match trial {
            Trial::Call(id, invite) => {
                let Target::Binding { account, .. } = invite.target else {
                    return false;
                };
                let calling = self.dialogs.get(&id).is_some_and(|dialog| match dialog.state {
                    State::Calling { .. } => true,
                    State::Cancelling { .. }
                    | State::Incoming { .. }
                    | State::Answered { .. }
                    | State::Leaving { .. }
                    | State::Confirmed { .. } => false,
                });
                if !calling || self.waiting.len() >= self.config.dialogs_max {
                    return false;
                }
                self.remove_dialog(now, id);
                self.waiting.insert(id, *invite);
                // It may have come back while its Contact was tried, or lapsed.
                self.call_who_is_back(now, account);
            }
            Trial::End(mut relation, reason) => {
                relation.lost = true;
                let account = relation.account;
                self.owe_farewell(now, *relation, reason.as_deref());
                if let Some(account) = account {
                    self.say_farewells(now, account);
                }
            }
        }
        true
    }

    fn still_awaited(&self, account: AccountId, binding: &Binding) -> bool {
        binding.awaits_device() && self.registrar.of(account).contains(binding)
    }

    /// Makes the calls that waited for a device, now that it has registered.
    pub(super) fn call_who_is_back(&mut self, now: Timestamp, account: AccountId) {
        for id in self.waiting_for(account) {
            let Some(Invite { target: Target::Binding { binding: old, .. }, .. }) = self.waiting.get(&id)
            else {
                continue;
            };
            let live: Vec<&Binding> =
                self.registrar.of(account).iter().filter(|new| !new.awaits_device()).collect();
            let same = live.iter().find(|new| new.instance.is_some() && new.instance == old.instance);
            let found = match (same, live.as_slice()) {
                (Some(binding), _) => Some((*binding).clone()),
                (None, [only]) if !self.still_awaited(account, old) => Some((*only).clone()),
                (None, _) => None,
            };
            if let Some(binding) = found
                && let Some(invite) = self.waiting.remove(&id)
            {
                let target = Target::Binding { account, binding: Box::new(binding) };
                self.invite_as(now, id, Invite { target, ..invite });
            }
        }
        self.stop_waiting(account);
    }

    /// Fails the calls whose device did not come back in time.
    pub(super) fn stop_waiting(&mut self, account: AccountId) {
        for id in self.waiting_for(account) {
            let awaited = self.waiting.get(&id).is_some_and(|invite| match &invite.target {
                Target::Binding { binding, .. } => self.still_awaited(account, binding),
                Target::Peer { .. } | Target::Uri { .. } => false,
            });
            if !awaited {
                self.waiting.remove(&id);
                self.fail(id, 480, reason_phrase(480));
            }
        }
    }

    fn waiting_for(&self, account: AccountId) -> Vec<DialogId> {
        let of = |invite: &Invite| match &invite.target {
            Target::Binding { account, .. } => Some(*account),
            Target::Peer { .. } | Target::Uri { .. } => None,
        };
        self.waiting.iter().filter(|(_, invite)| of(invite) == Some(account)).map(|(id, _)| *id).collect()
    }
}

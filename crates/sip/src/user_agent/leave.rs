//! Ends of dialogs by their owner.

use super::UserAgent;
use super::clients::Purpose;
use super::waiting::Trial;
use crate::dialog::{DialogId, Relation, State};
use crate::message::{Method, Name};
use crate::time::{DialogTimer, TimerKey, Timestamp};

impl UserAgent {
    /// Ends a dialog in whatever state it is: refuses it, takes it back or says BYE. `reason` becomes the `Reason`
    /// header. No event follows.
    pub fn clear(&mut self, now: Timestamp, dialog: DialogId, reason: Option<&str>) {
        self.waiting.remove(&dialog);
        let Some(state) = self.dialogs.get(&dialog).map(|dialog| dialog.state.clone()) else {
            return;
        };
        let owned = reason.map(str::to_owned);
        match state {
            State::Calling { invite } => {
                let sent = self.is_proceeding(invite);
                if sent {
                    self.send_cancel(now, invite, reason);
                }
                // Without a provisional response timer B ends the wait, with one this does.
                let wait_ms = 2 * self.config.timing.give_up_ms();
                self.timers.set(TimerKey::Dialog(dialog, DialogTimer::GiveUp), now + wait_ms);
                if let Some(dialog) = self.dialogs.get_mut(&dialog) {
                    dialog.enter(State::Cancelling { invite, sent, reason: owned });
                }
            }
            State::Incoming { .. } => {
                let headers: Vec<(&str, &str)> =
                    reason.map(|reason| ("Reason", reason)).into_iter().collect();
                self.reject(now, dialog, 480, "", &headers);
            }
            State::Answered { answer } => {
                if let Some(dialog) = self.dialogs.get_mut(&dialog) {
                    dialog.enter(State::Leaving { answer, reason: owned });
                }
            }
            State::Confirmed { .. } => {
                if let Some(mut dialog) = self.remove_dialog(now, dialog) {
                    self.send_bye(now, &mut dialog.relation, reason);
                }
            }
            State::Cancelling { .. } | State::Leaving { .. } => {}
        }
    }

    /// Says BYE; to a device out of reach, when it is back.
    pub(super) fn send_bye(&mut self, now: Timestamp, relation: &mut Relation, reason: Option<&str>) {
        if relation.lost {
            return self.owe_farewell(now, relation.clone(), reason);
        }
        relation.cseq += 1;
        let mut request = relation.request(Method::Bye, relation.cseq);
        if let Some(reason) = reason {
            request.headers.push(Name::Reason, reason);
        }
        request.headers.push(Name::UserAgent, self.config.user_agent.clone());
        let client = self.start_client(now, request, relation.flow, relation.peer, Purpose::Bye);
        if relation.by_contact() {
            self.trials.insert(client, Trial::End(Box::new(relation.clone()), reason.map(str::to_owned)));
        }
    }
}

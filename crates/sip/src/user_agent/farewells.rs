//! BYEs owed to devices that were out of reach when their dialogs ended: said when they register again.

use std::collections::BTreeMap;

use super::UserAgent;
use crate::dialog::Relation;
use crate::directory::AccountId;
use crate::limits::{FAREWELL_MS, FAREWELLS_MAX};
use crate::time::Timestamp;

struct Farewell {
    until: Timestamp,
    relation: Relation,
    reason: Option<String>,
}

/// By account and age; the oldest number is the oldest.
#[derive(Default)]
pub(super) struct Farewells {
    owed: BTreeMap<u64, AccountId>,
    by_account: BTreeMap<(AccountId, u64), Farewell>,
    last: u64,
}

impl Farewells {
    fn forget(&mut self, number: u64) -> Option<Farewell> {
        let account = self.owed.remove(&number)?;
        self.by_account.remove(&(account, number))
    }

    /// Forgets what is too old, and the oldest if there are too many.
    fn make_room(&mut self, now: Timestamp) {
        while let Some((number, account)) =
            self.owed.first_key_value().map(|(number, account)| (*number, *account))
        {
            let lapsed = self.by_account.get(&(account, number)).is_none_or(|owed| owed.until <= now);
            if !lapsed && self.owed.len() < FAREWELLS_MAX {
                break;
            }
            self.forget(number);
        }
    }
}

impl UserAgent {
    /// Owes a BYE to the device of a relation that nothing leads to.
    pub(super) fn owe_farewell(&mut self, now: Timestamp, relation: Relation, reason: Option<&str>) {
        let Some(account) = relation.account else {
            return;
        };
        self.farewells.make_room(now);
        self.farewells.last += 1;
        let number = self.farewells.last;
        let farewell = Farewell { until: now + FAREWELL_MS, relation, reason: reason.map(str::to_owned) };
        self.farewells.owed.insert(number, account);
        self.farewells.by_account.insert((account, number), farewell);
    }

    /// Takes what is owed to a device that is registered now, with the path to it.
    pub(super) fn farewells_due(
        &mut self,
        now: Timestamp,
        account: AccountId,
    ) -> Vec<(Relation, Option<String>)> {
        let all = self.farewells.by_account.range((account, 0)..=(account, u64::MAX));
        let due: Vec<_> = all
            .filter(|(_, farewell)| farewell.until > now)
            .filter_map(|((_, number), farewell)| Some((*number, self.registered_way(&farewell.relation)?)))
            .collect();
        let take = |(number, flow)| {
            let Farewell { relation, reason, .. } = self.farewells.forget(number)?;
            Some((Relation { flow, lost: false, ..relation }, reason))
        };
        due.into_iter().filter_map(take).collect()
    }
}

//! Numbers whose calls queues refuse: who calls a queue from one is cleared, after a prompt if the tenant has one.

use serde::{Deserialize, Serialize};

use crate::call::Cause;
use crate::command::Answer;
use crate::engine::Engine;
use crate::entry::{EntryId, Kind, Name};
use crate::fact::Fact;
use crate::id::{BlacklistedNumberId, CallId, QueueId, TenantId};
use crate::refusal::Refusal;
use crate::text::{Number, Text};
use crate::time::WallTime;

/// A number whose calls queues refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlacklistedNumber {
    /// As it is shown to us; unique within the tenant.
    pub number: Number,
    /// Which of the tenant's two prompts its callers hear.
    pub level: BlacklistLevel,
    /// Until when; `None` for ever.
    pub until: Option<WallTime>,
    /// Whether it is refused at all now.
    pub enabled: bool,
    /// Why, in the operator's words.
    pub note: Text<1024>,
    /// Where its owner is.
    pub place: CallerPlace,
}

/// Where somebody is who calls, as an operator wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerPlace {
    /// Degrees, as they were written.
    pub longitude: Text<32>,
    /// Degrees, as they were written.
    pub latitude: Text<32>,
    /// Street and town.
    pub address: Text<128>,
}

/// The two levels of a blacklist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlacklistLevel {
    /// The first.
    #[default]
    First,
    /// The second.
    Second,
}

/// What callers on the blacklist hear before they are cleared, by level; `None` clears them unanswered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlacklistPrompts {
    /// On the first level.
    pub first: Option<Name>,
    /// On the second level.
    pub second: Option<Name>,
}

impl BlacklistPrompts {
    /// The prompt of a level.
    #[must_use]
    pub const fn of(&self, level: BlacklistLevel) -> Option<&Name> {
        match level {
            BlacklistLevel::First => self.first.as_ref(),
            BlacklistLevel::Second => self.second.as_ref(),
        }
    }
}

impl Engine {
    pub(crate) fn set_blacklist_prompts(
        &mut self,
        tenant: TenantId,
        prompts: BlacklistPrompts,
    ) -> Result<Answer, Refusal> {
        if self.state.tenant(tenant).blacklist_prompts == prompts {
            return Err(Refusal::AlreadySo);
        }
        self.record(tenant, Fact::BlacklistPromptsSet { prompts });
        Ok(Answer::Done)
    }

    /// The entry that keeps a call's caller out of queues, if one does now.
    pub(crate) fn blacklisted(&self, id: CallId) -> Option<BlacklistedNumberId> {
        let call = self.state.call(id);
        let keys = self.state.tenant(call.tenant).keys.get(&Kind::BlacklistedNumber)?;
        let Some(EntryId::BlacklistedNumber(id)) = keys.get(call.caller.as_ref()?.as_str()) else {
            return None;
        };
        let entry = &self.state.blacklist.get(id)?.filed.entry;
        let over = entry.until.is_some_and(|until| until <= self.state.wall);
        (entry.enabled && !over).then_some(*id)
    }

    /// A caller on the blacklist is told so where there are words for it, and cleared.
    pub(crate) fn refuse_caller(&mut self, call: CallId, queue: QueueId, number: BlacklistedNumberId) {
        let tenant = self.state.call(call).tenant;
        self.record(tenant, Fact::CallerBlacklisted { call, queue, number });
        let level = self.state.blacklist.get(&number).map(|entry| entry.filed.entry.level);
        let prompts = &self.state.tenant(tenant).blacklist_prompts;
        match level.and_then(|level| prompts.of(level)).cloned() {
            Some(prompt) => self.announce(call, vec![prompt]),
            None => self.clear_call(call, Cause::Rejected),
        }
    }
}

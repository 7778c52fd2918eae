//! What an entry must be like to be taken.

mod phone_book;

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::entry::{
    AfterMissed, Agent, Calendar, Choice, Destination, Device, Entry, EntryId, Hours, Kind, Overflow, Queue,
    Reason, Route, SkillLevel, Treatment, Trunk, User,
};
use crate::id::TenantId;
use crate::limits::{
    AGENT_RING_MS_MIN, ANNOUNCE_MS_MIN, CALENDAR_HOLIDAYS_MAX, CALENDAR_HOURS_MAX, CALLBACK_MS_MAX,
    HOLIDAY_DAYS_MAX, MESSAGES_IN_TURN_MAX, OFFER_MS_MAX, OFFER_MS_MIN, PREFERENCE_MS_MAX, REACH_STEPS_MAX,
    REMEMBER_MS_MAX, REST_MS_MAX, REST_MS_MIN, RING_MS_MAX, RINGS_MAX, SKILL_LEVEL_MAX, SKILLS_MAX,
    TARGET_MS_MAX, TRUNK_PREFIXES_MAX, TRUNK_SOURCES_MAX, USER_BOUNDS_MAX, WAIT_MS_MAX, WAITING_MAX,
    WRAP_UP_MS_MAX,
};
use crate::outbound::read_prefix;
use crate::queue::key_prompt;
use crate::refusal::Refusal;

/// A refusal that names the field and what would be right.
pub(super) const fn invalid(field: &'static str, why: &'static str) -> Refusal {
    Refusal::Invalid { field, why }
}

impl Engine {
    /// Refuses an entry that is out of bounds, clashes with another or names what is not there. `own` is the entry
    /// that it replaces.
    pub(super) fn check_entry(
        &self,
        tenant: TenantId,
        own: Option<EntryId>,
        entry: &Entry,
    ) -> Result<(), Refusal> {
        if entry.key() == Some("") {
            return Err(invalid("name", "must not be empty"));
        }
        match entry {
            Entry::Agent(agent) => self.check_agent(tenant, own, agent)?,
            Entry::Queue(queue) => self.check_queue(tenant, own, queue)?,
            Entry::Route(route) => self.check_route(tenant, route)?,
            Entry::Trunk(trunk) => check_trunk(trunk)?,
            Entry::Device(Device { owner: Some(owner), .. }) => self.owned(tenant, EntryId::Agent(*owner))?,
            Entry::Reason(Reason { team: Some(team), .. }) => self.owned(tenant, EntryId::Team(*team))?,
            Entry::User(user) => self.check_user(tenant, user)?,
            Entry::PhoneBook(book) => self.check_phone_book(tenant, own, book)?,
            Entry::Contact(contact) => self.check_contact(tenant, own, contact)?,
            Entry::Team(_)
            | Entry::Device(_)
            | Entry::Reason(_)
            | Entry::Disposition(_)
            | Entry::Skill(_)
            | Entry::BlacklistedNumber(_) => {}
            Entry::Calendar(calendar) => check_calendar(calendar)?,
        }
        let owner = self.state.tenant(tenant);
        let kind = entry.kind();
        let same_number = entry.number().and_then(|number| owner.plan.get(number));
        if let Some(other) = same_number.map(|other| other.entry_id()).filter(|other| Some(*other) != own) {
            return Err(Refusal::Taken(other.kind(), "number"));
        }
        let same_key = entry.key().and_then(|key| owner.keys.get(&kind)?.get(key));
        if same_key.is_some_and(|other| Some(*other) != own) {
            return Err(Refusal::Taken(kind, "name"));
        }
        Ok(())
    }

    fn check_user(&self, tenant: TenantId, user: &User) -> Result<(), Refusal> {
        let (teams, queues) = (user.teams.as_ref(), user.queues.as_ref());
        if teams.is_some_and(|teams| teams.len() > USER_BOUNDS_MAX) {
            return Err(Refusal::LimitReached("teams"));
        }
        if queues.is_some_and(|queues| queues.len() > USER_BOUNDS_MAX) {
            return Err(Refusal::LimitReached("queues"));
        }
        for team in teams.into_iter().flatten() {
            self.owned(tenant, EntryId::Team(*team))?;
        }
        for queue in queues.into_iter().flatten() {
            self.owned(tenant, EntryId::Queue(*queue))?;
        }
        Ok(())
    }

    fn check_agent(&self, tenant: TenantId, own: Option<EntryId>, agent: &Agent) -> Result<(), Refusal> {
        if agent.wrap_up_ms.is_some_and(|ms| ms > WRAP_UP_MS_MAX) {
            return Err(invalid("wrap_up_ms", "must be at most 3600000"));
        }
        if !(AGENT_RING_MS_MIN..=RING_MS_MAX).contains(&agent.ring_ms) {
            return Err(invalid("ring_ms", "must be 1000 to 60000"));
        }
        if let Some(team) = agent.team {
            self.owned(tenant, EntryId::Team(team))?;
        }
        self.check_skills(tenant, &agent.skills)?;
        let Some(user) = agent.user else { return Ok(()) };
        self.owned(tenant, EntryId::User(user))?;
        match self.state.tenant(tenant).agent_of_user.get(&user) {
            Some(other) if own != Some(EntryId::Agent(*other)) => Err(Refusal::Taken(Kind::Agent, "user")),
            Some(_) | None => Ok(()),
        }
    }

    fn check_queue(&self, tenant: TenantId, own: Option<EntryId>, queue: &Queue) -> Result<(), Refusal> {
        if !(OFFER_MS_MIN..=OFFER_MS_MAX).contains(&queue.offer_ms) {
            return Err(invalid("offer_ms", "must be from 1000 to 300000"));
        }
        if queue.wrap_up_ms > WRAP_UP_MS_MAX {
            return Err(invalid("wrap_up_ms", "must be at most 3600000"));
        }
        check_after_missed("on_no_answer", queue.on_no_answer)?;
        check_after_missed("on_decline", queue.on_decline)?;
        if queue.max_wait_ms.is_some_and(|ms| !(1..=WAIT_MS_MAX).contains(&ms)) {
            return Err(invalid("max_wait_ms", "must be from 1 to 86400000"));
        }
        if !(1..=WAITING_MAX).contains(&queue.max_waiting) {
            return Err(invalid("max_waiting", "must be from 1 to 100000"));
        }
        if queue.service_level_ms > TARGET_MS_MAX {
            return Err(invalid("service_level_ms", "must be at most 3600000"));
        }
        if queue.short_abandon_ms > TARGET_MS_MAX {
            return Err(invalid("short_abandon_ms", "must be at most 3600000"));
        }
        if let Some(rule) = queue.on_busy {
            check_after_missed("on_busy", rule)?;
        }
        if queue.missed_max == Some(0) {
            return Err(invalid("missed_max", "must be at least 1"));
        }
        if queue.extension_ms > WRAP_UP_MS_MAX {
            return Err(invalid("extension_ms", "must be at most 3600000"));
        }
        check_search(queue)?;
        self.check_skills(tenant, &queue.skills)?;
        check_rings(queue)?;
        if !(1..=100).contains(&queue.service_level_percent) {
            return Err(invalid("service_level_percent", "must be from 1 to 100"));
        }
        if !(1..=CALLBACK_MS_MAX).contains(&queue.callback_ms) {
            return Err(invalid("callback_ms", "must be from 1 to 86400000"));
        }
        self.check_treatment(tenant, own, &queue.treatment)?;
        self.check_overflow(tenant, own, "overflow", &queue.overflow)?;
        if queue.leave_after_ms > WAIT_MS_MAX {
            return Err(invalid("leave_after_ms", "must be at most 86400000"));
        }
        if queue.leave_min_wait_ms > WAIT_MS_MAX {
            return Err(invalid("leave_min_wait_ms", "must be at most 86400000"));
        }
        self.check_overflow(tenant, own, "when_full", &queue.when_full)?;
        if let Some(calendar) = queue.calendar {
            self.owned(tenant, EntryId::Calendar(calendar))?;
        }
        self.check_overflow(tenant, own, "when_empty", &queue.when_empty)?;
        self.check_overflow(tenant, own, "when_closed", &queue.when_closed)?;
        self.check_overflow(tenant, own, "in_emergency", &queue.in_emergency)
    }

    /// Skills that somebody has or a queue needs.
    fn check_skills(&self, tenant: TenantId, skills: &[SkillLevel]) -> Result<(), Refusal> {
        if skills.len() > SKILLS_MAX {
            return Err(Refusal::LimitReached("skills"));
        }
        let mut once = BTreeSet::new();
        for SkillLevel { skill, level } in skills {
            self.owned(tenant, EntryId::Skill(*skill))?;
            if !once.insert(skill) || !(1..=SKILL_LEVEL_MAX).contains(level) {
                return Err(invalid("skills", "must name each skill once, with a level from 1 to 10"));
            }
        }
        Ok(())
    }

    fn check_treatment(
        &self,
        tenant: TenantId,
        own: Option<EntryId>,
        treatment: &Treatment,
    ) -> Result<(), Refusal> {
        let is_folder = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if treatment.language.as_ref().is_some_and(|it| it.as_str().is_empty() || !is_folder(it.as_str())) {
            return Err(invalid("treatment", "must have a language of letters, digits and hyphens"));
        }
        if treatment.messages.len() > MESSAGES_IN_TURN_MAX {
            return Err(Refusal::LimitReached("treatment"));
        }
        if !(ANNOUNCE_MS_MIN..=WAIT_MS_MAX).contains(&treatment.announce_ms) {
            return Err(invalid("treatment", "must have announce_ms from 5000 to 86400000"));
        }
        let mut keys = BTreeSet::new();
        for key in &treatment.menu {
            if !matches!(key.key, '0'..='9' | '*' | '#') || !keys.insert(key.key) {
                return Err(invalid("treatment", "must have keys of 0 to 9, * and #, each once"));
            }
            if key.prompt.is_none() && key_prompt(key).is_none() {
                return Err(invalid(
                    "treatment",
                    "must have a prompt for each key that the library has no words for",
                ));
            }
            if let Choice::Leave(to) = &key.choice {
                self.check_overflow(tenant, own, "treatment", to)?;
            }
        }
        Ok(())
    }

    /// Where calls may be led that a queue does not keep.
    pub(crate) fn check_overflow(
        &self,
        tenant: TenantId,
        own: Option<EntryId>,
        field: &'static str,
        to: &Overflow,
    ) -> Result<(), Refusal> {
        match to {
            Overflow::Queue(other) if own == Some(EntryId::Queue(*other)) => {
                Err(invalid(field, "must be another queue"))
            }
            Overflow::Queue(other) => self.owned(tenant, EntryId::Queue(*other)),
            Overflow::Voicemail(agent) => {
                self.owned(tenant, EntryId::Agent(*agent))?;
                let mailbox = &self.state.agent(*agent).filed.entry.mailbox;
                if mailbox.is_some() { Ok(()) } else { Err(Refusal::NoMailbox) }
            }
            Overflow::Announcement(prompt) if prompt.as_str().is_empty() => {
                Err(invalid(field, "must name a prompt"))
            }
            Overflow::Clear | Overflow::Number(_) | Overflow::Announcement(_) => Ok(()),
        }
    }

    fn check_route(&self, tenant: TenantId, route: &Route) -> Result<(), Refusal> {
        if route.greeting.as_ref().is_some_and(|prompt| prompt.as_str().is_empty()) {
            return Err(invalid("greeting", "must name a prompt"));
        }
        if route.closed_greeting.as_ref().is_some_and(|prompt| prompt.as_str().is_empty()) {
            return Err(invalid("closed_greeting", "must name a prompt"));
        }
        if let Some(calendar) = route.calendar {
            self.owned(tenant, EntryId::Calendar(calendar))?;
        }
        if let Some(preference) = route.preference {
            self.owned(tenant, EntryId::Agent(preference.agent))?;
            if preference.wait_ms > PREFERENCE_MS_MAX {
                return Err(invalid("preference.wait_ms", "must be at most 3600000"));
            }
        }
        self.check_destination(tenant, route.destination)?;
        self.check_destination(tenant, route.when_closed)
    }

    fn check_destination(&self, tenant: TenantId, destination: Destination) -> Result<(), Refusal> {
        match destination {
            Destination::Queue(id) => self.owned(tenant, EntryId::Queue(id)),
            Destination::Agent(id) => self.owned(tenant, EntryId::Agent(id)),
            Destination::Device(id) => self.owned(tenant, EntryId::Device(id)),
            Destination::Clear => Ok(()),
        }
    }
}

fn check_calendar(calendar: &Calendar) -> Result<(), Refusal> {
    for hours in &calendar.week {
        check_hours("week", hours)?;
    }
    if calendar.holidays.len() > CALENDAR_HOLIDAYS_MAX {
        return Err(Refusal::LimitReached("holidays"));
    }
    for holiday in &calendar.holidays {
        check_hours("holidays", &holiday.hours)?;
        if holiday.last < holiday.first {
            return Err(invalid("holidays", "must not end before they begin"));
        }
        if (holiday.last - holiday.first).get_days() >= HOLIDAY_DAYS_MAX {
            return Err(invalid("holidays", "must each have at most 366 days"));
        }
    }
    Ok(())
}

fn check_hours(field: &'static str, hours: &[Hours]) -> Result<(), Refusal> {
    if hours.len() > CALENDAR_HOURS_MAX {
        return Err(Refusal::LimitReached("hours of a day"));
    }
    if hours.iter().any(|hours| hours.from >= hours.to || hours.to > Hours::DAY) {
        return Err(invalid(field, "must have hours that end after they begin, at 24:00 at the latest"));
    }
    if !hours.is_sorted_by(|a, b| a.to <= b.from) {
        return Err(invalid(field, "must have the hours of a day in order and without overlap"));
    }
    Ok(())
}

/// What waiting calls need less of, when.
fn check_rings(queue: &Queue) -> Result<(), Refusal> {
    if queue.rings.len() > RINGS_MAX {
        return Err(Refusal::LimitReached("rings"));
    }
    if queue.rings.iter().any(|ring| !(1..=WAIT_MS_MAX).contains(&ring.after_ms)) {
        return Err(invalid("rings", "must have after_ms from 1 to 86400000"));
    }
    if !queue.rings.is_sorted_by(|a, b| a.after_ms < b.after_ms) {
        return Err(invalid("rings", "must be in the order of after_ms, each once"));
    }
    let mut needed = queue.skills.clone();
    for relaxed in queue.rings.iter().flat_map(|ring| &ring.relax) {
        let before = needed.iter_mut().find(|needed| needed.skill == relaxed.skill);
        let Some(before) = before.filter(|before| relaxed.level < before.level) else {
            return Err(invalid("rings", "must relax skills that the queue still needs, to a lower level"));
        };
        before.level = relaxed.level;
    }
    Ok(())
}

/// Whom a waiting call reaches, when.
fn check_search(queue: &Queue) -> Result<(), Refusal> {
    if !(REST_MS_MIN..=OFFER_MS_MAX).contains(&queue.progress_ms) {
        return Err(invalid("progress_ms", "must be from 1000 to 300000"));
    }
    if queue.promote_after_ms.is_some_and(|ms| !(1..=WAIT_MS_MAX).contains(&ms)) {
        return Err(invalid("promote_after_ms", "must be from 1 to 86400000"));
    }
    if queue.reach.len() > REACH_STEPS_MAX {
        return Err(Refusal::LimitReached("reach"));
    }
    if queue.reach.first().is_some_and(|first| first.after_ms != 0) {
        return Err(invalid("reach", "must begin with after_ms 0"));
    }
    if !queue.reach.is_sorted_by(|a, b| a.after_ms < b.after_ms) {
        return Err(invalid("reach", "must be in the order of after_ms, each once"));
    }
    if queue.reach.iter().any(|step| step.after_ms > WAIT_MS_MAX) {
        return Err(invalid("reach", "must have after_ms of at most 86400000"));
    }
    if queue.reach.iter().any(|step| step.min_level > step.max_level) {
        return Err(invalid("reach", "must have a min_level of at most max_level"));
    }
    match queue.sticky {
        Some(sticky) if sticky.remember_ms > REMEMBER_MS_MAX => {
            Err(invalid("sticky", "must have remember_ms of at most 31536000000"))
        }
        Some(sticky) if sticky.wait_ms > PREFERENCE_MS_MAX => {
            Err(invalid("sticky", "must have wait_ms of at most 3600000"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_after_missed(field: &'static str, rule: AfterMissed) -> Result<(), Refusal> {
    match rule {
        AfterMissed::Rest { delay_ms } if !(REST_MS_MIN..=REST_MS_MAX).contains(&delay_ms) => {
            Err(invalid(field, "must rest from 1000 to 3600000"))
        }
        AfterMissed::Rest { .. } | AfterMissed::NotReady => Ok(()),
    }
}

fn check_trunk(trunk: &Trunk) -> Result<(), Refusal> {
    if trunk.address.as_str().parse::<SocketAddr>().is_err() {
        return Err(invalid("address", "must be an IP address and a port"));
    }
    if trunk.sources.len() > TRUNK_SOURCES_MAX {
        return Err(Refusal::LimitReached("sources"));
    }
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok();
    if !trunk.sources.iter().all(|source| is_address(source.as_str())) {
        return Err(invalid("sources", "must be IP addresses, with or without a port"));
    }
    if trunk.outbound_prefixes.len() > TRUNK_PREFIXES_MAX {
        return Err(Refusal::LimitReached("outbound_prefixes"));
    }
    if trunk.outbound_prefixes.iter().any(|prefix| read_prefix(prefix).is_none()) {
        return Err(invalid("outbound_prefixes", "must be digits, after + or 00 for numbers abroad"));
    }
    Ok(())
}

//! The directory: many kinds of entry, the same five operations each.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, extract};
use cordial_dialects::names::{EntryKey, Unnamed};
use cordial_dialects::native::decode::{self, EntryBody};
use cordial_dialects::native::wire::{self, Id, Page, Scope};
use cordial_dialects::native::{encode, problem::Code};
use cordial_engine::command::Access;
use cordial_engine::entry::{Entry, EntryId};
use cordial_engine::id::{
    AgentId, BlacklistedNumberId, CalendarId, ContactId, DeviceId, DispositionId, PhoneBookId, QueueId,
    ReasonId, RouteId, SkillId, TeamId, TrunkId, UserId,
};
use cordial_engine::{Answer, Command, Refusal};
use cordial_store::DeviceSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::ask::{Asked, At, Body, Filter, Listing};
use super::conditions::{If, Version};
use super::fault::No;
use super::filter::Wanted;
use super::guard::Who;
use super::operation::{Operation, delete, get, post, put};
use super::scene::Scene;
use super::{State, access, not_found, odd_answer};

/// One kind of entry, as the API shows it.
trait Resource: Sized + Send + Sync + 'static {
    /// The kind's id.
    type Key: EntryKey + Send + 'static;
    /// What is written.
    type Body: EntryBody + DeserializeOwned + ToSchema + Clone + Send + Sync + 'static;
    /// What is read.
    type Answer: Serialize + ToSchema + Send + 'static;
    /// What is answered when it is made.
    type Created: Serialize + ToSchema + Send;
    /// As in the path.
    const PLURAL: &'static str;
    /// One of them.
    const ONE: &'static str;
    /// Whose token can change one; see [`Scene::may_change`].
    const CHANGED_BY: &'static [Scope] = &[Scope::Admin];
    /// What its list is filtered by; the first is what it is found by.
    const FILTERS: &'static [Filter];

    /// What is read of one that exists.
    fn told(scene: &Scene<'_>, key: Self::Key) -> Result<Option<Self::Answer>, Unnamed>;

    /// Keeps what is no fact: secrets.
    fn keep(
        state: &State,
        who: &Who,
        key: Self::Key,
        body: &Self::Body,
        fresh: bool,
    ) -> impl Future<Output = Result<Option<wire::DeviceSecret>, No>> + Send {
        let _ = (state, who, key, body, fresh);
        async { Ok(None) }
    }

    /// Forgets what was kept.
    fn forget(state: &State, who: &Who, key: Self::Key) -> impl Future<Output = Result<(), No>> + Send {
        let _ = (state, who, key);
        async { Ok(()) }
    }

    /// The answer to its making.
    fn created(answer: Self::Answer, secret: Option<wire::DeviceSecret>) -> Result<Self::Created, No>;
}

pub(super) fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    all.extend(of::<Users>());
    all.extend(of::<Teams>());
    all.extend(of::<Agents>());
    all.extend(of::<Devices>());
    all.extend(of::<Queues>());
    all.extend(of::<Trunks>());
    all.extend(of::<Routes>());
    all.extend(of::<Reasons>());
    all.extend(of::<Dispositions>());
    all.extend(of::<Blacklist>());
    all.extend(of::<Calendars>());
    all.extend(of::<Skills>());
    all.extend(of::<PhoneBooks>());
    all.extend(of::<Contacts>());
    all.push(
        put("/v1/users/{id}/password")
            .called(
                "set_user_password",
                "directory",
                "Sets a user's password and ends what was bought with the old one",
            )
            .needs(&[Scope::Admin])
            .body::<wire::UserPassword>()
            .answers_other(204, None, "It is set.")
            .handled_by(set_user_password),
    );
    all.push(
        put("/v1/agents/{id}/pin")
            .called(
                "set_agent_pin",
                "directory",
                "Sets or removes the PIN that an agent proves himself by at hot desks",
            )
            .needs(&[Scope::Admin])
            .body::<wire::AgentPin>()
            .answers_other(204, None, "It is so.")
            .handled_by(set_agent_pin),
    );
    all.push(
        put("/v1/trunks/{id}/password")
            .called("set_trunk_password", "directory", "Sets or removes a trunk's password")
            .needs(&[Scope::Admin])
            .body::<wire::TrunkPassword>()
            .answers_other(204, None, "It is so.")
            .handled_by(set_trunk_password),
    );
    all.push(
        post("/v1/devices/{id}/secret")
            .called("renew_device_secret", "directory", "Gives a device a new secret")
            .needs(&[Scope::Admin])
            .answers::<wire::DeviceWithSecret>(200, "The device with its new secret, shown this once.")
            .handled_by(renew_device_secret),
    );
    all
}

fn of<R: Resource>() -> [Operation; 5] {
    let (plural, one, called) = (R::PLURAL, R::ONE, R::ONE.replace('_', " "));
    // Of all kinds, a vowel is heard at the beginning of `agent` alone.
    let article = if one.starts_with('a') { "an" } else { "a" };
    let (many_path, one_path) = (format!("/v1/{plural}"), format!("/v1/{plural}/{{id}}"));
    [
        get(&many_path)
            .called(format!("list_{}", plural.replace('-', "_")), "directory", format!("Lists {called}s"))
            .needs(&[Scope::Read])
            .paged()
            .filtered(R::FILTERS)
            .answers_page::<R::Answer>()
            .handled_by(list::<R>),
        post(&many_path)
            .called(format!("create_{one}"), "directory", format!("Makes {article} {called}"))
            .needs(&[Scope::Admin])
            .body::<R::Body>()
            .answers::<R::Created>(201, "It is there; `Location` says where.")
            .handled_by(create::<R>),
        get(&one_path)
            .called(format!("get_{one}"), "directory", format!("Shows {article} {called}"))
            .needs(&[Scope::Read])
            .answers::<R::Answer>(200, "As it is.")
            .handled_by(read::<R>),
        put(&one_path)
            .called(
                format!("replace_{one}"),
                "directory",
                format!("Replaces {article} {called}; what is left out gets its default"),
            )
            .needs(R::CHANGED_BY)
            .body::<R::Body>()
            .answers::<R::Answer>(200, "As it is now.")
            .conditional()
            .refuses(&[409])
            .handled_by(change::<R>),
        delete(&one_path)
            .called(
                format!("delete_{one}"),
                "directory",
                format!("Removes {article} {called} that nothing needs any more"),
            )
            .needs(&[Scope::Admin])
            .answers_other(204, None, "It is gone.")
            .conditional()
            .refuses(&[409])
            .handled_by(remove::<R>),
    ]
}

async fn list<R: Resource>(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<R::Answer>>, No> {
    let limit = listing.limit()?;
    listing.only(R::FILTERS)?;
    let after = match &listing.after {
        None => None,
        Some(after) => {
            let guid = cordial_engine::id::Guid::parse(after);
            Some(Id(guid.ok_or_else(|| No::field("?after", "must be the next of the page before"))?))
        }
    };
    let page = state.look(&who, move |scene| {
        let last = after.map(|after| scene.key::<R::Key>(after)).transpose()?.map(EntryKey::entry_id);
        let filter = Wanted::of(scene, &listing)?;
        let wanted = filter
            .ids(scene, R::Key::KIND)
            .filter(|id| last.is_none_or(|last| *id > last))
            .filter(|id| scene.sees(*id) && filter.passes(scene, *id));
        // One more than wanted tells whether there is a next page.
        let mut keys: Vec<R::Key> = wanted.filter_map(R::Key::of).take(limit + 1).collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let guid = |key: &R::Key| scene.engine.guid(key.entry_id());
        let next = keys.last().filter(|_| more).and_then(guid).map(|guid| guid.to_string());
        let told = keys.into_iter().map(|key| R::told(scene, key));
        let items: Vec<Option<R::Answer>> = told.collect::<Result<_, _>>()?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    });
    page.await.map(Json)
}

async fn create<R: Resource>(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Body(body): Body<R::Body>,
) -> Result<Response, No> {
    let written = body.clone();
    let entry: Entry = state.look(&who, move |scene| Ok(written.entry(scene)?)).await?;
    let (key, guid) = match state.parts.handle.command(who.tenant, who.by(), Command::Add(entry)).await?? {
        Answer::Added(id, guid) => (R::Key::of(id).ok_or_else(odd_answer)?, guid),
        Answer::Done
        | Answer::Pending
        | Answer::Tenant(..)
        | Answer::Call(..)
        | Answer::Arrived(..)
        | Answer::Parked(_) => {
            return Err(odd_answer());
        }
    };
    let secret = R::keep(&state, &who, key, &body, true).await?;
    let answer = tell::<R>(&state, &who, key).await?;
    let location = format!("/v1/{}/{guid}", R::PLURAL);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(R::created(answer, secret)?))
        .into_response())
}

async fn read<R: Resource>(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Response, No> {
    let look = move |scene: &Scene<'_>| {
        let key: R::Key = scene.key(id)?;
        Ok((R::told(scene, key)?, scene.engine.version(scene.tenant, key.entry_id())))
    };
    let (told, version) = state.look(&who, look).await?;
    let mut answer = told.map(Json).ok_or_else(|| not_found(R::ONE))?.into_response();
    if let Some(version) = version {
        answer.extensions_mut().insert(Version(version));
    }
    Ok(answer)
}

async fn change<R: Resource>(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    condition: If,
    Body(body): Body<R::Body>,
) -> Result<Json<R::Answer>, No> {
    let written = body.clone();
    let asker = who.clone();
    let look = move |scene: &Scene<'_>| {
        let key = scene.key::<R::Key>(id)?;
        scene.may_change(&asker, key.entry_id())?;
        Ok((key, written.entry(scene)?))
    };
    let (key, entry) = state.look(&who, look).await?;
    let id = key.entry_id();
    let command = condition.unchanged(id, Command::Change(id, entry))?;
    match state.parts.handle.command(who.tenant, who.by(), command).await? {
        // To write what stands there already is no fault.
        Ok(_) | Err(Refusal::AlreadySo) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    R::keep(&state, &who, key, &body, false).await?;
    tell::<R>(&state, &who, key).await.map(Json)
}

async fn remove<R: Resource>(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    condition: If,
) -> Result<StatusCode, No> {
    let asker = who.clone();
    let look = move |scene: &Scene<'_>| {
        let key = scene.key::<R::Key>(id)?;
        scene.may_change(&asker, key.entry_id())?;
        Ok(key)
    };
    let key = state.look(&who, look).await?;
    let command = condition.unchanged(key.entry_id(), Command::Remove(key.entry_id()))?;
    state.parts.handle.command(who.tenant, who.by(), command).await??;
    R::forget(&state, &who, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tell<R: Resource>(state: &State, who: &Who, key: R::Key) -> Result<R::Answer, No> {
    let told = state.look(who, move |scene| Ok(R::told(scene, key)?)).await?;
    told.ok_or_else(|| not_found(R::ONE))
}

async fn set_user_password(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    Body(body): Body<wire::UserPassword>,
) -> Result<StatusCode, No> {
    decode::user_password(&body)?;
    let user = state.look(&who, move |scene| Ok(scene.key::<UserId>(id)?)).await?;
    state.parts.handle.store().set_password(user, &body.password, super::wall()).await?;
    access::end_log_ins(&state, &who, user, false).await?;
    note_secret(&state, &who, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_agent_pin(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    Body(body): Body<wire::AgentPin>,
) -> Result<StatusCode, No> {
    decode::agent_pin(&body)?;
    let agent = state.look(&who, move |scene| Ok(scene.key::<AgentId>(id)?)).await?;
    state.parts.handle.set_agent_pin(agent, body.pin.as_deref()).await?;
    note_secret(&state, &who, agent).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_trunk_password(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    Body(body): Body<wire::TrunkPassword>,
) -> Result<StatusCode, No> {
    decode::trunk_password(&body)?;
    let trunk = state.look(&who, move |scene| Ok(scene.key::<TrunkId>(id)?)).await?;
    state.parts.handle.set_trunk_secret(trunk, body.password).await?;
    note_secret(&state, &who, trunk).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn renew_device_secret(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<Json<wire::DeviceWithSecret>, No> {
    let device = state.look(&who, move |scene| Ok(scene.key::<DeviceId>(id)?)).await?;
    let secret = give_secret(&state, &who, device).await?;
    let device = tell::<Devices>(&state, &who, device).await?;
    Ok(Json(wire::DeviceWithSecret { device, secret }))
}

/// Keeps for the audit that a secret is another one.
async fn note_secret(state: &State, who: &Who, key: impl EntryKey) -> Result<(), No> {
    access::note(state, who, Access::SecretSet { id: key.entry_id() }).await
}

/// A new secret for a device, kept as digests.
async fn give_secret(state: &State, who: &Who, device: DeviceId) -> Result<wire::DeviceSecret, No> {
    let seen = state.look(who, move |scene| {
        let number = scene.engine.device(scene.tenant, device).map(|view| view.entry.number);
        Ok(number.zip(scene.engine.tenant(scene.tenant).map(|tenant| tenant.domain)))
    });
    let (number, realm) = seen.await?.ok_or_else(|| not_found("device"))?;
    let username = number.as_str().to_owned();
    let password = DeviceSecret::new_password()?;
    let secret = DeviceSecret::derive(&username, &realm, &password);
    state.parts.handle.set_device_secret(device, Some(secret)).await?;
    note_secret(state, who, device).await?;
    Ok(wire::DeviceSecret { username, realm, password })
}

/// Filters of most kinds.
const NAME: Filter = ("name", "Only the one that is called exactly so.");
const NUMBER: Filter = ("number", "Only the one that has exactly this number.");

struct Users;
struct Teams;
struct Agents;
struct Devices;
struct Queues;
struct Trunks;
struct Routes;
struct Reasons;
struct Dispositions;
struct Blacklist;
struct Calendars;
struct Skills;
struct PhoneBooks;
struct Contacts;

/// An entry that shows nothing but what was written.
macro_rules! plain {
    ($kind:ident, $key:ident, $entry:ident, $stored:ident, $plural:literal, $one:literal, $filters:expr $(, $more:item)*) => {
        impl Resource for $kind {
            type Key = $key;
            type Body = wire::$entry;
            type Answer = wire::$stored;
            type Created = wire::$stored;
            const PLURAL: &'static str = $plural;
            const ONE: &'static str = $one;
            const FILTERS: &'static [Filter] = $filters;

            fn told(scene: &Scene<'_>, key: $key) -> Result<Option<wire::$stored>, Unnamed> {
                let Some(entry) = scene.engine.entry(scene.tenant, key.entry_id()) else { return Ok(None) };
                let Some(guid) = scene.engine.guid(key.entry_id()) else { return Ok(None) };
                let told = encode::entry(&entry, scene)?;
                let wire::Entry::$entry(entry) = told else { return Ok(None) };
                Ok(Some(wire::$stored { id: Id(guid), entry }))
            }

            fn created(answer: wire::$stored, _: Option<wire::DeviceSecret>) -> Result<wire::$stored, No> {
                Ok(answer)
            }

            $($more)*
        }
    };
}

plain!(
    Users,
    UserId,
    User,
    StoredUser,
    "users",
    "user",
    &[NAME],
    async fn keep(
        state: &State,
        who: &Who,
        user: UserId,
        body: &wire::User,
        fresh: bool,
    ) -> Result<Option<wire::DeviceSecret>, No> {
        if let Some(password) = &body.password {
            state.parts.handle.store().set_password(user, password, super::wall()).await?;
            note_secret(state, who, user).await?;
        }
        if !fresh {
            access::end_log_ins(state, who, user, false).await?;
        }
        Ok(None)
    },
    async fn forget(state: &State, who: &Who, user: UserId) -> Result<(), No> {
        state.parts.handle.store().remove_password(user).await?;
        access::end_log_ins(state, who, user, true).await
    }
);
plain!(
    Trunks,
    TrunkId,
    Trunk,
    StoredTrunk,
    "trunks",
    "trunk",
    &[NAME],
    async fn keep(
        state: &State,
        who: &Who,
        trunk: TrunkId,
        body: &wire::Trunk,
        _: bool,
    ) -> Result<Option<wire::DeviceSecret>, No> {
        if let Some(password) = &body.password {
            state.parts.handle.set_trunk_secret(trunk, Some(password.clone())).await?;
            note_secret(state, who, trunk).await?;
        }
        Ok(None)
    },
    async fn forget(state: &State, _: &Who, trunk: TrunkId) -> Result<(), No> {
        Ok(state.parts.handle.set_trunk_secret(trunk, None).await?)
    }
);
plain!(Teams, TeamId, Team, StoredTeam, "teams", "team", &[NAME]);
plain!(Routes, RouteId, Route, StoredRoute, "routes", "route", &[NUMBER]);
plain!(Reasons, ReasonId, Reason, StoredReason, "reasons", "reason", &[NAME]);
plain!(Skills, SkillId, Skill, StoredSkill, "skills", "skill", &[NAME]);
plain!(PhoneBooks, PhoneBookId, PhoneBook, StoredPhoneBook, "phone-books", "phone_book", &[NAME]);
plain!(
    Contacts,
    ContactId,
    Contact,
    StoredContact,
    "contacts",
    "contact",
    &[("phone_book", "Only those in this phone book.")]
);
plain!(Dispositions, DispositionId, Disposition, StoredDisposition, "dispositions", "disposition", &[NAME]);

impl Resource for Blacklist {
    type Key = BlacklistedNumberId;
    type Body = wire::BlacklistedNumber;
    type Answer = wire::BlacklistedNumberState;
    type Created = wire::BlacklistedNumberState;
    const PLURAL: &'static str = "blacklist";
    const ONE: &'static str = "blacklisted_number";
    const FILTERS: &'static [Filter] = &[NUMBER];

    fn told(
        scene: &Scene<'_>,
        key: BlacklistedNumberId,
    ) -> Result<Option<wire::BlacklistedNumberState>, Unnamed> {
        let id = EntryId::BlacklistedNumber(key);
        let Some(Entry::BlacklistedNumber(entry)) = scene.engine.entry(scene.tenant, id) else {
            return Ok(None);
        };
        let seen = scene.engine.guid(id).zip(scene.engine.blacklist_refused(scene.tenant, key));
        Ok(seen.map(|(guid, refused)| wire::BlacklistedNumberState {
            id: Id(guid),
            entry: encode::blacklisted_number(&entry),
            refused,
        }))
    }

    fn created(
        answer: wire::BlacklistedNumberState,
        _: Option<wire::DeviceSecret>,
    ) -> Result<wire::BlacklistedNumberState, No> {
        Ok(answer)
    }
}

impl Resource for Agents {
    type Key = AgentId;
    type Body = wire::Agent;
    type Answer = wire::AgentState;
    type Created = wire::AgentState;
    const PLURAL: &'static str = "agents";
    const ONE: &'static str = "agent";
    const FILTERS: &'static [Filter] = &[
        NAME,
        ("team", "Only those of this team."),
        ("queue", "Only those who are assigned to this queue."),
        ("user", "Only the one whose login it is."),
        ("state", "Only those whose duty it is: `logged_out`, `not_ready` or `ready`."),
    ];

    fn told(scene: &Scene<'_>, key: AgentId) -> Result<Option<wire::AgentState>, Unnamed> {
        let view = scene.engine.agent(scene.tenant, key);
        view.map(|view| encode::agent(&view, scene.now, scene)).transpose()
    }

    async fn forget(state: &State, _: &Who, agent: AgentId) -> Result<(), No> {
        Ok(state.parts.handle.set_agent_pin(agent, None).await?)
    }

    fn created(answer: wire::AgentState, _: Option<wire::DeviceSecret>) -> Result<wire::AgentState, No> {
        Ok(answer)
    }
}

impl Resource for Calendars {
    type Key = CalendarId;
    type Body = wire::Calendar;
    type Answer = wire::CalendarState;
    type Created = wire::CalendarState;
    const PLURAL: &'static str = "calendars";
    const ONE: &'static str = "calendar";
    const FILTERS: &'static [Filter] = &[NAME];

    fn told(scene: &Scene<'_>, key: CalendarId) -> Result<Option<wire::CalendarState>, Unnamed> {
        Ok(scene.engine.calendar(scene.tenant, key).map(|view| encode::calendar(&view)))
    }

    fn created(
        answer: wire::CalendarState,
        _: Option<wire::DeviceSecret>,
    ) -> Result<wire::CalendarState, No> {
        Ok(answer)
    }
}

impl Resource for Queues {
    type Key = QueueId;
    type Body = wire::Queue;
    type Answer = wire::QueueState;
    type Created = wire::QueueState;
    const PLURAL: &'static str = "queues";
    const ONE: &'static str = "queue";
    const CHANGED_BY: &'static [Scope] = &[Scope::Admin, Scope::Manage];
    const FILTERS: &'static [Filter] = &[NAME];

    fn told(scene: &Scene<'_>, key: QueueId) -> Result<Option<wire::QueueState>, Unnamed> {
        let view = scene.engine.queue(scene.tenant, key, scene.now.at);
        view.map(|view| encode::queue(&view, scene)).transpose()
    }

    fn created(answer: wire::QueueState, _: Option<wire::DeviceSecret>) -> Result<wire::QueueState, No> {
        Ok(answer)
    }
}

impl Resource for Devices {
    type Key = DeviceId;
    type Body = wire::Device;
    type Answer = wire::DeviceState;
    type Created = wire::DeviceWithSecret;
    const PLURAL: &'static str = "devices";
    const ONE: &'static str = "device";
    const FILTERS: &'static [Filter] = &[
        NUMBER,
        ("owner", "Only those on this agent's desk."),
        ("state", "Only those of this state: `unregistered`, `idle` or `busy`."),
    ];

    fn told(scene: &Scene<'_>, key: DeviceId) -> Result<Option<wire::DeviceState>, Unnamed> {
        let view = scene.engine.device(scene.tenant, key);
        view.map(|view| encode::device(&view, scene)).transpose()
    }

    async fn keep(
        state: &State,
        who: &Who,
        device: DeviceId,
        _: &wire::Device,
        fresh: bool,
    ) -> Result<Option<wire::DeviceSecret>, No> {
        if fresh { give_secret(state, who, device).await.map(Some) } else { Ok(None) }
    }

    async fn forget(state: &State, _: &Who, device: DeviceId) -> Result<(), No> {
        Ok(state.parts.handle.set_device_secret(device, None).await?)
    }

    fn created(
        device: wire::DeviceState,
        secret: Option<wire::DeviceSecret>,
    ) -> Result<wire::DeviceWithSecret, No> {
        let secret = secret.ok_or_else(|| No::new(Code::Internal, "a new device has no secret"))?;
        Ok(wire::DeviceWithSecret { device, secret })
    }
}

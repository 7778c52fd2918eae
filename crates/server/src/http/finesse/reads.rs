//! What is read: how things are with all that was granted until now.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use cordial_dialects::connector::board::{Board, call_named};
use cordial_dialects::connector::event::AgentWord;
use cordial_dialects::finesse::show::{self, Profile};
use cordial_dialects::finesse::wire::{Contact, List, PhoneBook, SystemInfo, Team, User, WrapUpReason};
use cordial_dialects::finesse::words::{ErrorType, PhoneBookType, ReasonCategory, SystemStatus, WrapUpMode};
use cordial_dialects::native::wire::Time;
use cordial_engine::Engine;
use cordial_engine::entry::{self, Entry, EntryId, Kind};
use cordial_engine::id::{AgentId, ContactId, PhoneBookId, QueueId, TeamId, TenantId};

use super::fault::{No, xml};
use super::visitor::{At, Visitor};
use crate::connector::{Person, wrap_up_mode};
use crate::http::limits::PROFILES_AT_ONCE;
use crate::http::{State, wall};

type Read = Result<Response, No>;

/// `GET SystemInfo`.
pub(super) async fn system(extract::State(state): extract::State<State>, headers: HeaderMap) -> Read {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let status = if state.takes_work() { SystemStatus::InService } else { SystemStatus::OutOfService };
    Ok(xml(&SystemInfo {
        current_timestamp: Time(wall()),
        primary_node: name.map_or(host, |(name, _)| name).to_owned(),
        status,
    }))
}

/// `GET User/{id}`.
pub(super) async fn user(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
) -> Read {
    let Some(agent) = visitor.whom(&id).await?.agent else {
        return Ok(xml(&without_calls(&visitor).await?));
    };
    let profiles = profiles(&state, visitor.tenant, vec![agent]).await?;
    let user = visitor.look(move |board| show::user(board, agent, profiles.get(&agent)?)).await?;
    user.map(|user| xml(&user)).ok_or_else(|| No::new(ErrorType::UserNotFound, "there is no such user", &id))
}

/// A supervisor who takes no calls.
async fn without_calls(visitor: &Visitor) -> Result<User, No> {
    let person = Arc::clone(&visitor.person);
    let profile = Profile {
        is_supervisor: person.supervises(),
        teams: person.supervised(),
        wrap_up_on_incoming: WrapUpMode::NotAllowed,
    };
    visitor.look(move |board| show::user_in(board.floor(), person.is(AgentWord::Unknown), &profile)).await
}

/// `GET User/{id}/Dialogs`.
pub(super) async fn dialogs(Extension(visitor): Extension<Visitor>, At(id): At) -> Read {
    let agent = visitor.whom(&id).await?.agent;
    let dialogs = visitor.look(move |board| {
        let own = |agent| board.dialogs(agent).filter_map(move |(call, _)| show::dialog(board, agent, call));
        agent.into_iter().flat_map(own).collect::<Vec<_>>()
    });
    Ok(xml(&List(&dialogs.await?)))
}

/// `GET Dialog/{id}`: of his own, or of somebody whom he supervises.
pub(super) async fn dialog(Extension(visitor): Extension<Visitor>, At(id): At) -> Read {
    let person = Arc::clone(&visitor.person);
    let found = visitor.look(move |board| {
        let call = call_named(&id)?;
        let own = person.agent.filter(|agent| board.dialog(*agent, call).is_some());
        let agent = own.or_else(|| board.who_has(call).find(|agent| person.reaches(board.team(*agent))))?;
        show::dialog(board, agent, call)
    });
    found.await?.map(|dialog| xml(&dialog)).ok_or_else(|| No::not_found("dialog"))
}

/// `GET User/{id}/Queues`.
pub(super) async fn queues(Extension(visitor): Extension<Visitor>, At(id): At) -> Read {
    let agent = visitor.whom(&id).await?.agent;
    let queues = visitor.look(move |board| {
        let own = agent.map(|agent| queues_of(board, agent)).unwrap_or_default();
        own.into_iter().filter_map(|queue| show::queue(board, queue)).collect::<Vec<_>>()
    });
    Ok(xml(&List(&queues.await?)))
}

/// `GET Queue/{id}`: one that he takes calls of, or whose counts he sees as a supervisor.
pub(super) async fn queue(Extension(visitor): Extension<Visitor>, At(id): At) -> Read {
    let person = Arc::clone(&visitor.person);
    let found = visitor.look(move |board| {
        let queue = QueueId(id.parse().ok()?);
        let is_own = person.agent.is_some_and(|agent| queues_of(board, agent).contains(&queue));
        let is_seen = is_own || (person.supervises() && person.sees(queue));
        is_seen.then(|| show::queue(board, queue))?
    });
    found.await?.map(|queue| xml(&queue)).ok_or_else(|| No::not_found("queue"))
}

fn queues_of(board: &Board, agent: AgentId) -> Vec<QueueId> {
    let seat = board.floor().agents.get(&agent);
    seat.into_iter().flat_map(|seat| seat.memberships.keys().copied()).collect()
}

/// `GET Team/{id}`.
pub(super) async fn team(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    uri: Uri,
) -> Read {
    if !visitor.person.supervises() {
        return Err(No::new(ErrorType::InvalidSupervisor, "only supervisors see teams", &id));
    }
    let all = asked(&uri, "includeLoggedOutAgents").is_some_and(|all| all.eq_ignore_ascii_case("true"));
    let team = id.parse().ok().map(TeamId);
    let agents = visitor.look(move |board| {
        let team = team.filter(|team| board.floor().teams.contains_key(team))?;
        let is_there =
            |agent: &AgentId| board.state(*agent).is_some_and(|state| state.state != AgentWord::LogOut);
        let agents = board.agents(Some(team)).filter(|agent| all || is_there(agent));
        Some((team, agents.collect::<Vec<AgentId>>()))
    });
    let (team, agents) = agents.await?.ok_or_else(|| No::not_found("team"))?;
    if !visitor.person.reaches(Some(team)) {
        return Err(No::new(ErrorType::InvalidSupervisor, "the team is none of yours", &id));
    }
    let profiles = profiles(&state, visitor.tenant, agents).await?;
    let told = visitor.look(move |board| {
        let users = profiles.iter().filter_map(|(agent, profile)| show::user(board, *agent, profile));
        Team { name: show::team_name(board.floor(), team), users: users.collect() }
    });
    Ok(xml(&told.await?))
}

/// `GET User/{id}/ReasonCodes?category=`.
pub(super) async fn reason_codes(Extension(visitor): Extension<Visitor>, At(id): At, uri: Uri) -> Read {
    let agent = visitor.whom(&id).await?.agent;
    let missing = || No::new(ErrorType::ParameterMissing, "`category` is missing", "category");
    let word = asked(&uri, "category").ok_or_else(missing)?;
    let wrong = || No::new(ErrorType::InvalidInput, "`category` is NOT_READY or LOGOUT", "category");
    let category = ReasonCategory::read(&word).ok_or_else(wrong)?;
    let codes = visitor.look(move |board| {
        let team = agent.and_then(|agent| board.team(agent));
        show::reason_codes(board.floor(), team, category)
    });
    Ok(xml(&List(&codes.await?)))
}

/// `GET User/{id}/WrapUpReasons`: the tenant's dispositions.
pub(super) async fn wrap_up_reasons(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
) -> Read {
    visitor.whom(&id).await?;
    let tenant = visitor.tenant;
    let all = state.handle().read(move |engine, _| {
        let one = |(id, _, entry)| {
            let (EntryId::Disposition(id), Entry::Disposition(it)) = (id, entry) else { return None };
            Some(WrapUpReason { id: id.0.to_string(), label: it.name.to_string(), for_all: true })
        };
        engine.entries(tenant, Kind::Disposition).into_iter().filter_map(one).collect::<Vec<_>>()
    });
    Ok(xml(&List(&all.await?)))
}

/// `GET User/{id}/PhoneBooks`.
pub(super) async fn phone_books(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    headers: HeaderMap,
) -> Read {
    let whom = visitor.whom(&id).await?;
    let (tenant, person) = (visitor.tenant, Arc::clone(&visitor.person));
    let books = state.handle().read(move |engine, _| {
        let his = |team| match whom.agent.filter(|_| !whom.is_own) {
            Some(agent) => team == engine.team_of(tenant, agent),
            None => person.sees_of(team),
        };
        let books = engine.phone_books(tenant).filter(|(_, book)| book.team.is_none() || his(book.team));
        books.map(|(id, book)| phone_book(id, book)).collect::<Vec<_>>()
    });
    Ok(xml(&List(part(&headers, &books.await?)?)))
}

/// `GET PhoneBook/{id}/Contacts`.
pub(super) async fn contacts(
    extract::State(state): extract::State<State>,
    Extension(visitor): Extension<Visitor>,
    At(id): At,
    headers: HeaderMap,
) -> Read {
    let (tenant, person) = (visitor.tenant, Arc::clone(&visitor.person));
    let contacts = state.handle().read(move |engine, _| {
        let id = PhoneBookId(id.parse().ok()?);
        engine.phone_books(tenant).find(|(it, book)| *it == id && person.sees_of(book.team))?;
        let contacts = engine.contacts_of(tenant, id);
        Some(contacts.map(|(id, it)| contact(id, it)).collect::<Vec<_>>())
    });
    let contacts = contacts.await?.ok_or_else(|| No::not_found("phone book"))?;
    Ok(xml(&List(part(&headers, &contacts)?)))
}

fn phone_book(id: PhoneBookId, book: &entry::PhoneBook) -> PhoneBook {
    let kind = if book.team.is_none() { PhoneBookType::Global } else { PhoneBookType::Team };
    PhoneBook { id: id.0.to_string(), name: book.name.to_string(), kind }
}

fn contact(id: ContactId, it: &entry::Contact) -> Contact {
    Contact {
        id: id.0.to_string(),
        phone_book: it.phone_book.0.to_string(),
        first_name: it.first_name.to_string(),
        last_name: it.last_name.to_string(),
        phone_number: it.number.as_str().to_owned(),
        description: it.description.to_string(),
    }
}

/// What of a list is wanted, by `Range: objects=1-50`; ranges of other things are none of ours.
fn part<'a, T>(headers: &HeaderMap, all: &'a [T]) -> Result<&'a [T], No> {
    let given = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some(range) = given.and_then(|range| range.trim().strip_prefix("objects=")) else {
        return Ok(all);
    };
    let read = range.split_once('-').and_then(|(first, last)| {
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first >= 1 && first <= last).then_some((first, last))
    });
    let wrong = || No::new(ErrorType::InvalidInput, "a range is `objects=1-50`", "Range");
    let (first, last) = read.ok_or_else(wrong)?;
    let end = last.min(all.len());
    Ok(all.get(first - 1..end).unwrap_or_default())
}

/// What only the directory knows of agents.
async fn profiles(
    state: &State,
    tenant: TenantId,
    agents: Vec<AgentId>,
) -> Result<BTreeMap<AgentId, Profile>, No> {
    let mut all = BTreeMap::new();
    for some in agents.chunks(PROFILES_AT_ONCE) {
        let some = some.to_vec();
        let read = state.handle().read(move |engine, _| {
            some.into_iter().map(|agent| (agent, profile(engine, tenant, agent))).collect::<Vec<_>>()
        });
        all.extend(read.await?);
    }
    Ok(all)
}

fn profile(engine: &Engine, tenant: TenantId, agent: AgentId) -> Profile {
    let user = match engine.entry(tenant, EntryId::Agent(agent)) {
        Some(Entry::Agent(seat)) => seat.user,
        Some(_) | None => None,
    };
    let person = user.and_then(|user| Person::of(engine, tenant, user));
    let mode = person.as_ref().map(Person::wrap_up_mode);
    let mode = mode.unwrap_or_else(|| wrap_up_mode(engine, tenant, agent));
    Profile {
        is_supervisor: person.as_ref().is_some_and(Person::supervises),
        teams: person.map(|person| person.supervised()).unwrap_or_default(),
        wrap_up_on_incoming: WrapUpMode::read(mode).unwrap_or(WrapUpMode::NotAllowed),
    }
}

/// A parameter of the query.
fn asked(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

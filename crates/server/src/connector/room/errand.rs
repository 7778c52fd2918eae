//! What takes time for a request: a password is proved, the engine is asked. Done beside the room, one at a time for each
//! login; what comes of it is told by the room.

use std::net::IpAddr;

use cordial_dialects::connector::control::buttons;
use cordial_dialects::connector::event::Event;
use cordial_dialects::connector::fault::Code;
use cordial_dialects::connector::info::{Contact, Info, Phonebook};
use cordial_dialects::connector::request::Reasons;
use cordial_engine::entry::{self, Entry, EntryId, Kind, ReasonCategory};
use cordial_engine::id::{
    AgentId, CallId, ContactId, DeviceId, DispositionId, PhoneBookId, TeamId, TenantId, UserId,
};
use cordial_engine::{Command, Engine, Refusal};

use super::super::person::Person;
use super::super::rooms::Denied;
use super::plan::Look;
use crate::handle::{Asker, Unavailable};
use crate::http;

/// Something to be done.
pub(super) enum Errand {
    /// Prove who it is.
    Enter(Proof),
    /// The same, and log in the agent at a device.
    LogIn(Proof, DeviceId),
    /// Ask the engine.
    Command(Asker, Command),
    /// Look something up.
    Look((Asker, UserId), Option<AgentId>, Look),
}

/// What a password is proved with.
pub(super) struct Proof {
    pub(super) peer: IpAddr,
    pub(super) domain: String,
    pub(super) login: String,
    pub(super) password: String,
}

/// What came of it.
pub(super) enum Outcome {
    /// He is who he says.
    Entered(Box<Person>),
    /// And has logged in.
    LoggedIn(Box<Person>),
    /// It is so.
    Granted,
    /// It was so before.
    AlreadySo,
    /// Tell these.
    Say(Vec<Event>),
    /// It is not so.
    Refused(Code, String),
}

impl Outcome {
    /// As an answer to somebody who has no session.
    pub(super) fn answer(self) -> Result<Vec<Event>, Denied> {
        match self {
            Self::Granted | Self::AlreadySo | Self::Entered(_) | Self::LoggedIn(_) => Ok(Vec::new()),
            Self::Say(events) => Ok(events),
            Self::Refused(code, detail) => Err(Denied { code, detail }),
        }
    }
}

/// Where errands are done.
#[derive(Clone)]
pub(super) struct Errands {
    pub(super) state: http::State,
    pub(super) tenant: TenantId,
}

impl Errands {
    /// Does one, and gives the number of the last event by then: whatever follows from it is up to that number.
    pub(super) async fn run(&self, errand: Errand) -> (Outcome, u64) {
        let outcome = match errand {
            Errand::Enter(proof) => match self.enter(&proof, Code::SubscriptionFailed).await {
                Ok(person) => Outcome::Entered(Box::new(person)),
                Err(refused) => refused,
            },
            Errand::LogIn(proof, device) => self.log_in(&proof, device).await,
            Errand::Command(by, command) => self.command(by, command).await,
            Errand::Look(by, agent, look) => self.look(by, agent, look).await,
        };
        (outcome, self.state.handle().durable_seq())
    }

    async fn enter(&self, proof: &Proof, wrong: Code) -> Result<Person, Outcome> {
        let refused = |code, text: &str| Outcome::Refused(code, text.to_owned());
        let Proof { peer, domain, login, password } = proof;
        let user = match self.state.proves(*peer, domain, login, password).await {
            Ok(Some(user)) => user,
            Ok(None) => return Err(refused(wrong, "the login or the password is wrong")),
            Err(http::TurnedAway::TooMuch) => {
                return Err(refused(Code::AccountLockedOut, "too many attempts; try again later"));
            }
            Err(http::TurnedAway::Wrong | http::TurnedAway::Unavailable) => return Err(unavailable()),
        };
        let tenant = self.tenant;
        let person = self.state.handle().read(move |engine, _| Person::of(engine, tenant, user)).await;
        let person = person.map_err(|why| unavailable_because(&why))?;
        person
            .filter(|person| person.agent.is_some() || person.supervises())
            .ok_or_else(|| refused(Code::UserNotFound, "the login is neither an agent's nor a supervisor's"))
    }

    async fn log_in(&self, proof: &Proof, device: DeviceId) -> Outcome {
        let person = match self.enter(proof, Code::InvalidPassword).await {
            Ok(person) => person,
            Err(refused) => return refused,
        };
        if let Some(agent) = person.agent {
            let by = cordial_engine::Actor::User(person.user);
            let outcome = self.command(by.into(), Command::LogIn { agent, device }).await;
            if !matches!(outcome, Outcome::Granted | Outcome::AlreadySo) {
                return outcome;
            }
        }
        Outcome::LoggedIn(Box::new(person))
    }

    async fn command(&self, by: Asker, command: Command) -> Outcome {
        match self.state.handle().command(self.tenant, by, command).await {
            Ok(Ok(_)) => Outcome::Granted,
            Ok(Err(Refusal::AlreadySo)) => Outcome::AlreadySo,
            Ok(Err(refusal)) => Outcome::Refused(Code::of(&refusal), refusal.to_string()),
            Err(why) => unavailable_because(&why),
        }
    }

    async fn look(&self, (by, user): (Asker, UserId), agent: Option<AgentId>, look: Look) -> Outcome {
        match look {
            Look::Reasons(which) => self.reasons(agent, which).await,
            Look::Controls { call, call_type, state } => {
                let tenant = self.tenant;
                let allowed = self.state.handle().read(move |engine, _| {
                    let legs = engine.call(tenant, call)?.legs;
                    let own = legs.into_iter().find(|leg| leg.agent == agent)?;
                    Some(own.actions)
                });
                match allowed.await {
                    Ok(allowed) => {
                        let dialog = Info::DialogControls { call_type, state, dialog: call.0.to_string() };
                        let shown = Info::Controls(buttons(&allowed.unwrap_or_default()));
                        Outcome::Say(vec![Event::Info(dialog), Event::Info(shown)])
                    }
                    Err(why) => unavailable_because(&why),
                }
            }
            Look::WrapUp { call, label } => self.wrap_up(by, agent, call, label).await,
            Look::Phonebooks => self.phone_books(user, None).await,
            Look::TeamPhonebooks(team) => self.phone_books(user, Some(team)).await,
            Look::Contacts(book) => self.contacts(user, book).await,
        }
    }

    async fn reasons(&self, agent: Option<AgentId>, which: Reasons) -> Outcome {
        let tenant = self.tenant;
        let codes = self.state.handle().read(move |engine, _| {
            let team = agent.and_then(|agent| engine.team_of(tenant, agent));
            codes(engine, tenant, team, which)
        });
        match codes.await {
            Ok(codes) => {
                Outcome::Say(vec![Event::ReasonCodes { category: category(which).to_owned(), codes }])
            }
            Err(why) => unavailable_because(&why),
        }
    }

    /// The phone books that somebody sees, or those of a team that he sees.
    async fn phone_books(&self, user: UserId, team: Option<TeamId>) -> Outcome {
        let tenant = self.tenant;
        let books = self.state.handle().read(move |engine, _| {
            let person = Person::of(engine, tenant, user)?;
            if team.is_some() && !person.sees_of(team) {
                return None;
            }
            let is_wanted = |book: &entry::PhoneBook| match team {
                Some(_) => book.team == team,
                None => person.sees_of(book.team),
            };
            let books = engine.phone_books(tenant).filter(|(_, book)| is_wanted(book));
            Some(books.map(|(id, book)| phone_book(id, book)).collect::<Vec<_>>())
        });
        match books.await {
            Ok(Some(books)) if team.is_some() => Outcome::Say(vec![Event::Info(Info::TeamPhonebooks(books))]),
            Ok(Some(books)) => Outcome::Say(vec![Event::Info(Info::Phonebooks(books))]),
            Ok(None) => Outcome::Refused(Code::AuthorizationFailure, "the team is none of yours".to_owned()),
            Err(why) => unavailable_because(&why),
        }
    }

    /// What is in a phone book that somebody sees, by its number or its name.
    async fn contacts(&self, user: UserId, wanted: String) -> Outcome {
        let tenant = self.tenant;
        let found = self.state.handle().read(move |engine, _| {
            let person = Person::of(engine, tenant, user)?;
            let called = |id: PhoneBookId, book: &entry::PhoneBook| {
                id.0.to_string() == wanted || book.name.as_str().eq_ignore_ascii_case(&wanted)
            };
            let mut books = engine.phone_books(tenant).filter(|(_, book)| person.sees_of(book.team));
            let (id, _) = books.find(|(id, book)| called(*id, book))?;
            Some(engine.contacts_of(tenant, id).map(|(id, it)| contact(id, it)).collect::<Vec<_>>())
        });
        match found.await {
            Ok(Some(contacts)) => Outcome::Say(vec![Event::Info(Info::Contacts(contacts))]),
            Ok(None) => Outcome::Refused(Code::NotFound, "no phone book of yours is called so".to_owned()),
            Err(why) => unavailable_because(&why),
        }
    }

    async fn wrap_up(&self, by: Asker, agent: Option<AgentId>, call: CallId, label: String) -> Outcome {
        let tenant = self.tenant;
        let found = self.state.handle().read(move |engine, _| disposition_called(engine, tenant, &label));
        match (found.await, agent) {
            (Ok(Some(disposition)), Some(agent)) => {
                let command = Command::SetDisposition { call, agent, disposition, note: Default::default() };
                self.command(by, command).await
            }
            (Ok(_), _) => {
                Outcome::Refused(Code::MissingReasonCode, "no wrap-up reason is called so".to_owned())
            }
            (Err(why), _) => unavailable_because(&why),
        }
    }
}

fn unavailable() -> Outcome {
    Outcome::Refused(Code::PleaseRetry, "nobody can answer now; try again".to_owned())
}

fn unavailable_because(why: &Unavailable) -> Outcome {
    let code = match why {
        Unavailable::Overloaded => Code::PleaseRetry,
        Unavailable::Stopping => Code::Down,
        Unavailable::Storage => Code::GeneralError,
    };
    Outcome::Refused(code, why.to_string())
}

const fn category(which: Reasons) -> &'static str {
    match which {
        Reasons::NotReady => "NOT_READY",
        Reasons::LogOut => "LOGOUT",
        Reasons::WrapUp => "WrapUp",
    }
}

/// The codes that somebody of a team may give, with their labels.
fn codes(engine: &Engine, tenant: TenantId, team: Option<TeamId>, which: Reasons) -> Vec<(String, String)> {
    let kind = match which {
        Reasons::NotReady | Reasons::LogOut => Kind::Reason,
        Reasons::WrapUp => Kind::Disposition,
    };
    let is_wanted = |category: ReasonCategory| match which {
        Reasons::NotReady => category.is_for_not_ready(),
        Reasons::LogOut => category.is_for_log_out(),
        Reasons::WrapUp => false,
    };
    let one = |entry: Entry, id| {
        if let (Entry::Reason(reason), EntryId::Reason(id)) = (&entry, id) {
            let is_his = reason.team.is_none() || reason.team == team;
            let is_wanted = is_wanted(reason.category);
            (is_his && is_wanted).then(|| (id.0.to_string(), reason.name.to_string()))
        } else if let (Entry::Disposition(disposition), EntryId::Disposition(id)) = (&entry, id) {
            Some((id.0.to_string(), disposition.name.to_string()))
        } else {
            None
        }
    };
    engine.entries(tenant, kind).into_iter().filter_map(|(id, _, entry)| one(entry, id)).collect()
}

fn phone_book(id: PhoneBookId, book: &entry::PhoneBook) -> Phonebook {
    Phonebook { name: book.name.to_string(), is_global: book.team.is_none(), id: id.0.to_string() }
}

fn contact(id: ContactId, it: &entry::Contact) -> Contact {
    Contact {
        description: it.description.to_string(),
        first_name: it.first_name.to_string(),
        last_name: it.last_name.to_string(),
        phone_number: it.number.as_str().to_owned(),
        id: id.0.to_string(),
    }
}

fn disposition_called(engine: &Engine, tenant: TenantId, label: &str) -> Option<DispositionId> {
    let all = engine.entries(tenant, Kind::Disposition).into_iter();
    let mut all = all.filter_map(|(id, _, entry)| {
        let (EntryId::Disposition(id), Entry::Disposition(disposition)) = (id, entry) else { return None };
        Some((id, disposition.name))
    });
    all.find(|(id, name)| name.as_str().eq_ignore_ascii_case(label) || id.0.to_string() == label)
        .map(|(id, _)| id)
}

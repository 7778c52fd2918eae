//! Who listens where: the sessions of a tenant, one for each login, and what is known of the connections that they came by.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use cordial_dialects::connector::event::Format;
use cordial_dialects::connector::stomp::destination::{Destination, Kind};
use cordial_dialects::native::wire::Scope;
use cordial_engine::id::{AgentId, DeviceId, TeamId};
use reqwest::Url;
use tokio::time::Instant;

use super::super::person::Person;
use super::super::settings::Settings;
use super::super::{Address, Heard, Way};
use crate::limits::CONNECTOR_CONNECTIONS_MAX;
use crate::stomp::broker::SessionId;

/// All of them.
#[derive(Default)]
pub(super) struct Clients {
    sessions: BTreeMap<String, Session>,
    by_agent: BTreeMap<AgentId, String>,
    watchers: BTreeMap<TeamId, BTreeSet<String>>,
    /// Where those listen who said so (`Hello`), by connection.
    greeted: BTreeMap<SessionId, Place>,
    /// Where those are called who came by HTTP, by what they call their session and whence they came.
    callbacks: BTreeMap<(String, IpAddr), Url>,
    /// When those were last heard who say that they are there.
    beats: BTreeMap<Address, Instant>,
}

/// Where a client listens, and how it wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What the client calls it.
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) format: Format,
}

/// A login that is told what happens to it.
pub(super) struct Session {
    pub(super) person: Person,
    pub(super) place: Place,
    /// The way by which the password came.
    via: Way,
    /// The phone of a supervisor who is no agent.
    device: Option<DeviceId>,
    /// The teams of which he is told.
    teams: BTreeSet<TeamId>,
}

impl Session {
    /// Whether a request that came by that way may be one of this session: by what the password came, or by who is himself the
    /// user. At a broker of the site's everybody may send whom it lets.
    pub(super) fn is_spoken_for(&self, way: &Way) -> bool {
        let acts = |scopes: &BTreeSet<Scope>| scopes.iter().any(|scope| *scope != Scope::Read);
        let is_itself = match way {
            Way::Embedded { visitor, .. } => visitor.user == Some(self.person.user) && acts(&visitor.scopes),
            Way::Broker | Way::Web { .. } => false,
        };
        is_itself
            || match (&self.via, way) {
                (Way::Broker, Way::Broker) => true,
                (Way::Embedded { visitor: first, .. }, Way::Embedded { visitor, .. }) => {
                    visitor.user.is_some() && visitor.user == first.user
                }
                (Way::Web { session: first, peer: from, .. }, Way::Web { session, peer, .. }) => {
                    (first, from) == (session, peer)
                }
                (Way::Broker | Way::Embedded { .. } | Way::Web { .. }, _) => false,
            }
    }

    fn came_by(&self, way: &Way) -> bool {
        match (&self.via, way) {
            (Way::Embedded { session: first, .. }, Way::Embedded { session, .. }) => first == session,
            _ => self.is_spoken_for(way),
        }
    }
}

impl Clients {
    /// Keeps what a request says of the connection that it came by.
    pub(super) fn note(&mut self, way: &Way) {
        if let Way::Web { session, callback: Some(callback), peer } = way {
            self.callbacks.insert((session.clone(), *peer), callback.clone());
            if self.callbacks.len() > CONNECTOR_CONNECTIONS_MAX {
                let used: BTreeSet<Address> =
                    self.sessions.values().map(|it| it.place.address.clone()).collect();
                self.callbacks.retain(|_, url| used.contains(&Address::Web(url.clone())));
            }
        }
    }

    /// A client says where it listens.
    pub(super) fn greet(&mut self, way: &Way, name: &str, settings: &Settings) -> Option<Place> {
        let place = self.place(way, name, settings)?;
        if let Way::Embedded { session, .. } = way {
            self.greeted.insert(*session, place.clone());
            if self.greeted.len() > CONNECTOR_CONNECTIONS_MAX {
                // The oldest connection has the lowest number.
                self.greeted.pop_first();
            }
        }
        Some(place)
    }

    /// The place with that name, by the way that somebody came.
    pub(super) fn place(&self, way: &Way, name: &str, settings: &Settings) -> Option<Place> {
        let topic = || Destination::new(Kind::Topic, name).ok().map(|topic| topic.name().to_owned());
        let (address, usual) = match way {
            Way::Embedded { visitor, .. } => {
                (Address::Embedded { topic: topic()?, user: visitor.user }, settings.format(name))
            }
            Way::Broker => (Address::Broker(topic()?), settings.format(name)),
            Way::Web { .. } => (Address::Web(self.callback(way)?), Format::Json),
        };
        Some(Place { name: name.to_owned(), address, format: settings.format_named(name).unwrap_or(usual) })
    }

    /// Where somebody listens who did not say so with this request.
    pub(super) fn place_of(&self, heard: &From, login: &str, settings: &Settings) -> Option<Place> {
        let session = self.sessions.get(login);
        let here = || session.filter(|it| it.came_by(&heard.way)).map(|it| it.place.clone());
        let greeted = || match &heard.way {
            Way::Embedded { session, .. } => self.greeted.get(session).cloned(),
            Way::Web { .. } => self.place(&heard.way, "", settings),
            Way::Broker => None,
        };
        let elsewhere = || session.filter(|it| it.is_spoken_for(&heard.way)).map(|it| it.place.clone());
        let replied = || self.place(&heard.way, heard.reply_to.as_deref()?, settings);
        let others = || match heard.way {
            Way::Embedded { .. } | Way::Web { .. } => {
                self.sessions.values().find(|it| it.came_by(&heard.way)).map(|it| it.place.clone())
            }
            // Whoever sends by a broker of the site's looks like everybody else there.
            Way::Broker => None,
        };
        here().or_else(greeted).or_else(elsewhere).or_else(others).or_else(replied)
    }

    fn callback(&self, way: &Way) -> Option<Url> {
        let Way::Web { session, callback, peer } = way else { return None };
        callback.clone().or_else(|| self.callbacks.get(&(session.clone(), *peer)).cloned())
    }

    /// A login listens at a place from now on. Gives its session until now, if it listened elsewhere.
    pub(super) fn connect(&mut self, person: Person, place: Place, via: Way) -> Option<Session> {
        let login = person.login.clone();
        let before = self.remove(&login);
        let stays = before.as_ref().is_some_and(|session| session.place.address == place.address);
        let (device, teams) = match &before {
            Some(session) if stays => (session.device, session.teams.clone()),
            Some(_) | None => (None, BTreeSet::new()),
        };
        for team in &teams {
            self.watchers.entry(*team).or_default().insert(login.clone());
        }
        self.by_agent.extend(person.agent.map(|agent| (agent, login.clone())));
        self.sessions.insert(login, Session { person, place, via, device, teams });
        before.filter(|_| !stays)
    }

    /// A login is heard of no more.
    pub(super) fn remove(&mut self, login: &str) -> Option<Session> {
        let session = self.sessions.remove(login)?;
        if let Some(agent) = session.person.agent {
            self.by_agent.remove(&agent);
        }
        for team in &session.teams {
            if let Some(watchers) = self.watchers.get_mut(team) {
                watchers.remove(login);
            }
        }
        self.watchers.retain(|_, watchers| !watchers.is_empty());
        Some(session)
    }

    /// Whose person is another than before; what he may no longer see is not told to him any more.
    pub(super) fn renew(&mut self, login: &str, person: Person) {
        let Some(session) = self.sessions.get_mut(login) else { return };
        if session.person == person {
            return;
        }
        if let Some(agent) = session.person.agent {
            self.by_agent.remove(&agent);
        }
        self.by_agent.extend(person.agent.map(|agent| (agent, login.to_owned())));
        let lost: Vec<TeamId> =
            session.teams.iter().copied().filter(|team| !person.reaches(Some(*team))).collect();
        session.person = person;
        for team in lost {
            session.teams.remove(&team);
            if let Some(watchers) = self.watchers.get_mut(&team) {
                watchers.remove(login);
            }
        }
    }

    /// A supervisor who is no agent is at a phone.
    pub(super) fn sit(&mut self, login: &str, device: DeviceId) {
        if let Some(session) = self.sessions.get_mut(login) {
            session.device = Some(device);
        }
    }

    pub(super) fn watch(&mut self, login: &str, team: TeamId) {
        if let Some(session) = self.sessions.get_mut(login) {
            session.teams.insert(team);
            self.watchers.entry(team).or_default().insert(login.to_owned());
        }
    }

    pub(super) fn get(&self, login: &str) -> Option<&Session> {
        self.sessions.get(login)
    }

    pub(super) fn of_agent(&self, agent: AgentId) -> Option<&Session> {
        self.sessions.get(self.by_agent.get(&agent)?)
    }

    pub(super) fn of_user(&self, user: cordial_engine::id::UserId) -> Option<&Session> {
        self.sessions.values().find(|session| session.person.user == user)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Session)> {
        self.sessions.iter()
    }

    /// The supervisors who listen to a team.
    pub(super) fn watchers(&self, team: TeamId) -> impl Iterator<Item = &Session> {
        let logins = self.watchers.get(&team).into_iter().flatten();
        logins.filter_map(|login| self.sessions.get(login))
    }

    /// A supervisor of a team for whom a request may speak that came by that way.
    pub(super) fn supervisor(&self, way: &Way, team: Option<TeamId>) -> Option<&Session> {
        self.sessions.values().find(|it| it.is_spoken_for(way) && it.person.reaches(team))
    }

    /// Every place where somebody listens, once.
    pub(super) fn places(&self) -> BTreeMap<Address, Place> {
        let places = self.sessions.values().map(|session| &session.place);
        places.map(|place| (place.address.clone(), place.clone())).collect()
    }

    /// A client says that it is there, or shows so by what it asks. Only those are missed who say so.
    pub(super) fn beat(&mut self, address: &Address, now: Instant, says_so: bool) {
        match self.beats.get_mut(address) {
            Some(last) => *last = now,
            None if says_so && self.sessions.values().any(|session| session.place.address == *address) => {
                self.beats.insert(address.clone(), now);
            }
            None => {}
        }
    }

    /// The logins of those who said that they are there, and have been silent since that moment. They are not missed twice.
    pub(super) fn silent(&mut self, since: Instant) -> Vec<String> {
        let silent: BTreeSet<Address> =
            self.beats.extract_if(.., |_, last| *last <= since).map(|(address, _)| address).collect();
        let missed = self.sessions.iter().filter(|(_, session)| silent.contains(&session.place.address));
        missed.map(|(login, _)| login.clone()).collect()
    }
}

impl Session {
    /// Where his phone is, if he is no agent who is at one.
    pub(super) const fn own_device(&self) -> Option<DeviceId> {
        self.device
    }
}

/// Whence a request came, and what its answer needs.
#[derive(Clone, Debug)]
pub(super) struct From {
    pub(super) way: Way,
    pub(super) correlation: Option<String>,
    pub(super) reply_to: Option<String>,
}

impl From {
    pub(super) fn of(heard: &Heard) -> Self {
        Self {
            way: heard.way.clone(),
            correlation: heard.correlation.clone(),
            reply_to: heard.reply_to.clone(),
        }
    }

    /// The address of the machine it came from, as far as that is known.
    pub(super) const fn peer(&self) -> IpAddr {
        match &self.way {
            Way::Embedded { visitor, .. } => visitor.peer,
            Way::Web { peer, .. } => *peer,
            Way::Broker => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        }
    }
}

//! One tenant's clients: what they ask, one request of a login at a time, and what they are told.
//!
//! The room folds the tenant's events into a board ([`cordial_dialects::connector::board`]) and tells what is new. Whatever takes
//! time is done beside it (`errand`); what follows from it in events is told before its answer.

mod clients;
mod errand;
mod plan;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cordial_dialects::connector::board::{Board, News};
use cordial_dialects::connector::catalogue;
use cordial_dialects::connector::event::{AgentState, AgentWord, CallEvent, Event, Told};
use cordial_dialects::connector::fault::Code;
use cordial_dialects::connector::request::{Ask, Request};
use cordial_dialects::floor::Floor;
use cordial_engine::command::{Access, Note, Origin};
use cordial_engine::entry::EntryId;
use cordial_engine::id::{AgentId, TenantId};
use cordial_engine::{Actor, Command, Event as Happened, Fact};
use cordial_store::KnownDestination;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use self::clients::{Clients, From, Place, Session};
use self::errand::{Errand, Errands, Outcome, Proof};
use self::plan::{Desk, Step, member_told};
use super::person::Person;
use super::rooms::{Denied, Inquiry, Question, ToRoom};
use super::settings::Settings;
use super::{Address, Heard, Post, Ways};
use crate::config::OnSilence;
use crate::events::{Reached, Subscription};
use crate::handle::{Asker, Unavailable};
use crate::http;
use crate::limits::{CONNECTOR_LINE_MAX, CONNECTOR_PAUSE, CONNECTOR_TICK};

/// The clients of a tenant.
pub(super) struct Room {
    errands: Errands,
    /// The tenant's domain, in which logins are.
    domain: String,
    settings: Arc<Settings>,
    ways: Ways,
    board: Board,
    events: Subscription,
    clients: Clients,
    /// Requests that wait, by login. A login is here as long as a request of it is being done.
    lines: BTreeMap<String, VecDeque<Asked>>,
    /// What those are to be told who are just logging in: that they are, first.
    held: BTreeMap<AgentId, Vec<Event>>,
    doing: JoinSet<Done>,
    tick: Interval,
}

/// A request that was read.
struct Asked {
    from: From,
    login: String,
    ask: Ask,
}

/// A request that was done.
struct Done {
    asked: Asked,
    /// Whose news are held back until then.
    held: Option<AgentId>,
    outcome: Outcome,
    /// The last event by then.
    seq: u64,
}

/// The floor of a tenant, and its events from there on.
async fn look(state: &http::State, tenant: TenantId) -> Result<(Board, Subscription, String), Unavailable> {
    let handle = state.handle();
    let (seq, (floor, domain)) = handle
        .snapshot(move |engine, now| {
            let floor = Floor::of(engine, tenant, now);
            let domain = floor.domain.clone();
            (floor, domain)
        })
        .await?;
    Ok((Board::new(floor), handle.subscribe(tenant, Some(seq)).await?, domain))
}

impl Room {
    pub(super) async fn open(
        state: &http::State,
        tenant: TenantId,
        settings: Arc<Settings>,
        ways: Ways,
    ) -> Result<Self, Unavailable> {
        let (board, events, domain) = look(state, tenant).await?;
        let mut tick = interval(CONNECTOR_TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            errands: Errands { state: state.clone(), tenant },
            domain,
            settings,
            ways,
            board,
            events,
            clients: Clients::default(),
            lines: BTreeMap::new(),
            held: BTreeMap::new(),
            doing: JoinSet::new(),
            tick,
        })
    }

    /// Serves until nobody can ask any more; then tells everybody that it is over.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<ToRoom>) {
        loop {
            tokio::select! {
                asked = asked.recv() => match asked {
                    Some(ToRoom::Heard(heard)) => self.hear(heard),
                    Some(ToRoom::Inquiry(inquiry)) => self.inquire(inquiry).await,
                    None => break,
                },
                event = self.events.next() => match event {
                    Some(event) => self.happen(&event).await,
                    None => self.begin_anew().await,
                },
                Some(done) = self.doing.join_next() => match done {
                    Ok(done) => self.finish(done).await,
                    Err(error) => tracing::error!(%error, "a request of the connector was not done"),
                },
                _ = self.tick.tick() => self.miss_the_silent(),
            }
        }
        for place in self.clients.places().values() {
            self.post(place, "", "", Event::System { up: false }, None);
        }
    }

    /// Reads a request, and does it when the one before of the same login is done.
    fn hear(&mut self, heard: Heard) {
        self.clients.note(&heard.way);
        let from = From::of(&heard);
        let Heard { kind, body, sent, .. } = heard;
        let whose = || kind.split_once('#').map_or("", |(_, whose)| whose.trim()).to_owned();
        let age = sent.map_or(0, |sent| http::wall().0.saturating_sub(sent.0));
        if u128::try_from(age).is_ok_and(|age| age > self.settings.stale.as_millis()) {
            return self.refuse(&from, &whose(), Code::PleaseRetry, "the request came too late");
        }
        let request = match Request::parse(&kind, body.as_deref()) {
            Ok(request) => request,
            Err(code) => return self.refuse(&from, &whose(), code, "the request cannot be read"),
        };
        let Request { whose: login, ask } = request;
        if matches!(ask, Ask::Hello | Ask::Beat) {
            return self.greet(&from, &login, &ask);
        }
        if let Some(session) = self.clients.get(&login).filter(|session| session.is_spoken_for(&from.way)) {
            let address = session.place.address.clone();
            self.clients.beat(&address, Instant::now(), false);
        }
        let asked = Asked { from, login, ask };
        match self.lines.get_mut(&asked.login) {
            Some(line) if line.len() < CONNECTOR_LINE_MAX => line.push_back(asked),
            Some(_) => {
                self.refuse(&asked.from, &asked.login, Code::PleaseRetry, "too much is asked at once");
            }
            None => {
                self.lines.insert(asked.login.clone(), VecDeque::new());
                self.begin(asked);
            }
        }
    }

    /// Answers somebody who has no session: by how it is with all that is durable.
    async fn inquire(&mut self, inquiry: Inquiry) {
        self.catch_up(self.errands.state.handle().durable_seq()).await;
        match inquiry {
            Inquiry::Look(look) => look(&self.board),
            Inquiry::Ask(Question { user, about, by, ask, answer }) => {
                let tenant = self.errands.tenant;
                let person =
                    self.errands.state.handle().read(move |engine, _| Person::of(engine, tenant, user));
                let person = person.await.ok().flatten();
                match person
                    .ok_or(Code::UserNotFound)
                    .and_then(|person| self.errand(&person, about, by, &ask))
                {
                    Ok(Ok(errand)) => {
                        let errands = self.errands.clone();
                        // It is one command of one who waits for it; nothing of the room's hangs on it.
                        tokio::spawn(async move { answer.send(errands.run(errand).await.0.answer()).ok() });
                    }
                    Ok(Err(events)) => drop(answer.send(Ok(events))),
                    Err(code) => drop(answer.send(Err(Denied::of(code)))),
                }
            }
        }
    }

    /// What is to be done for somebody, or what is to be told at once.
    fn errand(
        &self,
        person: &Person,
        about: Option<AgentId>,
        by: Asker,
        ask: &Ask,
    ) -> Result<Result<Errand, Vec<Event>>, Code> {
        let about = about.or(person.agent);
        let reaches = about.is_some_and(|agent| person.reaches(self.board.team(agent)));
        if about != person.agent && !(reaches && ask.is_of_state()) {
            return Err(Code::AuthorizationFailure);
        }
        let device = person.agent.and_then(|agent| self.board.device(agent));
        let step = Desk { board: &self.board, person, agent: about, device }.plan(ask)?;
        Ok(match step {
            Step::Say(events) | Step::Watch(_, events) => Err(events),
            Step::Command(command) => Ok(Errand::Command(by, command)),
            Step::Look(look) => Ok(Errand::Look((by, person.user), about, look)),
        })
    }

    /// A client says that it is there, and where it listens.
    fn greet(&mut self, from: &From, name: &str, ask: &Ask) {
        let Some(place) = self.clients.greet(&from.way, name, &self.settings) else {
            return no_destination(name);
        };
        self.clients.beat(&place.address, Instant::now(), *ask == Ask::Beat);
        let up = self.errands.state.takes_work();
        self.post(&place, "", "", Event::System { up }, from.correlation.as_deref());
    }

    /// Begins a request, and if it is done at once those that waited for it.
    fn begin(&mut self, first: Asked) {
        let mut next = Some(first);
        while let Some(asked) = next {
            let login = asked.login.clone();
            if let Some((errand, held)) = self.step(&asked) {
                let errands = self.errands.clone();
                self.doing.spawn(async move {
                    let (outcome, seq) = errands.run(errand).await;
                    Done { asked, held, outcome, seq }
                });
                return;
            }
            next = self.lines.get_mut(&login).and_then(VecDeque::pop_front);
            if next.is_none() {
                self.lines.remove(&login);
            }
        }
    }

    /// What is to be done for a request; `None` when that was done.
    fn step(&mut self, asked: &Asked) -> Option<(Errand, Option<AgentId>)> {
        let Asked { from, login, ask } = asked;
        if let Ask::LogIn { password, extension } = ask {
            return self.admit(asked, password, extension);
        }
        if let Ask::Connect { destination, password } = ask {
            if self.clients.place(&from.way, destination, &self.settings).is_none() {
                no_destination(destination);
                return None;
            }
            return Some((Errand::Enter(self.proof(from, login, password)), None));
        }
        match self.planned(asked, ask)? {
            Step::Say(events) => self.say(from, login, events),
            Step::Watch(team, events) => {
                self.clients.watch(login, team);
                self.say(from, login, events);
            }
            Step::Command(command) => {
                return Some((Errand::Command(self.asker(from, login)?, command), None));
            }
            Step::Look(look) => {
                let person = &self.clients.get(login)?.person;
                let (agent, user) = (person.agent, person.user);
                return Some((Errand::Look((self.asker(from, login)?, user), agent, look), None));
            }
        }
        None
    }

    /// Whether somebody may log in there; his news wait until he has.
    fn admit(&mut self, asked: &Asked, password: &str, extension: &str) -> Option<(Errand, Option<AgentId>)> {
        let Asked { from, login, .. } = asked;
        if self.clients.place_of(from, login, &self.settings).is_none() {
            no_destination(login);
            return None;
        }
        let Some(device) = self.board.device_called(extension) else {
            self.refuse(from, login, Code::InvalidLogonDevice, "no phone has that extension");
            return None;
        };
        let agent = self.board.agent_of(login);
        let is_in =
            |agent: AgentId| self.board.state(agent).is_some_and(|state| state.state != AgentWord::LogOut);
        let agents = self.clients.all().filter_map(|(_, session)| session.person.agent);
        let counted = agents.filter(|agent| is_in(*agent)).count() + self.held.len();
        let is_full = self.settings.licences.is_some_and(|licences| counted >= licences);
        if is_full && !agent.is_some_and(is_in) {
            self.refuse(from, login, Code::LicensesExceeded, "as many agents are logged in as may be");
            return None;
        }
        if let Some(agent) = agent {
            self.held.insert(agent, Vec::new());
        }
        Some((Errand::LogIn(self.proof(from, login, password), device), agent))
    }

    fn proof(&self, from: &From, login: &str, password: &str) -> Proof {
        Proof {
            peer: from.peer(),
            domain: self.domain.clone(),
            login: login.to_owned(),
            password: password.to_owned(),
        }
    }

    /// What is to be done for a request of somebody who should have come in before: himself, or who supervises him.
    fn planned(&self, asked: &Asked, ask: &Ask) -> Option<Step> {
        let Asked { from, login, .. } = asked;
        let session = self.clients.get(login);
        let own = session.filter(|session| session.is_spoken_for(&from.way));
        let step = if let Some(session) = own {
            self.desk(session, session.person.agent).plan(ask)
        } else {
            let agent = self.board.agent_of(login);
            let supervisor =
                agent.and_then(|agent| self.clients.supervisor(&from.way, self.board.team(agent)));
            match supervisor {
                Some(supervisor) if ask.is_of_state() => self.desk(supervisor, agent).plan(ask),
                Some(_) => Err(Code::AuthorizationFailure),
                None if session.is_some() => Err(Code::AuthorizationFailure),
                None => {
                    self.re_login(from, login);
                    return None;
                }
            }
        };
        match step {
            Ok(step) => Some(step),
            Err(code) => {
                self.refuse(from, login, code, "");
                None
            }
        }
    }

    fn desk<'a>(&'a self, session: &'a Session, agent: Option<AgentId>) -> Desk<'a> {
        let own = session.person.agent.and_then(|agent| self.board.device(agent));
        Desk { board: &self.board, person: &session.person, agent, device: own.or(session.own_device()) }
    }

    /// In whose name something is asked.
    fn asker(&self, from: &From, login: &str) -> Option<Asker> {
        let own = self.clients.get(login).filter(|session| session.is_spoken_for(&from.way));
        let supervisor = || {
            let team = self.board.team(self.board.agent_of(login)?);
            self.clients.supervisor(&from.way, team)
        };
        let session = own.or_else(supervisor)?;
        let origin = Origin { token: None, address: Some(from.peer()) };
        Some(Asker::from(Actor::User(session.person.user), origin))
    }

    /// What came of a request is told after the events that came of it.
    async fn finish(&mut self, done: Done) {
        self.catch_up(done.seq).await;
        let Done { asked, held, outcome, .. } = done;
        let held = held.and_then(|agent| self.held.remove(&agent)).unwrap_or_default();
        let Asked { from, login, ask } = &asked;
        match outcome {
            Outcome::Entered(person) => {
                if let Ask::Connect { destination, .. } = ask
                    && let Some(place) = self.clients.place(&from.way, destination, &self.settings)
                {
                    self.connect(*person, place, from);
                }
            }
            Outcome::LoggedIn(person) => self.logged_in(&asked, *person, held),
            Outcome::Granted => {}
            Outcome::AlreadySo if ask.is_of_state() => {
                let agent = self.board.agent_of(login);
                let state = agent.and_then(|agent| self.board.state(agent));
                self.say(from, login, state.into_iter().map(Event::State).collect());
            }
            Outcome::AlreadySo => self.refuse(from, login, Code::InvalidObjectState, "it is so already"),
            Outcome::Say(events) => self.say(from, login, events),
            Outcome::Refused(code, detail) => {
                if let Some(session) = self.clients.get(login) {
                    held.into_iter().for_each(|event| self.tell(session, event, None));
                }
                self.refuse(from, login, code, &detail);
            }
        }
        let next = self.lines.get_mut(&asked.login).and_then(VecDeque::pop_front);
        match next {
            Some(next) => self.begin(next),
            None => drop(self.lines.remove(&asked.login)),
        }
    }

    /// A login listens there from now on, and nowhere else.
    fn connect(&mut self, person: Person, place: Place, from: &From) {
        self.ways.claim(self.errands.tenant, &place.address);
        self.remember(&place);
        if let Some(before) = self.clients.connect(person, place, from.way.clone()) {
            self.invalidate(&before);
        }
    }

    /// Keeps where a client listens, to tell it after a restart that it has to come in once more. Who is at our own broker
    /// sees that himself.
    fn remember(&self, place: &Place) {
        let url = match &place.address {
            Address::Embedded { .. } => return,
            Address::Broker(_) => None,
            Address::Web(url) => Some(url.to_string()),
        };
        let known = KnownDestination { tenant: self.errands.tenant, name: place.name.clone(), url };
        let store = self.errands.state.handle().store().clone();
        tokio::spawn(async move {
            if let Err(error) = store.remember_destination(&known, http::wall()).await {
                tracing::warn!(%error, "it is not kept where a client of the connector listens");
            }
        });
    }

    /// Tells a client that its login is told nothing more there.
    fn invalidate(&self, session: &Session) {
        let person = &session.person;
        let state = person.agent.and_then(|agent| self.board.state(agent));
        let out =
            AgentState { state: AgentWord::LogOut, ..state.unwrap_or_else(|| person.is(AgentWord::LogOut)) };
        self.tell(session, Event::State(out), None);
        let detail = "the login is used elsewhere, or no longer as it was".to_owned();
        self.tell(session, Event::Error { code: Code::SessionInvalidated, detail }, None);
        if !self.clients.places().contains_key(&session.place.address) {
            self.ways.release(self.errands.tenant, &session.place.address);
        }
    }

    fn logged_in(&mut self, asked: &Asked, person: Person, held: Vec<Event>) {
        let Asked { from, login, ask } = asked;
        let Some(place) = self.clients.place_of(from, login, &self.settings) else {
            return no_destination(login);
        };
        let agent = person.agent;
        let mut told = person.told();
        self.connect(person, place, from);
        if let (None, Ask::LogIn { extension, .. }) = (agent, ask)
            && let Some(device) = self.board.device_called(extension)
        {
            self.clients.sit(login, device);
        }
        if let Some(agent) = agent {
            let is_told = held.iter().any(|event| matches!(event, Event::State(_)));
            told.extend(held);
            told.extend(self.board.state(agent).filter(|_| !is_told).map(Event::State));
            told.push(Event::Info(self.board.dialog_status(agent)));
            let extension = self.board.state(agent).map(|state| state.extension).unwrap_or_default();
            self.ways.tell_others(login, &extension);
        }
        self.say(from, login, told);
    }

    /// Folds the events up to one that is durable, and tells what is new.
    async fn catch_up(&mut self, seq: u64) {
        loop {
            match self.events.next_until(seq).await {
                Some(Reached::Event(event)) => self.happen(&event).await,
                Some(Reached::Here) => return,
                None => return self.begin_anew().await,
            }
        }
    }

    /// Tells what an event makes new, and looks again at who is who when it changes that.
    async fn happen(&mut self, event: &Happened) {
        for News { agent, event } in self.board.apply(event) {
            self.spread(agent, event);
        }
        if let Fact::EntryAdded { id, .. } | Fact::EntryChanged { id, .. } | Fact::EntryRemoved { id } =
            &event.fact
        {
            let of =
                |(login, session): (&String, &Session)| session.person.is_made_of(*id).then(|| login.clone());
            let mut concerned: Vec<String> = self.clients.all().filter_map(of).collect();
            if let EntryId::Agent(agent) = id {
                concerned.extend(self.board.who(*agent).map(|who| who.login));
            }
            self.look_again(concerned).await;
        }
        if let Fact::AccessNoted { what: Access::SecretSet { id: EntryId::User(user) } } = &event.fact {
            let login = self.clients.of_user(*user).map(|session| session.person.login.clone());
            if let Some(session) = login.and_then(|login| self.clients.remove(&login)) {
                self.invalidate(&session);
            }
        }
    }

    /// Tells an agent's news to him, and his state to those who listen to his team.
    fn spread(&mut self, agent: AgentId, event: Event) {
        if let (Event::State(state), Some(team)) = (&event, self.board.team(agent)) {
            for session in self.clients.watchers(team) {
                if session.person.agent != Some(agent) {
                    member_told(team, state).into_iter().for_each(|event| self.tell(session, event, None));
                }
            }
        }
        if let Some(held) = self.held.get_mut(&agent) {
            held.push(event);
        } else if let Some(session) = self.clients.of_agent(agent) {
            self.tell(session, event, None);
        }
    }

    /// Who is who may have changed. Who is no longer anybody is told nothing more.
    async fn look_again(&mut self, concerned: Vec<String>) {
        let tenant = self.errands.tenant;
        let known = |login: String| Some((self.clients.get(&login)?.person.user, login));
        let known: Vec<_> = concerned.into_iter().filter_map(known).collect();
        if known.is_empty() {
            return;
        }
        let looked = self.errands.state.handle().read(move |engine, _| {
            let one = |(user, login)| (login, Person::of(engine, tenant, user));
            known.into_iter().map(one).collect::<Vec<(String, Option<Person>)>>()
        });
        // When nobody can answer now, the next change is looked at again, or the process ends.
        for (login, person) in looked.await.unwrap_or_default() {
            match person
                .filter(|person| person.login == login && (person.agent.is_some() || person.supervises()))
            {
                Some(person) => self.clients.renew(&login, person),
                None => {
                    if let Some(session) = self.clients.remove(&login) {
                        self.invalidate(&session);
                    }
                }
            }
        }
    }

    /// Events were missed: looks at everything, and tells everybody how it is.
    async fn begin_anew(&mut self) {
        match look(&self.errands.state, self.errands.tenant).await {
            Ok((board, events, domain)) => {
                (self.board, self.events, self.domain) = (board, events, domain);
                self.look_again(self.clients.all().map(|(login, _)| login.clone()).collect()).await;
                for (_, session) in self.clients.all() {
                    let again = self.desk(session, session.person.agent).again(true);
                    again.into_iter().for_each(|event| self.tell(session, event, None));
                }
            }
            // The process stops, or has too much to do.
            Err(_) => sleep(CONNECTOR_PAUSE).await,
        }
    }

    /// What the policy says becomes of an agent whose client was there and says so no more.
    fn miss_the_silent(&mut self) {
        let Some(since) = Instant::now().checked_sub(self.settings.silence_max()) else { return };
        for login in self.clients.silent(since) {
            let Some(agent) = self.clients.get(&login).and_then(|session| session.person.agent) else {
                continue;
            };
            let command = match self.settings.on_silence {
                OnSilence::Keep => continue,
                OnSilence::NotReady => Command::NotReady { agent, reason: None, note: Note::default() },
                OnSilence::LogOut => Command::LogOut { agent, reason: None },
            };
            tracing::warn!(login, ?command, "the agent's client is silent");
            let (handle, tenant) = (self.errands.state.handle().clone(), self.errands.tenant);
            tokio::spawn(async move {
                // A refusal means that he is so already, or is out.
                handle.command(tenant, Actor::Policy, command).await.ok();
            });
        }
    }

    fn re_login(&self, from: &From, login: &str) {
        let Some(place) = self.clients.place_of(from, login, &self.settings) else {
            return no_destination(login);
        };
        let state = AgentState {
            state: AgentWord::ReLogIn,
            login: login.to_owned(),
            full_name: String::new(),
            extension: String::new(),
            reason_code: String::new(),
            reason_label: String::new(),
            pending: None,
            since: String::new(),
        };
        self.post(&place, login, "", Event::State(state), from.correlation.as_deref());
    }

    /// Answers a request.
    fn say(&self, from: &From, login: &str, events: Vec<Event>) {
        let own = self.clients.get(login).filter(|session| session.is_spoken_for(&from.way));
        let name = own.map(|session| session.person.full_name.clone()).unwrap_or_default();
        let Some(place) = self.clients.place_of(from, login, &self.settings) else {
            return no_destination(login);
        };
        for event in events {
            self.post(&place, login, &name, event, from.correlation.as_deref());
        }
    }

    fn refuse(&self, from: &From, login: &str, code: Code, detail: &str) {
        let detail = if detail.is_empty() { catalogue::of_error(code).unwrap_or_default() } else { detail };
        tracing::debug!(login, code = code.word(), detail, "a request of the connector is refused");
        self.say(from, login, vec![Event::Error { code, detail: detail.to_owned() }]);
    }

    fn tell(&self, session: &Session, event: Event, correlation: Option<&str>) {
        let Person { login, full_name, .. } = &session.person;
        self.post(&session.place, login, full_name, event, correlation);
    }

    /// Tells something, and what a status bar says of it where one is wanted.
    fn post(&self, place: &Place, to: &str, full_name: &str, event: Event, correlation: Option<&str>) {
        let bar = if self.settings.status_bar { said_of(&event) } else { None };
        let bar = bar.map(|text| Event::StatusBar { text: text.to_owned() });
        for event in [Some(event), bar].into_iter().flatten() {
            let told = Told { to: to.to_owned(), full_name: full_name.to_owned(), event };
            let Some(text) = told.encode(place.format) else { continue };
            let kind = told.kind().map(str::to_owned);
            let correlation = correlation.map(str::to_owned);
            let post = Post { to: place.address.clone(), text, kind, category: told.category(), correlation };
            self.ways.send(self.errands.tenant, post);
        }
    }
}

/// What the document's table of user messages says of it.
fn said_of(event: &Event) -> Option<&'static str> {
    match event {
        Event::Error { code, .. } => catalogue::of_error(*code),
        Event::State(state) => catalogue::of_state(state.state),
        Event::Call(call) => match &**call {
            CallEvent::State(dialog) => catalogue::of_call(dialog.state),
            CallEvent::Consultation(dialog) => catalogue::of_consultation(dialog.state),
            CallEvent::New(_) | CallEvent::NewOutbound(_) | CallEvent::Answer { .. } => None,
        },
        Event::System { .. }
        | Event::StatusBar { .. }
        | Event::Info(_)
        | Event::ReasonCodes { .. }
        | Event::Reconnect { .. } => None,
    }
}

/// Nothing can be answered.
fn no_destination(whose: &str) {
    tracing::info!(whose, "NO_DESTINATION: it is not known where a client of the connector listens");
}

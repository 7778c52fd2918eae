//! `callcenter_config` carried out: the console of the call centre, whoever typed it and wherever.

use cordial_dialects::event_socket::console::{self, AgentKey, Arrange, Ask, Look, PlaceKey, Steer};
use cordial_dialects::event_socket::table::{self, Hall, Narrowed};
use cordial_dialects::event_socket::{local_name, uuid};
use cordial_dialects::names::EntryKey as _;
use cordial_dialects::native::wire::Scope;
use cordial_dialects::webitel::status;
use cordial_dialects::webitel::wish::Wish;
use cordial_engine::command::Note;
use cordial_engine::entry::{self, Entry, EntryId, Kind, Name, Tier};
use cordial_engine::id::{AgentId, DeviceId, QueueId, TenantId};
use cordial_engine::{Answer, Command, Engine, Refusal};

use crate::handle::{Handle, Unavailable};
use crate::http::Caller;

/// Answers one command. The answer is what the module would print, line ends included.
pub(crate) async fn config(handle: &Handle, caller: &Caller, arguments: &str) -> String {
    let ask = match Ask::parse(arguments) {
        Ok(ask) => ask,
        Err(text) => return text,
    };
    let desk = Desk { handle, caller };
    match desk.carry_out(ask).await {
        Ok(text) => text,
        Err(no) => no.text(),
    }
}

/// Why a command came to nothing.
pub(crate) enum No {
    /// In these words.
    Said(String),
    /// The engine's words are to be translated.
    Refused(Refusal),
    /// Nobody answers.
    Unavailable(Unavailable),
}

impl No {
    /// In the console's words.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Said(text) => text.clone(),
            Self::Refused(refusal) => console::refused(refusal),
            Self::Unavailable(why) => format!("-ERR {why}\n"),
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unavailable> for No {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

/// Where the commands of one caller are carried out.
pub(crate) struct Desk<'a> {
    pub(crate) handle: &'a Handle,
    pub(crate) caller: &'a Caller,
}

impl Desk<'_> {
    pub(crate) async fn carry_out(&self, ask: Ask) -> Result<String, No> {
        let answer = match ask {
            Ask::Look(look) => self.look(look).await,
            Ask::Steer(steer) => self.steer(steer).await,
            Ask::Arrange(arrange) => self.arrange(arrange).await,
        };
        match answer {
            // As the module: what is so is granted.
            Err(No::Refused(Refusal::AlreadySo)) => Ok(console::OK.to_owned()),
            answer => answer,
        }
    }

    async fn look(&self, look: Look) -> Result<String, No> {
        self.need(Scope::Read)?;
        match look {
            Look::AgentGet { name, key } => {
                let agent = self.agent(&name).await?;
                self.get(agent, key).await
            }
            Look::AgentList { name: None } => Ok(table::agents(&self.hall().await?, None)),
            Look::AgentList { name: Some(name) } => {
                // As the module: a name that nobody has is an empty table.
                let agent = match self.agent(&name).await {
                    Ok(agent) => agent,
                    Err(No::Refused(Refusal::NotFound(_))) => return Ok(console::OK.to_owned()),
                    Err(no) => return Err(no),
                };
                Ok(table::agents(&self.hall().await?, Some(agent)))
            }
            Look::TierList => Ok(table::tiers(&self.hall().await?.floor)),
            Look::QueueList => {
                let tenant = self.caller.tenant;
                let seen = self.handle.read(move |engine, now| {
                    let domain = engine.tenant(tenant).map(|tenant| tenant.domain).unwrap_or_default();
                    (engine.queues(tenant, now.at), domain)
                });
                let (queues, domain) = seen.await?;
                Ok(table::queues(&queues, &domain))
            }
            Look::QueueCount => {
                let tenant = self.caller.tenant;
                let count =
                    self.handle.read(move |engine, _| engine.entries(tenant, Kind::Queue).len()).await?;
                Ok(format!("{count}\n"))
            }
            Look::QueueRows { count, of, queue, status, state } => {
                let queue = self.queue(&queue).await?;
                Ok(table::of_queue(&self.hall().await?, of, queue, &Narrowed { status, state }, count))
            }
        }
    }

    async fn get(&self, agent: AgentId, key: AgentKey) -> Result<String, No> {
        let Hall { floor, .. } = self.hall().await?;
        let axes = floor.axes(agent).ok_or(Refusal::NotFound(Kind::Agent))?;
        let (status, state) = status::console(&axes);
        Ok(match key {
            AgentKey::Status => status.name().to_owned(),
            AgentKey::State => state.name().to_owned(),
            AgentKey::Uuid => floor.agents.get(&agent).map(|seat| uuid(seat.guid)).unwrap_or_default(),
        })
    }

    async fn steer(&self, steer: Steer) -> Result<String, No> {
        match steer {
            Steer::AgentSetStatus { name, status } => {
                let agent = self.agent(&name).await?;
                self.may_act_on(agent).await?;
                self.grant(agent, &Wish::of_fs_status(status), Note::default()).await?;
            }
            Steer::AgentSetState { name, state } => {
                let agent = self.agent(&name).await?;
                self.may_act_on(agent).await?;
                let said =
                    || No::Said(format!("-ERR {} follows from calls and cannot be set\n", state.name()));
                let wish = Wish::of_fs_state(state).ok_or_else(said)?;
                self.grant(agent, &wish, Note::default()).await?;
            }
            Steer::TierSetState { queue, agent, state } => {
                let (queue, agent) = (self.queue(&queue).await?, self.agent(&agent).await?);
                self.may_act_on(agent).await?;
                let said =
                    || No::Said(format!("-ERR {} follows from calls and cannot be set\n", state.name()));
                let membership = state.wish().ok_or_else(said)?;
                self.ask(Command::SetMembership { agent, queue, membership }).await?;
            }
        }
        Ok(console::OK.to_owned())
    }

    async fn arrange(&self, arrange: Arrange) -> Result<String, No> {
        self.need(Scope::Admin)?;
        match arrange {
            Arrange::AgentAdd { name } => {
                let name = self.local(&name, Kind::Agent).await?;
                let name = Name::parse_some(&name).map_err(|why| No::Said(format!("-ERR name: {why}\n")))?;
                let agent = entry::Agent::named(name);
                self.ask(Command::Add(Entry::Agent(agent))).await?;
            }
            Arrange::AgentDel { name } => {
                let agent = self.agent(&name).await?;
                self.ask(Command::Remove(EntryId::Agent(agent))).await?;
            }
            // What is in force is what was last set: there is nothing to read again.
            Arrange::AgentReload { name } => {
                self.agent(&name).await?;
            }
            Arrange::AgentSetContact { name, contact } => self.set_contact(&name, &contact).await?,
            Arrange::TierAdd { queue, agent, level, position } => {
                let (queue, agent) = (self.queue(&queue).await?, self.agent(&agent).await?);
                if self.tier(agent, queue).await?.is_some() {
                    return Err(No::Said(console::TIER_EXISTS.to_owned()));
                }
                let tier = Some(Tier { level, position, ..Tier::default() });
                self.ask(Command::Assign { agent, queue, tier }).await?;
            }
            Arrange::TierDel { queue, agent } => {
                let (queue, agent) = (self.queue(&queue).await?, self.agent(&agent).await?);
                match self.ask(Command::Unassign { agent, queue }).await {
                    // As the module: what is not there is gone.
                    Ok(_) | Err(No::Refused(Refusal::NotAssigned)) => {}
                    Err(no) => return Err(no),
                }
            }
            Arrange::TierReload { queue, agent } => {
                self.queue(&queue).await?;
                self.agent(&agent).await?;
            }
            Arrange::TierSetPlace { queue, agent, key, value } => {
                let (queue, agent) = (self.queue(&queue).await?, self.agent(&agent).await?);
                let tier = self.tier(agent, queue).await?.ok_or(Refusal::NotAssigned)?;
                let tier = Some(match key {
                    PlaceKey::Level => Tier { level: value, ..tier },
                    PlaceKey::Position => Tier { position: value, ..tier },
                });
                self.ask(Command::Assign { agent, queue, tier }).await?;
            }
            Arrange::QueueLoad { queue } => match self.queue(&queue).await {
                Err(No::Refused(Refusal::NotFound(_))) => {
                    return Err(No::Said(console::NO_QUEUE_TO_LOAD.to_owned()));
                }
                other => drop(other?),
            },
            Arrange::QueueUnload { queue } => {
                self.queue(&queue).await?;
                return Err(No::Said(
                    "-ERR a queue is always loaded; remove it to be rid of it\n".to_owned(),
                ));
            }
        }
        Ok(console::OK.to_owned())
    }

    /// A contact is the device in use, or the one that is used at the next log-in: the agent's namesake.
    async fn set_contact(&self, name: &str, contact: &str) -> Result<(), No> {
        let agent = self.agent(name).await?;
        let number = console::contact_device(contact).unwrap_or_default().to_owned();
        let tenant = self.caller.tenant;
        let there = self.handle.read(move |engine, _| {
            let EntryId::Device(wanted) = engine.find_by_name(tenant, Kind::Device, &number)? else {
                return None;
            };
            let login = engine.agent(tenant, agent)?.login;
            let moves = login.is_some_and(|login| login.device != wanted);
            (moves || home(engine, tenant, agent) == Some(wanted)).then_some((wanted, moves))
        });
        let elsewhere = No::Said(
            "-ERR an agent is rung at the device in use, else at the one whose number is the agent's name\n"
                .to_owned(),
        );
        match there.await? {
            Some((_, false)) => Ok(()),
            // A phone of his own, or a hot desk, is in use from here on.
            Some((device, true)) => match self.ask(Command::LogIn { agent, device }).await {
                Ok(_) => Ok(()),
                Err(No::Refused(Refusal::LoggedInElsewhere)) => Err(elsewhere),
                Err(no) => Err(no),
            },
            None => Err(elsewhere),
        }
    }

    /// Brings an agent where a wish wants him.
    pub(crate) async fn grant(&self, agent: AgentId, wish: &Wish, note: Note) -> Result<(), No> {
        let tenant = self.caller.tenant;
        let (login, home) = self
            .handle
            .read(move |engine, _| {
                let login = engine.agent(tenant, agent).and_then(|view| view.login);
                (login.map(|login| login.device), home(engine, tenant, agent))
            })
            .await?;
        if wish.at_work() && login.is_none() && home.is_none() {
            return Err(No::Said(
                "-ERR the agent has no device: none has the agent's name as its number\n".to_owned(),
            ));
        }
        for command in wish.commands(agent, login.or(home), note) {
            match self.ask(command).await {
                Ok(_) | Err(No::Refused(Refusal::AlreadySo)) => {}
                Err(no) => return Err(no),
            }
        }
        Ok(())
    }

    pub(crate) async fn ask(&self, command: Command) -> Result<Answer, No> {
        let answer = self.handle.command(self.caller.tenant, self.caller.by(), command).await?;
        Ok(answer?)
    }

    pub(crate) fn need(&self, scope: Scope) -> Result<(), No> {
        if self.caller.scopes.contains(&scope) { Ok(()) } else { Err(No::Said(console::DENIED.to_owned())) }
    }

    /// A supervisor acts on all, an agent on himself.
    pub(crate) async fn may_act_on(&self, agent: AgentId) -> Result<(), No> {
        if self.caller.scopes.contains(&Scope::Supervise) {
            return Ok(());
        }
        self.need(Scope::Agent)?;
        let (tenant, user) = (self.caller.tenant, self.caller.user);
        let own = self.handle.read(move |engine, _| engine.agent_of_user(tenant, user?)).await?;
        if own == Some(agent) { Ok(()) } else { Err(No::Said(console::DENIED.to_owned())) }
    }

    /// An agent's rank in a queue that he is assigned to.
    async fn tier(&self, agent: AgentId, queue: QueueId) -> Result<Option<Tier>, Unavailable> {
        let tenant = self.caller.tenant;
        let found = self.handle.read(move |engine, _| {
            let tiers = engine.agent(tenant, agent)?.tiers;
            tiers.into_iter().find(|(of, _)| *of == queue).map(|(_, tier)| tier)
        });
        found.await
    }

    async fn hall(&self) -> Result<Hall, Unavailable> {
        let tenant = self.caller.tenant;
        self.handle.read(move |engine, now| Hall::of(engine, tenant, now)).await
    }

    /// The name without its domain, which must be the tenant's.
    async fn local(&self, name: &str, kind: Kind) -> Result<String, No> {
        let tenant = self.caller.tenant;
        let view = self.handle.read(move |engine, _| engine.tenant(tenant)).await?;
        let domain = view.map(|view| view.domain).unwrap_or_default();
        let local = local_name(name, &domain).ok_or(Refusal::NotFound(kind))?;
        Ok(local.to_owned())
    }

    pub(crate) async fn agent(&self, name: &str) -> Result<AgentId, No> {
        let found = self.find(name, Kind::Agent).await?;
        AgentId::of(found).ok_or_else(|| Refusal::NotFound(Kind::Agent).into())
    }

    pub(crate) async fn queue(&self, name: &str) -> Result<QueueId, No> {
        let found = self.find(name, Kind::Queue).await?;
        QueueId::of(found).ok_or_else(|| Refusal::NotFound(Kind::Queue).into())
    }

    async fn find(&self, name: &str, kind: Kind) -> Result<EntryId, No> {
        let (tenant, name) = (self.caller.tenant, name.to_owned());
        let found = self.handle.read(move |engine, _| {
            let domain = engine.tenant(tenant)?.domain;
            let whole = engine.find_by_name(tenant, kind, &name);
            whole.or_else(|| engine.find_by_name(tenant, kind, local_name(&name, &domain)?))
        });
        found.await?.ok_or_else(|| Refusal::NotFound(kind).into())
    }
}

/// Where an agent logs in when no device is named: where he is, else at the device of his name.
pub(crate) fn home(engine: &Engine, tenant: TenantId, agent: AgentId) -> Option<DeviceId> {
    let view = engine.agent(tenant, agent)?;
    if let Some(login) = view.login {
        return Some(login.device);
    }
    DeviceId::of(engine.find_by_name(tenant, Kind::Device, view.entry.name.as_str())?)
}

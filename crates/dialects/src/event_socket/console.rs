//! `callcenter_config`: what is typed, and what is answered when it cannot be.
//!
//! The module's own strings are kept where it has one for the case; what it would grant and we cannot is refused in
//! words of ours, never granted in silence.

use cordial_engine::Refusal;
use cordial_engine::agent::Membership;
use cordial_engine::entry::Kind;

use super::limits::WORDS_MAX;
use crate::webitel::status::{FsState, FsStatus};

/// It is so.
pub const OK: &str = "+OK\n";
/// Too few words, or words that are not known.
pub const INVALID: &str = "-ERR Invalid!\n";
/// No such agent.
pub const NO_AGENT: &str = "-ERR Agent not found!\n";
/// No such queue, to most commands.
pub const NO_QUEUE: &str = "-ERR Queue not found!\n";
/// No such queue, to `queue load` and `queue reload`.
pub const NO_QUEUE_TO_LOAD: &str = "-ERR Invalid Queue not found!\n";
/// That agent has that tier.
pub const TIER_EXISTS: &str = "-ERR Tier already exist!\n";
/// The asker may not.
pub const DENIED: &str = "-ERR permission denied\n";

/// What is typed, in short.
pub const USAGE: &str = "-USAGE: callcenter_config <target> <args>\n\
agent add [name] [type] | del [name] | reload [name] | list [[name]]\n\
agent set status [name] [status] | state [name] [state] | contact [name] [contact]\n\
agent get status|state|uuid [name]\n\
tier add [queue] [agent] [[level]] [[position]] | del [queue] [agent] | reload [queue] [agent] | list\n\
tier set state|level|position [queue] [agent] [value]\n\
queue load|unload|reload [queue] | list | count\n\
queue list|count agents|members|tiers [queue] [[status] [state]]\n";

/// One command, by the right that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To look.
    Look(Look),
    /// To change the state of people.
    Steer(Steer),
    /// To change the directory.
    Arrange(Arrange),
}

/// What looks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum Look {
    AgentGet { name: String, key: AgentKey },
    AgentList { name: Option<String> },
    TierList,
    QueueList,
    QueueCount,
    QueueRows { count: bool, of: Rows, queue: String, status: Option<String>, state: Option<String> },
}

/// What changes the state of people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum Steer {
    AgentSetStatus { name: String, status: FsStatus },
    AgentSetState { name: String, state: FsState },
    TierSetState { queue: String, agent: String, state: TierState },
}

/// What changes the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum Arrange {
    AgentAdd { name: String },
    AgentDel { name: String },
    AgentReload { name: String },
    AgentSetContact { name: String, contact: String },
    TierAdd { queue: String, agent: String, level: u16, position: u16 },
    TierDel { queue: String, agent: String },
    TierReload { queue: String, agent: String },
    TierSetPlace { queue: String, agent: String, key: PlaceKey, value: u16 },
    QueueLoad { queue: String },
    QueueUnload { queue: String },
}

/// What of an agent `get` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum AgentKey {
    Status,
    State,
    Uuid,
}

/// Where an agent stands in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum PlaceKey {
    Level,
    Position,
}

/// What `queue list` and `queue count` look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the words that are typed")]
pub enum Rows {
    Agents,
    Members,
    Tiers,
}

/// The state of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the module names them")]
pub enum TierState {
    NoAnswer,
    Ready,
    Offering,
    ActiveInbound,
    Standby,
}

impl TierState {
    /// As the module prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "No Answer",
            Self::Ready => "Ready",
            Self::Offering => "Offering",
            Self::ActiveInbound => "Active Inbound",
            Self::Standby => "Standby",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::NoAnswer, Self::Ready, Self::Offering, Self::ActiveInbound, Self::Standby];
        all.into_iter().find(|state| state.name().eq_ignore_ascii_case(text))
    }

    /// The membership that a client can ask for by it; the others follow from calls.
    #[must_use]
    pub const fn wish(self) -> Option<Membership> {
        match self {
            Self::Ready => Some(Membership::Ready),
            Self::Standby => Some(Membership::NotReady),
            Self::NoAnswer | Self::Offering | Self::ActiveInbound => None,
        }
    }
}

impl Ask {
    /// Reads what was typed behind `callcenter_config`.
    ///
    /// # Errors
    /// The text that answers it.
    pub fn parse(arguments: &str) -> Result<Self, String> {
        let words = words(arguments);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Err(USAGE.to_owned()),
            [_] => Err(INVALID.to_owned()),
            [target, action, rest @ ..] => {
                let action = action.to_ascii_lowercase();
                match target.to_ascii_lowercase().as_str() {
                    "agent" => agent(&action, rest),
                    "tier" => tier(&action, rest),
                    "queue" => queue(&action, rest),
                    _ => Err(INVALID.to_owned()),
                }
            }
        }
    }
}

fn agent(action: &str, rest: &[&str]) -> Result<Ask, String> {
    match (action, rest) {
        ("add", [name, kind, ..]) if kind.eq_ignore_ascii_case("callback") => {
            Ok(Ask::Arrange(Arrange::AgentAdd { name: own(name) }))
        }
        ("add", [_, _, ..]) => Err("-ERR Agent type invalid!\n".to_owned()),
        ("del", [name, ..]) => Ok(Ask::Arrange(Arrange::AgentDel { name: own(name) })),
        ("reload", [name, ..]) => Ok(Ask::Arrange(Arrange::AgentReload { name: own(name) })),
        ("set", [key, name, value, ..]) => set(&key.to_ascii_lowercase(), own(name), value),
        ("get", [key, name, ..]) => {
            let key = match key.to_ascii_lowercase().as_str() {
                "status" => AgentKey::Status,
                "state" => AgentKey::State,
                "uuid" => AgentKey::Uuid,
                _ => return Err("-ERR Invalid Agent Update KEY!\n".to_owned()),
            };
            Ok(Ask::Look(Look::AgentGet { name: own(name), key }))
        }
        ("list", rest) => Ok(Ask::Look(Look::AgentList { name: rest.first().map(|name| own(name)) })),
        _ => Err(INVALID.to_owned()),
    }
}

fn set(key: &str, name: String, value: &str) -> Result<Ask, String> {
    match key {
        "status" => match FsStatus::parse(value) {
            Some(status) => Ok(Ask::Steer(Steer::AgentSetStatus { name, status })),
            None => Err("-ERR Invalid Agent Status!\n".to_owned()),
        },
        "state" => match FsState::parse(value) {
            Some(state) => Ok(Ask::Steer(Steer::AgentSetState { name, state })),
            None => Err("-ERR Invalid Agent State!\n".to_owned()),
        },
        "contact" => Ok(Ask::Arrange(Arrange::AgentSetContact { name, contact: own(value) })),
        "type" if value.eq_ignore_ascii_case("callback") => Err(refused_key("type")),
        "type" => Err("-ERR Invalid Agent Type!\n".to_owned()),
        "uuid"
        | "ready_time"
        | "max_no_answer"
        | "wrap_up_time"
        | "reject_delay_time"
        | "busy_delay_time"
        | "no_answer_delay_time" => Err(refused_key(key)),
        _ => Err("-ERR Invalid Agent Update KEY!\n".to_owned()),
    }
}

/// The key is one of the module's, and nothing of an agent here.
fn refused_key(key: &str) -> String {
    format!("-ERR {key} is no property of an agent here; a queue has its own delays and wrap-up\n")
}

fn tier(action: &str, rest: &[&str]) -> Result<Ask, String> {
    match (action, rest) {
        ("add", [queue, agent, place @ ..]) => {
            let level = place.first().map_or(Ok(1), |text| number(text))?;
            let position = place.get(1).map_or(Ok(1), |text| number(text))?;
            Ok(Ask::Arrange(Arrange::TierAdd { queue: own(queue), agent: own(agent), level, position }))
        }
        ("del", [queue, agent, ..]) => {
            Ok(Ask::Arrange(Arrange::TierDel { queue: own(queue), agent: own(agent) }))
        }
        ("reload", [queue, agent, ..]) => {
            Ok(Ask::Arrange(Arrange::TierReload { queue: own(queue), agent: own(agent) }))
        }
        ("set", [key, queue, agent, value, ..]) => {
            let (queue, agent) = (own(queue), own(agent));
            match key.to_ascii_lowercase().as_str() {
                "state" => match TierState::parse(value) {
                    Some(state) => Ok(Ask::Steer(Steer::TierSetState { queue, agent, state })),
                    None => Err("-ERR Invalid Tier State!\n".to_owned()),
                },
                "level" => {
                    let value = number(value)?;
                    Ok(Ask::Arrange(Arrange::TierSetPlace { queue, agent, key: PlaceKey::Level, value }))
                }
                "position" => {
                    let value = number(value)?;
                    Ok(Ask::Arrange(Arrange::TierSetPlace { queue, agent, key: PlaceKey::Position, value }))
                }
                _ => Err("-ERR Invalid Tier Update KEY!\n".to_owned()),
            }
        }
        ("list", _) => Ok(Ask::Look(Look::TierList)),
        _ => Err(INVALID.to_owned()),
    }
}

fn queue(action: &str, rest: &[&str]) -> Result<Ask, String> {
    match (action, rest) {
        ("load" | "reload", [queue, ..]) => Ok(Ask::Arrange(Arrange::QueueLoad { queue: own(queue) })),
        ("unload", [queue, ..]) => Ok(Ask::Arrange(Arrange::QueueUnload { queue: own(queue) })),
        ("list", []) => Ok(Ask::Look(Look::QueueList)),
        ("count", []) => Ok(Ask::Look(Look::QueueCount)),
        ("list" | "count", [of, queue, narrowed @ ..]) => {
            let of = match of.to_ascii_lowercase().as_str() {
                "agents" => Rows::Agents,
                "members" => Rows::Members,
                "tiers" => Rows::Tiers,
                _ => return Err(INVALID.to_owned()),
            };
            let (status, state) = (narrowed.first(), narrowed.get(1));
            let (status, state) = (status.map(|text| own(text)), state.map(|text| own(text)));
            Ok(Ask::Look(Look::QueueRows { count: action == "count", of, queue: own(queue), status, state }))
        }
        _ => Err(INVALID.to_owned()),
    }
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn number(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| INVALID.to_owned())
}

/// Words between blanks; quotes hold one together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in text.chars() {
        let last = words.len() + 1 == WORDS_MAX;
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() && !last => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(|word| word.trim().to_owned()));
    words
}

/// The device that a contact names: the user part of its last address (`user/101@pbx.example`, `sofia/internal/101@…`).
#[must_use]
pub fn contact_device(contact: &str) -> Option<&str> {
    let address = contact.rsplit(']').next()?.rsplit('/').next()?;
    let user = address.split('@').next()?.trim();
    (!user.is_empty()).then_some(user)
}

/// How a refusal is answered.
#[must_use]
pub fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotFound(Kind::Agent) => NO_AGENT.to_owned(),
        Refusal::NotFound(Kind::Queue) => NO_QUEUE.to_owned(),
        Refusal::AlreadySo => OK.to_owned(),
        Refusal::Taken(Kind::Agent, _) => "-ERR Agent already exist!\n".to_owned(),
        Refusal::NotFound(_)
        | Refusal::Invalid { .. }
        | Refusal::PreconditionFailed
        | Refusal::Taken(..)
        | Refusal::InUse(..)
        | Refusal::LimitReached(_)
        | Refusal::NotLoggedIn
        | Refusal::LoggedInElsewhere
        | Refusal::DeviceTaken
        | Refusal::DeviceUnregistered
        | Refusal::Busy
        | Refusal::NotAssigned
        | Refusal::NotInWrapUp
        | Refusal::NoExtension
        | Refusal::OfferEnded
        | Refusal::NotInCall
        | Refusal::HeldAtPhone
        | Refusal::OnHold
        | Refusal::AnsweredAtPhoneOnly
        | Refusal::NotAnswered
        | Refusal::NotConsulting
        | Refusal::CallClosed
        | Refusal::NotRecording
        | Refusal::NoMailbox
        | Refusal::FeatureUnavailable
        | Refusal::NobodyThere
        | Refusal::NotPermitted
        | Refusal::WrongPin
        | Refusal::NoRoute
        | Refusal::DestinationDenied
        | Refusal::LedOutAgain
        | Refusal::OutboundLimit(_)
        | Refusal::QueueFull => format!("-ERR {refusal}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> String {
        let told = |line: &&str| match Ask::parse(line) {
            Ok(ask) => format!("{line}: {ask:?}"),
            Err(text) => format!("{line}: {}", text.trim_end()),
        };
        lines.iter().map(told).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn commands_are_read_as_the_module_reads_them() {
        let lines = [
            "agent add ann@pbx.example callback",
            "agent add ann uuid-standby",
            "agent add ann robot",
            "agent add ann",
            "agent set status ann 'On Break'",
            "AGENT SET STATUS ann 'available (on demand)'",
            "agent set status ann Lunch",
            "agent set state ann Waiting",
            "agent set state ann 'Outbound Call'",
            "agent set contact ann [leg_timeout=10]user/101@pbx.example",
            "agent set busy_delay_time ann 5",
            "agent set shoe_size ann 43",
            "agent get status ann",
            "agent get shoe_size ann",
            "agent list",
            "agent",
            "tier add sales ann",
            "tier add sales ann 2 3",
            "tier add sales ann two",
            "tier set state sales ann 'Active Inbound'",
            "tier set state sales ann Sleepy",
            "tier set level sales ann 2",
            "tier set colour sales ann red",
            "tier list",
            "queue list",
            "queue count",
            "queue list members sales",
            "queue count agents sales 'Available (On Demand)' Waiting",
            "queue list shoes sales",
            "queue load sales",
            "spaceship list",
        ];
        expect_test::expect![[r#"
            agent add ann@pbx.example callback: Arrange(AgentAdd { name: "ann@pbx.example" })
            agent add ann uuid-standby: -ERR Agent type invalid!
            agent add ann robot: -ERR Agent type invalid!
            agent add ann: -ERR Invalid!
            agent set status ann 'On Break': Steer(AgentSetStatus { name: "ann", status: OnBreak })
            AGENT SET STATUS ann 'available (on demand)': Steer(AgentSetStatus { name: "ann", status: AvailableOnDemand })
            agent set status ann Lunch: -ERR Invalid Agent Status!
            agent set state ann Waiting: Steer(AgentSetState { name: "ann", state: Waiting })
            agent set state ann 'Outbound Call': -ERR Invalid Agent State!
            agent set contact ann [leg_timeout=10]user/101@pbx.example: Arrange(AgentSetContact { name: "ann", contact: "[leg_timeout=10]user/101@pbx.example" })
            agent set busy_delay_time ann 5: -ERR busy_delay_time is no property of an agent here; a queue has its own delays and wrap-up
            agent set shoe_size ann 43: -ERR Invalid Agent Update KEY!
            agent get status ann: Look(AgentGet { name: "ann", key: Status })
            agent get shoe_size ann: -ERR Invalid Agent Update KEY!
            agent list: Look(AgentList { name: None })
            agent: -ERR Invalid!
            tier add sales ann: Arrange(TierAdd { queue: "sales", agent: "ann", level: 1, position: 1 })
            tier add sales ann 2 3: Arrange(TierAdd { queue: "sales", agent: "ann", level: 2, position: 3 })
            tier add sales ann two: -ERR Invalid!
            tier set state sales ann 'Active Inbound': Steer(TierSetState { queue: "sales", agent: "ann", state: ActiveInbound })
            tier set state sales ann Sleepy: -ERR Invalid Tier State!
            tier set level sales ann 2: Arrange(TierSetPlace { queue: "sales", agent: "ann", key: Level, value: 2 })
            tier set colour sales ann red: -ERR Invalid Tier Update KEY!
            tier list: Look(TierList)
            queue list: Look(QueueList)
            queue count: Look(QueueCount)
            queue list members sales: Look(QueueRows { count: false, of: Members, queue: "sales", status: None, state: None })
            queue count agents sales 'Available (On Demand)' Waiting: Look(QueueRows { count: true, of: Agents, queue: "sales", status: Some("Available (On Demand)"), state: Some("Waiting") })
            queue list shoes sales: -ERR Invalid!
            queue load sales: Arrange(QueueLoad { queue: "sales" })
            spaceship list: -ERR Invalid!"#]].assert_eq(&read(&lines));
    }

    #[test]
    fn a_device_is_read_out_of_a_contact() {
        for contact in
            ["user/101@pbx.example", "[leg_timeout=10]user/101", "sofia/internal/101@192.0.2.1:5060", "101"]
        {
            assert_eq!(contact_device(contact), Some("101"), "{contact}");
        }
        assert_eq!(contact_device("user/"), None);
    }

    #[test]
    fn any_line_is_read_without_end_of_words() {
        assert_eq!(words(&"a ".repeat(10_000)).len(), WORDS_MAX);
        assert_eq!(words("a 'b c' \"d e\" f'g h"), ["a", "b c", "d e", "fg h"]);
    }
}

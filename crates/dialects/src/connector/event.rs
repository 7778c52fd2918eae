//! What clients are told, in the three formats that a destination can choose: the strings of the system document (`seed`), the
//! longer ones of later releases (`long`, the default), and JSON.
//!
//! Each message is a value without a format; [`Event::encode`] writes it. What a person or a caller may have written never
//! changes how a message is read: in strings the characters that separate fields become blanks.

use serde_json::{Map, Value, json};

use super::fault::Code;
use super::info::Info;

/// How a destination wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The strings of the system document, exactly.
    Seed,
    /// The fields of later releases appended.
    #[default]
    Long,
    /// One JSON object.
    Json,
}

/// What an agent is called here (Finesse's user states, and two that only this connector has).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub enum AgentWord {
    Unknown,
    Ready,
    NotReady,
    LogOut,
    Talking,
    Reserved,
    ReservedOutbound,
    ReservedOutboundPreview,
    Work,
    WorkReady,
    Hold,
    /// Once, before the first `NotReady`.
    LoggedIn,
    /// The agent is not known here and has to log in again.
    ReLogIn,
}

impl AgentWord {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Ready => "READY",
            Self::NotReady => "NOT_READY",
            Self::LogOut => "LOGOUT",
            Self::Talking => "TALKING",
            Self::Reserved => "RESERVED",
            Self::ReservedOutbound => "RESERVED_OUTBOUND",
            Self::ReservedOutboundPreview => "RESERVED_OUTBOUND_PREVIEW",
            Self::Work => "WORK",
            Self::WorkReady => "WORK_READY",
            Self::Hold => "HOLD",
            Self::LoggedIn => "LOGGED_IN",
            Self::ReLogIn => "RE_LOGIN",
        }
    }
}

/// Where an agent's part in a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub enum CallWord {
    Initiating,
    Initiated,
    Alerting,
    Active,
    Held,
    Failed,
    /// Failed, dropped or deleted.
    Drop,
    Accepted,
    WrapUp,
    NotFound,
}

impl CallWord {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initiating => "INITIATING",
            Self::Initiated => "INITIATED",
            Self::Alerting => "ALERTING",
            Self::Active => "ACTIVE",
            Self::Held => "HELD",
            Self::Failed => "FAILED",
            Self::Drop => "DROP",
            Self::Accepted => "ACCEPTED",
            Self::WrapUp => "WRAP_UP",
            Self::NotFound => "NOT_FOUND",
        }
    }
}

/// What an agent is, for himself or for his supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct AgentState {
    pub state: AgentWord,
    /// The login of whom it is about.
    pub login: String,
    pub full_name: String,
    pub extension: String,
    pub reason_code: String,
    pub reason_label: String,
    pub pending: Option<AgentWord>,
    /// `yyyy-MM-dd HH:mm:ss`.
    pub since: String,
}

/// One who talks in a call, or is rung for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct Participant {
    pub address: String,
    pub state: CallWord,
    /// `AGENT_DEVICE`, or `NULL` for a supervisor who listens.
    pub kind: String,
    /// Why it failed, or `SUPERVISOR_BARGE_IN`.
    pub cause: String,
    pub since: String,
}

/// A call as one agent has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct Dialog {
    pub id: String,
    pub state: CallWord,
    pub from: String,
    pub to: String,
    pub variables: Vec<(String, String)>,
    pub since: String,
    pub call_type: String,
    pub participants: Vec<Participant>,
    /// The call that it was before it was transferred.
    pub previous: Option<String>,
}

/// A message to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub enum Event {
    System {
        up: bool,
    },
    State(AgentState),
    Error {
        code: Code,
        detail: String,
    },
    /// A line for the agent's status bar.
    StatusBar {
        text: String,
    },
    Call(Box<CallEvent>),
    Info(Info),
    ReasonCodes {
        category: String,
        codes: Vec<(String, String)>,
    },
    /// A destination has to say once more who is there.
    Reconnect {
        destination: String,
    },
}

/// A message about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// Its state.
    State(Dialog),
    /// It rings for the agent.
    New(Dialog),
    /// A campaign makes it for him.
    NewOutbound(Dialog),
    /// It is the consultation of another.
    Consultation(Dialog),
    /// What was asked for: its state, and that of the other one that the agent has.
    Answer {
        /// The call.
        dialog: Dialog,
        /// The other.
        associated: Option<Dialog>,
    },
}

impl CallEvent {
    /// Which state of the call it tells of; `None` of what only says that there is one, or was asked for.
    const fn state(&self) -> Option<CallWord> {
        match self {
            Self::State(dialog) | Self::Consultation(dialog) => Some(dialog.state),
            Self::New(_) | Self::NewOutbound(_) | Self::Answer { .. } => None,
        }
    }
}

/// What is told, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The login of the agent or supervisor; of no meaning for what is told to a whole destination.
    pub to: String,
    /// His full name.
    pub full_name: String,
    /// What.
    pub event: Event,
}

impl Told {
    /// The document's category of it, which every message carries as a property.
    #[must_use]
    pub const fn category(&self) -> &'static str {
        match &self.event {
            Event::System { .. } => "system",
            Event::State(_) | Event::Reconnect { .. } => "agent_state",
            Event::Error { .. } => "agent_error",
            Event::StatusBar { .. } => "agent_control",
            Event::Call(call) => match **call {
                CallEvent::Answer { .. } => "agent_dialog",
                CallEvent::State(_)
                | CallEvent::New(_)
                | CallEvent::NewOutbound(_)
                | CallEvent::Consultation(_) => "agent_call",
            },
            Event::ReasonCodes { .. } => "agent_work",
            Event::Info(info) => info.category(),
        }
    }

    /// The message type (JMSType): which type of call a client has that is back, if any. Other messages have none.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        let Event::Info(Info::Dialogs { call_type, .. }) = &self.event else { return None };
        Some(call_type.as_str()).filter(|call_type| !call_type.is_empty())
    }

    /// Writes it; `None` where a format does not have it: in the document's own strings a call that failed is only dropped.
    #[must_use]
    pub fn encode(&self, format: Format) -> Option<String> {
        let failed = matches!(&self.event, Event::Call(call) if call.state() == Some(CallWord::Failed));
        match format {
            Format::Seed if failed => None,
            Format::Json => Some(self.json().to_string()),
            Format::Seed | Format::Long => Some(self.fields(format).join("#")),
        }
    }

    /// The fields of a string, in order.
    fn fields(&self, format: Format) -> Vec<String> {
        let long = format == Format::Long;
        let (to, name) = (|| text(&self.to), || text(&self.full_name));
        match &self.event {
            Event::System { up } => {
                vec!["System".to_owned(), (if *up { "IN_SERVICE" } else { "OUT_OF_SERVICE" }).to_owned()]
            }
            Event::State(state) => state_fields(to(), state, long),
            Event::Error { code, .. } => vec![to(), "Error".to_owned(), code.word().to_owned()],
            Event::StatusBar { text } => {
                vec![to(), "Control".to_owned(), "PrintStatusBar".to_owned(), self::text(text)]
            }
            Event::Call(call) => self.call_fields(call, long),
            Event::Info(info) => info.fields(to(), name(), long),
            Event::ReasonCodes { category, codes } => {
                let list = |pick: fn(&(String, String)) -> &String| {
                    codes.iter().map(|pair| text(pick(pair))).collect::<Vec<_>>().join(",")
                };
                vec![
                    to(),
                    "ReasonCodes".to_owned(),
                    format!("Category:{}", text(category)),
                    format!("Codes:{}", list(|(code, _)| code)),
                    format!("Labels:{}", list(|(_, label)| label)),
                    name(),
                ]
            }
            Event::Reconnect { destination } => {
                vec!["DESTINATION".to_owned(), text(destination), "RECONNECT".to_owned()]
            }
        }
    }

    fn call_fields(&self, call: &CallEvent, long: bool) -> Vec<String> {
        let (to, name) = (|| text(&self.to), || text(&self.full_name));
        match call {
            CallEvent::State(dialog) if long => {
                let mut fields = vec![
                    to(),
                    "InboundCall".to_owned(),
                    dialog.state.word().to_owned(),
                    format!("DialogID:{}", text(&dialog.id)),
                    text(&dialog.from),
                    with_ani(dialog),
                    text(&dialog.since),
                    format!("CallType:{}", text(&dialog.call_type)),
                ];
                fields.extend(participants(&dialog.participants));
                fields
            }
            CallEvent::State(dialog) => {
                let mut fields = vec![to(), "InboundCall".to_owned(), dialog.state.word().to_owned()];
                let named = matches!(dialog.state, CallWord::Drop | CallWord::Held | CallWord::WrapUp);
                fields.extend(named.then(|| format!("DialogID:{}", text(&dialog.id))));
                fields.push(name());
                fields
            }
            CallEvent::New(dialog) if long => vec![
                to(),
                "NewInboundCall".to_owned(),
                text(&dialog.from),
                with_ani(dialog),
                format!("DialogID:{}", text(&dialog.id)),
                format!("CallType:{}", text(&dialog.call_type)),
                text(&dialog.since),
            ],
            CallEvent::New(dialog) => vec![
                to(),
                "NewInboundCall".to_owned(),
                text(&dialog.from),
                values(dialog),
                format!("DialogID:{}", text(&dialog.id)),
            ],
            CallEvent::NewOutbound(dialog) => vec![
                to(),
                "NewOutboundCall".to_owned(),
                text(&dialog.from),
                with_ani(dialog),
                format!("DialogID:{}", text(&dialog.id)),
            ],
            CallEvent::Consultation(dialog) => {
                let mut fields = vec![
                    to(),
                    "ConsultCall".to_owned(),
                    dialog.state.word().to_owned(),
                    format!("AssDialogID:{}", text(&dialog.id)),
                ];
                if long {
                    fields.push(text(&dialog.to));
                    fields.push(variables(&dialog.variables));
                    fields.push(text(&dialog.since));
                    fields.push(format!("CallType:{}", text(&dialog.call_type)));
                    fields.extend(participants(&dialog.participants));
                }
                fields
            }
            CallEvent::Answer { dialog, associated } => {
                answer_fields(to(), name(), dialog, associated.as_ref())
            }
        }
    }

    fn json(&self) -> Value {
        let agent = &self.to;
        match &self.event {
            Event::System { up } => {
                json!({ "type": "System", "status": if *up { "IN_SERVICE" } else { "OUT_OF_SERVICE" } })
            }
            Event::State(state) => json!({
                "type": "State",
                "agentId": state.login,
                "state": state.state.word(),
                "reasonCode": state.reason_code,
                "stateChangeTimeString": "",
                "pendingState": state.pending.map_or("", AgentWord::word),
                "stateChangeTime": state.since,
            }),
            Event::Error { code, detail } => {
                json!({ "type": "Error", "error": code.word(), "description": detail, "agentId": agent })
            }
            Event::StatusBar { text } => {
                json!({ "type": "Control", "control": "PrintStatusBar", "message": text, "agentId": agent })
            }
            Event::Call(call) => call_json(call, agent),
            Event::Info(info) => info.json(agent),
            Event::ReasonCodes { category, codes } => {
                let codes: Map<String, Value> =
                    codes.iter().map(|(code, label)| (code.clone(), json!(label))).collect();
                json!({ "type": "ReasonCodes", "category": category, "reasonCodes": codes, "agentId": agent })
            }
            Event::Reconnect { destination } => {
                json!({ "type": "DESTINATION", "destination": destination, "state": "RECONNECT" })
            }
        }
    }
}

/// What somebody may have written, without the characters that separate fields, and on one line.
pub(super) fn text(value: &str) -> String {
    let safe = |c: char| if matches!(c, '#' | ',' | '|') || c.is_control() { ' ' } else { c };
    value.chars().map(safe).collect()
}

/// What was asked for: the call, and the other one that the agent has.
fn answer_fields(to: String, full_name: String, dialog: &Dialog, associated: Option<&Dialog>) -> Vec<String> {
    let mut fields = vec![
        to,
        "DialogState".to_owned(),
        dialog.state.word().to_owned(),
        text(&dialog.id),
        full_name,
        text(&dialog.from),
        variables(&dialog.variables),
    ];
    let of = |pick: fn(&Dialog) -> String| associated.map(pick).unwrap_or_default();
    fields.push(of(|other| text(&other.id)));
    fields.push(of(|other| other.state.word().to_owned()));
    fields.push(of(|other| text(&other.from)));
    fields.push(of(|other| variables(&other.variables)));
    fields
}

fn state_fields(to: String, state: &AgentState, long: bool) -> Vec<String> {
    let mut fields = vec![to, "State".to_owned(), state.state.word().to_owned()];
    match (state.state, long) {
        (AgentWord::ReLogIn, _) => {}
        (_, false) => fields.push(text(&state.full_name)),
        (_, true) => fields.extend([
            text(&state.reason_code),
            text(&state.reason_label),
            state.pending.map_or("", AgentWord::word).to_owned(),
            text(&state.since),
            text(&state.full_name),
            text(&state.login),
            text(&state.extension),
        ]),
    }
    fields
}

fn variables(all: &[(String, String)]) -> String {
    all.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("|")
}

/// The number that calls, then what the variables hold.
fn values(dialog: &Dialog) -> String {
    let values = dialog.variables.iter().map(|(_, value)| value);
    std::iter::once(&dialog.from).chain(values).map(|value| text(value)).collect::<Vec<_>>().join(",")
}

fn with_ani(dialog: &Dialog) -> String {
    let rest = variables(&dialog.variables);
    let ani = format!("ani={}", text(&dialog.from));
    if rest.is_empty() { ani } else { format!("{ani}|{rest}") }
}

/// Their time is last: a client that is in use splits the field at colons, and is left with the rest.
fn participants(all: &[Participant]) -> [String; 2] {
    let one = |it: &Participant| {
        let (address, kind, cause, since) =
            (text(&it.address), text(&it.kind), text(&it.cause), text(&it.since));
        format!("{address},{},{kind},{cause},{since}", it.state.word())
    };
    let list = all.iter().map(one).collect::<Vec<_>>().join("|");
    [format!("ParticipantsCount:{}", all.len()), format!("participants:{list}")]
}

fn call_json(call: &CallEvent, agent: &str) -> Value {
    match call {
        // What ends has few words.
        CallEvent::State(dialog) if dialog.state == CallWord::Drop => json!({
            "type": "InboundCall",
            "dialogId": dialog.id,
            "prevDialogId": dialog.previous,
            "state": dialog.state.word(),
            "agentId": agent,
        }),
        CallEvent::State(dialog) | CallEvent::NewOutbound(dialog) => {
            dialog_json("InboundCall", "dialogID", dialog, agent)
        }
        CallEvent::New(dialog) => json!({
            "type": "NewInboundCall",
            "dialogID": dialog.id,
            "fromAddress": dialog.from,
            "callVariables": variables_json(dialog),
            "agentId": agent,
        }),
        CallEvent::Consultation(dialog) => {
            let mut told = dialog_json("ConsultCall", "assDialogId", dialog, agent);
            told["toAddress"] = json!(dialog.to);
            told
        }
        CallEvent::Answer { dialog, .. } => json!({
            "type": "DialogState",
            "dialogId": dialog.id,
            "state": dialog.state.word(),
            "agentId": agent,
        }),
    }
}

fn variables_json(dialog: &Dialog) -> Map<String, Value> {
    dialog.variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

fn dialog_json(kind: &str, id: &str, dialog: &Dialog, agent: &str) -> Value {
    let participant = |it: &Participant| {
        json!({
            "mediaAddress": it.address,
            "state": it.state.word(),
            "mediaAddressType": it.kind,
            "stateCause": it.cause,
            "startTime": it.since,
        })
    };
    json!({
        "type": kind,
        (id): dialog.id,
        "state": dialog.state.word(),
        "startTime": dialog.since,
        "prevDialogId": dialog.previous,
        "fromAddress": dialog.from,
        "callVariables": variables_json(dialog),
        "participants": dialog.participants.iter().map(participant).collect::<Vec<_>>(),
        "agentId": agent,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "so that a test reads as data in, text out")]
    fn check(event: Event, expected: Expect) {
        let told = Told { to: "5000".to_owned(), full_name: "Ann Lee".to_owned(), event };
        let all = [Format::Seed, Format::Long, Format::Json]
            .map(|format| told.encode(format).unwrap_or_default() + "\n");
        expected.assert_eq(&all.concat());
    }

    fn dialog(state: CallWord) -> Dialog {
        let since = "2022-07-22 18:16:47";
        let participant = |address: &str| Participant {
            address: address.to_owned(),
            state: CallWord::Active,
            kind: "AGENT_DEVICE".to_owned(),
            cause: String::new(),
            since: since.to_owned(),
        };
        Dialog {
            id: "17672721".to_owned(),
            state,
            from: "42512".to_owned(),
            to: "42053".to_owned(),
            variables: vec![
                ("callVariable1".to_owned(), "gold".to_owned()),
                ("callVariable2".to_owned(), "a|b#c,\nd".to_owned()),
            ],
            since: since.to_owned(),
            call_type: "ACD_IN".to_owned(),
            participants: vec![participant("42053"), participant("42512")],
            previous: None,
        }
    }

    fn state(state: AgentWord) -> Event {
        Event::State(AgentState {
            state,
            login: "5000".to_owned(),
            full_name: "Ann Lee".to_owned(),
            extension: "42053".to_owned(),
            reason_code: "8".to_owned(),
            reason_label: "Lunch".to_owned(),
            pending: None,
            since: "2019-09-17 12:46:21".to_owned(),
        })
    }

    #[test]
    fn states() {
        check(
            state(AgentWord::NotReady),
            expect![[r#"
            5000#State#NOT_READY#Ann Lee
            5000#State#NOT_READY#8#Lunch##2019-09-17 12:46:21#Ann Lee#5000#42053
            {"agentId":"5000","pendingState":"","reasonCode":"8","state":"NOT_READY","stateChangeTime":"2019-09-17 12:46:21","stateChangeTimeString":"","type":"State"}
        "#]],
        );
        check(
            state(AgentWord::ReLogIn),
            expect![[r#"
            5000#State#RE_LOGIN
            5000#State#RE_LOGIN
            {"agentId":"5000","pendingState":"","reasonCode":"8","state":"RE_LOGIN","stateChangeTime":"2019-09-17 12:46:21","stateChangeTimeString":"","type":"State"}
        "#]],
        );
        check(
            Event::System { up: false },
            expect![[r#"
            System#OUT_OF_SERVICE
            System#OUT_OF_SERVICE
            {"status":"OUT_OF_SERVICE","type":"System"}
        "#]],
        );
        check(
            Event::Reconnect { destination: "10.0.0.7".to_owned() },
            expect![[r#"
            DESTINATION#10.0.0.7#RECONNECT
            DESTINATION#10.0.0.7#RECONNECT
            {"destination":"10.0.0.7","state":"RECONNECT","type":"DESTINATION"}
        "#]],
        );
    }

    #[test]
    fn calls() {
        check(
            Event::Call(Box::new(CallEvent::New(dialog(CallWord::Alerting)))),
            expect![[r#"
                5000#NewInboundCall#42512#42512,gold,a b c  d#DialogID:17672721
                5000#NewInboundCall#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#DialogID:17672721#CallType:ACD_IN#2022-07-22 18:16:47
                {"agentId":"5000","callVariables":{"callVariable1":"gold","callVariable2":"a|b#c,\nd"},"dialogID":"17672721","fromAddress":"42512","type":"NewInboundCall"}
            "#]],
        );
        check(
            Event::Call(Box::new(CallEvent::State(dialog(CallWord::Active)))),
            expect![[r#"
                5000#InboundCall#ACTIVE#Ann Lee
                5000#InboundCall#ACTIVE#DialogID:17672721#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#2022-07-22 18:16:47#CallType:ACD_IN#ParticipantsCount:2#participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47
                {"agentId":"5000","callVariables":{"callVariable1":"gold","callVariable2":"a|b#c,\nd"},"dialogID":"17672721","fromAddress":"42512","participants":[{"mediaAddress":"42053","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""},{"mediaAddress":"42512","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""}],"prevDialogId":null,"startTime":"2022-07-22 18:16:47","state":"ACTIVE","type":"InboundCall"}
            "#]],
        );
        check(
            Event::Call(Box::new(CallEvent::State(dialog(CallWord::Held)))),
            expect![[r#"
                5000#InboundCall#HELD#DialogID:17672721#Ann Lee
                5000#InboundCall#HELD#DialogID:17672721#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#2022-07-22 18:16:47#CallType:ACD_IN#ParticipantsCount:2#participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47
                {"agentId":"5000","callVariables":{"callVariable1":"gold","callVariable2":"a|b#c,\nd"},"dialogID":"17672721","fromAddress":"42512","participants":[{"mediaAddress":"42053","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""},{"mediaAddress":"42512","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""}],"prevDialogId":null,"startTime":"2022-07-22 18:16:47","state":"HELD","type":"InboundCall"}
            "#]],
        );
        check(
            Event::Call(Box::new(CallEvent::State(dialog(CallWord::Drop)))),
            expect![[r#"
                5000#InboundCall#DROP#DialogID:17672721#Ann Lee
                5000#InboundCall#DROP#DialogID:17672721#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#2022-07-22 18:16:47#CallType:ACD_IN#ParticipantsCount:2#participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47
                {"agentId":"5000","dialogId":"17672721","prevDialogId":null,"state":"DROP","type":"InboundCall"}
            "#]],
        );
        check(
            Event::Call(Box::new(CallEvent::Consultation(dialog(CallWord::Active)))),
            expect![[r#"
                5000#ConsultCall#ACTIVE#AssDialogID:17672721
                5000#ConsultCall#ACTIVE#AssDialogID:17672721#42053#callVariable1=gold|callVariable2=a b c  d#2022-07-22 18:16:47#CallType:ACD_IN#ParticipantsCount:2#participants:42053,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47|42512,ACTIVE,AGENT_DEVICE,,2022-07-22 18:16:47
                {"agentId":"5000","assDialogId":"17672721","callVariables":{"callVariable1":"gold","callVariable2":"a|b#c,\nd"},"fromAddress":"42512","participants":[{"mediaAddress":"42053","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""},{"mediaAddress":"42512","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""}],"prevDialogId":null,"startTime":"2022-07-22 18:16:47","state":"ACTIVE","toAddress":"42053","type":"ConsultCall"}
            "#]],
        );
        check(
            Event::Call(Box::new(CallEvent::NewOutbound(dialog(CallWord::Alerting)))),
            expect![[r#"
                5000#NewOutboundCall#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#DialogID:17672721
                5000#NewOutboundCall#42512#ani=42512|callVariable1=gold|callVariable2=a b c  d#DialogID:17672721
                {"agentId":"5000","callVariables":{"callVariable1":"gold","callVariable2":"a|b#c,\nd"},"dialogID":"17672721","fromAddress":"42512","participants":[{"mediaAddress":"42053","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""},{"mediaAddress":"42512","mediaAddressType":"AGENT_DEVICE","startTime":"2022-07-22 18:16:47","state":"ACTIVE","stateCause":""}],"prevDialogId":null,"startTime":"2022-07-22 18:16:47","state":"ALERTING","type":"InboundCall"}
            "#]],
        );
        let associated = Some(dialog(CallWord::Held));
        let event = CallEvent::Answer { dialog: dialog(CallWord::Active), associated };
        check(
            Event::Call(Box::new(event)),
            expect![[r#"
                5000#DialogState#ACTIVE#17672721#Ann Lee#42512#callVariable1=gold|callVariable2=a b c  d#17672721#HELD#42512#callVariable1=gold|callVariable2=a b c  d
                5000#DialogState#ACTIVE#17672721#Ann Lee#42512#callVariable1=gold|callVariable2=a b c  d#17672721#HELD#42512#callVariable1=gold|callVariable2=a b c  d
                {"agentId":"5000","dialogId":"17672721","state":"ACTIVE","type":"DialogState"}
            "#]],
        );
    }

    #[test]
    fn errors_and_codes() {
        let detail = "Invalid operation or call not found.".to_owned();
        check(
            Event::Error { code: Code::NoDialogId, detail },
            expect![[r#"
            5000#Error#NO_DIALOG_ID
            5000#Error#NO_DIALOG_ID
            {"agentId":"5000","description":"Invalid operation or call not found.","error":"NO_DIALOG_ID","type":"Error"}
        "#]],
        );
        check(
            Event::StatusBar { text: "Call is active..".to_owned() },
            expect![[r#"
            5000#Control#PrintStatusBar#Call is active..
            5000#Control#PrintStatusBar#Call is active..
            {"agentId":"5000","control":"PrintStatusBar","message":"Call is active..","type":"Control"}
        "#]],
        );
        let codes = vec![("1".to_owned(), "Lunch".to_owned()), ("2".to_owned(), "A, B".to_owned())];
        check(
            Event::ReasonCodes { category: "NOT_READY".to_owned(), codes },
            expect![[r#"
            5000#ReasonCodes#Category:NOT_READY#Codes:1,2#Labels:Lunch,A  B#Ann Lee
            5000#ReasonCodes#Category:NOT_READY#Codes:1,2#Labels:Lunch,A  B#Ann Lee
            {"agentId":"5000","category":"NOT_READY","reasonCodes":{"1":"Lunch","2":"A, B"},"type":"ReasonCodes"}
        "#]],
        );
    }
}

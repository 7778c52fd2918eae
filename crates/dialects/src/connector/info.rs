//! What clients are told of people, teams, queues and phone books. See [`super::event`] for the formats.

use serde_json::{Value, json};

use super::event::{AgentWord, CallWord, text};

/// Somebody of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct User {
    pub first_name: String,
    pub last_name: String,
    pub extension: String,
    pub login: String,
    pub state: AgentWord,
    pub reason_code: String,
    pub pending: Option<AgentWord>,
    /// `yyyy-MM-dd HH:mm:ss`.
    pub since: String,
}

/// A queue and its counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct Queue {
    pub name: String,
    pub not_ready: usize,
    pub ready: usize,
    pub talking_in: usize,
    pub talking_internal: usize,
    pub talking_out: usize,
    pub wrap_up_not_ready: usize,
    pub wrap_up_ready: usize,
    pub queued: usize,
    /// When the longest waiting call entered; empty when none waits.
    pub longest: String,
}

/// A phone book.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct Phonebook {
    pub name: String,
    /// Whether it is everybody's, and not a team's.
    pub is_global: bool,
    pub id: String,
}

/// An entry of a phone book.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub struct Contact {
    pub description: String,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: String,
    pub id: String,
}

/// A message about people, teams, queues or phone books.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the document")]
pub enum Info {
    /// Who has logged in; of a supervisor all his teams.
    Agent {
        first_name: String,
        last_name: String,
        is_supervisor: bool,
        wrap_up_mode: String,
        teams: Vec<(String, String)>,
    },
    TeamIds(Vec<String>),
    TeamNames(Vec<String>),
    Queues(Vec<Queue>),
    TeamUsers(Vec<User>),
    TeamMember {
        team: String,
        state: AgentWord,
    },
    /// The extensions that talk in a call.
    Participants(Vec<String>),
    /// The calls that an agent has, after he is back.
    Dialogs {
        dialog: Option<(String, CallWord)>,
        associated: Option<(String, CallWord)>,
        /// In the message's type.
        call_type: String,
    },
    /// Which buttons are to be shown, by the place of the action in Finesse's list, counted from 1.
    Controls(Vec<(u8, bool)>),
    DialogControls {
        call_type: String,
        state: CallWord,
        dialog: String,
    },
    Phonebooks(Vec<Phonebook>),
    TeamPhonebooks(Vec<Phonebook>),
    Contacts(Vec<Contact>),
}

impl Info {
    /// The document's category of it.
    #[must_use]
    pub const fn category(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent_info",
            Self::TeamIds(_) | Self::TeamNames(_) => "supervisor_info",
            Self::Queues(_) => "supervisor_queue_info",
            Self::TeamUsers(_) => "supervisor_team",
            Self::TeamMember { .. } => "supervisor_team_member_state",
            Self::Participants(_) => "supervisor_dialog",
            Self::Dialogs { .. } => "agent_state",
            Self::Controls(_) => "agent_control",
            Self::DialogControls { .. } => "agent_dialog",
            Self::Phonebooks(_) | Self::TeamPhonebooks(_) => "phonebook",
            Self::Contacts(_) => "contacts",
        }
    }

    /// The fields of a string, in order.
    pub(super) fn fields(&self, to: String, full_name: String, long: bool) -> Vec<String> {
        let word = str::to_owned;
        match self {
            Self::Agent { first_name, last_name, is_supervisor, wrap_up_mode, teams } => {
                let mut fields = vec![
                    to,
                    word("AgentInfo"),
                    text(first_name),
                    text(last_name),
                    is_supervisor.to_string(),
                    text(wrap_up_mode),
                ];
                if long {
                    fields.push(format!("TeamCount:{}", teams.len()));
                    fields.push(joined("|", teams, |(id, name)| format!("{},{}", text(id), text(name))));
                }
                fields.push(full_name);
                fields
            }
            Self::TeamIds(ids) => {
                vec![to, word("TeamInfoIDs"), word("TeamID"), joined(",", ids, |id| text(id)), full_name]
            }
            Self::TeamNames(names) => {
                let names = joined(",", names, |name| text(name));
                vec![to, word("TeamInfoNames"), word("TeamName"), names, full_name]
            }
            Self::TeamMember { team, state } => {
                vec![to, word("TeamMemberStateChanged"), text(team), word(state.word())]
            }
            Self::Participants(all) => {
                vec![to, word("ConferenceParticipants"), joined(",", all, |one| text(one))]
            }
            Self::Dialogs { dialog, associated, .. } => {
                let mut fields = vec![to, word("DialogStatus")];
                for call in [dialog, associated] {
                    let (id, state) = call.as_ref().map_or(("", ""), |(id, state)| (id, state.word()));
                    fields.extend([text(id), word(state)]);
                }
                fields
            }
            Self::Controls(all) => {
                let shown = joined("|", all, |(place, shown)| format!("{place},{shown}"));
                vec![to, word("Control"), shown]
            }
            Self::DialogControls { call_type, state, dialog } => {
                vec![to, text(call_type), word("DialogState"), word(state.word()), text(dialog), full_name]
            }
            Self::Queues(_)
            | Self::TeamUsers(_)
            | Self::Phonebooks(_)
            | Self::TeamPhonebooks(_)
            | Self::Contacts(_) => self.list_fields(to, long),
        }
    }

    /// Lists have a field for each entry.
    fn list_fields(&self, to: String, long: bool) -> Vec<String> {
        let (name, entries, nothing) = match self {
            Self::Queues(all) => ("QueueList", all.iter().map(queue).collect(), None),
            Self::TeamUsers(all) => ("TeamUsersList", all.iter().map(|it| user(it, long)).collect(), None),
            Self::Phonebooks(all) => ("Phonebooks", all.iter().map(phonebook).collect(), None),
            Self::TeamPhonebooks(all) => {
                ("TeamPhoneBooks", all.iter().map(phonebook).collect(), Some("NoTeamPhoneBookFound"))
            }
            Self::Contacts(all) => {
                ("PhonebookContacts", all.iter().map(contact).collect(), Some("NoContactFound"))
            }
            Self::Agent { .. }
            | Self::TeamIds(_)
            | Self::TeamNames(_)
            | Self::TeamMember { .. }
            | Self::Participants(_)
            | Self::Dialogs { .. }
            | Self::Controls(_)
            | Self::DialogControls { .. } => return Vec::new(),
        };
        let mut entries: Vec<String> = entries;
        // In the document the messages about phone books name nobody.
        let is_named = long || matches!(self, Self::Queues(_) | Self::TeamUsers(_));
        let mut fields: Vec<String> = is_named.then_some(to).into_iter().collect();
        fields.push(name.to_owned());
        if entries.is_empty() {
            entries.extend(nothing.map(str::to_owned));
        }
        fields.append(&mut entries);
        fields
    }

    pub(super) fn json(&self, agent: &str) -> Value {
        let team = |(id, name): &(String, String)| json!({ "id": id, "name": name });
        match self {
            Self::Agent { first_name, last_name, is_supervisor, wrap_up_mode, teams } => json!({
                "type": "AgentInfo",
                "firstName": first_name,
                "lastName": last_name,
                "supervisor": is_supervisor,
                "wrapUpOnIncoming": wrap_up_mode,
                "teams": teams.iter().filter(|_| *is_supervisor).map(team).collect::<Vec<_>>(),
                "team": teams.first().map(team),
                "agentId": agent,
            }),
            Self::TeamIds(ids) => json!({ "type": "TeamInfoIDs", "teamIds": ids, "agentId": agent }),
            Self::TeamNames(names) => {
                json!({ "type": "TeamInfoNames", "teamNames": names, "agentId": agent })
            }
            Self::Queues(all) => json!({
                "type": "QueueList",
                "queues": all.iter().map(queue_json).collect::<Vec<_>>(),
                "agentId": agent,
            }),
            Self::TeamUsers(all) => {
                json!({ "type": "Agents", "users": all.iter().map(user_json).collect::<Vec<_>>() })
            }
            Self::TeamMember { team, state } => json!({
                "type": "TeamMemberStateChanged",
                "teamId": team,
                "state": state.word(),
                "agentId": agent,
            }),
            Self::Participants(all) => {
                json!({ "type": "ConferenceParticipants", "participants": all, "agentId": agent })
            }
            Self::Dialogs { dialog, associated, call_type } => json!({
                "type": "DialogStatus",
                "dialogId": dialog.as_ref().map(|(id, _)| id),
                "state": dialog.as_ref().map(|(_, state)| state.word()),
                "assDialogId": associated.as_ref().map(|(id, _)| id),
                "assState": associated.as_ref().map(|(_, state)| state.word()),
                "callType": call_type,
                "agentId": agent,
            }),
            Self::Controls(all) => json!({
                "type": "Control",
                "controls": all.iter().map(|(place, shown)| json!({ "index": place, "visible": shown })).collect::<Vec<_>>(),
                "agentId": agent,
            }),
            Self::DialogControls { call_type, state, dialog } => json!({
                "type": "DialogState",
                "callType": call_type,
                "dialogId": dialog,
                "state": state.word(),
                "agentId": agent,
            }),
            Self::Phonebooks(all) => json!({ "type": "Phonebooks", "phonebooks": books_json(all) }),
            Self::TeamPhonebooks(all) => json!({ "type": "TeamPhoneBooks", "phonebooks": books_json(all) }),
            Self::Contacts(all) => {
                json!({ "type": "Contacts", "contacts": all.iter().map(contact_json).collect::<Vec<_>>() })
            }
        }
    }
}

fn joined<T>(between: &str, all: &[T], one: impl Fn(&T) -> String) -> String {
    all.iter().map(one).collect::<Vec<_>>().join(between)
}

fn pairs(all: &[(&str, String)]) -> String {
    joined(",", all, |(name, value)| format!("{name}:{}", text(value)))
}

fn user(it: &User, long: bool) -> String {
    let mut all = vec![
        ("FirstName", it.first_name.clone()),
        ("LastName", it.last_name.clone()),
        ("Extension", it.extension.clone()),
        ("LoginId", it.login.clone()),
    ];
    if long {
        all.extend([
            ("State", it.state.word().to_owned()),
            ("ReasonCode", it.reason_code.clone()),
            ("PendingState", it.pending.map_or("", AgentWord::word).to_owned()),
            ("StateChangeTime", it.since.clone()),
        ]);
    }
    pairs(&all)
}

fn queue(it: &Queue) -> String {
    pairs(&[
        ("QueueName", it.name.clone()),
        ("NotReady", it.not_ready.to_string()),
        ("Ready", it.ready.to_string()),
        ("TalkingIn", it.talking_in.to_string()),
        ("TalkingInternal", it.talking_internal.to_string()),
        ("TalkingOut", it.talking_out.to_string()),
        ("WrapUpNotReady", it.wrap_up_not_ready.to_string()),
        ("WrapUpReady", it.wrap_up_ready.to_string()),
        ("QueuedCalls", it.queued.to_string()),
        ("LongestCall", it.longest.clone()),
    ])
}

const fn book_type(it: &Phonebook) -> &'static str {
    if it.is_global { "GLOBAL" } else { "TEAM" }
}

fn phonebook(it: &Phonebook) -> String {
    pairs(&[("name", it.name.clone()), ("type", book_type(it).to_owned()), ("id", it.id.clone())])
}

fn contact(it: &Contact) -> String {
    pairs(&[
        ("description", it.description.clone()),
        ("firstName", it.first_name.clone()),
        ("lastName", it.last_name.clone()),
        ("phoneNumber", it.phone_number.clone()),
        ("id", it.id.clone()),
    ])
}

fn user_json(it: &User) -> Value {
    json!({
        "firstName": it.first_name,
        "lastName": it.last_name,
        "extension": it.extension,
        "loginId": it.login,
        "state": it.state.word(),
        "reasonCode": it.reason_code,
        "pendingState": it.pending.map_or("", AgentWord::word),
        "stateChangeTime": it.since,
    })
}

fn queue_json(it: &Queue) -> Value {
    json!({
        "name": it.name,
        "agentsNotReady": it.not_ready,
        "agentsReady": it.ready,
        "agentsTalkingInbound": it.talking_in,
        "agentsTalkingInternal": it.talking_internal,
        "agentsTalkingOutbound": it.talking_out,
        "agentsWrapUpNotReady": it.wrap_up_not_ready,
        "agentsWrapUpReady": it.wrap_up_ready,
        "callsInQueue": it.queued,
        "startTimeOfLongestCallInQueue": it.longest,
    })
}

fn books_json(all: &[Phonebook]) -> Vec<Value> {
    all.iter().map(|it| json!({ "name": it.name, "type": book_type(it), "id": it.id })).collect()
}

fn contact_json(it: &Contact) -> Value {
    json!({
        "description": it.description,
        "firstName": it.first_name,
        "lastName": it.last_name,
        "phoneNumber": it.phone_number,
        "id": it.id,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::event::{Event, Format, Told};
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "so that a test reads as data in, text out")]
    fn check(info: Info, expected: Expect) {
        let event = Event::Info(info);
        let told = Told { to: "9000".to_owned(), full_name: "Sue Ray".to_owned(), event };
        let all = [Format::Seed, Format::Long, Format::Json]
            .map(|format| told.encode(format).unwrap_or_default() + "\n");
        expected.assert_eq(&all.concat());
    }

    fn word(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn people_and_teams() {
        let teams = vec![(word("1"), word("Sales")), (word("2"), word("Ser#vice"))];
        let agent = Info::Agent {
            first_name: word("Sue"),
            last_name: word("Ray"),
            is_supervisor: true,
            wrap_up_mode: word("OPTIONAL"),
            teams,
        };
        check(
            agent,
            expect![[r#"
            9000#AgentInfo#Sue#Ray#true#OPTIONAL#Sue Ray
            9000#AgentInfo#Sue#Ray#true#OPTIONAL#TeamCount:2#1,Sales|2,Ser vice#Sue Ray
            {"agentId":"9000","firstName":"Sue","lastName":"Ray","supervisor":true,"team":{"id":"1","name":"Sales"},"teams":[{"id":"1","name":"Sales"},{"id":"2","name":"Ser#vice"}],"type":"AgentInfo","wrapUpOnIncoming":"OPTIONAL"}
        "#]],
        );
        check(
            Info::TeamIds(vec![word("1"), word("2")]),
            expect![[r#"
            9000#TeamInfoIDs#TeamID#1,2#Sue Ray
            9000#TeamInfoIDs#TeamID#1,2#Sue Ray
            {"agentId":"9000","teamIds":["1","2"],"type":"TeamInfoIDs"}
        "#]],
        );
        check(
            Info::TeamNames(vec![word("Sales"), word("Service")]),
            expect![[r#"
            9000#TeamInfoNames#TeamName#Sales,Service#Sue Ray
            9000#TeamInfoNames#TeamName#Sales,Service#Sue Ray
            {"agentId":"9000","teamNames":["Sales","Service"],"type":"TeamInfoNames"}
        "#]],
        );
        let user = User {
            first_name: word("Ann"),
            last_name: word("Lee"),
            extension: word("42053"),
            login: word("5000"),
            state: AgentWord::Talking,
            reason_code: word(""),
            pending: Some(AgentWord::NotReady),
            since: word("2019-09-17 12:46:21"),
        };
        check(
            Info::TeamUsers(vec![user]),
            expect![[r#"
            9000#TeamUsersList#FirstName:Ann,LastName:Lee,Extension:42053,LoginId:5000
            9000#TeamUsersList#FirstName:Ann,LastName:Lee,Extension:42053,LoginId:5000,State:TALKING,ReasonCode:,PendingState:NOT_READY,StateChangeTime:2019-09-17 12:46:21
            {"type":"Agents","users":[{"extension":"42053","firstName":"Ann","lastName":"Lee","loginId":"5000","pendingState":"NOT_READY","reasonCode":"","state":"TALKING","stateChangeTime":"2019-09-17 12:46:21"}]}
        "#]],
        );
        check(
            Info::TeamUsers(Vec::new()),
            expect![[r#"
            9000#TeamUsersList
            9000#TeamUsersList
            {"type":"Agents","users":[]}
        "#]],
        );
        check(
            Info::TeamMember { team: word("1"), state: AgentWord::Ready },
            expect![[r#"
            9000#TeamMemberStateChanged#1#READY
            9000#TeamMemberStateChanged#1#READY
            {"agentId":"9000","state":"READY","teamId":"1","type":"TeamMemberStateChanged"}
        "#]],
        );
    }

    #[test]
    fn calls_and_buttons() {
        check(
            Info::Participants(vec![word("42053"), word("42512")]),
            expect![[r#"
            9000#ConferenceParticipants#42053,42512
            9000#ConferenceParticipants#42053,42512
            {"agentId":"9000","participants":["42053","42512"],"type":"ConferenceParticipants"}
        "#]],
        );
        let dialog = Some((word("7"), CallWord::Active));
        check(
            Info::Dialogs { dialog, associated: None, call_type: word("ACD_IN") },
            expect![[r#"
            9000#DialogStatus#7#ACTIVE##
            9000#DialogStatus#7#ACTIVE##
            {"agentId":"9000","assDialogId":null,"assState":null,"callType":"ACD_IN","dialogId":"7","state":"ACTIVE","type":"DialogStatus"}
        "#]],
        );
        check(
            Info::Controls(vec![(1, false), (8, true)]),
            expect![[r#"
            9000#Control#1,false|8,true
            9000#Control#1,false|8,true
            {"agentId":"9000","controls":[{"index":1,"visible":false},{"index":8,"visible":true}],"type":"Control"}
        "#]],
        );
        let (call_type, state, dialog) = (word("ACD_IN"), CallWord::Held, word("7"));
        check(
            Info::DialogControls { call_type, state, dialog },
            expect![[r#"
            9000#ACD_IN#DialogState#HELD#7#Sue Ray
            9000#ACD_IN#DialogState#HELD#7#Sue Ray
            {"agentId":"9000","callType":"ACD_IN","dialogId":"7","state":"HELD","type":"DialogState"}
        "#]],
        );
    }

    #[test]
    fn queues_and_phonebooks() {
        let longest = word("2019-09-17 12:46:21");
        let queue = Queue { name: word("sales"), ready: 2, queued: 1, longest, ..Queue::default() };
        check(
            Info::Queues(vec![queue]),
            expect![[r#"
            9000#QueueList#QueueName:sales,NotReady:0,Ready:2,TalkingIn:0,TalkingInternal:0,TalkingOut:0,WrapUpNotReady:0,WrapUpReady:0,QueuedCalls:1,LongestCall:2019-09-17 12:46:21
            9000#QueueList#QueueName:sales,NotReady:0,Ready:2,TalkingIn:0,TalkingInternal:0,TalkingOut:0,WrapUpNotReady:0,WrapUpReady:0,QueuedCalls:1,LongestCall:2019-09-17 12:46:21
            {"agentId":"9000","queues":[{"agentsNotReady":0,"agentsReady":2,"agentsTalkingInbound":0,"agentsTalkingInternal":0,"agentsTalkingOutbound":0,"agentsWrapUpNotReady":0,"agentsWrapUpReady":0,"callsInQueue":1,"name":"sales","startTimeOfLongestCallInQueue":"2019-09-17 12:46:21"}],"type":"QueueList"}
        "#]],
        );
        let book = Phonebook { name: word("All, of us"), is_global: true, id: word("3") };
        check(
            Info::Phonebooks(vec![book.clone()]),
            expect![[r#"
            Phonebooks#name:All  of us,type:GLOBAL,id:3
            9000#Phonebooks#name:All  of us,type:GLOBAL,id:3
            {"phonebooks":[{"id":"3","name":"All, of us","type":"GLOBAL"}],"type":"Phonebooks"}
        "#]],
        );
        check(
            Info::TeamPhonebooks(vec![Phonebook { is_global: false, ..book }]),
            expect![[r#"
            TeamPhoneBooks#name:All  of us,type:TEAM,id:3
            9000#TeamPhoneBooks#name:All  of us,type:TEAM,id:3
            {"phonebooks":[{"id":"3","name":"All, of us","type":"TEAM"}],"type":"TeamPhoneBooks"}
        "#]],
        );
        check(
            Info::TeamPhonebooks(Vec::new()),
            expect![[r#"
            TeamPhoneBooks#NoTeamPhoneBookFound
            9000#TeamPhoneBooks#NoTeamPhoneBookFound
            {"phonebooks":[],"type":"TeamPhoneBooks"}
        "#]],
        );
        let contact = Contact {
            description: word("night desk"),
            first_name: word("Eve"),
            last_name: word("Fox"),
            phone_number: word("+49301"),
            id: word("4"),
        };
        check(
            Info::Contacts(vec![contact]),
            expect![[r#"
            PhonebookContacts#description:night desk,firstName:Eve,lastName:Fox,phoneNumber:+49301,id:4
            9000#PhonebookContacts#description:night desk,firstName:Eve,lastName:Fox,phoneNumber:+49301,id:4
            {"contacts":[{"description":"night desk","firstName":"Eve","id":"4","lastName":"Fox","phoneNumber":"+49301"}],"type":"Contacts"}
        "#]],
        );
        check(
            Info::Contacts(Vec::new()),
            expect![[r#"
            PhonebookContacts#NoContactFound
            9000#PhonebookContacts#NoContactFound
            {"contacts":[],"type":"Contacts"}
        "#]],
        );
    }
}

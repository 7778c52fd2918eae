use cordial_engine::time::WallTime;
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::finesse::words::{
    DialogAction, DialogState, ParticipantState, PhoneBookType, ReasonCategory, UserState, WrapUpMode,
};

/// A tree as an indented list, empty elements by their names alone.
fn outline(element: &Element, depth: usize, lines: &mut Vec<String>) {
    let text = if element.text.is_empty() { String::new() } else { format!(": {}", element.text) };
    lines.push(format!("{}{}{text}", "  ".repeat(depth), element.name));
    element.children.iter().for_each(|child| outline(child, depth + 1, lines));
}

/// Through the wire: what is compared is what a client reads.
fn check(answer: &impl Answer, expected: &Expect) {
    let read = Element::read(answer.to_xml().as_bytes()).expect("well-formed");
    let mut lines = Vec::new();
    outline(&read, 0, &mut lines);
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

/// 2026-11-28T10:00:00.250Z and so many seconds.
fn at(seconds: i64) -> Time {
    Time(WallTime(1_795_860_000_250 + seconds * 1_000))
}

fn lunch() -> ReasonCode {
    ReasonCode {
        id: "8".to_owned(),
        category: ReasonCategory::NotReady,
        code: "8".to_owned(),
        label: "Lunch".to_owned(),
        for_all: true,
        system_code: false,
    }
}

fn ana() -> User {
    User {
        login_id: "1001".to_owned(),
        login_name: "ana".to_owned(),
        first_name: "Ana".to_owned(),
        last_name: "López".to_owned(),
        extension: "2001".to_owned(),
        is_supervisor: false,
        state: UserState::NotReady,
        pending_state: None,
        reason_code: Some(lunch()),
        state_change_time: Some(at(0)),
        team: TeamName { id: "1".to_owned(), name: "Sales & Service".to_owned() },
        teams: Vec::new(),
        wrap_up_on_incoming: WrapUpMode::Optional,
    }
}

#[test]
fn a_user_is_told_with_the_reason() {
    check(
        &ana(),
        &expect![[r#"
        User
          uri: /finesse/api/User/1001
          dialogs: /finesse/api/User/1001/Dialogs
          extension: 2001
          firstName: Ana
          lastName: López
          loginId: 1001
          loginName: ana
          roles
            role: Agent
          state: NOT_READY
          pendingState
          reasonCode
            uri: /finesse/api/ReasonCode/8
            category: NOT_READY
            code: 8
            label: Lunch
            forAll: true
            systemCode: false
          reasonCodeId: 8
          stateChangeTime: 2026-11-28T10:00:00.250Z
          teamId: 1
          teamName: Sales & Service
          teams
          settings
            wrapUpOnIncoming: OPTIONAL
    "#]],
    );
}

#[test]
fn a_supervisor_in_a_call_is_told_with_teams_and_pending_state() {
    let team = TeamName { id: "1".to_owned(), name: "Sales".to_owned() };
    let (state, pending_state) = (UserState::Talking, Some(UserState::NotReady));
    let boss =
        User { is_supervisor: true, state, pending_state, reason_code: None, teams: vec![team], ..ana() };
    check(
        &boss,
        &expect![[r#"
        User
          uri: /finesse/api/User/1001
          dialogs: /finesse/api/User/1001/Dialogs
          extension: 2001
          firstName: Ana
          lastName: López
          loginId: 1001
          loginName: ana
          roles
            role: Agent
            role: Supervisor
          state: TALKING
          pendingState: NOT_READY
          stateChangeTime: 2026-11-28T10:00:00.250Z
          teamId: 1
          teamName: Sales & Service
          teams
            Team
              uri: /finesse/api/Team/1
              id: 1
              name: Sales
          settings
            wrapUpOnIncoming: OPTIONAL
    "#]],
    );
}

#[test]
fn a_team_is_told_with_its_users() {
    let team = Team { name: TeamName { id: "1".to_owned(), name: "Sales".to_owned() }, users: vec![ana()] };
    let read = Element::read(team.to_xml().as_bytes()).expect("well-formed");
    assert_eq!(read.text_of("uri"), Some("/finesse/api/Team/1"));
    assert_eq!(read.child("users").expect("its users").children, [ana().element()]);
}

#[test]
fn a_call_is_told_with_what_everybody_in_it_may_do() {
    let agent = Participant {
        media_address: "2001".to_owned(),
        media_address_type: "AGENT_DEVICE".to_owned(),
        actions: vec![DialogAction::Retrieve, DialogAction::Drop],
        state: ParticipantState::Held,
        state_cause: String::new(),
        start_time: Some(at(0)),
        state_change_time: Some(at(5)),
    };
    let caller = Participant {
        media_address: "42512".to_owned(),
        media_address_type: String::new(),
        actions: Vec::new(),
        state: ParticipantState::Active,
        ..agent.clone()
    };
    let call = Dialog {
        id: "321".to_owned(),
        associated_dialog: Some("320".to_owned()),
        secondary_id: None,
        from_address: "42512".to_owned(),
        to_address: "800".to_owned(),
        state: DialogState::Active,
        media: MediaProperties {
            call_type: "ACD_IN".to_owned(),
            queue_name: "sales".to_owned(),
            call_variables: vec![("callVariable1".to_owned(), "<gold>".to_owned())],
            ..MediaProperties::default()
        },
        participants: vec![agent, caller],
    };
    check(
        &List(&[call]),
        &expect![[r#"
        Dialogs
          Dialog
            uri: /finesse/api/Dialog/321
            associatedDialogUri: /finesse/api/Dialog/320
            id: 321
            secondaryId
            mediaType: Voice
            fromAddress: 42512
            toAddress: 800
            mediaProperties
              dialedNumber
              callType: ACD_IN
              DNIS
              queueNumber
              queueName: sales
              wrapUpReason
              callvariables
                CallVariable
                  name: callVariable1
                  value: <gold>
            participants
              Participant
                actions
                  action: RETRIEVE
                  action: DROP
                mediaAddress: 2001
                mediaAddressType: AGENT_DEVICE
                startTime: 2026-11-28T10:00:00.250Z
                state: HELD
                stateCause
                stateChangeTime: 2026-11-28T10:00:05.250Z
              Participant
                actions
                mediaAddress: 42512
                mediaAddressType
                startTime: 2026-11-28T10:00:00.250Z
                state: ACTIVE
                stateCause
                stateChangeTime: 2026-11-28T10:00:05.250Z
            state: ACTIVE
    "#]],
    );
}

#[test]
fn a_queue_is_told_with_its_counts_and_minus_one_for_what_nobody_counts() {
    let statistics = QueueStatistics {
        calls_in_queue: Some(3),
        start_time_of_longest_call_in_queue: Some(at(0)),
        agents_ready: Some(0),
        ..QueueStatistics::default()
    };
    let queue = Queue { id: "10".to_owned(), name: "sales".to_owned(), statistics };
    check(
        &List(&[queue]),
        &expect![[r#"
        Queues
          Queue
            uri: /finesse/api/Queue/10
            name: sales
            statistics
              callsInQueue: 3
              startTimeOfLongestCallInQueue: 2026-11-28T10:00:00Z
              agentsReady: 0
              agentsNotReady: -1
              agentsTalkingInbound: -1
              agentsTalkingOutbound: -1
              agentsTalkingInternal: -1
              agentsWrapUpNotReady: -1
              agentsWrapUpReady: -1
    "#]],
    );
}

#[test]
fn codes_and_phone_books_are_told_in_lists() {
    check(
        &List(&[lunch()]),
        &expect![[r#"
        ReasonCodes
          ReasonCode
            uri: /finesse/api/ReasonCode/8
            category: NOT_READY
            code: 8
            label: Lunch
            forAll: true
            systemCode: false
    "#]],
    );
    let sold = WrapUpReason { id: "2".to_owned(), label: "Sold".to_owned(), for_all: false };
    check(
        &List(&[sold]),
        &expect![[r#"
        WrapUpReasons
          WrapUpReason
            uri: /finesse/api/WrapUpReason/2
            label: Sold
            forAll: false
    "#]],
    );
    let book = PhoneBook { id: "5".to_owned(), name: "Partners".to_owned(), kind: PhoneBookType::Team };
    check(
        &List(&[book]),
        &expect![[r#"
        PhoneBooks
          PhoneBook
            uri: /finesse/api/PhoneBook/5
            name: Partners
            type: TEAM
            contacts: /finesse/api/PhoneBook/5/Contacts
    "#]],
    );
    let contact = Contact {
        id: "7".to_owned(),
        phone_book: "5".to_owned(),
        first_name: "Ngozi".to_owned(),
        last_name: "Obi".to_owned(),
        phone_number: "+4420555".to_owned(),
        description: String::new(),
    };
    check(
        &List(&[contact]),
        &expect![[r#"
        Contacts
          Contact
            uri: /finesse/api/PhoneBook/5/Contact/7
            firstName: Ngozi
            lastName: Obi
            phoneNumber: +4420555
            description
    "#]],
    );
    check(
        &List::<Contact>(&[]),
        &expect![[r#"
        Contacts
    "#]],
    );
}

#[test]
fn the_system_tells_its_state_and_its_clock() {
    let system = SystemInfo {
        current_timestamp: at(0),
        primary_node: "pbx.example".to_owned(),
        status: SystemStatus::InService,
    };
    check(
        &system,
        &expect![[r#"
        SystemInfo
          currentTimestamp: 2026-11-28T10:00:00Z
          primaryNode
            host: pbx.example
          status: IN_SERVICE
          timezoneOffset: 0
          uri: /finesse/api/SystemInfo
    "#]],
    );
}

#[test]
fn errors_are_told_in_a_list() {
    let error = ApiError {
        error_type: ErrorType::InvalidState,
        message: "ana is in a call".to_owned(),
        data: "1001".to_owned(),
    };
    check(
        &List(&[error]),
        &expect![[r#"
        ApiErrors
          ApiError
            ErrorType: Invalid State
            ErrorMessage: ana is in a call
            ErrorData: 1001
    "#]],
    );
}

proptest! {
    /// Names come from operators and callers: no text of theirs makes an element of its own.
    #[test]
    fn whatever_people_are_called_the_tree_stays_the_same(text in any::<String>()) {
        let user = User { first_name: text.clone(), login_id: text.clone(), ..ana() };
        let read = Element::read(user.to_xml().as_bytes()).expect("well-formed");
        let names = |user: &Element| user.children.iter().map(|child| child.name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(&read), names(&ana().element()));
        let read = &read.child("firstName").expect("it has one").text;
        prop_assert_eq!(read.chars().count(), text.chars().count());
    }
}

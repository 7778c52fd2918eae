//! From what a client asks for to what the connector's sessions know to do, and from their codes to this API's errors.

use cordial_engine::call::{Digits, VariableName, VariableValue};

use super::request::{DialogRequest, Misfit, UserRequest};
use super::wire::ApiError;
use super::words::{DialogAction, ErrorType, UserState};
use crate::connector::fault::Code;
use crate::connector::request::{Ask, Control, Duty, Supervise};

/// What `PUT User/{id}` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAsk {
    /// To come to work at a phone.
    LogIn {
        /// Its number.
        extension: String,
    },
    /// To be something else.
    Duty(Duty),
}

/// What `PUT Dialog/{id}` asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum CallAsk {
    /// What a session of the connector's could ask for as well.
    Ask(Ask),
    /// To go on with a call that waits, be it on hold or because he talks in another meanwhile.
    Retrieve,
    /// To press keys.
    Digits(Digits),
}

impl UserRequest {
    /// What is asked for.
    pub fn ask(&self) -> Result<UserAsk, Misfit> {
        let reason = self.reason_code_id.map(|reason| reason.to_string());
        match self.state {
            UserState::Login => {
                let extension = self.extension.clone().ok_or(Misfit::Missing("extension"))?;
                Ok(UserAsk::LogIn { extension })
            }
            UserState::Logout => Ok(UserAsk::Duty(Duty::LogOut { reason })),
            UserState::NotReady => Ok(UserAsk::Duty(Duty::NotReady { reason })),
            UserState::Ready => Ok(UserAsk::Duty(Duty::Ready)),
            UserState::Reserved
            | UserState::ReservedOutbound
            | UserState::ReservedOutboundPreview
            | UserState::Talking
            | UserState::Hold
            | UserState::Work
            | UserState::WorkReady
            | UserState::Unknown => Err(Misfit::NotAskedFor(self.state.word())),
        }
    }
}

impl DialogRequest {
    /// What is asked for by `POST User/{id}/Dialogs`, by whoever is at that extension.
    pub fn new_call(&self, own: &str) -> Result<Ask, Misfit> {
        let from = self.from_address.as_deref().ok_or(Misfit::Missing("fromAddress"))?;
        if from != own {
            return Err(Misfit::OtherPhone { name: "fromAddress", value: from.to_owned() });
        }
        let to = || self.to_address.clone().ok_or(Misfit::Missing("toAddress"));
        match self.action {
            DialogAction::MakeCall => Ok(Ask::Control(Control::MakeCall { number: to()? })),
            DialogAction::SilentMonitor => Ok(Ask::Supervise(Supervise::Monitor { extension: to()? })),
            DialogAction::BargeCall => {
                let dialog = self.associated_dialog.clone().ok_or(Misfit::Missing("associatedDialogUri"))?;
                Ok(Ask::Supervise(Supervise::Barge { extension: to()?, dialog }))
            }
            DialogAction::Accept
            | DialogAction::Answer
            | DialogAction::CancelScheduledCallback
            | DialogAction::Close
            | DialogAction::Conference
            | DialogAction::ConsultCall
            | DialogAction::Drop
            | DialogAction::SendDtmf
            | DialogAction::Hold
            | DialogAction::ParticipantDrop
            | DialogAction::Reclassify
            | DialogAction::Reject
            | DialogAction::Retrieve
            | DialogAction::StartRecording
            | DialogAction::Transfer
            | DialogAction::TransferSst
            | DialogAction::UpdateCallData
            | DialogAction::UpdateScheduledCallback => Err(Misfit::NotAskedFor(self.action.word())),
        }
    }

    /// What is asked for by `PUT Dialog/{id}`, in that order, by whoever is at that extension.
    pub fn on_call(&self, dialog: &str, own: &str) -> Result<Vec<CallAsk>, Misfit> {
        let dialog = dialog.to_owned();
        // Who is dropped is another; and data are the call's, so that nobody need say whose part is meant.
        let names_none = self.action == DialogAction::UpdateCallData && self.target_media_address.is_none();
        let is_of_own = self.action != DialogAction::ParticipantDrop && !names_none;
        if is_of_own && self.target()? != own {
            let value = self.target_media_address.clone().unwrap_or_default();
            return Err(Misfit::OtherPhone { name: "targetMediaAddress", value });
        }
        let to = || self.to_address.clone().ok_or(Misfit::Missing("toAddress"));
        let extension = self.to_address.clone().unwrap_or_default();
        let control = match self.action {
            DialogAction::Answer => Control::Answer { dialog },
            DialogAction::Drop => Control::Release { dialog },
            DialogAction::Hold => Control::Hold { dialog },
            DialogAction::ConsultCall => Control::Consult { extension: to()?, dialog },
            DialogAction::TransferSst => Control::BlindTransfer { extension: to()?, dialog },
            DialogAction::Transfer => Control::CompleteTransfer { extension, dialog },
            DialogAction::Conference => Control::CompleteConference { extension, dialog },
            DialogAction::Retrieve => return Ok(vec![CallAsk::Retrieve]),
            DialogAction::UpdateCallData => return self.call_data(dialog),
            DialogAction::SendDtmf => return Ok(vec![CallAsk::Digits(self.digits()?)]),
            DialogAction::ParticipantDrop => {
                let extension = self.target()?.to_owned();
                return Ok(vec![CallAsk::Ask(Ask::Supervise(Supervise::DropParticipant {
                    extension,
                    dialog,
                }))]);
            }
            DialogAction::Accept
            | DialogAction::BargeCall
            | DialogAction::CancelScheduledCallback
            | DialogAction::Close
            | DialogAction::MakeCall
            | DialogAction::Reclassify
            | DialogAction::Reject
            | DialogAction::SilentMonitor
            | DialogAction::StartRecording
            | DialogAction::UpdateScheduledCallback => {
                return Err(Misfit::NotAskedFor(self.action.word()));
            }
        };
        Ok(vec![CallAsk::Ask(Ask::Control(control))])
    }

    fn target(&self) -> Result<&str, Misfit> {
        self.target_media_address.as_deref().ok_or(Misfit::Missing("targetMediaAddress"))
    }

    fn digits(&self) -> Result<Digits, Misfit> {
        let text = self.dtmf.clone().ok_or(Misfit::Missing("dtmfString"))?;
        // Keys may be a card's, so they are not repeated.
        let wrong = Misfit::Invalid { name: "dtmfString", value: String::new() };
        Digits::parse(&text.to_ascii_uppercase()).ok_or(wrong)
    }

    /// The reason comes first: it is what may be refused.
    fn call_data(&self, dialog: String) -> Result<Vec<CallAsk>, Misfit> {
        for (name, value) in &self.call_variables {
            if VariableName::parse(name).is_none() {
                return Err(Misfit::Invalid { name: "name", value: name.clone() });
            }
            if VariableValue::parse(value).is_err() {
                return Err(Misfit::Invalid { name: "value", value: name.clone() });
            }
        }
        let reason = self.wrap_up_reason.clone();
        let reason = reason.map(|label| Ask::WrapUp { dialog: dialog.clone(), label });
        let variables = self.call_variables.clone();
        let variables =
            (!variables.is_empty()).then_some(Ask::Control(Control::Variables { dialog, variables }));
        let asks: Vec<CallAsk> = reason.into_iter().chain(variables).map(CallAsk::Ask).collect();
        if asks.is_empty() { Err(Misfit::Missing("mediaProperties")) } else { Ok(asks) }
    }
}

impl ApiError {
    /// What the connector's code is called here; `about` is the id that it is about.
    #[must_use]
    pub fn denied(code: Code, detail: &str, about: &str) -> Self {
        let message = if detail.is_empty() { said(code) } else { detail };
        Self { error_type: error_type(code), message: message.to_owned(), data: about.to_owned() }
    }
}

fn error_type(code: Code) -> ErrorType {
    match code {
        Code::NoDialogId | Code::InvalidCallId | Code::NotFound => ErrorType::NotFound,
        Code::UserNotFound => ErrorType::UserNotFound,
        Code::InvalidCalledDevice
        | Code::InvalidDeviceIdentifier
        | Code::InvalidLogonDevice
        | Code::BadDestination
        | Code::MissingReasonCode
        | Code::WrongExtension => ErrorType::InvalidInput,
        Code::MissingExtension | Code::MissingNumber | Code::MissingPassword => ErrorType::ParameterMissing,
        Code::InvalidCallingDevice
        | Code::InvalidConnectionForActiveCall
        | Code::InvalidConsultType
        | Code::ResourceBusy
        | Code::InvalidObjectState => ErrorType::InvalidState,
        Code::AuthorizationFailure
        | Code::AccountLockedOut
        | Code::InvalidPassword
        | Code::SessionInvalidated
        | Code::SubscriptionFailed => ErrorType::AuthorizationFailure,
        Code::UnspecifiedRejection
        | Code::ResourceAvailability
        | Code::GenericOperation
        | Code::LicensesExceeded
        | Code::GenericError => ErrorType::GenericError,
        Code::GeneralError => ErrorType::InternalServerError,
        Code::Down
        | Code::NotReachable
        | Code::PleaseRetry
        | Code::UnableToSubscribe
        | Code::FinesseUnavailable => ErrorType::ServiceUnavailable,
    }
}

/// What is said where nothing else is known.
fn said(code: Code) -> &'static str {
    let known = SAID.iter().find(|(of, _)| *of == code);
    known.map_or(code.word(), |(_, text)| text)
}

/// For those codes that come without words.
const SAID: &[(Code, &str)] = &[
    (Code::NoDialogId, "there is no such call of the user's"),
    (Code::InvalidObjectState, "that cannot be done as things are"),
    (Code::MissingReasonCode, "there is no such reason"),
    (Code::InvalidDeviceIdentifier, "nobody is at that extension"),
    (Code::BadDestination, "that is no number"),
    (Code::UserNotFound, "the user is no agent"),
    (Code::AuthorizationFailure, "only a supervisor of the team may do that"),
];

#[cfg(test)]
mod tests {
    use cordial_engine::Refusal;
    use expect_test::{Expect, expect};

    use super::*;

    fn user(inside: &str) -> Result<UserAsk, Misfit> {
        UserRequest::read(format!("<User>{inside}</User>").as_bytes())?.ask()
    }

    /// Of somebody at 1001 about the call 7, as words: what each is, and what is in it.
    fn on_call(inside: &str) -> String {
        let asked = DialogRequest::read(format!("<Dialog>{inside}</Dialog>").as_bytes());
        let asks = asked.and_then(|asked| asked.on_call("7", "1001"));
        let said = |ask: &CallAsk| match ask {
            CallAsk::Ask(Ask::Control(control)) => format!("{control:?}"),
            CallAsk::Ask(Ask::Supervise(supervise)) => format!("{supervise:?}"),
            CallAsk::Ask(Ask::WrapUp { dialog, label }) => format!("WrapUp {dialog} {label}"),
            CallAsk::Ask(_) => "something else".to_owned(),
            CallAsk::Retrieve => "Retrieve".to_owned(),
            CallAsk::Digits(digits) => format!("Digits {}", digits.as_str()),
        };
        match asks {
            Ok(asks) => asks.iter().map(said).collect::<Vec<_>>().join("; "),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn a_user_asks_for_what_he_can_be() {
        let log_in = user("<state>LOGIN</state><extension>1001</extension>");
        assert_eq!(log_in, Ok(UserAsk::LogIn { extension: "1001".to_owned() }));
        assert_eq!(user("<state>LOGIN</state>"), Err(Misfit::Missing("extension")));
        assert_eq!(user("<state>READY</state>"), Ok(UserAsk::Duty(Duty::Ready)));
        let away = user("<state>NOT_READY</state><reasonCodeId>8</reasonCodeId>");
        assert_eq!(away, Ok(UserAsk::Duty(Duty::NotReady { reason: Some("8".to_owned()) })));
        assert_eq!(user("<state>LOGOUT</state>"), Ok(UserAsk::Duty(Duty::LogOut { reason: None })));
        for state in ["RESERVED", "TALKING", "HOLD", "WORK", "WORK_READY", "UNKNOWN"] {
            assert_eq!(user(&format!("<state>{state}</state>")), Err(Misfit::NotAskedFor(state)));
        }
    }

    #[test]
    fn each_action_on_a_call_is_what_a_session_knows_or_is_refused() {
        let more = "<targetMediaAddress>1001</targetMediaAddress><toAddress>1002</toAddress><wrapUpReason>sold</wrapUpReason>\
                    <actionParams><ActionParam><name>dtmfString</name><value>1a#</value></ActionParam></actionParams>";
        let all = DialogAction::ALL.iter();
        let said = all.map(|action| {
            format!("{action}: {}\n", on_call(&format!("<requestedAction>{action}</requestedAction>{more}")))
        });
        expect![[r#"
            ACCEPT: `ACCEPT` cannot be asked for here
            ANSWER: Answer { dialog: "7" }
            BARGE_CALL: `BARGE_CALL` cannot be asked for here
            CANCEL_SCHEDULED_CALLBACK: `CANCEL_SCHEDULED_CALLBACK` cannot be asked for here
            CLOSE: `CLOSE` cannot be asked for here
            CONFERENCE: CompleteConference { extension: "1002", dialog: "7" }
            CONSULT_CALL: Consult { extension: "1002", dialog: "7" }
            DROP: Release { dialog: "7" }
            SEND_DTMF: Digits 1A#
            HOLD: Hold { dialog: "7" }
            MAKE_CALL: `MAKE_CALL` cannot be asked for here
            PARTICIPANT_DROP: DropParticipant { extension: "1001", dialog: "7" }
            RECLASSIFY: `RECLASSIFY` cannot be asked for here
            REJECT: `REJECT` cannot be asked for here
            RETRIEVE: Retrieve
            START_RECORDING: `START_RECORDING` cannot be asked for here
            TRANSFER: CompleteTransfer { extension: "1002", dialog: "7" }
            TRANSFER_SST: BlindTransfer { extension: "1002", dialog: "7" }
            UPDATE_CALL_DATA: WrapUp 7 sold
            UPDATE_SCHEDULED_CALLBACK: `UPDATE_SCHEDULED_CALLBACK` cannot be asked for here
            SILENT_MONITOR: `SILENT_MONITOR` cannot be asked for here
        "#]]
        .assert_eq(&said.collect::<String>());
    }

    #[test]
    fn an_action_is_for_ones_own_phone_and_has_what_it_needs() {
        let check = |inside: &str, expected: Expect| expected.assert_eq(&on_call(inside));
        let act = |action: &str, more: &str| format!("<requestedAction>{action}</requestedAction>{more}");
        check(&act("DROP", ""), expect!["`targetMediaAddress` is missing"]);
        let other = "<targetMediaAddress>1002</targetMediaAddress>";
        check(&act("DROP", other), expect!["`1002` is not the extension where the user is"]);
        check(&act("UPDATE_CALL_DATA", other), expect!["`1002` is not the extension where the user is"]);
        check(&act("UPDATE_CALL_DATA", ""), expect!["`mediaProperties` is missing"]);
        check(&act("PARTICIPANT_DROP", ""), expect!["`targetMediaAddress` is missing"]);
        let own = "<targetMediaAddress>1001</targetMediaAddress>";
        check(&act("CONSULT_CALL", own), expect!["`toAddress` is missing"]);
        check(&act("SEND_DTMF", own), expect!["`dtmfString` is missing"]);
        let keys = "<actionParams><ActionParam><name>dtmfString</name><value>4711x</value></ActionParam></actionParams>";
        check(&act("SEND_DTMF", &format!("{own}{keys}")), expect!["`` is no `dtmfString`"]);
        let variable = |name: &str| {
            let one = format!("<CallVariable><name>{name}</name><value>gold</value></CallVariable>");
            let properties = format!(
                "<mediaProperties><wrapUpReason>sold</wrapUpReason><callvariables>{one}</callvariables></mediaProperties>"
            );
            act("UPDATE_CALL_DATA", &properties)
        };
        check(
            &variable("callVariable1"),
            expect![[r#"WrapUp 7 sold; Variables { dialog: "7", variables: [("callVariable1", "gold")] }"#]],
        );
        check(&variable("no name"), expect!["`no name` is no `name`"]);
    }

    #[test]
    fn a_new_call_begins_at_ones_own_phone() {
        let ask = |action: &str, from: &str| {
            let body = format!(
                "<Dialog><requestedAction>{action}</requestedAction>{from}<toAddress>1002</toAddress>\
                 <associatedDialogUri>/finesse/api/Dialog/7</associatedDialogUri></Dialog>"
            );
            DialogRequest::read(body.as_bytes()).and_then(|asked| asked.new_call("1001"))
        };
        let own = "<fromAddress>1001</fromAddress>";
        let call = ask("MAKE_CALL", own);
        assert!(matches!(call, Ok(Ask::Control(Control::MakeCall { number })) if number == "1002"));
        let ear = ask("SILENT_MONITOR", own);
        assert!(matches!(ear, Ok(Ask::Supervise(Supervise::Monitor { extension })) if extension == "1002"));
        let barge = ask("BARGE_CALL", own);
        assert!(matches!(barge, Ok(Ask::Supervise(Supervise::Barge { dialog, .. })) if dialog == "7"));
        assert!(matches!(ask("HOLD", own), Err(Misfit::NotAskedFor("HOLD"))));
        assert!(matches!(ask("MAKE_CALL", ""), Err(Misfit::Missing("fromAddress"))));
        let other = ask("MAKE_CALL", "<fromAddress>1003</fromAddress>");
        assert!(matches!(other, Err(Misfit::OtherPhone { name: "fromAddress", .. })));
    }

    #[test]
    fn the_connectors_codes_are_errors_of_the_reference() {
        let error = |refusal: &Refusal| {
            let error = ApiError::denied(Code::of(refusal), &refusal.to_string(), "7");
            format!("{} {}: {} [{}]", error.error_type.http(), error.error_type, error.message, error.data)
        };
        expect!["400 Invalid State: the call is on hold [7]"].assert_eq(&error(&Refusal::OnHold));
        expect!["400 Invalid Input: the number leads nowhere [7]"].assert_eq(&error(&Refusal::NoRoute));
        expect!["404 Not Found: the agent has no part in that call [7]"]
            .assert_eq(&error(&Refusal::NotInCall));
        let silent = ApiError::denied(Code::NoDialogId, "", "7");
        assert_eq!(silent.message, "there is no such call of the user's");
        // Whatever code there is, something is said.
        assert!(Code::ALL.iter().all(|code| !ApiError::denied(*code, "", "").message.is_empty()));
    }
}

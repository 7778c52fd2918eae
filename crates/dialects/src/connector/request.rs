//! Requests of the connector's clients: a message type `<Command>#<login>` and a body of parameters between commas.
//!
//! Names are matched without regard to case, and blanks around `#` and `,` do not count: the document and the clients that
//! are in use mix both. A body that is empty, missing or `null` has no parameters.

mod ask;

pub use self::ask::{Ask, Control, Duty, Preview, Reasons, Supervise};
use super::fault::Code;

/// What a client asks for, and for whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Behind the `#`: the login of the agent or supervisor, or of the member of a team whose state is to change; of `Hello`
    /// and `Beat` the client's destination.
    pub whose: String,
    /// What.
    pub ask: Ask,
}

/// Passwords are shown to nobody, so of a request only what it is is shown.
impl core::fmt::Debug for Request {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request").field("whose", &self.whose).finish_non_exhaustive()
    }
}

/// Longest message type that is read. Bytes; a longer one is no request.
pub const TYPE_MAX: usize = 512;
/// Longest body that is read. Bytes (64 KiB); a longer one is no request.
pub const BODY_MAX: usize = 64 * 1_024;
/// Longest parameter. Bytes; a longer one is no request.
pub const PARAMETER_MAX: usize = 1_024;

impl Request {
    /// Reads a message.
    ///
    /// # Errors
    /// The code that the client is answered with.
    pub fn parse(kind: &str, body: Option<&str>) -> Result<Self, Code> {
        if kind.len() > TYPE_MAX || body.is_some_and(|body| body.len() > BODY_MAX) {
            return Err(Code::PleaseRetry);
        }
        let (command, whose) = kind.split_once('#').ok_or(Code::PleaseRetry)?;
        let (command, whose) = (command.trim().to_ascii_lowercase(), whose.trim());
        let body = body.map(str::trim).filter(|body| !body.is_empty() && !body.eq_ignore_ascii_case("null"));
        if whose.is_empty() || whose.len() > PARAMETER_MAX || whose.contains(char::is_control) {
            return Err(Code::PleaseRetry);
        }
        let ask = Parameters::of(body)?.ask(&command)?;
        Ok(Self { whose: whose.to_owned(), ask })
    }
}

/// What stands between the commas of a body.
struct Parameters<'a> {
    body: &'a str,
    all: Vec<&'a str>,
}

impl<'a> Parameters<'a> {
    fn of(body: Option<&'a str>) -> Result<Self, Code> {
        let body = body.unwrap_or_default();
        let all: Vec<&str> = body.split(',').map(str::trim).collect();
        if all.iter().any(|one| one.len() > PARAMETER_MAX && !one.contains('|')) {
            return Err(Code::PleaseRetry);
        }
        Ok(Self { body, all })
    }

    /// The parameter at that place, counted from nought, or the code that says what is missing.
    fn need(&self, place: usize, missing: Code) -> Result<String, Code> {
        self.perhaps(place).ok_or(missing)
    }

    fn perhaps(&self, place: usize) -> Option<String> {
        self.all.get(place).filter(|one| !one.is_empty()).map(|one| (*one).to_owned())
    }

    fn dialog(&self, place: usize) -> Result<String, Code> {
        self.need(place, Code::NoDialogId)
    }

    fn extension(&self, place: usize) -> Result<String, Code> {
        let extension = self.need(place, Code::MissingExtension)?;
        if extension.contains(|c: char| c.is_alphabetic()) {
            Err(Code::WrongExtension)
        } else {
            Ok(extension)
        }
    }

    /// Whom to reach, and which call it is about.
    fn target(&self) -> Result<(String, String), Code> {
        Ok((self.need(0, Code::MissingNumber)?, self.dialog(1)?))
    }

    fn ask(&self, command: &str) -> Result<Ask, Code> {
        self.of_sessions(command)
            .or_else(|| self.of_calls(command))
            .or_else(|| self.of_supervisors(command))
            .unwrap_or(Err(Code::PleaseRetry))
    }

    fn of_sessions(&self, command: &str) -> Option<Result<Ask, Code>> {
        let password = |place| self.need(place, Code::MissingPassword);
        Some(match command {
            "hello" => Ok(Ask::Hello),
            "beat" => Ok(Ask::Beat),
            "connect" => self
                .need(0, Code::PleaseRetry)
                .and_then(|destination| Ok(Ask::Connect { destination, password: password(1)? })),
            "login" => {
                password(0).and_then(|password| Ok(Ask::LogIn { password, extension: self.extension(1)? }))
            }
            "mobileagentlogin" => password(0).and_then(|password| {
                let call_by_call = self.perhaps(3).is_none_or(|mode| mode.eq_ignore_ascii_case("true"));
                let (extension, phone) = (self.extension(1)?, self.need(2, Code::MissingNumber)?);
                Ok(Ask::MobileLogIn { password, extension, phone, call_by_call })
            }),
            "logout" => Ok(Ask::Duty(Duty::LogOut { reason: None })),
            "logoutwithreason" => self
                .need(0, Code::MissingReasonCode)
                .map(|reason| Ask::Duty(Duty::LogOut { reason: Some(reason) })),
            "force_logout" => Ok(Ask::Duty(Duty::ForceLogOut)),
            "makeready" => Ok(Ask::Duty(Duty::Ready)),
            "makenotready" => Ok(Ask::Duty(Duty::NotReady { reason: None })),
            "makenotreadywithreason" => self
                .need(0, Code::MissingReasonCode)
                .map(|reason| Ask::Duty(Duty::NotReady { reason: Some(reason) })),
            "getstate" => Ok(Ask::State),
            "makeworknotready" => Ok(Ask::Duty(Duty::WorkNotReady)),
            "makeworkready" => Ok(Ask::Duty(Duty::WorkReady)),
            "refresh" => Ok(Ask::Refresh),
            "wrapupreasoncode" => Ok(Ask::Reasons(Reasons::WrapUp)),
            "reasoncodelogout" => Ok(Ask::Reasons(Reasons::LogOut)),
            "reasoncodenotready" => Ok(Ask::Reasons(Reasons::NotReady)),
            "getloggedinagents" => Ok(Ask::LoggedInAgents),
            "getphonebooks" => Ok(Ask::Phonebooks),
            "getteamphonebooks" => self.need(0, Code::NotFound).map(|team| Ask::TeamPhonebooks { team }),
            "getphonebookcontacts" => self.need(0, Code::NotFound).map(|book| Ask::Contacts { book }),
            _ => return None,
        })
    }

    fn of_calls(&self, command: &str) -> Option<Result<Ask, Code>> {
        let dialog = || self.dialog(0);
        Some(match command {
            "makecall" => {
                self.need(0, Code::MissingNumber).map(|number| Ask::Control(Control::MakeCall { number }))
            }
            "answercall" => dialog().map(|dialog| Ask::Control(Control::Answer { dialog })),
            "holdcall" => dialog().map(|dialog| Ask::Control(Control::Hold { dialog })),
            "retrievecall" => dialog().map(|dialog| Ask::Control(Control::Retrieve { dialog })),
            "releasecall" => dialog().map(|dialog| Ask::Control(Control::Release { dialog })),
            "transfer_sst" => self
                .target()
                .map(|(extension, dialog)| Ask::Control(Control::BlindTransfer { extension, dialog })),
            "consultcall" => {
                self.target().map(|(extension, dialog)| Ask::Control(Control::Consult { extension, dialog }))
            }
            "transfercall" => self
                .target()
                .map(|(extension, dialog)| Ask::Control(Control::CompleteTransfer { extension, dialog })),
            "conferencecall" => self
                .target()
                .map(|(extension, dialog)| Ask::Control(Control::CompleteConference { extension, dialog })),
            "getdialogstate" => dialog().map(|dialog| Ask::DialogState { dialog }),
            "getdialogstatecontrols" => dialog().map(|dialog| Ask::DialogControls { dialog }),
            "getdialogparticipants" => dialog().map(|dialog| Ask::Participants { dialog }),
            "updatedialogwrapup" => dialog()
                .and_then(|dialog| Ok(Ask::WrapUp { dialog, label: self.need(1, Code::MissingReasonCode)? })),
            "updatedialogvariable" => self.variables(),
            "zoompauserecording" => Ok(Ask::Control(Control::PauseRecording { dialog: self.perhaps(0) })),
            "zoomresumerecording" => Ok(Ask::Control(Control::ResumeRecording { dialog: self.perhaps(0) })),
            "acceptoutboundpreview" => self.preview(Preview::Accept),
            "rejectoutboundpreview" => self.preview(Preview::Reject),
            "closeoutboundpreview" => self.preview(Preview::Close),
            _ => return None,
        })
    }

    fn of_supervisors(&self, command: &str) -> Option<Result<Ask, Code>> {
        let team = || self.need(0, Code::NotFound);
        Some(match command {
            "getqueuelist" => Ok(Ask::Supervise(Supervise::Queues)),
            "silentmonitor" => self
                .need(0, Code::MissingExtension)
                .map(|extension| Ask::Supervise(Supervise::Monitor { extension })),
            "endsilentmonitor" => {
                self.dialog(0).map(|dialog| Ask::Supervise(Supervise::EndMonitor { dialog }))
            }
            "dropparticipant" => self
                .target()
                .map(|(extension, dialog)| Ask::Supervise(Supervise::DropParticipant { extension, dialog })),
            "bargein" => self
                .target()
                .map(|(extension, dialog)| Ask::Supervise(Supervise::Barge { extension, dialog })),
            "getteamusers" => team().map(|team| {
                let subscribe = self.perhaps(1).is_some_and(|word| word.eq_ignore_ascii_case("true"));
                Ask::Supervise(Supervise::TeamUsers { team, subscribe })
            }),
            "getteamusersstate" => team().map(|team| Ask::Supervise(Supervise::TeamStates { team })),
            _ => return None,
        })
    }

    /// The second parameter says once more what the name says already; a word that says something else is a mistake.
    fn preview(&self, how: Preview) -> Result<Ask, Code> {
        let word = match how {
            Preview::Accept => "ACCEPT",
            Preview::Reject => "REJECT",
            Preview::Close => "CLOSE",
        };
        if self.perhaps(1).is_some_and(|said| !said.eq_ignore_ascii_case(word)) {
            return Err(Code::PleaseRetry);
        }
        Ok(Ask::Preview { dialog: self.dialog(0)?, how })
    }

    /// `<dialog>,<name>=<value>|<name>=<value>`: a value may hold commas, because only the first one counts.
    fn variables(&self) -> Result<Ask, Code> {
        let (dialog, rest) = self.body.split_once(',').ok_or(Code::NoDialogId)?;
        let dialog = dialog.trim();
        if dialog.is_empty() {
            return Err(Code::NoDialogId);
        }
        let pair = |text: &str| {
            let (name, value) = text.split_once('=')?;
            let (name, value) = (name.trim(), value.trim());
            (!name.is_empty() && name.len() + value.len() <= PARAMETER_MAX)
                .then(|| (name.to_owned(), value.to_owned()))
        };
        let variables: Option<Vec<_>> = rest.split('|').map(pair).collect();
        Ok(Ask::Control(Control::Variables {
            dialog: dialog.to_owned(),
            variables: variables.ok_or(Code::PleaseRetry)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(kind: &str, body: &str) -> Ask {
        match Request::parse(kind, Some(body)) {
            Ok(request) => request.ask,
            Err(code) => panic!("{kind} {body}: {}", code.word()),
        }
    }

    fn refused(kind: &str, body: Option<&str>) -> &'static str {
        match Request::parse(kind, body) {
            Ok(request) => panic!("{request:?} is taken"),
            Err(code) => code.word(),
        }
    }

    fn is(found: &Ask, wanted: &Ask) {
        assert!(found == wanted, "another request was read");
    }

    #[test]
    fn case_and_blanks_do_not_count() {
        let text = |text: &str| text.to_owned();
        let wanted = Ask::LogIn { password: text("Expertflow464"), extension: text("42053") };
        for kind in ["Login#565656", "LOGIN # 565656 ", " login#565656"] {
            let request = Request::parse(kind, Some(" Expertflow464 , 42053 ")).expect("a request");
            assert_eq!(request.whose, "565656");
            is(&request.ask, &wanted);
        }
        is(&ask("MakeCall# 1001", "+49 30 1"), &Ask::Control(Control::MakeCall { number: text("+49 30 1") }));
        for body in [None, Some(""), Some("null"), Some("NULL")] {
            let request = Request::parse("Hello#192.168.1.148", body).expect("a request");
            assert_eq!(request.whose, "192.168.1.148");
            is(&request.ask, &Ask::Hello);
        }
        is(&ask("Conferencecall#a", "42054,7"), &ask("ConferenceCall#a", "42054,7"));
        is(
            &ask("Connect#a", "desk,secret,SSO"),
            &Ask::Connect { destination: text("desk"), password: text("secret") },
        );
    }

    #[test]
    fn what_is_missing_is_told_by_its_code() {
        assert_eq!(refused("Login#a", None), "MISSING_PASSWORD");
        assert_eq!(refused("Login#a", Some("secret")), "MISSING_EXTENSION");
        assert_eq!(refused("Login#a", Some("secret,")), "MISSING_EXTENSION");
        assert_eq!(refused("Login#a", Some("secret,42O53")), "WRONG_EXTENSION");
        assert_eq!(refused("MakeCall#a", Some(" ")), "MISSING_NUMBER");
        assert_eq!(refused("HoldCall#a", None), "NO_DIALOG_ID");
        assert_eq!(refused("ConsultCall#a", Some("42054")), "NO_DIALOG_ID");
        assert_eq!(refused("ConsultCall#a", Some(",7")), "MISSING_NUMBER");
        assert_eq!(refused("MakeNotReadyWithReason#a", None), "MISSING_REASON_CODE");
        assert_eq!(refused("getteamusers#s", None), "NOT_FOUND");
        for (kind, body) in [("Login", Some("x,1")), ("Login#", Some("x,1")), ("Sing#a", None), ("#", None)] {
            assert_eq!(refused(kind, body), "PLEASE_RETRY", "{kind}");
        }
    }

    #[test]
    fn variables_keep_their_commas_and_previews_say_one_thing() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let found = ask("UpdateDialogVariable#a", "7, callVariable1=a,b | callVariable2 = |x=1=2");
        let variables = vec![pair("callVariable1", "a,b"), pair("callVariable2", ""), pair("x", "1=2")];
        is(&found, &Ask::Control(Control::Variables { dialog: "7".to_owned(), variables }));
        assert_eq!(refused("UpdateDialogVariable#a", Some("7")), "NO_DIALOG_ID");
        assert_eq!(refused("UpdateDialogVariable#a", Some("7,nonsense")), "PLEASE_RETRY");
        let accept = Ask::Preview { dialog: "7".to_owned(), how: Preview::Accept };
        is(&ask("AcceptOutboundPreview#a", "7,accept"), &accept);
        is(&ask("AcceptOutboundPreview#a", "7"), &accept);
        assert_eq!(refused("AcceptOutboundPreview#a", Some("7,REJECT")), "PLEASE_RETRY");
    }

    #[test]
    fn a_password_is_not_shown() {
        let request = Request::parse("Login#a", Some("secret,1")).expect("a request");
        assert!(!format!("{request:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(kind in ".{0,40}", body in proptest::option::of(".{0,80}")) {
            Request::parse(&kind, body.as_deref()).ok();
        }

        #[test]
        fn a_known_command_with_any_body_is_read_or_refused(
            which in 0_usize..8,
            body in "[a-z0-9,|= ]{0,40}",
        ) {
            let kind = ["Login", "ConsultCall", "UpdateDialogVariable", "getteamusers", "bargein",
                "AcceptOutboundPreview", "MobileAgentLogin", "Connect"][which];
            Request::parse(&format!("{kind}#a"), Some(&body)).ok();
        }
    }
}

//! What is asked for by a `<User>` or a `<Dialog>`.

use thiserror::Error;

use super::wire::ApiError;
use super::words::{DialogAction, ErrorType, UserState};
use super::xml::{Element, Unreadable};

/// `PUT User/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRequest {
    /// The state to be in.
    pub state: UserState,
    /// Where, for a log-in.
    pub extension: Option<String>,
    /// The code of why, for `NOT_READY` and `LOGOUT`.
    pub reason_code_id: Option<u32>,
}

/// `POST User/{id}/Dialogs` and `PUT Dialog/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogRequest {
    /// What to do.
    pub action: DialogAction,
    /// Who calls: an extension.
    pub from_address: Option<String>,
    /// Who is called.
    pub to_address: Option<String>,
    /// Whose part in the call is meant: an extension.
    pub target_media_address: Option<String>,
    /// The id at the end of `associatedDialogUri`: the call to barge into.
    pub associated_dialog: Option<String>,
    /// For `UPDATE_CALL_DATA`.
    pub wrap_up_reason: Option<String>,
    /// For `UPDATE_CALL_DATA`: names and values, in their order; an empty value is one.
    pub call_variables: Vec<(String, String)>,
    /// For `SEND_DTMF`: the action's parameter `dtmfString`.
    pub dtmf: Option<String>,
}

/// Why a body asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It is no tree of elements that is accepted.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is about something else.
    #[error("the body is a `{found}`, not a `{expected}`")]
    OtherThing {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// An element is not there, or empty.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An element's text means nothing.
    #[error("`{value}` is no `{name}`")]
    Invalid {
        /// The element.
        name: &'static str,
        /// Its text.
        value: String,
    },
    /// It is about another's phone.
    #[error("`{value}` is not the extension where the user is")]
    OtherPhone {
        /// The element.
        name: &'static str,
        /// Its text.
        value: String,
    },
    /// It means something, and cannot be asked for in that place.
    #[error("`{0}` cannot be asked for here")]
    NotAskedFor(&'static str),
}

impl UserRequest {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Result<Self, Misfit> {
        let user = tree(body, "User")?;
        let reason = user.text_of("reasonCodeId").map(|text| match text.parse() {
            Ok(code) => Ok(code),
            Err(_) => Err(Misfit::Invalid { name: "reasonCodeId", value: text.to_owned() }),
        });
        Ok(Self {
            state: word(&user, "state", UserState::read)?,
            extension: text(&user, "extension"),
            reason_code_id: reason.transpose()?,
        })
    }
}

impl DialogRequest {
    /// Reads a body. What the action needs beside itself is checked by whoever carries it out.
    pub fn read(body: &[u8]) -> Result<Self, Misfit> {
        let dialog = tree(body, "Dialog")?;
        let properties = dialog.child("mediaProperties");
        let variables = properties.and_then(|properties| properties.child("callvariables"));
        let variables = variables.map(|variables| pairs(variables, "CallVariable")).transpose()?;
        let parameters = dialog.child("actionParams");
        let parameters = parameters.map(|parameters| pairs(parameters, "ActionParam")).transpose()?;
        let mut parameters = parameters.unwrap_or_default().into_iter();
        Ok(Self {
            action: word(&dialog, "requestedAction", DialogAction::read_either)?,
            from_address: text(&dialog, "fromAddress"),
            to_address: text(&dialog, "toAddress"),
            target_media_address: text(&dialog, "targetMediaAddress"),
            associated_dialog: associated_dialog(&dialog)?,
            // It stands beside the action or among the call's properties, where a read shows it.
            wrap_up_reason: text(&dialog, "wrapUpReason")
                .or_else(|| properties.and_then(|properties| text(properties, "wrapUpReason"))),
            call_variables: variables.unwrap_or_default(),
            dtmf: parameters.find_map(|(name, value)| (name == "dtmfString").then_some(value)),
        })
    }
}

impl Misfit {
    /// As this API says it.
    #[must_use]
    pub fn error(&self) -> ApiError {
        let (error_type, data) = match self {
            Self::Unreadable(_) | Self::OtherThing { .. } => (ErrorType::BadRequest, ""),
            Self::Missing(name) => (ErrorType::ParameterMissing, *name),
            Self::Invalid { name, .. } | Self::OtherPhone { name, .. } => (ErrorType::InvalidInput, *name),
            Self::NotAskedFor(word) => (ErrorType::InvalidInput, *word),
        };
        ApiError { error_type, message: self.to_string(), data: data.to_owned() }
    }
}

fn tree(body: &[u8], expected: &'static str) -> Result<Element, Misfit> {
    let tree = Element::read(body)?;
    if tree.name == expected { Ok(tree) } else { Err(Misfit::OtherThing { expected, found: tree.name }) }
}

fn text(of: &Element, name: &str) -> Option<String> {
    of.text_of(name).map(str::to_owned)
}

fn word<T>(of: &Element, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, Misfit> {
    let text = of.text_of(name).ok_or(Misfit::Missing(name))?;
    read(text).ok_or_else(|| Misfit::Invalid { name, value: text.to_owned() })
}

/// The `<name>` and `<value>` of each child that is called so.
fn pairs(of: &Element, each: &str) -> Result<Vec<(String, String)>, Misfit> {
    let pair = |child: &Element| {
        let name = text(child, "name").ok_or(Misfit::Missing("name"))?;
        // A value's blanks are its own.
        let value = child.child("value").ok_or(Misfit::Missing("value"))?;
        Ok((name, value.text.clone()))
    };
    of.children.iter().filter(|child| child.name == each).map(pair).collect()
}

fn associated_dialog(dialog: &Element) -> Result<Option<String>, Misfit> {
    let name = "associatedDialogUri";
    let Some(uri) = dialog.text_of(name) else {
        return Ok(None);
    };
    match uri.rsplit_once("/Dialog/") {
        Some((_, id)) if !id.is_empty() && !id.contains('/') => Ok(Some(id.to_owned())),
        Some(_) | None => Err(Misfit::Invalid { name, value: uri.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn refused(why: &Misfit, expected: &Expect) {
        let error = why.error();
        expected.assert_eq(&format!(
            "{} {}: {} [{}]",
            error.error_type.http(),
            error.error_type,
            error.message,
            error.data
        ));
    }

    #[test]
    fn a_user_asks_for_a_state() {
        let sign_in = UserRequest::read(b"<User><state>LOGIN</state><extension>1001</extension></User>");
        let expected =
            UserRequest { state: UserState::Login, extension: Some("1001".to_owned()), reason_code_id: None };
        assert_eq!(sign_in, Ok(expected));
        let lunch =
            UserRequest::read(b"<User><state>not_ready</state><reasonCodeId> 8 </reasonCodeId></User>");
        let expected = UserRequest { state: UserState::NotReady, extension: None, reason_code_id: Some(8) };
        assert_eq!(lunch, Ok(expected));
    }

    #[test]
    fn a_user_who_asks_for_nothing_is_told_what_is_wrong() {
        let read = |body: &str| UserRequest::read(body.as_bytes()).expect_err("it asks for nothing");
        refused(
            &read("<User><state> </state></User>"),
            &expect!["400 Parameter Missing: `state` is missing [state]"],
        );
        refused(
            &read("<User><state>ASLEEP</state></User>"),
            &expect!["400 Invalid Input: `ASLEEP` is no `state` [state]"],
        );
        let reason = "<User><state>LOGOUT</state><reasonCodeId>-1</reasonCodeId></User>";
        refused(&read(reason), &expect!["400 Invalid Input: `-1` is no `reasonCodeId` [reasonCodeId]"]);
        refused(&read("<Dialog/>"), &expect!["400 Bad Request: the body is a `Dialog`, not a `User` []"]);
        refused(
            &read("<User>"),
            &expect!["400 Bad Request: the body is not well-formed: the document ends early []"],
        );
    }

    #[test]
    fn a_dialog_asks_for_a_call() {
        let request = |body: &str| DialogRequest::read(body.as_bytes()).expect("it asks for something");
        let call = request(
            "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>42512</toAddress></Dialog>",
        );
        assert_eq!(call.action, DialogAction::MakeCall);
        assert_eq!((call.from_address.as_deref(), call.to_address.as_deref()), (Some("1001"), Some("42512")));
        let barge = request(
            "<Dialog><requestedAction>BARGE_CALL</requestedAction><fromAddress>1009</fromAddress><toAddress>1001</toAddress>\
             <associatedDialogUri>/finesse/api/Dialog/321</associatedDialogUri></Dialog>",
        );
        assert_eq!(
            (barge.action, barge.associated_dialog.as_deref()),
            (DialogAction::BargeCall, Some("321"))
        );
        let hold = request(
            "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>HOLD</requestedAction></Dialog>",
        );
        assert_eq!((hold.action, hold.target_media_address.as_deref()), (DialogAction::Hold, Some("1001")));
        let tones = request(
            "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>SEND_DTMF</requestedAction><actionParams>\
             <ActionParam><name>dtmfString</name><value>12#</value></ActionParam></actionParams></Dialog>",
        );
        assert_eq!(tones.dtmf.as_deref(), Some("12#"));
    }

    #[test]
    fn a_dialog_asks_for_other_call_data() {
        let body = "<Dialog>
            <requestedAction>UPDATE_CALL_DATA</requestedAction>
            <mediaProperties>
              <wrapUpReason>Sold &amp; shipped</wrapUpReason>
              <callvariables>
                <CallVariable><name>callVariable1</name><value> Ana </value></CallVariable>
                <CallVariable><name>callVariable2</name><value/></CallVariable>
              </callvariables>
            </mediaProperties>
          </Dialog>";
        let request = DialogRequest::read(body.as_bytes()).expect("it asks for something");
        assert_eq!(request.wrap_up_reason.as_deref(), Some("Sold & shipped"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(request.call_variables, [pair("callVariable1", " Ana "), pair("callVariable2", "")]);
    }

    #[test]
    fn a_dialog_that_asks_for_nothing_is_told_what_is_wrong() {
        let read = |inside: &str| {
            let body = format!("<Dialog>{inside}</Dialog>");
            DialogRequest::read(body.as_bytes()).expect_err("it asks for nothing")
        };
        refused(&read(""), &expect!["400 Parameter Missing: `requestedAction` is missing [requestedAction]"]);
        let barge = "<requestedAction>BARGE_CALL</requestedAction>";
        for uri in ["321", "/finesse/api/Dialog/", "/finesse/api/Dialog/3/21"] {
            let why = read(&format!("{barge}<associatedDialogUri>{uri}</associatedDialogUri>"));
            assert_eq!(why, Misfit::Invalid { name: "associatedDialogUri", value: uri.to_owned() });
        }
        let nameless = "<mediaProperties><callvariables><CallVariable><value>1</value></CallVariable></callvariables></mediaProperties>";
        refused(&read(nameless), &expect!["400 Parameter Missing: `name` is missing [name]"]);
    }

    proptest! {
        #[test]
        fn call_variables_come_as_they_were_sent(
            // A value that XML can carry.
            sent in prop::collection::vec(("[a-zA-Z.0-9]{1,20}", "[ -~łÿ\n]{0,40}"), 0..12),
        ) {
            let each = |(name, value): &(String, String)| {
                Element::of("CallVariable", vec![Element::leaf("name", name), Element::leaf("value", value)])
            };
            let variables = Element::of("callvariables", sent.iter().map(each).collect());
            let action = Element::leaf("requestedAction", DialogAction::UpdateCallData);
            let dialog = Element::of("Dialog", vec![action, Element::of("mediaProperties", vec![variables])]);
            let read = DialogRequest::read(dialog.to_xml().as_bytes()).expect("it asks for something");
            prop_assert_eq!(read.call_variables, sent);
        }
    }
}

//! Requests by name, and the replies to them.

use super::frame::Frame;

/// What is asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// `auth <password>`
    Auth(String),
    /// `userauth [<user>[@<domain>]]:<password>`
    UserAuth {
        /// Before the `@`.
        user: String,
        /// Behind it.
        domain: Option<String>,
        /// Behind the colon.
        password: String,
    },
    /// `api <command> [<arguments>]`
    Api(Call),
    /// `bgapi <command> [<arguments>]`, with the job's name if the client gives one.
    BgApi(Call, Option<String>),
    /// `event [plain|json|xml] <names>`
    Event(String),
    /// `nixevent <names>`
    NixEvent(String),
    /// `noevents`
    NoEvents,
    /// `filter [delete] <header> [<value>]`
    Filter(String),
    /// `nolog`
    NoLog,
    /// `exit`
    Exit,
    /// Whatever we do not serve.
    Unknown,
}

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub command: String,
    /// All that follows, as it was written.
    pub arguments: String,
}

impl Request {
    /// Reads a frame. Never fails: what is not known is [`Request::Unknown`].
    #[must_use]
    pub fn of(frame: &Frame) -> Self {
        let (word, rest) = first_word(&frame.line);
        match word.to_ascii_lowercase().as_str() {
            "auth" => Self::Auth(rest.to_owned()),
            "userauth" => user_auth(rest),
            "api" => call(rest).map_or(Self::Unknown, Self::Api),
            "bgapi" => call(rest).map_or(Self::Unknown, |call| Self::BgApi(call, job(frame))),
            "event" => Self::Event(rest.to_owned()),
            "nixevent" => Self::NixEvent(rest.to_owned()),
            "noevents" => Self::NoEvents,
            "filter" => Self::Filter(rest.to_owned()),
            "nolog" => Self::NoLog,
            "exit" | "..." => Self::Exit,
            _ => Self::Unknown,
        }
    }
}

/// Passwords are not shown.
impl core::fmt::Debug for Request {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Auth(_) => f.write_str("Auth(…)"),
            Self::UserAuth { user, domain, .. } => write!(f, "UserAuth({user}, {domain:?}, …)"),
            Self::Api(call) => write!(f, "Api({call:?})"),
            Self::BgApi(call, job) => write!(f, "BgApi({call:?}, {job:?})"),
            Self::Event(names) => write!(f, "Event({names:?})"),
            Self::NixEvent(names) => write!(f, "NixEvent({names:?})"),
            Self::NoEvents => f.write_str("NoEvents"),
            Self::Filter(rule) => write!(f, "Filter({rule:?})"),
            Self::NoLog => f.write_str("NoLog"),
            Self::Exit => f.write_str("Exit"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

fn first_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()))
}

fn call(rest: &str) -> Option<Call> {
    let (command, arguments) = first_word(rest);
    let call = || Call { command: command.to_owned(), arguments: arguments.to_owned() };
    (!command.is_empty()).then(call)
}

fn job(frame: &Frame) -> Option<String> {
    let named = frame.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Job-UUID"));
    let plain = |text: &&str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    named.map(|(_, value)| value.as_str()).filter(plain).map(str::to_owned)
}

fn user_auth(rest: &str) -> Request {
    let Some((who, password)) = rest.split_once(':') else {
        return Request::Unknown;
    };
    let (user, domain) = match who.split_once('@') {
        Some((user, domain)) => (user, Some(domain.to_owned())),
        None => (who, None),
    };
    Request::UserAuth { user: user.to_owned(), domain, password: password.to_owned() }
}

/// The greeting.
pub const AUTH_REQUEST: &str = "Content-Type: auth/request\n\n";

/// What is said to a connection for which there is no room.
#[must_use]
pub fn rude_rejection() -> String {
    with_body("text/rude-rejection", "Access Denied, go away.\n")
}

/// What is said before we end a connection.
#[must_use]
pub fn disconnect_notice() -> String {
    let body = "Disconnected, goodbye.\n";
    format!(
        "Content-Type: text/disconnect-notice\nContent-Disposition: disconnect\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// The reply to a request.
#[must_use]
pub fn reply(text: &str) -> String {
    format!("Content-Type: command/reply\nReply-Text: {}\n\n", one_line(text))
}

/// The reply to `bgapi`.
#[must_use]
pub fn job_reply(job: &str) -> String {
    format!("Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n")
}

/// The answer to `api`.
#[must_use]
pub fn api_response(text: &str) -> String {
    with_body("api/response", if text.is_empty() { "-ERR no reply\n" } else { text })
}

fn with_body(kind: &str, body: &str) -> String {
    format!("Content-Type: {kind}\nContent-Length: {}\n\n{body}", body.len())
}

/// A reply is one line: whatever a client had us repeat cannot begin a header of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::frame::Framer;
    use super::*;

    fn of(text: &str) -> String {
        let mut framer = Framer::default();
        framer.push(text.as_bytes());
        format!("{:?}", Request::of(&framer.take().expect("a frame").expect("a whole frame")))
    }

    #[test]
    fn requests_are_read_in_any_case_and_passwords_are_not_shown() {
        let read: Vec<String> = [
            "auth ClueCon\n\n",
            "userauth ann@pbx.example:secret word\n\n",
            "userauth :secret\n\n",
            "API callcenter_config agent set status ann 'On Break'\n\n",
            "bgapi status\nJob-UUID: 7f4e\n\n",
            "event plain CUSTOM callcenter::info\n\n",
            "api\n\n",
            "sendevent X\n\n",
            "exit\n\n",
        ]
        .map(of)
        .into();
        expect_test::expect![[r#"
            Auth(…)
            UserAuth(ann, Some("pbx.example"), …)
            UserAuth(, None, …)
            Api(Call { command: "callcenter_config", arguments: "agent set status ann 'On Break'" })
            BgApi(Call { command: "status", arguments: "" }, Some("7f4e"))
            Event("plain CUSTOM callcenter::info")
            Unknown
            Unknown
            Exit"#]]
        .assert_eq(&read.join("\n"));
    }

    #[test]
    fn nothing_repeated_begins_a_header_of_its_own() {
        assert_eq!(
            reply("+OK filter added. [a]=[b\nContent-Length: 9]"),
            "Content-Type: command/reply\nReply-Text: +OK filter added. [a]=[b Content-Length: 9]\n\n"
        );
    }
}

//! The commands of `api` and `bgapi`.

use cordial_dialects::event_socket::console::{DENIED, USAGE, contact_device};
use cordial_dialects::event_socket::request::Call;
use cordial_dialects::event_socket::uuid;
use cordial_dialects::names::EntryKey as _;
use cordial_dialects::native::wire::Scope;
use cordial_engine::entry::Kind;
use cordial_engine::id::{CallId, DeviceId, Guid};
use cordial_engine::text::Number;
use cordial_engine::{Answer, Command, Refusal};

use super::EventSocket;
use crate::callcenter;
use crate::handle::Unavailable;
use crate::http::Caller;

/// Answers one command, as text with its line ends.
pub(super) async fn run(server: &EventSocket, caller: &Caller, call: &Call) -> String {
    let asked = Asked { server, caller };
    let arguments = call.arguments.as_str();
    let answer = match call.command.to_ascii_lowercase().as_str() {
        "callcenter_config" if arguments.is_empty() => return USAGE.to_owned(),
        "callcenter_config" => {
            return callcenter::config(server.state.handle(), caller, arguments).await;
        }
        "version" => return format!("Cordial Version {}\n", env!("CARGO_PKG_VERSION")),
        "echo" => return arguments.to_owned(),
        "status" => asked.status().await,
        "show" => asked.show(arguments).await,
        "uuid_exists" => asked.exists(arguments).await,
        "uuid_kill" => asked.kill(arguments).await,
        "originate" => asked.originate(arguments).await,
        _ => return format!("-ERR {} Command not found!\n", call.command),
    };
    answer.unwrap_or_else(|why| format!("-ERR {why}\n"))
}

struct Asked<'a> {
    server: &'a EventSocket,
    caller: &'a Caller,
}

impl Asked<'_> {
    async fn status(&self) -> Result<String, Unavailable> {
        if !self.may(Scope::Read) {
            return Ok(DENIED.to_owned());
        }
        let (calls, legs) = self.counts().await?;
        let up = self.server.began.elapsed().as_secs();
        let (days, hours, minutes, seconds) = (up / 86_400, up / 3_600 % 24, up / 60 % 60, up % 60);
        Ok(format!(
            "UP {years} years, {days} days, {hours} hours, {minutes} minutes, {seconds} seconds\n\
             Cordial (Version {version}) is ready\n{legs} session(s) in {calls} call(s)\n",
            years = days / 365,
            days = days % 365,
            version = env!("CARGO_PKG_VERSION"),
        ))
    }

    /// `show calls count` and `show channels count`; the long tables are of a switch's own and are not told.
    async fn show(&self, arguments: &str) -> Result<String, Unavailable> {
        if !self.may(Scope::Read) {
            return Ok(DENIED.to_owned());
        }
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let (calls, legs) = self.counts().await?;
        Ok(match words.as_slice() {
            ["calls", "count"] => format!("\n{calls} total.\n"),
            ["channels", "count"] => format!("\n{legs} total.\n"),
            _ => "-ERR only `show calls count` and `show channels count` are served\n".to_owned(),
        })
    }

    /// Calls and legs of the tenant.
    async fn counts(&self) -> Result<(usize, usize), Unavailable> {
        let tenant = self.caller.tenant;
        let handle = self.server.state.handle();
        let calls = handle.read(move |engine, _| engine.calls(tenant)).await?;
        let live = calls.iter().filter(|call| !call.legs.is_empty()).count();
        Ok((live, calls.iter().map(|call| call.legs.len()).sum()))
    }

    async fn exists(&self, name: &str) -> Result<String, Unavailable> {
        if !self.may(Scope::Read) {
            return Ok(DENIED.to_owned());
        }
        Ok(self.call_of(name).await?.is_some().to_string())
    }

    /// `uuid_kill <uuid>`: the call of that leg, or of that name, is cleared.
    async fn kill(&self, arguments: &str) -> Result<String, Unavailable> {
        if !self.may(Scope::Supervise) {
            return Ok(DENIED.to_owned());
        }
        let name = arguments.split_whitespace().next().unwrap_or_default();
        let Some(call) = self.call_of(name).await? else {
            return Ok("-ERR No such channel!\n".to_owned());
        };
        let (handle, caller) = (self.server.state.handle(), self.caller);
        let answer = handle.command(caller.tenant, caller.by(), Command::ClearCall { call }).await?;
        Ok(match answer {
            Ok(_) => "+OK\n".to_owned(),
            Err(_) => "-ERR No such channel!\n".to_owned(),
        })
    }

    async fn call_of(&self, name: &str) -> Result<Option<CallId>, Unavailable> {
        let Some(guid) = Guid::parse(name) else {
            return Ok(None);
        };
        let tenant = self.caller.tenant;
        let find = move |engine: &cordial_engine::Engine| {
            if let Some(call) = engine.call_by_guid(tenant, guid) {
                return Some(call.id);
            }
            let calls = engine.calls(tenant);
            calls.iter().find(|call| call.legs.iter().any(|leg| leg.guid == guid)).map(|call| call.id)
        };
        self.server.state.handle().read(move |engine, _| find(engine)).await
    }

    /// `originate user/<device> <number>`: the device is rung, and dials when it is answered. Answered when it rings.
    async fn originate(&self, arguments: &str) -> Result<String, Unavailable> {
        if !self.may(Scope::Supervise) {
            return Ok(DENIED.to_owned());
        }
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let [from, to, ..] = words.as_slice() else {
            return Ok("-USAGE originate user/<device> <number>\n".to_owned());
        };
        let (from, to) = (contact_device(from).unwrap_or_default().to_owned(), Number::parse(to));
        let Ok(to) = to else {
            return Ok("-ERR only a number can be dialled, no application run\n".to_owned());
        };
        let (handle, caller) = (self.server.state.handle(), self.caller);
        let tenant = caller.tenant;
        let device = handle.read(move |engine, _| engine.find_by_name(tenant, Kind::Device, &from)).await?;
        let Some(device) = device.and_then(DeviceId::of) else {
            return Ok("-ERR USER_NOT_REGISTERED\n".to_owned());
        };
        Ok(match handle.command(tenant, caller.by(), Command::PlaceCall { device, to }).await? {
            Ok(Answer::Call(_, guid)) => format!("+OK {}\n", uuid(guid)),
            Ok(_) => "-ERR NORMAL_TEMPORARY_FAILURE\n".to_owned(),
            Err(Refusal::DeviceUnregistered) => "-ERR USER_NOT_REGISTERED\n".to_owned(),
            Err(Refusal::Busy) => "-ERR USER_BUSY\n".to_owned(),
            Err(Refusal::NoRoute) => "-ERR NO_ROUTE_DESTINATION\n".to_owned(),
            Err(refusal) => format!("-ERR {refusal}\n"),
        })
    }

    fn may(&self, scope: Scope) -> bool {
        self.caller.scopes.contains(&scope)
    }
}

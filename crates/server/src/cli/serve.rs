//! `cordial serve`.

use std::path::Path;

use cordial_store::{JournalFault, StoreError};

use crate::cli::Failure;
use crate::config::{Config, Face, WebListener};
use crate::log;
use crate::run::{Fatal, FirstStart, RestoreError, Server, StartError};

/// Serves until the process is asked to end.
pub(super) async fn serve(config: &Config, file: Option<&Path>) -> Result<(), Failure> {
    log::start(&config.log);
    let mut server = Server::start(config).await.map_err(|error| not_started(config, &error))?;
    if let Some(first) = server.take_first_start() {
        print!("{}", welcome(&first, server.http(), file));
    }
    let sip: Vec<String> = server
        .sip_listeners()
        .iter()
        .map(|(transport, address)| format!("{} {address}", transport.via_token().to_lowercase()))
        .collect();
    let mut web: Vec<String> = server.web_listeners().iter().map(told).collect();
    web.extend(server.event_sockets().iter().map(|address| format!("event socket {address}")));
    web.extend(server.stomp().iter().map(|address| format!("STOMP {address}")));
    println!("serving: SIP {}, {}", sip.join(", "), web.join(", "));
    let asked = AskedToEnd::new().map_err(|error| Failure::Internal(error.to_string()))?;
    let (first, second) = tokio::sync::oneshot::channel();
    let stop = async {
        // The drain holds the other end from the beginning.
        first.send(asked.next().await).ok();
    };
    let hurry = async {
        match second.await {
            Ok(asked) => drop(asked.next().await),
            Err(_) => std::future::pending().await,
        }
    };
    server.run_until(stop, hurry).await.map_err(|fatal| {
        tracing::error!(%fatal, "the process ends");
        ended(&fatal)
    })
}

/// One place where HTTP is served.
fn told(place: &WebListener) -> String {
    let (name, scheme) = match place.face {
        Face::Native => ("API", "http"),
        Face::Portsip => ("PortSIP", "http"),
        Face::PortsipWsi => ("PortSIP WSI", "ws"),
        Face::Webitel => ("Webitel", "http"),
    };
    let secure = if place.tls { "s" } else { "" };
    format!("{name} {scheme}{secure}://{}", place.address)
}

fn ended(fatal: &Fatal) -> Failure {
    match fatal {
        Fatal::Journal(_) => Failure::Store(format!(
            "{fatal}; nothing that was acknowledged is lost: free space or mend the disk (`cordial doctor` looks), then \
             start again"
        )),
        Fatal::Socket(_) | Fatal::Ended(_) => Failure::Internal(fatal.to_string()),
    }
}

fn not_started(config: &Config, error: &StartError) -> Failure {
    match error {
        StartError::Store(_) | StartError::Restore(_) => {
            let remedy = remedy(error);
            Failure::Store(format!("paths.data = {:?}: {error}{remedy}", config.paths.data))
        }
        StartError::Listen { .. }
        | StartError::Tls(_)
        | StartError::Recordings { .. }
        | StartError::Prompts(_)
        | StartError::Node(_)
        | StartError::FirstStart(_) => Failure::Refused(error.to_string()),
        StartError::Fatal(fatal) => ended(fatal),
        StartError::System(_) => Failure::Internal(error.to_string()),
    }
}

/// What to do about a store that cannot be read, where it does not say so itself.
const fn remedy(error: &StartError) -> &'static str {
    match error {
        StartError::Store(StoreError::Journal(fault))
        | StartError::Restore(RestoreError::Store(StoreError::Journal(fault)))
            if !matches!(fault, JournalFault::Newer { .. }) =>
        {
            "; put the data folder back from the backup (`cordial doctor` reads every record)"
        }
        StartError::Store(_)
        | StartError::Restore(_)
        | StartError::Listen { .. }
        | StartError::Tls(_)
        | StartError::Recordings { .. }
        | StartError::Prompts(_)
        | StartError::Node(_)
        | StartError::System(_)
        | StartError::Fatal(_)
        | StartError::FirstStart(_) => "",
    }
}

/// SIGTERM or SIGINT: each call waits for the next one.
#[cfg(unix)]
struct AskedToEnd {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl AskedToEnd {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(mut self) -> Self {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        self
    }
}

/// Ctrl-C: each call waits for the next one.
#[cfg(not(unix))]
struct AskedToEnd;

#[cfg(not(unix))]
impl AskedToEnd {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(self) -> Self {
        // Without the signal the process can still be ended from outside.
        tokio::signal::ctrl_c().await.ok();
        self
    }
}

/// What the very first start says.
fn welcome(first: &FirstStart, http: std::net::SocketAddr, file: Option<&Path>) -> String {
    let cordial =
        file.map_or_else(|| "cordial".to_owned(), |file| format!("cordial --config {}", file.display()));
    format!(
        "\nThis is the first start: the tenant \"{}\" with the SIP domain \"{}\" was made.\n\
         There is no default password. This token is shown once and is good for a day:\n\n    {}\n\n\
         On this machine the command line uses {} by itself. Go on with:\n\n    \
         {cordial} device add 100\n    {cordial} queue add sales --number 500\n    {cordial} agent add ann\n    \
         {cordial} agent assign ann sales\n    {cordial} agent log-in ann 100\n    {cordial} agent ready ann\n\n\
         Phones register at {} with the user name and password that `device add` shows.\n\
         The API is described at http://{http}/docs\n\n",
        first.tenant,
        first.domain,
        first.token,
        first.token_file.display(),
        first.domain,
    )
}

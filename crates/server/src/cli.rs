//! The command line.

mod api;
mod apply;
mod arguments;
mod blacklist;
mod call;
mod codes;
mod contacts;
mod directory;
mod hours;
mod kinds;
mod operate;
mod outbound;
mod print;
mod rules;
mod serve;
mod streams;
mod voicemail;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{Config, ConfigError};
use crate::offline;
use crate::tls;

use arguments::Form;
pub use arguments::{Arguments, Verb};
pub use print::Printer;

/// Why a command did not do what it was asked, each kind with its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request was refused, or something was found wrong.
    #[error("{0}")]
    Refused(String),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody answers, or the server takes no work now.
    #[error("{0}")]
    Unreachable(String),
    /// The token is missing, unknown, or may not do this.
    #[error("{0}")]
    Denied(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The journal or the store failed.
    #[error("{0}")]
    Store(String),
    /// The server ended because of a fault of its own.
    #[error("{0}")]
    Internal(String),
}

/// What the exit codes mean, for `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   refused, or something was found wrong
  2   wrong usage
  3   the configuration is wrong
  4   the server cannot be reached or takes no work now
  5   the token is missing or may not do this
  6   there is no such thing
  7   the journal or the store failed
  70  internal error

Environment:
  CORDIAL_CONFIG  the configuration file
  CORDIAL_URL     where the server's API is (default: http.native of the configuration)
  CORDIAL_TOKEN   the token to present (default: the file operator.token in the data folder)
  NO_COLOR        no colours, whatever the terminal can do
  CORDIAL_<TABLE>__<OPTION>  any option of the configuration, such as CORDIAL_SIP__UDP";

impl Failure {
    /// The code that the process ends with.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Config(_) => 3,
            Self::Unreachable(_) => 4,
            Self::Denied(_) => 5,
            Self::NotFound(_) => 6,
            Self::Store(_) => 7,
            Self::Internal(_) => 70,
        }
    }
}

/// Runs the program with the process's own arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cordial: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(arguments.config.as_deref())?;
    let printer = Printer::new(if arguments.json { Form::Json } else { arguments.output });
    let many = matches!(arguments.verb, Verb::Serve);
    let mut runtime = if many {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = runtime.enable_all().build().map_err(|error| Failure::Internal(error.to_string()))?;
    let result = runtime.block_on(dispatch(arguments, &config, &printer));
    // Whatever still blocks has had its time (`limits::STOP_MAX`): the process ends.
    runtime.shutdown_background();
    result
}

async fn dispatch(arguments: &Arguments, config: &Config, printer: &Printer) -> Result<(), Failure> {
    let api = || api::Api::new(arguments, config);
    match &arguments.verb {
        Verb::Serve => serve::serve(config, arguments.config.as_deref()).await,
        Verb::CheckConfig => check_config(config, arguments.config.as_deref(), printer),
        Verb::User(verb) => directory::user(&api()?, printer, verb).await,
        Verb::Device(verb) => directory::device(&api()?, printer, verb).await,
        Verb::Agent(verb) => operate::agent(&api()?, printer, verb).await,
        Verb::Team(verb) => directory::named(&api()?, printer, "teams", verb).await,
        Verb::Apply { file, dry_run, prune } => apply::apply(&api()?, printer, file, *dry_run, *prune).await,
        Verb::Export => apply::export(&api()?).await,
        Verb::Audit { user, operation, from, count } => {
            operate::audit(&api()?, printer, (user.as_deref(), operation.as_deref(), from.as_deref()), *count)
                .await
        }
        Verb::Queue(verb) => directory::queue(&api()?, printer, verb).await,
        Verb::Trunk(verb) => directory::trunk(&api()?, printer, verb).await,
        Verb::Outbound(verb) => outbound::outbound(&api()?, printer, verb).await,
        Verb::FeatureCode(verb) => codes::feature_code(&api()?, printer, verb).await,
        Verb::Voicemail(verb) => voicemail::voicemail(&api()?, printer, verb).await,
        Verb::Route(verb) => directory::route(&api()?, printer, verb).await,
        Verb::Calendar(verb) => hours::calendar(&api()?, printer, verb).await,
        Verb::Emergency(verb) => hours::emergency(&api()?, printer, verb).await,
        Verb::Reason(verb) => contacts::reason(&api()?, printer, verb).await,
        Verb::PhoneBook(verb) => contacts::phone_book(&api()?, printer, verb).await,
        Verb::Contact(verb) => contacts::contact(&api()?, printer, verb).await,
        Verb::Disposition(verb) => directory::named(&api()?, printer, "dispositions", verb).await,
        Verb::Skill(verb) => directory::named(&api()?, printer, "skills", verb).await,
        Verb::Blacklist(verb) => blacklist::blacklist(&api()?, printer, verb).await,
        Verb::Call(verb) => call::call(&api()?, printer, verb).await,
        Verb::Token(verb) => operate::token(&api()?, printer, verb).await,
        Verb::CallcenterConfig { words } => operate::callcenter_config(&api()?, printer, words).await,
        Verb::Events { after, count } => streams::events(&api()?, printer, *after, *count).await,
        Verb::Tap { count } => streams::tap(&api()?, printer, *count).await,
        Verb::Replay { until, call } => offline::replay(config, printer, *until, call.as_deref()).await,
        Verb::Rebuild { replace } => offline::rebuild(config, printer, *replace).await,
        Verb::Doctor => offline::doctor(config, printer).await,
    }
}

fn check_config(config: &Config, file: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let certificate = tls::check(config).map_err(|fault| Failure::Refused(fault.to_string()))?;
    let file = file.map_or_else(|| "(defaults)".to_owned(), |file| file.display().to_string());
    printer.record(&serde_json::json!({ "config": file, "result": "fine", "certificate": certificate }));
    Ok(())
}

#[cfg(test)]
mod tests;

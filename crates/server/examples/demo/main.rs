//! Cordial doing its main job on this machine: the real server, real SIP phones over UDP, real audio.
//!
//! `cargo xtask demo` builds and starts this. The server is a process of its own with a fresh folder; it is set up by
//! its HTTP API alone, and everything shown comes from that API and from what the phones themselves heard.
//!
//! | file | holds |
//! |---|---|
//! | `folder.rs`, `server.rs` | a fresh folder, and the server's process in it |
//! | `api.rs`, `wire.rs` | how the API is asked, and what of its answers is read |
//! | `site.rs` | trunk, queue, agents and devices, made by the API |
//! | `phones.rs` | sockets around the scripted phones |
//! | `director.rs` | who calls, answers, gives up and hangs up, and when |
//! | `board.rs`, `story.rs` | what is known from the events, and events in words |
//! | `show.rs`, `screen.rs`, `view.rs` | the one loop, and the picture |
//! | `summary.rs`, `audio.rs`, `verdict.rs` | what came of it, and whether it is right |

mod api;
mod audio;
mod board;
mod director;
mod folder;
mod phones;
mod screen;
mod server;
mod show;
mod site;
mod story;
mod summary;
mod verdict;
mod view;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::sync::mpsc;

use folder::Folder;
use phones::Cast;
use screen::Screen;
use server::Server;
use show::Show;
use site::Site;
use summary::Summary;

/// Calls of one round of `--once`.
const CALLS_ONCE: u32 = 8;
/// Beyond this a round of `--once` has failed, whatever it waits for.
const ONCE_LIMIT: Duration = Duration::from_secs(180);
/// Setting up is given up after this.
const SET_UP_LIMIT: Duration = Duration::from_secs(90);
/// Reading the records afterwards is given up after this.
const SUMMARY_LIMIT: Duration = Duration::from_secs(60);

/// Watch Cordial do its main job: real SIP and audio over UDP on loopback.
#[derive(Parser, Clone, Debug)]
#[command(name = "demo")]
pub(crate) struct Args {
    /// One fixed round of calls without a live picture; fails unless a call was queued, offered, answered, recorded and closed.
    #[arg(long)]
    once: bool,
    /// Agents at work.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=12))]
    agents: u8,
    /// Callers; more than agents, so that a queue forms.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=24))]
    callers: u8,
    /// Ends by itself after so many seconds; without it, at Ctrl-C.
    #[arg(long)]
    seconds: Option<u64>,
    /// Lines of text instead of the live picture.
    #[arg(long)]
    plain: bool,
    /// Keeps the folders of all earlier demonstrations; otherwise the newest five stay.
    #[arg(long)]
    keep: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome =
        runtime.context("the system gives no threads").and_then(|runtime| runtime.block_on(perform(&args)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The whole evening: whatever happens in it, the server is ended.
async fn perform(args: &Args) -> Result<()> {
    let mut stops = listen_for_stops()?;
    let folder = Folder::fresh(args.keep)?;
    println!("Cordial, the demonstration. Everything of it lies in {}", folder.path().display());
    let mut server = Server::start(&folder)?;
    let outcome = tokio::select! {
        outcome = play(args, &folder, &mut server, &mut stops) => outcome,
        () = too_long(args) => Err(anyhow::anyhow!("the round did not end within {} s", ONCE_LIMIT.as_secs())),
    };
    // Ending a server that has ended says how it ended.
    let ended = server.stop(&folder).await;
    if let Err(error) = &outcome
        && let Some(log) = folder.end_of_log()
    {
        return Err(anyhow::anyhow!(
            "{error:#}\n\nthe server's last words ({}):\n{log}",
            folder.log().display()
        ));
    }
    let failed = outcome? + u32::from(ended.is_err());
    match &ended {
        Ok(how) => println!("  ok    {how}"),
        Err(error) => println!("  FAIL  {error:#}"),
    }
    println!("\nKept: {}   (recordings, journal and log)", folder.path().display());
    if failed > 0 && args.once {
        bail!("{failed} of the checks above failed");
    }
    Ok(())
}

async fn too_long(args: &Args) {
    if args.once {
        tokio::time::sleep(ONCE_LIMIT).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// Sets up, plays and sums up. Gives the number of checks that failed.
async fn play(
    args: &Args,
    folder: &Folder,
    server: &mut Server,
    stops: &mut mpsc::Receiver<()>,
) -> Result<u32> {
    let set_up = async {
        let api = server.ready(folder).await?;
        let (mut cast, said) = Cast::hire(args.agents, args.callers).await?;
        let events = api.follow();
        let site = Site::set_up(&api, &cast).await?;
        cast.enter(&site, server.sip());
        site.begin_work(&api).await?;
        anyhow::Ok((api, cast, said, events, site))
    };
    let (api, cast, said, events, site) = tokio::select! {
        ready = tokio::time::timeout(SET_UP_LIMIT, set_up) => ready.context("setting up took too long")??,
        _ = stops.recv() => bail!("stopped while setting up"),
    };
    for line in view::addresses(&api, folder) {
        println!("{line}");
    }
    println!();
    let screen = Screen::open(!args.plain && !args.once)?;
    let show = Show::new(args, &api, &site, &cast, folder, screen);
    let board = tokio::select! {
        board = show.run(events, said, stops) => board?,
        code = server.ended() => bail!("the server ended by itself ({code})"),
    };
    println!("\nReading the records ...");
    let summary = tokio::select! {
        summary = tokio::time::timeout(SUMMARY_LIMIT, Summary::gather(&api, &site, &cast, &board)) => {
            summary.context("reading the records took too long")??
        }
        _ = stops.recv() => bail!("stopped before the records were read"),
    };
    print!("{summary}");
    if let Some(recording) = summary.longest() {
        println!("Listen          {}/*/{}.wav", folder.recordings().display(), recording.id);
    }
    let checks = verdict::judge(&summary, &board);
    println!("\nChecks");
    for check in &checks {
        println!("  {}  {}", if check.holds { "ok  " } else { "FAIL" }, check.says);
    }
    Ok(u32::try_from(checks.iter().filter(|check| !check.holds).count())?)
}

/// Ctrl-C and its kin, each as one message.
fn listen_for_stops() -> Result<mpsc::Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (asked, stops) = mpsc::channel(4);
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind).context("signals cannot be listened for")?;
        let asked = asked.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // Whoever asks four times before the first is heard is heard all the same.
                asked.try_send(()).ok();
            }
        });
    }
    Ok(stops)
}

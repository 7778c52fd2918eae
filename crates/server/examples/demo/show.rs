//! The one loop: events, phones, plans and the picture meet here, and nowhere else.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::api::Api;
use crate::board::{Board, Picture};
use crate::director::{Deed, Director};
use crate::folder::Folder;
use crate::phones::{Cast, Said};
use crate::screen::Screen;
use crate::site::Site;
use crate::story::{Line, Mood};
use crate::view::{self, Frame};
use crate::wire::{Event, Page};
use crate::{Args, CALLS_ONCE, phones};

/// How often the picture is drawn and keys are read.
const FRAME: Duration = Duration::from_millis(150);
/// The API is asked for the picture at most this often, and at least once in ten of these.
const REFRESH: Duration = Duration::from_millis(300);
/// After the end was asked for, calls and their records get this long to end.
const ENDING_LIMIT: Duration = Duration::from_secs(40);
/// Requests of agents that are under way at once.
const ERRANDS_MAX: usize = 256;

/// The show with everybody in it.
pub(crate) struct Show<'a> {
    cast: &'a Cast,
    site: &'a Site,
    api: &'a Api,
    director: Director,
    board: Board,
    screen: Screen,
    addresses: Vec<String>,
    title: String,
    ends_at: Option<Instant>,
    ending: Option<Instant>,
}

/// What came of an agent's request.
type Errand = Result<(), String>;

impl<'a> Show<'a> {
    pub(crate) fn new(
        args: &Args,
        api: &'a Api,
        site: &'a Site,
        cast: &'a Cast,
        folder: &Folder,
        screen: Screen,
    ) -> Self {
        let calls = args.once.then_some(CALLS_ONCE);
        // A round that proves something is the same each time; a demonstration is not.
        let seed = if args.once { 1 } else { u64::from(std::process::id()) };
        Self {
            cast,
            site,
            api,
            director: Director::new(site, cast, calls, seed),
            board: Board::new(site, cast),
            screen,
            addresses: view::addresses(api, folder),
            title: format!("{} agents, {} callers", args.agents, args.callers),
            ends_at: args.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
            ending: None,
        }
    }

    /// Plays until the end, and gives what is known then.
    pub(crate) async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut said: mpsc::Receiver<Said>,
        stops: &mut mpsc::Receiver<()>,
    ) -> Result<Board> {
        let (errands, mut done) = mpsc::channel(ERRANDS_MAX);
        let (changed, changes) = watch::channel(());
        let mut pictures = refresh(self.api.clone(), self.site.queue.clone(), changes);
        let mut frames = tokio::time::interval(FRAME);
        frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.is_over() {
            self.carry_out(&errands);
            let wake = self.director.next_at().unwrap_or_else(|| Instant::now() + FRAME);
            tokio::select! {
                event = events.recv() => {
                    self.take(&event.context("the events ended")?);
                    changed.send_replace(());
                }
                told = said.recv() => self.hear(told.context("the phones ended")?),
                finished = done.recv() => self.finished(finished.unwrap_or(Ok(()))),
                picture = pictures.recv() => self.board.picture = Some(picture.context("the picture ended")?),
                () = tokio::time::sleep_until(wake) => self.director.wake(Instant::now()),
                _ = stops.recv() => self.end("asked to end"),
                _ = frames.tick() => self.frame()?,
            }
        }
        Ok(self.board)
    }

    /// Over when all has come to rest, or when that takes too long after the end was asked for.
    fn is_over(&self) -> bool {
        self.director.is_done() && self.board.is_settled()
            || self.ending.is_some_and(|since| since.elapsed() > ENDING_LIMIT)
    }

    fn take(&mut self, event: &Event) {
        if let Some(line) = self.board.take(event) {
            self.screen.tell(&line);
        }
        let (agent, caller) = (self.board.agent(event), self.board.caller(event));
        self.director.told(Instant::now(), event, agent, caller);
    }

    fn hear(&mut self, said: Said) {
        let Said { who, event } = said;
        self.director.heard(Instant::now(), who, &event);
        match event {
            phones::PhoneEvent::Cleared { heard, .. } => self.board.listen(who, heard),
            phones::PhoneEvent::Failed { code, .. } if self.ending.is_none() => {
                self.mishap(format!("a call of {who:?} came to nothing: {code}"));
            }
            phones::PhoneEvent::RegistrationRefused { code } => {
                self.mishap(format!("the registration of {who:?} was refused: {code}"));
            }
            phones::PhoneEvent::Registered
            | phones::PhoneEvent::Unregistered
            | phones::PhoneEvent::Ringing { .. }
            | phones::PhoneEvent::Progress { .. }
            | phones::PhoneEvent::Answered { .. }
            | phones::PhoneEvent::Failed { .. } => {}
        }
    }

    fn finished(&mut self, errand: Errand) {
        if let Err(refused) = errand {
            self.mishap(refused);
        }
    }

    fn mishap(&mut self, text: String) {
        let line = Line::new(Mood::Bad, '!', text.clone());
        self.screen.tell(&line);
        self.board.say(line);
        self.board.mishaps.push(text);
    }

    fn end(&mut self, why: &str) {
        let line = match self.ending {
            None => {
                self.ending = Some(Instant::now());
                self.director.stop(Instant::now());
                format!("{why}: no more calls, those that are live come to an end")
            }
            // Asked twice: it is not waited for any more.
            Some(_) => {
                self.ending = Instant::now().checked_sub(ENDING_LIMIT + FRAME);
                "asked again: not waiting".to_owned()
            }
        };
        let line = Line::new(Mood::Plain, '.', line);
        self.screen.tell(&line);
        self.board.say(line);
    }

    fn frame(&mut self) -> Result<()> {
        if self.ends_at.is_some_and(|at| at <= Instant::now()) {
            self.ends_at = None;
            self.end("time is up");
        }
        if self.screen.stop_pressed() {
            self.end("asked to end");
        }
        let frame = Frame { title: &self.title, addresses: &self.addresses, ending: self.ending.is_some() };
        self.screen.draw(&frame, &self.board)
    }

    /// Does what the director wants done.
    fn carry_out(&mut self, errands: &mpsc::Sender<Errand>) {
        while let Some(deed) = self.director.deed() {
            let (agent, requests) = match deed {
                Deed::Phone(who, order) => {
                    self.cast.order(who, order);
                    continue;
                }
                Deed::Finish { agent, call, word, hungry } => {
                    let word = json!({ "disposition": self.site.dispositions[word].id });
                    let next = if hungry { "end-wrap-up" } else { "ready" };
                    let dispose = Request::put(format!("/v1/calls/{call}/disposition"), word);
                    (agent, vec![dispose, Request::of_agent(self.site, agent, next)])
                }
                Deed::Lunch(agent) => {
                    let reason = json!({ "reason": self.site.lunch.id });
                    let request = Request::of_agent(self.site, agent, "not-ready");
                    (agent, vec![Request { body: Some(reason), ..request }])
                }
                Deed::Ready(agent) => (agent, vec![Request::of_agent(self.site, agent, "ready")]),
            };
            let (api, name) = (self.site.agents[agent].api.clone(), self.site.agents[agent].name.clone());
            let errands = errands.clone();
            tokio::spawn(async move {
                let outcome = ask(&api, requests).await.map_err(|error| format!("{name}: {error:#}"));
                // Nobody listening means that the show is over.
                errands.send(outcome).await.ok();
            });
        }
    }
}

/// One request of an agent.
struct Request {
    put: bool,
    path: String,
    body: Option<serde_json::Value>,
}

impl Request {
    const fn put(path: String, body: serde_json::Value) -> Self {
        Self { put: true, path, body: Some(body) }
    }

    fn of_agent(site: &Site, agent: usize, verb: &str) -> Self {
        Self { put: false, path: format!("/v1/agents/{}/{verb}", site.agents[agent].id), body: None }
    }
}

async fn ask(api: &Api, requests: Vec<Request>) -> Result<()> {
    for Request { put, path, body } in requests {
        if put {
            api.put(&path, body).await?;
        } else {
            api.post(&path, body).await?;
        }
    }
    Ok(())
}

/// Asks the API for queue, agents and calls whenever something changed, and now and then for the waits that grow.
fn refresh(api: Api, queue: String, mut changes: watch::Receiver<()>) -> mpsc::Receiver<Picture> {
    let (sender, pictures) = mpsc::channel(1);
    tokio::spawn(async move {
        while !sender.is_closed() {
            // A picture that cannot be had now is had the next time; a server that is gone is seen elsewhere.
            if let Ok(picture) = picture(&api, &queue).await
                && sender.send(picture).await.is_err()
            {
                return;
            }
            tokio::time::sleep(REFRESH).await;
            if let Ok(Err(_)) = tokio::time::timeout(REFRESH * 9, changes.changed()).await {
                return;
            }
        }
    });
    pictures
}

async fn picture(api: &Api, queue: &str) -> Result<Picture> {
    let calls: Page<_> = api.get("/v1/calls?limit=100").await?;
    let agents: Page<_> = api.get("/v1/agents?limit=100").await?;
    Ok(Picture {
        queue: api.get(&format!("/v1/queues/{queue}")).await?,
        agents: agents.items,
        calls: calls.items,
    })
}

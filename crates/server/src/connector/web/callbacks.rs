//! What is told by HTTP: for each address one message after the other, in their order, however slow others are.

use std::collections::{BTreeMap, VecDeque};

use reqwest::Url;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::call::Caller;
use crate::connector::{Address, Post};
use crate::limits::{CALLBACK_LINE_MAX, CALLBACK_LINES_MAX, CALLBACK_LINGER, CALLBACK_TOLD_EVERY};
use crate::meters;
use crate::tls::Tls;

/// All addresses that are called now. One that is called no more is forgotten.
pub(crate) struct Callbacks {
    tls: Tls,
    /// What waits for each until the call before is done.
    lines: BTreeMap<Url, VecDeque<Post>>,
    calls: JoinSet<Called>,
    /// When it was last told of an address that it fails.
    told: BTreeMap<Url, Instant>,
}

/// A call that is done.
struct Called {
    url: Url,
    /// Its connection, for the next.
    caller: Caller,
    done: Result<(), String>,
}

impl Callbacks {
    pub(crate) fn new(tls: Tls) -> Self {
        Self { tls, lines: BTreeMap::new(), calls: JoinSet::new(), told: BTreeMap::new() }
    }

    /// Calls until nobody has anything to tell any more, and what is told by then is told.
    pub(crate) async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        loop {
            tokio::select! {
                post = posts.recv() => match post {
                    Some(post) => self.tell(post),
                    None => break,
                },
                Some(called) = self.calls.join_next() => self.go_on(called.ok()),
            }
        }
        let rest = async {
            while let Some(called) = self.calls.join_next().await {
                self.go_on(called.ok());
            }
        };
        if timeout(CALLBACK_LINGER, rest).await.is_err() {
            tracing::warn!("some who are called by HTTP were not told the last");
        }
    }

    fn tell(&mut self, post: Post) {
        let Address::Web(url) = &post.to else {
            // It is for no address, so nobody waits for it here.
            return meters::callback_dropped("address");
        };
        let url = url.clone();
        let there_are = self.lines.len();
        match self.lines.get_mut(&url) {
            Some(line) => {
                if line.len() == CALLBACK_LINE_MAX {
                    line.pop_front();
                    meters::callback_dropped("slow");
                    self.complain(
                        &url,
                        "it takes messages more slowly than they come: the oldest are dropped",
                    );
                }
                if let Some(line) = self.lines.get_mut(&url) {
                    line.push_back(post);
                }
            }
            None if there_are < CALLBACK_LINES_MAX => {
                self.lines.insert(url.clone(), VecDeque::new());
                self.call(Caller::new(self.tls.clone()), url, post);
            }
            None => {
                meters::callback_dropped("full");
                self.complain(&url, "too many addresses are called at once: it is not told");
            }
        }
    }

    fn call(&mut self, mut caller: Caller, url: Url, post: Post) {
        self.calls.spawn(async move {
            let done = caller.call(&url, &post).await;
            Called { url, caller, done }
        });
    }

    /// What waited for the call that is done.
    fn go_on(&mut self, called: Option<Called>) {
        // A call that panicked is a bug; its address is then called no more until the next start, and others are.
        let Some(Called { url, caller, done }) = called else { return };
        match done {
            Ok(()) => meters::callback_told(),
            Err(why) => {
                meters::callback_dropped("failed");
                self.complain(&url, &why);
            }
        }
        match self.lines.get_mut(&url).and_then(VecDeque::pop_front) {
            Some(post) => self.call(caller, url, post),
            None => drop(self.lines.remove(&url)),
        }
    }

    /// Says in the log that an address fails; not each time. What stands behind its host is the client's own, and stays out.
    fn complain(&mut self, url: &Url, why: &str) {
        let now = Instant::now();
        if self.told.len() >= CALLBACK_LINES_MAX {
            self.told.retain(|_, told| now.duration_since(*told) < CALLBACK_TOLD_EVERY);
        }
        let is_told = self.told.get(url).is_some_and(|told| now.duration_since(*told) < CALLBACK_TOLD_EVERY);
        if !is_told && self.told.len() < CALLBACK_LINES_MAX {
            self.told.insert(url.clone(), now);
            let at = url.origin().ascii_serialization();
            tracing::warn!(at, why, "a client of the connector cannot be told by HTTP");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::path::Path;
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::post;
    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::config::Config;

    /// A client's server that answers as often as it is let.
    async fn client(let_in: Arc<Semaphore>) -> (SocketAddr, mpsc::Receiver<String>) {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = socket.local_addr().expect("an address");
        let (note, told) = mpsc::channel(1_000);
        let answer = post(async move |body: String| {
            note.send(body).await.expect("the test listens");
            let_in.acquire().await.expect("it is never closed").forget();
        });
        tokio::spawn(async move { axum::serve(socket, Router::new().route("/", answer)).await });
        (at, told)
    }

    #[tokio::test]
    async fn one_that_is_slow_loses_the_oldest_and_keeps_nobody_else_waiting() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config =
            Config::parse(Path::new("test"), "[sip]\ntls = \"\"\n[http]\ntls = \"\"\n").expect("good");
        config.paths.data = folder.path().to_owned();
        let (tell, posts) = mpsc::channel(1);
        let task =
            tokio::spawn(Callbacks::new(Tls::open(&config).expect("no certificate is needed")).run(posts));
        let let_in = Arc::new(Semaphore::new(0));
        let (slow, mut slow_told) = client(Arc::clone(&let_in)).await;
        let (quick, mut quick_told) = client(Arc::new(Semaphore::new(1_000))).await;
        let send = async |at: SocketAddr, text: String| {
            let to = Address::Web(Url::parse(&format!("http://{at}/")).expect("an address"));
            let post = Post { to, text, kind: None, category: "system", correlation: None };
            tell.send(post).await.expect("it runs");
        };
        send(slow, "0".to_owned()).await;
        assert_eq!(slow_told.recv().await.as_deref(), Some("0"));
        for n in 1..=CALLBACK_LINE_MAX + 3 {
            send(slow, n.to_string()).await;
        }
        // Who is told after them shows that they wait in line by now.
        send(quick, "quick".to_owned()).await;
        assert_eq!(quick_told.recv().await.as_deref(), Some("quick"));
        let_in.add_permits(1_000);
        for n in 4..=CALLBACK_LINE_MAX + 3 {
            assert_eq!(slow_told.recv().await, Some(n.to_string()));
        }
        drop(tell);
        task.await.expect("it ends when nobody has anything to tell");
        assert!(slow_told.try_recv().is_err());
    }
}

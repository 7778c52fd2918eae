//! Threads whose end is always told.

use std::io;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::Fatal;

/// The threads of one server.
pub(super) struct Threads {
    fatal: mpsc::Sender<Fatal>,
    running: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) const fn new(fatal: mpsc::Sender<Fatal>) -> Self {
        Self { fatal, running: Vec::new() }
    }

    /// Starts a thread. An error that it returns, and a panic, end the process.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), Fatal> + Send + 'static,
    ) -> io::Result<()> {
        let mut told = Told { name, fatal: self.fatal.clone(), ended_well: false };
        let thread =
            std::thread::Builder::new().name(name.replace('\'', "")).spawn(move || match work() {
                Ok(()) => told.well(),
                Err(fatal) => {
                    told.well();
                    told.tell(fatal);
                }
            })?;
        self.running.push(thread);
        Ok(())
    }

    /// Waits until all have ended, which they do when nobody is left to speak to them.
    pub(super) async fn join(self) {
        let joined = tokio::task::spawn_blocking(move || {
            for thread in self.running {
                // A panic was told already.
                thread.join().ok();
            }
        });
        if tokio::time::timeout(crate::limits::STOP_MAX, joined).await.is_err() {
            tracing::warn!("a thread was left running: it took too long to end");
        }
    }
}

/// Tells the end of a thread that did not end by itself.
struct Told {
    name: &'static str,
    fatal: mpsc::Sender<Fatal>,
    ended_well: bool,
}

impl Told {
    /// The work came to its end, good or bad, without a panic. A method, so that the thread takes all of `self`.
    const fn well(&mut self) {
        self.ended_well = true;
    }

    fn tell(&self, fatal: Fatal) {
        // A full channel means that somebody was first.
        self.fatal.try_send(fatal).ok();
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if !self.ended_well {
            self.tell(Fatal::Ended(self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_thread_is_told_by_its_name() {
        let (fatal, mut told) = mpsc::channel(8);
        let mut threads = Threads::new(fatal);
        threads.spawn("good thread", || Ok(())).unwrap();
        threads.spawn("failing thread", || Err(Fatal::Journal("disk".into()))).unwrap();
        threads.spawn("broken thread", || panic!("on purpose")).unwrap();
        threads.join().await;
        let mut all = Vec::new();
        while let Some(fatal) = told.recv().await {
            all.push(fatal.to_string());
        }
        all.sort();
        assert_eq!(all, ["internal error: the broken thread ended", "the journal failed: disk"]);
    }
}

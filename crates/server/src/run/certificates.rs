//! The task that looks after the certificates.

use std::io;

use tokio::sync::watch;

use crate::limits::TLS_LOOK;
use crate::tls::Tls;

/// Takes up changed certificates: now and then, and at once when the process is told to look (SIGHUP).
pub(super) fn keep(tls: Tls, mut stopped: watch::Receiver<bool>) -> io::Result<impl Future<Output = ()>> {
    let mut told = Told::new()?;
    Ok(async move {
        loop {
            let anyway = tokio::select! {
                () = told.next() => true,
                () = tokio::time::sleep(TLS_LOOK) => false,
                // A sender that is gone says the same.
                _ = stopped.wait_for(|stopped| *stopped) => return,
            };
            let tls = tls.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || tls.look(anyway)).await {
                tracing::error!(%error, "the certificate was not looked at");
            }
        }
    })
}

/// SIGHUP, where there is one.
#[cfg(unix)]
struct Told(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Told {
    fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

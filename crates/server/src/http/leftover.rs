//! What a client still sends of a request that was answered already.
//!
//! A body that nobody reads ends its connection with a reset, and a client that sends all before it listens sees that
//! instead of the answer. So what is left of a body is read and thrown away behind the answer, up to a limit.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

use super::limits::{LEFTOVER_MAX, LEFTOVER_TIME};

/// Answers a request and hears its sender out.
pub(super) async fn heard_out(request: Request, next: Next) -> Response {
    // Who waits for a 100 before he sends a body (RFC 9110 section 10.1.1) has not sent one that is refused before it
    // is read; to read on would ask him for it.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (home, mut returned) = oneshot::channel();
    let lent = request.map(|body| Body::new(Lent { body, home: Some(home) }));
    let answer = next.run(lent).await;
    // A handler that still holds the body reads it itself.
    if let Ok(body) = returned.try_recv()
        && !body.is_end_stream()
    {
        tokio::spawn(tokio::time::timeout(LEFTOVER_TIME, throw_away(body)));
    }
    answer
}

async fn throw_away(mut body: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > LEFTOVER_MAX {
            return;
        }
    }
}

/// A body in the hands of a handler, which comes back when that drops it.
struct Lent {
    body: Body,
    home: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            // Nobody waits for it when the request was given up.
            let _ = home.send(std::mem::take(&mut self.body));
        }
    }
}

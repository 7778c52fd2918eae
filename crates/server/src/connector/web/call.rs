//! One call: a `POST`, of whose answer nothing but its status is wanted.

use std::pin::Pin;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::connector::Post;
use crate::limits::{CALLBACK_ANSWER_BYTES_MAX, CALLBACK_TIME};
use crate::tls::Tls;

/// The headers by which a message says what is a property of it elsewhere.
const TYPE: HeaderName = HeaderName::from_static("x-connector-type");
const CATEGORY: HeaderName = HeaderName::from_static("x-connector-category");
pub(crate) const CORRELATION: HeaderName = HeaderName::from_static("x-connector-correlation");

/// Who calls one address, with the connection of the call before if it still stands.
pub(super) struct Caller {
    tls: Tls,
    connection: Option<Connection>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// What carries it. It goes on only while there is a call.
    driver: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
}

impl Caller {
    pub(super) const fn new(tls: Tls) -> Self {
        Self { tls, connection: None }
    }

    /// Tells one message.
    ///
    /// # Errors
    /// Why it may not have been told.
    pub(super) async fn call(&mut self, url: &Url, post: &Post) -> Result<(), String> {
        let before = self.connection.take();
        match timeout(CALLBACK_TIME, call(&self.tls, before, url, post)).await {
            Ok(Ok(connection)) => {
                self.connection = connection;
                Ok(())
            }
            Ok(Err(why)) => Err(why),
            Err(_) => Err(format!("no answer in {CALLBACK_TIME:?}")),
        }
    }
}

impl Connection {
    /// The same, if the far end has not closed it meanwhile.
    async fn standing(mut self) -> Option<Self> {
        let Self { sender, driver } = &mut self;
        let stands = tokio::select! {
            biased;
            _ = driver => false,
            ready = sender.ready() => ready.is_ok(),
        };
        stands.then_some(self)
    }
}

async fn call(
    tls: &Tls,
    before: Option<Connection>,
    url: &Url,
    post: &Post,
) -> Result<Option<Connection>, String> {
    let request = request(url, post)?;
    let still = match before {
        Some(connection) => connection.standing().await,
        None => None,
    };
    let mut connection = match still {
        Some(connection) => connection,
        None => connect(tls, url).await?,
    };
    let (status, is_read) = {
        let Connection { sender, driver } = &mut connection;
        let asked = async {
            let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let status = answer.status();
            let rest = Limited::new(answer.into_body(), CALLBACK_ANSWER_BYTES_MAX).collect().await;
            Ok::<_, String>((status, rest.is_ok()))
        };
        let mut asked = std::pin::pin!(asked);
        tokio::select! {
            biased;
            answer = &mut asked => answer?,
            // When it is over an answer that came by then is still there.
            _ = driver => asked.await?,
        }
    };
    if !status.is_success() {
        // Redirections are answers like others: where they lead nobody has allowed.
        return Err(format!("it answers {status}"));
    }
    Ok(is_read.then_some(connection))
}

async fn connect(tls: &Tls, url: &Url) -> Result<Connection, String> {
    let host = url.host_str().ok_or("it has no host")?;
    // An IPv6 address has brackets in a URL alone.
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().ok_or("it has no port")?;
    let io = TcpStream::connect((host.as_str(), port)).await.map_err(|error| error.to_string())?;
    io.set_nodelay(true).map_err(|error| error.to_string())?;
    if url.scheme() != "https" {
        return greet(io).await;
    }
    let tls = tls.clone();
    let roots = tokio::task::spawn_blocking(move || tls.proven()).await;
    let roots = roots.map_err(|error| error.to_string())?.map_err(|fault| fault.to_string())?;
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    greet(TlsConnector::from(roots).connect(name, io).await.map_err(|error| error.to_string())?).await
}

async fn greet<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(io: S) -> Result<Connection, String> {
    let (sender, driver) = http1::handshake(TokioIo::new(io)).await.map_err(|error| error.to_string())?;
    Ok(Connection { sender, driver: Box::pin(driver) })
}

fn request(url: &Url, post: &Post) -> Result<Request<Full<Bytes>>, String> {
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    // The two other formats never begin so and end so.
    let is_json =
        post.text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(&post.text).is_ok();
    let content = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    let mut request = Request::post(target)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, content)
        .header(header::USER_AGENT, "cordial")
        .header(CATEGORY, post.category);
    for (name, value) in [(TYPE, &post.kind), (CORRELATION, &post.correlation)] {
        // A value that no header can have was some client's own and is missed by nobody else.
        if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
            request = request.header(name, value);
        }
    }
    request.body(Full::from(post.text.clone())).map_err(|error| error.to_string())
}

//! Clients made by hand, good and bad.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PATIENCE: Duration = Duration::from_secs(10);

/// A request that anybody may make.
pub(crate) fn request(transport: &str) -> String {
    format!(
        "OPTIONS sip:cordial SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:9;branch=z9hG4bKstranger\r\n\
         From: <sip:stranger@127.0.0.1>;tag=1\r\nTo: <sip:cordial>\r\nCall-ID: stranger\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Asks for OPTIONS and gives the answer.
pub(crate) async fn options(io: &mut (impl AsyncRead + AsyncWrite + Unpin), transport: &str) -> String {
    io.write_all(request(transport).as_bytes()).await.expect("the server reads");
    io.flush().await.expect("the server reads");
    reads(io, b"\r\n\r\n").await
}

/// Reads until what came ends in `end`.
pub(crate) async fn reads(io: &mut (impl AsyncRead + Unpin), end: &[u8]) -> String {
    let mut heard = Vec::new();
    let read = async {
        while !heard.ends_with(end) {
            let byte = io.read_u8().await.expect("the server answers");
            heard.push(byte);
        }
    };
    timeout(PATIENCE, read).await.expect("the server answers in time");
    String::from_utf8_lossy(&heard).into_owned()
}

/// Whether the far end closes within a time.
pub(crate) async fn closed_within(io: &mut TcpStream, time: Duration) -> bool {
    let mut rest = [0; 1_024];
    let read = async { while matches!(io.read(&mut rest).await, Ok(1..)) {} };
    timeout(time, read).await.is_ok()
}

/// A TLS connection that believes these certificates alone.
pub(crate) async fn tls_to(at: SocketAddr, roots: &[u8]) -> io::Result<TlsStream<TcpStream>> {
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(roots) {
        store.add(root.expect("a certificate in PEM")).expect("a certificate that can be believed");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(store)
        .with_no_client_auth();
    let io = TcpStream::connect(at).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::from(at.ip()), io).await
}

/// A certificate for one name that signs itself, and its key.
pub(crate) fn make_certificate(name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let about = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a good name");
    let certificate = about.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

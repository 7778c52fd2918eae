//! Trunks that are called by TLS, and whether they are who they should be.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordial_sip::message::Response;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::phone::Wire;
use super::stranger::make_certificate;
use crate::hostile::phone::sdp;
use crate::hostile::site::Site;
use crate::server::Server;

const TRUNK: &str = "127.0.0.2";

/// Lets a device dial out by a trunk that shows this certificate, and tells what the trunk then hears and what the
/// caller is told: a trunk that is reached is busy.
async fn call_by_tls(tls_lines: &str, (certificate, key): &(String, String)) -> (Option<String>, u16) {
    let site = Site::open_on(Server::start_with_tables(&format!("[tls]\n{tls_lines}")).await, 1).await;
    let carrier = TcpListener::bind((TRUNK, 0)).await.expect("all of 127.0.0.0/8 is ours");
    let address = carrier.local_addr().expect("a bound socket");
    let trunk = json!({
        "name": "tls", "address": address, "transport": "tls", "outbound_prefixes": ["00"]
    });
    site.server.post("/v1/trunks", trunk).await;
    let caller = site.phone(1);
    let draft = caller.invite("0044123", sdp(caller.local()));
    let challenged = caller.ask(&draft);
    caller.acknowledge(&draft, &challenged, &draft.uri);
    let begun = Instant::now();
    caller.send(&caller.text(&caller.proving(&draft, &challenged)));
    let (io, _) = timeout(Duration::from_secs(10), carrier.accept())
        .await
        .expect("the trunk is called")
        .expect("it listens");
    let heard = match acceptor(certificate, key).accept(io).await {
        Ok(io) => {
            let mut wire = Wire::new(io);
            let invite = wire.asked("INVITE").await;
            wire.say(&Response::to_request(&invite, 486, Some("carrier")).to_bytes()).await;
            let via = invite.headers.get(&cordial_sip::message::Name::Via).unwrap_or_default();
            Some(format!("{} {}", invite.uri, via.split(' ').next().unwrap_or_default()))
        }
        Err(_) => None,
    };
    let told = caller.hear_final().code;
    assert!(begun.elapsed() < Duration::from_secs(4), "not at once: {:?}", begun.elapsed());
    (heard.map(|heard| heard.replace(&address.to_string(), "TRUNK")), told)
}

fn acceptor(certificate: &str, key: &str) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate in PEM");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key in PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key is the certificate's");
    TlsAcceptor::from(Arc::new(config))
}

/// The option that has these certificates believed, kept in a folder.
fn believing(folder: &Path, certificate: &str) -> String {
    let roots = folder.join("roots.pem");
    fs::write(&roots, certificate).expect("the folder can be written");
    format!("roots = \"{}\"", roots.display())
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_trunk_whose_certificate_is_believed_and_holds_its_address_is_called_by_tls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trunk = make_certificate(TRUNK);
    let (heard, told) = call_by_tls(&believing(folder.path(), &trunk.0), &trunk).await;
    assert_eq!(heard.as_deref(), Some("sip:0044123@TRUNK;transport=tls SIP/2.0/TLS"));
    assert_eq!(told, 486);
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_trunk_with_the_certificate_of_another_is_not_spoken_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for other in ["127.0.0.9", "carrier.example"] {
        let trunk = make_certificate(other);
        let outcome = call_by_tls(&believing(folder.path(), &trunk.0), &trunk).await;
        assert_eq!(outcome, (None, 503), "{other}");
    }
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_trunk_whom_nobody_believed_vouches_for_is_not_spoken_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (trunk, other) = (make_certificate(TRUNK), make_certificate(TRUNK));
    let outcome = call_by_tls(&believing(folder.path(), &other.0), &trunk).await;
    assert_eq!(outcome, (None, 503));
}

#[tokio::test]
#[ignore = "needs real sockets and time: runs in the gate's stage `transports`"]
async fn a_trunk_that_need_not_prove_itself_is_called_whatever_it_shows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (trunk, other) = (make_certificate("carrier.example"), make_certificate(TRUNK));
    let lines = format!("verify_trunks = false\n{}", believing(folder.path(), &other.0));
    let (heard, told) = call_by_tls(&lines, &trunk).await;
    assert_eq!((heard.is_some(), told), (true, 486));
}

//! Certificates: ours, read from files or made at the first start, and the roots by which far ends are believed.
//!
//! A running server takes up changed files without a restart: new connections get the new certificate, those that are
//! open live on. When the new files are wrong the old certificate stays, and the log says why.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};

use crate::config::Config;

/// What is wrong with a certificate, its key or the roots.
#[derive(Debug, thiserror::Error)]
#[error("{key} = {path:?}: {why}")]
pub struct TlsFault {
    key: &'static str,
    path: PathBuf,
    why: String,
}

/// Where the files are.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    roots: PathBuf,
    verify: bool,
    /// Whether anybody can connect to us by TLS: without that no certificate is read, nor made.
    listening: bool,
}

/// The certificates that are used now; cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Keeper>);

struct Keeper {
    files: Files,
    /// `None` when nothing is listened on by TLS.
    ours: RwLock<Option<Arc<ServerConfig>>>,
    /// Read when a connection is first opened; by whether far ends must prove who they are.
    theirs: RwLock<BTreeMap<bool, Arc<ClientConfig>>>,
    seen: RwLock<Stamps>,
}

/// When each file was last changed, and its length.
type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Tls {
    /// Reads the certificate, or makes one when TLS is listened on and none is configured.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn open(config: &Config) -> Result<Self, TlsFault> {
        let files = Files::of(config);
        if files.listening
            && config.tls.certificate.as_os_str().is_empty()
            && !(files.certificate.exists() && files.key.exists())
        {
            make(config, &files)?;
        }
        let seen = RwLock::new(files.stamps());
        let ours = RwLock::new(files.listening.then(|| read_ours(&files)).transpose()?);
        // Better known at the start than at the first call.
        if !files.roots.as_os_str().is_empty() {
            roots(&files.roots)?;
        }
        Ok(Self(Arc::new(Keeper { files, ours, theirs: RwLock::default(), seen })))
    }

    /// How we show ourselves to those who connect.
    pub(crate) fn ours(&self) -> Arc<ServerConfig> {
        let ours = self.0.ours.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(ours.as_ref().expect("where TLS is listened on there is a certificate"))
    }

    /// How trunks are believed to whom we connect. Reads files when it is first asked for, or again after a change.
    ///
    /// # Errors
    /// What is wrong with the roots.
    pub(crate) fn theirs(&self) -> Result<Arc<ClientConfig>, TlsFault> {
        self.believed(self.0.files.verify)
    }

    /// How those are believed who must prove who they are, whatever is said of trunks.
    ///
    /// # Errors
    /// As [`Tls::theirs`].
    pub(crate) fn proven(&self) -> Result<Arc<ClientConfig>, TlsFault> {
        self.believed(true)
    }

    fn believed(&self, verify: bool) -> Result<Arc<ClientConfig>, TlsFault> {
        let mut theirs = self.0.theirs.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = theirs.get(&verify) {
            return Ok(Arc::clone(theirs));
        }
        let read = read_theirs(&self.0.files, verify)?;
        theirs.insert(verify, Arc::clone(&read));
        Ok(read)
    }

    /// Takes up changed files; `anyway` reads them even if they look the same.
    pub(crate) fn look(&self, anyway: bool) {
        let stamps = self.0.files.stamps();
        let mut seen = self.0.seen.write().unwrap_or_else(PoisonError::into_inner);
        if *seen == stamps && !anyway {
            return;
        }
        *seen = stamps;
        drop(seen);
        self.0.theirs.write().unwrap_or_else(PoisonError::into_inner).clear();
        if !self.0.files.listening {
            return;
        }
        match read_ours(&self.0.files) {
            Ok(ours) => {
                *self.0.ours.write().unwrap_or_else(PoisonError::into_inner) = Some(ours);
                tracing::info!(certificate = ?self.0.files.certificate, "the certificate is read again");
            }
            Err(fault) => tracing::error!(%fault, "the new certificate is wrong: the old one stays in use"),
        }
    }
}

/// Looks whether the configured files could be used, without making any.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check(config: &Config) -> Result<String, TlsFault> {
    let files = Files::of(config);
    if !config.tls.roots.as_os_str().is_empty() {
        roots(&files.roots)?;
    }
    if !files.listening {
        return Ok("not needed: nothing is listened on by TLS".to_owned());
    }
    if config.tls.certificate.as_os_str().is_empty() && !files.certificate.exists() {
        return Ok("none configured; the first start makes one that signs itself".to_owned());
    }
    read_ours(&files)?;
    Ok(format!("{} and its key can be used", files.certificate.display()))
}

impl Files {
    fn of(config: &Config) -> Self {
        let tls = &config.tls;
        let (certificate, key) = if tls.certificate.as_os_str().is_empty() {
            (config.paths.data.join("tls.crt"), config.paths.data.join("tls.key"))
        } else {
            (tls.certificate.clone(), tls.key.clone())
        };
        let listening = config.listens_by_tls();
        Self { certificate, key, roots: tls.roots.clone(), verify: tls.verify_trunks, listening }
    }

    fn stamps(&self) -> Stamps {
        let stamp = |path: &PathBuf| {
            let about = fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        [&self.certificate, &self.key, &self.roots].into_iter().map(stamp).collect()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn fault<'a>(key: &'static str, path: &'a Path) -> impl Fn(&dyn ToString) -> TlsFault + 'a {
    move |why| TlsFault { key, path: path.to_owned(), why: why.to_string() }
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let wrong = fault(key, path);
    let all: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&format!("no certificate in PEM can be read: {error}")))?;
    if all.is_empty() {
        return Err(wrong(&"holds no certificate in PEM"));
    }
    Ok(all)
}

fn read_ours(files: &Files) -> Result<Arc<ServerConfig>, TlsFault> {
    let chain = certificates("tls.certificate", &files.certificate)?;
    let wrong = fault("tls.key", &files.key);
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&format!("no key in PEM can be read: {error}")))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(&format!("cannot be used with the certificate: {error}")))?;
    Ok(Arc::new(config))
}

fn roots(path: &Path) -> Result<RootCertStore, TlsFault> {
    let mut store = RootCertStore::empty();
    for certificate in certificates("tls.roots", path)? {
        store.add(certificate).map_err(|error| fault("tls.roots", path)(&error))?;
    }
    Ok(store)
}

fn read_theirs(files: &Files, verify: bool) -> Result<Arc<ClientConfig>, TlsFault> {
    let wrong = fault("tls.roots", &files.roots);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    if !verify {
        let anybody = Arc::new(Anybody(provider()));
        return Ok(Arc::new(
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth(),
        ));
    }
    let store = if files.roots.as_os_str().is_empty() {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's roots cannot be read");
        }
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(system.certs);
        if store.is_empty() {
            return Err(wrong(&"the system has no root certificates; name a file with those to believe"));
        }
        store
    } else {
        roots(&files.roots)?
    };
    Ok(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
}

/// Makes a certificate that signs itself: enough for a first try, and for phones told to believe exactly it.
fn make(config: &Config, files: &Files) -> Result<(), TlsFault> {
    let wrong = fault("tls.certificate", &files.certificate);
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let listeners = config.sip.tls.all().iter().chain(config.http.tls.all()).map(|listen| listen.get().ip());
    names.extend(listeners.filter(|ip| !ip.is_unspecified()).map(|ip: IpAddr| ip.to_string()));
    names.extend(config.sip.advertised_host.all().iter().map(|host| host.as_str().to_owned()));
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    let key = rcgen::KeyPair::generate().map_err(|error| wrong(&error))?;
    let mut about = rcgen::CertificateParams::new(names).map_err(|error| wrong(&error))?;
    about.distinguished_name = rcgen::DistinguishedName::new();
    about.distinguished_name.push(rcgen::DnType::CommonName, "Cordial, signed by itself");
    let certificate = about.self_signed(&key).map_err(|error| wrong(&error))?;
    write(&files.key, &key.serialize_pem(), 0o600).map_err(|error| fault("tls.key", &files.key)(&error))?;
    write(&files.certificate, &certificate.pem(), 0o644).map_err(|error| wrong(&error))?;
    tracing::warn!(
        certificate = ?files.certificate,
        "no certificate is configured: one was made that signs itself, which phones do not believe by themselves"
    );
    Ok(())
}

/// Writes a file whole or not at all, with rights of its own from the beginning.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _unknown_here = mode;
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// Believes every far end, for trunks within one's own walls: what is said is secret, but to whom is not known.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Several;

    fn config(folder: &Path) -> Config {
        let mut config = Config::default();
        config.paths.data = folder.to_owned();
        config
    }

    #[cfg(unix)]
    #[test]
    fn a_certificate_that_was_made_is_kept_and_its_key_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        assert!(check(&config).unwrap().starts_with("none configured"));
        Tls::open(&config).unwrap();
        let key = folder.path().join("tls.key");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let first = fs::read(&key).unwrap();
        Tls::open(&config).unwrap();
        assert_eq!(fs::read(&key).unwrap(), first);
        assert!(check(&config).unwrap().ends_with("can be used"));
    }

    #[test]
    fn without_a_listener_no_certificate_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        (config.sip.tls, config.http.tls) = (Several::new(Vec::new()), Several::new(Vec::new()));
        Tls::open(&config).unwrap().look(true);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(check(&config).unwrap().starts_with("not needed"));
    }

    #[test]
    fn a_new_certificate_is_taken_up_and_a_wrong_one_leaves_the_old_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let tls = Tls::open(&config).unwrap();
        let first = tls.ours();
        tls.look(false);
        assert!(Arc::ptr_eq(&first, &tls.ours()), "nothing has changed");
        fs::write(folder.path().join("tls.key"), "no key at all").unwrap();
        tls.look(false);
        assert!(Arc::ptr_eq(&first, &tls.ours()), "the new key is wrong");
        make(&config, &Files::of(&config)).unwrap();
        tls.look(true);
        assert!(!Arc::ptr_eq(&first, &tls.ours()));
    }

    #[test]
    fn a_configured_certificate_that_is_replaced_by_a_good_one_is_taken_up_without_being_told() {
        let (data, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut config = config(data.path());
        config.tls.certificate = kept.path().join("site.crt");
        config.tls.key = kept.path().join("site.key");
        // Each of its own length, so that they differ even on a disk whose clock is coarse.
        let renew = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            let about = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
            fs::write(&config.tls.certificate, about.self_signed(&key).unwrap().pem()).unwrap();
            fs::write(&config.tls.key, key.serialize_pem()).unwrap();
        };
        renew("acme.example");
        let tls = Tls::open(&config).unwrap();
        let first = tls.ours();
        tls.look(false);
        assert!(Arc::ptr_eq(&first, &tls.ours()), "nothing has changed");
        renew("a-much-longer-name-for-the-same-site.acme.example");
        tls.look(false);
        assert!(!Arc::ptr_eq(&first, &tls.ours()), "both files are new");
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "none is made beside it");
    }

    #[test]
    fn a_wrong_file_is_told_with_its_option() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        Tls::open(&config).unwrap();
        config.tls.certificate = folder.path().join("tls.crt");
        config.tls.key = folder.path().join("tls.crt");
        let said = check(&config).unwrap_err().to_string();
        assert!(said.starts_with("tls.key = ") && said.contains("no key in PEM"), "{said}");
        config.tls.certificate = folder.path().join("absent");
        let said = Tls::open(&config).err().unwrap().to_string();
        assert!(said.starts_with("tls.certificate = "), "{said}");
    }
}

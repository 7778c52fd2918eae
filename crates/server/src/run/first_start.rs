//! The very first start: a tenant, and two tokens so that somebody can do something with it. There is no default
//! password anywhere.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use cordial_engine::entry::Name;
use cordial_engine::id::TenantId;
use cordial_engine::text::Text;
use cordial_engine::{Answer, Input, Now, WallTime};
use cordial_store::{NewToken, Owner, Scope, Store};

use crate::config::Config;
use crate::handle::Handle;

/// What the very first start made.
#[derive(Clone, PartialEq, Eq)]
pub struct FirstStart {
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's SIP domain.
    pub domain: String,
    /// A token for setting things up; shown once, and good for a day.
    pub token: String,
    /// Where the operator's own token lies, for the command line on this machine.
    pub token_file: PathBuf,
}

/// How long the token that is shown can be used.
const SHOWN_TOKEN_MS: i64 = 24 * 3_600_000;

/// Where the operator's token lies.
pub(crate) fn token_file(config: &Config) -> PathBuf {
    config.paths.data.join("operator.token")
}

/// Makes the first tenant and its tokens, if there is none.
pub(super) async fn prepare(config: &Config, handle: &Handle) -> Result<Option<FirstStart>, String> {
    let (tenants, now) =
        handle.read(|engine, now| (engine.tenants().len(), now)).await.map_err(|error| error.to_string())?;
    if tenants > 0 {
        return Ok(None);
    }
    let name = config.first_tenant.name.as_str();
    let domain = config.first_tenant.domain.as_str();
    let input = Input::AddTenant {
        name: Name::parse_some(name).map_err(|error| format!("first_tenant.name: {error}"))?,
        domain: Text::parse_some(domain).map_err(|error| format!("first_tenant.domain: {error}"))?,
    };
    let tenant = match handle.input(input).await.map_err(|error| error.to_string())? {
        Ok(Answer::Tenant(tenant, _)) => tenant,
        Ok(other) => return Err(format!("the tenant was answered with {other:?}")),
        Err(refusal) => return Err(refusal.to_string()),
    };
    let shown = make_token(handle.store(), tenant, "first start", now, Some(SHOWN_TOKEN_MS)).await?;
    let kept = make_token(handle.store(), tenant, "operator", now, None).await?;
    let token_file = token_file(config);
    write_private(&token_file, &kept).map_err(|error| format!("{}: {error}", token_file.display()))?;
    Ok(Some(FirstStart { tenant: name.to_owned(), domain: domain.to_owned(), token: shown, token_file }))
}

async fn make_token(
    store: &Store,
    tenant: TenantId,
    name: &str,
    now: Now,
    life_ms: Option<i64>,
) -> Result<String, String> {
    let new = NewToken {
        owner: Owner::Tenant(tenant),
        user: None,
        name: name.to_owned(),
        scopes: Scope::ALL.into(),
        expires: life_ms.map(|ms| WallTime(now.wall.0.saturating_add(ms))),
    };
    let issued = store.create_token(new, now.wall).await.map_err(|error| error.to_string())?;
    Ok(issued.reveal())
}

/// Writes a file that only its owner can read; one that is there is replaced.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("token.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

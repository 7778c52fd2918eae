//! One tap per tenant that is being watched, so that nobody sees what another tenant's clients do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cordial_engine::id::TenantId;

use crate::tap::{Tap, Watcher};

/// All taps; cheap to clone.
#[derive(Clone)]
pub(super) struct Taps {
    /// The installation's, which sees everything.
    all: Tap,
    tenants: Arc<Mutex<BTreeMap<TenantId, Tap>>>,
}

impl Taps {
    pub(super) fn new(all: Tap) -> Self {
        Self { all, tenants: Arc::default() }
    }

    /// Watches one tenant's requests from now on.
    pub(super) fn watch(&self, tenant: TenantId) -> Watcher {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody watches any more go, so there are never more than there are streams.
        tenants.retain(|_, tap| tap.wanted());
        tenants.entry(tenant).or_default().watch()
    }

    /// The taps that want to see a request of `tenant`.
    pub(super) fn wanted(&self, tenant: Option<TenantId>) -> Vec<Tap> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let own = tenant.and_then(|tenant| tenants.get(&tenant));
        [Some(&self.all), own].into_iter().flatten().filter(|tap| tap.wanted()).cloned().collect()
    }
}

//! How fast may be asked: per token, and per address for those who have none.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cordial_dialects::native::problem::Code;
use cordial_engine::id::TenantId;
use cordial_store::TokenId;
use governor::clock::DefaultClock;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::fault::No;
use super::limits::{FORGET_EVERY, REFUSALS_NOTED, STRANGER_BURST, STRANGER_RATE, TOKEN_BURST, TOKEN_RATE};

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock>;

/// All rates; cheap to clone.
#[derive(Clone)]
pub(super) struct Rates(Arc<Inner>);

struct Inner {
    tokens: Limiter<String>,
    strangers: Limiter<IpAddr>,
    callers: Limiter<IpAddr>,
    refused: Limiter<TenantId>,
    asked: AtomicU64,
}

impl Default for Rates {
    fn default() -> Self {
        let quota = |rate, burst| Quota::per_second(rate).allow_burst(burst);
        Self(Arc::new(Inner {
            tokens: RateLimiter::dashmap(quota(TOKEN_RATE, TOKEN_BURST)),
            strangers: RateLimiter::dashmap(quota(STRANGER_RATE, STRANGER_BURST)),
            callers: RateLimiter::dashmap(quota(TOKEN_RATE, TOKEN_BURST)),
            refused: RateLimiter::dashmap(Quota::per_minute(REFUSALS_NOTED)),
            asked: AtomicU64::new(0),
        }))
    }
}

impl Rates {
    /// Counts a request of a working token.
    pub(super) fn token(&self, token: TokenId) -> Result<(), No> {
        self.forget();
        self.0.tokens.check_key(&token.to_string()).map_err(|_| too_many())
    }

    /// Counts a request of somebody without one.
    pub(super) fn stranger(&self, peer: IpAddr) -> Result<(), No> {
        self.forget();
        self.0.strangers.check_key(&peer).map_err(|_| too_many())
    }

    /// Counts a request of the connector's: one address speaks for many agents, and none of them has a token.
    pub(super) fn caller(&self, peer: IpAddr) -> Result<(), No> {
        self.forget();
        self.0.callers.check_key(&peer).map_err(|_| too_many())
    }

    /// Counts an attempt that was refused and shall be noted in the tenant's audit.
    pub(super) fn refused(&self, tenant: TenantId) -> Result<(), No> {
        self.0.refused.check_key(&tenant).map_err(|_| too_many())
    }

    /// Drops the counts of those who have been quiet, so that strangers cannot fill the memory.
    fn forget(&self) {
        if self.0.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.0.tokens.retain_recent();
            self.0.strangers.retain_recent();
            self.0.callers.retain_recent();
        }
    }
}

fn too_many() -> No {
    No::new(Code::TooManyRequests, "slow down")
}

//! The measurements, each by name.

use anyhow::Result;

use crate::Options;

mod bare;
mod calls;
mod edge;
mod media;
mod queue;
mod registrar;

/// One measurement; prints its own figures and gives whether all limits are met.
pub(crate) type Measurement = fn(&Options) -> Result<bool>;

/// All there are.
pub(crate) const MEASUREMENTS: [(&str, Measurement); 11] = [
    ("wire-bare", bare::bare_machine),
    ("wire-register", registrar::registrations),
    ("wire-contacts", registrar::memory_per_contact),
    ("wire-b2bua", calls::calls_between_devices),
    ("wire-held", calls::memory_per_call),
    ("wire-queued", queue::queued_calls),
    ("wire-freed", queue::freed_agents),
    ("wire-waiting", queue::waiting_callers),
    ("wire-relay", media::relayed_packets),
    ("wire-edge", edge::calls_at_the_edge),
    ("wire-overload", edge::overload),
];

//! The real process dies, is drained, or meets a disk that fails: what was acknowledged is there afterwards, nobody is
//! left in a dead call, and the operator is told.

mod disk;
mod drain;
mod kill;
mod ledger;
mod phones;
mod ports;
mod server;
mod site;

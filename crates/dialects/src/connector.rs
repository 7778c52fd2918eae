//! Expertflow's Generic Connector: desktops of agents and supervisors command and listen by messages over a JMS broker.
//!
//! # A tour
//!
//! **Transport.** Requests go to a queue, events come to a topic of the client's own. Where a site has no broker, we are
//! one ourselves, and speak STOMP ([`stomp`]); where it has ActiveMQ, we are a client of it by the same protocol.

pub mod stomp;

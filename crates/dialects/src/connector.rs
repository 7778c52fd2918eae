//! Expertflow's Generic Connector: desktops of agents and supervisors command and listen by messages over a JMS broker.
//!
//! # A tour
//!
//! **Transport.** Requests go to a queue, events come to a topic of the client's own. Where a site has no broker, we are
//! one ourselves, and speak STOMP ([`stomp`]); where it has ActiveMQ, we are a client of it by the same protocol.
//!
//! **Asking.** A request is a message type `<Command>#<login>` and parameters between commas ([`request`]). What cannot be
//! done is told by a stable code ([`fault`]).
//!
//! **Telling.** What happens is told in the format that the destination chose ([`event`]); the texts for an agent's status
//! bar are those of the document ([`catalogue`]). What an agent is told follows from what changed for him ([`board`]).

pub mod board;
pub mod catalogue;
pub mod control;
pub mod event;
pub mod fault;
pub mod info;
pub mod request;
pub mod stomp;

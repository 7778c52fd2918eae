//! PortSIP's call-queue API: REST for those who manage queues and agents, WSI for those who watch them.
//!
//! # A tour
//!
//! **Who asks.** A user buys an access token for half an hour with a name, a domain and a password (the form of OAuth 2),
//! and renews it with another. An administrator does everything; a supervisor, whom this API calls a manager of queues,
//! sees everything and changes the states of agents; an agent reaches himself, below `/user`. Our own tokens are taken as
//! well.
//!
//! **What there is.** This API thinks in extensions: numbers with a person and a phone. Ours are agents, who have a number
//! of their own or that of the phone where they are logged in ([`scene`]). Queues are found by their id or their number.
//! Ids are opaque texts; times are seconds.
//!
//! **What can be asked.** The heart is an agent's state in one queue: READY, NOT_READY and so on ([`state`]), a function
//! of our axes. Asking for one is one command of the engine ([`decode::ask`]), which leaves the agent's other queues as
//! they are, and notes for later what a live call is in the way of. Queues are made, changed and removed with the vendor's
//! fields; one that we cannot honour is refused by its name, unless it says what is so anyway ([`decode`]).
//!
//! **What happened.** WSI is a WebSocket on which a client says who it is, subscribes to topics, hears how things are, and
//! then how they change. [`session`] reads what it says; [`watch`] turns what changes on the [floor](crate::floor) into the messages of [`wire::wsi`]. The
//! v16 had an address of its own for it and shorter answers; its messages about single calls are told there only.
//!
//! **When it is no.** `{"errors": [{"code", "message"}]}` with a status of 400 and up ([`problem`]).
//!
//! [`routes`] lists the operations by the vendor's names. Which of them need something that we do not have stands in
//! `docs/dialects/portsip.md`.

pub mod decode;
pub mod encode;
pub mod limits;
pub mod problem;
pub mod routes;
pub mod scene;
pub mod session;
pub mod state;
pub mod watch;
pub mod wire;

//! The native dialect: Cordial in its own words, as JSON over HTTP.
//!
//! # A tour
//!
//! **Who asks.** Every request under `/v1` bears a token, `Authorization: Bearer cordial_…`. The token says whose
//! things are seen (its tenant), as whom it acts (a user, or nobody in particular) and how far it reaches: `read` sees,
//! `agent` acts as the agent of its own user, `supervise` acts on anybody, `admin` changes the directory. No scope
//! includes another. A user's name and password buy a token for twelve hours at `POST /v1/log-in`.
//!
//! **What there is.** The directory is what operators decide: users, teams, agents, devices, queues, trunks, routes,
//! reasons and dispositions. Each kind has the same five operations, and what `GET` answers can be changed and put
//! back. Agents, devices and queues also show how they stand. Every id is a guid; a list pages by the id of its last
//! item; a name finds its owner by `?name=`.
//!
//! **What can be asked.** An agent logs in at a device, becomes ready or not ready (with a reason and a note), takes
//! part in queues, says what happens to direct calls, ends a wrap-up. The answer, [`wire::Outcome`], shows the agent as
//! he is now, and whether the wish was granted at once, noted for after the live offer, call or wrap-up (`pending`), or
//! was so before (`already`, with 200: asking twice is no fault). A call is placed from a device and hung up, its
//! recording paused and resumed, its disposition set; an offer is declined.
//!
//! **What happened.** `/v1/events` tells every fact of the tenant, over WebSocket or as server-sent events, the
//! same messages either way. Without `after` the first message is a snapshot; with it the stream goes on behind that
//! `seq`, across reconnects and restarts, without a gap. `/v1/cdrs` and `/v1/recordings` hold what is over.
//!
//! **When it is no.** Every refusal is an RFC 9457 problem with a stable `code` ([`problem`]); fields at fault are all
//! named at once. A `POST` repeated with the same `Idempotency-Key` is answered as the first time and acts once.
//!
//! The modules follow a request on its way: [`wire`] types are read, [`decode`] makes commands of them, the engine
//! decides, [`encode`] tells what came of it, [`problem`] says no. Paths and methods are the server's.

pub mod decode;
pub mod encode;
pub mod limits;
pub mod problem;
pub mod wire;

//! PortSIP's call-queue API: REST for people who manage queues and agents, and WSI, a WebSocket of events.

pub mod problem;

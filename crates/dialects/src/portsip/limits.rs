//! Every bound of this API's bodies, lists and names, with its unit and what happens beyond it.

/// Items of a page, and how many are given when nothing is said. More are refused.
pub const PAGE_MAX: usize = 100;
/// Agents of one queue in one body. More are refused.
pub const AGENTS_MAX: usize = 10_000;
/// Characters of `filter`, `search` and `orderby`. More are refused.
pub const QUERY_CHARS_MAX: usize = 512;
/// Bytes of a message to WSI. More end the connection.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Queues, extensions or tenants of one subscription. More are refused.
pub const TOPIC_KEYS_MAX: usize = 1_000;

//! Limits of the event socket.

/// Bytes of a request's line and headers. A longer one ends the connection.
pub const HEAD_BYTES_MAX: usize = 8 * 1_024;
/// Bytes of a request's body. A longer one ends the connection.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;
/// Headers of a request. More end the connection.
pub const HEADERS_MAX: usize = 32;
/// Subclasses of `CUSTOM` that one connection listens to. One more is refused.
pub const SUBCLASSES_MAX: usize = 64;
/// Filters of one connection. One more is refused.
pub const FILTERS_MAX: usize = 64;
/// Characters of a subclass, or of a filter's header or value. A longer one is refused.
pub const WORD_MAX: usize = 256;
/// Words of a console command. What is beyond belongs to the last.
pub const WORDS_MAX: usize = 8;

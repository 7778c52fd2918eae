//! The limits of the native dialect.

/// Body of a request. Bytes; a larger one is answered 413.
pub const BODY_MAX: usize = 64 * 1024;
/// A file of contacts. Bytes (2 MiB); a larger one is answered 413.
pub const IMPORT_MAX: usize = 2 * 1024 * 1024;
/// Rows of a file of contacts. More are answered 422.
pub const IMPORT_ROWS_MAX: usize = 10_000;
/// Columns of a file of contacts. More are answered 422.
pub const IMPORT_COLUMNS_MAX: usize = 64;
/// Rows that were not taken of which it is told why. Of more it is told how many.
pub const IMPORT_REFUSALS_MAX: usize = 1_000;
/// Things on one page. More asked for is answered 422.
pub const PAGE_MAX: usize = 500;
/// Things on one page when nothing else is asked for.
pub const PAGE_DEFAULT: usize = 100;
/// The query part of a path. Bytes; a longer one is answered 400.
pub const QUERY_MAX: usize = 2_048;
/// An idempotency key. Characters; a longer one is answered 400.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// How long an answer is kept for its idempotency key. Milliseconds.
pub const IDEMPOTENCY_MS: i64 = 24 * 3_600_000;
/// Further addresses of one trunk. More are answered 422.
pub const TRUNK_SOURCES_MAX: usize = 64;
/// Prefixes of one trunk. More are answered 422.
pub const TRUNK_PREFIXES_MAX: usize = 256;
/// Shortest password of a user. Characters; a shorter one is answered 422.
pub const PASSWORD_MIN: usize = 10;
/// Longest password. Characters; a longer one is answered 422 before any hashing.
pub const PASSWORD_MAX: usize = 256;
/// Longest life that can be asked for a token. Seconds (ten years); more is answered 422.
pub const TOKEN_LIFE_S_MAX: u64 = 315_360_000;

//! Every bound of this API's bodies, with its unit and what happens beyond it.

/// Bytes of a body. A longer one is refused unread.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Elements within elements, the outermost counted. A deeper body is refused.
pub const DEPTH_MAX: usize = 16;

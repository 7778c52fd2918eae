//! Every bound of this crate, with its unit and what happens beyond it.

/// Bytes in one message. A longer one is answered 513, or its stream is cut.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Bytes of start line and headers on a stream before the blank line. Beyond it the stream is cut.
pub const HEAD_BYTES_MAX: usize = 32_768;
/// Bytes in one header line after unfolding. A longer one is answered 400.
pub const LINE_BYTES_MAX: usize = 8_192;
/// Header lines in one message. More are answered 400.
pub const HEADERS_MAX: usize = 256;
/// Values in one comma-separated header. More are answered 400.
pub const VALUES_MAX: usize = 64;
/// Parameters of one value. More are answered 400.
pub const PARAMETERS_MAX: usize = 32;
/// Streams with unfinished input. Bytes of one more are dropped.
pub const STREAMS_MAX: usize = 65_536;
/// Dialogs alive at once (default). A new INVITE is answered 503.
pub const DIALOGS_MAX: usize = 20_000;
/// Server transactions alive at once. New requests are answered 503 without state.
pub const SERVER_TRANSACTIONS_MAX: usize = 100_000;
/// Subscriptions of one device. With one more, the one that ends first is ended.
pub const SUBSCRIPTIONS_PER_ACCOUNT_MAX: usize = 8;
/// Subscriptions of all devices. More are answered 503.
pub const SUBSCRIPTIONS_MAX: usize = 65_536;
/// Nonces whose counts are remembered. The oldest is forgotten and counts as stale.
pub const NONCES_MAX: usize = 65_536;
/// Contacts in one REGISTER. More are answered 403.
pub const CONTACTS_MAX: usize = 16;
/// Forked 2xx of one INVITE that are acknowledged and cleared. More are left to time out.
pub const FORKS_MAX: usize = 8;
/// Times one INVITE is sent again with credentials. Then its 401 or 407 is final.
pub const AUTH_RETRIES_MAX: u8 = 2;
/// Times our re-INVITE is sent again after 491. Then it has failed.
pub const GLARE_RETRIES_MAX: u8 = 5;
/// Milliseconds our INVITE may ring. Then it is cancelled and has failed with 408.
pub const RING_MS_MAX: u64 = 300_000;
/// Milliseconds between repeated provisional answers, so that proxies keep waiting (RFC 3261 13.3.1.1).
pub const PROVISIONAL_REPEAT_MS: u64 = 60_000;
/// Provisional answers that wait for the PRACK of an earlier one. More are dropped.
pub const PROVISIONALS_WAITING_MAX: usize = 4;
/// Milliseconds until a refused session refresh is tried again, at most. The timer runs on meanwhile.
pub const REFRESH_RETRY_MS_MAX: u64 = 10_000;
/// Added to CSeq by a BYE after a restart: requests that went before it, and that nobody knows of, stay below it.
pub const BLOB_CSEQ_STEP: u32 = 65_536;
/// Wrong answers to challenges from one address (an IPv6 /64 counts as one), at once; then 503 until one more is
/// allowed. Answers for a device from the address at which it is registered are counted apart, with the same limit.
pub const WRONG_ANSWERS_BURST: u64 = 20;
/// Milliseconds after which one more wrong answer is allowed.
pub const WRONG_ANSWER_MS: u64 = 3_000;
/// Addresses whose wrong answers are counted. The one nearest to being forgiven is forgotten.
pub const WRONG_ANSWER_SOURCES_MAX: usize = 4_096;
/// Wrong answers for one name from anywhere, at once. Beyond it every address but the device's own has one attempt,
/// and then waits [`GUESSER_MS`].
pub const GUESSED_NAME_BURST: u64 = 100;
/// Milliseconds after which one more wrong answer for a name is forgiven.
pub const GUESSED_NAME_MS: u64 = 36_000;
/// Milliseconds that an address waits after a wrong answer for a name that is being guessed.
pub const GUESSER_MS: u64 = 60_000;
/// Names whose wrong answers are counted. The one nearest to being forgiven is forgotten.
pub const GUESSED_NAMES_MAX: usize = 4_096;
/// Datagrams at once from an address (an IPv6 /64 counts as one) that is no trunk's and from which nobody has proved
/// himself. Beyond it they are dropped unread until [`STRANGER_MS`] allows one more.
pub const STRANGER_BURST: u64 = 500;
/// Milliseconds after which one more datagram of a stranger is looked at: 100 in a second.
pub const STRANGER_MS: u64 = 10;
/// Strange addresses whose datagrams are counted. The one longest quiet is forgotten and begins anew.
pub const STRANGERS_MAX: usize = 4_096;
/// Milliseconds that an address is familiar after somebody there has proved himself: what comes from it is not counted.
pub const FAMILIAR_MS: u64 = 3_600_000;
/// Familiar addresses. Beyond it the one longest quiet counts as strange.
pub const FAMILIAR_MAX: usize = 65_536;

/// Questions in a row, whether a far end lives, that its path did not carry. Then its dialog is over.
pub const UNREACHED_MAX: u8 = 2;
/// Milliseconds for which a device that is out of reach is owed the BYE of a dialog. Then it is forgotten.
pub const FAREWELL_MS: u64 = 60_000;
/// BYEs owed to devices out of reach. With one more, the oldest is forgotten.
pub const FAREWELLS_MAX: usize = 4_096;

/// Answers of an earlier life's calls that are acknowledged and cleared at once; then one in each [`STRAY_MS`]. Others
/// come again by themselves until 32 s have passed.
pub const STRAYS_BURST: u32 = 500;
/// Milliseconds after which one more of them is taken.
pub const STRAY_MS: u64 = 5;

/// Headers of an INVITE that are handed up to whoever owns the call, and that it may set, besides `X-` ones. By
/// themselves none pass from one side of a call to the other. Everything else is the stack's own or is dropped: trust
/// never travels in a header.
pub const HEADERS_PASSED: &[&str] = &[
    "Alert-Info",
    "Answer-Mode",
    "Call-Info",
    "Diversion",
    "History-Info",
    "P-Asserted-Identity",
    "Privacy",
    "Reason",
    "Subject",
    "User-to-User",
];

//! Every limit of the engine, with its unit and what happens at it.

/// Tenants of one installation. Beyond it a new tenant is refused.
pub const TENANTS_MAX: usize = 1_000;
/// Entries of one kind in one tenant. Beyond it a new entry is refused.
pub const ENTRIES_MAX: usize = 100_000;
/// Calendars of one tenant. Each keeps the rules of its time zone. Beyond it a new calendar is refused.
pub const CALENDARS_MAX: usize = 1_000;
/// Stretches of one day that a calendar is open. Beyond it the calendar is refused.
pub const CALENDAR_HOURS_MAX: usize = 8;
/// Holidays of one calendar. Each look at it looks at them. Beyond it the calendar is refused.
pub const CALENDAR_HOLIDAYS_MAX: usize = 200;
/// Days of one holiday. Beyond it the calendar is refused.
pub const HOLIDAY_DAYS_MAX: i32 = 366;
/// Calls in progress in one tenant. Beyond it a caller hears busy everywhere (503) and a placed call is refused.
pub const CALLS_MAX: usize = 100_000;
/// Calls waiting in one queue, whatever its policy says. Beyond it a call is refused as full.
pub const WAITING_MAX: u32 = 100_000;
/// Phone books of one tenant that everybody sees. Beyond it a new one is refused. As Finesse has it.
pub const PHONE_BOOKS_GLOBAL_MAX: usize = 10;
/// Phone books of one tenant's teams. Beyond it a new one is refused. As Finesse has it.
pub const PHONE_BOOKS_TEAM_MAX: usize = 300;
/// Contacts of one phone book. Beyond it a new one is refused. As Finesse has it.
pub const CONTACTS_MAX: usize = 6_000;
/// Queues that one agent may be assigned to. Freeing an agent looks at each of them. Beyond it the assignment is refused.
pub const QUEUES_PER_AGENT_MAX: usize = 256;
/// Steps of a queue's reach. Looking for the first call of a queue looks at each. Beyond it the queue is refused.
pub const REACH_STEPS_MAX: usize = 16;
/// Skills of one agent, and skills that one queue needs. Beyond it the entry is refused.
pub const SKILLS_MAX: usize = 16;
/// The best that anybody can do something. A level beyond it is refused.
pub const SKILL_LEVEL_MAX: u8 = 10;
/// Rings of a queue. Looking for the first call of a queue looks at each, and in each for the next agent. Beyond it the
/// queue is refused.
pub const RINGS_MAX: usize = 6;
/// Callers per queue whose last agent is remembered. Beyond it the oldest is forgotten.
pub const PARTNERS_MAX: usize = 50_000;
/// Longest that a caller's last agent is remembered. Milliseconds (a year); a queue that asks for more is refused.
pub const REMEMBER_MS_MAX: u64 = 365 * 86_400_000;
/// Longest that a call waits for one agent. Milliseconds; a queue that asks for more is refused.
pub const PREFERENCE_MS_MAX: u64 = 3_600_000;
/// Agents rung at once by ring all. The longest idle are rung, the others are not.
pub const RING_ALL_WIDTH_MAX: usize = 50;
/// Shortest from one announcement to a waiting caller to the next. Milliseconds; a queue that asks for less is refused.
pub const ANNOUNCE_MS_MIN: u64 = 5_000;
/// Messages that a queue says in turn. Beyond it the queue is refused.
pub const MESSAGES_IN_TURN_MAX: usize = 16;
/// Longest that a callback keeps its place. Milliseconds (a day); a queue that asks for more is refused.
pub const CALLBACK_MS_MAX: u64 = 86_400_000;
/// Longest that an agent's briefing is waited for. Milliseconds; then he and the caller hear each other.
pub const BRIEFING_MS_MAX: u64 = 15_000;
/// Legs of one device at a time. Beyond it the device counts as busy for every call.
pub const LEGS_PER_DEVICE_MAX: usize = 8;
/// How long a leg that is not an offer may ring. Milliseconds; then it is cleared as not answered.
pub const RING_MS_MAX: u64 = 60_000;
/// Shortest that a direct call rings before it is forwarded. Milliseconds; an agent with less is refused.
pub const AGENT_RING_MS_MIN: u64 = 1_000;
/// Times a call may overflow from queue to queue. Beyond it the call is cleared.
pub const OVERFLOWS_MAX: u8 = 5;
/// Longest offer. Milliseconds; a queue that asks for more is refused.
pub const OFFER_MS_MAX: u64 = 300_000;
/// Shortest offer. Milliseconds; a queue that asks for less is refused.
pub const OFFER_MS_MIN: u64 = 1_000;
/// Longest wrap-up. Milliseconds; a queue that asks for more is refused.
pub const WRAP_UP_MS_MAX: u64 = 3_600_000;
/// Longest wait before a call overflows. Milliseconds; a queue that asks for more is refused.
pub const WAIT_MS_MAX: u64 = 86_400_000;
/// Longest service-level target and short-abandon threshold. Milliseconds; a queue that asks for more is refused.
pub const TARGET_MS_MAX: u64 = 3_600_000;
/// Shortest rest after a missed offer. Milliseconds; a queue that asks for less is refused, so that a phone that
/// declines at once cannot be offered the same call in a loop.
pub const REST_MS_MIN: u64 = 1_000;
/// Longest rest after a missed offer. Milliseconds; a queue that asks for more is refused.
pub const REST_MS_MAX: u64 = 3_600_000;
/// Longest a route's greeting is waited for. Milliseconds; then the call goes on to its destination.
pub const GREETING_MS_MAX: u64 = 120_000;
/// Longest a message in a mailbox. Milliseconds; then the caller is cleared, and what he said is kept.
pub const MESSAGE_MS_MAX: u64 = 180_000;
/// Shortest a message. Milliseconds; who hung up before left none.
pub const MESSAGE_MS_MIN: u64 = 1_000;
/// Messages in one mailbox. Beyond it a caller is told that it is full.
pub const MESSAGES_MAX: usize = 100;
/// Longest that one message is waited for while a mailbox is played. Milliseconds; then the next one is played.
pub const MESSAGE_PLAY_MS_MAX: u64 = MESSAGE_MS_MAX + 60_000;
/// Slots of a tenant for parked calls, from 1. Beyond it a call is not parked.
pub const PARKING_SLOTS: u16 = 99;
/// How long a parked call waits before the phone that parked it is rung. Milliseconds.
pub const PARKING_MS: u64 = 120_000;
/// Times that it is rung for one call. Beyond it the call is cleared as not answered.
pub const PARKING_REMINDERS_MAX: u8 = 3;
/// How long somebody is waited for who is asked for a number. Milliseconds; then the code is denied.
pub const NUMBER_MS_MAX: u64 = 15_000;
/// Shortest PIN. Digits; a shorter one is refused.
pub const PIN_DIGITS_MIN: usize = 4;
/// Longest PIN. Digits; a longer one is refused, and further keys are not heard.
pub const PIN_DIGITS_MAX: usize = 12;
/// Wrong PINs in one call, and in a row for one agent. Then the call is denied, and the agent locked out of hot desks.
pub const PIN_TRIES_MAX: u8 = 3;
/// How long an agent is locked out of hot desks, whatever PIN is pressed. Milliseconds (a quarter of an hour).
pub const PIN_LOCK_MS: u64 = 900_000;
/// A pause after a digit that ends the number. Milliseconds.
pub const DIGIT_PAUSE_MS: u64 = 4_000;
/// Calls in which one call is heard. Beyond it nobody else hears it.
pub const MONITORS_MAX: usize = 8;
/// People who talk in one call. Beyond it nobody joins.
pub const CONFERENCE_MAX: usize = 16;
/// Variables of one call. Beyond it no more are set.
pub const VARIABLES_MAX: usize = 64;
/// Longest name of a variable. Characters; a longer one is refused.
pub const VARIABLE_NAME_MAX: usize = 64;
/// Names and values of one call's variables together. Bytes (16 KiB); beyond it no more are set.
pub const VARIABLES_BYTES_MAX: usize = 16 * 1_024;
/// Keys pressed by one command. More are refused.
pub const DIGITS_MAX: usize = 32;
/// Forwards from agent to agent that one dialled number follows. Beyond it the number leads nowhere. Also agents who
/// let one call go on that they missed; beyond it the call clears.
pub const FORWARDS_MAX: usize = 5;
/// Further addresses of one trunk. Beyond it the trunk is refused.
pub const TRUNK_SOURCES_MAX: usize = 64;
/// Prefixes that one trunk may dial. Each outbound call looks at them. Beyond it the trunk is refused.
pub const TRUNK_PREFIXES_MAX: usize = 256;
/// Trunks of one tenant. Each outbound call looks at them. Beyond it a new trunk is refused.
pub const TRUNKS_MAX: usize = 100;
/// What is kept to end a leg after a crash. Bytes; more is ignored, and that leg gets no BYE after a crash.
pub const DIALOG_BYTES_MAX: usize = 4_096;
/// How long before a crash a leg may have ended for its far end to be told again after it: for so long a BYE is repeated, or
/// waits for the ACK before it (RFC 3261 sections 15 and 17.1.2.2). Milliseconds.
pub const LEG_ENDING_KEPT_MS: u64 = 32_000;
/// Such legs, each with what is kept to end it. Beyond it the oldest is told no more.
pub const LEG_ENDINGS_MAX: usize = 20_000;
/// Closed calls per tenant that a late disposition is told about. Beyond it the call is simply unknown.
pub const CLOSED_CALLS_KEPT: usize = 1_000;
/// Calls out at once that a tenant's rules may let out. More is refused.
pub const OUTBOUND_CALLS_MAX: u32 = 100_000;
/// Calls out at once of one device that a tenant's rules may let out, as many as a device has legs. More is refused.
pub const OUTBOUND_DEVICE_CALLS_MAX: u32 = LEGS_PER_DEVICE_MAX as u32;
/// Calls out per minute that a tenant's rules may let out; the beginning of each is remembered (8 bytes) for a minute.
/// More is refused.
pub const OUTBOUND_PACE_MAX: u32 = 10_000;
/// Minutes per day that a tenant's rules may let out: all calls at once, all day. More is refused.
pub const OUTBOUND_MINUTES_MAX: u32 = OUTBOUND_CALLS_MAX * 24 * 60;
/// Prefixes that a tenant's rules may deny. More are refused.
pub const OUTBOUND_DENIED_MAX: usize = 1_000;
/// Numbers that a tenant's rules may free from limits. More are refused.
pub const OUTBOUND_UNLIMITED_MAX: usize = 100;
/// Calls not let out that are told (a fact each) in one tenant and minute. Beyond it they are refused and not told, so
/// that a device that dials in a loop does not fill the journal.
pub const OUTBOUND_REFUSALS_TOLD: u32 = 60;
/// Teams, and queues, that one user's rights are bound to. More are refused.
pub const USER_BOUNDS_MAX: usize = 1_000;

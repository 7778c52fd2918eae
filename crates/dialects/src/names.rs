//! What every dialect needs to speak of things: the way from ids to guids and back.

use cordial_engine::entry::{EntryId, Kind};
use cordial_engine::id::{
    AgentId, BlacklistedNumberId, CalendarId, CallId, ContactId, DeviceId, DispositionId, Guid, LegId,
    OfferId, PhoneBookId, QueueId, ReasonId, RecordingId, RouteId, SkillId, TeamId, TrunkId, UserId,
};

/// Anything that has a name outside the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// An entry of the directory.
    Entry(EntryId),
    /// A call.
    Call(CallId),
    /// A leg, with its call because legs are found through calls.
    Leg(CallId, LegId),
    /// A live offer; see [`offer_guid`].
    Offer(OfferId),
    /// A recording.
    Recording(RecordingId),
}

impl Named {
    /// The kind and number under which the thing is known inside.
    pub const fn key(self) -> (Kind, u64) {
        match self {
            Self::Entry(EntryId::User(id)) => (Kind::User, id.0),
            Self::Entry(EntryId::Agent(id)) => (Kind::Agent, id.0),
            Self::Entry(EntryId::Team(id)) => (Kind::Team, id.0),
            Self::Entry(EntryId::Device(id)) => (Kind::Device, id.0),
            Self::Entry(EntryId::Trunk(id)) => (Kind::Trunk, id.0),
            Self::Entry(EntryId::Queue(id)) => (Kind::Queue, id.0),
            Self::Entry(EntryId::Route(id)) => (Kind::Route, id.0),
            Self::Entry(EntryId::Reason(id)) => (Kind::Reason, id.0),
            Self::Entry(EntryId::Calendar(id)) => (Kind::Calendar, id.0),
            Self::Entry(EntryId::Skill(id)) => (Kind::Skill, id.0),
            Self::Entry(EntryId::PhoneBook(id)) => (Kind::PhoneBook, id.0),
            Self::Entry(EntryId::Contact(id)) => (Kind::Contact, id.0),
            Self::Entry(EntryId::Disposition(id)) => (Kind::Disposition, id.0),
            Self::Entry(EntryId::BlacklistedNumber(id)) => (Kind::BlacklistedNumber, id.0),
            Self::Call(id) => (Kind::Call, id.0),
            Self::Leg(_, id) => (Kind::Leg, id.0),
            Self::Offer(id) => (Kind::Offer, id.0),
            Self::Recording(id) => (Kind::Recording, id.0),
        }
    }
}

/// The guid of an offer, made of its call's: an offer has none of its own, and must be named long after it ended.
///
/// Offers of one call differ by their number; offers of two calls differ as the calls' random guids do.
#[must_use]
pub const fn offer_guid(call: Guid, offer: OfferId) -> Guid {
    // Any odd factor keeps different numbers different; this one (2^128 / golden ratio) spreads them over all bits.
    const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    Guid(call.0 ^ (offer.0 as u128).wrapping_mul(SPREAD))
}

/// Nobody knows the guid of this thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} has no guid")]
pub struct Unnamed(pub Named);

/// The way out: ids to guids.
pub trait Names {
    /// The guid of a thing, if it is known here.
    fn guid(&self, of: Named) -> Option<Guid>;

    /// As [`Names::guid`], with the thing in the error, so that its name can be fetched from elsewhere.
    fn need(&self, of: Named) -> Result<Guid, Unnamed> {
        self.guid(of).ok_or(Unnamed(of))
    }
}

/// The way in: guids to ids, within the tenant of whoever asks.
pub trait Find {
    /// The entry of that kind with that guid.
    fn find(&self, kind: Kind, guid: Guid) -> Option<EntryId>;
}

/// An id of one kind of entry, so that code generic over kinds cannot mix them up.
pub trait EntryKey: Copy + Sized {
    /// The kind.
    const KIND: Kind;

    /// The id, if it is of this kind.
    fn of(id: EntryId) -> Option<Self>;

    /// The id with its kind.
    fn entry_id(self) -> EntryId;
}

macro_rules! entry_keys {
    ($($key:ident $kind:ident;)*) => {$(
        impl EntryKey for $key {
            const KIND: Kind = Kind::$kind;

            fn of(id: EntryId) -> Option<Self> {
                if let EntryId::$kind(key) = id { Some(key) } else { None }
            }

            fn entry_id(self) -> EntryId {
                EntryId::$kind(self)
            }
        }
    )*};
}

entry_keys! {
    UserId User;
    AgentId Agent;
    TeamId Team;
    DeviceId Device;
    TrunkId Trunk;
    QueueId Queue;
    RouteId Route;
    ReasonId Reason;
    DispositionId Disposition;
    BlacklistedNumberId BlacklistedNumber;
    CalendarId Calendar;
    SkillId Skill;
    PhoneBookId PhoneBook;
    ContactId Contact;
}

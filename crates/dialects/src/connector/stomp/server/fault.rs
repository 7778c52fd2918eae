//! What a client does wrong.

use crate::connector::stomp::destination::BadDestination;
use crate::connector::stomp::frame::{BadFrame, Verb};
use crate::connector::stomp::heart_beat::BadHeartBeat;
use crate::connector::stomp::limits::{
    NAME_BYTES_MAX, SUBSCRIPTIONS_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_STEPS_MAX, TRANSACTIONS_MAX,
    UNACKNOWLEDGED_BYTES_MAX, UNACKNOWLEDGED_MAX,
};
use crate::connector::stomp::selector::BadSelector;

/// Why a connection ended by what its client did; the sentence is what it is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not speak STOMP.
    #[error(transparent)]
    Frame(#[from] BadFrame),
    /// It speaks none of our versions.
    #[error("the supported versions are 1.0, 1.1 and 1.2")]
    NoVersion,
    /// `heart-beat` is wrong.
    #[error(transparent)]
    HeartBeat(#[from] BadHeartBeat),
    /// Something else came before `CONNECT`.
    #[error("CONNECT comes first")]
    NotConnected,
    /// `CONNECT` came again.
    #[error("the connection is connected already")]
    ConnectedAlready,
    /// Only a server sends such a frame, or this version has none.
    #[error("{0} is no frame of a client in this version")]
    NotForUs(Verb),
    /// Such a frame has no body.
    #[error("{0} has no body")]
    Body(Verb),
    /// A header is missing.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A name is too long.
    #[error("the header {0} is longer than {NAME_BYTES_MAX} bytes")]
    LongName(&'static str),
    /// The destination is none.
    #[error(transparent)]
    Destination(#[from] BadDestination),
    /// The selector is none.
    #[error(transparent)]
    Selector(#[from] BadSelector),
    /// There is no such way to acknowledge.
    #[error("ack is auto, client or client-individual")]
    AckMode,
    /// The subscription is there already.
    #[error("there is such a subscription already")]
    SubscribedAlready,
    /// There is no such subscription.
    #[error("there is no such subscription")]
    NotSubscribed,
    /// There are too many subscriptions.
    #[error("there are more than {SUBSCRIPTIONS_MAX} subscriptions")]
    TooManySubscriptions,
    /// No such message waits for an acknowledgement.
    #[error("no such message waits to be acknowledged")]
    NothingToAcknowledge,
    /// Too much was delivered and not acknowledged.
    #[error(
        "more than {UNACKNOWLEDGED_MAX} messages, or {UNACKNOWLEDGED_BYTES_MAX} bytes of them, are not acknowledged"
    )]
    TooManyUnacknowledged,
    /// The transaction is there already.
    #[error("there is such a transaction already")]
    BegunAlready,
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotBegun,
    /// There are too many transactions.
    #[error("there are more than {TRANSACTIONS_MAX} transactions")]
    TooManyTransactions,
    /// A transaction is too large.
    #[error(
        "a transaction has more than {TRANSACTION_STEPS_MAX} steps, or all have more than {TRANSACTION_BYTES_MAX} bytes"
    )]
    LargeTransaction,
    /// The connecting, or a frame, was not whole in time.
    #[error("a frame was not whole in time")]
    TooSlow,
    /// No heart-beat came.
    #[error("nothing was heard for longer than agreed")]
    Silent,
}

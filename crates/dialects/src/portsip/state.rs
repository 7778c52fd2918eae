//! What this API says of an agent in one queue: a function of our axes, and the arrows between its states.

use cordial_engine::agent::{Duty, Membership, WhyNotReady};
use cordial_engine::id::{QueueId, ReasonId};

/// The state of an agent in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not in the queue.
    LoggedOut,
    /// In the queue, but his phone is not registered.
    Offline,
    /// In the queue, not for its calls.
    NotReady,
    /// As [`Status::NotReady`], for a break.
    Break,
    /// As [`Status::NotReady`], for lunch.
    Lunch,
    /// In the queue and for its calls.
    Ready,
    /// In a call of this queue.
    QueueCall,
    /// In any other call.
    OtherCall,
    /// Finishing after a call.
    WrapUp,
}

impl Status {
    /// Its word in REST and in WSI.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LoggedOut => "LOGGED_OUT",
            Self::Offline => "OFFLINE",
            Self::NotReady => "NOT_READY",
            Self::Break => "BREAK",
            Self::Lunch => "LUNCH",
            Self::Ready => "READY",
            Self::QueueCall => "QUEUE_CALL",
            Self::OtherCall => "OTHER_CALL",
            Self::WrapUp => "WRAP_UP",
        }
    }
}

/// The arrows of the vendor's diagram, and the three that our decisions add to it. A break and lunch are ways of being
/// not ready; an extension may go offline and come back at any time.
pub const ARROWS: &[(Status, &[Status])] = &[
    (Status::LoggedOut, &[Status::Ready, Status::NotReady]),
    (Status::NotReady, &[Status::LoggedOut, Status::Ready, Status::OtherCall]),
    (Status::Ready, &[Status::LoggedOut, Status::NotReady, Status::QueueCall, Status::OtherCall]),
    (Status::QueueCall, &[Status::Ready, Status::WrapUp, Status::LoggedOut]),
    (Status::OtherCall, &[Status::Ready, Status::WrapUp, Status::NotReady, Status::LoggedOut]),
    (Status::WrapUp, &[Status::Ready, Status::NotReady, Status::LoggedOut]),
];

/// What an agent does, as far as this API tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Nothing, or his phone rings for a queue.
    Nothing,
    /// Talks in a call that came through this queue, if through any.
    Talking(Option<QueueId>),
    /// Finishes after a call, in this queue.
    WrappingUp(QueueId),
}

/// The two reasons that this API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// A break.
    Break,
    /// Lunch.
    Lunch,
}

impl Rest {
    /// Which of the two a reason of the tenant's is, by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("break") {
            Some(Self::Break)
        } else if name.eq_ignore_ascii_case("lunch") {
            Some(Self::Lunch)
        } else {
            None
        }
    }
}

/// An agent on our axes, without his queues.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// Whether he is logged in anywhere.
    pub logged_in: bool,
    /// Whether the phone that he uses is registered.
    pub registered: bool,
    /// Whether he is there for queue calls.
    pub duty: &'a Duty,
    /// What he does.
    pub doing: Doing,
}

impl Axes<'_> {
    /// The state in one queue. `rest` knows the reasons of the tenant.
    #[must_use]
    pub fn status(
        &self,
        queue: QueueId,
        part: Membership,
        rest: impl FnOnce(ReasonId) -> Option<Rest>,
    ) -> Status {
        match self.doing {
            Doing::Talking(Some(through)) if through == queue => return Status::QueueCall,
            Doing::WrappingUp(of) if of == queue => return Status::WrapUp,
            Doing::Nothing | Doing::Talking(_) | Doing::WrappingUp(_) => {}
        }
        if !self.logged_in || part == Membership::Out {
            return Status::LoggedOut;
        }
        match self.doing {
            Doing::Talking(_) => return Status::OtherCall,
            Doing::WrappingUp(_) => return Status::WrapUp,
            Doing::Nothing => {}
        }
        if !self.registered {
            return Status::Offline;
        }
        match (self.duty, part) {
            (Duty::NotReady { reason: Some(WhyNotReady::Reason(reason)), .. }, _) => match rest(*reason) {
                Some(Rest::Break) => Status::Break,
                Some(Rest::Lunch) => Status::Lunch,
                None => Status::NotReady,
            },
            (Duty::Ready, Membership::Ready) => Status::Ready,
            (Duty::Ready | Duty::NotReady { .. } | Duty::LoggedOut, _) => Status::NotReady,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(duty: &Duty, doing: Doing) -> String {
        let axes = Axes { logged_in: true, registered: true, duty, doing };
        let word = |part| axes.status(QueueId(1), part, |_| None).word();
        format!(
            "out {}, not ready {}, ready {}",
            word(Membership::Out),
            word(Membership::NotReady),
            word(Membership::Ready)
        )
    }

    #[test]
    fn the_state_is_a_function_of_the_axes() {
        let not_ready = Duty::NotReady { reason: None, note: Default::default() };
        let rows = [
            table(&Duty::Ready, Doing::Nothing),
            table(&not_ready, Doing::Nothing),
            table(&Duty::Ready, Doing::Talking(Some(QueueId(1)))),
            table(&Duty::Ready, Doing::Talking(Some(QueueId(2)))),
            table(&not_ready, Doing::Talking(None)),
            table(&Duty::Ready, Doing::WrappingUp(QueueId(1))),
            table(&Duty::Ready, Doing::WrappingUp(QueueId(2))),
        ];
        expect_test::expect![[r#"
            out LOGGED_OUT, not ready NOT_READY, ready READY
            out LOGGED_OUT, not ready NOT_READY, ready NOT_READY
            out QUEUE_CALL, not ready QUEUE_CALL, ready QUEUE_CALL
            out LOGGED_OUT, not ready OTHER_CALL, ready OTHER_CALL
            out LOGGED_OUT, not ready OTHER_CALL, ready OTHER_CALL
            out WRAP_UP, not ready WRAP_UP, ready WRAP_UP
            out LOGGED_OUT, not ready WRAP_UP, ready WRAP_UP"#]]
        .assert_eq(&rows.join("\n"));
    }

    #[test]
    fn a_phone_that_is_not_registered_is_offline_unless_its_agent_is_out_or_talks() {
        let axes = |logged_in, doing| Axes { logged_in, registered: false, duty: &Duty::Ready, doing };
        let status = |axes: Axes<'_>| axes.status(QueueId(1), Membership::Ready, |_| None);
        assert_eq!(status(axes(true, Doing::Nothing)), Status::Offline);
        assert_eq!(status(axes(false, Doing::Nothing)), Status::LoggedOut);
        assert_eq!(status(axes(true, Doing::Talking(None))), Status::OtherCall);
    }

    #[test]
    fn a_reason_that_is_called_so_is_a_break_or_lunch() {
        let duty =
            Duty::NotReady { reason: Some(WhyNotReady::Reason(ReasonId(3))), note: Default::default() };
        let axes = Axes { logged_in: true, registered: true, duty: &duty, doing: Doing::Nothing };
        let status = |name| axes.status(QueueId(1), Membership::Ready, |_| Rest::named(name));
        assert_eq!(status("Lunch"), Status::Lunch);
        assert_eq!(status("BREAK"), Status::Break);
        assert_eq!(status("training"), Status::NotReady);
    }
}

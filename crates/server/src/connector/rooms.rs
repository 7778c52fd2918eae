//! The door to the rooms for those who have no session there: who asks by HTTP, and gets his answer there.

use cordial_dialects::connector::board::Board;
use cordial_dialects::connector::event::Event;
use cordial_dialects::connector::fault::Code;
use cordial_dialects::connector::request::Ask;
use cordial_engine::id::{AgentId, TenantId, UserId};
use tokio::sync::{mpsc, oneshot};

use super::Heard;
use crate::handle::{Asker, Unavailable};
use crate::limits::CONNECTOR_HEARD_MAX;

/// The door; cheap to clone.
#[derive(Clone)]
pub(crate) struct Rooms(mpsc::Sender<(TenantId, Inquiry)>);

/// What comes in by the door.
pub(crate) type Inquiries = mpsc::Receiver<(TenantId, Inquiry)>;

/// What comes to a room.
pub(super) enum ToRoom {
    Heard(Heard),
    Inquiry(Inquiry),
}

/// What somebody wants to know or do.
pub(crate) enum Inquiry {
    /// To see how things are.
    Look(Box<dyn FnOnce(&Board) + Send>),
    /// What a session could ask for.
    Ask(Question),
}

/// Something asked for by somebody who proved who he is.
pub(crate) struct Question {
    pub(super) user: UserId,
    /// About whom, if not about himself.
    pub(super) about: Option<AgentId>,
    pub(super) by: Asker,
    pub(super) ask: Ask,
    pub(super) answer: oneshot::Sender<Result<Vec<Event>, Denied>>,
}

/// Why it is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// By the connector's code.
    pub(crate) code: Code,
    /// In words.
    pub(crate) detail: String,
}

impl Denied {
    pub(super) const fn of(code: Code) -> Self {
        Self { code, detail: String::new() }
    }
}

impl Rooms {
    /// A door, and what comes in by it.
    pub(crate) fn new() -> (Self, Inquiries) {
        let (ask, asked) = mpsc::channel(CONNECTOR_HEARD_MAX);
        (Self(ask), asked)
    }

    /// Looks at a tenant's board, with all that is durable on it.
    ///
    /// # Errors
    /// When nobody can answer now.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        tenant: TenantId,
        f: impl FnOnce(&Board) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, wait) = oneshot::channel();
        // Whoever asked may have gone away meanwhile.
        let look = Box::new(move |board: &Board| drop(answer.send(f(board))));
        self.send(tenant, Inquiry::Look(look))?;
        wait.await.map_err(|_| Unavailable::Stopping)
    }

    /// Does what a session of that user could ask for, and gives what it would be told for an answer.
    ///
    /// # Errors
    /// Why it is not so.
    pub(crate) async fn ask(
        &self,
        tenant: TenantId,
        (user, by): (UserId, Asker),
        about: Option<AgentId>,
        ask: Ask,
    ) -> Result<Vec<Event>, Denied> {
        let unavailable = |why: Unavailable| Denied { code: Code::PleaseRetry, detail: why.to_string() };
        let (answer, wait) = oneshot::channel();
        self.send(tenant, Inquiry::Ask(Question { user, about, by, ask, answer })).map_err(unavailable)?;
        wait.await.unwrap_or_else(|_| Err(unavailable(Unavailable::Stopping)))
    }

    fn send(&self, tenant: TenantId, inquiry: Inquiry) -> Result<(), Unavailable> {
        self.0.try_send((tenant, inquiry)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopping,
        })
    }
}

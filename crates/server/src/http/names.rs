//! Guids for telling what is over: learned from the stream, else from the engine, else from the store.

use cordial_dialects::names::{Named, Names, Unnamed};
use cordial_dialects::native::encode::{self, Book};
use cordial_dialects::native::wire::Message;
use cordial_engine::Event;
use cordial_engine::id::{CallId, Guid, RecordingId, TenantId};

use super::State;
use super::fault::No;
use super::limits::FOLD_TIME;
use super::scene::Scene;
use super::sight::Sight;

/// Tells things of one tenant, and remembers their guids.
pub(super) struct Teller {
    state: State,
    tenant: TenantId,
    book: Book,
}

impl Teller {
    pub(super) fn new(state: State, tenant: TenantId) -> Self {
        Self { state, tenant, book: Book::default() }
    }

    /// The message for an event; `None` for what is nobody's business outside.
    ///
    /// An event about a thing that nobody can name is told as such: to end the stream over it would end every stream
    /// that resumes before it, for good.
    pub(super) async fn tell(&mut self, event: &Event) -> Result<Option<Message>, No> {
        self.book.learn(event);
        let told = self.try_named(|book| encode::message(event, book)).await?;
        Ok(told.unwrap_or_else(|unnamed| {
            tracing::error!(seq = event.seq, %unnamed, "an event could not be told");
            Some(encode::untold(event, unnamed))
        }))
    }

    /// Encodes something, fetching each guid that is missing.
    pub(super) async fn named<T>(&mut self, encode: impl Fn(&Book) -> Result<T, Unnamed>) -> Result<T, No> {
        Ok(self.try_named(encode).await??)
    }

    async fn try_named<T>(
        &mut self,
        encode: impl Fn(&Book) -> Result<T, Unnamed>,
    ) -> Result<Result<T, Unnamed>, No> {
        loop {
            let missing = match encode(&self.book) {
                Ok(told) => return Ok(Ok(told)),
                Err(Unnamed(missing)) => missing,
            };
            match self.fetch(missing).await? {
                Some(guid) => self.book.keep(missing, guid),
                None => return Ok(Err(Unnamed(missing))),
            }
        }
    }

    /// Learns the guids of all that is live, so that its end can be told when it is gone.
    pub(super) async fn learn_live(&mut self) -> Result<(), No> {
        let tenant = self.tenant;
        let calls = self.state.parts.handle.read(move |engine, _| engine.calls(tenant)).await?;
        for call in calls {
            self.book.keep(Named::Call(call.id), call.guid);
            for leg in &call.legs {
                self.book.keep(Named::Leg(call.id, leg.id), leg.guid);
            }
            if let Some((recording, guid)) = call.recording {
                self.book.keep(Named::Recording(recording), guid);
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, named: Named) -> Result<Option<Guid>, No> {
        let (tenant, handle) = (self.tenant, &self.state.parts.handle);
        let live = handle
            .read(move |engine, now| Scene { engine, now, tenant, sight: Sight::WHOLE }.guid(named))
            .await?;
        if live.is_some() {
            return Ok(live);
        }
        // What has just left the engine is durable, but its row is written a moment later.
        tokio::time::timeout(FOLD_TIME, handle.store().folded(handle.durable_seq())).await.ok();
        match named {
            Named::Entry(id) => {
                let entry = handle.store().directory_name(tenant, id).await?;
                Ok(entry.map(|entry| entry.guid))
            }
            Named::Call(call) | Named::Leg(call, _) => self.learn_closed(call, named).await,
            Named::Recording(recording) => self.recording(recording).await,
            // Events name offers by their call; only what is live is asked for by itself.
            Named::Offer(_) => Ok(None),
        }
    }

    /// Learns all guids of a closed call: the events that follow will want them too.
    async fn learn_closed(&mut self, call: CallId, named: Named) -> Result<Option<Guid>, No> {
        let Some(cdr) = self.state.parts.handle.store().cdr_of_call(self.tenant, call).await? else {
            return Ok(None);
        };
        self.book.keep(Named::Call(cdr.call), cdr.guid);
        for segment in &cdr.segments {
            self.book.keep(Named::Leg(cdr.call, segment.leg), segment.guid);
        }
        for recording in &cdr.recordings {
            self.book.keep(Named::Recording(recording.recording), recording.guid);
        }
        Ok(self.book.guid(named))
    }

    async fn recording(&self, recording: RecordingId) -> Result<Option<Guid>, No> {
        let kept = self.state.parts.handle.store().recording_of_id(self.tenant, recording).await?;
        Ok(kept.map(|kept| kept.guid))
    }
}

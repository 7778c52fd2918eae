//! Who waits in a queue.

use axum::{Extension, Json, extract};
use cordial_dialects::native::encode;
use cordial_dialects::native::wire::{self, Id, Page, Scope};
use cordial_engine::id::QueueId;

use super::State;
use super::ask::{Asked, At, PageOf};
use super::fault::No;
use super::guard::Who;
use super::operation::{Operation, get};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/v1/queues/{id}/waiting")
            .called(
                "list_waiting",
                "calls",
                "Lists the calls that wait in a queue, the next first, with their estimated waits",
            )
            .needs(&[Scope::Read])
            .paged()
            .answers_page::<wire::Waiting>()
            .handled_by(list),
    ]
}

/// A page goes on after a position: the line has moved meanwhile, as lines do.
async fn list(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<wire::Waiting>>, No> {
    let limit = page.limit()?;
    let after = page.after.as_deref().map_or(Ok(0), str::parse::<u32>);
    let after = after.map_err(|_| No::field("?after", "must be the next of the page before"))?;
    let seen = state.look(&who, move |scene| {
        let queue = scene.key::<QueueId>(id)?;
        let mut places = scene.engine.places(scene.tenant, queue, scene.now.at, after, limit + 1);
        let more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| more).map(|place| place.position.to_string());
        let told = places.iter().filter_map(|place| {
            let call = scene.engine.call(scene.tenant, place.call)?;
            Some(encode::waiting(place, &call, scene.now))
        });
        Ok(Page { items: told.collect(), next })
    });
    seen.await.map(Json)
}

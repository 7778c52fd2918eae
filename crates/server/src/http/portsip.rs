//! The PortSIP dialect at its own listeners: REST below `/api`, events by WSI.

mod agents;
mod asking;
mod blacklist;
mod fault;
mod guard;
mod queues;
mod servers;
mod token;
mod wsi;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::routes::{BASE, Op, TOKEN_PATH};

use self::fault::No;
use super::State;

/// REST, and WSI at `/wsi`.
pub(super) fn router(state: State) -> Router {
    let mut router = Router::new();
    for op in Op::ALL {
        let guard = from_fn_with_state((state.clone(), Some(*op)), guard::guard);
        router = router.route(&format!("{BASE}{}", op.path()), handler(*op).route_layer(guard));
    }
    let guard = from_fn_with_state((state.clone(), None), guard::guard);
    router = router.route(&format!("{BASE}{TOKEN_PATH}"), post(token::token).route_layer(guard));
    finished(router.route("/wsi", get(wsi::newer)), state)
}

/// WSI at the root, where clients of the v16 look for it.
pub(super) fn wsi_router(state: State) -> Router {
    finished(Router::new().route("/", get(wsi::older)), state)
}

fn finished(router: Router<State>, state: State) -> Router {
    router
        .fallback(async || No::from(Problem::not_found("path")))
        .method_not_allowed_fallback(async || {
            No::from(Problem::new(405, "METHOD_NOT_ALLOWED", "this path has no such method"))
        })
        .layer(from_fn(super::around))
        .with_state(state)
}

fn handler(op: Op) -> MethodRouter<State> {
    match op {
        Op::ListOwnQueues => get(agents::list_own_queues),
        Op::ShowOwnStatus => get(agents::show_own),
        Op::SetOwnStatus => post(agents::set_own),
        Op::ListUserQueues => get(agents::list_user_queues),
        Op::ShowUserStatus => get(agents::show_of_user),
        Op::SetUserStatus => post(agents::set_of_user),
        Op::CreateServer => post(servers::create),
        Op::ListServers => get(servers::list),
        Op::ShowServer => get(servers::show),
        Op::UpdateServer => post(servers::update),
        Op::ShowServerStatus => get(servers::status),
        Op::DeleteServer => post(servers::delete),
        Op::CreateQueue => post(queues::create),
        Op::ListQueues => get(queues::list),
        Op::ShowQueue => get(queues::show),
        Op::UpdateQueue => post(queues::update),
        Op::ShowQueueStatus => get(queues::status),
        Op::DeleteQueue => post(queues::delete),
        Op::ListWaiting => get(queues::waiting),
        Op::PickUp => post(agents::pick_up),
        Op::ListAgents => get(agents::list),
        Op::UpdateAgents => post(agents::update_list),
        Op::ShowAgent => get(agents::show),
        Op::SetAgentStatus => post(agents::set),
        Op::ShowAgents => post(agents::list_states),
        Op::LogInAgent => post(agents::log_in),
        Op::LogOutAgent => post(agents::log_out),
        Op::ListExclusiveQueues | Op::ListExclusiveAgents => get(no_exclusive_number),
        Op::SetExclusiveAgents | Op::RemoveExclusiveAgents => post(no_exclusive_number),
        Op::CreateBlacklisted => post(blacklist::create),
        Op::ListBlacklisted => get(blacklist::list),
        Op::ExportBlacklisted => get(blacklist::export),
        Op::ShowBlacklisted => get(blacklist::show),
        Op::UpdateBlacklisted => post(blacklist::update),
        Op::DeleteBlacklisted => post(blacklist::delete),
        Op::ShowPrompts => get(blacklist::prompts),
        Op::UpdatePrompts => post(blacklist::update_prompts),
    }
}

/// We have no exclusive numbers, so none is ever found.
async fn no_exclusive_number() -> No {
    Problem::not_found("exclusive number").into()
}

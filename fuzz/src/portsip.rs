//! What comes by HTTP and WebSocket in the words of PortSIP.

use cordial_dialects::portsip::decode::{Body, Listing, agent_list, new_queue, wish};
use cordial_dialects::portsip::problem::Problem;
use cordial_dialects::portsip::scene::Scene;
use cordial_dialects::portsip::session::{Reply, hear};
use cordial_engine::entry::Entry;
use cordial_engine::id::QueueId;
use cordial_engine::text::Text;
use cordial_engine::{Actor, Answer, Command, Engine, Input, Now};

/// Every body of the dialect, chosen by the first byte; each is read, or refused with a sentence.
pub(crate) fn json(bytes: &[u8]) {
    let Some((operation, body)) = bytes.split_first() else {
        return;
    };
    match operation {
        b'a' => {
            let heard = hear(&String::from_utf8_lossy(body));
            let error = heard.request.err();
            assert!(error.as_ref().is_none_or(|error| !error.is_empty()), "refused without a sentence");
            serde_json::to_string(&Reply::new(&heard.command, heard.id, error, false)).expect("an answer");
        }
        b'b' => drop(refused(Body::parse(body).and_then(wish))),
        b'c' => queue(body),
        b'd' => {
            let value = String::from_utf8_lossy(body).into_owned();
            for name in ["filter", "search", "orderby", "skip", "top"] {
                let listing = refused(Listing::parse(&[(name.to_owned(), value.clone())]));
                let rows = vec![serde_json::json!({"name": "Sales", "extension_number": "8001"})];
                drop(listing.and_then(|listing| refused(listing.page(rows))));
            }
        }
        _ => {}
    }
}

/// A queue that is read is one that the engine takes, or refuses.
fn queue(body: &[u8]) {
    let mut engine = Engine::new(1);
    let now = Now::default();
    let text = |text| Text::parse(text).expect("a good name");
    let tenant = Input::AddTenant { name: text("acme"), domain: Text::parse("acme.test").expect("a domain") };
    let Ok(Answer::Tenant(tenant, _)) = engine.handle(now, tenant) else {
        panic!("the first tenant is taken");
    };
    let scene = Scene { engine: &engine, tenant, now };
    let listed = Body::parse(body).and_then(|body| agent_list(body, &scene, QueueId(1)));
    drop(refused(listed));
    let Some(queue) = refused(Body::parse(body).and_then(|body| new_queue(body, &scene))) else {
        return;
    };
    let command = Command::Add(Entry::Queue(queue.into()));
    if let Err(refusal) = engine.handle(now, Input::Command { tenant, by: Actor::Operator, command }) {
        assert!(refused::<()>(Err(Problem::refused(&refusal))).is_none());
    }
}

fn refused<T>(read: Result<T, Problem>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(problem) => {
            let told = |fault: &cordial_dialects::portsip::problem::Fault| !fault.message.is_empty();
            assert!(problem.status >= 400 && problem.errors.iter().all(told), "{problem:?}");
            None
        }
    }
}

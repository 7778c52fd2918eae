//! The OpenAPI document and its page for people, both made of the operations themselves.

use std::fmt::Write;

use axum::body::Bytes;
use cordial_dialects::native::wire::Message;
use utoipa::ToSchema;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
};

use super::operation::{Operation, Schemas};

const TAGS: &[(&str, &str)] = &[
    ("access", "Who may come in: log-in, tokens, tickets."),
    (
        "directory",
        "What operators decide: users, teams, agents, skills, devices, queues, calendars, trunks, routes, blacklisted numbers, reasons, dispositions.",
    ),
    ("agents", "What an agent does, and what is done to one."),
    ("calls", "Live calls and offers."),
    ("events", "Every fact, as it becomes so."),
    ("records", "What is over: call records and recordings."),
    ("installation", "Tenants, for the operator of the installation."),
    ("operation", "Health, numbers, this document, the tap."),
];

/// The document as it is served.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) json: Bytes,
    pub(super) page: Bytes,
}

impl Document {
    pub(super) fn of(operations: &[Operation]) -> Self {
        let mut json = openapi(operations).to_pretty_json().expect("a document holds texts and numbers only");
        json.push('\n');
        Self { json: json.into(), page: page(operations).into() }
    }
}

fn openapi(operations: &[Operation]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas: Schemas =
        vec![(<Message as ToSchema>::name().into_owned(), <Message as utoipa::PartialSchema>::schema())];
    Message::schemas(&mut schemas);
    for operation in operations {
        paths = paths
            .path(operation.path.clone(), PathItem::new(operation.method.clone(), operation.page.clone()));
        schemas.extend(operation.schemas.iter().cloned());
    }
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("cordial_<id>_<secret>").build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("token", SecurityScheme::Http(bearer))
        .build();
    let info = InfoBuilder::new()
        .title("Cordial")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The contact centre in its own words. Times are RFC 3339 in UTC; durations are milliseconds; a member or parameter that is not known is refused."))
        .contact(None::<ContactBuilder>.map(ContactBuilder::build))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    let tags =
        TAGS.iter().map(|(name, words)| TagBuilder::new().name(*name).description(Some(*words)).build());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths.build())
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

/// A page without scripts, so that nothing on it can be made to run.
fn page(operations: &[Operation]) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Cordial API</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
         padding:0 1rem;color-scheme:light dark}code{font-size:.95em}li{margin:.4rem 0}small{opacity:.8}</style>\
         <h1>Cordial API</h1><p>The whole document: <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p>",
    );
    for (tag, words) in TAGS {
        write!(html, "<h2>{tag}</h2><p>{words}</p><ul>").expect("text can always be written to");
        for operation in operations
            .iter()
            .filter(|it| it.page.tags.as_ref().is_some_and(|tags| tags.iter().any(|it| it == tag)))
        {
            let method = operation.verb();
            let summary = operation.page.summary.as_deref().unwrap_or_default();
            let scope = operation.page.description.as_deref().unwrap_or_default();
            let (summary, scope) = (with_code(summary), with_code(scope));
            write!(html, "<li><code>{method} {}</code> {summary}.<br><small>{scope}</small>", operation.path)
                .expect("text can always be written to");
        }
        html.push_str("</ul>");
    }
    html
}

/// Our own words with what stands between backticks as code.
fn with_code(words: &str) -> String {
    let part =
        |(n, part): (usize, &str)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
    words.split('`').enumerate().map(part).collect()
}

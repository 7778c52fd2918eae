//! One operation of the API, declared once: its route, its guard and its page in the OpenAPI document come from the
//! same lines and so cannot disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use cordial_dialects::native::limits::{IDEMPOTENCY_KEY_MAX, PAGE_DEFAULT, PAGE_MAX};
use cordial_dialects::native::problem::Problem;
use cordial_dialects::native::wire::{Id, Scope};
use utoipa::openapi::path::{Operation as Page, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, HttpMethod, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::State;
use super::guard::{Access, Gate};

/// Named schemas that a document needs.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A media type and the shape of what has it.
type Content = (&'static str, RefOr<Schema>);

/// One operation.
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: HttpMethod,
    pub(super) route: MethodRouter<State>,
    pub(super) gate: Arc<Gate>,
    pub(super) page: Page,
    pub(super) schemas: Schemas,
}

impl Operation {
    /// The method as it is written.
    pub(super) const fn verb(&self) -> &'static str {
        match self.method {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Options => "OPTIONS",
            HttpMethod::Head => "HEAD",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Trace => "TRACE",
        }
    }
}

/// An operation being declared.
pub(super) struct Draft {
    path: String,
    method: HttpMethod,
    tag: &'static str,
    id: String,
    summary: String,
    access: Access,
    parameters: Vec<Parameter>,
    body: Option<(RefOr<Schema>, bool, &'static str)>,
    body_max: Option<usize>,
    answers: BTreeMap<u16, (String, Option<Content>)>,
    further: BTreeSet<u16>,
    schemas: Schemas,
    conditional: bool,
}

pub(super) fn get(path: impl Into<String>) -> Draft {
    Draft::new(HttpMethod::Get, path.into())
}

pub(super) fn post(path: impl Into<String>) -> Draft {
    Draft::new(HttpMethod::Post, path.into())
}

pub(super) fn put(path: impl Into<String>) -> Draft {
    Draft::new(HttpMethod::Put, path.into())
}

pub(super) fn delete(path: impl Into<String>) -> Draft {
    Draft::new(HttpMethod::Delete, path.into())
}

impl Draft {
    fn new(method: HttpMethod, path: String) -> Self {
        let names: Vec<String> = path
            .split('/')
            .filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'))
            .map(str::to_owned)
            .collect();
        let parameters = names.into_iter().map(|name| {
            let schema = Some(Id::schema());
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(schema)
                .build()
        });
        Self {
            parameters: parameters.collect(),
            path,
            method,
            tag: "",
            id: String::new(),
            summary: String::new(),
            access: Access::Any,
            body: None,
            body_max: None,
            answers: BTreeMap::new(),
            further: BTreeSet::new(),
            schemas: Vec::new(),
            conditional: false,
        }
    }

    /// It can be made to depend on the version of what it changes.
    pub(super) fn conditional(mut self) -> Self {
        self.conditional = true;
        self.header(
            "If-Match",
            "Tags of the entry: it is changed only if it has one of these versions still, else 412.",
        )
    }

    /// Its name in generated clients, the chapter it stands in, and what it does.
    pub(super) fn called(
        mut self,
        id: impl Into<String>,
        tag: &'static str,
        summary: impl Into<String>,
    ) -> Self {
        (self.id, self.tag, self.summary) = (id.into(), tag, summary.into());
        self
    }

    /// Anybody may ask, without a token.
    pub(super) fn open(mut self) -> Self {
        self.access = Access::Open;
        self
    }

    /// Only a token of the installation may ask.
    pub(super) fn installation(mut self) -> Self {
        self.access = Access::Installation;
        self
    }

    /// A token with one of these scopes may ask.
    pub(super) fn needs(mut self, scopes: &'static [Scope]) -> Self {
        self.access = Access::OneOf(scopes);
        self
    }

    /// A parameter of the query.
    pub(super) fn query(self, name: &str, kind: Type, description: &str) -> Self {
        self.parameter(ParameterIn::Query, name, of_kind(kind), description)
    }

    /// A header that can be sent.
    pub(super) fn header(self, name: &str, description: &str) -> Self {
        self.parameter(ParameterIn::Header, name, of_kind(Type::String), description)
    }

    fn parameter(mut self, place: ParameterIn, name: &str, schema: ObjectBuilder, description: &str) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema.build()));
        self.parameters.push(parameter.build());
        self
    }

    /// The limits of a page.
    pub(super) fn paged(self) -> Self {
        let limit = of_kind(Type::Integer).minimum(Some(1)).maximum(Some(PAGE_MAX));
        let description = format!("Things on the page: 1 to {PAGE_MAX}, {PAGE_DEFAULT} when left out.");
        self.parameter(ParameterIn::Query, "limit", limit, &description).query(
            "after",
            Type::String,
            "The `next` of the page before.",
        )
    }

    /// What a list can be filtered by.
    pub(super) fn filtered(self, filters: &[(&str, &str)]) -> Self {
        filters.iter().fold(self, |draft, (name, what)| draft.query(name, Type::String, what))
    }

    /// The header that makes a repeated request act once.
    fn idempotent(self) -> Self {
        let key = of_kind(Type::String)
            .min_length(Some(1))
            .max_length(Some(IDEMPOTENCY_KEY_MAX))
            .pattern(Some("^[!-~]+$"));
        let description = "Repeated with the same key, it acts once and is answered alike.";
        self.parameter(ParameterIn::Header, "Idempotency-Key", key, description)
    }

    /// The body is JSON of this shape.
    pub(super) fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some((self.schema::<T>(), true, "application/json"));
        self
    }

    /// As [`Draft::body`], but the body may be left out.
    pub(super) fn perhaps_body<T: ToSchema>(mut self) -> Self {
        self.body = Some((self.schema::<T>(), false, "application/json"));
        self
    }

    /// The body is a file of comma-separated values of at most so many bytes.
    pub(super) fn csv(mut self, max: usize) -> Self {
        self.body = Some((RefOr::T(Schema::Object(of_kind(Type::String).build())), true, "text/csv"));
        self.body_max = Some(max);
        self
    }

    /// Granted, it is answered with JSON of this shape.
    pub(super) fn answers<T: ToSchema>(mut self, status: u16, description: &str) -> Self {
        let schema = self.schema::<T>();
        self.answers.insert(status, (description.to_owned(), Some(("application/json", schema))));
        self
    }

    /// Granted, it is answered with a page of these.
    pub(super) fn answers_page<T: ToSchema>(mut self) -> Self {
        let item = self.schema::<T>();
        let next = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(item))
            .required("items")
            .property("next", next)
            .required("next");
        let page = RefOr::T(Schema::Object(page.build()));
        self.answers.insert(200, ("One page.".to_owned(), Some(("application/json", page))));
        self
    }

    /// Granted, it is answered with something else than JSON, or with nothing.
    pub(super) fn answers_other(
        mut self,
        status: u16,
        kind: Option<&'static str>,
        description: &str,
    ) -> Self {
        let schema = || {
            RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).build()))
        };
        self.answers.insert(status, (description.to_owned(), kind.map(|kind| (kind, schema()))));
        self
    }

    /// It can be refused with these too, besides what its shape implies.
    pub(super) fn refuses(mut self, statuses: &[u16]) -> Self {
        self.further.extend(statuses);
        self
    }

    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }

    /// What its shape implies: each status that the guard or the readers can answer.
    fn problems(&self) -> BTreeSet<u16> {
        let mut statuses = self.further.clone();
        let versioned = self.path.starts_with("/v1/");
        if versioned {
            statuses.extend([400, 408, 429, 500, 503]);
        }
        match self.access {
            Access::Open => {}
            Access::Any => statuses.extend([401, 403]),
            Access::OneOf(_) | Access::Installation => statuses.extend([401, 403]),
        }
        if versioned && self.path.contains('{') {
            statuses.extend([404, 422]);
        }
        if versioned && !self.parameters.is_empty() {
            statuses.insert(422);
        }
        if versioned && self.method != HttpMethod::Get {
            statuses.insert(412);
        }
        if self.body.is_some() {
            statuses.extend([413, 415, 422]);
        }
        if versioned && self.method == HttpMethod::Post {
            statuses.extend([409, 413, 422]);
        }
        statuses
    }

    /// Finishes with what answers it.
    pub(super) fn handled_by<T: 'static>(mut self, handler: impl Handler<T, State>) -> Operation {
        let filter = match self.method {
            HttpMethod::Get => MethodFilter::GET,
            HttpMethod::Post => MethodFilter::POST,
            HttpMethod::Put => MethodFilter::PUT,
            HttpMethod::Delete => MethodFilter::DELETE,
            HttpMethod::Options | HttpMethod::Head | HttpMethod::Patch | HttpMethod::Trace => {
                unreachable!("no draft begins with it")
            }
        };
        let keyed = self.method == HttpMethod::Post && !matches!(self.access, Access::Open);
        if keyed {
            self = self.idempotent();
        }
        let one = self.path.ends_with('}') && self.method == HttpMethod::Get;
        if one {
            self =
                self.header("If-None-Match", "The `ETag` of what is known already; if it is so still, 304.");
            self.answers.insert(304, ("It is as it was.".to_owned(), None));
        }
        let gate = Gate {
            tagged: one,
            conditional: self.conditional,
            access: self.access,
            template: self.path.clone(),
            body_max: self.body_max,
            takes_body: matches!(self.method, HttpMethod::Post | HttpMethod::Put),
            keyed,
        };
        Operation {
            page: self.page(),
            path: self.path,
            method: self.method,
            route: on(filter, handler),
            gate: Arc::new(gate),
            schemas: self.schemas,
        }
    }

    fn page(&mut self) -> Page {
        let mut page = OperationBuilder::new()
            .operation_id(Some(self.id.clone()))
            .tag(self.tag)
            .summary(Some(self.summary.clone()))
            .description(scope_words(self.access));
        for parameter in &self.parameters {
            page = page.parameter(parameter.clone());
        }
        if let Some((schema, required, kind)) = &self.body {
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let required = if *required { Required::True } else { Required::False };
            let body = RequestBodyBuilder::new().content(*kind, content).required(Some(required));
            page = page.request_body(Some(body.build()));
        }
        for (status, (description, content)) in &self.answers {
            let mut response = ResponseBuilder::new().description(description.clone());
            if let Some((kind, schema)) = content {
                response =
                    response.content(*kind, ContentBuilder::new().schema(Some(schema.clone())).build());
            }
            page = page.response(status.to_string(), response.build());
        }
        let problem = self.schema::<Problem>();
        for status in self.problems() {
            let content = ContentBuilder::new().schema(Some(problem.clone())).build();
            let response = ResponseBuilder::new()
                .description(status_words(status))
                .content("application/problem+json", content);
            page = page.response(status.to_string(), response.build());
        }
        if !matches!(self.access, Access::Open) {
            page = page.security(SecurityRequirement::new("token", Vec::<String>::new()));
        }
        page.build()
    }
}

fn of_kind(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(kind))
}

fn scope_words(access: Access) -> Option<String> {
    match access {
        Access::Open => Some("Needs no token.".to_owned()),
        Access::Any => Some("Needs a token of any scope.".to_owned()),
        Access::Installation => Some("Needs a token of the installation with the scope `admin`.".to_owned()),
        Access::OneOf(scopes) => {
            let words: Vec<String> = scopes.iter().map(|scope| format!("`{}`", scope.word())).collect();
            Some(format!("Needs the scope {}.", words.join(" or ")))
        }
    }
}

fn status_words(status: u16) -> &'static str {
    match status {
        400 => "The request could not be read.",
        401 => "No token, or one that does not work.",
        403 => "The token does not allow this.",
        404 => "No such thing in this tenant.",
        408 => "The request took too long.",
        412 => "It has changed meanwhile.",
        409 => "It cannot be so now, or a request with the same key is under way.",
        413 => "The body is too large.",
        415 => "The body is of another kind.",
        416 => "The range lies outside the file.",
        422 => "A field is not as it should be, or the key was used for another request.",
        429 => "Too many requests, or a limit is reached.",
        500 => "The server is at fault.",
        _ => "The server cannot take this now.",
    }
}

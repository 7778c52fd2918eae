//! Many contacts at once: taken from a file, and all of a phone book removed.

use axum::http::{HeaderMap, StatusCode, header};
use axum::{Extension, Json, extract};
use cordial_dialects::native::decode::{ContactFile, ContactRow, EntryBody};
use cordial_dialects::native::limits::{IMPORT_MAX, IMPORT_REFUSALS_MAX};
use cordial_dialects::native::problem::Code;
use cordial_dialects::native::wire::{ContactImport, Id, RowRefusal, Scope};
use cordial_engine::entry::{Contact, Entry, EntryId};
use cordial_engine::id::PhoneBookId;
use cordial_engine::{Command, Refusal};
use futures_util::{StreamExt as _, stream};

use super::State;
use super::ask::At;
use super::fault::No;
use super::guard::{Bytes64, Who};
use super::limits::{COMMANDS_AT_ONCE, ROWS_AT_ONCE};
use super::operation::{Operation, delete, post};
use super::scene::Scene;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/v1/phone-books/{id}/import")
            .called(
                "import_contacts",
                "directory",
                "Takes contacts from a file of comma-separated values whose first row names the columns: `number`, \
                 `first_name`, `last_name`, `description`. Good rows are taken and bad ones are told; a row whose \
                 contact is there already changes at most its description",
            )
            .needs(&[Scope::Admin])
            .csv(IMPORT_MAX)
            .answers::<ContactImport>(200, "What was done with the rows.")
            .handled_by(import),
        delete("/v1/phone-books/{id}/contacts")
            .called("delete_contacts", "directory", "Removes all contacts of a phone book")
            .needs(&[Scope::Admin])
            .answers_other(204, None, "It has none.")
            .refuses(&[409])
            .handled_by(empty),
    ]
}

/// What becomes of a row.
enum Step {
    Add(Contact),
    Change(EntryId, Contact),
    Keep,
    Refuse(RowRefusal),
}

async fn import(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    Extension(body): Extension<Bytes64>,
    At(id): At<Id>,
    headers: HeaderMap,
) -> Result<Json<ContactImport>, No> {
    state.look(&who, move |scene| Ok(scene.key::<PhoneBookId>(id)?)).await?;
    if !is_csv(&headers) {
        return Err(No::new(Code::UnsupportedMediaType, "the body must be text/csv"));
    }
    let file = ContactFile::read(&body.0).map_err(|why| No::field("", why))?;
    let mut report = ContactImport {
        unchanged: file.repeated,
        ignored_columns: file.ignored_columns,
        ..ContactImport::default()
    };
    for refusal in file.refusals {
        refuse(&mut report, refusal);
    }
    for rows in file.rows.chunks(ROWS_AT_ONCE) {
        let rows = rows.to_vec();
        let look = move |scene: &Scene<'_>| {
            Ok(rows.iter().map(|row| (row.line, step(scene, id, row))).collect::<Vec<_>>())
        };
        let steps = stream::iter(state.look(&who, look).await?);
        let done = steps.map(|(line, step)| carry_out(&state, &who, line, step)).buffered(COMMANDS_AT_ONCE);
        for outcome in done.collect::<Vec<_>>().await {
            match outcome? {
                Step::Add(_) => report.added += 1,
                Step::Change(..) => report.changed += 1,
                Step::Keep => report.unchanged += 1,
                Step::Refuse(refusal) => refuse(&mut report, refusal),
            }
        }
    }
    report.refusals.sort_by_key(|refusal| refusal.line);
    Ok(Json(report))
}

fn is_csv(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/csv")
}

fn refuse(report: &mut ContactImport, refusal: RowRefusal) {
    report.refused += 1;
    if report.refusals.len() < IMPORT_REFUSALS_MAX {
        report.refusals.push(refusal);
    }
}

/// What a row asks for, as the book is now.
fn step(scene: &Scene<'_>, book: Id, row: &ContactRow) -> Step {
    let mut contact = match row.body(book).entry(scene) {
        Ok(Entry::Contact(contact)) => *contact,
        Ok(_) => return Step::Keep,
        Err(faults) => {
            let fault = faults.into_iter().next();
            let (column, detail) = fault.map(|fault| (fault.pointer, fault.detail)).unzip();
            let column = column.map(|pointer| pointer.trim_start_matches('/').to_owned());
            let detail = detail.unwrap_or_default();
            return Step::Refuse(RowRefusal { line: row.line, column, detail });
        }
    };
    let there = scene.engine.find_contact(scene.tenant, &contact).map(EntryId::Contact);
    let Some(there) = there else { return Step::Add(contact) };
    let Some(Entry::Contact(before)) = scene.engine.entry(scene.tenant, there) else {
        return Step::Add(contact);
    };
    if row.description.is_none() {
        contact.description.clone_from(&before.description);
    }
    if *before == contact { Step::Keep } else { Step::Change(there, contact) }
}

/// Does what a row asks for; what came of it.
async fn carry_out(state: &State, who: &Who, line: u64, step: Step) -> Result<Step, No> {
    let entry = |contact: &Contact| Entry::Contact(Box::new(contact.clone()));
    let command = match &step {
        Step::Add(contact) => Command::Add(entry(contact)),
        Step::Change(id, contact) => Command::Change(*id, entry(contact)),
        Step::Keep | Step::Refuse(_) => return Ok(step),
    };
    Ok(match state.parts.handle.command(who.tenant, who.by(), command).await? {
        Ok(_) => step,
        // Somebody else wrote the same meanwhile.
        Err(Refusal::AlreadySo | Refusal::Taken(..)) => Step::Keep,
        Err(Refusal::Invalid { field, why }) => {
            Step::Refuse(RowRefusal { line, column: Some(field.to_owned()), detail: why.to_owned() })
        }
        Err(refusal) => Step::Refuse(RowRefusal { line, column: None, detail: refusal.to_string() }),
    })
}

async fn empty(
    extract::State(state): extract::State<State>,
    Extension(who): Extension<Who>,
    At(id): At<Id>,
) -> Result<StatusCode, No> {
    let look = move |scene: &Scene<'_>| {
        let book = scene.key::<PhoneBookId>(id)?;
        Ok(scene.engine.contacts_of(scene.tenant, book).map(|(id, _)| id).collect::<Vec<_>>())
    };
    let contacts = state.look(&who, look).await?;
    let remove = |id| state.parts.handle.command(who.tenant, who.by(), Command::Remove(EntryId::Contact(id)));
    let mut removed = stream::iter(contacts).map(remove).buffered(COMMANDS_AT_ONCE);
    while let Some(outcome) = removed.next().await {
        match outcome? {
            // Somebody else removed it meanwhile.
            Ok(_) | Err(Refusal::NotFound(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

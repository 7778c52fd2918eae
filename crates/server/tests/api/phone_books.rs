//! Phone books and contacts by API and command line, files of contacts, and reasons for logging out.

use std::time::Instant;

use serde_json::{Value, json};

use super::apply::{cordial, done};
use super::site::{Answer, Site};

async fn import(site: &Site, book: &str, file: &str) -> Answer {
    site.send_as("text/csv; charset=utf-8", &format!("/v1/phone-books/{book}/import"), file).await
}

/// The counts of a report: added, changed, unchanged, refused.
fn counts(answer: &Answer) -> [u64; 4] {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let report = answer.json();
    ["added", "changed", "unchanged", "refused"].map(|field| report[field].as_u64().expect("a count"))
}

async fn listed(site: &Site, book: &str) -> Vec<String> {
    let page = site.get(&format!("/v1/contacts?phone_book={book}")).await;
    let told = |it: &Value| {
        let text = |field: &str| it[field].as_str().unwrap().to_owned();
        format!("{} {} {} {}", text("first_name"), text("last_name"), text("number"), text("description"))
    };
    page["items"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn a_file_of_contacts_is_taken_row_by_row_and_once() {
    let site = Site::open().await;
    let book = site.make("phone-books", json!({"name": "suppliers"})).await;
    let file = "Number,First Name,LAST_NAME,Description,Fax\n\
                +49 (30) 1,Ann,Lee,pumps,9\n\
                ,Bob,Ray,,\n\
                \"0177\",,,,\n\
                0178,Cid,Poe,valves,\n\
                0178,Cid,Poe,again,\n\
                01;79,Dot,Fox,,\n";
    let first = import(&site, &book, file).await;
    assert_eq!(counts(&first), [2, 0, 1, 3]);
    let report = first.json();
    assert_eq!(report["ignored_columns"], json!(["Fax"]));
    assert_eq!(
        report["refusals"],
        json!([
            {"line": 3, "column": "number", "detail": "must not be empty"},
            {"line": 4, "column": "last_name", "detail": "must not be empty when the first name is"},
            {"line": 7, "column": "number", "detail": "must not contain ';'"},
        ])
    );
    let all = ["Ann Lee +49301 pumps", "Cid Poe 0178 valves"];
    assert_eq!(listed(&site, &book).await, all);

    assert_eq!(counts(&import(&site, &book, file).await), [0, 0, 3, 3], "a second time");
    assert_eq!(listed(&site, &book).await, all);
    // Another description is taken over, and one that the file does not have is left.
    let mended = "number;first name;last name;description\n0178;Cid;Poe;taps\n";
    assert_eq!(counts(&import(&site, &book, mended).await), [0, 1, 0, 0]);
    assert_eq!(
        counts(&import(&site, &book, "number,first name,last name\n0178,Cid,Poe\n").await),
        [0, 0, 1, 0]
    );
    assert_eq!(listed(&site, &book).await, ["Ann Lee +49301 pumps", "Cid Poe 0178 taps"]);
    assert_eq!(listed(&site, &site.ids.phone_book).await.len(), 1, "the other book is as it was");

    for (file, status) in [
        ("name\nAnn\n".to_owned(), 422),
        (String::new(), 422),
        ("number\n".to_owned() + &"1\n".repeat(2_000_000), 413),
    ] {
        assert_eq!(import(&site, &book, &file).await.status, status);
    }
    let path = format!("/v1/phone-books/{book}/import");
    assert_eq!(site.send_as("application/json", &path, "number\n1\n").await.status, 415);
}

#[tokio::test]
async fn a_book_takes_six_thousand_contacts_and_refuses_the_next_with_its_line() {
    let site = Site::open().await;
    let book = site.make("phone-books", json!({"name": "everybody"})).await;
    let rows = (0..6_001).map(|n| format!("{n},First,Last {n},someone of whom little is known\n"));
    let file = "number,first_name,last_name,description\n".to_owned() + &rows.collect::<String>();
    let began = Instant::now();
    let first = import(&site, &book, &file).await;
    eprintln!("6,000 contacts in {:?}", began.elapsed());
    assert_eq!(counts(&first), [6_000, 0, 0, 1]);
    let refused =
        json!({"line": 6_002, "column": null, "detail": "the limit of contacts of a phone book is reached"});
    assert_eq!(first.json()["refusals"], json!([refused]));
    let began = Instant::now();
    assert_eq!(counts(&import(&site, &book, &file).await), [0, 0, 6_000, 1]);
    eprintln!("the same again in {:?}", began.elapsed());

    let path = format!("/v1/phone-books/{book}");
    let held = site.ask("DELETE", &path, &site.token, None, None, false).await;
    assert_eq!((held.status, &held.json()["code"]), (409, &json!("in-use")));
    let contacts = format!("{path}/contacts");
    assert_eq!(site.ask("DELETE", &contacts, &site.token, None, None, false).await.status, 204);
    assert_eq!(listed(&site, &book).await, [""; 0]);
    assert_eq!(site.ask("DELETE", &path, &site.token, None, None, false).await.status, 204);
}

#[tokio::test]
async fn a_book_of_a_team_and_who_stands_in_it_are_seen_by_that_team() {
    let site = Site::open().await;
    let night = site.make("teams", json!({"name": "night"})).await;
    let book = site.make("phone-books", json!({"name": "night's", "team": night})).await;
    let contact = json!({"phone_book": book, "first_name": "Zoe", "number": "7"});
    let contact = site.make("contacts", contact).await;
    let mut seen = Vec::new();
    for (name, team) in [("nightly", &night), ("daily", &site.ids.team)] {
        let user = json!({"name": name, "roles": ["supervisor"], "teams": [team], "password": "long enough"});
        site.make("users", user).await;
        let token = site.log_in(name, "long enough").await;
        let get = async |path: String| site.ask("GET", &path, &token, None, None, false).await;
        let books = get("/v1/phone-books".to_owned()).await.json()["items"].as_array().unwrap().len();
        let contacts = get("/v1/contacts".to_owned()).await.json()["items"].as_array().unwrap().len();
        let book = get(format!("/v1/phone-books/{book}")).await.status;
        let in_book = get(format!("/v1/contacts?phone_book={}", book_of(&site, &contact).await)).await.status;
        let contact = get(format!("/v1/contacts/{contact}")).await.status;
        seen.push((books, contacts, book, in_book, contact));
    }
    assert_eq!(seen, [(2, 2, 200, 200, 200), (1, 1, 404, 422, 404)]);
}

/// The book of a contact.
async fn book_of(site: &Site, contact: &str) -> String {
    let contact = site.get(&format!("/v1/contacts/{contact}")).await;
    contact["phone_book"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn phone_books_and_contacts_are_kept_by_command() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(&site, folder, "phone-book add day's --team day").await;
    done(&site, folder, "phone-book set day's name=days").await;
    assert!(done(&site, folder, "phone-book list").await.contains("days"));
    done(&site, folder, "contact add 0177 --phone-book days --first-name Zoe --last-name Fox").await;
    done(&site, folder, "contact set 0177 --phone-book days description=pumps").await;
    assert!(done(&site, folder, "contact list --phone-book days").await.contains("pumps"));
    let (unnamed, code) = cordial(&site, folder, "contact add 0178 --phone-book days").await;
    assert_eq!(code, 2, "{unnamed}");

    let rows = (0..700).map(|n| format!("{n},Somebody,\n"));
    let file =
        "number,last_name,nonsense\n0177,,\n".to_owned() + &rows.collect::<String>() + "1 2 x y z;,Eve,\n";
    std::fs::write(folder.join("all.csv"), &file).unwrap();
    let told = done(&site, folder, "contact import all.csv --phone-book days").await;
    for part in [
        "500 of 702 rows\n",
        "702 of 702 rows\n",
        "line 2: last_name must not be empty when the first name is\n",
        "line 703: number must not contain ';'\n",
        "columns that are no contact's: nonsense\n700 added, 0 changed, 0 unchanged, 2 refused\n",
    ] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    let again = done(&site, folder, "contact import all.csv --phone-book days --json").await;
    assert!(again.contains("\"added\":0") && again.contains("\"unchanged\":700"), "{again}");
    let (several, code) = cordial(&site, folder, "contact show Somebody").await;
    assert!(code == 1 && several.contains("several contacts are \"Somebody\""), "{several}");
    done(&site, folder, "contact remove 12 --phone-book days").await;
    let (gone, code) = cordial(&site, folder, "contact show 12 --phone-book days").await;
    assert_eq!(code, 6, "{gone}");

    // The directory's file holds the books; contacts have files of their own.
    let exported = done(&site, folder, "export").await;
    assert!(exported.contains("[[phone-books]]\nname = \"days\"\nteam = \"day\"\n"), "{exported}");
    assert!(!exported.contains("Somebody"), "{exported}");
    std::fs::write(folder.join("site.toml"), &exported).unwrap();
    assert_eq!(done(&site, folder, "apply site.toml --prune").await, "nothing to do\n");
    let (held, code) = cordial(&site, folder, "phone-book remove days").await;
    assert!(code == 1 && held.contains("[in-use]"), "{held}");
    done(&site, folder, "phone-book remove days --contacts").await;
    assert!(!done(&site, folder, "phone-book list").await.contains("days"));
}

#[tokio::test]
async fn a_log_out_gives_a_reason_that_is_for_it() {
    let site = Site::open().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(&site, folder, "reason add over --category log-out").await;
    done(&site, folder, "reason add coffee").await;
    assert!(done(&site, folder, "reason list").await.contains("log_out"));
    let (refused, code) = cordial(&site, folder, "agent log-out Ann --reason coffee").await;
    assert!(code == 1 && refused.contains("reason: must be one for logging out"), "{refused}");
    let (refused, code) = cordial(&site, folder, "agent not-ready Ann --reason over").await;
    assert!(code == 1 && refused.contains("reason: must be one for being not ready"), "{refused}");

    let mut stream = site.stream("/v1/events").await;
    done(&site, folder, "agent log-out Ann --reason over").await;
    let left = loop {
        let told = stream.next().await;
        if told["type"] == "agent_logged_out" {
            break told;
        }
    };
    let over = site.get("/v1/reasons?name=over").await["items"][0]["id"].clone();
    assert_eq!((&left["data"]["reason"], &left["data"]["why"]["kind"]), (&over, &json!("forced")), "{left}");
    let gone = |seen: &Value| seen["items"][0]["operation"] == "agent_logged_out";
    let audit = site.until("/v1/audit?limit=1", gone).await;
    assert!(audit["items"][0].to_string().contains(over.as_str().unwrap()), "{audit}");
}

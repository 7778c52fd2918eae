//! Phone books: who sees which, and whom they list in what order.

use cordial_engine::command::Command;
use cordial_engine::entry::{Contact, Entry, EntryId, PhoneBook, Team};
use cordial_engine::id::{ContactId, PhoneBookId, TeamId};
use cordial_engine::limits::{CONTACTS_MAX, PHONE_BOOKS_GLOBAL_MAX, PHONE_BOOKS_TEAM_MAX};
use cordial_engine::{Actor, Engine, Input, Kind, Refusal};

use crate::world::{World, name, number};

fn book(world: &mut World, called: &str, team: Option<TeamId>) -> PhoneBookId {
    match world.add(called, Entry::PhoneBook(PhoneBook { name: name(called), team })) {
        EntryId::PhoneBook(id) => id,
        other => panic!("{other:?}"),
    }
}

fn team(world: &mut World, called: &str) -> TeamId {
    match world.add(called, Entry::Team(Team { name: name(called), sees_monitoring: false })) {
        EntryId::Team(id) => id,
        other => panic!("{other:?}"),
    }
}

fn contact(phone_book: PhoneBookId, first_name: &str, last_name: &str, dialled: &str) -> Contact {
    let (first_name, last_name) = (name(first_name), name(last_name));
    Contact { phone_book, first_name, last_name, number: number(dialled), description: name("") }
}

fn entry(contact: &Contact) -> Entry {
    Entry::Contact(Box::new(contact.clone()))
}

fn add(world: &mut World, contact: &Contact) -> ContactId {
    match world.add(&contact.full_name(), entry(contact)) {
        EntryId::Contact(id) => id,
        other => panic!("{other:?}"),
    }
}

fn seen(world: &World, label: &str) -> Vec<String> {
    let books = world.engine.phone_books_of(world.tenant, world.agent(label));
    books.map(|(_, book)| book.name.to_string()).collect()
}

fn listed(world: &World, book: PhoneBookId) -> Vec<String> {
    let contacts = world.engine.contacts_of(world.tenant, book);
    contacts.map(|(_, contact)| format!("{} {}", contact.full_name(), contact.number.as_str())).collect()
}

#[test]
fn an_agent_sees_the_global_books_and_those_of_his_team() {
    let mut world = World::new();
    world.furnish();
    let (day, night) = (team(&mut world, "day"), team(&mut world, "night"));
    let id = world.ids["ann"];
    let Some(Entry::Agent(mut ann)) = world.engine.entry(world.tenant, id) else { unreachable!() };
    ann.team = Some(day);
    world.granted(Command::Change(id, Entry::Agent(ann)));
    book(&mut world, "everybody's", None);
    book(&mut world, "day's", Some(day));
    book(&mut world, "night's", Some(night));
    assert_eq!(seen(&world, "ann"), ["everybody's", "day's"]);
    assert_eq!(seen(&world, "bob"), ["everybody's"]);
    let removed = world.command(Command::Remove(EntryId::Team(night))).0;
    assert_eq!(removed, Err(Refusal::InUse(Kind::Team, "a phone book")));
    let (mine, ann) = (world.tenant, world.agent("ann"));
    world.add_tenant("other");
    assert_eq!(world.engine.phone_books_of(world.tenant, ann).count(), 0);
    assert_eq!(world.engine.phone_books_of(mine, ann).count(), 2);
}

#[test]
fn a_book_lists_its_contacts_by_name_and_each_once() {
    let mut world = World::new();
    let (suppliers, friends) = (book(&mut world, "suppliers", None), book(&mut world, "friends", None));
    let zoe = add(&mut world, &contact(suppliers, "Zoe", "Adams", "0049301"));
    add(&mut world, &contact(suppliers, "Ann", "Brown", "0049302"));
    add(&mut world, &contact(suppliers, "Ann", "Adams", "0049303"));
    add(&mut world, &contact(friends, "Zoe", "Adams", "0049301"));
    assert_eq!(listed(&world, suppliers), ["Ann Adams 0049303", "Zoe Adams 0049301", "Ann Brown 0049302"]);

    let again = contact(suppliers, "Zoe", "Adams", "0049301");
    assert_eq!(world.engine.find_contact(world.tenant, &again), Some(zoe));
    let twice = Refusal::Taken(Kind::Contact, "name and number");
    assert_eq!(world.command(Command::Add(entry(&again))).0, Err(twice.clone()));
    let renamed = contact(suppliers, "Ann", "Adams", "0049303");
    assert_eq!(world.command(Command::Change(EntryId::Contact(zoe), entry(&renamed))).0, Err(twice));

    // A contact who is renamed stands elsewhere, one who moves to another book stands in that alone.
    world.granted(Command::Change(EntryId::Contact(zoe), entry(&contact(suppliers, "Zoe", "Young", "1"))));
    assert_eq!(listed(&world, suppliers), ["Ann Adams 0049303", "Ann Brown 0049302", "Zoe Young 1"]);
    world.granted(Command::Change(EntryId::Contact(zoe), entry(&contact(friends, "Zoe", "Young", "1"))));
    assert_eq!(listed(&world, suppliers).len(), 2);
    assert_eq!(listed(&world, friends), ["Zoe Adams 0049301", "Zoe Young 1"]);
    world.granted(Command::Remove(EntryId::Contact(zoe)));
    assert_eq!(listed(&world, friends), ["Zoe Adams 0049301"]);

    let nameless = world.command(Command::Add(entry(&contact(friends, "", "", "2")))).0;
    assert!(matches!(nameless, Err(Refusal::Invalid { field: "last_name", .. })), "{nameless:?}");
    let theirs = contact(PhoneBookId(9_999), "A", "B", "3");
    assert_eq!(world.command(Command::Add(entry(&theirs))).0, Err(Refusal::NotFound(Kind::PhoneBook)));
}

#[test]
fn a_book_is_removed_when_nobody_stands_in_it() {
    let mut world = World::new();
    let friends = book(&mut world, "friends", None);
    let zoe = add(&mut world, &contact(friends, "Zoe", "", "1"));
    let remove = Command::Remove(EntryId::PhoneBook(friends));
    assert_eq!(world.command(remove.clone()).0, Err(Refusal::InUse(Kind::PhoneBook, "a contact")));
    world.granted(Command::Remove(EntryId::Contact(zoe)));
    world.granted(remove);
    assert_eq!(world.engine.phone_books(world.tenant).count(), 0);
}

#[test]
fn there_are_so_many_books_and_so_many_contacts_in_each() {
    let mut world = World::new();
    let night = team(&mut world, "night");
    let books: Vec<PhoneBookId> =
        (0..PHONE_BOOKS_GLOBAL_MAX).map(|n| book(&mut world, &format!("global {n}"), None)).collect();
    for n in 0..PHONE_BOOKS_TEAM_MAX {
        book(&mut world, &format!("team {n}"), Some(night));
    }
    let more = |team| Command::Add(Entry::PhoneBook(PhoneBook { name: name("more"), team }));
    assert_eq!(world.command(more(None)).0, Err(Refusal::LimitReached("global phone books")));
    assert_eq!(world.command(more(Some(night))).0, Err(Refusal::LimitReached("phone books of teams")));
    // A book of a team that shall be everybody's is one more of these; to rename one is not.
    let turned = Entry::PhoneBook(PhoneBook { name: name("team 0"), team: None });
    let refused = world.command(Command::Change(world.ids["team 0"], turned)).0;
    assert_eq!(refused, Err(Refusal::LimitReached("global phone books")));
    let renamed = Entry::PhoneBook(PhoneBook { name: name("friends"), team: None });
    world.granted(Command::Change(EntryId::PhoneBook(books[0]), renamed));

    let other = add(&mut world, &contact(books[1], "y", "", "1"));
    // Without the world's checks, which look at everything after each command.
    let mut engine = Engine::from_state(3, world.engine.state().clone());
    let (tenant, by, now) = (world.tenant, Actor::Operator, world.clock());
    let mut ask = |command| {
        let said = engine.handle(now, Input::Command { tenant, by, command });
        while engine.poll_event().is_some() {}
        said
    };
    for n in 0..CONTACTS_MAX {
        ask(Command::Add(entry(&contact(books[0], "x", &n.to_string(), "1")))).expect("there is room");
    }
    let full = Err(Refusal::LimitReached("contacts of a phone book"));
    assert_eq!(ask(Command::Add(entry(&contact(books[0], "y", "", "1")))), full);
    let moves = Command::Change(EntryId::Contact(other), entry(&contact(books[0], "y", "", "1")));
    assert_eq!(ask(moves), full);
}

//! The engine from outside: stories in, facts and actions out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "checks look at a few facts each and pass over the others"
)]

mod agents;
mod announcements;
mod blacklist;
mod calendar;
mod calls;
mod checks;
mod codes;
mod consultations;
mod directory;
mod doors;
mod empty;
mod forwards;
mod hours;
mod mailboxes;
mod matcher;
mod memberships;
mod moves;
mod outbound;
mod pages;
#[cfg(test)]
mod parking;
mod phone_books;
mod pins;
mod queues;
mod random;
mod recovery;
mod routing;
mod skills;
mod story;
mod supervisions;
mod telling;
mod transfers;
mod world;

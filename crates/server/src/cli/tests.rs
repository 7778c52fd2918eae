use clap::{CommandFactory, Parser};

use super::*;

#[test]
fn the_arguments_are_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_says_what_it_does() {
    let command = Arguments::command();
    let mut open: Vec<_> = command.get_subcommands().collect();
    assert!(open.len() >= 15);
    while let Some(command) = open.pop() {
        assert!(command.get_about().is_some(), "`{}` has no help", command.get_name());
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "`{} {}` has no help",
                command.get_name(),
                argument.get_id()
            );
        }
        open.extend(command.get_subcommands());
    }
}

#[test]
fn a_route_leads_to_exactly_one_place() {
    let parse = |line: &str| Arguments::try_parse_from(line.split(' ')).is_ok();
    assert!(parse("cordial route add 4930123 --queue sales"));
    assert!(!parse("cordial route add 4930123"));
    assert!(!parse("cordial route add 4930123 --queue sales --clear"));
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let text = String::new;
    let failures = [
        (Failure::Refused(text()), "  1 "),
        (Failure::Unreachable(text()), "  4 "),
        (Failure::Denied(text()), "  5 "),
        (Failure::NotFound(text()), "  6 "),
        (Failure::Store(text()), "  7 "),
        (Failure::Internal(text()), "  70"),
    ];
    for (failure, line) in failures {
        assert_eq!(failure.exit_code().to_string(), line.trim());
        assert!(EXIT_CODES.lines().any(|said| said.starts_with(line)), "{line:?} is not in the help");
    }
}

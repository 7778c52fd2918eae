//! Standing in for rustc: cargo calls this program with rustc's own command line (`RUSTC_WORKSPACE_WRAPPER`), and our
//! crates are compiled with the coverage that libFuzzer reads. Only stable options are needed.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Set for the cargo that builds the fuzz targets.
pub(super) const SIGN: &str = "CORDIAL_FUZZ_RUSTC";

/// Edges, comparisons and a table of places, as libFuzzer wants them; one unit, so that each place is counted once.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions=on",
    "-Coverflow-checks=on",
];

/// Becomes rustc if cargo called us in its place; otherwise `None`.
pub(crate) fn in_place_of_rustc() -> Option<ExitCode> {
    std::env::var_os(SIGN)?;
    let mut args = std::env::args_os().skip(1);
    let rustc = args.next()?;
    let args: Vec<_> = args.collect();
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let mut command = Command::new(&rustc);
    command.args(&args);
    if is_to_be_covered(&words) {
        command.args(COVERAGE);
    }
    let error = command.exec();
    eprintln!("error: cannot start {}: {error}", rustc.to_string_lossy());
    Some(ExitCode::FAILURE)
}

/// Build scripts run on their own and know nothing of libFuzzer.
fn is_to_be_covered(args: &[impl AsRef<str>]) -> bool {
    let mut pairs = args.windows(2).map(|pair| (pair[0].as_ref(), pair[1].as_ref()));
    pairs.any(|(option, name)| option == "--crate-name" && (name.starts_with("cordial_") || name == "fuzz"))
}

#[cfg(test)]
mod tests {
    use super::is_to_be_covered;

    #[test]
    fn our_crates_are_covered_and_nothing_else_is() {
        for (name, wanted) in
            [("cordial_sip", true), ("fuzz", true), ("build_script_build", false), ("___", false)]
        {
            assert_eq!(is_to_be_covered(&["--crate-name", name, "--edition=2024"]), wanted, "{name}");
        }
        assert!(!is_to_be_covered(&["-vV"]));
    }
}

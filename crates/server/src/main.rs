//! The program `cordial`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cordial_server::cli::main()
}

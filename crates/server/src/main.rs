//! The program `cordial`.

use std::process::ExitCode;

/// Half of a call's cost was the system's allocator: see decision 0006.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cordial_server::cli::main()
}

//! The targets under libFuzzer: one program, the target named by `CORDIAL_FUZZ_TARGET`.
#![no_main]

use std::sync::OnceLock;

use cordial_fuzz::Target;

static TARGET: OnceLock<&Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("CORDIAL_FUZZ_TARGET").unwrap_or_default();
        let target = cordial_fuzz::find(&name);
        TARGET.get_or_init(|| target.unwrap_or_else(|| panic!("CORDIAL_FUZZ_TARGET names no target: {name:?}")));
    },
    |bytes: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(bytes);
        }
    }
);

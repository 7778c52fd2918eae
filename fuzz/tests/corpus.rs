//! Every kept input is replayed: what was once found stays mended.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cordial_fuzz::TARGETS;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn every_kept_input_of_every_target_keeps_its_promise() {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        let inputs =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for input in inputs {
            let path = input.expect("a readable folder").path();
            println!("{}", path.display());
            (target.run)(&std::fs::read(&path).expect("a readable input"));
            count += 1;
        }
        assert!(count > 0, "{} has no input to begin with", target.name);
    }
}

#[test]
fn every_folder_of_inputs_belongs_to_a_target() {
    let folders: BTreeSet<String> = std::fs::read_dir(corpus())
        .expect("the corpora are here")
        .map(|folder| folder.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(folders, targets);
}

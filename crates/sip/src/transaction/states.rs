//! The tables of legal moves as pictures in `docs/states`.

use std::fmt::Debug;

use super::{Move, client_invite, client_other, server_invite, server_other};
use crate::dialog;

#[test]
fn the_pictures_of_all_machines_are_up_to_date() {
    check("client-invite", client_invite::LEGAL);
    check("client-other", client_other::LEGAL);
    check("server-invite", server_invite::LEGAL);
    check("server-other", server_other::LEGAL);
    check("dialog", dialog::LEGAL);
}

#[expect(clippy::disallowed_methods, reason = "the pictures are files of the repository")]
fn check<P: Copy + Debug + PartialEq>(name: &str, legal: &[Move<P>]) {
    let mut picture = format!("digraph \"sip-{name}\" {{\n  rankdir=LR;\n");
    for (from, label, to) in legal {
        picture.push_str(&format!("  {from:?} -> {to:?} [label=\"{label}\"];\n"));
    }
    picture.push_str("}\n");
    let path = format!("{}/../../docs/states/sip-{name}.dot", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("UPDATE_STATES").is_ok() {
        std::fs::write(&path, &picture).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, picture, "{path} differs; UPDATE_STATES=1 cargo test -p cordial-sip rewrites it");
}

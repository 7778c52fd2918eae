//! What comes by HTTP in the words of Finesse.

use cordial_dialects::finesse::limits::BODY_BYTES_MAX;
use cordial_dialects::finesse::request::{DialogRequest, Misfit, UserRequest};
use cordial_dialects::finesse::wire::{Answer, List};
use cordial_dialects::finesse::xml::Element;

/// What is read as a tree is written as what reads the same; what asks for nothing is told why, in XML.
pub(crate) fn xml(bytes: &[u8]) {
    if let Ok(tree) = Element::read(bytes) {
        let written = tree.to_xml();
        // Escapes make it longer than what may be read.
        if written.len() <= BODY_BYTES_MAX {
            assert_eq!(Element::read(written.as_bytes()), Ok(tree));
        }
    }
    UserRequest::read(bytes).err().iter().for_each(told);
    DialogRequest::read(bytes).err().iter().for_each(told);
}

fn told(why: &Misfit) {
    let error = why.error();
    assert_eq!(error.error_type.http(), 400);
    let xml = List(&[error]).to_xml();
    if xml.len() <= BODY_BYTES_MAX {
        Element::read(xml.as_bytes()).expect("an error is well-formed");
    }
}

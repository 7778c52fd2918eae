//! Inputs that are scripts: pieces between record separators, each an order and what belongs to it. Text stays text,
//! so that the kept inputs can be read and libFuzzer can join one's half to another's.

/// Stands between pieces; SIP and JSON have no use for it.
const SEPARATOR: u8 = 0x1e;

/// Pieces of one script that are carried out; the rest is ignored.
const PIECES_MAX: usize = 64;

/// One order of a script.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    /// What to do.
    pub(crate) order: u8,
    /// A number to it.
    pub(crate) number: u8,
    /// What else belongs to it.
    pub(crate) rest: &'a [u8],
}

impl<'a> Piece<'a> {
    /// One of a few, by the number.
    pub(crate) fn choose<T: Copy>(&self, from: &[T]) -> Option<T> {
        from.get(usize::from(self.number) % from.len().max(1)).copied()
    }

    /// The rest as text, whatever it is.
    pub(crate) fn text(&self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.rest)
    }
}

/// The orders of a script.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    bytes.split(|byte| *byte == SEPARATOR).take(PIECES_MAX).filter_map(|piece| match piece {
        [order, number, rest @ ..] => Some(Piece { order: *order, number: *number, rest }),
        [] | [_] => None,
    })
}

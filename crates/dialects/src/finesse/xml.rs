//! Trees of elements, to XML and back: no attributes, no namespaces, and nothing of XML by which a stranger's document
//! grows when it is read.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, Event};
use thiserror::Error;

use super::limits::{BODY_BYTES_MAX, DEPTH_MAX};

/// An element with either text or children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// As in its tags.
    pub name: String,
    /// Empty when it has children.
    pub text: String,
    /// In their order.
    pub children: Vec<Self>,
}

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It has more than [`BODY_BYTES_MAX`].
    #[error("a body has at most {BODY_BYTES_MAX} bytes")]
    TooLong,
    /// It is nested beyond [`DEPTH_MAX`].
    #[error("elements are nested at most {DEPTH_MAX} deep")]
    TooDeep,
    /// It is in another encoding.
    #[error("the body is not in UTF-8")]
    NotUtf8,
    /// It declares what its document is made of.
    #[error("a document type is not accepted")]
    HasDoctype,
    /// It names an entity that XML by itself does not know.
    #[error("the entity `{0}` is unknown")]
    UnknownEntity(String),
    /// It has characters that XML does not allow.
    #[error("the body has characters that XML does not allow")]
    BadCharacter,
    /// It is no XML at all, or not a single tree.
    #[error("the body is not well-formed: {0}")]
    Malformed(String),
}

impl Element {
    /// An element with children.
    #[must_use]
    pub fn of(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children }
    }

    /// An element with text.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "words, numbers and literals are given as they are")]
    pub fn leaf(name: &str, text: impl ToString) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), children: Vec::new() }
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name, without the blanks around it; `None` when nothing remains.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        let text = self.child(name)?.text.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Reads a document with one such tree. Attributes, comments and processing instructions are passed over.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Unreadable::TooLong);
        }
        let text = core::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
        if !text.chars().all(|c| c == BYTE_ORDER_MARK || is_allowed(c)) {
            return Err(Unreadable::BadCharacter);
        }
        let mut reader = Reader::from_str(text);
        // `<a/>` is read as `<a></a>`.
        reader.config_mut().expand_empty_elements = true;
        let mut growing = Growing::default();
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Start(tag) => growing.open(tag.name().as_ref())?,
                Event::End(_) => growing.close()?,
                Event::Text(text) => growing.add(&text.xml10_content())?,
                Event::CData(text) => growing.add(&text.xml10_content())?,
                Event::GeneralRef(reference) => growing.add(&resolved(&reference)?)?,
                Event::Decl(declaration) => check_encoding(&declaration)?,
                Event::DocType(_) => return Err(Unreadable::HasDoctype),
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return growing.whole(),
            }
        }
    }

    /// As a document without a declaration: XML 1.0 in UTF-8.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = String::new();
        self.write(&mut xml);
        xml
    }

    fn write(&self, xml: &mut String) {
        xml.push('<');
        xml.push_str(&self.name);
        if self.text.is_empty() && self.children.is_empty() {
            xml.push_str("/>");
            return;
        }
        xml.push('>');
        self.text.chars().for_each(|c| write_character(c, xml));
        for child in &self.children {
            child.write(xml);
        }
        xml.push_str("</");
        xml.push_str(&self.name);
        xml.push('>');
    }
}

/// A tree while its document is read.
#[derive(Default)]
struct Growing {
    /// From the outermost to the one whose end is awaited.
    open: Vec<Element>,
    root: Option<Element>,
}

impl Growing {
    fn open(&mut self, name: &str) -> Result<(), Unreadable> {
        if self.open.len() == DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        if self.root.is_some() {
            return Err(Unreadable::Malformed("a document has one outermost element".to_owned()));
        }
        if let Some(parent) = self.open.last_mut() {
            parent.drop_blanks()?;
        }
        if !is_name(name) {
            return Err(Unreadable::Malformed(format!("`{name}` is no name")));
        }
        self.open.push(Element::leaf(name, ""));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let Some(mut done) = self.open.pop() else {
            return Err(Unreadable::Malformed("an end without its beginning".to_owned()));
        };
        if !done.children.is_empty() {
            done.drop_blanks()?;
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), Unreadable> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            // A byte order mark may stand before everything.
            None if text.trim_matches(BYTE_ORDER_MARK).trim().is_empty() => {}
            None => return Err(Unreadable::Malformed("text outside of all elements".to_owned())),
        }
        Ok(())
    }

    fn whole(self) -> Result<Element, Unreadable> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            Some(_) | None => Err(Unreadable::Malformed("the document ends early".to_owned())),
        }
    }
}

impl Element {
    /// Between children there may be blanks and nothing else.
    fn drop_blanks(&mut self) -> Result<(), Unreadable> {
        if !self.text.trim().is_empty() {
            return Err(Unreadable::Malformed(format!("text beside elements in `{}`", self.name)));
        }
        self.text.clear();
        Ok(())
    }
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, Unreadable> {
    let Some(character) = reference.resolve_char_ref().map_err(malformed)? else {
        let known = resolve_xml_entity(reference);
        return known.map(str::to_owned).ok_or_else(|| Unreadable::UnknownEntity((**reference).to_owned()));
    };
    // XML 1.0, section 4.1: what a reference names must be allowed as if it stood there.
    if is_allowed(character) { Ok(character.to_string()) } else { Err(Unreadable::BadCharacter) }
}

/// A document may say what it is written in, and that must be true.
fn check_encoding(declaration: &BytesDecl<'_>) -> Result<(), Unreadable> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") => {
            Ok(())
        }
        Some(Ok(_)) => Err(Unreadable::NotUtf8),
        Some(Err(why)) => Err(Unreadable::Malformed(why.to_string())),
    }
}

/// Which the names of this API are; XML knows more.
fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// XML 1.0, section 2.2: what a document may have.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn write_character(c: char, xml: &mut String) {
    match c {
        '<' => xml.push_str("&lt;"),
        '>' => xml.push_str("&gt;"),
        '&' => xml.push_str("&amp;"),
        // XML 1.0, section 2.11: by itself it would be read as a line feed.
        '\r' => xml.push_str("&#13;"),
        // Nothing stands for it in XML 1.0.
        c if !is_allowed(c) => xml.push(char::REPLACEMENT_CHARACTER),
        c => xml.push(c),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn malformed(why: quick_xml::Error) -> Unreadable {
    Unreadable::Malformed(why.to_string())
}

const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, expected: &Expect) {
        let said = match Element::read(body.as_bytes()) {
            Ok(element) => element.to_xml(),
            Err(why) => format!("refused: {why}"),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn a_printed_document_is_read_as_its_tree() {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- ours -->\n<User xmlns=\"x\">\n  <state> READY </state>\n  <extension/>\n</User>\n";
        check(body, &expect!["<User><state> READY </state><extension/></User>"]);
    }

    #[test]
    fn the_five_entities_and_characters_by_number_are_known_and_no_other() {
        check(
            "<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x142;&#13;</a>",
            &expect!["<a>&lt;&gt;&amp;'\"Ał&#13;</a>"],
        );
        check("<a><![CDATA[<b>&c;</b>]]></a>", &expect!["<a>&lt;b&gt;&amp;c;&lt;/b&gt;</a>"]);
        check("<a>&nbsp;</a>", &expect!["refused: the entity `nbsp` is unknown"]);
        check(
            "<a>&#0;</a>",
            &expect![
                "refused: the body is not well-formed: invalid character reference: 0x0 character is not permitted in XML"
            ],
        );
        check("<a>&#27;</a>", &expect!["refused: the body has characters that XML does not allow"]);
        check("<a>\u{1b}</a>", &expect!["refused: the body has characters that XML does not allow"]);
    }

    #[test]
    fn a_document_type_is_refused_before_its_entities_are_looked_at() {
        let laughs = "<!DOCTYPE a [<!ENTITY l \"ha\"><!ENTITY l2 \"&l;&l;\">]><a>&l2;</a>";
        check(laughs, &expect!["refused: a document type is not accepted"]);
        let file = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
        check(file, &expect!["refused: a document type is not accepted"]);
        check("<a/><!DOCTYPE a>", &expect!["refused: a document type is not accepted"]);
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_refused() {
        let deep = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
        assert!(Element::read(deep(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(Element::read(deep(DEPTH_MAX + 1).as_bytes()), Err(Unreadable::TooDeep));
        // It need not even be closed.
        assert_eq!(Element::read("<a>".repeat(20_000).as_bytes()), Err(Unreadable::TooDeep));
        let long = |bytes: usize| format!("<a>{}</a>", "x".repeat(bytes - 7));
        assert!(Element::read(long(BODY_BYTES_MAX).as_bytes()).is_ok());
        assert_eq!(Element::read(long(BODY_BYTES_MAX + 1).as_bytes()), Err(Unreadable::TooLong));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        check("", &expect!["refused: the body is not well-formed: the document ends early"]);
        check("<a>", &expect!["refused: the body is not well-formed: the document ends early"]);
        check(
            "<a/><b/>",
            &expect!["refused: the body is not well-formed: a document has one outermost element"],
        );
        check("<a/>b", &expect!["refused: the body is not well-formed: text outside of all elements"]);
        check("<a>b<c/></a>", &expect!["refused: the body is not well-formed: text beside elements in `a`"]);
        check("<a><c/>b</a>", &expect!["refused: the body is not well-formed: text beside elements in `a`"]);
        check(
            "<a></b>",
            &expect![
                "refused: the body is not well-formed: ill-formed document: expected `</a>`, but `</b>` was found"
            ],
        );
        check(
            "{\"state\":\"READY\"}",
            &expect!["refused: the body is not well-formed: text outside of all elements"],
        );
        check(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
            &expect!["refused: the body is not in UTF-8"],
        );
        assert_eq!(Element::read(b"<a>\xe9</a>"), Err(Unreadable::NotUtf8));
    }

    /// Any tree with text that XML can carry, within the depth.
    fn trees() -> impl Strategy<Value = Element> {
        let name = "[A-Za-z_][A-Za-z0-9_.-]{0,8}";
        let text =
            any::<String>().prop_map(|text| text.chars().filter(|c| is_allowed(*c)).collect::<String>());
        let leaf = (name, text).prop_map(|(name, text)| Element::leaf(&name, text));
        leaf.prop_recursive(5, 40, 6, move |inner| {
            (name, prop::collection::vec(inner, 1..6))
                .prop_map(|(name, children)| Element::of(&name, children))
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(tree in trees()) {
            prop_assert_eq!(Element::read(tree.to_xml().as_bytes()), Ok(tree));
        }

        #[test]
        fn any_text_can_be_written(text in any::<String>()) {
            let read = Element::read(Element::leaf("a", &text).to_xml().as_bytes()).expect("well-formed");
            prop_assert_eq!(read.text.chars().count(), text.chars().count());
        }

        #[test]
        fn whatever_is_read_is_written_as_what_reads_the_same(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<a>", "</a>", "<b x='1>'>", "</b>", "<c/>", "&amp;", "&#10;", "&", ";", "x", " ", "\r\n", "<![CDATA[", "]]>",
                    "<!--", "-->", "<?xml version='1.0'?>", "<?p", "?>", "<!DOCTYPE", ">", "<", "ł", "\u{feff}",
                ]),
                0..24,
            ),
        ) {
            if let Ok(tree) = Element::read(pieces.concat().as_bytes()) {
                prop_assert_eq!(Element::read(tree.to_xml().as_bytes()), Ok(tree));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _either = Element::read(&bytes);
        }
    }
}

//! One word each (GLOSSARY.md): words that mean two things in this field, or nothing at all, stay out of names.

use super::rust::{RustFile, Token, closing_brace, is_word, item_end, tokens};
use super::{Finding, crate_of};

/// Not in the engine's public names, in singular or plural, and what we say instead.
const BANNED: &[(&[&str], &str)] = &[
    (&["member"], "an agent is an `agent`, a caller is `waiting`, the relation is a `membership`"),
    (&["status"], "an agent has `duty` and `activity`, an ended contact a `disposition`"),
    (&["session"], "a conversation is a `call`; only a subscriber of a dialect has a session"),
    (&["interaction"], "a conversation is a `call`"),
    (&["channel"], "one party's part in a call is a `leg`"),
    (&["worker", "client"], "what is registered is a `device`"),
];

/// Parts of a type's name that say nothing of what it is. Dialects are free: their words are foreign.
const EMPTY: &[&str] = &["manager", "handler", "helper", "util", "data", "info"];

/// What a public name names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    Type,
    Other,
}

pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    let Some(home) = crate_of(&file.path) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (named, token) in public_names(&file.code) {
        let line = file.line_at(token.offset);
        if file.is_test(line) {
            continue;
        }
        let parts = parts(token.text);
        let mut find = |word: &str, remedy: &'static str| {
            let what = format!("the word `{word}` in the public name `{}`", token.text);
            findings.push(Finding { path: file.path.clone(), line, what, remedy });
        };
        if home == "engine" {
            for (words, instead) in BANNED.iter().filter(|(words, _)| contains(&parts, words)) {
                find(&words.join("_"), instead);
            }
        }
        if home != "dialects" && named == Named::Type {
            for word in EMPTY.iter().filter(|word| contains(&parts, &[word])) {
                find(word, "say what it is, not that it is something");
            }
        }
    }
    findings
}

/// Names of public items, their public fields, and the variants (with fields) of public enums.
fn public_names(code: &str) -> Vec<(Named, Token<'_>)> {
    let tokens = tokens(code);
    let mut names = Vec::new();
    for index in (0..tokens.len()).filter(|index| tokens[*index].text == "pub") {
        let mut at = index + 1;
        while tokens.get(at).is_some_and(|token| ["async", "unsafe", "extern"].contains(&token.text)) {
            at += 1;
        }
        // `pub const fn f` names a function, `pub const F` a constant.
        if starts(&tokens, at, &["const", "fn"]) {
            at += 1;
        }
        let (Some(word), Some(name)) = (tokens.get(at), tokens.get(at + 1)) else {
            continue;
        };
        match word.text {
            "struct" | "trait" | "type" | "union" => names.push((Named::Type, *name)),
            "enum" => {
                names.push((Named::Type, *name));
                names.extend(variants(&tokens, at).into_iter().map(|token| (Named::Other, token)));
            }
            "fn" | "const" | "static" | "mod" => names.push((Named::Other, *name)),
            _ if is_word(word.text) && name.text == ":" => names.push((Named::Other, *word)),
            _ => {}
        }
    }
    names
}

/// The variants of the enum at `start` and their named fields: what follows an open brace or a comma there.
fn variants<'a>(tokens: &[Token<'a>], start: usize) -> Vec<Token<'a>> {
    let end = item_end(tokens, start);
    let Some(open) = (start..end).find(|index| tokens[*index].text == "{") else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut index = open + 1;
    while index < end {
        match tokens[index].text {
            "#" => index = skip_brackets(tokens, index + 1),
            "(" | "[" | "<" => index = skip_brackets(tokens, index),
            "{" => {
                let close = closing_brace(tokens, index);
                names.extend(fields(&tokens[index + 1..close]));
                index = close;
            }
            text if is_word(text) => names.push(tokens[index]),
            _ => {}
        }
        index += 1;
    }
    names
}

/// `name: Type` at the top of a brace list; `::` is no such colon.
fn fields<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut names = Vec::new();
    let mut index = 0;
    let mut expects_name = true;
    while index < tokens.len() {
        match tokens[index].text {
            "#" => index = skip_brackets(tokens, index + 1),
            "(" | "[" | "<" => index = skip_brackets(tokens, index),
            "," => expects_name = true,
            text if expects_name && is_word(text) => {
                names.push(tokens[index]);
                expects_name = false;
            }
            _ => {}
        }
        index += 1;
    }
    names
}

/// The index of the bracket that closes the one at `open`.
fn skip_brackets(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "<" | "{" => depth += 1,
            // `->` closes nothing.
            ">" if index > 0 && tokens[index - 1].text == "-" => {}
            ")" | "]" | ">" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

fn starts(tokens: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    words
        .iter()
        .enumerate()
        .all(|(index, word)| tokens.get(at + index).is_some_and(|token| token.text == *word))
}

/// `AgentInCall`, `agent_in_call`, `AGENT_IN_CALL` -> agent, in, call.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        // The last capital of `HTTPServer` before a small letter begins a word, like any capital after a small letter.
        let before_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        if c == '_' || (c.is_uppercase() && (after_lower || before_lower)) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether these words stand in the name one after the other, the last one in singular or plural.
fn contains(parts: &[String], words: &[&str]) -> bool {
    parts
        .windows(words.len())
        .any(|window| window.iter().zip(words).all(|(part, word)| is_form_of(part, word)))
}

fn is_form_of(part: &str, word: &str) -> bool {
    part == word || part.strip_suffix('s') == Some(word) || part.strip_suffix("es") == Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check_text(path: &str, text: &str, expected: &Expect) {
        let findings = check(&RustFile::read(path, text));
        let lines: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding.line, finding.what)).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn every_kind_of_public_name_in_the_engine_is_read() {
        check_text(
            "crates/engine/src/a.rs",
            "pub struct MemberId;\npub const fn status_of(x: u8) {}\npub const SESSIONS_MAX: u8 = 1;\npub mod channel;\n\
             pub struct A {\n  pub statuses: u8,\n  session: u8,\n}\n\
             pub enum E {\n  #[error(\"member\")]\n  Channel(status::X),\n  B { worker_client: u8, to: session::Id },\n}\n",
            &expect![[r"
                1 the word `member` in the public name `MemberId`
                2 the word `status` in the public name `status_of`
                3 the word `session` in the public name `SESSIONS_MAX`
                4 the word `channel` in the public name `channel`
                6 the word `status` in the public name `statuses`
                11 the word `channel` in the public name `Channel`
                12 the word `worker_client` in the public name `worker_client`"]],
        );
    }

    #[test]
    fn membership_is_our_word_and_private_names_are_free() {
        check_text(
            "crates/engine/src/a.rs",
            "pub struct Membership;\nstruct Member;\nfn status() {}\npub(crate) fn session() {}\npub fn remember() {}\n",
            &expect![[""]],
        );
    }

    #[test]
    fn foreign_words_belong_to_dialects() {
        check_text("crates/dialects/src/a.rs", "pub struct MemberInfo { pub status: u8 }\n", &expect![[""]]);
        check_text("crates/server/src/a.rs", "pub struct Session { pub status: u8 }\n", &expect![[""]]);
    }

    #[test]
    fn empty_words_are_found_in_types_everywhere_else() {
        check_text(
            "crates/sip/src/a.rs",
            "pub struct CallManager;\npub enum Method { Info, Update }\npub type HTTPHelpers = u8;\npub struct Metadata;\n",
            &expect![[r"
                1 the word `manager` in the public name `CallManager`
                3 the word `helper` in the public name `HTTPHelpers`"]],
        );
    }
}

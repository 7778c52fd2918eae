//! Just enough of a Rust reader for the rules: what is code, what is comment, what is test, where functions end.
//!
//! It need not be complete, only never confuse a brace in a string with a brace in code. The compiler has already
//! refused what is not Rust.

/// One Rust file, its code and its comments apart. All three texts have equal length and equal line breaks.
pub(super) struct RustFile {
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments, strings and character literals blanked.
    pub(super) code: String,
    /// The text with everything but comments blanked.
    pub(super) comments: String,
    /// By line, counted from zero: whether it belongs to a test.
    test_lines: Vec<bool>,
}

/// A word or a single sign of the code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

/// A function from its `fn` to its closing brace.
#[derive(Debug, PartialEq)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) line: usize,
    pub(super) lines: usize,
    /// Whether it says `#[expect(clippy::too_many_lines, reason = "…")]`, as an exhaustive table may.
    pub(super) is_excused: bool,
}

impl RustFile {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        let is_test_file =
            path.contains("/tests/") || path.contains("/benches/") || path.ends_with("/tests.rs");
        let mut test_lines = vec![is_test_file; text.lines().count() + 1];
        for (first, last) in test_items(&code) {
            test_lines[first..=last].fill(true);
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, comments, test_lines }
    }

    pub(super) fn mark_as_test(&mut self) {
        self.test_lines.fill(true);
    }

    /// Whether this line, counted from one, belongs to a test.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test_lines.get(line - 1).copied().unwrap_or(false)
    }

    pub(super) fn line_at(&self, offset: usize) -> usize {
        line_at(&self.code, offset)
    }

    /// Lines that are not tests.
    pub(super) fn product_lines(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test(*line)).count()
    }

    pub(super) fn functions(&self) -> Vec<Function<'_>> {
        let tokens = tokens(&self.code);
        let starts = (0..tokens.len()).filter(|index| tokens[*index].text == "fn");
        starts
            .filter_map(|index| {
                // `fn(u8) -> u8` is a type, not a function.
                let name = tokens.get(index + 1).filter(|token| is_word(token.text))?;
                let end = item_end(&tokens, index);
                let line = self.line_at(tokens[index].offset);
                let lines = self.line_at(tokens[end].offset) - line + 1;
                let mut before =
                    tokens[..index].iter().rev().take_while(|token| !["{", "}", ";"].contains(&token.text));
                let is_excused = before.any(|token| token.text == "too_many_lines");
                Some(Function { name: name.text, line, lines, is_excused })
            })
            .collect()
    }

    /// Where this sequence of words and signs stands in the code: `thread::sleep`, `#[allow(`.
    pub(super) fn occurrences(&self, sequence: &str) -> Vec<usize> {
        let wanted: Vec<&str> = tokens(sequence).iter().map(|token| token.text).collect();
        let present = tokens(&self.code);
        present
            .windows(wanted.len())
            .filter(|window| window.iter().map(|token| token.text).eq(wanted.iter().copied()))
            .map(|window| window[0].offset)
            .collect()
    }

    /// The paths, without `.rs`, of the modules that this file declares as tests: `#[cfg(test)] mod name;`.
    pub(super) fn test_modules(&self) -> Vec<String> {
        let tokens = tokens(&self.code);
        let declared = tokens.windows(3).filter(|window| window[0].text == "mod" && window[2].text == ";");
        declared
            .filter(|window| self.is_test(self.line_at(window[0].offset)))
            .map(|window| format!("{}/{}", self.module_folder(), window[1].text))
            .collect()
    }

    /// Where the modules of this file lie: `a/lib.rs` -> `a`, `a/b.rs` -> `a/b`.
    fn module_folder(&self) -> &str {
        let stem = self.path.trim_end_matches(".rs");
        stem.strip_suffix("/lib").or_else(|| stem.strip_suffix("/main")).unwrap_or(stem)
    }
}

/// The words and signs of a code text.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut chars = code.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut end = start + first.len_utf8();
        if is_word_char(first) {
            while let Some((at, next)) = chars.next_if(|(_, next)| is_word_char(*next)) {
                end = at + next.len_utf8();
            }
        }
        tokens.push(Token { text: &code[start..end], offset: start });
    }
    tokens
}

pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The index of the token that ends the item beginning at `start`: its closing brace, or its semicolon.
pub(super) fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut brackets = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "(" | "[" => brackets += 1,
            ")" | "]" => brackets = brackets.saturating_sub(1),
            ";" if brackets == 0 => return index,
            "{" if brackets == 0 => return closing_brace(tokens, index),
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

/// The index of the brace that closes the one at `open`.
pub(super) fn closing_brace(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => return index,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

/// Lines (from zero, first and last) of the items that only tests see.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let tokens = tokens(code);
    let mut items = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let is_test_attribute = ["#[cfg(test)]", "#[cfg(all(test", "#[test]"]
            .iter()
            .any(|attribute| starts_with(&tokens[index..], attribute));
        if is_test_attribute {
            let end = item_end(&tokens, after_attribute(&tokens, index));
            items.push((line_at(code, tokens[index].offset) - 1, line_at(code, tokens[end].offset) - 1));
            index = end;
        }
        index += 1;
    }
    items
}

fn starts_with(present: &[Token<'_>], sequence: &str) -> bool {
    let wanted = tokens(sequence);
    present.len() >= wanted.len() && present.iter().zip(&wanted).all(|(a, b)| a.text == b.text)
}

/// The index after the `]` that closes the attribute at `hash`.
fn after_attribute(tokens: &[Token<'_>], hash: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(hash) {
        match token.text {
            "[" => depth += 1,
            "]" if depth == 1 => return index + 1,
            "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A stretch of a Rust text.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Code and comments, each with everything else blanked.
fn split(text: &str) -> (String, String) {
    let mut code = String::with_capacity(text.len());
    let mut comments = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while !rest.is_empty() {
        let (kind, length) = first_stretch(rest, after_word);
        let (stretch, tail) = rest.split_at(length);
        push(&mut code, stretch, kind == Kind::Code);
        push(&mut comments, stretch, kind == Kind::Comment);
        after_word = kind == Kind::Code && stretch.ends_with(is_word_char);
        rest = tail;
    }
    (code, comments)
}

/// Blanks are as long in bytes as what they hide, so that offsets stay.
fn push(to: &mut String, stretch: &str, keep: bool) {
    if keep {
        to.push_str(stretch);
    } else {
        to.extend(stretch.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    }
}

/// What the text begins with, and how many bytes of it.
fn first_stretch(text: &str, after_word: bool) -> (Kind, usize) {
    if text.starts_with("//") {
        return (Kind::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Kind::Comment, block_comment(text));
    }
    if !after_word && let Some(length) = string(text) {
        return (Kind::Literal, length);
    }
    if text.starts_with('"') {
        return (Kind::Literal, quoted(text, 1, '"'));
    }
    if text.starts_with('\'')
        && let Some(length) = character(text)
    {
        return (Kind::Literal, length);
    }
    (Kind::Code, text.chars().next().map_or(0, char::len_utf8))
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a string literal with its prefix (`"`, `b"`, `c"`, `r#"`, `br##"`), if the text begins with one.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = text.strip_prefix(prefix).unwrap_or("");
        after.starts_with('"') || (prefix.ends_with('r') && after.trim_start_matches('#').starts_with('"'))
    })?;
    let body = &text[prefix.len()..];
    if !prefix.ends_with('r') {
        return Some(quoted(text, prefix.len() + 1, '"'));
    }
    let hashes = body.len() - body.trim_start_matches('#').len();
    let open = prefix.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()))
}

/// The length of a character literal (`'a'`, `'\n'`, `'\u{1F600}'`), unless this is a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return Some(quoted(text, 1, '\''));
    }
    chars.next().filter(|(_, second)| *second == '\'').map(|(at, _)| at + 1)
}

/// Up to and with the closing quote, from `start`, minding escapes.
fn quoted(text: &str, start: usize, quote: char) -> usize {
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return start + at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn code(text: &str, expected: &Expect) {
        let file = RustFile::read("a.rs", text);
        assert_eq!(file.code.len(), text.len());
        assert_eq!(file.comments.len(), text.len());
        let words: Vec<&str> = file.code.split_whitespace().collect();
        expected.assert_eq(&words.join(" "));
    }

    #[test]
    fn strings_comments_and_characters_are_not_code() {
        code("let a = \"}\"; // }\nlet b = '}';", &expect!["let a = ; let b = ;"]);
        code("/* { /* { */ { */ f()", &expect!["f()"]);
        code(r##"let a = r#"{ " {"#; let b = br"{"; g"##, &expect!["let a = ; let b = ; g"]);
        code(
            r#"let a = "\"{"; let b = '\''; let c = b'{'; let d = '\u{7b}';"#,
            &expect!["let a = ; let b = ; let c = b ; let d = ;"],
        );
    }

    #[test]
    fn lifetimes_are_code_and_a_word_before_a_quote_is_no_prefix() {
        code("fn f<'a>(x: &'a str) -> &'a str { x }", &expect!["fn f<'a>(x: &'a str) -> &'a str { x }"]);
        code("for\"{\" in", &expect!["for in"]);
        code("'é' 'ж, r#type", &expect!["'ж, r#type"]);
    }

    #[test]
    fn comments_are_kept_apart() {
        let file = RustFile::read("a.rs", "f(); // why\n/* and */ g(\"// not\");\n");
        assert_eq!(file.comments.split_whitespace().collect::<Vec<_>>(), ["//", "why", "/*", "and", "*/"]);
    }

    #[test]
    fn functions_are_measured_from_fn_to_closing_brace() {
        let file = RustFile::read(
            "a.rs",
            "fn a(x: [u8; { 2 }]) -> fn(u8)\n{\n  if x { \"}\" }\n}\ntrait T { fn b(); fn c() {} }\n",
        );
        let functions: Vec<(&str, usize, usize)> =
            file.functions().iter().map(|function| (function.name, function.line, function.lines)).collect();
        assert_eq!(functions, [("a", 1, 4), ("b", 5, 1), ("c", 5, 1)]);
    }

    #[test]
    fn tests_do_not_count_as_product() {
        let text = "fn a() {}\n#[cfg(test)]\nuse x::{y, z};\nfn b() {}\n#[cfg(test)]\n#[expect(x)]\nmod tests {\n  #[test]\n  fn t() {}\n}\n";
        let file = RustFile::read("a.rs", text);
        assert_eq!(file.product_lines(), 2);
        assert!(file.is_test(9));
        assert!(!file.is_test(4));
        assert_eq!(RustFile::read("x/tests/a.rs", "fn a() {}\n").product_lines(), 0);
    }

    #[test]
    fn sequences_are_found_by_words_and_not_within_them() {
        let file = RustFile::read("a.rs", "std::thread :: sleep(x); my_thread::sleeper(); \"thread::sleep\"");
        assert_eq!(file.occurrences("thread::sleep"), [5]);
        assert_eq!(file.occurrences("sleeper").len(), 1);
    }

    #[test]
    fn text_that_ends_too_soon_is_read_to_its_end() {
        for text in ["\"", "'", "/*", "r#\"", "'\\", "fn", "fn a(", "#[test", "#[cfg(test)]", "b"] {
            let file = RustFile::read("a.rs", text);
            assert_eq!(file.code.len(), text.len(), "{text}");
            file.functions();
        }
    }
}

//! Selectors: which messages of a destination a subscription wants, in the part of SQL-92 that JMS has and clients use:
//! comparisons by `=`, `<>` and `IN`, joined by `AND`, `OR` and parentheses.

use super::frame::Headers;
use super::limits::{SELECTOR_DEPTH_MAX, SELECTOR_TERMS_MAX};

/// A condition on a message's headers.
///
/// `JMSType` is the header `type`, `JMSCorrelationID` is `correlation-id`, any other name the header of that name. A
/// header that a message lacks is neither equal nor unequal to anything (SQL's `NULL`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Condition);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// The header has one of the values, or (false) has none of them and is there.
    OneOf(String, Vec<String>, bool),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSelector {
    /// Something else should stand there.
    #[error("the selector should go on with {wanted} where it says {found:?}")]
    Expected {
        /// What should.
        wanted: &'static str,
        /// What does.
        found: String,
    },
    /// A text has no end.
    #[error("a text in the selector has no closing quote")]
    OpenText,
    /// It has too many comparisons.
    #[error("the selector has more than {SELECTOR_TERMS_MAX} comparisons or values")]
    TooLong,
    /// It has too many parentheses within each other.
    #[error("the selector has more than {SELECTOR_DEPTH_MAX} parentheses within each other")]
    TooDeep,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`BadSelector`] where it is none, or needs more of SQL than is here.
    pub fn parse(text: &str) -> Result<Self, BadSelector> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, terms: 0 };
        let condition = parser.any(0)?;
        parser.expect(&Token::End, "AND, OR or its end")?;
        Ok(Self(condition))
    }

    /// Whether a message with these headers is wanted.
    #[must_use]
    pub fn wants(&self, headers: &Headers) -> bool {
        self.0.holds(headers)
    }
}

impl Condition {
    fn holds(&self, headers: &Headers) -> bool {
        match self {
            Self::OneOf(name, values, wanted) => {
                headers.get(name).is_some_and(|value| values.iter().any(|one| one == value) == *wanted)
            }
            Self::All(parts) => parts.iter().all(|part| part.holds(headers)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(headers)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Equal,
    Unequal,
    Open,
    Close,
    Comma,
    Other(char),
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, BadSelector> {
    let mut letters = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            letter if letter.is_whitespace() => continue,
            '=' => Token::Equal,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '<' if letters.next_if_eq(&'>').is_some() => Token::Unequal,
            '\'' => {
                let mut content = String::new();
                loop {
                    match letters.next() {
                        // Two quotes are one of the text.
                        Some('\'') if letters.next_if_eq(&'\'').is_some() => content.push('\''),
                        Some('\'') => break Token::Text(content),
                        Some(other) => content.push(other),
                        None => return Err(BadSelector::OpenText),
                    }
                }
            }
            letter if is_of_word(letter) => {
                let mut word = String::from(letter);
                while let Some(letter) = letters.next_if(|letter| is_of_word(*letter)) {
                    word.push(letter);
                }
                Token::Word(word)
            }
            other => Token::Other(other),
        });
    }
    Ok(tokens)
}

/// Names of headers have hyphens and dots; we have no arithmetic that they could be taken for.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '-' | '.')
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    terms: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    /// Takes a token if it comes next.
    fn took(&mut self, token: &Token) -> bool {
        let comes = self.peek() == token;
        self.at += usize::from(comes);
        comes
    }

    /// Takes a key word, in whatever case, if it comes next.
    fn took_key(&mut self, key: &str) -> bool {
        let comes = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(key));
        self.at += usize::from(comes);
        comes
    }

    fn expect(&mut self, token: &Token, wanted: &'static str) -> Result<(), BadSelector> {
        if self.took(token) { Ok(()) } else { Err(self.expected(wanted)) }
    }

    fn any(&mut self, depth: usize) -> Result<Condition, BadSelector> {
        let mut parts = vec![self.all(depth)?];
        while self.took_key("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(only_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, BadSelector> {
        let mut parts = vec![self.term(depth)?];
        while self.took_key("AND") {
            parts.push(self.term(depth)?);
        }
        Ok(only_or(parts, Condition::All))
    }

    fn term(&mut self, depth: usize) -> Result<Condition, BadSelector> {
        if self.took(&Token::Open) {
            if depth >= SELECTOR_DEPTH_MAX {
                return Err(BadSelector::TooDeep);
            }
            let inner = self.any(depth + 1)?;
            self.expect(&Token::Close, "a closing parenthesis")?;
            return Ok(inner);
        }
        let Token::Word(name) = self.peek() else {
            return Err(self.expected("a name or a parenthesis"));
        };
        let header = match name.as_str() {
            "JMSType" => "type",
            "JMSCorrelationID" => "correlation-id",
            other => other,
        };
        let header = header.to_owned();
        self.at += 1;
        self.comparison(header)
    }

    fn comparison(&mut self, header: String) -> Result<Condition, BadSelector> {
        if self.took_key("IN") {
            Ok(Condition::OneOf(header, self.list()?, true))
        } else if self.took(&Token::Unequal) {
            Ok(Condition::OneOf(header, vec![self.text()?], false))
        } else {
            self.expect(&Token::Equal, "=, <> or IN")?;
            Ok(Condition::OneOf(header, vec![self.text()?], true))
        }
    }

    fn list(&mut self) -> Result<Vec<String>, BadSelector> {
        self.expect(&Token::Open, "an opening parenthesis")?;
        let mut values = vec![self.text()?];
        while self.took(&Token::Comma) {
            values.push(self.text()?);
        }
        self.expect(&Token::Close, "a comma or a closing parenthesis")?;
        Ok(values)
    }

    fn text(&mut self) -> Result<String, BadSelector> {
        self.terms += 1;
        if self.terms > SELECTOR_TERMS_MAX {
            return Err(BadSelector::TooLong);
        }
        let Token::Text(text) = self.peek() else {
            return Err(self.expected("a text in single quotes"));
        };
        let text = text.clone();
        self.at += 1;
        Ok(text)
    }

    fn expected(&self, wanted: &'static str) -> BadSelector {
        let found = match self.peek() {
            Token::Word(text) | Token::Text(text) => text.chars().take(40).collect(),
            Token::Equal => "=".to_owned(),
            Token::Unequal => "<>".to_owned(),
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::Comma => ",".to_owned(),
            Token::Other(letter) => letter.to_string(),
            Token::End => String::new(),
        };
        BadSelector::Expected { wanted, found }
    }
}

fn only_or(mut parts: Vec<Condition>, join: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn wants(selector: &str, headers: &[(&str, &str)]) -> bool {
        let headers = headers.iter().copied().collect();
        Selector::parse(selector).unwrap_or_else(|why| panic!("{selector}: {why}")).wants(&headers)
    }

    #[test]
    fn a_selector_is_compared_with_the_headers_of_a_message() {
        let state = [("type", "agent_state"), ("category", "State"), ("agent-id", "5000")];
        for (selector, wanted) in [
            ("JMSType = 'agent_state'", true),
            ("JMSType='other'", false),
            ("category <> 'State'", false),
            ("category <> 'Call'", true),
            ("nowhere = 'x'", false),
            ("nowhere <> 'x'", false),
            ("agent-id IN ('1','5000')", true),
            ("agent-id in ('1')", false),
            ("JMSType = 'x' OR category = 'State' AND agent-id = '5000'", true),
            ("(JMSType = 'x' or category = 'State') and agent-id = '1'", false),
            ("((JMSType = 'agent_state'))", true),
        ] {
            assert_eq!(wants(selector, &state), wanted, "{selector}");
        }
        assert!(wants("JMSCorrelationID = 'it''s'", &[("correlation-id", "it's")]));
    }

    #[test]
    fn what_is_no_selector_is_told_where_it_goes_wrong() {
        let deep = format!("{}a = 'b'{}", "(".repeat(17), ")".repeat(17));
        let long = vec!["a = 'b'"; 65].join(" AND ");
        let huge = format!("a IN ({})", vec!["'b'"; 65].join(","));
        let said = [
            "",
            "a",
            "a =",
            "a = b",
            "a = 1",
            "a = 'b",
            "a > 'b'",
            "a < 'b'",
            "= 'b'",
            "a = 'b' c",
            "(a = 'b'",
            "a = 'b')",
            "a IN 'b'",
            "a IN ()",
            "a IN ('b'",
            "NOT a = 'b'",
            "a = 'b' AND",
            "a LIKE 'b%'",
            &deep,
            &long,
            &huge,
        ]
        .map(|text| {
            format!("{}: {}", text.chars().take(20).collect::<String>(), Selector::parse(text).unwrap_err())
        });
        expect![[r#"
            : the selector should go on with a name or a parenthesis where it says ""
            a: the selector should go on with =, <> or IN where it says ""
            a =: the selector should go on with a text in single quotes where it says ""
            a = b: the selector should go on with a text in single quotes where it says "b"
            a = 1: the selector should go on with a text in single quotes where it says "1"
            a = 'b: a text in the selector has no closing quote
            a > 'b': the selector should go on with =, <> or IN where it says ">"
            a < 'b': the selector should go on with =, <> or IN where it says "<"
            = 'b': the selector should go on with a name or a parenthesis where it says "="
            a = 'b' c: the selector should go on with AND, OR or its end where it says "c"
            (a = 'b': the selector should go on with a closing parenthesis where it says ""
            a = 'b'): the selector should go on with AND, OR or its end where it says ")"
            a IN 'b': the selector should go on with an opening parenthesis where it says "b"
            a IN (): the selector should go on with a text in single quotes where it says ")"
            a IN ('b': the selector should go on with a comma or a closing parenthesis where it says ""
            NOT a = 'b': the selector should go on with =, <> or IN where it says "a"
            a = 'b' AND: the selector should go on with a name or a parenthesis where it says ""
            a LIKE 'b%': the selector should go on with =, <> or IN where it says "LIKE"
            (((((((((((((((((a =: the selector has more than 16 parentheses within each other
            a = 'b' AND a = 'b' : the selector has more than 64 comparisons or values
            a IN ('b','b','b','b: the selector has more than 64 comparisons or values"#]]
        .assert_eq(&said.join("\n"));
    }

    #[test]
    fn what_is_as_long_and_deep_as_can_be_is_taken() {
        let deep = format!("{}a = 'b'{}", "(".repeat(SELECTOR_DEPTH_MAX), ")".repeat(SELECTOR_DEPTH_MAX));
        let long = vec!["a = 'b'"; SELECTOR_TERMS_MAX].join(" AND ");
        assert!(wants(&deep, &[("a", "b")]) && wants(&long, &[("a", "b")]));
    }
}

//! SPDX licence expressions (SPDX 2.3, annex D), as far as crates use them.
//!
//! `expression = all { OR all }`, `all = one { AND one }`, `one = "(" expression ")" | licence [ WITH exception ]`.

use std::iter::Peekable;
use std::vec::IntoIter;

/// What a licence expression asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Expression {
    /// One licence, with its exception if it has one: `Apache-2.0 WITH LLVM-exception`.
    Licence(String),
    /// All of these at once.
    All(Vec<Self>),
    /// Whichever of these the receiver likes.
    Any(Vec<Self>),
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // The old crates' spelling `MIT/Apache-2.0` means OR.
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
        let mut words = words.into_iter().peekable();
        let expression = any(&mut words)?;
        match words.next() {
            None => Ok(expression),
            Some(word) => Err(format!("`{word}` is not expected here")),
        }
    }

    /// Whether the receiver can choose so that every licence left is allowed.
    pub(super) fn is_satisfied_by(&self, is_allowed: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Licence(term) => is_allowed(term),
            Self::All(parts) => parts.iter().all(|part| part.is_satisfied_by(is_allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.is_satisfied_by(is_allowed)),
        }
    }
}

type Words = Peekable<IntoIter<String>>;

fn any(words: &mut Words) -> Result<Expression, String> {
    let mut parts = vec![all(words)?];
    while words.next_if(|word| word == "OR").is_some() {
        parts.push(all(words)?);
    }
    Ok(alone_or(parts, Expression::Any))
}

fn all(words: &mut Words) -> Result<Expression, String> {
    let mut parts = vec![one(words)?];
    while words.next_if(|word| word == "AND").is_some() {
        parts.push(one(words)?);
    }
    Ok(alone_or(parts, Expression::All))
}

fn one(words: &mut Words) -> Result<Expression, String> {
    let word = licence_or_parenthesis(words)?;
    if word == "(" {
        let inner = any(words)?;
        return match words.next() {
            Some(word) if word == ")" => Ok(inner),
            Some(word) => Err(format!("`)` is expected before `{word}`")),
            None => Err("`)` is expected at the end".to_owned()),
        };
    }
    if words.next_if(|word| word == "WITH").is_none() {
        return Ok(Expression::Licence(word));
    }
    let exception = words.next().ok_or("an exception is expected after WITH")?;
    Ok(Expression::Licence(format!("{word} WITH {exception}")))
}

fn licence_or_parenthesis(words: &mut Words) -> Result<String, String> {
    let word = words.next().ok_or("a licence is expected at the end")?;
    match word.as_str() {
        ")" | "AND" | "OR" | "WITH" => Err(format!("a licence is expected before `{word}`")),
        _ => Ok(word),
    }
}

fn alone_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(alone) if parts.is_empty() => alone,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_satisfied(text: &str, allowed: &[&str]) -> bool {
        Expression::parse(text).expect("well-formed").is_satisfied_by(&|term| allowed.contains(&term))
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let licence = |text: &str| Expression::Licence(text.to_owned());
        assert_eq!(
            Expression::parse("A OR B AND C"),
            Ok(Expression::Any(vec![licence("A"), Expression::All(vec![licence("B"), licence("C")])]))
        );
        assert!(is_satisfied("A OR B AND C", &["A"]));
        assert!(!is_satisfied("(A OR B) AND C", &["A"]));
        assert!(is_satisfied("(A OR B) AND C", &["A", "C"]));
    }

    #[test]
    fn an_exception_is_part_of_its_licence() {
        assert!(is_satisfied(
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            &["Apache-2.0 WITH LLVM-exception"]
        ));
        assert!(!is_satisfied("GPL-2.0 WITH Classpath-exception-2.0", &["GPL-2.0"]));
    }

    #[test]
    fn what_is_no_expression_is_refused_with_the_place() {
        for (text, error) in [
            ("", "a licence is expected at the end"),
            ("A AND", "a licence is expected at the end"),
            ("OR A", "a licence is expected before `OR`"),
            ("(A", "`)` is expected at the end"),
            ("(A B)", "`)` is expected before `B`"),
            ("A B", "`B` is not expected here"),
            ("A WITH", "an exception is expected after WITH"),
        ] {
            assert_eq!(Expression::parse(text), Err(error.to_owned()), "{text}");
        }
    }
}

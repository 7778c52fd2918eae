//! `filter`, `search`, `orderby`, `skip` and `top` of the lists.

use serde_json::Value;

use crate::portsip::limits::{PAGE_MAX, QUERY_CHARS_MAX};
use crate::portsip::problem::Problem;

/// What is asked of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    filter: Vec<(String, String)>,
    search: String,
    orderby: Option<(String, bool)>,
    skip: usize,
    top: usize,
}

impl Listing {
    /// Reads the pairs of a query, already decoded.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, Problem> {
        let mut listing =
            Self { filter: Vec::new(), search: String::new(), orderby: None, skip: 0, top: PAGE_MAX };
        for (name, value) in pairs {
            if value.chars().nth(QUERY_CHARS_MAX).is_some() {
                return Err(Problem::invalid(name, &format!("has more than {QUERY_CHARS_MAX} characters")));
            }
            match name.as_str() {
                "filter" => listing.filter = filter(value)?,
                "search" => listing.search = value.trim().to_lowercase(),
                "orderby" => listing.orderby = orderby(value)?,
                "skip" => {
                    let skip = value.parse().ok().filter(|skip| *skip <= i32::MAX as usize);
                    listing.skip = skip.ok_or_else(|| Problem::invalid("skip", "must be a whole number"))?;
                }
                "top" => {
                    let top = value.parse().ok().filter(|top| (1..=PAGE_MAX).contains(top));
                    let why = format!("must be a whole number from 1 to {PAGE_MAX}");
                    listing.top = top.ok_or_else(|| Problem::invalid("top", &why))?;
                }
                other => return Err(Problem::invalid(other, "is not known here")),
            }
        }
        Ok(listing)
    }

    /// How many there are, and the page. Items are compared by their members as this API writes them.
    pub fn page<T: serde::Serialize>(&self, items: Vec<T>) -> Result<(usize, Vec<T>), Problem> {
        let written = |item: &T| serde_json::to_value(item).unwrap_or_default();
        let mut rows: Vec<(Value, T)> = items.into_iter().map(|item| (written(&item), item)).collect();
        for name in
            self.filter.iter().map(|(name, _)| name).chain(self.orderby.as_ref().map(|(name, _)| name))
        {
            if rows.first().is_some_and(|(row, _)| row.get(name).is_none()) {
                return Err(Problem::invalid(name, "cannot be filtered or ordered by"));
            }
        }
        rows.retain(|(row, _)| {
            let is = |(name, value): &(String, String)| row.get(name).is_some_and(|own| text(own) == *value);
            let found = |own: &Value| text(own).to_lowercase().contains(&self.search);
            let named = ["name", "extension_number"].into_iter().filter_map(|name| row.get(name));
            self.filter.iter().all(is) && (self.search.is_empty() || named.into_iter().any(found))
        });
        if let Some((name, down)) = &self.orderby {
            rows.sort_by_key(|(row, _)| row.get(name).map(text));
            if *down {
                rows.reverse();
            }
        }
        let count = rows.len();
        Ok((count, rows.into_iter().skip(self.skip).take(self.top).map(|(_, item)| item).collect()))
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `name eq 'Sales' and extension_number eq '8001'`.
fn filter(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let wrong = || Problem::invalid("filter", "must be like: name eq 'Sales' and extension_number eq '8001'");
    let mut conditions = Vec::new();
    for condition in text.split(" and ").map(str::trim).filter(|condition| !condition.is_empty()) {
        let (name, value) = condition.split_once(" eq ").ok_or_else(wrong)?;
        let value = value.trim();
        let bare = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        conditions.push((name.trim().to_owned(), bare.unwrap_or(value).to_owned()));
    }
    Ok(conditions)
}

/// `name`, `name asc` or `name desc`.
fn orderby(text: &str) -> Result<Option<(String, bool)>, Problem> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, _, _) => Ok(None),
        (Some(name), None | Some("asc"), None) => Ok(Some((name.to_owned(), false))),
        (Some(name), Some("desc"), None) => Ok(Some((name.to_owned(), true))),
        (Some(_), _, _) => Err(Problem::invalid("orderby", "must be a member, perhaps with asc or desc")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(query: &[(&str, &str)]) -> String {
        let pairs: Vec<_> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let rows = ["Sales 8001", "Help 8002", "Sales EU 8003"].map(|row| {
            let (name, number) = row.rsplit_once(' ').unwrap();
            json!({"name": name, "extension_number": number})
        });
        match Listing::parse(&pairs).and_then(|listing| listing.page(rows.to_vec())) {
            Ok((count, items)) => {
                let names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
                format!("{count}: {}", names.join(", "))
            }
            Err(problem) => problem.errors[0].message.clone(),
        }
    }

    #[test]
    fn a_list_is_filtered_searched_ordered_and_cut() {
        assert_eq!(page(&[]), "3: Sales, Help, Sales EU");
        assert_eq!(page(&[("search", "sales")]), "2: Sales, Sales EU");
        assert_eq!(page(&[("search", "8002")]), "1: Help");
        assert_eq!(page(&[("orderby", "name")]), "3: Help, Sales, Sales EU");
        assert_eq!(page(&[("orderby", "name desc"), ("skip", "1"), ("top", "1")]), "3: Sales");
        assert_eq!(page(&[("filter", "name eq 'Help' and extension_number eq '8002'")]), "1: Help");
        assert_eq!(
            page(&[("filter", "name like 'H'")]),
            "filter: must be like: name eq 'Sales' and extension_number eq '8001'"
        );
        assert_eq!(page(&[("filter", "colour eq 'red'")]), "colour: cannot be filtered or ordered by");
        assert_eq!(page(&[("top", "101")]), "top: must be a whole number from 1 to 100");
        assert_eq!(page(&[("page", "1")]), "page: is not known here");
    }
}

//! Call variables: what applications keep with a call, and what follows it through every transfer.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::command::Answer;
use crate::engine::Engine;
use crate::fact::Fact;
use crate::id::{CallId, TenantId};
use crate::limits::{VARIABLE_NAME_MAX, VARIABLES_BYTES_MAX, VARIABLES_MAX};
use crate::refusal::Refusal;
use crate::text::Text;

/// The name of a call variable: letters, digits, `_`, `-` and `.`, at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

impl VariableName {
    /// Takes a name of at most [`VARIABLE_NAME_MAX`] characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let fits = (1..=VARIABLE_NAME_MAX).contains(&text.len());
        (fits && text.chars().all(is_named)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("is no name of a variable")
    }
}

impl From<VariableName> for String {
    fn from(name: VariableName) -> Self {
        name.0
    }
}

/// What a variable holds.
pub type VariableValue = Text<1024>;

/// The variables of a call.
pub type Variables = BTreeMap<VariableName, VariableValue>;

impl Engine {
    /// Sets some variables of a call, and takes those away that have no value; the others stay.
    pub(crate) fn set_variables(
        &mut self,
        tenant: TenantId,
        call: CallId,
        changes: BTreeMap<VariableName, Option<VariableValue>>,
    ) -> Result<Answer, Refusal> {
        self.owned_call(tenant, call)?;
        let before = &self.state.call(call).variables;
        let changes: BTreeMap<_, _> =
            changes.into_iter().filter(|(name, value)| before.get(name) != value.as_ref()).collect();
        if changes.is_empty() {
            return Err(Refusal::AlreadySo);
        }
        let mut after = before.clone();
        change(&mut after, &changes);
        let bytes: usize = after.iter().map(|(name, value)| name.0.len() + value.as_str().len()).sum();
        if after.len() > VARIABLES_MAX || bytes > VARIABLES_BYTES_MAX {
            return Err(Refusal::LimitReached("variables of a call"));
        }
        self.record(tenant, Fact::VariablesSet { call, variables: changes });
        Ok(Answer::Done)
    }
}

/// Makes changes true.
pub(crate) fn change(variables: &mut Variables, changes: &BTreeMap<VariableName, Option<VariableValue>>) {
    for (name, value) in changes {
        match value {
            Some(value) => drop(variables.insert(name.clone(), value.clone())),
            None => drop(variables.remove(name)),
        }
    }
}

/// What a call takes over from one that becomes part of it: what it does not have itself.
pub(crate) fn inherit(variables: &mut Variables, from: &Variables) {
    for (name, value) in from {
        if variables.len() < VARIABLES_MAX {
            variables.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

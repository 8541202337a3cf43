//! Everything that must happen together.

use std::fmt;

use crate::{Sql, Value};

/// Statements that commit whole or not at all, in order; each sees what the ones before it did.
/// What else belongs to the commit, such as prompting a relay, is run after it succeeded.
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    pub(crate) label: &'static str,
    pub(crate) statements: Vec<Statement>,
    pub(crate) after: Vec<AfterCommit>,
}

pub(crate) type AfterCommit = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
pub(crate) struct Statement {
    pub sql: Sql,
    pub params: Vec<Value>,
    pub expect_one: bool,
}

impl Batch {
    /// An empty batch; the label names its crash points.
    pub fn new(label: &'static str) -> Self {
        Self { label, statements: Vec::new(), after: Vec::new() }
    }

    /// Adds a statement that may change any number of rows.
    pub fn run(&mut self, sql: Sql, params: Vec<Value>) {
        self.statements.push(Statement { sql, params, expect_one: false });
    }

    /// Adds a statement that must change exactly one row; otherwise the whole batch fails with
    /// [`crate::Error::Conflict`] naming it.
    pub fn one(&mut self, sql: Sql, params: Vec<Value>) {
        self.statements.push(Statement { sql, params, expect_one: true });
    }

    /// Has `then` called once the commit has succeeded, and only then, even when whoever waits for
    /// the commit goes away meanwhile. It runs on the writer, so it must not block.
    pub fn after_commit(&mut self, then: impl FnOnce() + Send + 'static) {
        self.after.push(Box::new(then));
    }

    /// Moves everything of `other` to the end of this batch, which keeps its own label.
    pub fn append(&mut self, other: Self) {
        self.statements.extend(other.statements);
        self.after.extend(other.after);
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// How many statements it holds.
    pub fn len(&self) -> usize {
        self.statements.len()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("label", &self.label)
            .field("statements", &self.statements)
            .finish_non_exhaustive()
    }
}

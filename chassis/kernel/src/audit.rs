//! What an audit of one database says: what it checked, what is broken, what it claims to others.

use serde::Serialize;

/// The result of folding one database's journals.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Audit {
    /// How many rows, transactions or aggregates were checked.
    pub checked: u64,
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// What this database believes that others must believe too.
    pub claims: Vec<Claim>,
    /// Subjects still in flight, which are not compared.
    pub open: Vec<String>,
}

/// A violated invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule, as a stable slug.
    pub invariant: &'static str,
    /// What it was violated by: an id or a SKU.
    pub subject: String,
    /// The figures.
    pub detail: String,
}

/// A fact that more than one database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// What it is about, as an id.
    pub subject: String,
    /// Which fact.
    pub fact: &'static str,
    /// Its value as text that can be compared.
    pub value: String,
}

impl Audit {
    /// Notes a violated invariant.
    pub fn find(&mut self, invariant: &'static str, subject: impl ToString, detail: impl ToString) {
        let (subject, detail) = (subject.to_string(), detail.to_string());
        self.findings.push(Finding { invariant, subject, detail });
    }

    /// Notes a claim.
    pub fn claim(&mut self, subject: impl ToString, fact: &'static str, value: impl ToString) {
        let (subject, value) = (subject.to_string(), value.to_string());
        self.claims.push(Claim { subject, fact, value });
    }
}

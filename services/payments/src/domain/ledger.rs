//! Double entry: which accounts a fact moves money between. Authorisations move none.

use std::str::FromStr;

use super::{Fact, FactKind, UnknownWord};

/// Where money is, or what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Asset: what the provider took for us and owes us.
    ProviderClearing,
    /// Income: what was captured.
    Sales,
    /// Contra income: what was given back.
    Refunds,
}

/// One side of a movement: debits are positive, credits negative. A transaction's entries sum to
/// zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub account: Account,
    pub minor: i64,
}

/// The transaction that books `fact`; none when no money moved.
pub fn entries(fact: &Fact) -> Option<[Entry; 2]> {
    let (debit, credit) = match fact.kind {
        FactKind::Captured => (Account::ProviderClearing, Account::Sales),
        FactKind::Refunded => (Account::Refunds, Account::ProviderClearing),
        FactKind::Authorized
        | FactKind::Challenged
        | FactKind::Declined
        | FactKind::CaptureDeclined
        | FactKind::Voided
        | FactKind::VoidDeclined
        | FactKind::RefundDeclined
        | FactKind::Abandoned
        | FactKind::Closed => return None,
    };
    Some([
        Entry { account: debit, minor: fact.minor },
        Entry { account: credit, minor: -fact.minor },
    ])
}

impl Account {
    pub const ALL: [Self; 3] = [Self::ProviderClearing, Self::Sales, Self::Refunds];

    /// The account's code, in the database and in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ProviderClearing => "provider_clearing",
            Self::Sales => "sales",
            Self::Refunds => "refunds",
        }
    }
}

impl FromStr for Account {
    type Err = UnknownWord;

    fn from_str(code: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|account| account.code() == code);
        known.ok_or_else(|| UnknownWord(code.to_owned()))
    }
}

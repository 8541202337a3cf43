//! Ledger accounts, ledger lines and the sandbox bank's operations as JSON.

use contracts::ids::{EntryId, OrderId, PaymentId};
use kernel::{Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::MoneySchema;
use crate::providers::sandbox::BankOperation;
use crate::store::books::{AccountTotal, LedgerLine};

/// What was ever booked to an account in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerAccount)]
pub struct AccountBody {
    /// `provider_clearing`, `sales` or `refunds`.
    account: &'static str,
    #[schema(value_type = MoneySchema)]
    debits: Money,
    #[schema(value_type = MoneySchema)]
    credits: Money,
    /// Debits less credits. The balances of all accounts sum to zero in each currency.
    #[schema(value_type = MoneySchema)]
    balance: Money,
}

/// All accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerAccounts)]
pub struct AccountsBody {
    pub items: Vec<AccountBody>,
}

/// One line of a ledger entry. The lines of an entry sum to zero.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerLine)]
pub struct LineBody {
    pub seq: i64,
    #[schema(value_type = String, example = "entry_01h455vb4pex5vsknk084sn02q")]
    entry_id: EntryId,
    account: &'static str,
    /// `debit` or `credit`.
    direction: &'static str,
    #[schema(value_type = MoneySchema)]
    amount: Money,
    #[schema(value_type = String)]
    payment_id: PaymentId,
    #[schema(value_type = String)]
    order_id: OrderId,
    operation_key: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// One line of the sandbox bank's books.
#[derive(Serialize, ToSchema)]
#[schema(as = BankOperation)]
pub struct BankOperationBody {
    pub seq: i64,
    key: String,
    /// The key of the authorisation that it belongs to.
    authorization: String,
    /// `authorize`, `answer`, `capture`, `void` or `refund`.
    kind: &'static str,
    #[schema(value_type = String)]
    order_id: OrderId,
    #[schema(value_type = MoneySchema)]
    amount: Money,
    /// `approved`, `challenged` or `declined`.
    outcome: &'static str,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// One page of ledger lines, oldest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes kernel::Page, which knows no OpenAPI")]
pub struct LedgerPage {
    items: Vec<LineBody>,
    next_cursor: Option<String>,
}

/// One page of bank operations, oldest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes kernel::Page, which knows no OpenAPI")]
pub struct BankPage {
    items: Vec<BankOperationBody>,
    next_cursor: Option<String>,
}

impl From<AccountTotal> for AccountBody {
    fn from(total: AccountTotal) -> Self {
        let AccountTotal { account, debits, credits } = total;
        let balance = Money::new(debits.minor - credits.minor, debits.currency);
        Self { account: account.code(), debits, credits, balance }
    }
}

impl From<LedgerLine> for LineBody {
    fn from(line: LedgerLine) -> Self {
        let Money { minor, currency } = line.money;
        Self {
            seq: line.seq,
            entry_id: line.entry,
            account: line.account.code(),
            direction: if minor < 0 { "credit" } else { "debit" },
            amount: Money::new(minor.abs(), currency),
            payment_id: line.payment,
            order_id: line.order,
            operation_key: line.operation_key,
            at: line.at,
        }
    }
}

impl From<BankOperation> for BankOperationBody {
    fn from(operation: BankOperation) -> Self {
        let BankOperation { seq, booking, at } = operation;
        let (outcome, code) = booking.decision.words();
        Self {
            seq,
            key: booking.key,
            authorization: booking.authorization,
            kind: booking.kind.word(),
            order_id: booking.order,
            amount: booking.amount,
            outcome,
            code,
            at,
        }
    }
}

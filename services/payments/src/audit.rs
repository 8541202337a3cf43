//! The audit: every payment rebuilt from its history, the ledger folded line by line, both
//! compared.

use std::collections::HashMap;

use contracts::ids::{EntryId, OrderId, PaymentId};
use kernel::{Currency, Timestamp, audit::Audit};
use store::{Error, Store};

use crate::domain::{Account, Asked, Broken, Fact, Kind, Payment, Step, fold};
use crate::store::books::{self, LedgerLine};
use crate::store::events::{self, FactRow};
use crate::store::operations::{self, OperationRow};
use crate::store::payments::{self, Stored};

/// Payments, or ledger lines, read at a time.
const PAYMENTS_MAX: u32 = 500;
const LINES_MAX: u32 = 2000;
/// An operation that still waits when others have moved on for so long has been forgotten.
const FORGOTTEN_MS: i64 = 600_000;

/// Folds all books of this service. Reports what does not hold, and claims what is held, captured
/// and refunded for each order. Reads everything once.
pub async fn audit(db: &Store) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    let mut clearing = ledger(db, &mut audit).await?;
    let mut orders = Orders::default();
    let mut waiting: Vec<(PaymentId, Timestamp)> = Vec::new();
    let mut newest = Timestamp::default();
    let mut after = None;
    loop {
        let page = payments::payments_up(db, after, PAYMENTS_MAX).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
        let (first, last) = (first.payment.id, last.payment.id);
        after = Some(last);
        let mut histories = histories(db, first, last).await?;
        for stored in page {
            let payment = &stored.payment;
            let history = histories.remove(&payment.id).unwrap_or_default();
            audit.checked += 1;
            check(&mut audit, &stored, history);
            let booked = clearing.remove(&payment.id).unwrap_or_default();
            check_booked(&mut audit, payment, booked);
            orders.add(payment);
            newest = newest.max(stored.updated_at);
            if !payment.pending.is_empty() {
                waiting.push((payment.id, stored.updated_at));
            }
        }
    }
    for payment in clearing.into_keys() {
        audit.find(
            "ledger-without-payment",
            payment,
            "the ledger books a payment that is not there",
        );
    }
    for (payment, since) in waiting {
        if newest.ms() - since.ms() > FORGOTTEN_MS {
            audit.find("operation-forgotten", payment, format!("pending since {since}"));
        }
    }
    orders.claim(&mut audit);
    Ok(audit)
}

/// What the ledger says the provider took and returned for one payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Clearing {
    debits: i64,
    credits: i64,
}

/// Folds the ledger from its first line on: every entry balances.
async fn ledger(db: &Store, audit: &mut Audit) -> Result<HashMap<PaymentId, Clearing>, Error> {
    let mut clearing: HashMap<PaymentId, Clearing> = HashMap::new();
    let mut open: HashMap<(EntryId, Currency), (i64, u32)> = HashMap::new();
    let mut after = 0;
    loop {
        let page = books::ledger_lines(db, after, LINES_MAX).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for line in page {
            audit.checked += 1;
            weigh(&mut open, &line);
            if line.account == Account::ProviderClearing {
                let total = clearing.entry(line.payment).or_default();
                total.debits += line.money.minor.max(0);
                total.credits -= line.money.minor.min(0);
            }
        }
    }
    for ((entry, currency), (sum, lines)) in open {
        let detail = format!("{lines} lines sum to {sum} {currency}");
        audit.find("ledger-unbalanced", entry, detail);
    }
    Ok(clearing)
}

/// Adds a line to its entry; an entry of two lines that balance is done.
fn weigh(open: &mut HashMap<(EntryId, Currency), (i64, u32)>, line: &LedgerLine) {
    let at = (line.entry, line.money.currency);
    let entry = open.entry(at).or_default();
    entry.0 += line.money.minor;
    entry.1 += 1;
    if *entry == (0, 2) {
        open.remove(&at);
    }
}

#[derive(Default)]
struct History {
    operations: Vec<OperationRow>,
    facts: Vec<FactRow>,
}

async fn histories(
    db: &Store,
    first: PaymentId,
    last: PaymentId,
) -> Result<HashMap<PaymentId, History>, Error> {
    let mut histories: HashMap<PaymentId, History> = HashMap::new();
    for row in operations::operations_between(db, first, last).await? {
        histories.entry(row.payment).or_default().operations.push(row);
    }
    for row in events::events_between(db, first, last).await? {
        histories.entry(row.payment).or_default().facts.push(row);
    }
    Ok(histories)
}

/// Compares a payment's row with the fold of its history.
fn check(audit: &mut Audit, stored: &Stored, history: History) {
    let payment = &stored.payment;
    match rebuild(payment, history) {
        Ok(rebuilt) if rebuilt == *payment => {}
        Ok(rebuilt) => {
            let detail = format!("the row says {payment:?}, its history {rebuilt:?}");
            audit.find("payment-differs-from-history", payment.id, detail);
        }
        Err(reason) => audit.find("payment-history-broken", payment.id, reason),
    }
    if stored.status != payment.status().word() {
        let detail = format!("{} is stored, {} follows", stored.status, payment.status().word());
        audit.find("payment-status-differs", payment.id, detail);
    }
    let refunds = payment.figures().refunded + payment.figures().refund_pending;
    if refunds > payment.captured {
        let detail = format!("{refunds} refunded of {} captured", payment.captured);
        audit.find("refunds-exceed-captures", payment.id, detail);
    }
    if payment.captured + payment.voided > payment.authorized {
        let taken = payment.captured + payment.voided;
        let detail = format!("{taken} taken of {} authorised", payment.authorized);
        audit.find("captures-exceed-authorization", payment.id, detail);
    }
}

fn check_booked(audit: &mut Audit, payment: &Payment, booked: Clearing) {
    let expected = Clearing { debits: payment.captured, credits: payment.refunded };
    if booked != expected {
        let detail = format!("the ledger books {booked:?}, the payment {expected:?}");
        audit.find("ledger-differs-from-payment", payment.id, detail);
    }
}

/// The payment as its history tells it.
fn rebuild(row: &Payment, history: History) -> Result<Payment, String> {
    let by_key: HashMap<&str, &OperationRow> =
        history.operations.iter().map(|row| (row.operation.key.as_str(), row)).collect();
    let first = history.operations.iter().find(|row| row.version == 1);
    let first = first.ok_or("nothing was asked at version 1")?;
    let mut steps: Vec<(i64, Step)> = Vec::new();
    for asked in history.operations.iter().filter(|row| row.version > 1) {
        let operation = asked.operation.clone();
        steps.push((asked.version, Step::Asked { version: asked.version, operation }));
    }
    for fact in &history.facts {
        let asked = by_key.get(fact.key.as_str());
        let asked = asked.ok_or_else(|| format!("{} was never asked", fact.key))?;
        let version = fact.after.version;
        steps.push((version, Step::Happened { version, fact: of_row(fact, asked) }));
    }
    steps.sort_by_key(|(version, _)| *version);
    let steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    replay(row, first, &steps)
}

fn replay(row: &Payment, first: &OperationRow, steps: &[Step]) -> Result<Payment, String> {
    let key = first.operation.key.clone();
    if first.operation.kind == Kind::Void {
        let (payment, fact) = Payment::tombstone(key, row.order, row.id, row.created_at);
        let expected = [Step::Happened { version: fact.after.version, fact }];
        let right = steps == expected;
        return if right { Ok(payment) } else { Err("a tombstone has another history".into()) };
    }
    let asked = Asked {
        key,
        order: row.order,
        provider: row.provider.clone(),
        amount: kernel::Money::new(first.operation.minor, row.amount.currency),
    };
    let payment = Payment::ask(asked, row.id, row.created_at).map_err(|error| error.to_string())?;
    fold(payment, steps).map_err(|broken: Broken| broken.to_string())
}

fn of_row(row: &FactRow, asked: &OperationRow) -> Fact {
    Fact {
        kind: row.kind,
        operation: asked.operation.clone(),
        minor: row.minor,
        failure: row.failure.clone(),
        challenge: row.challenge.clone(),
        after: row.after,
    }
}

/// Sums per order, for the claims.
#[derive(Default)]
struct Orders {
    totals: HashMap<(OrderId, Currency), [i64; 3]>,
    open: Vec<OrderId>,
}

impl Orders {
    fn add(&mut self, payment: &Payment) {
        let at = (payment.order, payment.amount.currency);
        let [held, captured, refunded] = self.totals.entry(at).or_default();
        *captured += payment.captured;
        *refunded += payment.refunded;
        if !matches!(payment.stage, crate::domain::Stage::Failed(_)) {
            *held += payment.releasable();
        }
        if !payment.pending.is_empty() {
            self.open.push(payment.order);
        }
    }

    fn claim(self, audit: &mut Audit) {
        for ((order, currency), totals) in self.totals {
            for (fact, minor) in ["held", "captured", "refunded"].into_iter().zip(totals) {
                if minor > 0 {
                    audit.claim(order, fact, format!("{minor} {currency}"));
                }
            }
        }
        audit.open.extend(self.open.iter().map(ToString::to_string));
    }
}

//! The two commits of every operation: what is asked, before the provider hears of it, and what
//! came of it.

use kernel::crash;
use store::Batch;

use super::{Desk, PaymentError, inquire};
use crate::domain::{Fact, Kind, Operation, Outcome, Payment, Refusal, Unsettled, View, entries};
use crate::providers::{ProviderError, Request};
use crate::store::{books, events, operations, payments};
use contracts::ids::PaymentId;

/// An operation on a payment that exists, as a caller asks for it.
pub struct Asked<'a> {
    pub key: &'a str,
    pub payment: PaymentId,
    /// What is kept beside the operation: the answer to a challenge, the reason of a refund.
    pub input: &'a str,
}

/// Why an operation was not begun.
enum NotBegun {
    /// Its key has been used.
    KeyUsed,
    /// Somebody changed the payment meanwhile: read it again.
    Moved,
}

/// Decides on a payment and commits the operation, then has the provider do it.
///
/// `decide` adds the operation to the payment, or refuses. A key that was used before is answered
/// with what came of it, if `same` says that it was for the same request.
pub async fn operate(
    desk: &Desk,
    asked: &Asked<'_>,
    decide: impl Fn(&mut Payment) -> Result<Operation, Refusal>,
    same: impl Fn(&operations::OperationRow, &Payment) -> bool,
) -> Result<View, PaymentError> {
    let mut inquired = false;
    for _ in 0..desk.settings.decisions_max {
        let payment = payments::payment(&desk.db, asked.payment).await?;
        let mut payment = payment.ok_or(PaymentError::NotFound)?;
        let before = payment.version;
        let operation = match decide(&mut payment) {
            Ok(operation) => operation,
            Err(refusal) => {
                if let Some(view) = repeat(desk, asked.key, &same).await? {
                    return Ok(view);
                }
                if matches!(refusal, Refusal::InFlight(_)) && !inquired {
                    inquired = true;
                    inquire(desk, payment, Resend::No).await?;
                    continue;
                }
                return Err(refusal.into());
            }
        };
        match begin(desk, &payment, before, &operation, asked.input).await? {
            Ok(()) => return perform(desk, payment, &operation, asked.input).await,
            Err(NotBegun::Moved) => {}
            Err(NotBegun::KeyUsed) => {
                return repeat(desk, asked.key, &same).await?.ok_or(PaymentError::Contended);
            }
        }
    }
    Err(PaymentError::Contended)
}

/// Commits an operation on a payment that was read at version `before`.
async fn begin(
    desk: &Desk,
    payment: &Payment,
    before: i64,
    operation: &Operation,
    input: &str,
) -> Result<Result<(), NotBegun>, PaymentError> {
    let now = desk.clock.now();
    let due = now.plus(desk.settings.due_after());
    let mut batch = Batch::new(labels(operation.kind).intent);
    // First the version: once it is ours, only the key can be taken.
    payments::update(&mut batch, payment, before, due, now);
    operations::insert(&mut batch, (payment.id, payment.version), operation, input, now);
    if operation.kind == Kind::Refund {
        crate::events::emit_refund_pending(&desk.outbox, &mut batch, payment, operation);
    }
    match desk.db.commit(batch).await {
        Ok(()) => Ok(Ok(())),
        Err(error) if error.conflicts_on(&operations::INSERT_OPERATION) => {
            Ok(Err(NotBegun::KeyUsed))
        }
        Err(error) if error.conflicts_on(&payments::UPDATE_PAYMENT) => Ok(Err(NotBegun::Moved)),
        Err(error) => Err(error.into()),
    }
}

/// What a key that was used before is answered; none when it was not.
pub async fn repeat(
    desk: &Desk,
    key: &str,
    same: impl Fn(&operations::OperationRow, &Payment) -> bool,
) -> Result<Option<View>, PaymentError> {
    let Some(row) = operations::operation(&desk.db, key).await? else { return Ok(None) };
    let payment = payments::payment(&desk.db, row.payment).await?;
    let payment = payment.ok_or(PaymentError::NotFound)?;
    if !same(&row, &payment) {
        return Err(PaymentError::KeyReused);
    }
    if payment.pending.iter().any(|pending| pending.key == key) {
        return settle_by_asking(desk, payment, &row, Resend::Yes).await.map(Some);
    }
    settled(desk, &payment, key).await.map(Some)
}

/// Whether an operation that the provider has never seen is sent again, under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    Yes,
    No,
}

/// Asks the provider what became of a pending operation. Only when the provider has never seen it,
/// and `resend` says so, is it sent again.
pub async fn settle_by_asking(
    desk: &Desk,
    payment: Payment,
    row: &operations::OperationRow,
    resend: Resend,
) -> Result<View, PaymentError> {
    let operation = &row.operation;
    match find(desk, &payment, &operation.key).await {
        Ok(Some(outcome)) => record(desk, payment, operation, &outcome).await,
        Ok(None) => match resend {
            Resend::Yes => perform(desk, payment, operation, &row.input).await,
            Resend::No => Ok(payment.view()),
        },
        Err(error) => {
            tracing::warn!(payment.id = %payment.id, error = %error, "outcome still unknown");
            Ok(payment.view())
        }
    }
}

/// Has the provider do a pending operation, and commits its word. An unknown outcome is answered
/// with the payment as it stands: pending.
pub async fn perform(
    desk: &Desk,
    payment: Payment,
    operation: &Operation,
    input: &str,
) -> Result<View, PaymentError> {
    match send(desk, &payment, operation, input).await {
        Ok(outcome) => record(desk, payment, operation, &outcome).await,
        Err(error @ ProviderError::Unknown(_)) => {
            tracing::warn!(payment.id = %payment.id, error = %error, "outcome unknown");
            Ok(payment.view())
        }
        Err(error @ ProviderError::Transient(_)) => Err(error.into()),
    }
}

/// Commits the provider's word: payment, facts, ledger and events in one batch.
pub async fn record(
    desk: &Desk,
    mut payment: Payment,
    operation: &Operation,
    outcome: &Outcome,
) -> Result<View, PaymentError> {
    let key = operation.key.as_str();
    for _ in 0..desk.settings.decisions_max {
        let before = payment.version;
        let facts = match payment.settle(key, outcome) {
            Ok(facts) => facts,
            // Somebody else brought the same word.
            Err(Unsettled::NotPending(_)) => return settled(desk, &payment, key).await,
            Err(error @ (Unsettled::Integrity { .. } | Unsettled::OutOfPlace(_))) => {
                tracing::error!(payment.id = %payment.id, operation.key = key, error = %error,
                    "the provider's word is not trusted");
                return Ok(payment.view());
            }
        };
        let batch = outcome_batch(desk, operation.kind, &payment, before, &facts);
        match desk.db.commit(batch).await {
            Ok(()) => {
                count(&facts);
                let fact = facts.into_iter().find(|fact| fact.operation.key == key);
                let fact = fact.expect("a settled operation has a fact");
                return Ok(payment.view_at(fact.after, fact.failure, fact.challenge));
            }
            Err(error) if error.conflicts_on(&payments::UPDATE_PAYMENT) => {
                let moved = payments::payment(&desk.db, payment.id).await?;
                payment = moved.ok_or(PaymentError::NotFound)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Nothing is lost: the operation is pending, and whoever asks the provider next records it.
    Err(PaymentError::Contended)
}

fn outcome_batch(desk: &Desk, kind: Kind, payment: &Payment, before: i64, facts: &[Fact]) -> Batch {
    let now = desk.clock.now();
    let due = now.plus(desk.settings.due_after());
    let mut batch = Batch::new(labels(kind).outcome);
    payments::update(&mut batch, payment, before, due, now);
    for fact in facts {
        events::insert(&mut batch, payment.id, fact, now);
        if let Some(lines) = entries(fact) {
            let id = desk.ids.next();
            books::insert_entry(&mut batch, id, lines, (payment, &fact.operation.key), now);
        }
        crate::events::emit(&desk.outbox, &mut batch, payment, fact);
    }
    batch
}

fn count(facts: &[Fact]) {
    for fact in facts {
        metrics::counter!("stoa_payments_facts_total", "fact" => fact.kind.word()).increment(1);
    }
}

/// The answer that a settled operation was given.
async fn settled(desk: &Desk, payment: &Payment, key: &str) -> Result<View, PaymentError> {
    let row = events::settled(&desk.db, payment.id, key).await?;
    let row = row.ok_or(PaymentError::Contended)?;
    Ok(payment.view_at(row.after, row.failure, row.challenge))
}

async fn send(
    desk: &Desk,
    payment: &Payment,
    operation: &Operation,
    input: &str,
) -> Result<Outcome, ProviderError> {
    let provider = desk.providers.of(payment)?;
    let request = Request {
        key: &operation.key,
        authorization: &payment.authorize_key,
        order: payment.order,
        amount: kernel::Money::new(operation.minor, payment.amount.currency),
        input,
    };
    let labels = labels(operation.kind);
    crash::point(labels.before);
    let call = match operation.kind {
        Kind::Authorize => provider.authorize(request),
        Kind::Answer => provider.answer(request),
        Kind::Capture => provider.capture(request),
        Kind::Void => provider.void(request),
        Kind::Refund => provider.refund(request),
    };
    let started = desk.clock.instant();
    let answer = desk.clock.timeout(desk.settings.provider_timeout(), call).await;
    crash::point(labels.after);
    let took = desk.clock.instant().saturating_sub(started);
    metrics::histogram!("stoa_payments_provider_seconds", "operation" => operation.kind.word())
        .record(took);
    answer.unwrap_or_else(|_| Err(ProviderError::Unknown("no answer in time".into())))
}

async fn find(desk: &Desk, payment: &Payment, key: &str) -> Result<Option<Outcome>, ProviderError> {
    let provider = desk.providers.of(payment)?;
    let answer = desk.clock.timeout(desk.settings.provider_timeout(), provider.find(key)).await;
    answer.unwrap_or_else(|_| Err(ProviderError::Unknown("no answer in time".into())))
}

/// The names of an operation's commits and crash points.
struct Labels {
    intent: &'static str,
    outcome: &'static str,
    before: &'static str,
    after: &'static str,
}

macro_rules! labels {
    ($word:literal) => {
        Labels {
            intent: concat!($word, "_intent"),
            outcome: concat!($word, "_outcome"),
            before: concat!("payments.", $word, ".provider.before"),
            after: concat!("payments.", $word, ".provider.after"),
        }
    };
}

const fn labels(kind: Kind) -> Labels {
    match kind {
        Kind::Authorize => labels!("authorize"),
        Kind::Answer => labels!("answer"),
        Kind::Capture => labels!("capture"),
        Kind::Void => labels!("void"),
        Kind::Refund => labels!("refund"),
    }
}

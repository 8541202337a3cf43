//! The fold: a payment rebuilt from everything that was ever asked and told about it.

use super::{Fact, FactKind, Operation, Outcome, Payment, Refusal, Unsettled};

/// One entry of a payment's history, in order of version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An operation was asked of the provider.
    Asked { version: i64, operation: Operation },
    /// Something happened.
    Happened { version: i64, fact: Fact },
}

/// Where a history contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("version {found} follows version {before}")]
    Gap { before: i64, found: i64 },
    #[error("version {version}: the operation was not allowed: {cause}")]
    NotAllowed { version: i64, cause: Refusal },
    #[error("version {version}: the outcome was not allowed: {cause}")]
    NotSettled { version: i64, cause: Unsettled },
    #[error("version {version}: the fact recorded is not the one that follows")]
    OtherFact { version: i64 },
    #[error("version {version}: an operation is recorded twice, or names no refund")]
    OtherOperation { version: i64 },
}

/// Applies `steps` to `payment`, which stands as it was first asked for (version 1, or a
/// tombstone).
pub fn fold(mut payment: Payment, steps: &[Step]) -> Result<Payment, Broken> {
    // An abandoned operation is told of by the void that ended it.
    let mut expected: Vec<Fact> = Vec::new();
    for step in steps {
        match step {
            Step::Asked { version, operation } => {
                follows(payment.version, *version)?;
                ask(&mut payment, *version, operation)?;
            }
            Step::Happened { version, fact } => {
                if fact.kind != FactKind::Abandoned {
                    follows(payment.version, *version)?;
                    let facts = payment.settle(&fact.operation.key, &outcome(&payment, fact));
                    expected =
                        facts.map_err(|cause| Broken::NotSettled { version: *version, cause })?;
                }
                if expected.is_empty() || expected.remove(0) != *fact {
                    return Err(Broken::OtherFact { version: *version });
                }
            }
        }
    }
    Ok(payment)
}

fn follows(before: i64, found: i64) -> Result<(), Broken> {
    if found == before + 1 { Ok(()) } else { Err(Broken::Gap { before, found }) }
}

fn ask(payment: &mut Payment, version: i64, operation: &Operation) -> Result<(), Broken> {
    use super::Kind;
    let key = operation.key.clone();
    let money = kernel::Money::new(operation.minor, payment.amount.currency);
    let asked = match operation.kind {
        Kind::Authorize => return Err(Broken::OtherOperation { version }),
        Kind::Answer => payment.ask_answer(key),
        Kind::Capture => payment.ask_capture(key, Some(money)),
        Kind::Void => payment.ask_void(key),
        Kind::Refund => match operation.refund {
            Some(refund) => payment.ask_refund(key, Some(money), refund),
            None => return Err(Broken::OtherOperation { version }),
        },
    };
    let asked = asked.map_err(|cause| Broken::NotAllowed { version, cause })?;
    if asked == *operation { Ok(()) } else { Err(Broken::OtherOperation { version }) }
}

/// What the provider must have said for `fact` to happen.
fn outcome(payment: &Payment, fact: &Fact) -> Outcome {
    if let Some(failure) = &fact.failure {
        return Outcome::Declined(failure.clone());
    }
    match &fact.challenge {
        Some(challenge) => Outcome::Challenged(challenge.clone()),
        None => Outcome::Done(kernel::Money::new(fact.minor, payment.amount.currency)),
    }
}

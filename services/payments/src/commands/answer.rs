//! Answer: what the payer says to the challenge that came instead of a hold.

use contracts::ids::PaymentId;

use super::operate::{Asked, operate};
use super::{Desk, PaymentError};
use crate::domain::{Kind, View};

/// Answers the challenge of a payment that requires an action.
pub async fn answer(
    desk: &Desk,
    key: &str,
    payment: PaymentId,
    text: &str,
) -> Result<View, PaymentError> {
    let asked = Asked { key, payment, input: text };
    let decide = |payment: &mut crate::domain::Payment| payment.ask_answer(key.to_owned());
    operate(desk, &asked, decide, |row, found| {
        row.operation.kind == Kind::Answer && row.input == text && found.id == payment
    })
    .await
}

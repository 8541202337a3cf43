//! Refunds never exceed what was captured, whoever asks at the same time.

use contracts::payments::v1::RefundStatus;
use futures::future::join_all;
use tonic::Code;

use crate::calls::{S, code};
use crate::line::Cut;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_refunds_at_once_return_what_was_captured_and_no_more() {
    let world = World::new().await;
    let payment = world.captured().await;

    let refunds = (0..20).map(|number| world.refund(&payment, number, Some(300)));
    let answers = join_all(refunds).await;

    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (3, 17));
    assert!(refused.into_iter().all(|answer| code(answer) == Code::FailedPrecondition));
    let payment = world.get(payment.order_id.parse().unwrap()).await.unwrap();
    assert_eq!(payment.refunded.unwrap().amount, 900);
    let bookings = world.bookings(&payment.order_id).await;
    assert_eq!(bookings.iter().filter(|booking| *booking == "refund 300 approved").count(), 3);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_refund_whose_outcome_is_unknown_counts() {
    let world = World::new().await;
    let payment = world.captured().await;
    world.line.cut(Cut::Silence);

    let pending = world.refund(&payment, 1, Some(700)).await.unwrap();
    let second = world.refund(&payment, 2, Some(301)).await;
    world.line.cut(Cut::Whole);
    let settled = world.refund(&payment, 1, Some(700)).await.unwrap();

    let (refund, shown) = (pending.refund.unwrap(), pending.payment.unwrap());
    assert_eq!(refund.status(), RefundStatus::Pending);
    assert_eq!(shown.status(), S::Captured);
    assert_eq!(shown.refund_pending.unwrap().amount, 700);
    assert_eq!(code(second), Code::FailedPrecondition);
    assert_eq!(settled.refund.unwrap().status(), RefundStatus::Succeeded);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn nothing_is_refunded_that_was_not_captured() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();

    assert_eq!(code(world.refund(&payment, 1, None).await), Code::FailedPrecondition);
    assert_eq!(code(world.refund(&payment, 2, Some(1)).await), Code::FailedPrecondition);
    world.assert_books_agree().await;
}

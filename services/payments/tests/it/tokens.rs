//! The sandbox's tokens, and the plain ways of a payment.

use tonic::Code;

use crate::calls::{S, code};
use crate::world::World;

async fn check(world: &World, token: &str, status: S, failure: &str) {
    let payment = world.authorize(token).await.expect("a decline is data");

    assert_eq!(payment.status(), status, "{token}");
    assert_eq!(payment.failure.map(|failure| failure.code).unwrap_or_default(), failure);
}

#[tokio::test]
async fn each_token_has_its_outcome() {
    let world = World::new().await;

    check(&world, "tok_visa", S::Authorized, "").await;
    check(&world, "tok_declined", S::Failed, "card_declined").await;
    check(&world, "tok_insufficient_funds", S::Failed, "insufficient_funds").await;
    check(&world, "tok_challenge", S::ActionRequired, "").await;
    check(&world, "4242424242424242", S::Failed, "invalid_token").await;
    world.assert_books_agree().await;
}

#[tokio::test]
async fn the_right_answer_passes_a_challenge() {
    let world = World::new().await;
    let challenged = world.authorize("tok_challenge").await.unwrap();
    assert_eq!(challenged.challenge.as_ref().map(|challenge| &*challenge.kind), Some("code"));

    let answered = world.answer(&challenged, "123456").await.unwrap();
    let captured = world.capture(&challenged, 1, None).await.unwrap();

    assert_eq!((answered.status(), answered.challenge), (S::Authorized, None));
    assert_eq!(captured.status(), S::Captured);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_wrong_answer_fails_the_payment() {
    let world = World::new().await;
    let challenged = world.authorize("tok_challenge").await.unwrap();

    let answered = world.answer(&challenged, "000000").await.unwrap();

    assert_eq!(answered.status(), S::Failed);
    assert_eq!(answered.failure.unwrap().code, "challenge_failed");
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_transient_failure_passes_when_the_same_key_is_tried_again() {
    let world = World::new().await;
    let order = world.order();

    let first = world.authorize_order(order, "tok_error").await;
    let second = world.authorize_order(order, "tok_error").await;
    let third = world.authorize_order(order, "tok_error").await.unwrap();

    assert_eq!((code(first), code(second)), (Code::Unavailable, Code::Unavailable));
    assert_eq!(third.status(), S::Authorized);
    assert_eq!(world.bookings(&order.to_string()).await, ["authorize 1000 approved"]);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn the_transient_failures_of_a_key_are_counted_across_a_restart() {
    let world = World::new().await;
    let order = world.order();
    assert_eq!(code(world.authorize_order(order, "tok_error").await), Code::Unavailable);

    let world = world.restart().await;

    assert_eq!(code(world.authorize_order(order, "tok_error").await), Code::Unavailable);
    assert!(world.authorize_order(order, "tok_error").await.is_ok());
}

#[tokio::test]
async fn parts_are_captured_and_refunded() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();

    let part = world.capture(&payment, 1, Some(400)).await.unwrap();
    let all = world.capture(&payment, 2, None).await.unwrap();
    let refund = world.refund(&payment, 1, Some(300)).await.unwrap();
    let rest = world.refund(&payment, 2, None).await.unwrap();

    assert_eq!(part.status(), S::PartiallyCaptured);
    assert_eq!((all.status(), all.captured.unwrap().amount), (S::Captured, 1000));
    assert_eq!(refund.payment.unwrap().status(), S::PartiallyRefunded);
    let (refund, payment) = (rest.refund.unwrap(), rest.payment.unwrap());
    assert_eq!((refund.amount.unwrap().amount, &*refund.reason), (700, "returned"));
    assert_eq!((payment.status(), payment.refunded.unwrap().amount), (S::Refunded, 1000));
    world.assert_books_agree().await;
}

#[tokio::test]
async fn no_more_is_captured_than_was_authorised() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();
    world.capture(&payment, 1, Some(400)).await.unwrap();

    assert_eq!(code(world.capture(&payment, 2, Some(601)).await), Code::FailedPrecondition);
    assert_eq!(code(world.capture(&payment, 3, Some(0)).await), Code::InvalidArgument);
    world.assert_books_agree().await;
}

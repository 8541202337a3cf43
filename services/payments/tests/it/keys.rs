//! Idempotency keys: one effect and one answer; another request is refused.

use futures::future::join_all;
use tonic::Code;

use crate::calls::{S, authorization, code, euro};
use crate::world::World;

#[tokio::test]
async fn a_repeated_key_returns_the_first_answer_whatever_happened_since() {
    let world = World::new().await;
    let authorized = world.authorize("tok_visa").await.unwrap();
    let order = authorized.order_id.parse().unwrap();
    let captured = world.capture(&authorized, 1, None).await.unwrap();
    let refunded = world.refund(&authorized, 1, Some(300)).await.unwrap();
    world.refund(&authorized, 2, Some(700)).await.unwrap();

    assert_eq!(world.authorize_order(order, "tok_visa").await.unwrap(), authorized);
    assert_eq!(world.capture(&authorized, 1, None).await.unwrap(), captured);
    assert_eq!(world.refund(&authorized, 1, Some(300)).await.unwrap(), refunded);
    assert_eq!(world.bookings(&authorized.order_id).await.len(), 4);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_repeated_decline_is_the_first_one() {
    let world = World::new().await;
    let declined = world.authorize("tok_declined").await.unwrap();

    let again = world.authorize_order(declined.order_id.parse().unwrap(), "tok_declined").await;

    assert_eq!(again.unwrap(), declined);
    assert_eq!(world.bookings(&declined.order_id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_twins_have_one_effect() {
    let world = World::new().await;
    let order = world.order();

    let twins = join_all((0..50).map(|_| world.authorize_order(order, "tok_visa"))).await;
    let payment = twins[0].as_ref().unwrap().clone();
    let captures = join_all((0..50).map(|_| world.capture(&payment, 1, None))).await;

    assert!(twins.iter().all(|twin| twin.as_ref().unwrap() == &payment));
    let captured = captures[0].as_ref().unwrap();
    assert_eq!(captured.status(), S::Captured);
    assert!(captures.iter().all(|twin| twin.as_ref().unwrap() == captured));
    let once = ["authorize 1000 approved", "capture 1000 approved"];
    assert_eq!(world.bookings(&payment.order_id).await, once);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_key_of_another_request_is_refused() {
    let world = World::new().await;
    let order = world.order();
    let first = authorization(order, "tok_visa");
    let payment = world.ask_authorize(first.clone()).await.unwrap();
    world.capture(&payment, 1, Some(400)).await.unwrap();
    world.refund(&payment, 1, Some(100)).await.unwrap();

    let mut other = first.clone();
    other.amount = Some(euro(1001));
    assert_eq!(code(world.ask_authorize(other).await), Code::AlreadyExists);
    let mut other = first.clone();
    other.token = "tok_declined".to_owned();
    assert_eq!(code(world.ask_authorize(other).await), Code::AlreadyExists);
    let mut other = first;
    other.order_id = world.order().to_string();
    assert_eq!(code(world.ask_authorize(other).await), Code::AlreadyExists);
    assert_eq!(code(world.capture(&payment, 1, Some(401)).await), Code::AlreadyExists);
    assert_eq!(code(world.refund(&payment, 1, Some(101)).await), Code::AlreadyExists);
    let key = format!("{order}:capture:1");
    assert_eq!(code(world.ask_void(&key, &payment.id, "").await), Code::AlreadyExists);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn an_order_takes_one_payment_that_has_not_failed() {
    let world = World::new().await;
    let order = world.order();
    let failed = world.authorize_order(order, "tok_declined").await.unwrap();

    let mut second = authorization(order, "tok_visa");
    second.idempotency_key = format!("{order}:authorize:2");
    let paid = world.ask_authorize(second).await.unwrap();
    let mut third = authorization(order, "tok_visa");
    third.idempotency_key = format!("{order}:authorize:3");
    let refused = world.ask_authorize(third).await;

    assert_eq!((failed.status(), paid.status()), (S::Failed, S::Authorized));
    assert_eq!(code(refused), Code::FailedPrecondition);
    assert_eq!(world.get(order).await.unwrap().id, paid.id);
    world.assert_books_agree().await;
}

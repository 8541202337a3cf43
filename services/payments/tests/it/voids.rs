//! Voids: what is held goes back, and what was called off is never held.

use tonic::Code;

use crate::calls::{S, authorization, code};
use crate::world::World;

#[tokio::test]
async fn a_void_gives_back_what_is_held() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();

    let voided = world.void(&payment).await.unwrap();
    let again = world.void(&payment).await.unwrap();
    let anew = world.ask_void("another", &payment.id, "").await.unwrap();

    assert_eq!((voided.status(), &again, &anew), (S::Voided, &voided, &voided));
    assert_eq!(code(world.capture(&payment, 1, None).await), Code::FailedPrecondition);
    let bookings = ["authorize 1000 approved", "void 1000 approved"];
    assert_eq!(world.bookings(&payment.order_id).await, bookings);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_void_by_order_keeps_a_late_authorisation_out() {
    let world = World::new().await;
    let order = world.order();

    let tombstone = world.void_order(order).await.unwrap();
    let again = world.void_order(order).await.unwrap();
    let late = world.authorize_order(order, "tok_visa").await;

    assert_eq!((tombstone.status(), &again), (S::Voided, &tombstone));
    assert_eq!(code(late), Code::FailedPrecondition);
    assert_eq!(world.bookings(&order.to_string()).await, [] as [&str; 0]);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_void_by_order_after_a_decline_keeps_a_further_payment_out() {
    let world = World::new().await;
    let order = world.order();
    let failed = world.authorize_order(order, "tok_declined").await.unwrap();

    let key = format!("{order}:void:1");
    let voided = world.ask_void(&key, &failed.id, &order.to_string()).await.unwrap();
    let mut second = authorization(order, "tok_visa");
    second.idempotency_key = format!("{order}:authorize:2");

    assert_eq!(voided.status(), S::Voided);
    assert_eq!(code(world.ask_authorize(second).await), Code::FailedPrecondition);
    world.assert_books_agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_void_and_an_authorisation_at_once_never_leave_money_held() {
    let world = World::new().await;
    for _ in 0..20 {
        let order = world.order();
        let authorize = world.authorize_order(order, "tok_visa");
        let void = world.void_order(order);

        let (_, mut voided) = futures::join!(authorize, void);
        // A void that met an operation in flight says so, and is repeated by its caller.
        while voided.as_ref().is_err_and(|status| status.code() == Code::Unavailable) {
            voided = world.void_order(order).await;
        }

        assert_eq!(voided.unwrap().status(), S::Voided);
        assert_eq!(world.get(order).await.unwrap().status(), S::Voided);
    }
    world.assert_books_agree().await;
}

#[tokio::test]
async fn captured_money_is_not_voided() {
    let world = World::new().await;
    let payment = world.captured().await;

    assert_eq!(code(world.void(&payment).await), Code::FailedPrecondition);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn the_part_that_was_not_captured_is_voided() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();
    world.capture(&payment, 1, Some(400)).await.unwrap();

    let voided = world.void(&payment).await.unwrap();

    assert_eq!((voided.status(), voided.captured.unwrap().amount), (S::Captured, 400));
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_payment_and_an_order_must_belong_together() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();
    let other = world.order().to_string();

    assert_eq!(code(world.ask_void("k", &payment.id, &other).await), Code::InvalidArgument);
    assert_eq!(code(world.ask_void("k", "", "").await), Code::InvalidArgument);
}

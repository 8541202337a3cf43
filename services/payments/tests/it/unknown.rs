//! Outcomes that are not known: found by asking, never by charging again.

use contracts::payments::v1;
use testkit::eventually;
use tonic::Code;

use crate::calls::{S, code};
use crate::line::Cut;
use crate::world::World;

#[tokio::test]
async fn a_call_that_never_answers_is_pending_and_its_repetition_asks() {
    let world = World::impatient().await;
    let order = world.order();

    let first = world.authorize_order(order, "tok_timeout").await.unwrap();
    let later = eventually("the outcome is found", || async {
        let again = world.authorize_order(order, "tok_timeout").await.unwrap();
        (again.status() != S::Pending).then_some(again)
    })
    .await;

    assert_eq!(first.status(), S::Pending);
    assert_eq!(later.status(), S::Authorized);
    assert_eq!(later.id, first.id);
    assert_eq!(world.bookings(&order.to_string()).await, ["authorize 1000 approved"]);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn reading_a_pending_payment_asks_too() {
    let world = World::impatient().await;
    let order = world.order();
    world.authorize_order(order, "tok_timeout").await.unwrap();

    let found = eventually("the outcome is found", || async {
        let found = world.get(order).await.unwrap();
        (found.status() != S::Pending).then_some(found)
    })
    .await;

    assert_eq!(found.status(), S::Authorized);
    world.assert_books_agree().await;
}

/// The status as it is stored; looking does not ask the bank.
async fn stored(world: &World, payment: &v1::Payment) -> String {
    let path = format!("/v1/payments?order_id={}", payment.order_id);
    let answer = world.rest("GET", &path, "payments.read").await;
    answer.body["items"][0]["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn the_resolver_settles_what_nobody_asks_for_again() {
    let mut world = World::impatient().await;
    let payment = world.authorize("tok_timeout").await.unwrap();
    assert_eq!(stored(&world, &payment).await, "pending");

    let resolver = world.start_resolver();

    eventually("the resolver asked the bank", || async {
        (stored(&world, &payment).await == "authorized").then_some(())
    })
    .await;
    resolver.stop().await;
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_lost_reply_is_found_by_key() {
    let world = World::new().await;
    world.line.cut(Cut::Reply);

    let authorized = world.authorize("tok_visa").await.unwrap();
    assert_eq!(authorized.status(), S::Pending);
    let captured = world.capture(&authorized, 1, None).await.unwrap();
    assert_eq!(captured.status(), S::Pending, "the capture's reply is lost too");
    let refunded = world.refund(&authorized, 1, Some(300)).await.unwrap();
    assert_eq!(refunded.refund.unwrap().status(), v1::RefundStatus::Pending);
    let again = world.refund(&authorized, 1, Some(300)).await.unwrap();

    assert_eq!(again.refund.unwrap().status(), v1::RefundStatus::Succeeded);
    assert_eq!(again.payment.unwrap().status(), S::PartiallyRefunded);
    let once = ["authorize 1000 approved", "capture 1000 approved", "refund 300 approved"];
    assert_eq!(world.bookings(&authorized.order_id).await, once);
    for operation in ["authorize:1", "capture:1", "refund:1"] {
        assert_eq!(world.line.sent(&format!("{}:{operation}", authorized.order_id)), 1);
    }
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_lost_request_is_sent_again_under_the_same_key() {
    let world = World::new().await;
    world.line.cut(Cut::Request);
    let pending = world.authorize("tok_visa").await.unwrap();
    assert_eq!(pending.status(), S::Pending);
    world.line.cut(Cut::Whole);

    let read = world.get(pending.order_id.parse().unwrap()).await.unwrap();
    let again = world.authorize_order(pending.order_id.parse().unwrap(), "tok_visa").await;

    assert_eq!(read.status(), S::Pending, "reading sends nothing");
    assert_eq!(again.unwrap().status(), S::Authorized);
    assert_eq!(world.line.sent(&format!("{}:authorize:1", pending.order_id)), 2);
    assert_eq!(world.bookings(&pending.order_id).await, ["authorize 1000 approved"]);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn nothing_else_happens_while_the_bank_says_nothing() {
    let world = World::new().await;
    world.line.cut(Cut::Silence);
    let pending = world.authorize("tok_visa").await.unwrap();

    assert_eq!(code(world.capture(&pending, 1, None).await), Code::Unavailable);
    assert_eq!(world.get(pending.order_id.parse().unwrap()).await.unwrap().status(), S::Pending);
    world.line.cut(Cut::Whole);

    assert_eq!(world.capture(&pending, 1, None).await.unwrap().status(), S::Captured);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn a_bank_that_speaks_of_another_amount_is_never_believed() {
    let world = World::new().await;
    world.line.cut(Cut::OtherAmount);

    let told = world.authorize("tok_visa").await.unwrap();
    let asked = world.get(told.order_id.parse().unwrap()).await.unwrap();
    world.line.cut(Cut::Whole);
    let right = world.get(told.order_id.parse().unwrap()).await.unwrap();

    assert_eq!((told.status(), asked.status()), (S::Pending, S::Pending));
    assert_eq!(right.status(), S::Authorized);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn an_unknown_authorisation_is_voided_by_its_order() {
    for cut in [Cut::Request, Cut::Reply] {
        let world = World::new().await;
        let order = world.order();
        world.line.cut(cut);
        world.authorize_order(order, "tok_visa").await.unwrap();
        world.line.cut(Cut::Whole);

        let voided = world.void_order(order).await.unwrap();
        let late = world.authorize_order(order, "tok_visa").await.unwrap();

        assert_eq!((voided.status(), late.status()), (S::Voided, S::Voided), "{cut:?}");
        assert_eq!(late.id, voided.id);
        world.assert_books_agree().await;
    }
}

#[tokio::test]
async fn a_void_whose_reply_is_lost_gives_back_once() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();
    world.line.cut(Cut::Reply);

    let first = world.void(&payment).await.unwrap();
    let again = world.void(&payment).await.unwrap();

    assert_eq!((first.status(), again.status()), (S::Pending, S::Voided));
    assert_eq!(world.line.sent(&format!("{}:void:1", payment.order_id)), 1);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn an_authorisation_that_arrives_after_its_void_is_declined_by_the_bank() {
    let world = World::new().await;
    let order = world.order();
    world.line.cut(Cut::Request);
    world.authorize_order(order, "tok_visa").await.unwrap();
    world.line.cut(Cut::Whole);
    world.void_order(order).await.unwrap();

    let bank = payments::Sandbox::new(world.bank.clone(), kernel::Clock::system());
    let key = format!("{order}:authorize:1");
    let late = payments::Request {
        key: &key,
        authorization: &key,
        order,
        amount: kernel::Money::new(1000, kernel::Currency::EUR),
        input: "tok_visa",
    };
    let outcome = payments::Provider::authorize(&bank, late).await.unwrap();

    assert!(matches!(outcome, payments::Outcome::Declined(_)), "{outcome:?}");
    world.assert_books_agree().await;
}

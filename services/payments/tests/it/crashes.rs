//! Crashes between what the bank did and our word of it.

use testkit::eventually;

use crate::calls::S;
use crate::line::Cut;
use crate::world::World;

/// Prepares a payment, crashes in one operation on it, restarts; the resolver must finish it.
async fn check(prepare: &[&str], crash: &str, status: S, bookings: &[&str]) {
    let world = World::before_a_crash().await;
    let order = world.order();
    for step in prepare {
        run(&world, order, step).await.expect("nothing fails yet");
    }
    world.line.cut(Cut::Crash);
    run(&world, order, crash).await.expect_err("the process is gone");

    let mut world = world.restart().await;
    let resolver = world.start_resolver();
    let path = format!("/v1/payments?order_id={order}");
    eventually("nothing is pending", || async {
        let answer = world.rest("GET", &path, "payments.read").await;
        let payment = &answer.body["items"][0];
        let pending = payment["status"] == "pending" || payment["refund_pending"]["amount"] != 0;
        (!pending).then_some(())
    })
    .await;
    resolver.stop().await;

    let payment = world.get(order).await.unwrap();
    assert_eq!(payment.status(), status, "{crash}");
    assert_eq!(world.bookings(&order.to_string()).await, bookings);
    assert_eq!(run(&world, order, crash).await.unwrap(), payment, "the same key, the same answer");
    assert_eq!(world.bookings(&order.to_string()).await, bookings);
    world.assert_books_agree().await;
}

async fn run(
    world: &World,
    order: contracts::ids::OrderId,
    step: &str,
) -> Result<contracts::payments::v1::Payment, tonic::Status> {
    if let Some(token) = step.strip_prefix("authorize ") {
        return world.authorize_order(order, token).await;
    }
    let payment = world.get(order).await?;
    match step {
        "answer" => world.answer(&payment, "123456").await,
        "capture" => world.capture(&payment, 1, None).await,
        "void" => world.void(&payment).await,
        "refund" => world.refund(&payment, 1, Some(300)).await.map(|done| done.payment.unwrap()),
        _ => unreachable!("{step}"),
    }
}

const HELD: &str = "authorize 1000 approved";
const TAKEN: &str = "capture 1000 approved";

#[tokio::test]
async fn an_authorisation_survives() {
    check(&[], "authorize tok_visa", S::Authorized, &[HELD]).await;
}

#[tokio::test]
async fn a_decline_survives() {
    check(&[], "authorize tok_declined", S::Failed, &["authorize 1000 declined"]).await;
}

#[tokio::test]
async fn an_answer_survives() {
    let bookings = ["authorize 1000 challenged", "answer 1000 approved"];
    check(&["authorize tok_challenge"], "answer", S::Authorized, &bookings).await;
}

#[tokio::test]
async fn a_capture_survives() {
    check(&["authorize tok_visa"], "capture", S::Captured, &[HELD, TAKEN]).await;
}

#[tokio::test]
async fn a_void_survives() {
    let bookings = [HELD, "void 1000 approved"];
    check(&["authorize tok_visa"], "void", S::Voided, &bookings).await;
}

#[tokio::test]
async fn a_refund_survives() {
    let bookings = [HELD, TAKEN, "refund 300 approved"];
    check(&["authorize tok_visa", "capture"], "refund", S::PartiallyRefunded, &bookings).await;
}

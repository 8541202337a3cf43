//! Whatever fails, the order ends clean: nothing set aside, nothing held, nothing taken.

use std::time::Duration;

use contracts::{
    commands::{CommitStock, ReleaseStock, ReserveStock},
    events::products::StockReserved,
    ids::ReservationId,
};
use serde_json::{Value, json};

use crate::rig::{Rig, wanted};

/// Places an order for two mugs, paid with this token.
async fn place(rig: &Rig, token: &str) -> String {
    let placed = rig.place(&wanted(&[("MUG", 2)], token)).send().await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    placed.id()
}

/// The order ended like this, and everything is as it was before.
async fn check_clean(rig: &Rig, id: &str, status: &str, payment: &str, code: &str) -> Value {
    let order = rig.settled(id).await;
    let found = [&order["status"], &order["payment_status"], &order["rejection"]["code"]];
    assert_eq!(found, [&json!(status), &json!(payment), &json!(code)], "{order:#}");
    assert_eq!(rig.stock.available("MUG"), 100);
    assert!(!rig.bank.holds(id));
    assert_eq!(rig.bank.kept(id), 0);
    rig.audit().await;
    order
}

async fn check_declined(token: &str, detail: &str) {
    let rig = Rig::open().await;
    let id = place(&rig, token).await;

    let order = check_clean(&rig, &id, "rejected", "failed", "payment_declined").await;

    assert_eq!(order["rejection"]["detail"], detail);
}

#[tokio::test]
async fn a_declined_payment_gives_the_goods_back() {
    check_declined("tok_declined", "card_declined: no").await;
    check_declined("tok_insufficient_funds", "insufficient_funds: no").await;
}

#[tokio::test]
async fn a_token_that_means_nothing_is_a_declined_payment_without_a_trace_at_payments() {
    let rig = Rig::open().await;
    let id = place(&rig, "tok_nonsense").await;

    let order = check_clean(&rig, &id, "rejected", "failed", "payment_declined").await;

    assert_eq!(order["payment"]["id"], Value::Null);
    assert_eq!(rig.bank.effects(&id), Vec::<String>::new());
}

#[tokio::test]
async fn too_few_goods_end_it_before_anybody_asks_for_money() {
    let rig = Rig::open().await;
    let placed = rig.place(&wanted(&[("MUG", 60), ("MUG", 60)], "tok_visa")).send().await;

    let order = check_clean(&rig, &placed.id(), "rejected", "none", "out_of_stock").await;

    assert_eq!(order["rejection"]["detail"], "MUG: 120 asked, 100 available");
    assert_eq!(rig.bank.effects(&placed.id()), Vec::<String>::new());
}

#[tokio::test]
async fn a_fault_that_passes_is_told_in_the_story_and_nothing_more() {
    let rig = Rig::open().await;
    let id = place(&rig, "tok_error").await;

    let order = rig.settled(&id).await;

    assert_eq!(order["status"], "confirmed");
    let story = rig.story(&id).await;
    let failed = story.iter().filter(|entry| *entry == "failed payments.authorize").count();
    assert_eq!(failed, 2, "{story:?}");
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "capture:1"]);
}

#[tokio::test]
async fn stock_that_stays_silent_ends_it_in_time_and_a_late_answer_changes_nothing() {
    let rig = Rig::open().await;
    rig.stock.silence::<ReserveStock>();
    let id = place(&rig, "tok_visa").await;
    rig.in_step(&id, "reserving").await;

    rig.clock.advance(Duration::from_secs(31));
    check_clean(&rig, &id, "rejected", "none", "timeout").await;
    let order_id = id.parse().unwrap();
    let reservation_id = ReservationId::from_u128(1);
    let late = StockReserved { order_id, reservation_id, expires_at: rig.clock.now() };
    let before = rig.story(&id).await;
    rig.say(&id, &late).await;
    rig.sell("NEXT", 1, 1).await;

    assert_eq!(rig.story(&id).await, before);
    assert_eq!(rig.stock.heard::<ReleaseStock>(), 1);
}

#[tokio::test]
async fn an_outcome_that_nobody_learns_in_time_is_voided() {
    let rig = Rig::open().await;
    let id = place(&rig, "tok_timeout").await;
    rig.order_when(&id, |_| rig.bank.holds(&id)).await;

    rig.clock.advance(Duration::from_secs(31));

    check_clean(&rig, &id, "rejected", "voided", "payment_timeout").await;
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "void:1"]);
}

#[tokio::test]
async fn an_outcome_that_is_learnt_in_time_confirms_and_nothing_is_charged_twice() {
    let rig = Rig::open().await;
    let id = place(&rig, "tok_timeout").await;
    rig.order_when(&id, |_| rig.bank.holds(&id)).await;

    rig.bank.find_out(&id);

    assert_eq!(rig.settled(&id).await["status"], "confirmed");
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "capture:1"]);
}

#[tokio::test]
async fn payments_that_cannot_be_reached_end_it_in_time_and_are_told_later() {
    let rig = Rig::open().await;
    rig.bank.down(true);
    let id = place(&rig, "tok_visa").await;
    rig.in_step(&id, "authorizing").await;

    rig.clock.advance(Duration::from_secs(31));
    rig.in_step(&id, "voiding").await;
    assert_eq!(rig.order(&id).await["status"], "rejected");
    rig.bank.down(false);

    check_clean(&rig, &id, "rejected", "voided", "payment_timeout").await;
    assert_eq!(rig.bank.effects(&id), ["void:1"]);
}

async fn challenged(rig: &Rig) -> String {
    let id = place(rig, "tok_challenge").await;
    rig.order_when(&id, |order| !order["payment"]["challenge"].is_null()).await;
    id
}

async fn answer(rig: &Rig, id: &str, answer: &str) -> crate::rig::Answer {
    let path = format!("/v1/orders/{id}/payment-answers");
    rig.post(&path, &json!({"answer": answer})).bearer(&rig.staff()).wait().send().await
}

#[tokio::test]
async fn a_right_answer_to_the_challenge_confirms() {
    let rig = Rig::open().await;
    let id = challenged(&rig).await;

    let answered = answer(&rig, &id, "1234").await;

    assert_eq!(answered.status, 200, "{}", answered.text());
    assert_eq!(answered.json()["status"], "confirmed");
    assert_eq!(answered.json()["payment"]["challenge"], Value::Null);
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "answer:1", "capture:1"]);
    assert!(!rig.story(&id).await.concat().contains("1234"), "the answer stays with the payer");
    let late = answer(&rig, &id, "1234").await;
    assert_eq!(late.problem(), (409, "no-open-challenge".to_owned(), vec![]));
}

#[tokio::test]
async fn a_second_challenge_is_answered_under_a_key_of_its_own() {
    let rig = Rig::open().await;
    let id = challenged(&rig).await;

    let asked_again = answer(&rig, &id, "again").await;
    assert_eq!(asked_again.json()["payment"]["status"], "action_required");
    let answered = answer(&rig, &id, "1234").await;

    assert_eq!(answered.json()["status"], "confirmed");
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "answer:1", "answer:2", "capture:1"]);
}

#[tokio::test]
async fn a_wrong_answer_to_the_challenge_gives_the_goods_back() {
    let rig = Rig::open().await;
    let id = challenged(&rig).await;

    answer(&rig, &id, "4321").await;

    check_clean(&rig, &id, "rejected", "failed", "payment_challenge_failed").await;
}

#[tokio::test]
async fn a_challenge_that_nobody_answers_expires_and_is_voided() {
    let rig = Rig::open().await;
    let id = challenged(&rig).await;
    rig.clock.advance(Duration::from_secs(590));
    assert_eq!(rig.order(&id).await["status"], "pending");

    rig.clock.advance(Duration::from_secs(11));

    check_clean(&rig, &id, "rejected", "voided", "payment_challenge_expired").await;
}

#[tokio::test]
async fn goods_that_are_gone_after_confirmation_cancel_it_and_let_the_money_go() {
    let rig = Rig::open().await;
    rig.stock.refuse_commits();
    let id = place(&rig, "tok_visa").await;

    check_clean(&rig, &id, "canceled", "voided", "out_of_stock").await;

    assert_eq!(rig.bank.effects(&id), ["authorize:1", "void:1"]);
}

#[tokio::test]
async fn money_that_cannot_be_taken_cancels_it_and_returns_the_goods() {
    let rig = Rig::open().await;
    rig.bank.refuse_captures();
    let id = place(&rig, "tok_visa").await;

    check_clean(&rig, &id, "canceled", "voided", "payment_failed").await;

    assert!(!rig.stock.sold_to(&id));
}

#[tokio::test]
async fn money_taken_by_hand_from_an_order_that_is_not_served_is_refunded() {
    let rig = Rig::open().await;
    rig.stock.silence::<CommitStock>();
    let id = place(&rig, "tok_visa").await;
    rig.in_step(&id, "committing").await;
    rig.bank.capture_by_hand(&id);
    rig.stock.refuse_commits();
    rig.stock.speak();

    rig.clock.advance(Duration::from_secs(6));

    check_clean(&rig, &id, "canceled", "refunded", "out_of_stock").await;
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "refund:1"]);
}

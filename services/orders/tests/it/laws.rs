//! The laws of every saga: each step twice is once; a lost process resumes; the story has no gap.

use std::time::Duration;

use contracts::commands::{CommitStock, ReleaseStock, ReserveStock};
use serde_json::json;

use crate::rig::{Rig, wanted};

async fn place(rig: &Rig, token: &str) -> String {
    let placed = rig.place(&wanted(&[("MUG", 2)], token)).send().await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    placed.id()
}

#[tokio::test]
async fn each_step_twice_is_once_on_the_way_to_a_sale() {
    let rig = Rig::open().await;
    rig.stock.stutter();
    rig.bank.lose_answers();

    let id = place(&rig, "tok_visa").await;
    let order = rig.settled(&id).await;

    assert_eq!(order["status"], "confirmed");
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "capture:1"]);
    assert_eq!((rig.bank.kept(&id), rig.stock.available("MUG")), (2598, 98));
    let story = rig.story(&id).await;
    let steps: Vec<_> = story.iter().filter_map(|entry| entry.strip_prefix("step ")).collect();
    assert_eq!(steps, ["reserving", "authorizing", "committing", "capturing", "completed"]);
    rig.audit().await;
}

#[tokio::test]
async fn each_step_twice_is_once_on_the_way_back() {
    let rig = Rig::open().await;
    rig.stock.stutter();
    rig.bank.lose_answers();
    rig.bank.refuse_captures();

    let id = place(&rig, "tok_visa").await;
    let order = rig.settled(&id).await;

    assert_eq!(order["status"], "canceled");
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "void:1"]);
    assert_eq!((rig.bank.kept(&id), rig.stock.available("MUG")), (0, 100));
    rig.audit().await;
}

#[tokio::test]
async fn a_command_that_nobody_answers_is_sent_again_until_somebody_does() {
    let rig = Rig::open().await;
    rig.stock.silence::<CommitStock>();
    let id = place(&rig, "tok_visa").await;
    rig.in_step(&id, "committing").await;
    rig.order_when(&id, |_| rig.stock.heard::<CommitStock>() == 1).await;
    for seconds in [6, 11, 21] {
        let heard = rig.stock.heard::<CommitStock>();
        rig.clock.advance(Duration::from_secs(seconds));
        rig.order_when(&id, |_| rig.stock.heard::<CommitStock>() > heard).await;
    }
    assert_eq!(rig.order(&id).await["status"], "confirmed");

    rig.stock.speak();
    rig.clock.advance(Duration::from_secs(41));

    assert_eq!(rig.settled(&id).await["payment_status"], "captured");
    assert_eq!(rig.stock.heard::<CommitStock>(), 5);
}

/// Brings an order to a step at which it is stuck, and loses the process there.
async fn lost_at(step: &str, token: &str, stick: impl FnOnce(&Rig)) -> (Rig, String) {
    let mut rig = Rig::open().await;
    stick(&rig);
    let id = place(&rig, token).await;
    rig.in_step(&id, step).await;
    rig.die().await;
    rig.bank.down(false);
    rig.stock.speak();
    rig.live().await;
    (rig, id)
}

async fn check_resumed(rig: Rig, id: &str, status: &str) {
    let order = rig.settled(id).await;
    assert_eq!(order["status"], status, "{order:#}");
    let (left, kept) = if status == "confirmed" { (98, 2598) } else { (100, 0) };
    assert_eq!((rig.stock.available("MUG"), rig.bank.kept(id)), (left, kept));
    assert!(!rig.bank.holds(id));
    rig.audit().await;
}

#[tokio::test]
async fn a_process_lost_while_stock_is_asked_is_rejected_in_time() {
    let (rig, id) =
        lost_at("reserving", "tok_visa", |rig| rig.stock.silence::<ReserveStock>()).await;
    rig.clock.advance(Duration::from_secs(31));
    check_resumed(rig, &id, "rejected").await;
}

#[tokio::test]
async fn a_process_lost_while_payments_is_asked_goes_on() {
    let (rig, id) = lost_at("authorizing", "tok_visa", |rig| rig.bank.down(true)).await;
    check_resumed(rig, &id, "confirmed").await;
}

#[tokio::test]
async fn a_process_lost_while_the_payer_is_asked_still_takes_the_answer() {
    let (rig, id) = lost_at("awaiting_answer", "tok_challenge", |_| {}).await;
    let path = format!("/v1/orders/{id}/payment-answers");
    let answered = rig.post(&path, &json!({"answer": "1234"})).bearer(&rig.staff()).send().await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    check_resumed(rig, &id, "confirmed").await;
}

#[tokio::test]
async fn a_process_lost_while_it_tells_the_answer_tells_it_again() {
    let (mut rig, id) = lost_at("awaiting_answer", "tok_challenge", |_| {}).await;
    rig.bank.down(true);
    let path = format!("/v1/orders/{id}/payment-answers");
    rig.post(&path, &json!({"answer": "1234"})).bearer(&rig.staff()).send().await;
    rig.in_step(&id, "answering").await;
    rig.die().await;
    rig.bank.down(false);
    rig.live().await;
    check_resumed(rig, &id, "confirmed").await;
}

#[tokio::test]
async fn a_process_lost_while_goods_are_taken_out_asks_again() {
    let (rig, id) =
        lost_at("committing", "tok_visa", |rig| rig.stock.silence::<CommitStock>()).await;
    rig.clock.advance(Duration::from_secs(6));
    check_resumed(rig, &id, "confirmed").await;
}

#[tokio::test]
async fn a_process_lost_while_money_is_taken_goes_on() {
    let mut rig = Rig::open().await;
    rig.stock.silence::<CommitStock>();
    let id = place(&rig, "tok_visa").await;
    rig.in_step(&id, "committing").await;
    rig.bank.down(true);
    rig.stock.speak();
    rig.clock.advance(Duration::from_secs(6));
    rig.in_step(&id, "capturing").await;
    rig.die().await;
    rig.bank.down(false);
    rig.live().await;
    check_resumed(rig, &id, "confirmed").await;
}

#[tokio::test]
async fn a_process_lost_while_money_is_let_go_goes_on() {
    let mut rig = Rig::open().await;
    let id = place(&rig, "tok_challenge").await;
    rig.in_step(&id, "awaiting_answer").await;
    rig.bank.down(true);
    rig.clock.advance(Duration::from_secs(601));
    rig.in_step(&id, "voiding").await;
    rig.die().await;
    rig.bank.down(false);
    rig.live().await;
    check_resumed(rig, &id, "rejected").await;
}

#[tokio::test]
async fn a_process_lost_while_goods_are_given_back_asks_again() {
    let (rig, id) =
        lost_at("releasing", "tok_declined", |rig| rig.stock.silence::<ReleaseStock>()).await;
    rig.clock.advance(Duration::from_secs(6));
    check_resumed(rig, &id, "rejected").await;
}

#[tokio::test]
async fn a_finished_placement_stays_finished_after_a_restart() {
    let mut rig = Rig::open().await;
    let id = place(&rig, "tok_visa").await;
    rig.settled(&id).await;
    let before = rig.story(&id).await;
    rig.die().await;
    rig.live().await;
    rig.clock.advance(Duration::from_secs(3600));
    rig.sell("NEXT", 1, 1).await;
    assert_eq!(rig.story(&id).await, before);
    check_resumed(rig, &id, "confirmed").await;
}

//! Each way in which a payment can go: the right end, goods given back, nothing charged twice.

use flows::{Bank, Level, Shop, order_of};
use serde_json::{Value, json};

const PRICE: i64 = 2500;

async fn shop(settings: &[(&str, &str)]) -> Shop {
    let shop = Shop::open_with(settings).await;
    shop.stock("HAT", PRICE, 10).await;
    shop
}

/// Sees that an order ended so, that its goods and money are where they belong, and that all
/// books agree.
async fn check(shop: &Shop, order: &Value, ended: (&str, &str, Value), bank: Bank) {
    let id = order["id"].as_str().expect("an id");
    let order = shop.settled(id).await;
    let (status, payment_status, rejection) = ended;
    assert_eq!(order["status"], status, "{order:#}");
    assert_eq!(order["payment_status"], payment_status, "{order:#}");
    assert_eq!(order["rejection"]["code"], rejection, "{order:#}");
    let left = if status == "confirmed" { 8 } else { 10 };
    assert_eq!(shop.level("HAT").await, Level::free(left));
    let theirs = Bank::read(&shop.admin).await.remove(id).unwrap_or_default();
    assert_eq!(theirs, bank);
    shop.books_agree().await;
    shop.audited().await;
}

fn taken() -> Bank {
    Bank { authorized: 2 * PRICE, captured: 2 * PRICE, captures: 1, ..Bank::default() }
}

fn refused(kind: &str) -> Bank {
    Bank { declined: vec![kind.to_owned()], ..Bank::default() }
}

async fn pay(shop: &Shop, token: &str) -> Value {
    shop.order("k", &order_of(&[("HAT", 2)], token)).await
}

#[tokio::test]
async fn a_declined_card_rejects_the_order_and_gives_its_goods_back() {
    let shop = shop(&[]).await;
    let order = pay(&shop, "tok_declined").await;

    let ended = ("rejected", "failed", json!("payment_declined"));
    check(&shop, &order, ended, refused("authorize")).await;
    let detail = order["rejection"]["detail"].as_str().expect("why");
    assert!(detail.contains("card_declined"), "{detail}");
}

#[tokio::test]
async fn a_card_without_funds_rejects_the_order_and_says_why() {
    let shop = shop(&[]).await;
    let order = pay(&shop, "tok_insufficient_funds").await;

    let ended = ("rejected", "failed", json!("payment_declined"));
    check(&shop, &order, ended, refused("authorize")).await;
    let detail = order["rejection"]["detail"].as_str().expect("why");
    assert!(detail.contains("insufficient_funds"), "{detail}");
}

#[tokio::test]
async fn a_provider_that_fails_twice_is_asked_until_it_answers() {
    let shop = shop(&[]).await;
    let order = pay(&shop, "tok_error").await;

    check(&shop, &order, ("confirmed", "captured", Value::Null), taken()).await;
}

#[tokio::test]
async fn a_provider_that_never_answers_is_asked_what_became_of_it() {
    let shop = shop(&[("STOA_PAYMENTS__PROVIDER_TIMEOUT_MS", "300")]).await;
    let order = pay(&shop, "tok_timeout").await;

    check(&shop, &order, ("confirmed", "captured", Value::Null), taken()).await;
}

#[tokio::test]
async fn a_payment_that_stays_unknown_for_too_long_is_called_off() {
    // The order gives up before the provider's silence counts as one.
    let shop = shop(&[
        ("STOA_PAYMENTS__PROVIDER_TIMEOUT_MS", "60000"),
        ("STOA_ORDERS__PAYMENT_REQUEST_MS", "1500"),
        ("STOA_ORDERS__PLACEMENT_TIMEOUT_MS", "500"),
    ])
    .await;
    let order = pay(&shop, "tok_timeout").await;

    let voided = Bank { authorized: 2 * PRICE, voided: 2 * PRICE, ..Bank::default() };
    check(&shop, &order, ("rejected", "voided", json!("payment_timeout")), voided).await;
}

async fn answer(shop: &Shop, order: &Value, answer: &str) -> Value {
    assert_eq!(order["payment"]["status"], "action_required", "{order:#}");
    assert!(order["payment"]["challenge"]["prompt"].is_string(), "{order:#}");
    let path = format!("/v1/orders/{}/payment-answers", order["id"].as_str().expect("an id"));
    let secret = order["access_token"].as_str().expect("told once");
    let ask = shop.guest.post(&path, &json!({"answer": answer})).header("prefer", "wait=30");
    let answered = ask.header("stoa-access-token", secret).send().await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    answered.json()
}

#[tokio::test]
async fn a_challenge_that_is_met_confirms_the_order() {
    let shop = shop(&[]).await;
    let asked = pay(&shop, "tok_challenge").await;
    assert_eq!(shop.level("HAT").await, Level { on_hand: 10, reserved: 2, available: 8 });

    let order = answer(&shop, &asked, "123456").await;

    check(&shop, &order, ("confirmed", "captured", Value::Null), taken()).await;
}

#[tokio::test]
async fn a_challenge_that_is_failed_rejects_the_order() {
    let shop = shop(&[]).await;
    let asked = pay(&shop, "tok_challenge").await;

    let order = answer(&shop, &asked, "000000").await;

    let ended = ("rejected", "failed", json!("payment_challenge_failed"));
    check(&shop, &order, ended, refused("answer")).await;
}

#[tokio::test]
async fn a_challenge_that_nobody_answers_expires() {
    let shop = shop(&[("STOA_ORDERS__CHALLENGE_TIMEOUT_MS", "500")]).await;
    let asked = pay(&shop, "tok_challenge").await;

    let ended = ("rejected", "voided", json!("payment_challenge_expired"));
    check(&shop, &asked, ended, Bank::default()).await;
    let path = format!("/v1/orders/{}/payment-answers", asked["id"].as_str().expect("an id"));
    let late = shop.admin.post(&path, &json!({"answer": "123456"})).send().await;
    assert_eq!((late.status, late.problem().as_deref()), (409, Some("no-open-challenge")));
}

#[tokio::test]
async fn a_provider_that_nobody_knows_rejects_the_order() {
    let shop = shop(&[]).await;
    let mut body = order_of(&[("HAT", 2)], "tok_visa");
    body["payment"]["provider"] = json!("goldsmith");
    let order = shop.order("k", &body).await;

    let ended = ("rejected", "failed", json!("payment_declined"));
    check(&shop, &order, ended, Bank::default()).await;
}

#[tokio::test]
async fn goods_that_are_not_there_are_not_paid_for() {
    let shop = shop(&[]).await;
    let order = shop.order("k", &order_of(&[("HAT", 11)], "tok_visa")).await;

    check(&shop, &order, ("rejected", "none", json!("out_of_stock")), Bank::default()).await;
}

//! One key, one effect, one answer: at once, again, after a crash, and only for whoever owns it.

use flows::{Bank, Shop, id_of, order_of, place};
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Ask, eventually};

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 1000).await;
    shop
}

/// Asks until no twin is in work, as a client would.
async fn insist(ask: Ask) -> Answer {
    eventually("an answer", async || {
        let answer = ask.clone().send().await;
        let twin = answer.problem().as_deref() == Some("idempotency-key-in-flight");
        if twin {
            assert_eq!((answer.status, answer.header("retry-after")), (409, Some("1")));
        }
        (!twin).then_some(answer)
    })
    .await
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// What must not differ from one answer to the next.
fn essence(answer: &Answer) -> (u16, &[u8], Option<&str>, Option<&str>) {
    (answer.status, &answer.body, answer.header("location"), answer.header("etag"))
}

async fn fifty_at_once_then_a_crash(prefer: &str) {
    let mut shop = shop().await;
    let ask = place(&shop.guest, "the-key", &order_of(&[("TEA", 2)], "tok_visa"));
    let ask = ask.header("prefer", prefer);

    let answers = join_all((0..50).map(|_| insist(ask.clone()))).await;
    shop.crash().await;
    let later = insist(ask).await;

    let first: Vec<&Answer> = answers.iter().filter(|answer| !replayed(answer)).collect();
    assert_eq!(first.len(), 1, "one answer is the first, the others replay it");
    assert_eq!(first[0].status, 201, "{}", first[0].text());
    for answer in answers.iter().chain([&later]) {
        assert_eq!(essence(answer), essence(first[0]), "{}", answer.text());
    }
    assert!(replayed(&later));
    shop.settled(&id_of(&later)).await;
    assert_eq!(shop.orders().await.len(), 1);
    let bank = Bank::read(&shop.admin).await;
    assert_eq!(bank.values().map(|order| order.captures).sum::<u32>(), 1);
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn a_key_used_fifty_times_at_once_and_after_a_crash_has_one_effect() {
    fifty_at_once_then_a_crash("respond-async").await;
}

#[tokio::test]
async fn so_it_has_when_the_answer_waits_until_the_order_is_settled() {
    fifty_at_once_then_a_crash("wait=30").await;
}

#[tokio::test]
async fn an_answer_that_waited_is_the_one_that_is_replayed() {
    let shop = shop().await;
    let body = order_of(&[("TEA", 1)], "tok_visa");

    let waited = place(&shop.guest, "k", &body).header("prefer", "wait=30").send().await;
    let again = place(&shop.guest, "k", &body).send().await;

    assert_eq!(waited.json()["status"], "confirmed");
    assert!(replayed(&again) && !replayed(&waited));
    assert_eq!(essence(&again), essence(&waited));
}

#[tokio::test]
async fn an_answer_that_was_given_does_not_change_when_the_order_does() {
    let shop = shop().await;
    let body = order_of(&[("TEA", 1)], "tok_visa");

    let first = place(&shop.guest, "k", &body).send().await;
    shop.settled(&id_of(&first)).await;
    let again = place(&shop.guest, "k", &body).header("prefer", "wait=30").send().await;

    assert!(replayed(&again));
    assert_eq!(essence(&again), essence(&first));
}

#[tokio::test]
async fn a_key_is_needed_and_belongs_to_one_request() {
    let shop = shop().await;
    let body = order_of(&[("TEA", 1)], "tok_visa");
    let first = place(&shop.guest, "k", &body).send().await;
    let problem = async |ask: Ask, status: u16, code: &str| {
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.problem().as_deref()), (status, Some(code)));
    };

    let without = shop.guest.post("/v1/orders", &body);
    problem(without, 400, "idempotency-key-missing").await;
    problem(place(&shop.guest, "", &body), 400, "idempotency-key-invalid").await;
    let other = order_of(&[("TEA", 2)], "tok_visa");
    problem(place(&shop.guest, "k", &other), 422, "idempotency-key-reused").await;

    let text = body.to_string().replace(':', " : ");
    let spaced = shop.guest.ask(http::Method::POST, "/v1/orders").body("application/json", text);
    let same = spaced.header("idempotency-key", "\"k\"").send().await;
    assert_eq!(essence(&same), essence(&first), "spaces and quotes make no other request");
    assert_eq!(shop.orders().await.len(), 1);
}

#[tokio::test]
async fn the_key_of_another_caller_is_another_key() {
    let shop = shop().await;
    let body = order_of(&[("TEA", 1)], "tok_visa");

    let guests = place(&shop.guest, "k", &body).send().await;
    let admins = place(&shop.admin, "k", &body).send().await;

    assert_eq!((guests.status, admins.status), (201, 201));
    assert!(!replayed(&admins));
    assert_ne!(id_of(&guests), id_of(&admins));
}

#[tokio::test]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let shop = shop().await;
    let body = order_of(&[("CAKE", 1)], "tok_visa");

    let refused = place(&shop.guest, "k", &body).send().await;
    shop.stock("CAKE", 300, 1).await;
    let placed = place(&shop.guest, "k", &body).send().await;

    assert_eq!((refused.status, refused.problem().as_deref()), (422, Some("not-sold")));
    assert_eq!(placed.status, 201, "{}", placed.text());
    assert!(!replayed(&placed));
}

#[tokio::test]
async fn a_cart_completed_many_times_at_once_is_one_order() {
    let shop = shop().await;
    let cart = shop.guest.ask(http::Method::POST, "/v1/carts").send().await;
    let secret = cart.json()["access_token"].as_str().expect("told once").to_owned();
    let path = format!("/v1/carts/{}", id_of(&cart));
    let ask = |ask: Ask| ask.header("stoa-access-token", &secret);
    let item = json!({"sku": "TEA", "quantity": 1});
    ask(shop.guest.post(&format!("{path}/items"), &item)).send().await;
    for (at, body) in [
        ("email", json!({"email": "guest@example.com"})),
        ("shipping-address", order_of(&[], "")["shipping_address"].clone()),
    ] {
        let put = shop.guest.ask(http::Method::PUT, &format!("{path}/{at}")).json(&body);
        assert_eq!(ask(put).send().await.status, 200);
    }
    let payment = json!({"payment": {"provider": "sandbox", "token": "tok_visa"}});
    let complete = |key: &str| {
        let complete = shop.guest.post(&format!("{path}/complete"), &payment);
        insist(ask(complete).header("idempotency-key", key).header("prefer", "wait=30"))
    };

    let same = join_all((0..20).map(|_| complete("k"))).await;
    let others = join_all((0..5).map(|other| complete(&format!("k{other}")))).await;

    let ids: Vec<Value> = same.iter().chain(&others).map(|a| a.json()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && id.is_string()), "{ids:?}");
    assert!(others.iter().all(|answer| answer.status == 200));
    assert_eq!(shop.orders().await.len(), 1);
    shop.books_agree().await;
}

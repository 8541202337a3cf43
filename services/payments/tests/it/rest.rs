//! REST for staff: who may, keys and replays, lists, the ledger.

use serde_json::{Value, json};

use crate::credentials::token;
use crate::world::World;

#[tokio::test]
async fn only_staff_with_the_permission_may() {
    let world = World::new().await;
    let payment = world.captured().await;
    let refunds = format!("/v1/payments/{}/refunds", payment.id);

    assert_eq!(world.rest_with("GET", "/v1/payments", "", None, None).await.status, 401);
    assert_eq!(world.rest("GET", "/v1/payments", "orders.read").await.status, 403);
    assert_eq!(world.rest("GET", "/v1/payments", "payments.read").await.status, 200);
    for path in ["/v1/ledger/accounts", "/v1/ledger/entries", "/v1/sandbox/operations"] {
        assert_eq!(world.rest("GET", path, "orders.read").await.status, 403, "{path}");
    }
    let reader = token("payments.read");
    let answer = world.rest_with("POST", &refunds, &reader, Some("k"), None).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_repeated_refund_gets_the_same_bytes() {
    let world = World::new().await;
    let payment = world.captured().await;
    let path = format!("/v1/payments/{}/refunds", payment.id);
    let body = json!({"amount": {"amount": 300, "currency": "EUR"}, "reason": "broken"});

    let first = world.post(&path, Some("k"), Some(body.clone())).await;
    let again = world.post(&path, Some("\"k\""), Some(body)).await;
    let other = json!({"amount": {"amount": 301, "currency": "EUR"}});
    let other = world.post(&path, Some("k"), Some(other)).await;

    assert_eq!(first.status, 201);
    assert_eq!(first.body["refund"]["status"], "succeeded");
    assert_eq!(first.body["payment"]["status"], "partially_refunded");
    assert_eq!((again.status, again.replayed, &again.bytes), (201, true, &first.bytes));
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency-key-reused")));
    assert_eq!(world.bookings(&payment.order_id).await.len(), 3);
    world.assert_books_agree().await;
}

#[tokio::test]
async fn money_moves_only_under_a_key() {
    let world = World::new().await;
    let payment = world.authorize("tok_visa").await.unwrap();

    for action in ["captures", "refunds", "void"] {
        let answer = world.post(&format!("/v1/payments/{}/{action}", payment.id), None, None).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("idempotency-key-missing")));
    }
}

#[tokio::test]
async fn staff_capture_refund_and_void() {
    let world = World::new().await;
    let paid = world.authorize("tok_visa").await.unwrap();
    let held = world.authorize("tok_visa").await.unwrap();

    let part = json!({"amount": {"amount": 400, "currency": "EUR"}});
    let captures = format!("/v1/payments/{}/captures", paid.id);
    let part = world.post(&captures, Some("1"), Some(part)).await;
    let rest = world.post(&captures, Some("2"), None).await;
    let refund = world.post(&format!("/v1/payments/{}/refunds", paid.id), Some("1"), None).await;
    let void = world.post(&format!("/v1/payments/{}/void", held.id), Some("1"), None).await;

    assert_eq!((part.status, &part.body["status"]), (201, &json!("partially_captured")));
    assert_eq!((rest.status, &rest.body["status"]), (201, &json!("captured")));
    assert_eq!((refund.status, &refund.body["payment"]["status"]), (201, &json!("refunded")));
    assert_eq!((void.status, &void.body["status"]), (200, &json!("voided")));
    world.assert_books_agree().await;
}

#[tokio::test]
async fn what_is_not_possible_is_a_problem_with_a_code() {
    let world = World::new().await;
    let payment = world.captured().await;
    let refunds = format!("/v1/payments/{}/refunds", payment.id);
    let of =
        |minor: i64, currency: &str| json!({"amount": {"amount": minor, "currency": currency}});
    let unknown = "/v1/payments/payment_01h455vb4pex5vsknk084sn02q/refunds";

    let check = async |path: &str, body: Value, status: u16, code: &str| {
        let answer = world.post(path, Some("k"), Some(body)).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{path}");
    };
    check(&refunds, of(1001, "EUR"), 409, "amount-exceeded").await;
    check(&refunds, of(0, "EUR"), 422, "invalid-amount").await;
    check(&refunds, of(5, "JPY"), 422, "invalid-amount").await;
    check(&refunds, json!({"amount": 5}), 422, "invalid-body").await;
    check(&refunds, json!({"reason": "x".repeat(501)}), 422, "invalid-body").await;
    check(unknown, of(1, "EUR"), 404, "not-found").await;
    check("/v1/payments/nonsense/refunds", of(1, "EUR"), 404, "not-found").await;
    let captures = format!("/v1/payments/{}/captures", payment.id);
    check(&captures, json!({}), 409, "payment-state").await;
    // None of them used up the key.
    assert_eq!(world.post(&refunds, Some("k"), Some(of(1, "EUR"))).await.status, 201);
}

#[tokio::test]
async fn payments_are_listed_newest_first_in_pages() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.authorize("tok_visa").await.unwrap());
    }

    let mut found = Vec::new();
    let mut path = "/v1/payments?limit=2".to_owned();
    loop {
        let page = world.rest("GET", &path, "payments.read").await.body;
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/payments?limit=2&cursor={cursor}");
    }
    let of_order = format!("/v1/payments?order_id={}", ids[3].order_id);
    let of_order = world.rest("GET", &of_order, "payments.read").await.body;

    let expected: Vec<_> = ids.iter().rev().map(|payment| json!(payment.id)).collect();
    assert_eq!(found, expected);
    assert_eq!(of_order["items"].as_array().unwrap().len(), 1);
    assert_eq!(of_order["items"][0]["id"], json!(ids[3].id));
    for query in ["order_id=x", "limit=0", "cursor=%25", "colour=red"] {
        let answer = world.rest("GET", &format!("/v1/payments?{query}"), "payments.read").await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn one_payment_shows_its_refunds() {
    let world = World::new().await;
    let payment = world.captured().await;
    let refund = world.refund(&payment, 1, Some(300)).await.unwrap().refund.unwrap();

    let shown = world.rest("GET", &format!("/v1/payments/{}", payment.id), "payments.read").await;

    assert_eq!(shown.body["refunded"], json!({"amount": 300, "currency": "EUR"}));
    assert_eq!(shown.body["refunds"][0]["id"], json!(refund.id));
    assert_eq!(shown.body["refunds"][0]["reason"], "returned");
}

#[tokio::test]
async fn the_ledger_balances_and_tells_what_the_bank_owes() {
    let world = World::new().await;
    for part in [300, 1000] {
        let payment = world.captured().await;
        world.refund(&payment, 1, Some(part)).await.unwrap();
    }

    let lines = world.rest("GET", "/v1/ledger/entries?limit=100", "payments.read").await.body;
    let accounts = world.rest("GET", "/v1/ledger/accounts", "payments.read").await.body;

    let lines = lines["items"].as_array().unwrap().clone();
    assert_eq!(lines.len(), 8);
    for entry in lines.chunks(2) {
        assert_eq!(entry[0]["entry_id"], entry[1]["entry_id"]);
        assert_eq!(
            (&entry[0]["direction"], &entry[1]["direction"]),
            (&json!("debit"), &json!("credit"))
        );
        assert_eq!(entry[0]["amount"], entry[1]["amount"]);
    }
    let balance = |name: &str| {
        let accounts = accounts["items"].as_array().unwrap();
        let account = accounts.iter().find(|account| account["account"] == name).unwrap();
        account["balance"]["amount"].as_i64().unwrap()
    };
    let balances = ["provider_clearing", "sales", "refunds"].map(balance);
    assert_eq!(balances, [700, -2000, 1300]);
}

#[tokio::test]
async fn a_refund_with_an_unknown_outcome_is_accepted() {
    let world = World::new().await;
    let payment = world.captured().await;
    world.line.cut(crate::line::Cut::Silence);

    let path = format!("/v1/payments/{}/refunds", payment.id);
    let answer = world.post(&path, Some("k"), None).await;

    assert_eq!((answer.status, &answer.body["refund"]["status"]), (202, &json!("pending")));
}

#[test]
fn the_description_names_every_route() {
    let text = serde_json::to_value(payments::openapi()).unwrap();
    let paths: Vec<_> = text["paths"].as_object().unwrap().keys().collect();
    let expected = [
        "/v1/ledger/accounts",
        "/v1/ledger/entries",
        "/v1/payments",
        "/v1/payments/{id}",
        "/v1/payments/{id}/captures",
        "/v1/payments/{id}/refunds",
        "/v1/payments/{id}/void",
        "/v1/sandbox/operations",
    ];
    assert_eq!(paths, expected);
}

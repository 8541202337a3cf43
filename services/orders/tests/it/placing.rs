//! Placing an order: what is answered, what is kept, what is refused.

use serde_json::{Value, json};

use crate::rig::{ANN, BOB, Rig, address, token, wanted};

#[tokio::test]
async fn a_guest_orders_and_the_order_is_confirmed_and_paid() {
    let rig = Rig::open().await;

    let placed = rig.place(&wanted(&[("MUG", 2), ("CUP", 1)], "tok_visa")).send().await;

    assert_eq!(placed.status, 201, "{}", placed.text());
    let id = placed.id();
    assert_eq!(placed.header("location"), Some(&*format!("/v1/orders/{id}")));
    let order = placed.json();
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("pending"), &json!("none")));
    assert_eq!(order["number"], "1001");
    let eur = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    assert_eq!(order["totals"]["total"], eur(2 * 1299 + 100));
    assert_eq!(order["items"][0]["unit_price"], eur(1299));
    assert_eq!(order["items"][0]["title"], "The MUG");

    let order = rig.settled(&id).await;

    assert_eq!(order["status"], "confirmed", "{order:#}");
    assert_eq!(order["payment_status"], "captured");
    assert_eq!(order["fulfillment_status"], "unfulfilled");
    assert_eq!(order["access_token"], Value::Null, "the secret is told once");
    assert_eq!((rig.stock.available("MUG"), rig.stock.available("CUP")), (98, 99));
    assert!(rig.stock.sold_to(&id));
    assert_eq!(rig.bank.kept(&id), 2698);
    assert_eq!(rig.bank.effects(&id), ["authorize:1", "capture:1"]);
    let audit = rig.audit().await;
    let claims: Vec<_> = audit.claims.iter().map(|c| (c.fact, c.value.as_str())).collect();
    assert_eq!(claims, [("captured", "2698 EUR"), ("sold", "CUP=1,MUG=2")]);
    assert_eq!((audit.checked, audit.open.len()), (1, 0));
}

#[tokio::test]
async fn whoever_waits_is_answered_with_the_settled_order() {
    let rig = Rig::open().await;

    let confirmed = rig.place(&wanted(&[("MUG", 2)], "tok_visa")).wait().send().await;
    let rejected = rig.place(&wanted(&[("MUG", 101)], "tok_visa")).wait().send().await;

    assert_eq!((confirmed.status, rejected.status), (201, 201));
    assert_eq!(confirmed.header("preference-applied"), Some("wait=30"));
    assert_eq!(confirmed.json()["status"], "confirmed", "{}", confirmed.text());
    assert_eq!(confirmed.json()["payment_status"], "captured");
    let expected = json!({"code": "out_of_stock", "detail": "MUG: 101 asked, 98 available"});
    assert_eq!(rejected.json()["rejection"], expected);
    let _secret = confirmed.secret();
}

#[tokio::test]
async fn whoever_waits_is_told_at_once_that_the_payer_must_answer() {
    let rig = Rig::open().await;

    let placed = rig.place(&wanted(&[("MUG", 1)], "tok_challenge")).wait().send().await;

    let order = placed.json();
    assert_eq!(order["status"], "pending");
    assert_eq!(order["payment"]["status"], "action_required");
    assert_eq!(order["payment"]["challenge"]["kind"], "code");
}

#[tokio::test]
async fn a_repeated_key_returns_the_first_answer_byte_for_byte() {
    let mut rig = Rig::open().await;
    let body = wanted(&[("MUG", 2)], "tok_visa");
    let again = |rig: &Rig| rig.post("/v1/orders", &body).header("idempotency-key", "mine");
    let first = again(&rig).wait().send().await;

    let second = again(&rig).send().await;
    rig.die().await;
    rig.live().await;
    let third = again(&rig).wait().send().await;

    for repeated in [second, third] {
        assert_eq!((repeated.status, &repeated.body), (201, &first.body));
        assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
        assert_eq!(repeated.header("location"), first.header("location"));
    }
    assert_eq!(first.json()["status"], "confirmed");
    assert_eq!(rig.stock.available("MUG"), 98);
}

#[tokio::test]
async fn a_key_is_required_and_stands_for_one_request() {
    let rig = Rig::open().await;
    let place = |count| rig.post("/v1/orders", &wanted(&[("MUG", count)], "tok_visa"));

    let without = place(1).send().await;
    let _first = place(1).header("idempotency-key", "mine").send().await;
    let other = place(2).header("idempotency-key", "mine").send().await;

    assert_eq!(without.problem(), (400, "idempotency-key-missing".to_owned(), vec![]));
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned(), vec![]));
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_body_is_told_at_once() {
    let rig = Rig::open().await;
    let body = json!({
        "email": "nobody", "items": [{"sku": "MUG", "quantity": 0}, {"sku": " ", "quantity": 1}],
        "shipping_address": {"name": "", "line1": "x", "city": "y", "country": "Germany"},
        "payment": {"provider": "sandbox", "token": ""},
    });

    let refused = rig.place(&body).send().await;

    let (status, code, mut fields) = refused.problem();
    fields.sort();
    assert_eq!((status, code.as_str()), (422, "invalid-body"));
    assert_eq!(
        fields,
        [
            "/email",
            "/items/0/quantity",
            "/items/1/sku",
            "/payment/token",
            "/shipping_address/country",
            "/shipping_address/name",
        ]
    );
}

async fn check_refused(rig: &Rig, body: Value, status: u16, code: &str, fields: &[&str]) {
    let refused = rig.place(&body).send().await;
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(refused.problem(), (status, code.to_owned(), fields), "{body}");
}

#[tokio::test]
async fn what_cannot_be_an_order_is_refused_with_a_reason() {
    let rig = Rig::open().await;
    let yen = kernel::Money::new(500, "JPY".parse().unwrap());
    rig.tell(&crate::rig::product("FAN", 1, &[("FAN", yen)])).await;
    let visa = |items: &[(&str, i64)]| wanted(items, "tok_visa");
    let many: Vec<_> = std::iter::repeat_n(("MUG", 1), 101).collect();

    check_refused(&rig, visa(&[]), 422, "invalid-body", &["/items"]).await;
    check_refused(&rig, visa(&many), 422, "invalid-body", &["/items"]).await;
    let unknown = visa(&[("MUG", 1), ("NIL", 1), ("NUL", 1)]);
    check_refused(&rig, unknown, 422, "not-sold", &["/items/1/sku", "/items/2/sku"]).await;
    let mixed = visa(&[("MUG", 1), ("FAN", 1)]);
    check_refused(&rig, mixed, 422, "mixed-currencies", &["/items/1/sku"]).await;
    let mut extra = visa(&[("MUG", 1)]);
    extra["colour"] = json!("red");
    check_refused(&rig, extra, 422, "invalid-body", &["/colour"]).await;
    assert_eq!(rig.audit().await.checked, 0);
}

#[tokio::test]
async fn a_total_that_the_customer_did_not_agree_to_is_a_conflict_with_the_new_one() {
    let rig = Rig::open().await;
    let mut body = wanted(&[("MUG", 2)], "tok_visa");
    body["expected_total"] = json!({"amount": 2500, "currency": "EUR"});

    let refused = rig.place(&body).send().await;

    let expected = (409, "total-changed".to_owned(), vec!["/expected_total".to_owned()]);
    assert_eq!(refused.problem(), expected);
    assert_eq!(refused.json()["total"], json!({"amount": 2598, "currency": "EUR"}));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    body["expected_total"] = refused.json()["total"].clone();
    assert_eq!(rig.place(&body).send().await.status, 201);
}

#[tokio::test]
async fn shipping_is_added_in_the_currency_that_has_a_rate() {
    let rig = Rig::with(|settings| {
        settings.shipping_flat_minor = [("EUR".to_owned(), 490)].into();
    })
    .await;
    rig.sell("MUG", 1299, 10).await;

    let placed = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).wait().send().await.json();

    assert_eq!(placed["totals"]["shipping"]["amount"], 490);
    assert_eq!(placed["totals"]["total"]["amount"], 1789);
    assert_eq!(rig.bank.kept(placed["id"].as_str().unwrap()), 1789);
}

#[tokio::test]
async fn an_order_is_seen_by_its_owner_the_holder_of_its_secret_and_staff() {
    let rig = Rig::open().await;
    let ann = token(&rig.clock, ANN, &[]);
    let bob = token(&rig.clock, BOB, &[]);
    let guests = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;
    let anns = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).bearer(&ann).send().await;
    assert_eq!(anns.json()["access_token"], Value::Null);
    assert_eq!(anns.json()["user_id"], ANN);
    let guests_path = format!("/v1/orders/{}", guests.id());
    let anns_path = format!("/v1/orders/{}", anns.id());
    let secret = guests.secret();

    assert_eq!(rig.get(&guests_path).send().await.status, 404);
    assert_eq!(rig.get(&guests_path).secret("guessed").send().await.status, 404);
    assert_eq!(rig.get(&guests_path).bearer(&ann).send().await.status, 404);
    assert_eq!(rig.get(&guests_path).secret(&secret).send().await.status, 200);
    assert_eq!(rig.get(&guests_path).bearer(&rig.staff()).send().await.status, 200);
    assert_eq!(rig.get(&anns_path).bearer(&ann).send().await.status, 200);
    assert_eq!(rig.get(&anns_path).bearer(&bob).send().await.status, 404);
    assert_eq!(rig.get(&anns_path).secret(&secret).send().await.status, 404);
    assert_eq!(rig.get("/v1/orders/order_01h455vb4pex5vsknk084sn02q").send().await.status, 404);
    assert_eq!(rig.get("/v1/orders/nonsense").send().await.status, 404);
    for part in ["timeline", "events"] {
        assert_eq!(rig.get(&format!("{anns_path}/{part}")).bearer(&bob).send().await.status, 404);
    }
}

#[tokio::test]
async fn numbers_rise_and_are_never_given_twice_not_even_after_a_restart() {
    let mut rig = Rig::open().await;
    let mut numbers = Vec::new();
    for life in 0..2 {
        for _ in 0..3 {
            let placed = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;
            numbers.push(placed.json()["number"].as_str().unwrap().parse::<u32>().unwrap());
        }
        if life == 0 {
            rig.die().await;
            rig.live().await;
        }
    }

    assert_eq!(numbers, [1001, 1002, 1003, 1101, 1102, 1103]);
}

#[tokio::test]
async fn what_is_bought_and_for_how_much_stays_as_it_was_at_placement() {
    let rig = Rig::open().await;
    rig.stock.silence::<contracts::commands::ReserveStock>();
    let placed = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;
    let dearer = kernel::Money::new(9999, kernel::Currency::EUR);
    rig.tell(&crate::rig::product("MUG", 2, &[("MUG", dearer)])).await;

    let order = rig.order(&placed.id()).await;
    let next = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;

    assert_eq!(order["items"][0]["unit_price"]["amount"], 1299);
    assert_eq!(order["shipping_address"]["city"], address()["city"]);
    assert_eq!(next.json()["totals"]["total"]["amount"], 9999);
}

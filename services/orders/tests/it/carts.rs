//! Carts: gathered line by line, and completed once.

use serde_json::{Value, json};

use crate::rig::{ANN, Answer, Rig, address, token};

/// A guest's cart.
struct GuestCart<'a> {
    rig: &'a Rig,
    path: String,
    secret: String,
}

impl<'a> GuestCart<'a> {
    async fn new(rig: &'a Rig) -> Self {
        let made = rig.ask("POST", "/v1/carts").send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("/v1/carts/{}", made.id());
        assert_eq!(made.header("location"), Some(&*path));
        Self { rig, path, secret: made.secret() }
    }

    async fn full(rig: &'a Rig) -> Self {
        let cart = Self::new(rig).await;
        cart.send("POST", "/items", json!({"sku": "MUG", "quantity": 2})).await;
        cart.send("PUT", "/email", json!({"email": "guest@example.com"})).await;
        let told = cart.send("PUT", "/shipping-address", address()).await;
        assert_eq!(told.status, 200, "{}", told.text());
        cart
    }

    async fn send(&self, method: &str, part: &str, body: Value) -> Answer {
        let ask = self.rig.ask(method, &format!("{}{part}", self.path)).json(&body);
        ask.secret(&self.secret).send().await
    }

    async fn shown(&self) -> Value {
        self.rig.get(&self.path).secret(&self.secret).send().await.json()
    }

    async fn complete(&self, key: &str) -> Answer {
        let path = format!("{}/complete", self.path);
        let ask = self.rig.post(&path, &payment()).secret(&self.secret);
        ask.header("idempotency-key", key).wait().send().await
    }
}

fn payment() -> Value {
    json!({"payment": {"provider": "sandbox", "token": "tok_visa"}})
}

#[tokio::test]
async fn a_cart_shows_what_it_costs_at_this_moment() {
    let rig = Rig::open().await;
    let cart = GuestCart::new(&rig).await;
    cart.send("POST", "/items", json!({"sku": "MUG", "quantity": 2})).await;
    cart.send("POST", "/items", json!({"sku": "CUP", "quantity": 1})).await;
    cart.send("POST", "/items", json!({"sku": "MUG", "quantity": 1})).await;

    let shown = cart.shown().await;
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    assert_eq!(shown["items"][0]["quantity"], 3);
    assert_eq!(shown["items"][0]["title"], "The MUG");
    assert_eq!(shown["totals"]["total"], json!({"amount": 3 * 1299 + 100, "currency": "EUR"}));
    assert_eq!(shown["access_token"], Value::Null);

    let mug = format!("/items/{}", shown["items"][0]["id"].as_str().unwrap());
    cart.send("PATCH", &mug, json!({"quantity": 1})).await;
    let cup = format!("/items/{}", shown["items"][1]["id"].as_str().unwrap());
    let after = cart.send("DELETE", &cup, Value::Null).await.json();

    assert_eq!(after["totals"]["total"]["amount"], 1299);
    assert_eq!(after["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_line_that_is_not_sold_any_more_is_marked_and_the_cart_has_no_total() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;
    rig.tell(&crate::rig::product("MUG", 2, &[])).await;

    let shown = cart.shown().await;
    let refused = cart.complete("mine").await;

    assert_eq!(shown["items"][0]["sold"], false);
    assert_eq!(shown["totals"], Value::Null);
    let expected = (422, "not-sold".to_owned(), vec!["/items/0/sku".to_owned()]);
    assert_eq!(refused.problem(), expected);
}

#[tokio::test]
async fn a_cart_becomes_an_order_that_its_secret_opens() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;

    let completed = cart.complete("mine").await;

    assert_eq!(completed.status, 201, "{}", completed.text());
    assert_eq!(completed.json()["status"], "confirmed");
    assert_eq!(completed.secret(), cart.secret);
    let path = format!("/v1/orders/{}", completed.id());
    let order = rig.get(&path).secret(&cart.secret).send().await;
    assert_eq!(format!("/v1/carts/{}", order.json()["cart_id"].as_str().unwrap()), cart.path);
    let shown = cart.shown().await;
    assert_eq!((&shown["status"], &shown["order_id"]), (&json!("completed"), &json!(order.id())));
    rig.audit().await;
}

#[tokio::test]
async fn a_cart_becomes_one_order_however_often_it_is_completed() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;

    let (one, other) = tokio::join!(cart.complete("one"), cart.complete("other"));
    let repeated = cart.complete("one").await;
    let later = cart.complete("later").await;

    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    assert_eq!(later.status, 200);
    let ids = [one.id(), other.id(), repeated.id(), later.id()];
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(rig.stock.available("MUG"), 98);
    assert_eq!(rig.audit().await.checked, 1);
}

#[tokio::test]
async fn a_completed_cart_refuses_every_change() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;
    cart.complete("mine").await;
    let changes = [
        ("POST", "/items", json!({"sku": "MUG", "quantity": 2})),
        ("PUT", "/email", json!({"email": "other@example.com"})),
        ("PUT", "/shipping-address", address()),
        ("PUT", "/shipping-method", json!({"method": "standard"})),
        ("PUT", "/coupons", json!({"codes": []})),
    ];

    for (method, part, body) in changes {
        let refused = cart.send(method, part, body).await;
        assert_eq!(refused.problem(), (409, "cart-completed".to_owned(), vec![]), "{part}");
    }
}

#[tokio::test]
async fn an_incomplete_cart_tells_all_that_is_missing() {
    let rig = Rig::open().await;
    let cart = GuestCart::new(&rig).await;

    let refused = cart.complete("mine").await;

    let fields = ["/items", "/email", "/shipping_address"].map(str::to_owned).to_vec();
    assert_eq!(refused.problem(), (422, "cart-incomplete".to_owned(), fields));
}

async fn check_refused(cart: &GuestCart<'_>, part: &str, body: Value, code: &str, field: &str) {
    let method = if part == "/items" { "POST" } else { "PUT" };
    let refused = cart.send(method, part, body).await;
    assert_eq!(refused.problem(), (422, code.to_owned(), vec![field.to_owned()]), "{part}");
}

#[tokio::test]
async fn what_does_not_belong_into_a_cart_is_refused() {
    let rig = Rig::open().await;
    let cart = GuestCart::new(&rig).await;

    let unknown = json!({"sku": "NIL", "quantity": 1});
    check_refused(&cart, "/items", unknown, "not-sold", "/sku").await;
    let none = json!({"sku": "MUG", "quantity": 0});
    check_refused(&cart, "/items", none, "invalid-body", "/quantity").await;
    check_refused(&cart, "/email", json!({"email": "x"}), "invalid-body", "/email").await;
    let pigeon = json!({"method": "pigeon"});
    check_refused(&cart, "/shipping-method", pigeon, "invalid-body", "/method").await;
    let code = json!({"codes": ["HALF"]});
    check_refused(&cart, "/coupons", code, "coupon-unknown", "/codes/0").await;
    let mut nowhere = address();
    nowhere["country"] = json!("Atlantis");
    check_refused(&cart, "/shipping-address", nowhere, "invalid-body", "/country").await;
    let many = json!({"sku": "MUG", "quantity": 9_999});
    assert_eq!(cart.send("POST", "/items", many.clone()).await.status, 200);
    check_refused(&cart, "/items", many, "invalid-body", "/quantity").await;
}

#[tokio::test]
async fn a_cart_is_changed_only_by_who_saw_its_version() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;
    let path = format!("{}/email", cart.path);
    let body = json!({"email": "other@example.com"});
    let tell = || rig.ask("PUT", &path).json(&body).secret(&cart.secret);

    let stale = tell().header("if-match", "\"1\"").send().await;
    let current = rig.get(&cart.path).secret(&cart.secret).send().await;
    let fresh = tell().header("if-match", current.header("etag").unwrap()).send().await;

    assert_eq!(stale.problem(), (412, "stale-version".to_owned(), vec![]));
    assert_eq!(fresh.status, 200);
    assert_ne!(fresh.header("etag"), current.header("etag"));
}

#[tokio::test]
async fn a_cart_exists_for_its_owner_only() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;
    let ann = token(&rig.clock, ANN, &[]);
    let anns = rig.ask("POST", "/v1/carts").bearer(&ann).send().await;
    let anns_path = format!("/v1/carts/{}", anns.id());

    assert_eq!(anns.json()["access_token"], Value::Null);
    assert_eq!(rig.get(&anns_path).bearer(&ann).send().await.status, 200);
    assert_eq!(rig.get(&anns_path).secret(&cart.secret).send().await.status, 404);
    assert_eq!(rig.get(&cart.path).send().await.status, 404);
    assert_eq!(rig.get(&cart.path).bearer(&ann).send().await.status, 404);
    let theft = rig.post(&format!("{}/complete", cart.path), &payment());
    let theft = theft.bearer(&ann).header("idempotency-key", "theft").send().await;
    assert_eq!(theft.status, 404);
}

#[tokio::test]
async fn whoever_signs_in_before_completing_owns_the_order() {
    let rig = Rig::open().await;
    let cart = GuestCart::full(&rig).await;
    let ann = token(&rig.clock, ANN, &[]);

    let ask = rig.post(&format!("{}/complete", cart.path), &payment()).bearer(&ann);
    let completed = ask.secret(&cart.secret).header("idempotency-key", "mine").wait().send().await;

    assert_eq!(completed.json()["user_id"], ANN);
    let path = format!("/v1/orders/{}", completed.id());
    assert_eq!(rig.get(&path).bearer(&ann).send().await.status, 200);
}

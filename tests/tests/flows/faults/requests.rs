//! Requests that make no sense: each is a problem with a stable code that has a page, and changes
//! nothing.

use flows::{Shop, body_of, order_of, place};
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Ask};

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 10).await;
    shop.order("before", &order_of(&[("TEA", 1)], "tok_visa")).await;
    shop.at_rest().await;
    shop
}

/// Nothing came of all that: the same orders, the same stock, and the next order is served.
async fn is_as_before(shop: &Shop) {
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.level("TEA").await.available, 9);
    let order = shop.order("after", &order_of(&[("TEA", 1)], "tok_visa")).await;
    assert_eq!(order["status"], "confirmed");
    shop.audited().await;
}

/// Sees that the answer is a problem of this kind, with a page; gives the fields it points at.
async fn problem(shop: &Shop, ask: Ask, status: u16, code: &str) -> Vec<String> {
    let what = format!("{ask:?}");
    let what = &what[..what.len().min(600)];
    let answer: Answer = ask.send().await;
    let found = (answer.status, answer.problem());
    assert_eq!(found, (status, Some(code.to_owned())), "{what}: {}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    let trace = problem["trace_id"].as_str().expect("a trace");
    assert!(answer.header("traceparent").is_some_and(|sent| sent.contains(trace)), "{problem}");
    let page = problem["type"].as_str().expect("a page");
    assert_eq!(shop.guest.get(page).send().await.status, 200, "{page}");
    let fields = problem["errors"].as_array().cloned().unwrap_or_default();
    fields.iter().map(|field| field["pointer"].as_str().expect("a pointer").to_owned()).collect()
}

fn post(shop: &Shop, body: &str) -> Ask {
    let ask = shop.guest.ask(Method::POST, "/v1/orders").header("idempotency-key", "k");
    ask.body("application/json", body.to_owned())
}

#[tokio::test]
async fn a_body_that_is_no_order_is_refused() {
    let shop = shop().await;
    let check =
        async |body: &str, status, code| problem(&shop, post(&shop, body), status, code).await;

    check("", 400, "malformed-json").await;
    check("{", 400, "malformed-json").await;
    let trailing = format!("{} and so on", order_of(&[("TEA", 1)], "tok_visa"));
    check(&trailing, 400, "malformed-json").await;
    check("{\"email\": \"\u{0}\"}", 400, "malformed-json").await;
    check(&"[".repeat(50_000), 422, "invalid-body").await;
    check("[]", 422, "invalid-body").await;
    check("null", 422, "invalid-body").await;
    check("{}", 422, "invalid-body").await;
    let latin1 = shop.guest.ask(Method::POST, "/v1/orders").header("idempotency-key", "k");
    let latin1 = latin1.body("application/json", b"{\"email\": \"\xe9\"}".to_vec());
    problem(&shop, latin1, 400, "malformed-json").await;
    let form = shop.guest.ask(Method::POST, "/v1/orders").header("idempotency-key", "k");
    let form = form.body("application/x-www-form-urlencoded", "email=a");
    problem(&shop, form, 415, "unsupported-media-type").await;

    is_as_before(&shop).await;
}

/// An order with one member replaced.
fn order_with(pointer: &str, value: Value) -> String {
    let mut body = order_of(&[("TEA", 1)], "tok_visa");
    match body.pointer_mut(pointer) {
        Some(member) => *member = value,
        None => body[pointer.trim_start_matches('/')] = value,
    }
    body.to_string()
}

#[tokio::test]
async fn a_field_that_is_wrong_is_pointed_at() {
    let shop = shop().await;
    let check = async |pointer: &str, value: Value| {
        let body = order_with(pointer, value);
        let fields = problem(&shop, post(&shop, &body), 422, "invalid-body").await;
        assert!(fields.iter().any(|field| field.starts_with(pointer)), "{pointer}: {fields:?}");
    };

    check("/email", json!(7)).await;
    check("/email", json!("")).await;
    check("/email", json!("nobody")).await;
    check("/email", json!("a\u{0}@example.com")).await;
    check("/email", json!(format!("{}@example.com", "a".repeat(5000)))).await;
    check("/items", json!([])).await;
    check("/items", json!({"sku": "TEA"})).await;
    check("/items/0/quantity", json!(0)).await;
    check("/items/0/quantity", json!(-1)).await;
    check("/items/0/quantity", json!(1.5)).await;
    check("/items/0/quantity", json!("1")).await;
    check("/items/0/quantity", json!(10_000)).await;
    check("/items/0/quantity", json!(9_223_372_036_854_775_807_i64)).await;
    check("/items/0/sku", json!("")).await;
    check("/items/0/sku", json!("T\u{0}A")).await;
    check("/items/0/sku", json!("T".repeat(1000))).await;
    check("/shipping_address/country", json!("Germany")).await;
    check("/shipping_address/country", json!("D1")).await;
    check("/shipping_address/name", json!("\u{0}")).await;
    check("/shipping_address/line1", json!("x".repeat(5000))).await;
    check("/payment/token", json!("")).await;
    check("/payment/provider", json!("")).await;
    check("/expected_total", json!({"amount": "1", "currency": "EUR"})).await;
    check("/expected_total", json!({"amount": 1, "currency": "GOLD"})).await;
    check("/colour", json!("red")).await;

    is_as_before(&shop).await;
}

#[tokio::test]
async fn several_fields_that_are_wrong_are_told_at_once() {
    let shop = shop().await;
    let mut body = body_of(json!([{"sku": "", "quantity": -1}]), "");
    body["email"] = json!("nobody");

    let fields = problem(&shop, post(&shop, &body.to_string()), 422, "invalid-body").await;

    for wrong in ["/email", "/items/0/sku", "/items/0/quantity", "/payment/token"] {
        assert!(fields.iter().any(|field| field == wrong), "{wrong} is not in {fields:?}");
    }
    is_as_before(&shop).await;
}

#[tokio::test]
async fn an_order_that_the_shop_cannot_serve_is_refused_at_once() {
    let shop = shop().await;
    let yen = json!({
        "slug": "fan", "title": "Fan", "status": "published",
        "variants": [{"sku": "FAN", "price": {"amount": 800, "currency": "JPY"}, "on_hand": 9}],
    });
    assert_eq!(shop.admin.post("/v1/products", &yen).send().await.status, 201);
    shop.at_rest().await;
    let check = async |body: Value, status, code| {
        let ask = place(&shop.guest, "k", &body);
        problem(&shop, ask, status, code).await
    };

    let unknown = order_of(&[("TEA", 1), ("CAKE", 1)], "tok_visa");
    assert_eq!(check(unknown, 422, "not-sold").await, ["/items/1/sku"]);
    let mixed = order_of(&[("TEA", 1), ("FAN", 1)], "tok_visa");
    check(mixed, 422, "mixed-currencies").await;
    let mut stale = order_of(&[("TEA", 1)], "tok_visa");
    stale["expected_total"] = json!({"amount": 1, "currency": "EUR"});
    check(stale, 409, "total-changed").await;
    let lines: Vec<(&str, u32)> = vec![("TEA", 1); 101];
    check(order_of(&lines, "tok_visa"), 422, "invalid-body").await;

    is_as_before(&shop).await;
}

#[tokio::test]
async fn a_product_that_is_wrong_is_refused() {
    let shop = shop().await;
    let product = |change: &dyn Fn(&mut Value)| {
        let mut product = json!({
            "slug": "cup", "title": "Cup", "status": "published",
            "variants": [{"sku": "CUP", "price": {"amount": 1, "currency": "EUR"}, "on_hand": 1}],
        });
        change(&mut product);
        shop.admin.post("/v1/products", &product)
    };
    let check = async |change: &dyn Fn(&mut Value), status, code| {
        problem(&shop, product(change), status, code).await;
    };

    check(&|p| p["variants"][0]["price"]["currency"] = json!("GOLD"), 422, "invalid-body").await;
    check(&|p| p["variants"][0]["price"]["amount"] = json!(-1), 422, "invalid-body").await;
    check(&|p| p["variants"][0]["on_hand"] = json!(-1), 422, "invalid-body").await;
    check(&|p| p["title"] = json!("C\u{0}p"), 422, "invalid-body").await;
    check(&|p| p["slug"] = json!("Not A Slug"), 422, "invalid-body").await;
    check(&|p| p["status"] = json!("lost"), 422, "invalid-body").await;
    check(&|p| p["variants"] = json!([]), 422, "invalid-body").await;
    check(&|p| p["slug"] = json!("tea"), 409, "slug-taken").await;
    check(&|p| p["variants"][0]["sku"] = json!("TEA"), 409, "sku-taken").await;
    let guests = shop.guest.post("/v1/products", &json!({}));
    problem(&shop, guests, 401, "unauthenticated").await;

    is_as_before(&shop).await;
}

#[tokio::test]
async fn paths_ids_and_cursors_that_lead_nowhere_are_refused() {
    let shop = shop().await;
    let check = async |path: &str, status, code| {
        problem(&shop, shop.admin.get(path), status, code).await;
    };

    check("/v1/nowhere", 404, "no-such-path").await;
    check("/v1/orders/none", 404, "not-found").await;
    check("/v1/orders/order_01h455vb4pex5vsknk084sn02q", 404, "not-found").await;
    check("/v1/orders/product_01h455vb4pex5vsknk084sn02q", 404, "not-found").await;
    check("/v1/orders/%00", 404, "not-found").await;
    check("/v1/orders/%ff", 400, "invalid-path").await;
    check("/v1/products/none", 404, "not-found").await;
    check("/v1/inventory/NONE", 404, "not-found").await;
    check("/v1/payments/none", 404, "not-found").await;
    check("/v1/carts/cart_01h455vb4pex5vsknk084sn02q", 404, "not-found").await;
    for list in ["orders", "products", "payments", "ledger/entries", "sandbox/operations", "users"]
    {
        check(&format!("/v1/{list}?cursor=none"), 400, "invalid-cursor").await;
        check(&format!("/v1/{list}?limit=0"), 400, "invalid-query").await;
        check(&format!("/v1/{list}?limit=101"), 400, "invalid-query").await;
        check(&format!("/v1/{list}?limit=ten"), 400, "invalid-query").await;
        check(&format!("/v1/{list}?colour=red"), 400, "invalid-query").await;
    }
    check("/v1/orders?status=lost", 400, "invalid-query").await;
    check("/v1/products?sort=colour", 400, "invalid-query").await;
    check("/v1/products?price_min=cheap", 400, "invalid-query").await;
    let method = shop.admin.ask(Method::DELETE, "/v1/orders");
    problem(&shop, method, 405, "method-not-allowed").await;
    let token = shop.guest.bearer("not.a.token").get("/v1/orders");
    problem(&shop, token, 401, "invalid-token").await;

    is_as_before(&shop).await;
}

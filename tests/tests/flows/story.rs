//! The main job, by HTTP alone: register, browse, order, be served; and what each service kept.

use flows::{Bank, Level, Shop, id_of, order_of, pages, place};
use http::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use testkit::Client;

const MUG: &str = "AERO-BLK";

async fn register(shop: &Shop, email: &str) -> Client {
    let password = "correct horse battery staple";
    let account = json!({"email": email, "password": password, "name": "Ada"});
    let answer = shop.guest.post("/v1/users", &account).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    shop.guest.log_in(email, password).await
}

async fn mug_shop() -> Shop {
    let shop = Shop::open().await;
    let product = json!({
        "slug": "aero-mug", "title": "Aero Mug", "description": "A mug for tea in the garden.",
        "status": "published", "category": "kitchen",
        "variants": [
            {"sku": MUG, "title": "Black", "on_hand": 100,
             "price": {"amount": 1299, "currency": "EUR"}},
            {"sku": "AERO-WHT", "title": "White", "on_hand": 5,
             "price": {"amount": 1399, "currency": "EUR"}},
        ],
    });
    let answer = shop.admin.post("/v1/products", &product).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    shop.stock("LAMP", 4900, 3).await;
    shop
}

#[tokio::test]
async fn a_customer_registers_browses_orders_and_is_served() {
    let shop = mug_shop().await;

    let customer = register(&shop, "ada@example.com").await;
    let found = customer.get("/v1/products?q=tea+garden&category=kitchen").send().await.json();
    let slug = found["items"][0]["slug"].as_str().expect("the mug is found").to_owned();
    let product = customer.get(&format!("/v1/products/{slug}")).send().await.json();
    let variant = &product["variants"][0];
    let wish = format!("/v1/users/me/wishlist/{}", variant["id"].as_str().expect("an id"));
    assert_eq!(customer.ask(Method::PUT, &wish).send().await.status, 204);
    let wishes = customer.get("/v1/users/me/wishlist").send().await.json();
    let sku = variant["sku"].as_str().expect("a sku");
    let answer = place(&customer, "k1", &order_of(&[(sku, 2), ("LAMP", 1)], "tok_visa"))
        .header("prefer", "wait=30")
        .send()
        .await;

    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(wishes["items"][0]["available"], 100, "{wishes}");
    assert_eq!(wishes["items"][0]["price"]["amount"], 1299, "{wishes}");
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("preference-applied"), Some("wait=30"));
    let order = answer.json();
    assert_eq!(answer.header("location"), Some(&*format!("/v1/orders/{}", id_of(&answer))));
    assert_eq!(order["status"], "confirmed");
    assert_eq!(order["payment_status"], "captured");
    assert_eq!(order["totals"]["total"], json!({"amount": 2 * 1299 + 4900, "currency": "EUR"}));
    let own = pages(&customer, "/v1/orders?limit=1").await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["id"], order["id"]);
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn an_order_is_seen_by_its_owner_and_staff_and_by_nobody_else() {
    let shop = mug_shop().await;
    let customer = register(&shop, "ada@example.com").await;
    let stranger = register(&shop, "eve@example.com").await;
    let body = order_of(&[(MUG, 1)], "tok_visa");

    let theirs = id_of(&place(&customer, "k1", &body).send().await);
    let guests = place(&shop.guest, "k1", &body).send().await;

    let path = format!("/v1/orders/{theirs}");
    let status = async |client: &Client, path: &str| client.get(path).send().await.status;
    assert_eq!(status(&customer, &path).await, 200);
    assert_eq!(status(&shop.admin, &path).await, 200);
    assert_eq!(status(&stranger, &path).await, 404);
    assert_eq!(status(&shop.guest, &path).await, 404);
    let path = format!("/v1/orders/{}", id_of(&guests));
    let secret = guests.json()["access_token"].as_str().expect("told once").to_owned();
    let opened = shop.guest.get(&path).header("stoa-access-token", &secret).send().await;
    assert_eq!(opened.status, 200);
    assert!(opened.json().get("access_token").is_none(), "told once: {}", opened.text());
    assert_eq!(status(&shop.guest, &path).await, 404);
    assert_eq!(status(&customer, &path).await, 404);
}

#[tokio::test]
async fn a_guest_fills_a_cart_and_completes_it() {
    let shop = mug_shop().await;
    let cart = shop.guest.ask(Method::POST, "/v1/carts").send().await;
    assert_eq!(cart.status, 201, "{}", cart.text());
    let secret = cart.json()["access_token"].as_str().expect("told once").to_owned();
    let path = format!("/v1/carts/{}", id_of(&cart));
    let ask = async |method: Method, at: &str, body: Value| {
        let ask = shop.guest.ask(method, &format!("{path}{at}")).json(&body);
        let answer = ask.header("stoa-access-token", &secret).send().await;
        assert_eq!(answer.status, 200, "{at}: {}", answer.text());
        answer.json()
    };

    ask(Method::POST, "/items", json!({"sku": MUG, "quantity": 1})).await;
    let filled = ask(Method::POST, "/items", json!({"sku": "LAMP", "quantity": 3})).await;
    let lamp = filled["items"][1]["id"].as_str().expect("an id");
    ask(Method::PATCH, &format!("/items/{lamp}"), json!({"quantity": 1})).await;
    ask(Method::PUT, "/email", json!({"email": "guest@example.com"})).await;
    let address = order_of(&[], "tok_visa")["shipping_address"].clone();
    let priced = ask(Method::PUT, "/shipping-address", address).await;
    let payment = json!({"provider": "sandbox", "token": "tok_visa"});
    let complete = json!({"payment": payment, "expected_total": priced["totals"]["total"]});
    let complete = shop.guest.post(&format!("{path}/complete"), &complete);
    let complete = complete.header("idempotency-key", "k1").header("prefer", "wait=30");
    let answer = complete.header("stoa-access-token", &secret).send().await;

    assert_eq!(answer.status, 201, "{}", answer.text());
    let order = answer.json();
    assert_eq!(order["status"], "confirmed");
    assert_eq!(order["totals"]["total"]["amount"], 1299 + 4900);
    assert_eq!(order["cart_id"], cart.json()["id"]);
    let opened = shop.guest.get(&format!("/v1/orders/{}", id_of(&answer)));
    assert_eq!(opened.header("stoa-access-token", &secret).send().await.status, 200);
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn each_service_tells_its_part_of_a_served_order() {
    let shop = mug_shop().await;

    let order = shop.order("k1", &order_of(&[(MUG, 2)], "tok_visa")).await;

    let id = order["id"].as_str().expect("an id");
    assert_eq!(shop.level(MUG).await, Level::free(98));
    let moved = pages(&shop.admin, &format!("/v1/inventory/{MUG}/movements?limit=100")).await;
    let kinds: Vec<&Value> = moved.iter().map(|movement| &movement["kind"]).collect();
    assert_eq!(kinds, ["commit", "reserve", "initial"]);
    let payments = pages(&shop.admin, &format!("/v1/payments?order_id={id}")).await;
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0]["status"], "captured");
    assert_eq!(payments[0]["captured"]["amount"], 2598);
    let entries = pages(&shop.admin, "/v1/ledger/entries?limit=100").await;
    let booked: Vec<_> = entries.iter().map(|e| (&e["account"], &e["direction"])).collect();
    let (debit, credit) = (json!("debit"), json!("credit"));
    let expected = [(&json!("provider_clearing"), &debit), (&json!("sales"), &credit)];
    assert_eq!(booked, expected);
    let bank = Bank::read(&shop.admin).await;
    let paid = Bank { authorized: 2598, captured: 2598, captures: 1, ..Bank::default() };
    assert_eq!(bank[id], paid);
}

#[tokio::test]
async fn one_order_is_written_to_the_database_of_each_service() {
    let mut shop = mug_shop().await;
    let customer = register(&shop, "ada@example.com").await;

    place(&customer, "k1", &order_of(&[(MUG, 1)], "tok_visa"))
        .header("prefer", "wait=30")
        .send()
        .await;
    shop.at_rest().await;

    assert!(shop.system.stop().await.success());
    let report = shop.audited().await;
    for party in ["users", "products", "orders", "payments", "sandbox"] {
        assert!(report["checked"][party].as_u64() >= Some(1), "{party}: {report:#}");
    }
    assert_eq!(report["compared"], 2, "captured and sold: {report:#}");
    let rows = |file: &str, count: &str| {
        let path = shop.folder.path().join(file);
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let opened = opened.unwrap_or_else(|e| panic!("{file}: {e}"));
        opened.query_row(count, [], |row| row.get::<_, i64>(0)).expect("it counts")
    };
    assert_eq!(rows("users.db", "SELECT COUNT(id) FROM users"), 2);
    assert_eq!(rows("products.db", "SELECT COUNT(order_id) FROM reservation"), 1);
    assert_eq!(rows("orders.db", "SELECT COUNT(id) FROM orders"), 1);
    assert_eq!(rows("payments.db", "SELECT COUNT(id) FROM payments"), 1);
    assert_eq!(rows("sandbox.db", "SELECT COUNT(key) FROM bank_operations"), 2);
    assert_eq!(rows("queue.db", "SELECT COUNT(seq) FROM queue_message"), 0);
    assert!(rows("queue.db", "SELECT COUNT(kind) FROM binding") > 0);
    // What crossed the queue left its mark where it was handled.
    assert!(rows("products.db", "SELECT COUNT(message_id) FROM inbox") >= 2);
    assert!(rows("orders.db", "SELECT COUNT(message_id) FROM inbox") >= 2);
}

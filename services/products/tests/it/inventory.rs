//! Stock is set, corrected and told, each change with its movement.

use serde_json::{Value, json};

use crate::shop::Shop;

/// kind, on_hand_delta, reserved_delta, on_hand, reserved of each movement, the oldest first.
async fn movements(shop: &Shop, sku: &str) -> Vec<(String, i64, i64, i64, i64)> {
    let path = format!("/v1/inventory/{sku}/movements?limit=100");
    let mut all = shop.staff_get(&path).await.json()["items"].as_array().unwrap().clone();
    all.reverse();
    let figure = |m: &Value, name: &str| m[name].as_i64().unwrap();
    let row = |m: &Value| {
        (
            m["kind"].as_str().unwrap().to_owned(),
            figure(m, "on_hand_delta"),
            figure(m, "reserved_delta"),
            figure(m, "on_hand"),
            figure(m, "reserved"),
        )
    };
    all.iter().map(row).collect()
}

#[tokio::test]
async fn every_change_of_stock_has_its_movement() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();

    shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 12})).await;
    let broken = json!({"delta": -2, "reason": "broken"});
    shop.send("POST", "/v1/inventory/MUG/adjustments", &broken).await;
    shop.reserve(order, &[("MUG", 3)]).await;
    shop.commit(order).await;
    shop.release(order).await;

    let row = |kind: &str, a, b, c, d| (kind.to_owned(), a, b, c, d);
    let expected = [
        row("initial", 10, 0, 10, 0),
        row("set", 2, 0, 12, 0),
        row("adjustment", -2, 0, 10, 0),
        row("reserve", 0, 3, 10, 3),
        row("commit", -3, -3, 7, 0),
        row("return", 3, 0, 10, 0),
    ];
    assert_eq!(movements(&shop, "MUG").await, expected);
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_correction_answers_with_the_level_and_is_told() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    shop.hear_many(1).await;

    let set = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 7})).await;
    let same = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 7})).await;
    let found = json!({"delta": 1, "reason": "found one"});
    let adjusted = shop.send("POST", "/v1/inventory/MUG/adjustments", &found).await;

    let level = json!({"sku": "MUG", "on_hand": 7, "reserved": 0, "available": 7});
    assert_eq!((set.json(), same.json()), (level.clone(), level));
    assert_eq!(adjusted.json()["on_hand"], 8);
    let heard = shop.hear_many(2).await.remove("MUG").unwrap();
    let bodies: Vec<Value> = heard.iter().map(|m| serde_json::from_str(&m.body).unwrap()).collect();
    assert_eq!(bodies[0], json!({"sku": "MUG", "delta": -3, "on_hand": 7, "reason": "set"}));
    assert_eq!(bodies[1], json!({"sku": "MUG", "delta": 1, "on_hand": 8, "reason": "found one"}));
}

#[tokio::test]
async fn what_orders_hold_cannot_be_counted_away() {
    let shop = Shop::unswept().await;
    shop.stock("MUG", 10).await;
    shop.reserve(shop.order(), &[("MUG", 4)]).await;

    let set = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 3})).await;
    let lost = json!({"delta": -7, "reason": "lost"});
    let adjusted = shop.send("POST", "/v1/inventory/MUG/adjustments", &lost).await;

    assert_eq!(set.problem(), (409, "below-reserved".to_owned()));
    assert_eq!(adjusted.problem(), (409, "below-reserved".to_owned()));
    assert_eq!(shop.level("MUG").await, (10, 4, 6));

    // Once the lease has ended, the pieces are free without anybody sweeping.
    shop.clock.advance(std::time::Duration::from_secs(601));
    let set = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 3})).await;
    assert_eq!((set.status, shop.level("MUG").await), (200, (3, 0, 3)));
    shop.books_are_right().await;
}

#[tokio::test]
async fn wrong_corrections_are_refused() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let adjust = |body: Value| {
        let shop = &shop;
        async move { shop.send("POST", "/v1/inventory/MUG/adjustments", &body).await }
    };

    let unknown = shop.send("PUT", "/v1/inventory/LAMP", &json!({"on_hand": 1})).await;
    let negative = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": -1})).await;
    let float = shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 1.5})).await;
    let nothing = adjust(json!({"delta": 0, "reason": ""})).await;
    let too_many = adjust(json!({"delta": 1_000_000_000, "reason": "found"})).await;

    assert_eq!(unknown.problem(), (404, "not-found".to_owned()));
    assert_eq!(negative.problem(), (422, "invalid-body".to_owned()));
    assert_eq!(float.problem(), (422, "invalid-body".to_owned()));
    assert_eq!(nothing.pointers(), ["/delta", "/reason"]);
    assert_eq!(too_many.problem(), (422, "too-many-pieces".to_owned()));
    assert_eq!(shop.level("MUG").await, (10, 0, 10));
}

#[tokio::test]
async fn movements_come_in_pages_of_their_own_sku() {
    let shop = Shop::open().await;
    shop.stock("MUG", 1).await;
    shop.stock("LAMP", 1).await;
    for on_hand in 2..8 {
        shop.send("PUT", "/v1/inventory/MUG", &json!({ "on_hand": on_hand })).await;
    }

    let first = shop.staff_get("/v1/inventory/MUG/movements?limit=4").await.json();
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let path = |sku: &str| format!("/v1/inventory/{sku}/movements?limit=4&cursor={cursor}");
    let second = shop.staff_get(&path("MUG")).await.json();

    let numbers = |page: &Value| {
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|m| m["sequence"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&first), numbers(&second)), (vec![7, 6, 5, 4], vec![3, 2, 1]));
    assert_eq!(second["next_cursor"], Value::Null);
    let other = shop.staff_get(&path("LAMP")).await;
    assert_eq!(other.problem(), (400, "invalid-cursor".to_owned()));
    assert_eq!(shop.get("/v1/inventory/MUG").await.status, 401);
}

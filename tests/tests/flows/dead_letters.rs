//! Messages that were given up: listed with their reason, and given another try.

use flows::{Shop, order_of, place};
use rusqlite::Connection;
use serde_json::Value;
use testkit::system;

/// A shop that died with a message under way, which then was given up.
async fn shop_with_a_dead_letter() -> Shop {
    let mut shop = Shop::open().await;
    shop.stock("TEA", 500, 10).await;
    shop.system.kill().await;
    shop.revive(&[("STOA_CRASH_AT", "queue.publish.commit.after")]).await;
    // It dies between this and the answer, or right after it.
    let _ = place(&shop.guest, "k", &order_of(&[("TEA", 1)], "tok_visa")).attempt().await;
    let ended = shop.system.ended(std::time::Duration::from_secs(5)).await;
    assert!(ended.is_some(), "the message is published");
    let execute = |file: &str, sql: &str| {
        let database = Connection::open(shop.folder.path().join(file)).expect("it opens");
        database.execute_batch(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    };
    execute(
        "queue.db",
        "INSERT INTO dead_letter (seq, queue, message_id, kind, role, source, message_key, at_ms,
            trace, body, attempts, reason, died_at_ms)
         SELECT seq, queue, message_id, kind, role, source, message_key, at_ms, trace, body, 10,
            'the warehouse was closed', 0
         FROM queue_message;
         DELETE FROM queue_message",
    );
    execute("orders.db", "DELETE FROM outbox");
    shop.revive(&[("STOA_CRASH_AT", "")]).await;
    shop
}

async fn run(shop: &Shop, arguments: &[&str]) -> system::Ran {
    let url = format!("http://{}", shop.system.listen);
    let (email, password) = system::ADMIN;
    let login = ["--url", &url, "--email", email, "--password", password];
    let arguments = [&["dead-letters"], arguments, &login].concat();
    system::run(shop.folder.path(), &arguments).await
}

#[tokio::test]
async fn a_dead_letter_is_listed_with_its_reason_and_served_after_a_redrive() {
    let shop = shop_with_a_dead_letter().await;
    let orders = shop.orders().await;
    let (id, order) = orders.first_key_value().expect("the order is there");
    assert_eq!(order["status"], "pending");

    let text = run(&shop, &["list"]).await;
    let listed = run(&shop, &["list", "--queue", "products", "--output", "json"]).await;
    let elsewhere = run(&shop, &["list", "--queue", "orders"]).await;
    let none = run(&shop, &["redrive", "--queue", "orders", "--output", "json"]).await;
    let redriven = run(&shop, &["redrive", "--output", "json"]).await;

    assert_eq!(text.code, Some(0), "{text:?}");
    for word in ["products", "products.reserve_stock.v1", id, "the warehouse was closed"] {
        assert!(text.stdout.contains(word), "{word:?} is not in {}", text.stdout);
    }
    let letters: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(letters.len(), 1, "{listed:?}");
    let letter: Value = serde_json::from_str(letters[0]).expect("it is JSON");
    assert_eq!((&letter["key"], &letter["attempts"]), (&Value::from(&**id), &Value::from(10)));
    assert!(!elsewhere.stdout.contains("products"), "{elsewhere:?}");
    assert_eq!(none.json()["redriven"], 0);
    assert_eq!(redriven.json()["redriven"], 1);
    assert_eq!(shop.settled(id).await["status"], "confirmed");
    shop.at_rest().await;
    assert!(!run(&shop, &["list"]).await.stdout.contains(&**id));
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn dead_letters_are_for_staff() {
    let shop = Shop::open().await;

    let guests = shop.guest.get("/v1/ops/dead-letters").send().await;
    let url = format!("http://{}", shop.system.listen);
    let arguments = ["dead-letters", "list", "--url", &url];
    let nobody = system::run(shop.folder.path(), &arguments).await;
    let wrong = ["--email", system::ADMIN.0, "--password", "a guess that is wrong"];
    let wrong = system::run(shop.folder.path(), &[&arguments[..], &wrong].concat()).await;

    assert_eq!(guests.status, 401);
    assert_eq!(nobody.code, Some(64), "{nobody:?}");
    assert_eq!(wrong.code, Some(77), "{wrong:?}");
}

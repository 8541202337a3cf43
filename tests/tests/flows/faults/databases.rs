//! Database files of another version, damaged, or no databases at all.

use std::{fs, path::Path};

use flows::{order_of, place};
use http::Method;
use rusqlite::Connection;
use serde_json::json;

use super::Closed;

const FILES: [&str; 6] =
    ["users.db", "products.db", "orders.db", "payments.db", "queue.db", "sandbox.db"];

fn execute(folder: &Path, file: &str, sql: &str) {
    let database = Connection::open(folder.join(file)).expect("it opens");
    database.execute_batch(sql).unwrap_or_else(|e| panic!("{file}: {sql}: {e}"));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let closed = Closed::new().await;
    for file in FILES {
        execute(
            closed.folder.path(),
            file,
            "INSERT INTO schema_migration (component, version, name, text, applied_at_ms)
             SELECT component, 999, 'from_the_future', '', 0 FROM schema_migration
             WHERE component <> 'delivery' AND component <> 'saga' LIMIT 1",
        );

        closed.refuses(&[], 78, &[file.trim_end_matches(".db"), "999"]).await;

        execute(closed.folder.path(), file, "DELETE FROM schema_migration WHERE version = 999");
    }
    closed.opens().await;
}

#[tokio::test]
async fn a_database_whose_migrations_were_altered_is_left_alone() {
    let closed = Closed::new().await;
    let alter = |from: &str, to: &str| {
        let sql = format!(
            "UPDATE schema_migration SET text = REPLACE(text, '{from}', '{to}')
             WHERE component = 'orders' AND version = 1"
        );
        execute(closed.folder.path(), "orders.db", &sql);
    };
    alter("CREATE TABLE", "CREATE  TABLE");

    closed.refuses(&[], 78, &["orders", "1"]).await;

    alter("CREATE  TABLE", "CREATE TABLE");
    closed.opens().await;
}

#[tokio::test]
async fn a_database_of_an_older_version_is_brought_up_to_date() {
    let closed = Closed::new().await;
    execute(
        closed.folder.path(),
        "orders.db",
        "DROP TABLE sellable; DROP TABLE published;
         DELETE FROM schema_migration WHERE component = 'orders' AND version = 3",
    );

    let shop = closed.opens().await;

    // What the new tables hold is told again with the next change of the product.
    let change = json!({"title": "The finest TEA"});
    let changed = shop.admin.ask(Method::PATCH, "/v1/products/tea").json(&change);
    let changed = changed.header("if-match", "*").send().await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    shop.at_rest().await;
    let order = shop.order("k2", &order_of(&[("TEA", 1)], "tok_visa")).await;
    assert_eq!(order["status"], "confirmed");
}

#[tokio::test]
async fn a_database_that_forgot_its_version_is_left_as_it_is() {
    let closed = Closed::new().await;
    let rows = || {
        let database = Connection::open(closed.folder.path().join("orders.db")).expect("it opens");
        let count = "SELECT COUNT(id) FROM orders";
        database.query_row(count, [], |row| row.get::<_, i64>(0)).expect("it counts")
    };
    execute(
        closed.folder.path(),
        "orders.db",
        "CREATE TABLE kept AS SELECT * FROM schema_migration; DELETE FROM schema_migration",
    );

    closed.refuses(&[], 65, &["orders.db", "already exists"]).await;

    assert_eq!(rows(), 1);
    let restore = "DELETE FROM schema_migration; \
                   INSERT INTO schema_migration SELECT * FROM kept; DROP TABLE kept";
    execute(closed.folder.path(), "orders.db", restore);
    closed.opens().await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_and_left_alone() {
    let closed = Closed::new().await;
    for file in FILES {
        let path = closed.folder.path().join(file);
        let before = fs::read(&path).expect("it is there");
        let text = "This is a shopping list, and was never a database.\n".repeat(200);
        let mut torn = before.clone();
        torn.truncate(before.len() / 2);
        for damaged in [text.as_bytes(), &torn] {
            fs::write(&path, damaged).expect("it is written");

            closed.refuses(&[], 65, &[file.trim_end_matches(".db")]).await;

            assert!(fs::read(&path).expect("it is there") == damaged, "{file} was written to");
        }
        fs::write(&path, before).expect("it is written");
    }
    closed.opens().await;
}

#[tokio::test]
async fn a_missing_database_is_an_empty_one_and_the_audit_tells_what_is_gone() {
    let closed = Closed::new().await;
    fs::remove_file(closed.folder.path().join("payments.db")).expect("it was there");

    let shop = flows::Shop::on(closed.folder, &[]).await;
    let ran = testkit::system::run(shop.folder.path(), &["audit", "--output", "json"]).await;

    assert_eq!(ran.code, Some(1), "{ran:?}");
    let found = ran.json()["findings"].to_string();
    assert!(found.contains("captured-agreed") && found.contains(&closed.order), "{found}");
    let placed = place(&shop.guest, "k2", &order_of(&[("TEA", 1)], "tok_visa")).send().await;
    assert_eq!(placed.status, 201);
}

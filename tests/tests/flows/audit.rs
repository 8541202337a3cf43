//! `stoa audit`: silent on a shop that is sound, also at work, and loud about each kind of damage.

use std::{fs, path::Path};

use flows::{Shop, order_of};
use futures::future::join_all;
use rusqlite::Connection;
use testkit::{Folder, system};

/// A closed shop with one order of each ending.
async fn closed() -> Folder {
    let mut shop = Shop::open().await;
    shop.stock("TEA", 500, 10).await;
    for token in ["tok_visa", "tok_declined", "tok_visa"] {
        let key = format!("k-{token}-{}", shop.orders().await.len());
        shop.order(&key, &order_of(&[("TEA", 2)], token)).await;
    }
    shop.at_rest().await;
    shop.audited().await;
    assert!(shop.system.stop().await.success());
    shop.folder
}

/// Damages a database, sees that the audit tells it, and mends it again.
async fn finds(folder: &Path, file: &str, damage: &str, expected: &[(&str, &str)]) {
    let path = folder.join(file);
    let sound = fs::read(&path).expect("it is there");
    let database = Connection::open(&path).expect("it opens");
    let changed = database.execute(damage, []).unwrap_or_else(|e| panic!("{damage}: {e}"));
    assert!(changed > 0, "{damage} changes nothing");
    drop(database);

    let ran = system::run(folder, &["audit", "--output", "json"]).await;
    let text = system::run(folder, &["audit"]).await;

    assert_eq!((ran.code, text.code), (Some(1), Some(1)), "{damage}: {ran:?}");
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings");
    for (party, invariant) in expected {
        let found = findings.iter().find(|f| f["party"] == *party && f["invariant"] == *invariant);
        let found = found.unwrap_or_else(|| panic!("{damage}: no {invariant} in {report:#}"));
        let subject = found["subject"].as_str().expect("a subject");
        let line = format!("! {party}: {invariant}: {subject}: ");
        assert!(text.stdout.contains(&line), "{line:?} is not in {}", text.stdout);
    }
    fs::write(&path, sound).expect("it is written");
    for trace in ["-wal", "-shm"] {
        // They belong to the damaged file.
        let _ = fs::remove_file(folder.join(format!("{file}{trace}")));
    }
}

#[tokio::test]
async fn damage_to_stock_is_found() {
    let folder = closed().await;
    let finds = async |damage: &str, expected: &[(&str, &str)]| {
        finds(folder.path(), "products.db", damage, expected).await;
    };

    finds("UPDATE stock SET on_hand = on_hand + 1", &[("products", "stock-is-its-journal")]).await;
    finds(
        "UPDATE stock SET reserved = reserved + 1",
        &[("products", "stock-is-its-journal"), ("products", "stock-reserved-is-held")],
    )
    .await;
    finds(
        "DELETE FROM stock_movement WHERE version = 2",
        &[("products", "stock-journal-continues")],
    )
    .await;
    finds("DELETE FROM stock", &[("products", "stock-is-its-journal")]).await;
    finds(
        "UPDATE reservation SET state = 'released' WHERE state = 'committed'",
        &[("products+orders", "sold-agreed")],
    )
    .await;
    flows::audit(folder.path()).await;
}

#[tokio::test]
async fn damage_to_orders_is_found() {
    let folder = closed().await;
    let finds = async |damage: &str, expected: &[(&str, &str)]| {
        finds(folder.path(), "orders.db", damage, expected).await;
    };

    finds(
        "UPDATE orders SET total_minor = total_minor - 1",
        &[("orders", "totals-add-up"), ("orders", "charged-is-the-total")],
    )
    .await;
    finds(
        "UPDATE orders SET status = 'rejected' WHERE status = 'confirmed'",
        &[("orders", "statuses-fit"), ("orders", "order-follows-its-placement")],
    )
    .await;
    finds(
        "UPDATE orders SET payment_status = 'refunded' WHERE payment_status = 'voided'
            OR payment_status = 'failed'",
        &[
            ("orders", "order-follows-its-placement"),
            ("orders+payments+sandbox", "captured-agreed"),
        ],
    )
    .await;
    finds("UPDATE orders SET number = 1", &[("orders", "number-is-unique")]).await;
    finds("DELETE FROM saga", &[("orders", "order-has-a-placement")]).await;
    finds("UPDATE saga SET finished = 0", &[("orders", "finished-is-settled")]).await;
    finds("DELETE FROM timeline WHERE last = 6", &[("orders", "timeline-has-no-gap")]).await;
    finds(
        "DELETE FROM orders WHERE number = 1001",
        &[
            ("orders", "placement-has-an-order"),
            ("orders+payments+sandbox", "captured-agreed"),
            ("products+orders", "sold-agreed"),
        ],
    )
    .await;
    flows::audit(folder.path()).await;
}

#[tokio::test]
async fn damage_to_payments_and_to_the_bank_is_found() {
    let folder = closed().await;
    let finds = async |file: &str, damage: &str, expected: &[(&str, &str)]| {
        finds(folder.path(), file, damage, expected).await;
    };

    finds(
        "payments.db",
        "UPDATE ledger_entries SET minor = minor + 1 WHERE seq = 1",
        &[("payments", "ledger-unbalanced"), ("payments", "ledger-differs-from-payment")],
    )
    .await;
    finds(
        "payments.db",
        "DELETE FROM ledger_entries WHERE order_id =
            (SELECT order_id FROM ledger_entries WHERE seq = 1)",
        &[("payments", "ledger-differs-from-payment")],
    )
    .await;
    finds(
        "payments.db",
        "UPDATE payments SET captured_minor = captured_minor - 1 WHERE captured_minor > 0",
        &[("payments", "payment-differs-from-history")],
    )
    .await;
    finds(
        "payments.db",
        "DELETE FROM payment_events WHERE kind = 'captured'",
        &[("payments", "payment-differs-from-history")],
    )
    .await;
    finds(
        "payments.db",
        "UPDATE payments SET status = 'authorized' WHERE status = 'captured'",
        &[("payments", "payment-status-differs")],
    )
    .await;
    finds(
        "sandbox.db",
        "DELETE FROM bank_operations WHERE kind = 'capture'",
        &[("orders+payments+sandbox", "captured-agreed"), ("payments+sandbox", "held-agreed")],
    )
    .await;
    finds(
        "sandbox.db",
        "UPDATE bank_operations SET minor = minor + 1 WHERE kind = 'capture'",
        &[("orders+payments+sandbox", "captured-agreed")],
    )
    .await;
    flows::audit(folder.path()).await;
}

#[tokio::test]
async fn damage_to_users_is_found() {
    let folder = closed().await;
    let finds = async |damage: &str, expected: &[(&str, &str)]| {
        finds(folder.path(), "users.db", damage, expected).await;
    };

    let chain = [("users", "users.audit-chain")];
    finds("UPDATE audit_events SET actor = 'nobody' WHERE sequence = 1", &chain).await;
    finds("DELETE FROM audit_events WHERE sequence = 1", &chain).await;
    let counted = [("users", "users.administrators-counted")];
    finds("UPDATE users SET role = 'customer' WHERE role = 'admin'", &counted).await;
    finds("UPDATE sessions SET user_id = 'user_none'", &[("users", "users.session-has-user")])
        .await;
    flows::audit(folder.path()).await;
}

#[tokio::test]
async fn the_audit_of_a_shop_at_work_finds_nothing() {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 1000).await;

    let work = join_all((0..4).map(async |buyer| {
        for turn in 0..25 {
            let token = ["tok_visa", "tok_declined", "tok_error"][turn % 3];
            shop.order(&format!("k{buyer}-{turn}"), &order_of(&[("TEA", 1)], token)).await;
        }
    }));
    let audits = async {
        for _ in 0..10 {
            flows::audit(shop.folder.path()).await;
        }
    };
    futures::join!(work, audits);

    shop.at_rest().await;
    let report = shop.audited().await;
    assert_eq!(report["checked"]["orders"], 100, "{report:#}");
}

#[tokio::test]
async fn an_audit_of_nothing_says_so() {
    let folder = Folder::new();

    let ran = system::run(folder.path(), &["audit"]).await;

    assert_eq!(ran.code, Some(66), "{ran:?}");
}

//! The books are folded, and what was tampered with is found.

use store::{Batch, Sql, params};

use crate::shop::Shop;

async fn tamper(shop: &Shop, sql: Sql) -> Vec<&'static str> {
    let mut batch = Batch::new("tamper");
    batch.one(sql, params![]);
    shop.store.commit(batch).await.unwrap();
    shop.audit().await.findings.into_iter().map(|finding| finding.invariant).collect()
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    shop.reserve(shop.order(), &[("MUG", 2)]).await;
    shop
}

#[tokio::test]
async fn what_was_sold_is_claimed_and_what_is_open_is_named() {
    let shop = shop().await;
    shop.stock("LAMP", 5).await;
    let (sold, open) = (shop.order(), shop.order());
    shop.reserve(sold, &[("MUG", 1), ("LAMP", 2)]).await;
    shop.reserve(open, &[("LAMP", 1)]).await;
    shop.commit(sold).await;

    let audit = shop.audit().await;

    assert_eq!(audit.findings, []);
    let claim = &audit.claims[0];
    assert_eq!((claim.subject.clone(), claim.fact), (sold.to_string(), "sold"));
    assert_eq!((claim.value.as_str(), audit.claims.len()), ("LAMP=2,MUG=1", 1));
    assert!(audit.open.contains(&open.to_string()));
    assert!(audit.checked >= 5);
}

#[tokio::test]
async fn stock_that_moved_without_a_movement_is_found() {
    const MORE: Sql = Sql::new("UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'MUG'");
    assert_eq!(tamper(&shop().await, MORE).await, ["stock-is-its-journal"]);
}

#[tokio::test]
async fn a_movement_that_was_altered_is_found() {
    const ALTER: Sql = Sql::new(
        "UPDATE stock_movement SET on_hand_delta = 11, on_hand = 11 WHERE sku = 'MUG' AND version = 1",
    );
    let found = tamper(&shop().await, ALTER).await;
    assert_eq!(found, ["stock-journal-continues", "stock-is-its-journal"]);
}

#[tokio::test]
async fn a_movement_that_is_gone_is_found() {
    const GONE: Sql = Sql::new("DELETE FROM stock_movement WHERE sku = 'MUG' AND version = 1");
    let found = tamper(&shop().await, GONE).await;
    assert_eq!(found, ["stock-journal-continues", "stock-is-its-journal"]);
}

#[tokio::test]
async fn a_reservation_that_is_gone_is_found() {
    const GONE: Sql = Sql::new("DELETE FROM reservation WHERE state = 'held'");
    assert_eq!(tamper(&shop().await, GONE).await, ["stock-reserved-is-held"]);
}

#[tokio::test]
async fn the_tables_refuse_to_be_oversold() {
    const OVERSOLD: Sql = Sql::new("UPDATE stock SET reserved = 11 WHERE sku = 'MUG'");
    let shop = shop().await;
    let mut batch = Batch::new("tamper");
    batch.one(OVERSOLD, params![]);

    assert!(shop.store.commit(batch).await.unwrap_err().is_conflict());
}

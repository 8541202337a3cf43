//! The projection of what is sold: whatever arrives how often and in which order, the newest holds.

use contracts::events::products::{PriceChanged, ProductArchived};
use kernel::{Currency, Money};

use crate::rig::{Rig, product, wanted};

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// What one of it costs; none when it is not sold.
async fn price(rig: &Rig, sku: &str) -> Option<i64> {
    let mut body = wanted(&[(sku, 1)], "tok_visa");
    // Asked for a total that cannot be, so that no order comes of it.
    body["expected_total"] = serde_json::json!({"amount": -1, "currency": "EUR"});
    let refused = rig.place(&body).send().await.json();
    refused["total"]["amount"].as_i64()
}

#[tokio::test]
async fn the_newest_version_of_a_product_holds() {
    let rig = Rig::new().await;
    rig.tell(&product("P", 2, &[("A", eur(200)), ("B", eur(300))])).await;
    assert_eq!((price(&rig, "A").await, price(&rig, "B").await), (Some(200), Some(300)));

    rig.tell(&product("P", 1, &[("A", eur(100)), ("C", eur(400))])).await;
    assert_eq!((price(&rig, "A").await, price(&rig, "C").await), (Some(200), None));

    rig.tell(&product("P", 3, &[("B", eur(350))])).await;
    assert_eq!((price(&rig, "A").await, price(&rig, "B").await), (None, Some(350)));

    rig.tell(&product("P", 4, &[("A", eur(250)), ("B", eur(350))])).await;
    assert_eq!((price(&rig, "A").await, price(&rig, "B").await), (Some(250), Some(350)));
}

#[tokio::test]
async fn an_archived_product_is_not_sold_until_it_is_published_again() {
    let rig = Rig::new().await;
    let published = product("P", 1, &[("A", eur(200))]);
    rig.tell(&published).await;

    let archived = ProductArchived { product_id: published.product_id, version: 2 };
    rig.tell(&archived).await;
    assert_eq!(price(&rig, "A").await, None);

    rig.tell(&published).await;
    assert_eq!(price(&rig, "A").await, None);

    rig.tell(&product("P", 3, &[("A", eur(210))])).await;
    assert_eq!(price(&rig, "A").await, Some(210));
}

#[tokio::test]
async fn a_price_change_holds_whether_it_comes_before_or_after_its_product() {
    let rig = Rig::new().await;
    let first = product("P", 1, &[("A", eur(200))]);
    rig.tell(&first).await;
    let change = |version, minor| PriceChanged {
        product_id: first.product_id,
        variant_id: first.variants[0].variant_id,
        sku: "A".to_owned(),
        price: eur(minor),
        previous: eur(200),
        version,
    };

    rig.tell(&change(2, 220)).await;
    assert_eq!(price(&rig, "A").await, Some(220));

    rig.tell(&product("P", 2, &[("A", eur(220))])).await;
    rig.tell(&change(2, 220)).await;
    assert_eq!(price(&rig, "A").await, Some(220));

    rig.tell(&change(1, 999)).await;
    assert_eq!(price(&rig, "A").await, Some(220));
}

#[tokio::test]
async fn a_sku_that_moved_belongs_to_the_product_that_spoke_last() {
    let rig = Rig::new().await;
    rig.tell(&product("P", 7, &[("A", eur(200))])).await;
    rig.clock.advance(std::time::Duration::from_secs(1));
    rig.tell(&product("Q", 1, &[("A", eur(300))])).await;
    assert_eq!(price(&rig, "A").await, Some(300));

    rig.tell(&product("P", 8, &[])).await;

    assert_eq!(price(&rig, "A").await, Some(300));
}

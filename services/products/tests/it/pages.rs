//! Rendered products are kept, and never answered when they are not true any more.

use std::time::Duration;

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::shop::{Shop, Who};

async fn available(shop: &Shop) -> i64 {
    let page = shop.get("/v1/products/mug").await.json();
    page["variants"][0]["available"].as_i64().unwrap()
}

#[tokio::test]
async fn whoever_has_the_page_gets_no_body() {
    let shop = Shop::open().await;
    shop.stock("MUG", 5).await;
    let tag = shop.get("/v1/products/mug").await.header("etag").to_owned();
    let ask = || {
        let request = Request::get("/v1/products/mug").header("if-none-match", &tag);
        shop.ask(Who::Guest, request.body(Body::empty()).unwrap())
    };

    let known = ask().await;
    shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 4})).await;
    let moved = ask().await;

    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), tag);
    assert_eq!(moved.status, 200);
}

#[tokio::test]
async fn every_commit_is_seen_at_once() {
    let shop = Shop::open().await;
    let id = shop.stock("MUG", 5).await["id"].as_str().unwrap().to_owned();
    assert_eq!(available(&shop).await, 5);

    shop.send("PUT", "/v1/inventory/MUG", &json!({"on_hand": 9})).await;
    assert_eq!(available(&shop).await, 9);
    let order = shop.order();
    shop.reserve(order, &[("MUG", 2)]).await;
    assert_eq!(available(&shop).await, 7);
    shop.release(order).await;
    assert_eq!(available(&shop).await, 9);
    shop.send("PATCH", "/v1/products/mug", &json!({"title": "Cup", "slug": "cup"})).await;
    assert_eq!(shop.get("/v1/products/mug").await.status, 404);
    for name in ["cup", &id] {
        let page = shop.get(&format!("/v1/products/{name}")).await.json();
        assert_eq!(page["title"], "Cup", "{name}");
    }
}

#[tokio::test]
async fn a_slug_that_moves_on_shows_its_new_product() {
    let shop = Shop::open().await;
    shop.stock("MUG", 5).await;
    shop.get("/v1/products/mug").await;

    shop.send("PATCH", "/v1/products/mug", &json!({"slug": "old-mug"})).await;
    shop.send("POST", "/v1/products", &crate::shop::product("mug", &[("NEW", 1, 1)])).await;

    let page = shop.get("/v1/products/mug").await.json();
    assert_eq!(page["variants"][0]["sku"], "NEW");
    let page = shop.get("/v1/products/old-mug").await.json();
    assert_eq!(page["variants"][0]["sku"], "MUG");
}

#[tokio::test]
async fn a_lease_that_ends_ends_the_page() {
    let shop = Shop::unswept().await;
    shop.stock("MUG", 5).await;
    shop.reserve(shop.order(), &[("MUG", 2)]).await;
    shop.clock.advance(Duration::from_secs(599));
    assert_eq!(available(&shop).await, 3);

    shop.clock.advance(Duration::from_secs(1));

    assert_eq!(available(&shop).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_beside_a_writer_never_see_an_older_page() {
    let shop = std::sync::Arc::new(Shop::open().await);
    shop.stock("MUG", 1).await;
    let written = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(1));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (shop, written) = (shop.clone(), written.clone());
        readers.spawn(async move {
            loop {
                let before = written.load(std::sync::atomic::Ordering::SeqCst);
                let seen = available(&shop).await;
                assert!(seen >= before, "{seen} after {before} was written");
                if seen == 200 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
    }

    for on_hand in 2..=200 {
        shop.send("PUT", "/v1/inventory/MUG", &json!({ "on_hand": on_hand })).await;
        written.store(on_hand, std::sync::atomic::Ordering::SeqCst);
    }

    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
}

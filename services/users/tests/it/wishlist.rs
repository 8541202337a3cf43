//! Wishlists: today's price when products answers, the ids alone when it does not.

use std::{future::Future, pin::pin, time::Duration};

use axum::{Json, Router, extract::RawQuery, routing::get};
use futures::future::{Either, select};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::shop::{Answer, Shop, Tokens};

const MUG: &str = "variant_01h455vb4pex5vsknk084sn02q";
const TEA: &str = "variant_01h455vb4pex5vsknk084sn02r";
const PATH: &str = "/v1/users/me/wishlist";

async fn ada(shop: &Shop) -> Tokens {
    let ada = shop.customer("ada@example.com").await;
    for variant in [MUG, TEA, MUG] {
        let path = format!("{PATH}/{variant}");
        shop.call(Method::PUT, &path, &ada.access, Value::Null).await.is(204);
    }
    ada
}

fn products<F, Fut>(shop: &Shop, answer: F)
where
    F: Fn(String) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = (StatusCode, Json<Value>)> + Send,
{
    let handler = move |RawQuery(query): RawQuery| answer(query.unwrap_or_default());
    shop.switchboard.plug("products", Router::new().route("/v1/variants", get(handler)));
}

fn mug() -> Value {
    json!({"id": MUG, "product_id": "product_01h455vb4pex5vsknk084sn02q", "sku": "AERO-BLK",
        "title": "Black", "product_title": "Aero Mug", "slug": "aero-mug",
        "price": {"amount": 1299, "currency": "EUR"}, "available": 7, "status": "published"})
}

#[track_caller]
fn is_degraded(answer: &Answer, reason: &str) {
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), &json["degraded"]), (200, &json!(true)), "{json}");
    assert_eq!(json["degraded_reason"], reason);
    let ids: Vec<&Value> =
        json["items"].as_array().unwrap().iter().map(|item| &item["variant_id"]).collect();
    assert_eq!(ids, [MUG, TEA]);
    assert_eq!(
        (&json["items"][0]["price"], &json["items"][0]["status"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_wishlist_shows_what_products_says_today() {
    let shop = Shop::open().await;
    let ada = ada(&shop).await;
    products(&shop, async |query| {
        assert_eq!(query, format!("ids={MUG},{TEA}"));
        (StatusCode::OK, Json(json!({"items": [mug()]})))
    });

    let json = shop.get(PATH, &ada.access).await.is(200).json();

    assert_eq!(json["degraded"], false);
    assert_eq!(json.get("degraded_reason"), None);
    let (known, gone) = (&json["items"][0], &json["items"][1]);
    assert_eq!(known["price"], json!({"amount": 1299, "currency": "EUR"}));
    assert_eq!((&known["title"], &known["available"]), (&json!("Black"), &json!(7)));
    assert_eq!((&gone["status"], &gone["price"]), (&json!("gone"), &Value::Null));
}

#[tokio::test]
async fn without_products_the_ids_are_shown_and_the_lack_is_marked() {
    let shop = Shop::open().await;
    let ada = ada(&shop).await;

    is_degraded(&shop.get(PATH, &ada.access).await, "products-unavailable");

    products(&shop, async |_| (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({}))));
    is_degraded(&shop.get(PATH, &ada.access).await, "products-failed");

    products(&shop, async |_| (StatusCode::OK, Json(json!({"items": [{"id": 7}]}))));
    is_degraded(&shop.get(PATH, &ada.access).await, "products-failed");

    products(&shop, async |_| panic!("products falls over"));
    is_degraded(&shop.get(PATH, &ada.access).await, "products-failed");
}

#[tokio::test]
async fn products_that_hang_are_waited_for_no_longer_than_set() {
    let shop = Shop::open().await;
    let ada = ada(&shop).await;
    products(&shop, async |_| std::future::pending().await);
    let began = shop.clock.instant();

    let time_passes = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
            shop.clock.advance(Duration::from_millis(100));
        }
    };
    let mut asked = pin!(shop.get(PATH, &ada.access));
    let answer = match select(asked.as_mut(), pin!(time_passes)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => panic!("ten seconds passed without an answer"),
    };
    is_degraded(&answer, "products-timeout");
    let waited = shop.clock.instant() - began;
    assert!(waited >= Duration::from_millis(800) && waited < Duration::from_secs(5), "{waited:?}");
}

#[tokio::test]
async fn an_empty_wishlist_asks_nobody() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;

    let json = shop.get(PATH, &ada.access).await.is(200).json();

    assert_eq!((&json["items"], &json["degraded"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn wishes_are_taken_off_again_and_what_is_no_variant_is_no_wish() {
    let shop = Shop::open().await;
    let ada = ada(&shop).await;
    products(&shop, async |_| (StatusCode::OK, Json(json!({"items": []}))));

    shop.delete(&format!("{PATH}/{MUG}"), &ada.access).await.is(204);
    shop.delete(&format!("{PATH}/{MUG}"), &ada.access).await.is(204);

    let left = shop.get(PATH, &ada.access).await.is(200).json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let nonsense = format!("{PATH}/AERO-BLK");
    shop.call(Method::PUT, &nonsense, &ada.access, Value::Null).await.refused(404, "not-found");
}

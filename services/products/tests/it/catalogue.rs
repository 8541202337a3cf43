//! Products are made, changed, archived and shown.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::shop::{Shop, Who, product};

#[tokio::test]
async fn a_product_is_made_and_found_by_id_and_slug() {
    let shop = Shop::open().await;
    let body = json!({
        "slug": "aero-mug", "title": "Aero Mug", "description": "A mug.", "status": "published",
        "category": "kitchen",
        "variants": [{"sku": "AERO-BLK", "title": "Black",
                      "price": {"amount": 1299, "currency": "EUR"}, "on_hand": 100}],
    });

    let made = shop.send("POST", "/v1/products", &body).await;

    assert_eq!(made.status, 201, "{}", made.text());
    let product = made.json();
    let location = format!("/v1/products/{}", product["id"].as_str().unwrap());
    assert_eq!(made.header("location"), location);
    assert_eq!(product["variants"][0]["price"], json!({"amount": 1299, "currency": "EUR"}));
    assert_eq!(product["variants"][0]["on_hand"], 100);
    assert_eq!(product["variants"][0]["available"], 100);
    for path in [location.as_str(), "/v1/products/aero-mug"] {
        let found = shop.get(path).await;
        assert_eq!((found.status, found.json()), (200, product.clone()), "{path}");
    }
    assert_eq!(shop.hear_kinds(1).await, ["product.published"]);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let shop = Shop::open().await;
    let body = json!({
        "slug": "Aero Mug", "title": "", "status": "sold",
        "variants": [{"sku": "A B", "price": {"amount": -1, "currency": "EURO"}, "on_hand": -5}],
    });

    let refused = shop.send("POST", "/v1/products", &body).await;

    assert_eq!(refused.problem(), (422, "invalid-body".to_owned()));
    let mut pointers = refused.pointers();
    pointers.sort();
    let expected = [
        "/slug",
        "/status",
        "/title",
        "/variants/0/on_hand",
        "/variants/0/price/amount",
        "/variants/0/price/currency",
        "/variants/0/sku",
    ];
    assert_eq!(pointers, expected);
}

#[tokio::test]
async fn a_slug_and_a_sku_belong_to_one_product() {
    let shop = Shop::open().await;
    shop.stock("MUG", 1).await;

    let slug = shop.send("POST", "/v1/products", &product("mug", &[("LAMP", 1, 1)])).await;
    let sku = shop.send("POST", "/v1/products", &product("lamp", &[("MUG", 1, 1)])).await;

    assert_eq!(slug.problem(), (409, "slug-taken".to_owned()));
    assert_eq!(sku.problem(), (409, "sku-taken".to_owned()));
    assert_eq!(shop.get("/v1/products/lamp").await.status, 404);
    shop.books_are_right().await;
}

#[tokio::test]
async fn of_two_who_edit_the_same_version_one_is_told() {
    let shop = Shop::open().await;
    shop.stock("MUG", 5).await;
    let tag = shop.get("/v1/products/mug").await.header("etag").to_owned();
    let rename = |title: &str| json!({ "title": title });
    let path = "/v1/products/mug";

    let first = shop.send_with("PATCH", path, &[("if-match", &tag)], &rename("Mug 2")).await;
    let second = shop.send_with("PATCH", path, &[("if-match", &tag)], &rename("Mug 3")).await;

    assert_eq!((first.status, first.json()["version"].clone()), (200, json!(2)));
    assert_eq!(second.problem(), (412, "stale-version".to_owned()));
    assert_eq!(shop.get(path).await.json()["title"], "Mug 2");
}

#[tokio::test]
async fn stock_that_moves_does_not_undo_an_edit() {
    let shop = Shop::open().await;
    shop.stock("MUG", 5).await;
    let tag = shop.get("/v1/products/mug").await.header("etag").to_owned();

    shop.reserve(shop.order(), &[("MUG", 1)]).await;
    let moved = shop.get("/v1/products/mug").await;
    let edit = json!({"title": "Mug 2"});
    let edited = shop.send_with("PATCH", "/v1/products/mug", &[("if-match", &tag)], &edit).await;

    assert_ne!(moved.header("etag"), tag);
    assert_eq!(edited.status, 200);
}

#[tokio::test]
async fn variants_are_replaced_as_a_whole_and_keep_their_ids() {
    let shop = Shop::open().await;
    let made =
        shop.send("POST", "/v1/products", &product("mug", &[("A", 1, 1), ("B", 2, 2)])).await;
    let variants = |product: &Value| {
        let all = product["variants"].as_array().unwrap().clone();
        all.iter().map(|v| (v["sku"].clone(), v["id"].clone(), v["on_hand"].clone())).collect()
    };
    let before: Vec<(Value, Value, Value)> = variants(&made.json());

    let change = json!({"variants": product("mug", &[("B", 250, 7), ("C", 3, 3)])["variants"]});
    let changed = shop.send("PATCH", "/v1/products/mug", &change).await;

    let after: Vec<(Value, Value, Value)> = variants(&changed.json());
    assert_eq!(after[0], (json!("B"), before[1].1.clone(), json!(7)));
    assert_eq!((&after[1].0, after.len()), (&json!("C"), 2));
    let taken = shop.send("POST", "/v1/products", &product("lamp", &[("A", 1, 1)])).await;
    assert_eq!(taken.problem(), (409, "sku-taken".to_owned()));
    let heard = shop.hear_kinds(4).await;
    assert_eq!(heard.iter().filter(|kind| *kind == "price.changed").count(), 1);
    shop.books_are_right().await;
}

#[tokio::test]
async fn what_is_not_published_is_for_staff_only() {
    let shop = Shop::open().await;
    let mut draft = product("mug", &[("MUG", 1, 1)]);
    draft["status"] = json!("draft");
    shop.send("POST", "/v1/products", &draft).await;

    let customer = Request::get("/v1/products/mug").body(Body::empty()).unwrap();
    assert_eq!(shop.get("/v1/products/mug").await.problem(), (404, "not-found".to_owned()));
    assert_eq!(shop.ask(Who::Customer, customer).await.status, 404);
    assert_eq!(shop.staff_get("/v1/products/mug").await.status, 200);
    assert_eq!(shop.get("/v1/products").await.items("slug"), Vec::<String>::new());
    assert_eq!(shop.get("/v1/products?status=draft").await.problem(), (403, "forbidden".into()));
    assert_eq!(shop.staff_get("/v1/products?status=draft").await.items("slug"), ["mug"]);
}

#[tokio::test]
async fn an_archived_product_is_gone_and_its_variants_say_so() {
    let shop = Shop::open().await;
    let made = shop.stock("MUG", 5).await;
    let id = made["variants"][0]["id"].as_str().unwrap();

    let archived = shop.send("DELETE", "/v1/products/mug", &Value::Null).await;
    let again = shop.send("DELETE", "/v1/products/mug", &Value::Null).await;

    assert_eq!((archived.status, again.status), (204, 204));
    assert_eq!(shop.get("/v1/products/mug").await.status, 404);
    let variant = shop.get(&format!("/v1/variants?ids={id}")).await.json();
    assert_eq!(variant["items"][0]["status"], "archived");
    assert_eq!(shop.hear_kinds(2).await, ["product.published", "product.archived"]);
}

#[tokio::test]
async fn guests_and_customers_change_nothing() {
    let shop = Shop::open().await;
    let request = || {
        let body = product("mug", &[("MUG", 1, 1)]).to_string();
        let request = Request::post("/v1/products").header("content-type", "application/json");
        request.body(Body::from(body)).unwrap()
    };

    let guest = shop.ask(Who::Guest, request()).await;
    let customer = shop.ask(Who::Customer, request()).await;

    assert_eq!(guest.problem(), (401, "unauthenticated".to_owned()));
    assert_eq!(customer.problem(), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn variants_are_shown_by_their_ids() {
    let shop = Shop::open().await;
    let mug = shop.stock("MUG", 5).await["variants"][0]["id"].as_str().unwrap().to_owned();
    let lamp = shop.stock("LAMP", 0).await["variants"][0]["id"].as_str().unwrap().to_owned();
    let unknown = "variant_01h455vb4pex5vsknk084sn02q";

    let found = shop.get(&format!("/v1/variants?ids={lamp},{unknown},{mug}")).await;
    let wrong = shop.get("/v1/variants?ids=product_01h455vb4pex5vsknk084sn02q").await;

    assert_eq!(found.items("sku"), ["LAMP", "MUG"]);
    let mug = &found.json()["items"][1];
    assert_eq!(mug["available"], 5);
    assert_eq!((&mug["slug"], &mug["product_title"]), (&json!("mug"), &json!("mug")));
    assert_eq!(wrong.problem(), (400, "invalid-query".to_owned()));
}

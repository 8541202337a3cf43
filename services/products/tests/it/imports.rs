//! Catalogues come in as streams, and go out the same way.

use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use serde_json::{Value, json};

use crate::shop::Shop;

const HEADER: &str =
    "slug,title,description,status,category,sku,variant_title,price_minor,currency,on_hand\n";

/// received, created, updated, unchanged, failed.
fn counts(report: &Value) -> (i64, i64, i64, i64, i64) {
    let count = |name: &str| report[name].as_i64().unwrap();
    let (created, updated) = (count("created"), count("updated"));
    (count("received"), created, updated, count("unchanged"), count("failed"))
}

fn csv(rows: impl IntoIterator<Item = usize>) -> String {
    let mut text = HEADER.to_owned();
    for n in rows {
        writeln!(text, "p-{n},Product {n},,published,c-{},SKU-{n},,{n},EUR,{n}", n % 7).unwrap();
    }
    text
}

#[tokio::test]
async fn a_file_is_in_and_searchable_and_sending_it_again_changes_nothing() {
    let shop = Shop::open().await;

    let first = shop.import("text/csv", csv(1..=1000)).await.json();
    let again = shop.import("text/csv", csv(1..=1000)).await.json();

    assert_eq!(counts(&first), (1000, 1000, 0, 0, 0));
    assert_eq!(counts(&again), (1000, 0, 0, 1000, 0));
    assert!(first["id"].as_str().unwrap().starts_with("import_"));
    assert_eq!(shop.get("/v1/products?q=product+777").await.items("slug"), ["p-777"]);
    assert_eq!(shop.level("SKU-500").await, (500, 0, 500));
    assert_eq!(shop.get("/v1/categories").await.items("name").len(), 7);
    assert_eq!(shop.hear_many(1000).await.len(), 1000);
    shop.books_are_right().await;
}

#[tokio::test]
async fn bad_rows_are_told_and_the_rest_is_in() {
    let shop = Shop::open().await;
    shop.stock("TAKEN", 1).await;
    let rows = format!(
        "{HEADER}mug,Mug,,published,,MUG-S,Small,1000,EUR,5\n\
         mug,,,,,MUG-L,Large,x,EUR,5\n\
         mug,,,,,MUG-XL,Extra,1200,EUR,5\n\
         Lamp,Lamp,,,,LAMP,,100,EUR,\n\
         pen,Pen\n\
         other,Other,,,,TAKEN,,100,EUR,1\n\
         \"ink\",\"Ink, \"\"black\"\"\",\"Two\nlines.\",published,,INK,,300,EUR,7\n"
    );

    let report = shop.import("text/csv; charset=utf-8", rows).await.json();

    assert_eq!(counts(&report), (7, 2, 0, 0, 4));
    let errors = report["errors"].as_array().unwrap();
    let told: Vec<(i64, &str)> =
        errors.iter().map(|e| (e["line"].as_i64().unwrap(), e["code"].as_str().unwrap())).collect();
    let expected =
        [(3, "malformed-row"), (5, "invalid-row"), (6, "malformed-row"), (7, "sku-taken")];
    assert_eq!(told, expected);
    let mug = shop.get("/v1/products/mug").await.json();
    assert_eq!(mug["variants"].as_array().unwrap().len(), 2);
    let ink = shop.get("/v1/products/ink").await.json();
    assert_eq!(ink["title"], "Ink, \"black\"");
    assert_eq!(ink["description"], "Two\nlines.");
}

#[tokio::test]
async fn prices_and_stock_are_updated_by_slug_and_sku() {
    let shop = Shop::open().await;
    shop.import("text/csv", csv([1, 2])).await;
    shop.hear_many(2).await;
    let rows = "slug,sku,title,price_minor,currency,on_hand\np-1,SKU-1,Product 1,99,EUR,50\n\
                p-2,SKU-2,Product 2,2,EUR,2\n";

    let report = shop.import("text/csv", rows).await.json();

    assert_eq!(counts(&report), (2, 0, 1, 1, 0));
    let page = shop.get("/v1/products/p-1").await.json();
    assert_eq!(page["variants"][0]["price"]["amount"], 99);
    assert_eq!((&page["status"], &page["category"]), (&json!("published"), &json!("c-1")));
    assert_eq!(shop.level("SKU-1").await, (50, 0, 50));
    let mut heard = shop.hear_kinds(3).await;
    heard.sort();
    assert_eq!(heard, ["price.changed", "product.published", "stock.adjusted"]);
    shop.books_are_right().await;
}

#[tokio::test]
async fn the_last_of_several_rows_of_one_product_stands() {
    let shop = Shop::open().await;
    let mut rows = HEADER.to_owned();
    for n in 1..=400 {
        writeln!(rows, "mug,Mug {n},,published,,MUG,,{n},EUR,{n}\nfill-{n},F,,,,F-{n},,1,EUR,")
            .unwrap();
    }

    let report = shop.import("text/csv", rows).await.json();

    assert_eq!(counts(&report), (800, 401, 399, 0, 0));
    let mug = shop.get("/v1/products/mug").await.json();
    assert_eq!((&mug["title"], &mug["version"]), (&json!("Mug 400"), &json!(400)));
    assert_eq!(shop.level("MUG").await, (400, 0, 400));
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_row_that_is_too_long_is_one_bad_row() {
    let shop = Shop::open().await;
    let rows = format!(
        "{HEADER}a,A,,,,A,,1,EUR,1\nb,{},,,,B,,1,EUR,1\nc,C,,,,C,,1,EUR,1\n",
        "x".repeat(70_000)
    );

    let report = shop.import("text/csv", rows).await.json();

    assert_eq!(counts(&report), (3, 2, 0, 0, 1));
    assert_eq!(report["errors"][0]["code"], "row-too-long");
    assert_eq!(report["errors"][0]["line"], 3);
}

#[tokio::test]
async fn what_is_not_rows_is_refused() {
    let shop = Shop::open().await;

    let kind = shop.import("application/json", "[]").await;
    let header = shop.import("text/csv", "slug,colour\n").await;
    let empty = shop.import("text/csv", "").await;
    let nothing = shop.import("application/x-ndjson", "\n\n").await;

    assert_eq!(kind.problem(), (415, "unsupported-media-type".to_owned()));
    assert_eq!(header.problem(), (422, "invalid-import-header".to_owned()));
    assert_eq!(empty.problem(), (422, "invalid-import-header".to_owned()));
    assert_eq!(counts(&nothing.json()), (0, 0, 0, 0, 0));
}

#[tokio::test]
async fn what_came_before_a_stream_broke_is_in_and_the_rest_can_follow() {
    let shop = Shop::open().await;
    let text = csv(1..=600);
    let piece = |bytes: &[u8]| Ok(Bytes::copy_from_slice(bytes));
    let mut cut: Vec<_> = text.as_bytes().chunks(1000).take(20).map(piece).collect();
    cut.push(Err(std::io::Error::other("gone")));

    let broken = shop.import("text/csv", Body::from_stream(futures::stream::iter(cut))).await;
    let whole = shop.import("text/csv", text).await.json();

    assert_eq!(broken.problem(), (400, "broken-body".to_owned()));
    let (received, created, _, unchanged, failed) = counts(&whole);
    assert_eq!((received, created + unchanged, failed), (600, 600, 0));
    assert!(unchanged >= 256, "{unchanged}");
    shop.books_are_right().await;
}

#[tokio::test]
async fn an_export_can_be_imported() {
    let shop = Shop::open().await;
    shop.import("text/csv", csv(1..=700)).await;

    let export = shop.staff_get("/v1/exports/products").await;
    let other = Shop::open().await;
    let copied = other.import("application/x-ndjson", export.body.clone()).await.json();
    let same = shop.import("application/x-ndjson", export.body.clone()).await.json();

    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert_eq!(export.text().lines().count(), 700);
    assert_eq!(counts(&copied), (700, 700, 0, 0, 0));
    assert_eq!(counts(&same), (700, 0, 0, 700, 0));
    assert_eq!(other.staff_get("/v1/exports/products").await.text(), export.text());
}

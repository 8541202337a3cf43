//! Lists: words, filters, orders, pages, counts.

use serde_json::{Value, json};

use crate::shop::Shop;

/// Title, category, price, pieces; the SKU is the slug in capitals.
const GOODS: [(&str, &str, &str, i64, i64); 6] = [
    ("aero-mug", "Aero Mug", "kitchen", 1299, 5),
    ("steel-mug", "Steel Mug for the Road", "outdoor", 2499, 0),
    ("desk-lamp", "Desk Lamp", "office", 4900, 3),
    ("cafe-set", "Café Set", "kitchen", 8900, 2),
    ("rack", "Rack", "kitchen", 3500, 1),
    ("pen", "Pen", "office", 150, 90),
];

async fn shop() -> Shop {
    let shop = Shop::open().await;
    for (slug, title, category, price, on_hand) in GOODS {
        let product = json!({
            "slug": slug, "title": title, "category": category, "status": "published",
            "description": if slug == "rack" { "Holds every mug." } else { "" },
            "variants": [{"sku": slug.to_uppercase(), "on_hand": on_hand,
                          "price": {"amount": price, "currency": "EUR"}}],
        });
        let answer = shop.send("POST", "/v1/products", &product).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    shop
}

async fn check(shop: &Shop, query: &str, expected: &[&str]) {
    let found = shop.get(&format!("/v1/products?{query}")).await;
    assert_eq!(found.items("slug"), expected, "{query}");
}

#[tokio::test]
async fn products_are_found_by_their_words() {
    let shop = shop().await;

    check(&shop, "q=lamp", &["desk-lamp"]).await;
    check(&shop, "q=LAM", &["desk-lamp"]).await;
    check(&shop, "q=steel+mug", &["steel-mug"]).await;
    check(&shop, "q=cafe", &["cafe-set"]).await;
    check(&shop, "q=AERO-MUG", &["aero-mug"]).await;
    check(&shop, "q=zebra", &[]).await;
    check(&shop, "q=%22%2A%3A", &[]).await;
    check(&shop, "q=office&sort=title", &["desk-lamp", "pen"]).await;
    let mugs = shop.get("/v1/products?q=mug").await.items("slug");
    assert_eq!(mugs.last().map(String::as_str), Some("rack"), "{mugs:?}");
    assert_eq!(mugs.len(), 3);
}

#[tokio::test]
async fn words_follow_their_product() {
    let shop = shop().await;

    shop.send("PATCH", "/v1/products/pen", &json!({"title": "Quill"})).await;
    check(&shop, "q=quill", &["pen"]).await;
    shop.send("PATCH", "/v1/products/pen", &json!({"status": "draft"})).await;
    check(&shop, "q=quill", &[]).await;
}

#[tokio::test]
async fn lists_are_filtered() {
    let shop = shop().await;

    check(&shop, "category=office", &["pen", "desk-lamp"]).await;
    check(
        &shop,
        "price_min=2000&price_max=5000&sort=price_asc",
        &["steel-mug", "rack", "desk-lamp"],
    )
    .await;
    check(&shop, "q=mug&in_stock=true&sort=price_asc", &["aero-mug", "rack"]).await;
    check(&shop, "q=mug&category=kitchen&sort=price_desc", &["rack", "aero-mug"]).await;
    check(&shop, "currency=USD", &[]).await;
    check(&shop, "category=none", &[]).await;
}

#[tokio::test]
async fn lists_are_sorted() {
    let shop = shop().await;
    let all = |sort: &str| format!("sort={sort}");

    let newest = ["pen", "rack", "cafe-set", "desk-lamp", "steel-mug", "aero-mug"];
    check(&shop, "", &newest).await;
    check(&shop, &all("newest"), &newest).await;
    check(&shop, &all("relevance"), &newest).await;
    let cheapest = ["pen", "aero-mug", "steel-mug", "rack", "desk-lamp", "cafe-set"];
    check(&shop, &all("price_asc"), &cheapest).await;
    let dearest: Vec<&str> = cheapest.iter().rev().copied().collect();
    check(&shop, &all("price_desc"), &dearest).await;
    check(&shop, &all("title"), &["aero-mug", "cafe-set", "desk-lamp", "pen", "rack", "steel-mug"])
        .await;
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order() {
    let shop = shop().await;

    for query in [
        "sort=newest",
        "sort=price_asc",
        "sort=price_desc",
        "sort=title",
        "q=mug",
        "q=mug&sort=newest",
        "q=mug&sort=title",
        "category=kitchen&sort=newest",
        "category=kitchen&sort=price_desc",
        "category=kitchen&sort=title",
    ] {
        let whole = shop.get(&format!("/v1/products?{query}")).await.items("slug");
        let (mut pages, mut next) = (Vec::new(), format!("/v1/products?{query}&limit=1"));
        loop {
            let page = shop.get(&next).await;
            pages.extend(page.items("slug"));
            let link = page.header("link");
            let has_next = page.json()["next_cursor"].is_string();
            assert_eq!(has_next, link.ends_with("; rel=\"next\""), "{link}");
            if !has_next {
                break;
            }
            next = link[1..].split('>').next().unwrap().to_owned();
        }
        assert_eq!(pages, whole, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_only_good_for_its_own_list() {
    let shop = shop().await;
    let page = shop.get("/v1/products?sort=title&limit=2").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let path = |query: &str| format!("/v1/products?{query}&cursor={cursor}");

    for query in ["sort=price_asc", "sort=title&category=kitchen", "sort=title&q=mug"] {
        let refused = shop.get(&path(query)).await;
        assert_eq!(refused.problem(), (400, "invalid-cursor".to_owned()), "{query}");
    }
    assert_eq!(shop.get(&path("sort=title")).await.status, 200);
    let nonsense = shop.get("/v1/products?cursor=nonsense").await;
    assert_eq!(nonsense.problem(), (400, "invalid-cursor".to_owned()));
}

#[tokio::test]
async fn the_first_page_counts_categories() {
    let shop = shop().await;
    let counts = |answer: &Value| {
        let all = answer["facets"]["categories"].as_array().unwrap().clone();
        let one = |c: &Value| format!("{} {}", c["name"].as_str().unwrap(), c["count"]);
        all.iter().map(one).collect::<Vec<_>>()
    };

    let all = shop.get("/v1/products").await.json();
    let mugs = shop.get("/v1/products?q=mug&category=kitchen").await.json();
    let second = shop.get("/v1/products?limit=1&sort=title").await.json();
    let cursor = second["next_cursor"].as_str().unwrap();
    let second = shop.get(&format!("/v1/products?limit=1&sort=title&cursor={cursor}")).await;

    assert_eq!(counts(&all), ["kitchen 3", "office 2", "outdoor 1"]);
    assert_eq!(counts(&mugs), ["kitchen 2", "outdoor 1"]);
    assert_eq!(second.json()["facets"], Value::Null);
    let categories = shop.get("/v1/categories").await;
    assert_eq!(categories.items("name"), ["kitchen", "office", "outdoor"]);
    shop.send("DELETE", "/v1/products/steel-mug", &Value::Null).await;
    assert_eq!(shop.get("/v1/categories").await.items("name"), ["kitchen", "office"]);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let shop = Shop::open().await;

    for (query, name) in [
        ("sort=colour", "sort"),
        ("price_min=-1", "price_min"),
        ("currency=EURO", "currency"),
        ("status=gone", "status"),
        ("limit=1000", "limit"),
        ("colour=red", "colour"),
        ("in_stock=maybe", "in_stock"),
    ] {
        let refused = shop.get(&format!("/v1/products?{query}")).await;
        assert_eq!(refused.problem(), (400, "invalid-query".to_owned()), "{query}");
        assert_eq!(refused.pointers(), [name], "{query}");
    }
}

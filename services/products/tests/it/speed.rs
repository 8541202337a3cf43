//! temporary
use std::fmt::Write as _;
use crate::shop::{Shop, in_short};
#[tokio::test(flavor = "multi_thread")]
#[ignore]
async fn speed() {
    let shop = Shop::open().await;
    let n: usize = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let words = ["FROZEN","PIZZA","MEAT","SOFT","DRINKS","GROCERY","CHEESE","BREAD","BAKED","LAUNDRY","CANDY","BAGS","SALAD","TROPICAL","FRUIT","YOGURT","MILK","EGGS","PAPER","TOWELS"];
    let mut text = String::from("slug,title,description,status,category,sku,variant_title,price_minor,currency,on_hand\n");
    let mut x: u64 = 88172645463325252;
    let mut r = |m: usize| { x ^= x << 13; x ^= x >> 7; x ^= x << 17; (x % m as u64) as usize };
    for i in 0..n {
        let (a, b, c) = (words[r(20)], words[r(20)], words[r(20)]);
        writeln!(text, "{}-{}-{i},{a} {b} {c} {} OZ,,published,{} {},{},,{},EUR,{}", a.to_lowercase(), b.to_lowercase(), r(64), words[r(20)], words[r(15)], 1_000_000 + i, 50 + r(3000), r(1000)).unwrap();
    }
    let t = std::time::Instant::now();
    let pieces: Vec<Result<axum::body::Bytes, std::io::Error>> = text.as_bytes().chunks(65536).map(|c| Ok(axum::body::Bytes::copy_from_slice(c))).collect();
    let answer = shop.import("text/csv", axum::body::Body::from_stream(futures::stream::iter(pieces))).await;
    println!("{}", &answer.text()[..200.min(answer.text().len())]);
    println!("import {n}: {:?}, {:.1} us each", t.elapsed(), t.elapsed().as_micros() as f64 / n as f64);
    let t = std::time::Instant::now();
    let answer = shop.import("text/csv", text.clone()).await;
    println!("again: {:?} {}", t.elapsed(), answer.text());
    while !shop.hear().await.is_empty() {}
    for q in ["", "q=pizza", "q=frozen+pizza+6", "q=10000", "q=p", "q=pi", "sort=price_asc", "category=FROZEN+MEAT&sort=title", "in_stock=true&price_min=100", "q=frozen&sort=price_asc"] {
        let t = std::time::Instant::now();
        let k = 20;
        for _ in 0..k { let a = shop.get(&format!("/v1/products?{q}")).await; assert_eq!(a.status, 200); }
        println!("list {q}: {:?}", t.elapsed() / k);
    }
    let t = std::time::Instant::now();
    for i in 0..5000 { let a = shop.get(&format!("/v1/products/{}", if i % 2 == 0 {"none"} else {"none2"})).await; assert_eq!(a.status, 404); }
    println!("404: {:?}", t.elapsed() / 5000);
    let slug = shop.get("/v1/products").await.items("slug");
    let t = std::time::Instant::now();
    for i in 0..20000 { let a = shop.get(&format!("/v1/products/{}", slug[i % 20])).await; assert_eq!(a.status, 200); }
    println!("page: {:?}", t.elapsed() / 20000);
    shop.hear().await;
    for sql in products::statements() {
        let text: &'static str = format!("EXPLAIN QUERY PLAN {}", sql.sqlite()).leak();
        let mut count = 0; while text.contains(&format!("${}", count + 1)) { count += 1; }
        let v: Vec<store::Value> = (0..count).map(|_| store::Value::Int(1)).collect();
        let rows = shop.store.read(store::Sql::new(text), v.clone()).await;
        let Ok(rows) = rows else { println!("ERR {text}"); continue };
        println!("\n=== {}", text.split_whitespace().collect::<Vec<_>>().join(" ").chars().skip(19).take(3000).collect::<String>());
        for row in rows { println!("      {}", row.text(3).unwrap()); }
    }
}

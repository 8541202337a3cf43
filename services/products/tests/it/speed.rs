//! temporary
use std::fmt::Write as _;
use crate::shop::{Shop, in_short};
fn cpu() -> String {
    let mut out = String::new();
    for entry in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = entry.unwrap().path();
        let stat = std::fs::read_to_string(path.join("stat")).unwrap();
        let name = stat.split(['(', ')']).nth(1).unwrap().to_owned();
        let f: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ms = (f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap()) * 10;
        if ms > 30 { out += &format!("{name}={ms}ms "); }
    }
    out
}
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
    println!("cpu {}", cpu());
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
    let k = 3000;
    let until = shop.clock.now().plus(std::time::Duration::from_secs(600));
    let commands: Vec<_> = (0..k).map(|i| { let o = shop.order(); shop.message(o, &crate::shop::reserve(o, &[(&format!("{}", 1_000_000 + i % n), 1)], until)) }).collect();
    let t = std::time::Instant::now();
    for c in commands.chunks(256) { shop.bus.publish(c.to_vec()).await.unwrap(); }
    loop { let row = shop.bus.depth("products").await.unwrap(); if row.unread == 0 { break } tokio::time::sleep(std::time::Duration::from_millis(2)).await; }
    println!("reserve {k}: {:?} {:.1} us each", t.elapsed(), t.elapsed().as_micros() as f64 / k as f64);
    let _ = in_short;
    let t = std::time::Instant::now();
    let audit = shop.audit().await;
    println!("audit: {:?} {} {:?}", t.elapsed(), audit.checked, audit.findings.len());
}
#[test]
#[ignore]
fn dump() {
    let mut out = String::new();
    for (i, sql) in products::statements().iter().enumerate() {
        out += &format!("PREPARE s{i} AS {};\nSELECT '{i}', parameter_types FROM pg_prepared_statements WHERE name = 's{i}';\n", sql.postgres());
    }
    std::fs::write("/tmp/px/pg.sql", out).unwrap();
}

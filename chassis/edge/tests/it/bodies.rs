//! Bodies and parameters: what is accepted, and what is said about what is not.

use axum::{
    Router,
    routing::{get, patch, post},
};
use edge::{IfMatch, Json, PageQuery, Path, Problem, Query, Raw, RouteLimits, etag};
use http::Method;
use kernel::Page;
use serde::{Deserialize, Serialize};
use serde_json::json;
use testkit::Answer;

use crate::harness::{Site, soon};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    sku: String,
    quantity: u32,
}

#[derive(Debug, Deserialize)]
struct Filter {
    price_min: Option<u32>,
}

fn router() -> Router {
    let small = RouteLimits { body_bytes_max: 16, ..RouteLimits::default() };
    Router::new()
        .route("/items", post(|Json(item): Json<Item>| async move { Json(item) }))
        .route("/maybe", post(|item: Option<Json<Item>>| async move { Json(item.is_some()) }))
        .route("/small", post(|Raw(body): Raw| async move { body }).layer(small))
        .route("/items/{id}", get(|Path(id): Path<u32>| async move { Json(id) }))
        .route("/items/{id}", patch(change))
        .route("/search", get(|Query(f): Query<Filter>| async move { Json(f.price_min) }))
        .route("/pages", get(|PageQuery(page): PageQuery| async move { Json(page.limit) }))
        .route("/numbers", get(numbers))
}

async fn change(
    condition: IfMatch,
) -> Result<([(http::HeaderName, http::HeaderValue); 1], ()), Problem> {
    condition.check(7)?;
    Ok(([(http::header::ETAG, etag(8))], ()))
}

async fn numbers(uri: http::Uri, PageQuery(asked): PageQuery) -> axum::response::Response {
    let found: Vec<u32> = (1..=asked.limit + 1).collect();
    edge::page_response(&uri, &Page::of(found, asked.limit, ToString::to_string))
}

fn check(answer: &Answer, status: u16, code: &str, pointer: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.problem().as_deref(), Some(code));
    let json = answer.json();
    assert_eq!(json["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{json}");
    assert_eq!(json["type"], format!("/problems/{code}"));
    assert_eq!(json["status"], status);
    let trace = answer.header("traceparent").unwrap().split('-').nth(1).unwrap().to_owned();
    assert_eq!(json["trace_id"], trace);
}

#[tokio::test]
async fn a_good_body_is_taken() {
    let site = Site::start(router()).await;
    let item = json!({"sku": "A", "quantity": 2});
    let answer = site.client.post("/items", &item).send().await;
    assert_eq!((answer.status, answer.json()), (200, item));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_by_its_type() {
    let site = Site::start(router()).await;
    let ask = site.client.ask(Method::POST, "/items").body("text/plain", "{}");
    check(&ask.send().await, 415, "unsupported-media-type", "");

    let packed = site.client.post("/items", &json!({})).header("content-encoding", "gzip");
    check(&packed.send().await, 415, "unsupported-media-type", "");
}

#[tokio::test]
async fn broken_syntax_is_malformed_json() {
    let site = Site::start(router()).await;
    let ask = site.client.ask(Method::POST, "/items").body("application/json", "{\"sku\":");
    check(&ask.send().await, 400, "malformed-json", "");
}

#[tokio::test]
async fn a_wrong_type_is_pointed_at() {
    let site = Site::start(router()).await;
    let ask = site.client.post("/items", &json!({"sku": "A", "quantity": "two"}));
    check(&ask.send().await, 422, "invalid-body", "/quantity");
}

#[tokio::test]
async fn an_unknown_field_is_pointed_at() {
    let site = Site::start(router()).await;
    let ask = site.client.post("/items", &json!({"sku": "A", "quantity": 2, "colour": "red"}));
    check(&ask.send().await, 422, "invalid-body", "/colour");
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_too_large_however_it_is_sent() {
    let site = Site::start(router()).await;
    let large = format!("{{\"sku\": \"{}\", \"quantity\": 1}}", "A".repeat(1024 * 1024));

    let ask = site.client.ask(Method::POST, "/items").body("application/json", large.clone());
    check(&ask.send().await, 413, "body-too-large", "");

    let head = "POST /items HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let mut announced = site.raw().await;
    announced.say(format!("{head}content-length: {}\r\n\r\n", large.len())).await;
    let heard = soon("the refusal, unread", announced.hear_until("body-too-large")).await;
    assert!(heard.starts_with("HTTP/1.1 413"));

    let mut raw = site.raw().await;
    raw.say(head).await;
    raw.say("transfer-encoding: chunked\r\n\r\n").await;
    raw.say(format!("{:x}\r\n{large}\r\n", large.len())).await;
    assert!(raw.hear_until("body-too-large").await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_route_may_have_a_limit_of_its_own() {
    let site = Site::start(router()).await;
    let ask = |size: usize| {
        site.client.ask(Method::POST, "/small").body("text/plain", "x".repeat(size)).send()
    };
    assert_eq!(ask(16).await.status, 200);
    check(&ask(17).await, 413, "body-too-large", "");
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_untyped() {
    let site = Site::start(router()).await;
    let ask = || site.client.ask(Method::POST, "/maybe");
    assert_eq!(ask().send().await.json(), json!(false));
    assert_eq!(ask().json(&json!({"sku": "A", "quantity": 1})).send().await.json(), json!(true));
    check(&ask().body("text/plain", "x").send().await, 415, "unsupported-media-type", "");
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named() {
    let site = Site::start(router()).await;
    let get = |path: &'static str| site.client.get(path).send();
    assert_eq!(get("/search?price_min=5").await.json(), json!(5));
    check(&get("/search?price_min=cheap").await, 400, "invalid-query", "price_min");
    check(&get("/search?price_min=1&price_min=2").await, 400, "invalid-query", "price_min");
    check(&get("/pages?limit=101").await, 400, "invalid-query", "limit");
    check(&get("/items/abc").await, 404, "not-found", "");
    check(&get("/items/%ff").await, 400, "invalid-path", "");
}

#[tokio::test]
async fn a_page_links_to_the_next() {
    let site = Site::start(router()).await;
    let answer = site.client.get("/numbers?limit=2").send().await;
    assert_eq!(answer.json(), json!({"items": [1, 2], "next_cursor": "2"}));
    assert_eq!(answer.header("link"), Some("</numbers?limit=2&cursor=2>; rel=\"next\""));
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_seen() {
    let site = Site::start(router()).await;
    let change = |tag: Option<&'static str>| {
        let ask = site.client.ask(Method::PATCH, "/items/1");
        tag.map_or(ask.clone(), |tag| ask.header("if-match", tag)).send()
    };
    let changed = change(Some("\"7\"")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"8\"")));
    let stale = change(Some("\"6\"")).await;
    check(&stale, 412, "stale-version", "");
    assert_eq!(stale.header("etag"), Some("\"7\""));
    check(&change(None).await, 428, "if-match-missing", "");
}

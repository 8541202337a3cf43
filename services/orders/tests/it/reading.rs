//! Reading: lists, stories, and streams of what happens.

use std::collections::BTreeSet;

use contracts::commands::ReserveStock;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::rig::{ANN, BOB, Rig, token, wanted};

async fn page(rig: &Rig, bearer: &str, query: &str) -> (Vec<String>, Option<String>) {
    let answer = rig.get(&format!("/v1/orders?{query}")).bearer(bearer).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let id = |order: &Value| order["id"].as_str().unwrap().to_owned();
    let ids = json["items"].as_array().unwrap().iter().map(id).collect();
    (ids, json["next_cursor"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn a_list_shows_ones_own_orders_and_staff_all_of_them_newest_first() {
    let rig = Rig::open().await;
    let (ann, bob) = (token(&rig.clock, ANN, &[]), token(&rig.clock, BOB, &[]));
    let body = wanted(&[("MUG", 1)], "tok_visa");
    let mut placed = Vec::new();
    for owner in [Some(&ann), None, Some(&bob), Some(&ann)] {
        let ask = rig.place(&body);
        let ask = owner.into_iter().fold(ask, |ask, bearer| ask.bearer(bearer));
        placed.push(ask.wait().send().await.id());
    }
    let newest_first = |of: &[usize]| of.iter().map(|at| placed[*at].clone()).collect::<Vec<_>>();

    assert_eq!(page(&rig, &ann, "").await.0, newest_first(&[3, 0]));
    assert_eq!(page(&rig, &bob, "").await.0, newest_first(&[2]));
    assert_eq!(page(&rig, &rig.staff(), "").await.0, newest_first(&[3, 2, 1, 0]));
    assert_eq!(rig.get("/v1/orders").send().await.problem().0, 401);
    let nosy = rig.get("/v1/orders?email=guest@example.com").bearer(&ann).send().await;
    assert_eq!(nosy.problem(), (403, "forbidden".to_owned(), vec![]));
}

#[tokio::test]
async fn staff_narrow_the_list_by_status_address_and_time() {
    let rig = Rig::open().await;
    let good = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).wait().send().await.id();
    rig.clock.advance(std::time::Duration::from_secs(60));
    let between = rig.clock.now();
    let mut other = wanted(&[("MUG", 1)], "tok_declined");
    other["email"] = "Other@example.com".into();
    let bad = rig.place(&other).wait().send().await.id();
    let staff = rig.staff();
    let check = |query: String, expected: Vec<String>| {
        let (rig, staff) = (&rig, &staff);
        async move { assert_eq!(page(rig, staff, &query).await.0, expected, "{query}") }
    };

    check("status=confirmed".to_owned(), vec![good.clone()]).await;
    check("status=rejected".to_owned(), vec![bad.clone()]).await;
    check("email=OTHER@example.com".to_owned(), vec![bad.clone()]).await;
    check("email=other@example.com&status=confirmed".to_owned(), vec![]).await;
    check(format!("placed_after={between}"), vec![]).await;
    let before = between.minus(std::time::Duration::from_millis(1));
    check(format!("placed_after={before}"), vec![bad]).await;
    let wrong = rig.get("/v1/orders?status=lost").bearer(&staff).send().await;
    assert_eq!(wrong.problem(), (400, "invalid-query".to_owned(), vec!["status".to_owned()]));
    let wrong = rig.get("/v1/orders?cursor=x").bearer(&staff).send().await;
    assert_eq!(wrong.problem().1, "invalid-cursor");
}

#[tokio::test]
async fn pages_walk_through_every_order_once_while_others_come_in() {
    let rig = Rig::open().await;
    let body = wanted(&[("MUG", 1)], "tok_visa");
    let mut placed = BTreeSet::new();
    for _ in 0..7 {
        placed.insert(rig.place(&body).send().await.id());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (ids, next) = page(&rig, &rig.staff(), &format!("limit=3{cursor}")).await;
        seen.extend(ids);
        rig.place(&body).send().await;
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(seen.len(), 7);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), placed);
}

#[tokio::test]
async fn the_story_tells_each_step_message_and_call_with_its_trace() {
    let rig = Rig::open().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let placed = rig
        .place(&wanted(&[("MUG", 1)], "tok_visa"))
        .header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"))
        .wait()
        .send()
        .await;
    let id = placed.id();

    assert_eq!(
        rig.story(&id).await,
        [
            "customer placed",
            "sent orders.order.placed.v1",
            "step reserving",
            "sent products.reserve_stock.v1",
            "received products.stock.reserved.v1",
            "step authorizing",
            "called payments.authorize",
            "step committing",
            "sent products.commit_stock.v1",
            "sent orders.order.confirmed.v1",
            "received products.stock.committed.v1",
            "step capturing",
            "called payments.capture",
            "step completed",
        ]
    );
    let path = format!("/v1/orders/{id}/timeline");
    let story = rig.get(&path).secret(&placed.secret()).send().await.json();
    let entries = story["items"].as_array().unwrap();
    let sequence: Vec<_> = entries.iter().map(|entry| entry["sequence"].as_i64()).collect();
    assert_eq!(sequence, (1..=14).map(Some).collect::<Vec<_>>());
    assert_eq!(entries[0]["trace_id"], trace);
    assert!(entries.iter().all(|entry| entry["trace_id"].is_string()), "{story:#}");
}

#[tokio::test]
async fn a_story_is_read_in_pages_without_a_gap() {
    let rig = Rig::open().await;
    let id = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).wait().send().await.id();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/orders/{id}/timeline?limit=5{cursor}");
        let page = rig.get(&path).bearer(&rig.staff()).send().await.json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|entry| entry["sequence"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(seen, (1..=14).collect::<Vec<_>>());
}

/// The ids of all events of a stream that ends.
async fn ids(answer: http::Response<axum::body::Body>) -> Vec<i64> {
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

#[tokio::test]
async fn a_stream_tells_what_happens_and_ends_when_the_order_is_settled() {
    let rig = Rig::open().await;
    rig.stock.silence::<ReserveStock>();
    let placed = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;
    let (id, secret) = (placed.id(), placed.secret());
    let path = format!("/v1/orders/{id}/events");
    let stream = rig.get(&path).secret(&secret).stream().await;
    rig.in_step(&id, "reserving").await;

    rig.clock.advance(std::time::Duration::from_secs(31));
    let (all, _) = tokio::join!(ids(stream), rig.settled(&id));

    let count = i64::try_from(rig.story(&id).await.len()).unwrap();
    assert_eq!(all, (1..=count).collect::<Vec<_>>());
    let rest = rig.get(&path).secret(&secret).header("last-event-id", "6").stream().await;
    assert_eq!(ids(rest).await, (7..=count).collect::<Vec<_>>());
    let end = rig.get(&path).secret(&secret).header("last-event-id", &count.to_string());
    assert_eq!(end.send().await.status, 204);
}

#[tokio::test]
async fn the_version_of_an_order_rises_with_what_is_seen_of_it() {
    let rig = Rig::open().await;
    let placed = rig.place(&wanted(&[("MUG", 1)], "tok_visa")).send().await;
    let id = placed.id();
    rig.settled(&id).await;
    let path = format!("/v1/orders/{id}");

    let one = rig.get(&path).bearer(&rig.staff()).send().await;
    let other = rig.get(&path).bearer(&rig.staff()).send().await;

    assert_eq!(placed.header("etag"), Some("\"1\""));
    assert_eq!(one.header("etag"), Some("\"3\""));
    assert_eq!((one.header("etag"), &one.body), (other.header("etag"), &other.body));
}

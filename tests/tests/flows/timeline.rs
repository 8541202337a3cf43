//! The story of an order: what it tells, and how it is streamed.

use flows::{Shop, order_of, pages, place};
use serde_json::{Value, json};
use testkit::Stream;

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 10).await;
    shop
}

fn names(entries: &[Value]) -> Vec<(&str, &str)> {
    let text = |value: &Value| -> &'static str {
        Box::leak(value.as_str().expect("a text").to_owned().into_boxed_str())
    };
    entries.iter().map(|entry| (text(&entry["kind"]), text(&entry["name"]))).collect()
}

#[tokio::test]
async fn the_timeline_tells_each_step_message_and_call_in_one_trace() {
    let shop = shop().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    let body = order_of(&[("TEA", 1)], "tok_visa");
    let asked = place(&shop.guest, "k1", &body).header("prefer", "wait=30");
    let answer =
        asked.header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01")).send().await;

    let path = format!("/v1/orders/{}/timeline?limit=5", flows::id_of(&answer));
    let entries = pages(&shop.admin, &path).await;
    let expected = [
        ("customer", "placed"),
        ("sent", "orders.order.placed.v1"),
        ("step", "reserving"),
        ("sent", "products.reserve_stock.v1"),
        ("received", "products.stock.reserved.v1"),
        ("step", "authorizing"),
        ("called", "payments.authorize"),
        ("step", "committing"),
        ("sent", "products.commit_stock.v1"),
        ("sent", "orders.order.confirmed.v1"),
        ("received", "products.stock.committed.v1"),
        ("step", "capturing"),
        ("called", "payments.capture"),
        ("step", "completed"),
    ];
    assert_eq!(names(&entries), expected);
    let numbered: Vec<i64> = entries.iter().filter_map(|e| e["sequence"].as_i64()).collect();
    assert_eq!(numbered, (1..=14).collect::<Vec<i64>>());
    assert!(entries.iter().all(|entry| entry["trace_id"] == trace), "{entries:#?}");
}

#[tokio::test]
async fn the_timeline_tells_calls_that_failed_and_were_tried_again() {
    let shop = shop().await;

    let order = shop.order("k1", &order_of(&[("TEA", 1)], "tok_error")).await;

    let path = format!("/v1/orders/{}/timeline?limit=100", order["id"].as_str().expect("an id"));
    let entries = pages(&shop.admin, &path).await;
    let of = |kind: &str, name: &str| {
        let told = entries.iter().filter(|e| e["kind"] == kind && e["name"] == name);
        told.map(|entry| entry["attempt"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(of("failed", "payments.authorize"), [json!(1), json!(2)], "{entries:#?}");
    assert_eq!(of("called", "payments.authorize"), [json!(3)]);
    assert_eq!(of("called", "payments.capture"), [json!(1)]);
}

/// Reads events until one is of this name, or to the end; gives their ids and names.
async fn read(stream: &mut Stream, until: Option<&str>) -> Vec<(String, String)> {
    let (mut text, mut events) = (String::new(), Vec::new());
    while let Some(piece) = stream.next().await {
        text.push_str(std::str::from_utf8(&piece).expect("events are text"));
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some((id, data)) = field("id: ").zip(field("data: ")) {
                let data: Value = serde_json::from_str(data).expect("an event is JSON");
                assert_eq!(data["sequence"].to_string(), id);
                events.push((id.to_owned(), data["name"].as_str().expect("a name").to_owned()));
            }
            text = rest.to_owned();
        }
        if until.is_some_and(|name| events.iter().any(|event| event.1 == name)) {
            break;
        }
    }
    events
}

#[tokio::test]
async fn the_stream_of_an_order_goes_on_after_the_last_event_seen() {
    let mut shop = shop().await;
    let order = shop.order("k1", &order_of(&[("TEA", 1)], "tok_challenge")).await;
    let id = order["id"].as_str().expect("an id").to_owned();
    assert_eq!(order["payment"]["status"], "action_required");
    let events = format!("/v1/orders/{id}/events");

    let mut first = shop.admin.get(&events).open().await.expect("it streams");
    let seen = read(&mut first, Some("awaiting_answer")).await;
    drop(first);
    shop.crash().await;
    let (last, _) = seen.last().expect("there was something to see");
    let mut second =
        shop.admin.get(&events).header("last-event-id", last).open().await.expect("too");
    let answer =
        shop.admin.post(&format!("/v1/orders/{id}/payment-answers"), &json!({"answer": "123456"}));
    assert_eq!(answer.send().await.status, 200);
    let rest = read(&mut second, None).await;

    assert_eq!(second.headers["content-type"], "text/event-stream");
    let ids: Vec<u32> =
        seen.iter().chain(&rest).map(|(id, _)| id.parse().expect("a number")).collect();
    assert_eq!(ids, (1..=u32::try_from(ids.len()).expect("few")).collect::<Vec<u32>>());
    assert_eq!(rest.last().map(|event| &*event.1), Some("completed"));
    let (last, _) = rest.last().expect("the end");
    let nothing = shop.admin.get(&events).header("last-event-id", last).send().await;
    assert_eq!(nothing.status, 204);
}

//! Streams of server-sent events.

use axum::{Router, routing::get};
use edge::{
    Settings,
    sse::{Event, Subscription},
};
use futures::{StreamExt as _, stream};

use crate::harness::{Site, soon};

fn router() -> Router {
    Router::new().route("/events", get(events)).route("/silence", get(silence))
}

async fn events(subscription: Subscription) -> axum::response::Response {
    let after: u32 = subscription.last_id().map_or(0, |id| id.parse().unwrap());
    let events = (after + 1..=3).map(|n| Event {
        id: n.to_string(),
        name: Some("order".to_owned()),
        data: format!("line one of {n}\nline two"),
    });
    subscription.answer(stream::iter(events))
}

async fn silence(subscription: Subscription) -> axum::response::Response {
    subscription.answer(stream::pending().boxed())
}

#[tokio::test]
async fn events_carry_ids_and_go_on_after_the_last_one() {
    let site = Site::start(router()).await;

    let all = site.client.get("/events").send().await;
    let rest = site.client.get("/events").header("last-event-id", "2").send().await;

    assert_eq!(all.header("content-type"), Some("text/event-stream"));
    let third = "id: 3\nevent: order\ndata: line one of 3\ndata: line two\n\n";
    assert!(all.text().starts_with("retry: 1000\n\nid: 1\n"), "{}", all.text());
    assert_eq!(rest.text(), format!("retry: 1000\n\n{third}"));
}

#[tokio::test]
async fn silence_is_filled_with_signs_of_life_and_ends_when_the_process_drains() {
    let settings = Settings { heartbeat_ms: 20, lame_duck_ms: 0, ..Settings::default() };
    let site = Site::with(router(), settings).await;
    let mut raw = site.raw().await;
    raw.say("GET /silence HTTP/1.1\r\nhost: x\r\n\r\n").await;

    soon("two heartbeats", raw.hear_until(": alive\n\n")).await;
    soon("the end of the process", site.stop()).await;

    assert!(soon("the end of the stream", raw.hear_all()).await.ends_with("0\r\n\r\n"));
}

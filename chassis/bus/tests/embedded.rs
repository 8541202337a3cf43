//! What every bus promises, held against the embedded one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{sync::Arc, time::Duration};

use bus::{Bus, Delivery, Embedded, Error, Message, Verdict};
use kernel::{Clock, PageRequest, Role, Timestamp};
use testkit::Folder;

const LONG: Duration = Duration::from_secs(60);

fn message(id: &str, key: &str) -> Message {
    Message {
        id: id.to_owned(),
        kind: "shop.thing.happened.v1".to_owned(),
        role: Role::Event,
        source: "/shop".to_owned(),
        key: key.to_owned(),
        at: Timestamp::from_ms(1),
        trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        body: format!("{{\"id\":\"{id}\"}}"),
    }
}

async fn opened(folder: &Folder, clock: &Clock) -> Arc<dyn Bus> {
    let bus = folder.bus(clock).await;
    bus.declare("listener", &["shop.thing.happened.v1"]).await.unwrap();
    bus
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_ms(1_000_000))
}

async fn fetch(bus: &Arc<dyn Bus>) -> Vec<Delivery> {
    bus.fetch("listener", 100, LONG).await.unwrap()
}

fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|d| d.message.id.as_str()).collect()
}

async fn settle(bus: &Arc<dyn Bus>, delivery: &Delivery, verdict: Verdict) {
    bus.settle("listener", vec![(delivery.receipt, verdict)]).await.unwrap();
}

#[tokio::test]
async fn a_message_comes_whole_and_once() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;

    bus.publish(vec![message("a", "k")]).await.unwrap();
    let got = fetch(&bus).await;

    assert_eq!((got[0].message.clone(), got[0].attempt), (message("a", "k"), 1));
    assert!(fetch(&bus).await.is_empty());
    settle(&bus, &got[0], Verdict::Ack).await;
    assert_eq!(bus.depth("listener").await.unwrap().unread, 0);
}

#[tokio::test]
async fn a_command_without_receiver_is_an_error_and_an_event_is_not() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    let mut event = message("a", "k");
    event.kind = "shop.other.happened.v1".to_owned();
    let command = Message { role: Role::Command, ..event.clone() };

    bus.publish(vec![event]).await.unwrap();
    let refused = bus.publish(vec![message("b", "k"), command]).await;

    assert!(matches!(refused, Err(Error::Unroutable { .. })));
    assert!(fetch(&bus).await.is_empty(), "all or none");
}

#[tokio::test]
async fn behind_an_unsettled_message_its_key_waits_and_others_do_not() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("a1", "a")]).await.unwrap();
    let first = fetch(&bus).await;

    bus.publish(vec![message("a2", "a"), message("b1", "b")]).await.unwrap();

    assert_eq!(ids(&fetch(&bus).await), ["b1"]);
    settle(&bus, &first[0], Verdict::Ack).await;
    assert_eq!(ids(&fetch(&bus).await), ["a2"]);
}

#[tokio::test]
async fn a_retry_comes_after_its_time_before_its_successors_and_is_counted() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("a1", "a"), message("a2", "a")]).await.unwrap();
    let got = fetch(&bus).await;
    assert_eq!(ids(&got), ["a1", "a2"]);

    let after = Duration::from_secs(1);
    settle(&bus, &got[0], Verdict::Retry { after }).await;
    settle(&bus, &got[1], Verdict::Defer { after }).await;
    assert!(fetch(&bus).await.is_empty());
    assert_eq!(bus.depth("listener").await.unwrap().retries, 1);
    clock.advance(after);

    let again = fetch(&bus).await;
    assert_eq!(ids(&again), ["a1", "a2"]);
    assert_eq!((again[0].attempt, again[1].attempt), (2, 1));
}

#[tokio::test]
async fn what_is_not_settled_in_time_is_delivered_again_and_the_old_receipt_is_void() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("a", "k")]).await.unwrap();
    let late = fetch(&bus).await;

    clock.advance(LONG);
    bus.arrival("listener", Duration::from_secs(1)).await;
    let again = fetch(&bus).await;

    assert_eq!(again[0].attempt, 2);
    settle(&bus, &late[0], Verdict::Ack).await;
    assert_eq!(bus.depth("listener").await.unwrap().unread, 1);
    settle(&bus, &again[0], Verdict::Ack).await;
    assert_eq!(bus.depth("listener").await.unwrap().unread, 0);
}

#[tokio::test]
async fn a_dead_letter_has_its_reason_and_comes_back_when_redriven() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("a", "k"), message("b", "k")]).await.unwrap();
    let got = fetch(&bus).await;
    settle(&bus, &got[0], Verdict::Dead { reason: "poison".to_owned() }).await;
    settle(&bus, &got[1], Verdict::Dead { reason: "poison".to_owned() }).await;

    let page = PageRequest { limit: 1, cursor: None };
    let first = bus.dead_letters("listener", page).await.unwrap();
    let page = PageRequest { limit: 1, cursor: first.next_cursor };
    let second = bus.dead_letters("listener", page).await.unwrap();
    assert_eq!((first.items[0].id.as_str(), first.items[0].reason.as_str()), ("a", "poison"));
    assert_eq!((second.items[0].id.as_str(), second.next_cursor), ("b", None));

    assert_eq!(bus.redrive("listener", Some(&["b".to_owned()])).await.unwrap(), 1);
    let back = fetch(&bus).await;
    assert_eq!((ids(&back), back[0].attempt), (vec!["b"], 1));
    assert_eq!(bus.depth("listener").await.unwrap().dead, 1);
    assert!(bus.redrive("nobody", None).await.is_err());
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("a", "a"), message("b", "b")]).await.unwrap();
    assert_eq!(ids(&bus.fetch("listener", 1, LONG).await.unwrap()), ["a"]);

    let again = folder.bus(&clock).await;

    let got = fetch(&again).await;
    assert_eq!((got[0].message.clone(), ids(&got)), (message("a", "a"), vec!["a", "b"]));
}

#[tokio::test]
async fn a_message_that_ends_the_process_each_time_is_counted_and_its_neighbour_is_not() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;
    bus.publish(vec![message("poison", "a"), message("good", "b")]).await.unwrap();
    let mut attempts = Vec::new();

    for _ in 0..4 {
        let again = folder.bus(&clock).await;
        let poison = again.fetch("listener", 1, LONG).await.unwrap();
        attempts.push(poison[0].attempt);
    }

    assert_eq!(attempts, [1, 2, 3, 4]);
    let last = folder.bus(&clock).await;
    let attempts: Vec<u32> = fetch(&last).await.iter().map(|d| d.attempt).collect();
    assert_eq!(attempts, [5, 1]);
}

#[tokio::test]
async fn an_arrival_wakes_who_waits() {
    let (folder, clock) = (Folder::new(), clock());
    let bus = opened(&folder, &clock).await;

    let publish = async { bus.publish(vec![message("a", "k")]).await.unwrap() };
    futures::join!(bus.arrival("listener", LONG), publish);

    assert_eq!(fetch(&bus).await.len(), 1);
}

#[tokio::test]
async fn statements_fit_their_tables() {
    let (folder, clock) = (Folder::new(), clock());
    let store = folder.store("queue", &clock).await;
    Embedded::open(store.clone(), clock).await.unwrap();
    store.prepare(bus::embedded::ALL).await.unwrap();
}

//! How listeners stop.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use edge::Settings;
use supervisor::Exit;
use tokio::{
    net::TcpStream,
    sync::{Notify, Semaphore},
};

use crate::harness::{Site, soon, timed};

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// A route that waits at a gate, and says when somebody is inside.
fn gated() -> (Router, Arc<Notify>, Arc<Semaphore>) {
    let (inside, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let handler = {
        let (inside, gate) = (Arc::clone(&inside), Arc::clone(&gate));
        move || {
            let (inside, gate) = (Arc::clone(&inside), Arc::clone(&gate));
            async move {
                inside.notify_one();
                gate.acquire().await.unwrap().forget();
                "done"
            }
        }
    };
    (Router::new().route("/", get(handler)), inside, gate)
}

#[tokio::test]
async fn draining_finishes_what_is_in_work_and_refuses_what_is_new() {
    let (router, inside, gate) = gated();
    let site = Site::with(router, Settings { lame_duck_ms: 50, ..Settings::default() }).await;
    let mut busy = site.raw().await;
    let mut idle = site.raw().await;
    busy.say(GET).await;
    inside.notified().await;

    let stop = site.stop();
    let beside = async {
        assert_eq!(soon("idle connections are closed", idle.hear_all()).await, "");
        let refused = TcpStream::connect(site.address().to_string()).await;
        assert!(refused.is_err(), "nobody listens any more");
        gate.add_permits(1);
        busy.hear_all().await
    };
    let (exit, answer) = soon("the drain", async { futures::join!(stop, beside) }).await;

    assert_eq!(exit, Exit::Shutdown);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn the_lame_duck_still_serves_and_says_goodbye() {
    let site = Site::with(hello(), Settings { lame_duck_ms: 400, ..Settings::default() }).await;
    let mut kept = site.raw().await;
    kept.say(GET).await;
    kept.hear_until("hello").await;

    let beside = async {
        testkit::eventually("it drains", || async { site.drain.has_begun().then_some(()) }).await;
        kept.say(GET).await;
        let kept = kept.hear_all().await;
        let mut fresh = site.raw().await;
        fresh.say(GET).await;
        (kept, fresh.hear_all().await)
    };
    let (exit, (kept, fresh)) = futures::join!(site.stop(), beside);

    assert_eq!(exit, Exit::Shutdown);
    for answer in [kept, fresh] {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn the_drain_has_a_hard_end() {
    let (router, inside, _never) = gated();
    let settings = Settings { lame_duck_ms: 0, drain_ms_max: 300, ..Settings::default() };
    let site = Site::with(router, settings).await;
    let mut stuck = site.raw().await;
    stuck.say(GET).await;
    inside.notified().await;
    // A connection that never says a word must not hold the drain either.
    let silent = site.raw().await;

    let (exit, took) = timed(site.stop()).await;

    assert_eq!(exit, Exit::Shutdown);
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(stuck.hear_all().await, "");
    drop(silent);
}

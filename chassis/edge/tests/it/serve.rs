//! Listeners: what they close, and where they listen.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, routing::get};
use edge::{
    Settings,
    serve::{Address, Bound},
};
use kernel::Clock;
use supervisor::Exit;
use testkit::{Client, Folder};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use crate::harness::{Raw, Site, soon, timed};

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_closed() {
    let settings = Settings { head_ms_max: 100, ..Settings::default() };
    let site = Site::with(hello(), settings).await;
    for start in ["", "G", "PRI", "GET / HTTP/1.1\r\nhost:"] {
        let mut raw = site.raw().await;
        raw.say(start).await;
        if start == "PRI" {
            continue; // As HTTP/2 it is only idle; see below.
        }
        let (heard, took) = timed(raw.hear_all()).await;
        assert_eq!(heard, "", "{start:?}");
        assert!(took >= Duration::from_millis(80) && took < Duration::from_secs(3), "{took:?}");
    }
}

#[tokio::test]
async fn the_second_head_has_the_same_limit_and_the_pause_before_it_has_not() {
    let settings = Settings { head_ms_max: 100, idle_ms_max: 600, ..Settings::default() };
    let site = Site::with(hello(), settings).await;
    let mut raw = site.raw().await;

    raw.say(GET).await;
    raw.hear_until("hello").await;
    let (rest, pause) = timed(raw.hear_all()).await;
    assert_eq!(rest, "");
    assert!(pause >= Duration::from_millis(500), "idle, not slow: {pause:?}");

    let mut raw = site.raw().await;
    raw.say(GET).await;
    raw.hear_until("hello").await;
    raw.say("GET / HT").await;
    let (_, slow) = timed(raw.hear_all()).await;
    assert!(slow < Duration::from_millis(500), "slow, not idle: {slow:?}");
}

#[tokio::test]
async fn an_idle_http2_connection_is_told_and_closed() {
    let settings = Settings { head_ms_max: 50, idle_ms_max: 200, ..Settings::default() };
    let site = Site::with(hello(), settings).await;
    let mut raw = site.raw().await;
    raw.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    raw.say([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;

    let mut heard = Vec::new();
    let (_, took) = timed(raw.0.read_to_end(&mut heard)).await;

    assert!(took >= Duration::from_millis(150), "{took:?}");
    assert!(types_of(&heard).contains(&7), "GOAWAY in {:?}", types_of(&heard));
}

/// The types of the HTTP/2 frames in `bytes`.
fn types_of(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [a, b, c, kind, ..] = *bytes {
        types.push(kind);
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    types
}

fn large() -> Router {
    Router::new().route("/", get(|| async { vec![b'x'; LARGE] }))
}

/// More than the buffers of both sides hold.
const LARGE: usize = 64 * 1024 * 1024;

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_given_up() {
    let settings = Settings { idle_ms_max: 200, ..Settings::default() };
    let endless = || async {
        let chunks = futures::stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 64 * 1024]));
        Body::from_stream(chunks)
    };
    let site = Site::with(Router::new().route("/", get(endless)), settings).await;
    let mut raw = site.raw().await;
    raw.say(GET).await;
    raw.hear_until("200 OK").await;

    // The drain may take 25 s for what is in work; this is given up long before that.
    let (exit, took) = timed(site.stop()).await;

    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(exit, Exit::Shutdown);
}

#[tokio::test]
async fn a_receiver_that_is_slow_gets_everything() {
    let settings = Settings { idle_ms_max: 200, ..Settings::default() };
    let site = Site::with(large(), settings).await;
    let clock = Clock::system();
    let mut raw = site.raw().await;
    raw.say(GET).await;

    let (mut received, mut buffer) = (0, vec![0; 1024 * 1024]);
    while received < LARGE {
        clock.sleep(Duration::from_millis(30)).await;
        let count = raw.0.read(&mut buffer).await.unwrap();
        assert!(count > 0, "cut off after {received} bytes and {:?}", clock.instant());
        received += count;
    }
    assert!(clock.instant() > Duration::from_millis(1_500), "slower than all limits");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let settings = Settings { connections_max: 1, ..Settings::default() };
    let site = Site::with(hello(), settings).await;
    let mut first = site.raw().await;
    first.say(GET).await;
    first.hear_until("hello").await;

    let mut second = site.raw().await;
    let heard = soon("the refusal", second.hear_all()).await;
    assert!(heard.starts_with("HTTP/1.1 503"), "{heard}");
    assert!(heard.contains("\"code\":\"overloaded\"") && heard.contains("retry-after: 1"));

    drop(first);
    testkit::eventually("the place is free again", || async {
        let mut third = site.raw().await;
        let _ = third
            .0
            .write_all(GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes())
            .await;
        third.hear_all().await.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_says_so() {
    let site = Site::start(hello()).await;
    let error = Bound::bind(site.address()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen at {}", site.address()));
    assert_eq!(error.cause.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_unix_socket_serves_like_any_other_and_is_taken_away_at_the_end() {
    let folder = Folder::new();
    let path = folder.path().join("stoa.sock");
    let address = format!("unix:{}", path.display());
    // What a process leaves that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let site =
        Site::at(&address, hello(), Settings { lame_duck_ms: 0, ..Settings::default() }).await;

    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream
        .write_all(GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    let taken = Bound::bind(site.address()).await.unwrap_err();
    assert_eq!(taken.cause.kind(), std::io::ErrorKind::AddrInUse, "a living one keeps it");

    site.stop().await;
    drop(site);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_listens_already_is_taken_over() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let bound = Bound::inherit(socket).unwrap();
    assert_eq!(bound.address(), &Address::Tcp(address));
}

#[tokio::test]
async fn a_slow_caller_does_not_hold_up_others() {
    let site = Site::start(hello()).await;
    let mut slow: Vec<Raw> = Vec::new();
    for _ in 0..200 {
        let mut raw = site.raw().await;
        raw.say("GET / HTTP/1.1\r\nx: ").await;
        slow.push(raw);
    }
    let client = Client::new(format!("http://{}", site.address()));
    for _ in 0..20 {
        assert_eq!(client.get("/").send().await.status, 200);
    }
}

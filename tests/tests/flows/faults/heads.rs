//! Requests that are too large, too slow, or none: answered or cut off, and the others go on.

use std::{net::SocketAddr, time::Duration};

use flows::{Shop, order_of, place};
use kernel::Clock;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What comes back for these bytes, until the connection ends.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // A server that has heard enough closes before all is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let clock = Clock::system();
    let read = clock.timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    // So it is with an answer before the end of the request: the connection is reset after it.
    let _ = read.await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn code(answer: &str) -> Option<String> {
    let body = answer.split_once("\r\n\r\n")?.1;
    let problem: Value = serde_json::from_str(body).ok()?;
    problem["code"].as_str().map(str::to_owned)
}

async fn shop() -> Shop {
    let shop = Shop::open_with(&[
        ("STOA_EDGE__HEAD_MS_MAX", "500"),
        ("STOA_EDGE__REQUEST_MS_MAX", "1000"),
    ])
    .await;
    shop.stock("TEA", 500, 10).await;
    let placed = place(&shop.guest, "before", &order_of(&[("TEA", 1)], "tok_visa")).send().await;
    assert_eq!(placed.status, 201);
    shop.at_rest().await;
    shop
}

async fn is_as_before(shop: &Shop) {
    assert_eq!(shop.orders().await.len(), 1);
    let order = shop.order("after", &order_of(&[("TEA", 1)], "tok_visa")).await;
    assert_eq!(order["status"], "confirmed");
    shop.audited().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let shop = shop().await;
    let check = async |head: String, expected: u16, problem: Option<&str>| {
        let request = format!("{head}host: shop\r\nconnection: close\r\n\r\n");
        let answer = exchange(shop.system.listen, request.as_bytes()).await;
        assert_eq!((status(&answer), code(&answer).as_deref()), (Some(expected), problem));
    };
    let long = |bytes: usize| "x".repeat(bytes);
    let get = "GET /v1/products HTTP/1.1\r\n";

    check(format!("{get}x-long: {}\r\n", long(10 << 10)), 200, None).await;
    check(format!("{get}x-long: {}\r\n", long(20 << 10)), 431, Some("headers-too-large")).await;
    check(format!("{get}x-long: {}\r\n", long(100 << 10)), 431, None).await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    check(format!("{get}{many}"), 431, None).await;
    let search = |bytes| format!("GET /v1/products?q={} HTTP/1.1\r\n", long(bytes));
    check(search(10 << 10), 414, Some("uri-too-long")).await;
    check(search(100 << 10), 431, None).await;

    is_as_before(&shop).await;
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused() {
    let shop = shop().await;
    let check = async |bytes: &[u8]| {
        let answer = exchange(shop.system.listen, bytes).await;
        assert!(matches!(status(&answer), Some(400) | None), "{answer}");
    };

    check(b"a shopping list\r\n\r\n").await;
    check(b"GET /v1/products HTTP/9.9\r\n\r\n").await;
    check(b"GET /v1/products HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n").await;
    check(b"POST /v1/orders HTTP/1.1\r\nhost: a\r\ncontent-length: many\r\n\r\n").await;
    check(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    check(&[0; 1000]).await;

    is_as_before(&shop).await;
}

#[tokio::test]
async fn a_request_that_never_arrives_whole_is_cut_off() {
    let shop = shop().await;
    let clock = Clock::system();

    let silent = exchange(shop.system.listen, b"GET /v1/products HTTP/1.1\r\nhost: sh").await;
    let head_after = clock.instant();
    let post = "POST /v1/orders HTTP/1.1\r\nhost: a\r\nidempotency-key: k\r\n\
                content-type: application/json\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{";
    let half = exchange(shop.system.listen, post.as_bytes()).await;
    let body_after = clock.instant() - head_after;

    assert!(matches!(status(&silent), Some(408) | None), "{silent}");
    assert!(head_after < Duration::from_secs(5), "{head_after:?}");
    assert_eq!((status(&half), code(&half).as_deref()), (Some(408), Some("request-timeout")));
    assert!(body_after < Duration::from_secs(5), "{body_after:?}");
    is_as_before(&shop).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let shop = shop().await;
    let head = "POST /v1/orders HTTP/1.1\r\nhost: a\r\nidempotency-key: k\r\n\
                content-type: application/json\r\nconnection: close\r\n";
    let body = format!("\"{}\"", "x".repeat(2 << 20));

    let told = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let told = exchange(shop.system.listen, told.as_bytes()).await;
    let untold = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len());
    let untold = exchange(shop.system.listen, untold.as_bytes()).await;

    for answer in [told, untold] {
        let expected = (Some(413), Some("body-too-large"));
        assert_eq!((status(&answer), code(&answer).as_deref()), expected, "{answer}");
    }
    is_as_before(&shop).await;
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_others_out() {
    let shop = shop().await;

    let mut quiet = Vec::new();
    for _ in 0..200 {
        quiet.push(TcpStream::connect(shop.system.listen).await.expect("it listens"));
    }

    is_as_before(&shop).await;
}

//! What holds for every request: limits, deadlines, panics, traces, headers.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{get, post},
};
use edge::{Json, Raw, RouteLimits, Settings, Wait};
use http::Method;
use kernel::TraceContext;
use testkit::Answer;
use tokio::sync::Semaphore;

use crate::harness::{Site, soon};

fn hurried() -> Settings {
    Settings { request_ms_max: 50, ..Settings::default() }
}

fn never() -> Router {
    Router::new().route("/never", get(std::future::pending::<()>))
}

#[tokio::test]
async fn a_path_without_a_route_is_a_problem() {
    let site = Site::start(never()).await;
    let answer = site.client.get("/nothing").send().await;
    assert_eq!((answer.status, answer.problem().as_deref()), (404, Some("no-such-path")));
}

#[tokio::test]
async fn a_method_without_a_route_is_told_which_there_are() {
    let router = Router::new().route("/orders", get(|| async {}).post(|| async {}));
    let site = Site::start(router).await;
    let answer = site.client.ask(Method::DELETE, "/orders").send().await;
    assert_eq!((answer.status, answer.problem().as_deref()), (405, Some("method-not-allowed")));
    let allowed = |answer: &Answer| {
        let mut allowed: Vec<String> =
            answer.header("allow").unwrap().split(',').map(|method| method.trim().into()).collect();
        allowed.sort_unstable();
        allowed
    };
    assert_eq!(allowed(&answer), ["GET", "HEAD", "POST"]);

    let asked = site.client.ask(Method::OPTIONS, "/orders").send().await;
    assert_eq!((asked.status, allowed(&asked)), (204, allowed(&answer)));
}

#[tokio::test]
async fn a_long_uri_is_refused() {
    let site = Site::start(never()).await;
    let answer = site.client.get(&format!("/{}", "x".repeat(8 * 1024))).send().await;
    assert_eq!((answer.status, answer.problem().as_deref()), (414, Some("uri-too-long")));
}

#[tokio::test]
async fn large_or_many_headers_are_refused() {
    let site = Site::start(never()).await;
    let large = site.client.get("/").header("x-large", &"x".repeat(16 * 1024)).send().await;
    assert_eq!((large.status, large.problem().as_deref()), (431, Some("headers-too-large")));

    let huge = site.client.get("/").header("x-huge", &"x".repeat(128 * 1024)).send().await;
    assert_eq!(huge.status, 431);

    let many = (0..101).fold(site.client.get("/"), |ask, n| ask.header(&format!("x-{n}"), "1"));
    assert_eq!(many.send().await.status, 431);
}

#[tokio::test]
async fn a_request_has_a_deadline() {
    let site = Site::with(never(), hurried()).await;
    let answer = soon("the deadline", site.client.get("/never").send()).await;
    assert_eq!((answer.status, answer.problem().as_deref()), (504, Some("deadline-exceeded")));
}

#[tokio::test]
async fn a_grpc_caller_sets_its_own_deadline() {
    let router = Router::new().route("/never", post(std::future::pending::<()>));
    let site = Site::start(router).await;
    let ask = site.client.ask(Method::POST, "/never").body("application/grpc", "");
    let answer = soon("the deadline", ask.header("grpc-timeout", "50m").send()).await;
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("4")));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_the_callers_doing() {
    let site = Site::with(Router::new().route("/", post(|_: Raw| async {})), hurried()).await;
    let mut raw = site.raw().await;
    raw.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab").await;
    let heard = soon("the answer", raw.hear_until("request-timeout")).await;
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_added_to_the_deadline() {
    let clock = kernel::Clock::system();
    let handler = move |wait: Wait| {
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_millis(200)).await;
            wait.applied(axum::response::IntoResponse::into_response("settled"))
        }
    };
    let site = Site::with(Router::new().route("/", get(handler)), hurried()).await;

    let patient = site.client.get("/").header("prefer", "wait=5").send().await;
    let hasty = site.client.get("/").send().await;

    assert_eq!((patient.status, patient.header("preference-applied")), (200, Some("wait=5")));
    assert_eq!(hasty.status, 504);
}

#[tokio::test]
async fn a_route_may_have_more_time() {
    let clock = kernel::Clock::system();
    let slow = move || {
        let clock = clock.clone();
        async move { clock.sleep(Duration::from_millis(200)).await }
    };
    let limits = RouteLimits { request_ms_max: 5_000, ..RouteLimits::default() };
    let router =
        Router::new().route("/import", get(slow.clone()).layer(limits)).route("/other", get(slow));
    let site = Site::with(router, hurried()).await;
    assert_eq!(site.client.get("/import").send().await.status, 200);
    assert_eq!(site.client.get("/other").send().await.status, 504);
}

#[tokio::test]
async fn more_requests_than_the_limit_are_shed_and_told_to_come_back() {
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let handler = move || {
        let gate = Arc::clone(&inside);
        async move { drop(gate.acquire().await) }
    };
    let settings = Settings { requests_max: 1, ..Settings::default() };
    let site = Site::with(Router::new().route("/", get(handler)), settings).await;

    let beside = async {
        let in_work = || async { (site.front.running() == 1).then_some(()) };
        testkit::eventually("the first is in work", in_work).await;
        let second = site.client.get("/").send().await;
        gate.add_permits(1);
        second
    };
    let (first, second) = futures::join!(site.client.get("/").send(), beside);

    assert_eq!((second.status, second.problem().as_deref()), (503, Some("overloaded")));
    assert_eq!(second.header("retry-after"), Some("1"));
    assert_eq!(first.status, 200);
    assert_eq!(site.client.get("/").send().await.status, 200, "the place was given back");
}

async fn panics() {
    panic!("the secret reason")
}

#[tokio::test]
async fn a_panic_ends_its_own_call_only() {
    let router =
        Router::new().route("/panic", get(panics)).route("/fine", get(|| async { "fine" }));
    let site = Site::start(router).await;

    let failed = site.client.get("/panic").send().await;
    let fine = site.client.get("/fine").send().await;

    assert_eq!((failed.status, failed.problem().as_deref()), (500, Some("internal")));
    assert!(!failed.text().contains("secret"));
    assert_eq!((fine.status, site.front.running()), (200, 0));
}

#[tokio::test]
async fn a_trace_comes_in_and_goes_out() {
    let handler = || async { Json(TraceContext::current().unwrap().trace_id_hex()) };
    let site = Site::start(Router::new().route("/", get(handler))).await;
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    let followed = site.client.get("/").header("traceparent", caller).send().await;
    let fresh = site.client.get("/").header("traceparent", "nonsense").send().await;

    assert_eq!(followed.json(), "4bf92f3577b34da6a3ce929d0e0e4736");
    let out = followed.header("traceparent").unwrap();
    assert!(out.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{out}");
    assert_ne!(out, caller, "the answer names its own span");
    assert_ne!(fresh.json(), followed.json());
}

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    let cached = || async { ([(http::header::CACHE_CONTROL, "max-age=60")], "") };
    let site = Site::start(Router::new().route("/", get(cached))).await;
    for path in ["/", "/nothing"] {
        let answer = site.client.get(path).send().await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("'none'"));
    }
    let answer = site.client.get("/").send().await;
    assert_eq!(answer.header("cache-control"), Some("max-age=60"), "what is said is kept");
}

//! Calls to other services: the same over every transport.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, routing::get};
use edge::{
    PeerError, Peers, PeersParts, Switchboard,
    auth::{Role, ServiceKey},
};
use futures::StreamExt as _;
use kernel::{Clock, Ids, TraceContext};
use serde_json::Value;
use supervisor::Tasks;
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    harness::{Key, claims, soon, token},
    nurse::{Line, WAYS, peers, serving},
};

#[tokio::test]
async fn a_call_has_its_answer_or_its_error() {
    for way in WAYS {
        let line = Line::new(way).await;
        assert_eq!(line.check("ok").await.unwrap(), serving(), "{way}");
        let refused = line.check("refuse").await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::FailedPrecondition, "not now"));
    }
}

#[tokio::test]
async fn a_panic_is_internal_and_the_next_call_is_fine() {
    for way in WAYS {
        let line = Line::new(way).await;
        assert_eq!(line.check("panic").await.unwrap_err().code(), Code::Internal, "{way}");
        assert!(line.check("ok").await.is_ok(), "{way}");
    }
}

#[tokio::test]
async fn a_deadline_holds_and_ends_the_work() {
    for way in WAYS {
        let line = Line::new(way).await;
        let mut request = Request::new(HealthCheckRequest { service: "never".to_owned() });
        request.set_timeout(Duration::from_millis(100));
        let mut client = HealthClient::new(line.peer.clone());
        let status = soon("the deadline", client.check(request)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{way}: {status}");
        soon("the handler is dropped", line.nurse.dropped.notified()).await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_its_call_along() {
    for way in WAYS {
        let line = Line::new(way).await;
        let patience = Duration::from_millis(100);
        let cut = Clock::system().timeout(patience, line.check("never")).await;
        assert!(cut.is_err(), "{way}");
        soon("the handler is dropped", line.nurse.dropped.notified()).await;
    }
}

#[tokio::test]
async fn a_stream_that_panics_fails_for_its_reader_only() {
    for way in WAYS {
        let line = Line::new(way).await;
        let mut client = HealthClient::new(line.peer.clone());
        let watch = |service: &str| HealthCheckRequest { service: service.to_owned() };

        let mut broken = client.watch(watch("panic")).await.unwrap().into_inner();
        assert!(broken.next().await.unwrap().is_ok(), "{way}");
        line.nurse.heard.notify_one();
        assert!(soon("the failure", broken.next()).await.unwrap().is_err(), "{way}");

        let whole = client.watch(watch("fine")).await.unwrap().into_inner();
        assert_eq!(whole.collect::<Vec<_>>().await.len(), 2, "{way}");
    }
}

#[tokio::test]
async fn services_are_known_by_their_tokens_and_staff_by_its_permissions() {
    for way in WAYS {
        let line = Line::new(way).await;
        let service = line.check("who").await.unwrap_err();
        assert!(service.message().contains("Service(\"orders\")"), "{way}: {service}");

        let staff = line.check_as(&token(Role::Staff, &["ops.read"])).await;
        assert!(staff.message().contains("user_01h455vb4pex5vsknk084sn02q"), "{way}: {staff}");
        let other = line.check_as(&token(Role::Staff, &["orders.read"])).await;
        assert_eq!(other.code(), Code::PermissionDenied, "{way}");
        assert_eq!(line.check_as("nonsense").await.code(), Code::Unauthenticated, "{way}");
        let mut over = claims(Role::Admin, &[], Clock::system().now());
        over.exp -= 601;
        let over = line.check_as(&Key::new(1).token(&over)).await;
        assert_eq!(over.code(), Code::Unauthenticated, "{way}");
        let elsewhere = ServiceKey::new(b"secret", Clock::system()).bearer("orders", "products");
        let elsewhere = elsewhere.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        assert_eq!(line.check_as(&elsewhere).await.code(), Code::Unauthenticated, "{way}");
    }
}

#[tokio::test]
async fn a_trace_goes_along() {
    for way in WAYS {
        let line = Line::new(way).await;
        let trace = TraceContext { trace_id: 0xabc, span_id: 7 };
        let seen = trace.scope(line.check("trace")).await.unwrap_err();
        assert_eq!(seen.message(), trace.trace_id_hex(), "{way}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    let key = ServiceKey::new(b"secret", Clock::system());
    for target in ["inproc", "unix:/nonexistent/nurse.sock", "http://127.0.0.1:1"] {
        let peer = peers(Switchboard::default(), target.parse().unwrap(), key.clone()).to("nurse");
        let request = HealthCheckRequest::default();
        let status = HealthClient::new(peer.clone()).check(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{target}: {status}");
        let rest = peer.get_json::<Value>("/v1/who", Duration::from_secs(1)).await;
        assert!(matches!(rest, Err(PeerError::Unavailable { .. })), "{target}: {rest:?}");
    }
}

#[tokio::test]
async fn rest_is_called_the_same_way() {
    let second = Duration::from_secs(1);
    for way in WAYS {
        let peer = Line::new(way).await;
        let get = |path: &'static str, at_most| peer.peer.get_json::<Value>(path, at_most);
        assert_eq!(get("/v1/who", second).await.unwrap()["who"], "nurse", "{way}");
        let status = |error| {
            let PeerError::Status { status, .. } = error else { panic!("{way}: {error:?}") };
            status.as_u16()
        };
        assert_eq!(status(get("/v1/panic", second).await.unwrap_err()), 500);
        assert_eq!(status(get("/v1/nothing", second).await.unwrap_err()), 404);
        let late = get("/v1/never", Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(late, PeerError::Timeout { peer: "nurse" }, "{way}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    for way in WAYS {
        let line = Line::new(way).await;
        let request = http::Request::builder()
            .method("POST")
            .uri("/stoa.Nobody/Nothing")
            .header("content-type", "application/grpc")
            .body(axum::body::Body::empty())
            .unwrap();
        let answer = line.peer.send(request, Duration::from_secs(1)).await.unwrap();
        assert_eq!(answer.status(), 200, "{way}");
        assert_eq!(answer.headers()["grpc-status"], "12", "{way}");
    }
}

#[tokio::test]
async fn more_calls_than_may_run_are_refused_at_once() {
    let clock = Clock::system();
    let board = Switchboard::default();
    board.plug("nurse", Router::new().route("/v1/never", get(std::future::pending::<()>)));
    let peers = Peers::new(PeersParts {
        switchboard: board,
        targets: BTreeMap::new(),
        calls: Tasks::new("calls", 1).0,
        connections: Tasks::new("connections", 1).0,
        clock: clock.clone(),
        ids: Ids::system(clock.clone()),
        key: ServiceKey::new(b"secret", clock),
    });
    let peer = peers.to("nurse");
    let call = |at_most| peer.get_json::<Value>("/v1/never", Duration::from_millis(at_most));
    let (first, second) = futures::join!(call(200), call(200));
    assert!(matches!(first, Err(PeerError::Timeout { .. })), "{first:?}");
    assert!(matches!(second, Err(PeerError::Unavailable { .. })), "{second:?}");
}

//! Answers that the front itself gives, and what it adds to those of others.

use std::{fmt, hash::Hash};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::{Fault, TraceContext};
use tonic::{Code, Status};

use super::TRACEPARENT;
use crate::{Problem, grpc};

/// Added to every answer that does not say otherwise itself.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// What of a request its answer depends on.
pub(super) struct Answer {
    pub(super) route: Route,
    pub(super) method: &'static str,
    pub(super) is_grpc: bool,
}

/// The template of a route, such as `/v1/orders/{id}`; nothing when none matched.
#[derive(Clone)]
pub(super) struct Route(Option<MatchedPath>);

impl Route {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Answer {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            route: Route(request.extensions().get::<MatchedPath>().cloned()),
            method: method_label(request.method()),
            is_grpc: grpc::is_call(request.headers()),
        }
    }

    /// Adds what every answer carries: the trace, and headers that keep browsers careful.
    pub(super) fn finish(&self, mut response: Response, trace: TraceContext) -> Response {
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
            headers.insert(TRACEPARENT, value);
        }
        if !self.is_grpc {
            for (name, value) in &HEADERS {
                if !headers.contains_key(name) {
                    headers.insert(name, value.clone());
                }
            }
        }
        response
    }
}

/// Few values, whatever callers send.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// 404 for a path that no service has.
pub(super) async fn no_route(headers: HeaderMap) -> Response {
    if grpc::is_call(&headers) {
        return Status::new(Code::Unimplemented, "no such method").into_http::<Body>();
    }
    Problem::new(Fault::NotFound, "no-such-path", "there is nothing at this path").into_response()
}

/// What is possible to who asks for it, else 405; the router adds `Allow` to both.
pub(super) async fn no_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{method} is not possible here; the header Allow names what is");
    Problem::new(Fault::Invalid, "method-not-allowed", detail)
        .status(StatusCode::METHOD_NOT_ALLOWED)
        .into_response()
}

pub(super) fn problem(problem: Problem, is_grpc: bool) -> Response {
    if is_grpc {
        let code = match problem.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Code::DeadlineExceeded,
            StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
            _ => Code::ResourceExhausted,
        };
        return Status::new(code, problem.detail()).into_http::<Body>();
    }
    problem.into_response()
}

pub(super) fn overloaded(is_grpc: bool) -> Response {
    metrics::counter!("stoa_http_shed_total").increment(1);
    let detail = "more requests are in work than this process takes";
    problem(Problem::new(Fault::Unavailable, "overloaded", detail).retry_after_s(1), is_grpc)
}

pub(super) fn out_of_time(reading_body: bool, is_grpc: bool) -> Response {
    let late = if reading_body {
        Problem::new(Fault::Timeout, "request-timeout", "the body did not arrive in time")
            .status(StatusCode::REQUEST_TIMEOUT)
    } else {
        Problem::new(Fault::Timeout, "deadline-exceeded", "the answer was not ready in time")
    };
    problem(late, is_grpc)
}

/// The panic itself is in the log already, by the hook that sees where it happened.
pub(super) fn panicked(is_grpc: bool) -> Response {
    metrics::counter!("stoa_http_panics_total").increment(1);
    problem(Problem::internal(), is_grpc)
}

//! Limits of heads, and limits that a route sets for itself.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::Request;
use http::StatusCode;
use kernel::Fault;
use tower::{Layer, Service};

use crate::{Problem, Settings, call::Call, settings::BODY_BYTES_MAX};

/// Limits of one route, as a layer on it: `post(import).layer(RouteLimits { .. })`.
#[derive(Debug, Clone, Copy)]
pub struct RouteLimits {
    /// Largest body that [`Json`](crate::Json) and [`Raw`](crate::Raw) take, in bytes.
    pub body_bytes_max: usize,
    /// Time for the request, when that is more than others have, in ms.
    pub request_ms_max: u64,
}

impl Default for RouteLimits {
    fn default() -> Self {
        Self { body_bytes_max: BODY_BYTES_MAX, request_ms_max: 0 }
    }
}

impl<S> Layer<S> for RouteLimits {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limits: *self }
    }
}

/// A route with limits of its own.
#[derive(Debug, Clone)]
pub struct Limited<S> {
    inner: S,
    limits: RouteLimits,
}

impl<S: Service<Request>> Service<Request> for Limited<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        if let Some(call) = request.extensions().get::<Call>() {
            call.extend(Duration::from_millis(self.limits.request_ms_max));
        }
        request.extensions_mut().insert(self.limits);
        self.inner.call(request)
    }
}

/// Refuses heads that are too large: 414 `uri-too-long`, 431 `headers-too-large`.
pub(super) fn check(request: &Request, settings: &Settings) -> Result<(), Problem> {
    let uri = request.uri();
    let uri_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if uri_bytes > settings.uri_bytes_max {
        let detail = format!("the URI is longer than {} bytes", settings.uri_bytes_max);
        let problem = Problem::new(Fault::TooLarge, "uri-too-long", detail);
        return Err(problem.status(StatusCode::URI_TOO_LONG));
    }
    let headers = request.headers().iter();
    let header_bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > settings.header_bytes_max {
        let detail = format!("the headers are larger than {} bytes", settings.header_bytes_max);
        let problem = Problem::new(Fault::TooLarge, "headers-too-large", detail);
        return Err(problem.status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    Ok(())
}

//! The one layer that every request passes: trace, limits, deadline, load shedding, panics, metrics.
//!
//! One pass instead of a stack of layers, so that it costs little; it runs inside the router, so
//! that it knows the route, and in front of in-process calls just as of those over the wire.

mod answer;
mod limits;
mod metrics;

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::Request, response::Response};
use futures::{FutureExt as _, future::BoxFuture};
use http::HeaderName;
use kernel::{Clock, Elapsed, Ids, TraceContext};
use tower::{Layer, Service};

use self::{answer::Answer, metrics::RouteMetrics};
use crate::{
    Settings, auth::Verifier, call::Call, extract::Wait, grpc, idempotency::InFlight, serve::Drain,
};

pub use limits::RouteLimits;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What all requests of one router share. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Shared>);

struct Shared {
    settings: Settings,
    verifier: Verifier,
    clock: Clock,
    ids: Ids,
    running: AtomicUsize,
    metrics: RouteMetrics,
    in_flight: InFlight,
    drain: Drain,
}

impl Front {
    /// A front with its own count of requests in work.
    pub fn new(
        settings: Settings,
        verifier: Verifier,
        drain: Drain,
        clock: Clock,
        ids: Ids,
    ) -> Self {
        Self(Arc::new(Shared {
            settings,
            verifier,
            clock,
            ids,
            running: AtomicUsize::new(0),
            metrics: RouteMetrics::default(),
            in_flight: InFlight::default(),
            drain,
        }))
    }

    /// Puts the front before every route, and answers for paths and methods that have none.
    pub fn wrap(&self, router: Router) -> Router {
        router
            .fallback(answer::no_route)
            .method_not_allowed_fallback(answer::no_method)
            .layer(FrontLayer(self.clone()))
            // Settles the routes once instead of at each request.
            .with_state(())
    }

    /// Its limits.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// How many requests are in work now.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::Relaxed)
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn drain(&self) -> &Drain {
        &self.0.drain
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    async fn pass<S>(&self, request: Request, inner: S) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let started = self.0.clock.instant();
        let answer = Answer::of(&request);
        let trace = self.trace(&request);
        let response = trace.scope(self.work(request, inner, started, answer.is_grpc)).await;
        let took = self.0.clock.instant().saturating_sub(started);
        self.0.metrics.record(&answer, response.status(), took);
        answer.finish(response, trace)
    }

    fn trace(&self, request: &Request) -> TraceContext {
        let header = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
        match header.and_then(|text| text.parse::<TraceContext>().ok()) {
            Some(caller) => caller.child(&self.0.ids),
            None => TraceContext::root(&self.0.ids),
        }
    }

    async fn work<S>(
        &self,
        mut request: Request,
        mut inner: S,
        started: Duration,
        is_grpc: bool,
    ) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        if let Err(problem) = limits::check(&request, &self.0.settings) {
            return answer::problem(problem, is_grpc);
        }
        let Some(_slot) = self.slot() else { return answer::overloaded(is_grpc) };
        let call = Call::new(self.clone(), started + self.time_for(&request, is_grpc));
        request.extensions_mut().insert(call.clone());
        let handler = AssertUnwindSafe(inner.call(request)).catch_unwind();
        match self.within(&call, handler).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_panic)) => answer::panicked(is_grpc),
            Err(Elapsed) => answer::out_of_time(call.is_reading_body(), is_grpc),
        }
    }

    /// How long a request may take: what a gRPC caller says, or our limit and the wait asked for.
    fn time_for(&self, request: &Request, is_grpc: bool) -> Duration {
        let max = self.0.settings.request_max();
        if is_grpc {
            return grpc::timeout(request.headers()).unwrap_or(max);
        }
        max + Wait::of(request.headers()).duration().unwrap_or_default()
    }

    /// Waits for `handler` until the deadline of `call`, which a route may move meanwhile.
    async fn within<F: Future>(&self, call: &Call, handler: F) -> Result<F::Output, Elapsed> {
        let mut handler = std::pin::pin!(handler);
        loop {
            match self.0.clock.timeout(call.left(), handler.as_mut()).await {
                Ok(output) => return Ok(output),
                Err(Elapsed) if call.left().is_zero() => return Err(Elapsed),
                Err(Elapsed) => {}
            }
        }
    }

    fn slot(&self) -> Option<Slot<'_>> {
        let before = self.0.running.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(&self.0.running);
        (before < self.0.settings.requests_max).then_some(slot)
    }
}

/// One request in work; gives its place back however the work ends.
struct Slot<'a>(&'a AtomicUsize);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct FrontLayer(Front);

impl<S> Layer<S> for FrontLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, front: self.0.clone() }
    }
}

/// A route behind the front.
#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    front: Front,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone takes the place of the one that was found ready.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let front = self.front.clone();
        Box::pin(async move { Ok(front.pass(request, inner).await) })
    }
}

//! Other services, reached the same way wherever they run: in this process, over a Unix socket or TCP.
//!
//! Only [`connect`] knows which. A [`Peer`] is a tower service: generated gRPC clients run over it,
//! and REST calls go through it. Deadlines, traces, service tokens and failures mean the same over
//! every transport; in process each call runs as a task of its own behind the callee's front.

mod body;
mod error;
mod inproc;
mod target;
mod wire;

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use kernel::{Clock, Elapsed, Ids, TraceContext};
use serde::de::DeserializeOwned;
use supervisor::Tasks;
use tower::Service;

use self::wire::Wire;
use crate::{auth::ServiceKey, front::TRACEPARENT, grpc};

pub use error::PeerError;
pub use inproc::Switchboard;
pub use target::{BadTarget, Target};
pub(crate) use wire::Socket;

/// How long a call may take that says nothing about it.
const CALL_MAX: Duration = Duration::from_secs(10);
/// The largest answer that is read whole, in bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The other services, as one service sees them. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    from: &'static str,
    shared: Arc<Shared>,
}

struct Shared {
    switchboard: Switchboard,
    targets: BTreeMap<String, Target>,
    calls: Tasks,
    connections: Tasks,
    clock: Clock,
    ids: Ids,
    key: ServiceKey,
}

/// What [`Peers`] are made of.
pub struct PeersParts {
    /// The services of this process.
    pub switchboard: Switchboard,
    /// Where the others are; whoever is not named is in this process.
    pub targets: BTreeMap<String, Target>,
    /// Where in-process calls run.
    pub calls: Tasks,
    /// Where connections to other processes run. They have no end of their own, so their child is
    /// stopped by a brutal kill.
    pub connections: Tasks,
    /// Time.
    pub clock: Clock,
    /// Span ids.
    pub ids: Ids,
    /// The key of service tokens, one of which each gRPC call carries.
    pub key: ServiceKey,
}

impl Peers {
    /// Peers made of these parts.
    pub fn new(parts: PeersParts) -> Self {
        let PeersParts { switchboard, targets, calls, connections, clock, ids, key } = parts;
        let shared = Shared { switchboard, targets, calls, connections, clock, ids, key };
        Self { from: "stoa", shared: Arc::new(shared) }
    }

    /// The same peers as `service` sees them: its name is in the tokens of its calls.
    #[must_use]
    pub fn seen_by(&self, service: &'static str) -> Self {
        Self { from: service, shared: Arc::clone(&self.shared) }
    }

    /// The service called `name`.
    pub fn to(&self, name: &'static str) -> Peer {
        connect(name, self.shared.targets.get(name).unwrap_or(&Target::Inproc), self)
    }

    /// The key that service tokens are made and checked with.
    pub fn key(&self) -> &ServiceKey {
        &self.shared.key
    }
}

/// A peer at a target: the one place that knows transports.
pub fn connect(name: &'static str, target: &Target, peers: &Peers) -> Peer {
    let tasks = peers.shared.connections.clone();
    let route = match target {
        Target::Inproc => Route::Inproc,
        Target::Unix(path) => Route::Wire(Box::new(Wire::unix(path.clone(), tasks))),
        Target::Http(authority) => Route::Wire(Box::new(Wire::tcp(authority.clone(), tasks))),
    };
    let line = Line { name, from: peers.from, route, shared: Arc::clone(&peers.shared) };
    Peer(Arc::new(line))
}

/// One other service. Cheap to clone; `PaymentsClient::new(peer)` for gRPC, [`Peer::get_json`] for
/// REST.
#[derive(Clone)]
pub struct Peer(Arc<Line>);

struct Line {
    name: &'static str,
    from: &'static str,
    route: Route,
    shared: Arc<Shared>,
}

enum Route {
    Inproc,
    Wire(Box<Wire>),
}

impl Peer {
    /// What the service answers to `GET path`, read whole and parsed. Any status but 2xx is a
    /// [`PeerError::Status`].
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        at_most: Duration,
    ) -> Result<T, PeerError> {
        let uri = Uri::try_from(path).map_err(|error| PeerError::Request(error.to_string()))?;
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let response = self.send(request, at_most).await?;
        if !response.status().is_success() {
            return Err(PeerError::Status { peer: self.0.name, status: response.status() });
        }
        serde_json::from_slice(response.body())
            .map_err(|error| PeerError::Answer { peer: self.0.name, reason: error.to_string() })
    }

    /// Sends a request and reads the answer whole, all within `at_most`.
    pub async fn send(
        &self,
        request: Request<Body>,
        at_most: Duration,
    ) -> Result<Response<Bytes>, PeerError> {
        let exchange = async {
            let (parts, body) = self.0.call(request, at_most).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| {
                PeerError::Answer { peer: self.0.name, reason: error.to_string() }
            })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        match self.0.shared.clock.timeout(at_most, exchange).await {
            Ok(outcome) => outcome,
            Err(Elapsed) => Err(PeerError::Timeout { peer: self.0.name }),
        }
    }
}

impl Line {
    async fn call(
        &self,
        mut request: Request<Body>,
        at_most: Duration,
    ) -> Result<Response<Body>, PeerError> {
        let is_grpc = grpc::is_call(request.headers());
        let at_most = grpc::timeout(request.headers()).unwrap_or(at_most);
        self.sign(&mut request, is_grpc, at_most);
        let outcome = self.shared.clock.timeout(at_most, self.carry(request)).await;
        let outcome = outcome.unwrap_or(Err(PeerError::Timeout { peer: self.name }));
        match outcome {
            // A gRPC client reads a status, whatever carried it.
            Err(error) if is_grpc => Ok(error.status().into_http()),
            Err(_) | Ok(_) => outcome,
        }
    }

    async fn carry(&self, request: Request<Body>) -> Result<Response<Body>, PeerError> {
        match &self.route {
            Route::Inproc => {
                let router = self.shared.switchboard.find(self.name);
                let router = router.ok_or(PeerError::Unavailable {
                    peer: self.name,
                    reason: "it does not run in this process".to_owned(),
                })?;
                inproc::call(self.name, router, request, &self.shared.calls).await
            }
            Route::Wire(wire) => wire.call(self.name, request).await,
        }
    }

    /// Adds what every call carries: trace, deadline, and over gRPC who calls.
    fn sign(&self, request: &mut Request<Body>, is_grpc: bool, at_most: Duration) {
        let headers = request.headers_mut();
        if let Some(trace) = TraceContext::current() {
            let child = trace.child(&self.shared.ids);
            if let Ok(value) = HeaderValue::try_from(child.to_string()) {
                headers.insert(TRACEPARENT, value);
            }
        }
        if is_grpc {
            if !headers.contains_key(grpc::TIMEOUT) {
                headers.insert(grpc::TIMEOUT, grpc::timeout_value(at_most));
            }
            if !headers.contains_key(header::AUTHORIZATION) {
                let token = self.shared.key.bearer(self.from, self.name);
                headers.insert(header::AUTHORIZATION, token);
            }
        }
    }
}

impl<B> Service<Request<B>> for Peer
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = PeerError;
    type Future = BoxFuture<'static, Result<Response<Body>, PeerError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), PeerError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let line = Arc::clone(&self.0);
        let request = request.map(Body::new);
        Box::pin(async move { line.call(request, CALL_MAX).await })
    }
}

//! A gRPC and REST service that can be reached in every way, and does what it is asked.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use axum::{Router, routing::get};
use edge::{
    Front, Json, Peer, Peers, PeersParts, Settings, Switchboard, Target,
    auth::{GrpcAuthLayer, OpsRead, Permission as _, Principal, ServiceKey, Verifier},
    serve::{Address, Drain},
};
use futures::{Stream, StreamExt as _, stream};
use kernel::{Clock, Ids, TraceContext};
use serde_json::json;
use supervisor::Tasks;
use testkit::Folder;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tower::Layer as _;

use crate::harness::{Key, Site, soon};

/// A service that does what the name asked about says.
#[derive(Clone, Default)]
pub struct Nurse {
    pub dropped: Arc<Notify>,
    /// Told when the first message of a stream has arrived.
    pub heard: Arc<Notify>,
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

pub fn serving() -> HealthCheckResponse {
    HealthCheckResponse { status: ServingStatus::Serving.into() }
}

#[tonic::async_trait]
impl Health for Nurse {
    type WatchStream = Answers;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let principal = Principal::of(request.extensions()).cloned();
        match request.get_ref().service.as_str() {
            "ok" => Ok(Response::new(serving())),
            "refuse" => Err(Status::failed_precondition("not now")),
            "panic" => panic!("as asked"),
            "never" => {
                let _told = OnDrop(Arc::clone(&self.dropped));
                std::future::pending().await
            }
            "who" => Err(Status::aborted(format!("{principal:?}"))),
            "trace" => Err(Status::aborted(TraceContext::current().unwrap().trace_id_hex())),
            other => Err(Status::not_found(other)),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Answers>, Status> {
        let first = stream::once(async { Ok(serving()) });
        let answers: Answers = match request.get_ref().service.as_str() {
            "panic" => first.chain(stream::once(breaks(Arc::clone(&self.heard)))).boxed(),
            _ => first.chain(stream::once(async { Ok(serving()) })).boxed(),
        };
        Ok(Response::new(answers))
    }
}

async fn breaks(heard: Arc<Notify>) -> Result<HealthCheckResponse, Status> {
    heard.notified().await;
    panic!("in the middle")
}

async fn panics() {
    panic!("as asked")
}

/// One peer, reached one way.
pub struct Line {
    pub peer: Peer,
    pub nurse: Nurse,
    _site: Option<Site>,
    _folder: Folder,
}

pub const WAYS: [&str; 3] = ["inproc", "unix", "http"];

impl Line {
    pub async fn new(way: &str) -> Self {
        let (clock, folder) = (Clock::system(), Folder::new());
        let (nurse, key) = (Nurse::default(), ServiceKey::new(b"secret", clock.clone()));
        let verifier = Verifier::fixed(&Key::new(1).set(), clock.clone());
        let auth = GrpcAuthLayer::new(key.clone(), verifier.clone(), "nurse", |_| OpsRead::NAME);
        let grpc = tonic::service::Routes::new(auth.layer(HealthServer::new(nurse.clone())));
        let router = Router::new()
            .route("/v1/who", get(|| async { Json(json!({"who": "nurse"})) }))
            .route("/v1/panic", get(panics))
            .route("/v1/never", get(std::future::pending::<()>))
            .merge(grpc.into_axum_router().reset_fallback());

        let board = Switchboard::default();
        let (target, site) = match way {
            "inproc" => {
                let ids = Ids::system(clock.clone());
                let drain = Drain::default();
                let front = Front::new(Settings::default(), verifier, drain, clock.clone(), ids);
                board.plug("nurse", front.wrap(router));
                (Target::Inproc, None)
            }
            "unix" => {
                let path = folder.path().join("nurse.sock");
                let address = format!("unix:{}", path.display());
                let site = Site::at(&address, router, Settings::default()).await;
                (Target::Unix(path), Some(site))
            }
            _ => {
                let site = Site::start(router).await;
                let Address::Tcp(address) = site.address() else { panic!("not TCP") };
                (format!("http://{address}").parse().unwrap(), Some(site))
            }
        };
        let peer = peers(board, target, key).seen_by("orders").to("nurse");
        Self { peer, nurse, _site: site, _folder: folder }
    }

    pub async fn check(&self, service: &str) -> Result<HealthCheckResponse, Status> {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut client = HealthClient::new(self.peer.clone());
        soon(service, client.check(request)).await.map(Response::into_inner)
    }

    pub async fn check_as(&self, token: &str) -> Status {
        let mut request = Request::new(HealthCheckRequest { service: "who".to_owned() });
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        HealthClient::new(self.peer.clone()).check(request).await.unwrap_err()
    }
}

pub fn peers(board: Switchboard, target: Target, key: ServiceKey) -> Peers {
    let clock = Clock::system();
    Peers::new(PeersParts {
        switchboard: board,
        targets: BTreeMap::from([("nurse".to_owned(), target)]),
        calls: Tasks::new("calls", 100).0,
        connections: Tasks::new("connections", 100).0,
        clock: clock.clone(),
        ids: Ids::system(clock),
        key,
    })
}

//! A service of its own for each test: databases in a folder, the bank behind a line, callers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use contracts::ids::OrderId;
use edge::auth::{ServiceKey, Verifier};
use edge::{Deps, Front, Peer, Peers, PeersParts, Switchboard};
use http::Request;
use http_body_util::BodyExt as _;
use kernel::{Clock, Ids, audit::Audit};
use payments::{Providers, Sandbox, Settings};
use serde_json::Value;
use store::Store;
use supervisor::{ChildSpec, Running, Strategy, Supervisor, SupervisorSpec, Tasks};
use testkit::Folder;
use tower::ServiceExt as _;

use crate::credentials::{keys, token};
use crate::line::Line;

/// The service, its callers and its bank.
pub struct World {
    pub db: Store,
    pub bank: Store,
    pub line: Arc<Line>,
    pub ids: Ids,
    pub peer: Peer,
    pub key: ServiceKey,
    router: Router,
    resolver: Option<Vec<ChildSpec>>,
    clock: Clock,
    running: Running,
    folder: Arc<Folder>,
}

/// An answer over REST.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub bytes: Vec<u8>,
    pub replayed: bool,
}

impl World {
    pub async fn new() -> Self {
        // Nothing here is meant to time out, however slow the machine is.
        Self::with(Settings { provider_timeout_ms: 60_000, ..Settings::default() }).await
    }

    /// Providers that hang are given up soon, and the resolver looks often.
    pub async fn impatient() -> Self {
        Self::with(impatient()).await
    }

    /// What a process leaves behind when it crashes is asked about a second later.
    pub async fn before_a_crash() -> Self {
        let second = Settings { provider_timeout_ms: 1000, resolve_after_ms: 0, ..impatient() };
        Self::with(second).await
    }

    async fn with(settings: Settings) -> Self {
        Self::open(Arc::new(Folder::new()), settings).await
    }

    async fn open(folder: Arc<Folder>, settings: Settings) -> Self {
        let clock = Clock::system();
        let ids = Ids::system(clock.clone());
        let db = folder.store("payments", &clock).await;
        let bank = folder.store("sandbox", &clock).await;
        let (tasks, pool) = Tasks::new("calls", 10_000);
        let key = ServiceKey::new(&[1; 32], clock.clone());
        let switchboard = Switchboard::default();
        let peers = Peers::new(PeersParts {
            switchboard: switchboard.clone(),
            targets: BTreeMap::new(),
            calls: tasks.clone(),
            connections: tasks.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            key: key.clone(),
        });
        let auth = Verifier::fixed(&keys(), clock.clone());
        let outbox =
            delivery::Outbox::new("/payments", ids.clone(), clock.clone(), Default::default());
        let deps = Deps {
            store: db.clone(),
            bus: folder.bus(&clock).await,
            outbox,
            clock: clock.clone(),
            ids: ids.clone(),
            auth: auth.clone(),
            tasks,
            peers: peers.clone(),
        };
        let line = Arc::new(Line::new(Sandbox::new(bank.clone(), clock.clone())));
        let providers = Providers::default().with("sandbox", line.clone());
        let mut service = payments::service_with(deps, bank.clone(), providers, settings)
            .await
            .expect("the service starts");
        let resolver = Some(std::mem::take(&mut service.children));
        let front = Front::new(
            edge::Settings::default(),
            auth,
            Default::default(),
            clock.clone(),
            ids.clone(),
        );
        let router = front.wrap(service.router());
        switchboard.plug("payments", router.clone());
        let spec = SupervisorSpec::new("test", Strategy::OneForOne).child(pool);
        let running = Supervisor::start(spec, clock.clone());
        let peer = peers.seen_by("orders").to("payments");
        Self { db, bank, line, ids, peer, key, router, resolver, clock, running, folder }
    }

    /// The process ends and another one starts on the same files.
    pub async fn restart(self) -> Self {
        self.running.stop().await;
        self.db.close().await;
        self.bank.close().await;
        let folder = Arc::clone(&self.folder);
        drop(self);
        Self::open(folder, impatient()).await
    }

    /// Runs the resolver until the returned tree is dropped.
    pub fn start_resolver(&mut self) -> Running {
        let children = self.resolver.take().expect("it is started once");
        let spec = SupervisorSpec::new("resolver", Strategy::OneForOne).children(children);
        Supervisor::start(spec, self.clock.clone())
    }

    pub fn order(&self) -> OrderId {
        self.ids.next()
    }

    /// The bank's bookings for an order, such as `authorize 1000 approved`.
    pub async fn bookings(&self, order: &str) -> Vec<String> {
        let answer = self.rest("GET", "/v1/sandbox/operations?limit=100", "payments.read").await;
        let items = answer.body["items"].as_array().expect("a list").clone();
        let of_order = items.into_iter().filter(|item| item["order_id"] == order);
        of_order
            .map(|item| {
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                format!("{} {} {}", text("kind"), item["amount"]["amount"], text("outcome"))
            })
            .collect()
    }

    pub async fn rest(&self, method: &str, path: &str, permission: &str) -> Answer {
        self.rest_with(method, path, &token(permission), None, None).await
    }

    pub async fn post(&self, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        self.rest_with("POST", path, &token("payments.write"), key, body).await
    }

    pub async fn rest_with(
        &self,
        method: &str,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let bytes = response.into_body().collect().await.expect("a body").to_bytes().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, body, bytes, replayed }
    }

    /// What we and the bank say about all money; both must be without findings and agree.
    pub async fn assert_books_agree(&self) {
        let ours = payments::audit(&self.db).await.expect("our books can be read");
        let theirs = payments::audit_bank(&self.bank).await.expect("the bank's books too");
        assert_eq!(ours.findings, [], "our books");
        assert_eq!(theirs.findings, [], "the bank's books");
        assert_eq!(ours.open, [] as [String; 0], "nothing is in flight");
        assert_eq!(claims(&ours), claims(&theirs), "we and the bank agree");
    }
}

fn impatient() -> Settings {
    Settings {
        provider_timeout_ms: 100,
        resolve_after_ms: 0,
        resolve_period_ms: 10,
        resolve_pause_min_ms: 10,
        resolve_pause_max_ms: 100,
        ..Settings::default()
    }
}

fn claims(audit: &Audit) -> Vec<(String, &'static str, String)> {
    let claim =
        |claim: &kernel::audit::Claim| (claim.subject.clone(), claim.fact, claim.value.clone());
    let mut claims: Vec<_> = audit.claims.iter().map(claim).collect();
    claims.sort();
    claims
}

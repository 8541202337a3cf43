//! A products service in a folder of its own, on a clock that the test owns.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use bus::{Bus, Delivery, Message, Verdict};
use contracts::{
    Contract,
    commands::{CommitStock, ReleaseStock, ReserveStock, StockLine},
    events::products as said,
    ids::OrderId,
};
use delivery::{Outbox, Prompt};
use edge::{
    Caller, Deps, Peers,
    auth::{Identity, Role, ServiceKey, Verifier},
    peer::{PeersParts, Switchboard},
};
use kernel::{Clock, Ids, Role as MessageRole, Timestamp, audit::Audit};
use products::Settings;
use serde_json::{Value, json};
use store::Store;
use supervisor::{Running, Strategy, Supervisor, SupervisorSpec, Tasks};
use testkit::{Folder, eventually};
use tower::ServiceExt as _;

/// When the clock of every test begins.
pub const BEGINNING: Timestamp = Timestamp::from_ms(1_795_561_836_000);

/// The queue on which the test hears what products says.
const EARS: &str = "ears";
/// Everything that products says.
const SAID: &[&str] = said::KINDS;

pub struct Shop {
    pub clock: Clock,
    pub ids: Ids,
    pub store: Store,
    pub bus: Arc<dyn Bus>,
    router: Router,
    kept: Mutex<Vec<Message>>,
    _running: Running,
    _folder: Folder,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum Who {
    Guest,
    Customer,
    Staff,
}

impl Shop {
    /// With its consumer, its relay and its sweeper.
    pub async fn open() -> Self {
        Self::with(Settings::default()).await
    }

    /// Without the sweeper ever coming: what is honoured is honoured on reading.
    pub async fn unswept() -> Self {
        let sweep_period_ms = 1_000_000_000_000;
        Self::with(Settings { sweep_period_ms, ..Settings::default() }).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = Folder::new();
        let clock = Clock::manual(BEGINNING);
        let ids = Ids::seeded(clock.clone(), 7);
        let store = folder.store("products", &clock).await;
        let bus = folder.bus(&clock).await;
        bus.declare(EARS, SAID).await.unwrap();
        let prompt = Prompt::default();
        let outbox = Outbox::new("/products", ids.clone(), clock.clone(), prompt.clone());
        let deps = deps(&store, &bus, &outbox, &clock, &ids);
        let service = products::service(deps, settings).await.unwrap();
        let limits = delivery::Settings::default();
        let relay = delivery::relay(&store, &bus, &clock, &outbox, &prompt, "test", &limits);
        let mut spec = SupervisorSpec::new("products", Strategy::OneForOne).child(relay);
        for child in service.children {
            spec = spec.child(child);
        }
        let running = Supervisor::start(spec, clock.clone());
        running.ready().await.unwrap();
        let router = service.http;
        let kept = Mutex::default();
        Self { clock, ids, store, bus, router, kept, _running: running, _folder: folder }
    }

    pub async fn ask(&self, who: Who, request: Request<Body>) -> Answer {
        let mut request = request;
        let identity = |role, permissions: &[&str]| {
            Caller::User(Arc::new(Identity {
                id: "user_01h455vb4pex5vsknk084sn02q".to_owned(),
                role,
                permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
                session_id: "session_1".to_owned(),
                expires_at: BEGINNING.plus(Duration::from_secs(600)),
            }))
        };
        let all = ["catalog.write", "inventory.read", "inventory.write"];
        let caller = match who {
            Who::Guest => None,
            Who::Customer => Some(identity(Role::Customer, &[])),
            Who::Staff => Some(identity(Role::Staff, &all)),
        };
        if let Some(caller) = caller {
            // Tokens are the edge's: here the caller is known already.
            request.headers_mut().insert("authorization", "Bearer known".parse().unwrap());
            request.extensions_mut().insert(caller);
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Who::Guest, Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn staff_get(&self, path: &str) -> Answer {
        self.ask(Who::Staff, Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_with(method, path, &[], body).await
    }

    pub async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json");
        self.ask(Who::Staff, request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn import(&self, kind: &str, rows: impl Into<Body>) -> Answer {
        let request = Request::post("/v1/imports").header("content-type", kind);
        self.ask(Who::Staff, request.body(rows.into()).unwrap()).await
    }

    /// A published product with one variant, called like its SKU in lower case.
    pub async fn stock(&self, sku: &str, on_hand: i64) -> Value {
        let product = product(&sku.to_lowercase(), &[(sku, 1299, on_hand)]);
        let answer = self.send("POST", "/v1/products", &product).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// on_hand, reserved, available.
    pub async fn level(&self, sku: &str) -> (i64, i64, i64) {
        let level = self.staff_get(&format!("/v1/inventory/{sku}")).await.json();
        let figure = |name: &str| level[name].as_i64().unwrap();
        (figure("on_hand"), figure("reserved"), figure("available"))
    }

    pub async fn audit(&self) -> Audit {
        products::audit(&self.store).await.unwrap()
    }

    /// Nothing that the books say is wrong.
    pub async fn books_are_right(&self) {
        assert_eq!(self.audit().await.findings, []);
    }

    pub fn order(&self) -> OrderId {
        self.ids.next()
    }

    /// Asks for lines, with a lease of ten minutes, and waits for the answer.
    pub async fn reserve(&self, order_id: OrderId, lines: &[(&str, u32)]) -> String {
        let expires_at = self.clock.now().plus(Duration::from_secs(600));
        self.reserve_until(order_id, lines, expires_at).await
    }

    pub async fn reserve_until(
        &self,
        order_id: OrderId,
        lines: &[(&str, u32)],
        expires_at: Timestamp,
    ) -> String {
        self.tell(order_id, &reserve(order_id, lines, expires_at)).await;
        self.answer(order_id).await
    }

    pub async fn commit(&self, order_id: OrderId) -> String {
        self.tell(order_id, &CommitStock { order_id }).await;
        self.answer(order_id).await
    }

    pub async fn release(&self, order_id: OrderId) -> String {
        self.tell(order_id, &ReleaseStock { order_id, reason: "canceled".to_owned() }).await;
        self.answer(order_id).await
    }

    /// Puts a command into the queue.
    pub async fn tell<C: Contract>(&self, order_id: OrderId, command: &C) {
        self.bus.publish(vec![self.message(order_id, command)]).await.unwrap();
    }

    pub fn message<C: Contract>(&self, order_id: OrderId, command: &C) -> Message {
        Message {
            id: self.ids.next::<contracts::ids::kinds::Event>().to_string(),
            kind: C::KIND.to_owned(),
            role: MessageRole::Command,
            source: "/orders".to_owned(),
            key: order_id.to_string(),
            at: self.clock.now(),
            trace: None,
            body: serde_json::to_string(command).unwrap(),
        }
    }

    /// What products says next to the order that was told something last; what it says to others
    /// is heard and kept for [`Shop::answer_of`].
    pub async fn answer(&self, order_id: OrderId) -> String {
        let answer = self.answer_of(order_id).await;
        // A lease that ends is told first, and is no answer to the command.
        if answer == "expired" { self.answer_of(order_id).await } else { answer }
    }

    /// What products says next to an order, as `reserved`, `rejected reserve A 3/1`, ...
    pub async fn answer_of(&self, order_id: OrderId) -> String {
        let key = order_id.to_string();
        eventually("an answer to the order", || async {
            let heard = self.hear().await;
            let mut kept = self.kept.lock().unwrap();
            kept.extend(heard);
            let at = kept.iter().position(|message| message.key == key)?;
            Some(in_short(&kept.remove(at)))
        })
        .await
    }

    /// Lets the leases of these orders end and be swept.
    pub async fn expire(&self, orders: &[OrderId]) {
        self.clock.advance(Duration::from_secs(600));
        for order in orders {
            let heard = eventually("the sweeper comes", || async {
                self.clock.advance(Duration::from_secs(1));
                let heard = self.hear().await;
                let mut kept = self.kept.lock().unwrap();
                kept.extend(heard);
                let key = order.to_string();
                let at = kept.iter().position(|message| message.key == key)?;
                Some(in_short(&kept.remove(at)))
            });
            assert_eq!(heard.await, "expired");
        }
    }

    /// All that products has said since it was last listened to.
    pub async fn hear(&self) -> Vec<Message> {
        let fetched = self.bus.fetch(EARS, 1000, Duration::from_secs(60)).await.unwrap();
        let settled = |d: &Delivery| (d.receipt, Verdict::Ack);
        self.bus.settle(EARS, fetched.iter().map(settled).collect()).await.unwrap();
        fetched.into_iter().map(|delivery| delivery.message).collect()
    }

    /// Listens until so many messages came, and returns them by key.
    pub async fn hear_many(&self, count: usize) -> BTreeMap<String, Vec<Message>> {
        let heard = Mutex::new(Vec::new());
        eventually("all answers", || async {
            let more = self.hear().await;
            let mut heard = heard.lock().unwrap();
            heard.extend(more);
            (heard.len() >= count).then_some(())
        })
        .await;
        let mut by_key: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in heard.into_inner().unwrap() {
            by_key.entry(message.key.clone()).or_default().push(message);
        }
        by_key
    }

    /// The kinds of what products said about a key, without context and version.
    pub async fn hear_kinds(&self, count: usize) -> Vec<String> {
        let heard = self.hear_many(count).await;
        let all = heard.into_values().flatten();
        all.map(|m| m.kind.replace("products.", "").replace(".v1", "")).collect()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }

    /// The pointers of what is wrong.
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect()
    }

    /// One field of each item of a list.
    pub fn items(&self, field: &str) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text());
        let items = self.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
    }
}

/// A published product: SKU, price in cents, pieces.
pub fn product(slug: &str, variants: &[(&str, i64, i64)]) -> Value {
    let variant = |(sku, price, on_hand): &(&str, i64, i64)| json!({"sku": sku, "price": {"amount": price, "currency": "EUR"}, "on_hand": on_hand});
    let variants: Vec<Value> = variants.iter().map(variant).collect();
    json!({"slug": slug, "title": slug, "status": "published", "variants": variants})
}

pub fn reserve(order_id: OrderId, lines: &[(&str, u32)], expires_at: Timestamp) -> ReserveStock {
    let line = |(sku, quantity): &(&str, u32)| {
        let (sku, quantity) = ((*sku).to_owned(), *quantity);
        StockLine { sku, quantity }
    };
    ReserveStock { order_id, lines: lines.iter().map(line).collect(), expires_at }
}

/// A message in a few words.
pub fn in_short(message: &Message) -> String {
    let kind = message.kind.replace("products.stock.", "").replace(".v1", "");
    if message.kind != said::StockRejected::KIND {
        return kind;
    }
    let rejected: said::StockRejected = serde_json::from_str(&message.body).unwrap();
    let short = rejected.shortages.iter();
    let short = short.map(|s| format!(" {} {}/{}", s.sku, s.asked, s.available));
    let stage = match rejected.stage {
        said::Stage::Reserve => "reserve",
        said::Stage::Commit => "commit",
    };
    format!("{kind} {stage}{}", short.collect::<String>())
}

fn deps(store: &Store, bus: &Arc<dyn Bus>, outbox: &Outbox, clock: &Clock, ids: &Ids) -> Deps {
    let (tasks, _) = Tasks::new("tasks", 64);
    let peers = Peers::new(PeersParts {
        switchboard: Switchboard::default(),
        targets: BTreeMap::new(),
        calls: tasks.clone(),
        connections: tasks.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        key: ServiceKey::new(&[7; 32], clock.clone()),
    });
    Deps {
        store: store.clone(),
        bus: Arc::clone(bus),
        outbox: outbox.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        auth: Verifier::new(peers.to("users"), clock.clone()),
        tasks,
        peers,
    }
}

//! The service on a real database and queue, with a clock of its own; stock and payments are played.

mod ask;
mod bank;
mod stock;
mod tokens;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use bus::{Bus, Message};
use contracts::{
    Contract,
    events::products::{ProductPublished, SellableVariant},
    ids::{ProductId, VariantId},
};
use delivery::{Outbox, Prompt, Subscriber as _};
use edge::{Deps, Front, Peers, PeersParts, Switchboard, auth::ServiceKey, serve::Drain};
use kernel::{Clock, Currency, Ids, Money, Timestamp};
use serde_json::{Value, json};
use store::{Store, params};
use supervisor::{ChildSpec, Running, Strategy, Supervisor, SupervisorSpec, Tasks};
use testkit::{Folder, eventually};

pub use ask::{Answer, Ask};
pub use bank::Bank;
pub use stock::Stock;
pub use tokens::{ANN, BOB, token, verifier};

/// The service and everything it stands on.
pub struct Rig {
    folder: Folder,
    settings: orders::Settings,
    serial: AtomicU64,
    /// The time, moved by hand.
    pub clock: Clock,
    /// Plays payments.
    pub bank: Bank,
    /// Plays products.
    pub stock: Stock,
    life: Option<Life>,
}

/// One life of the process.
struct Life {
    router: Router,
    store: Store,
    queue: Store,
    bus: Arc<dyn Bus>,
    running: Running,
}

impl Rig {
    /// A shop that sells nothing yet.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn with(change: impl FnOnce(&mut orders::Settings)) -> Self {
        let mut settings = orders::Settings::default();
        change(&mut settings);
        let clock = Clock::manual(Timestamp::from_ms(1_795_561_836_000));
        let mut rig = Self {
            folder: Folder::new(),
            settings,
            serial: AtomicU64::new(0),
            bank: Bank::default(),
            stock: Stock::default(),
            clock,
            life: None,
        };
        rig.live().await;
        rig
    }

    /// A shop with 100 mugs at 12.99 EUR and 100 cups at 1 EUR.
    pub async fn open() -> Self {
        let rig = Self::new().await;
        rig.sell("MUG", 1299, 100).await;
        rig.sell("CUP", 100, 100).await;
        rig
    }

    /// Starts the process.
    pub async fn live(&mut self) {
        let clock = &self.clock;
        let queue = self.folder.store("queue", clock).await;
        let bus: Arc<dyn Bus> =
            Arc::new(bus::Embedded::open(queue.clone(), clock.clone()).await.unwrap());
        let ids = Ids::system(clock.clone());
        let prompt = Prompt::default();
        let outbox = Outbox::new("/orders", ids.clone(), clock.clone(), prompt.clone());
        let store = self.folder.store("orders", clock).await;
        let (tasks, tasks_child) = Tasks::new("calls", 1000);
        let switchboard = Switchboard::default();
        let front = || {
            let (verifier, ids) = (verifier(clock), ids.clone());
            Front::new(edge::Settings::default(), verifier, Drain::default(), clock.clone(), ids)
        };
        switchboard.plug("payments", front().wrap(self.bank.router()));
        let key = ServiceKey::new(b"a secret of thirty-two bytes or so", clock.clone());
        let (connections, _) = Tasks::new("connections", 1);
        let peers = Peers::new(PeersParts {
            switchboard,
            targets: BTreeMap::new(),
            calls: tasks.clone(),
            connections,
            clock: clock.clone(),
            ids: ids.clone(),
            key,
        });
        let deps = Deps {
            store: store.clone(),
            bus: Arc::clone(&bus),
            outbox: outbox.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            auth: verifier(clock),
            tasks,
            peers,
        };
        let service = orders::service(deps, self.settings.clone()).await.unwrap();
        let router = front().wrap(service.router());
        let warehouse = self.folder.store("stock", clock).await;
        delivery::migrate(&warehouse).await.unwrap();
        let subscriber = Arc::new(self.stock.subscriber(Arc::clone(&bus), clock.clone()));
        bus.declare("products", subscriber.kinds()).await.unwrap();
        let delivery = &self.settings.delivery;
        let consumer = delivery::consumer(
            "products",
            &warehouse,
            &bus,
            clock,
            &ids,
            vec![subscriber],
            delivery,
        );
        let relay = delivery::relay(&store, &bus, clock, &outbox, &prompt, "rig", delivery);
        let spec = SupervisorSpec::new("orders", Strategy::OneForOne)
            .child(tasks_child)
            .child(ChildSpec::supervisor(
                SupervisorSpec::new("products", Strategy::OneForOne).child(consumer),
            ))
            .children(service.children)
            .child(relay);
        let running = Supervisor::start(spec, clock.clone());
        running.ready().await.unwrap();
        self.life = Some(Life { router, store, queue, bus, running });
    }

    /// Ends the process; what was under way is lost.
    pub async fn die(&mut self) {
        let life = self.life.take().unwrap();
        life.running.stop().await;
        life.store.close().await;
        life.queue.close().await;
    }

    fn life(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    /// The database of orders.
    pub fn store(&self) -> &Store {
        &self.life().store
    }

    /// A request to the service.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.life().router.clone(), method, path)
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    /// A POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask("POST", path).json(body)
    }

    /// Places an order with a key of its own.
    pub fn place(&self, body: &Value) -> Ask {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        self.post("/v1/orders", body).header("idempotency-key", &format!("key-{serial}"))
    }

    /// Says something as products.
    pub async fn say<C: Contract>(&self, key: &str, contract: &C) {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        self.say_as(&format!("rig-{serial}"), key, contract).await;
    }

    /// Says something under a message id.
    pub async fn say_as<C: Contract>(&self, id: &str, key: &str, contract: &C) {
        let message = Message {
            id: id.to_owned(),
            kind: C::KIND.to_owned(),
            role: C::ROLE,
            source: "/products".to_owned(),
            key: key.to_owned(),
            at: self.clock.now(),
            trace: None,
            body: serde_json::to_string(contract).unwrap(),
        };
        self.life().bus.publish(vec![message]).await.unwrap();
    }

    /// Says something about products, and waits until orders has taken it in.
    pub async fn tell<C: Contract>(&self, contract: &C) {
        let key = "catalogue";
        self.say(key, contract).await;
        // Messages of one key are heard in order: when this one is known, so is the one before.
        let mark = product(&format!("mark {}", self.serial.load(Ordering::SeqCst)), 1, &[]);
        self.say(key, &mark).await;
        eventually("what was told is taken in", || async {
            let sql = orders::store::catalogue::VERSION;
            let row = self.store().read_one(sql, params![mark.product_id]).await.unwrap()?;
            (row.int(0).unwrap() == 1).then_some(())
        })
        .await;
    }

    /// Puts a SKU on sale, as a product of its own.
    pub async fn sell(&self, sku: &str, minor: i64, on_hand: i64) {
        self.stock.put(sku, on_hand);
        self.tell(&product(sku, 1, &[(sku, Money::new(minor, Currency::EUR))])).await;
    }

    /// The order once `check` holds of it; time goes on meanwhile.
    pub async fn order_when(&self, id: &str, check: impl Fn(&Value) -> bool) -> Value {
        eventually("the order comes so far", || async {
            self.clock.advance(Duration::from_millis(5));
            let order = self.order(id).await;
            check(&order).then_some(order)
        })
        .await
    }

    /// The order once it is settled; time goes on meanwhile.
    pub async fn settled(&self, id: &str) -> Value {
        self.order_when(id, |order| !order["settled_at"].is_null()).await
    }

    /// The order as staff sees it.
    pub async fn order(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v1/orders/{id}")).bearer(&self.staff()).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The names of all entries of the story of an order.
    pub async fn story(&self, id: &str) -> Vec<String> {
        let path = format!("/v1/orders/{id}/timeline");
        let answer = self.get(&path).bearer(&self.staff()).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let entry = |entry: &Value| {
            let (kind, name) = (entry["kind"].as_str().unwrap(), entry["name"].as_str().unwrap());
            format!("{kind} {name}")
        };
        answer.json()["items"].as_array().unwrap().iter().map(entry).collect()
    }

    /// Waits until the order's placement stands in this step.
    pub async fn in_step(&self, id: &str, step: &str) {
        eventually("the placement comes to the step", || async {
            self.clock.advance(Duration::from_millis(5));
            let story = self.story(id).await;
            let last = story.iter().rev().find(|entry| entry.starts_with("step "));
            (last? == &format!("step {step}")).then_some(())
        })
        .await;
    }

    /// A token of staff who may see and change the orders of all customers.
    pub fn staff(&self) -> String {
        token(&self.clock, "user_01h455vb4pex5vsknk084sn0st", &["orders.read", "orders.write"])
    }

    /// Fails when the audit finds anything.
    pub async fn audit(&self) -> kernel::audit::Audit {
        let audit = orders::audit(self.store()).await.unwrap();
        assert_eq!(audit.findings, [], "{audit:?}");
        audit
    }
}

/// A product as products tells of it; its id follows from its name.
pub fn product(name: &str, version: i64, variants: &[(&str, Money)]) -> ProductPublished {
    let number = |text: &str| text.bytes().fold(7_u128, |sum, byte| sum * 31 + u128::from(byte));
    let variant = |(sku, price): &(&str, Money)| SellableVariant {
        variant_id: VariantId::from_u128(number(sku)),
        sku: (*sku).to_owned(),
        title: String::new(),
        price: *price,
    };
    ProductPublished {
        product_id: ProductId::from_u128(number(name)),
        slug: name.to_lowercase(),
        title: format!("The {name}"),
        category: None,
        version,
        variants: variants.iter().map(variant).collect(),
    }
}

/// What a guest sends to order these lines, paid with this token.
pub fn wanted(items: &[(&str, i64)], token: &str) -> Value {
    let item = |(sku, quantity): &(&str, i64)| json!({"sku": sku, "quantity": quantity});
    json!({
        "email": "Guest@example.com",
        "items": items.iter().map(item).collect::<Vec<_>>(),
        "shipping_address": address(),
        "payment": {"provider": "sandbox", "token": token},
    })
}

/// A good address.
pub fn address() -> Value {
    json!({"name": "A. Guest", "line1": "Long Road 1", "city": "Berlin", "postal_code": "10115",
        "country": "DE"})
}

//! A shop in a process of its own, with an administrator and whatever is put on its shelves.

use std::{collections::BTreeMap, path::Path, time::Duration};

use kernel::Clock;
use serde_json::{Value, json};
use testkit::{Answer, Client, Folder, System, eventually, system, system::ADMIN};

use crate::{Bank, Level, pages, place};

/// A running shop. Everything in it is gone when it is dropped.
#[derive(Debug)]
pub struct Shop {
    /// Where its data is.
    pub folder: Folder,
    /// Its process.
    pub system: System,
    /// Somebody without an account.
    pub guest: Client,
    /// Its administrator.
    pub admin: Client,
}

impl Shop {
    /// An empty shop.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// An empty shop with these settings.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        Self::on(Folder::new(), settings).await
    }

    /// A shop on whatever is in a folder.
    pub async fn on(folder: Folder, settings: &[(&str, &str)]) -> Self {
        let started = System::start_with(folder.path(), settings).await;
        let system = started.unwrap_or_else(|no| panic!("not started: {no:?}"));
        let guest = system.client();
        let admin = system.admin().await;
        Self { folder, system, guest, admin }
    }

    /// kill -9, and a start on the same data and address.
    pub async fn crash(&mut self) {
        self.system.kill().await;
        self.revive(&[]).await;
    }

    /// Starts it again, with settings on top. The clients stay.
    pub async fn revive(&mut self, settings: &[(&str, &str)]) {
        self.system = self.system.again(settings).await;
    }

    /// Lets the administrator in anew; access tokens live for ten minutes.
    pub async fn log_in(&mut self) {
        self.admin = self.guest.log_in(ADMIN.0, ADMIN.1).await;
    }

    /// Puts a product with one variant on the shelf, and waits until it can be ordered.
    pub async fn stock(&self, sku: &str, price_minor: i64, on_hand: i64) {
        let product = json!({
            "slug": sku.to_lowercase(), "title": format!("The {sku}"), "status": "published",
            "variants": [{
                "sku": sku, "title": "Plain", "on_hand": on_hand,
                "price": {"amount": price_minor, "currency": "EUR"},
            }],
        });
        let answer = self.admin.post("/v1/products", &product).send().await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        self.at_rest().await;
    }

    /// Places an order as a guest and waits for what becomes of it.
    pub async fn order(&self, key: &str, body: &Value) -> Value {
        let answer = place(&self.guest, key, body).header("prefer", "wait=30").send().await;
        assert_eq!(answer.status, 201, "{key}: {}", answer.text());
        answer.json()
    }

    /// An order as staff see it; none when there is none.
    pub async fn find(&self, id: &str) -> Option<Value> {
        let answer = self.admin.get(&format!("/v1/orders/{id}")).send().await;
        match answer.status {
            200 => Some(answer.json()),
            404 => None,
            status => panic!("order {id}: {status} {}", answer.text()),
        }
    }

    /// Every order, as staff see it, by id.
    pub async fn orders(&self) -> BTreeMap<String, Value> {
        let orders = pages(&self.admin, "/v1/orders?limit=100").await;
        let by_id = |order: Value| (order["id"].as_str().expect("an id").to_owned(), order);
        orders.into_iter().map(by_id).collect()
    }

    /// An order once nothing more happens to it.
    pub async fn settled(&self, id: &str) -> Value {
        eventually(&format!("order {id} is settled"), async || {
            self.find(id).await.filter(|order| !order["settled_at"].is_null())
        })
        .await
    }

    /// How much there is of a SKU.
    pub async fn level(&self, sku: &str) -> Level {
        let answer = self.admin.get(&format!("/v1/inventory/{sku}")).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Level::of(&answer.json())
    }

    /// Waits until nothing is under way: no saga, message or retry.
    pub async fn at_rest(&self) {
        eventually("nothing is under way", async || {
            let answer = self.admin.get("/v1/ops/quiescence").send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.json()["at_rest"].as_bool().expect("a word about rest").then_some(())
        })
        .await;
    }

    /// Sees that every order is settled, within so much time.
    pub async fn settles_within(&self, limit: Duration) {
        let clock = Clock::system();
        loop {
            let (asked, orders) = (clock.instant(), self.orders().await);
            let open: Vec<&Value> =
                orders.values().filter(|order| order["settled_at"].is_null()).collect();
            if open.is_empty() {
                return;
            }
            assert!(
                asked < limit,
                "after {asked:?} these are open: {open:#?}\n{}",
                self.system.log()
            );
            clock.sleep(Duration::from_millis(20)).await;
        }
    }

    /// What `stoa audit` reports; every invariant holds and nothing is in flight.
    pub async fn audited(&self) -> Value {
        let report = audit(self.folder.path()).await;
        assert_eq!(report["open"], 0, "{report:#}");
        report
    }

    /// Sees that orders, bank and ledger say the same: who is served paid once, who is not paid
    /// nothing, and no money is held for anybody.
    pub async fn books_agree(&self) {
        let bank = Bank::read(&self.admin).await;
        let orders = self.orders().await;
        for (id, order) in &orders {
            let theirs = bank.get(id).cloned().unwrap_or_default();
            let total = order["totals"]["total"]["amount"].as_i64().expect("a total");
            let served = order["status"] == "confirmed";
            let paid = if served { (total, 1) } else { (0, 0) };
            assert_eq!((theirs.captured, theirs.captures), paid, "{order:#} {theirs:?}");
            assert_eq!((theirs.held(), theirs.refunded), (0, 0), "{order:#} {theirs:?}");
            assert_eq!(order["payment_status"] == "captured", served, "{order:#}");
        }
        let strangers: Vec<_> = bank.keys().filter(|id| !orders.contains_key(*id)).collect();
        assert!(strangers.is_empty(), "the bank knows orders that are not there: {strangers:?}");
        self.ledger_agrees(bank.values().map(|order| order.captured - order.refunded).sum()).await;
    }

    async fn ledger_agrees(&self, at_the_bank: i64) {
        let mut entries = BTreeMap::<String, i64>::new();
        let mut clearing = 0;
        for line in pages(&self.admin, "/v1/ledger/entries?limit=100").await {
            let minor = line["amount"]["amount"].as_i64().expect("an amount");
            let minor = if line["direction"] == "debit" { minor } else { -minor };
            *entries.entry(line["entry_id"].to_string()).or_default() += minor;
            if line["account"] == "provider_clearing" {
                clearing += minor;
            }
        }
        let skew: Vec<_> = entries.iter().filter(|(_, sum)| **sum != 0).collect();
        assert!(skew.is_empty(), "entries that do not balance: {skew:?}");
        assert_eq!(clearing, at_the_bank, "the ledger and the bank");
    }
}

/// Runs `stoa audit` on a data directory and sees that every invariant holds.
pub async fn audit(folder: &Path) -> Value {
    let ran = system::run(folder, &["audit", "--output", "json"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["findings"], json!([]), "{report:#}");
    report
}

/// The id in an answer about one thing.
pub fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", answer.text())).to_owned()
}

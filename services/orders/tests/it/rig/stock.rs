//! Plays products: sets goods aside, takes them out, gives them back; or is silent, or refuses.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use bus::{Bus, Message};
use contracts::{
    Contract,
    commands::{CommitStock, ReleaseStock, ReserveStock, StockLine},
    events::products::{
        Shortage, Stage, StockCommitted, StockRejected, StockReleased, StockReserved,
    },
    ids::{OrderId, ReservationId},
};
use delivery::{Refused, Subscriber};
use futures::future::BoxFuture;
use kernel::Clock;
use store::Batch;

/// The goods. Clones share them.
#[derive(Clone, Default)]
pub struct Stock(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    available: HashMap<String, i64>,
    held: HashMap<OrderId, Held>,
    released: BTreeSet<OrderId>,
    heard: BTreeMap<&'static str, u32>,
    silent: BTreeSet<&'static str>,
    twice: bool,
    refuses_commits: bool,
    answers: u64,
}

struct Held {
    lines: Vec<StockLine>,
    committed: bool,
}

/// What it says.
enum Word {
    Reserved,
    Rejected(Stage, Vec<Shortage>),
    Committed,
    Released,
}

impl Stock {
    /// Puts goods on the shelf.
    pub fn put(&self, sku: &str, count: i64) {
        *self.shelf().available.entry(sku.to_owned()).or_default() += count;
    }

    /// How many are neither set aside nor sold.
    pub fn available(&self, sku: &str) -> i64 {
        self.shelf().available[sku]
    }

    /// Whether the goods of an order were taken out for good.
    pub fn sold_to(&self, order: &str) -> bool {
        let order: OrderId = order.parse().unwrap();
        self.shelf().held.get(&order).is_some_and(|held| held.committed)
    }

    /// How often it was told this command.
    pub fn heard<C: Contract>(&self) -> u32 {
        self.shelf().heard.get(C::KIND).copied().unwrap_or(0)
    }

    /// It does nothing about this command any more.
    pub fn silence<C: Contract>(&self) {
        self.shelf().silent.insert(C::KIND);
    }

    /// It acts on all commands again.
    pub fn speak(&self) {
        self.shelf().silent.clear();
    }

    /// It says everything twice.
    pub fn stutter(&self) {
        self.shelf().twice = true;
    }

    /// Every reservation has run out, and others bought, when it is to be committed.
    pub fn refuse_commits(&self) {
        self.shelf().refuses_commits = true;
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap()
    }

    /// Its ear on the queue.
    pub fn subscriber(&self, bus: Arc<dyn Bus>, clock: Clock) -> Ear {
        Ear { stock: self.clone(), bus, clock }
    }
}

impl Shelf {
    fn act(&mut self, message: &Message) -> Option<(OrderId, Word)> {
        match message.kind.as_str() {
            ReserveStock::KIND => {
                let command: ReserveStock = self.hear(message)?;
                Some((command.order_id, self.reserve(command)))
            }
            CommitStock::KIND => {
                let command: CommitStock = self.hear(message)?;
                Some((command.order_id, self.commit(command.order_id)))
            }
            ReleaseStock::KIND => {
                let command: ReleaseStock = self.hear(message)?;
                self.give_back(command.order_id);
                self.released.insert(command.order_id);
                Some((command.order_id, Word::Released))
            }
            other => panic!("{other} is no command to stock"),
        }
    }

    fn hear<C: Contract>(&mut self, message: &Message) -> Option<C> {
        *self.heard.entry(C::KIND).or_default() += 1;
        let silent = self.silent.contains(C::KIND);
        (!silent).then(|| serde_json::from_str(&message.body).unwrap())
    }

    fn reserve(&mut self, command: ReserveStock) -> Word {
        let order = command.order_id;
        if self.released.contains(&order) {
            return Word::Rejected(Stage::Reserve, Vec::new());
        }
        if self.held.contains_key(&order) {
            return Word::Reserved;
        }
        let left = |line: &StockLine| self.available.get(&line.sku).copied().unwrap_or(0);
        let short = |line: &StockLine| {
            let (sku, asked, available) = (line.sku.clone(), line.quantity, left(line));
            (available < i64::from(asked)).then_some(Shortage { sku, asked, available })
        };
        let shortages: Vec<_> = command.lines.iter().filter_map(short).collect();
        if !shortages.is_empty() {
            return Word::Rejected(Stage::Reserve, shortages);
        }
        for line in &command.lines {
            *self.available.get_mut(&line.sku).unwrap() -= i64::from(line.quantity);
        }
        self.held.insert(order, Held { lines: command.lines, committed: false });
        Word::Reserved
    }

    fn commit(&mut self, order: OrderId) -> Word {
        if self.refuses_commits {
            self.give_back(order);
        }
        match self.held.get_mut(&order) {
            Some(held) => {
                held.committed = true;
                Word::Committed
            }
            None => Word::Rejected(Stage::Commit, Vec::new()),
        }
    }

    fn give_back(&mut self, order: OrderId) {
        for line in self.held.remove(&order).map(|held| held.lines).unwrap_or_default() {
            *self.available.get_mut(&line.sku).unwrap() += i64::from(line.quantity);
        }
    }
}

/// Hears commands, and answers with events.
pub struct Ear {
    stock: Stock,
    bus: Arc<dyn Bus>,
    clock: Clock,
}

impl Subscriber for Ear {
    fn kinds(&self) -> &'static [&'static str] {
        &[ReserveStock::KIND, CommitStock::KIND, ReleaseStock::KIND]
    }

    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>> {
        Box::pin(async move {
            let answers = self.answers(message);
            self.bus.publish(answers).await.map_err(|e| Refused::Retry(e.to_string()))?;
            Ok(Batch::new("stock"))
        })
    }
}

impl Ear {
    fn answers(&self, message: &Message) -> Vec<Message> {
        let mut shelf = self.stock.shelf();
        let Some((order, word)) = shelf.act(message) else { return Vec::new() };
        let times = if shelf.twice { 2 } else { 1 };
        shelf.answers += times;
        let first = shelf.answers;
        (0..times).map(|at| self.event(first + 1000 * at, order, &word)).collect()
    }

    fn event(&self, serial: u64, order_id: OrderId, word: &Word) -> Message {
        let now = self.clock.now();
        let (kind, body) = match word {
            Word::Reserved => {
                let reservation_id = ReservationId::from_u128(1);
                said(&StockReserved { order_id, reservation_id, expires_at: now })
            }
            Word::Rejected(stage, shortages) => {
                let (stage, shortages) = (*stage, shortages.clone());
                said(&StockRejected { order_id, shortages, stage })
            }
            Word::Committed => said(&StockCommitted { order_id }),
            Word::Released => said(&StockReleased { order_id }),
        };
        Message {
            id: format!("stock-{order_id}-{serial}"),
            kind: kind.to_owned(),
            role: kernel::Role::Event,
            source: "/products".to_owned(),
            key: order_id.to_string(),
            at: now,
            trace: None,
            body,
        }
    }
}

fn said<C: Contract>(contract: &C) -> (&'static str, String) {
    (C::KIND, serde_json::to_string(contract).unwrap())
}

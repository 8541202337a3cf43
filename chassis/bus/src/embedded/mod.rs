//! The embedded queue: messages in a database file of their own, who-gets-what in memory.
//!
//! One process has the file. What was not settled when it died is handed out again at the next
//! start. A message that was there at a start is a suspect: each attempt at it is written down
//! before it is made, so that one that ends the process every time becomes a dead letter.

mod line;
mod sql;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use kernel::{Clock, Cursor, Page, PageRequest, Role, crash};
use store::{Batch, Store, params};
use tokio::sync::Notify;

use crate::{Bus, DeadLetter, Delivery, Depth, Error, Message, Receipt, Verdict};
use line::{Line, Settled};

pub use sql::ALL;

/// The embedded queue. Clones share it.
#[derive(Clone)]
pub struct Embedded {
    store: Store,
    clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    lines: Mutex<HashMap<String, Arc<Queue>>>,
    bindings: Mutex<HashMap<String, Vec<Arc<Queue>>>>,
    last_seq: AtomicI64,
}

struct Queue {
    name: String,
    line: Mutex<Line>,
    arrived: Notify,
}

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Embedded {
    /// Opens the queue in this database: makes its tables, and lines up what is there.
    pub async fn open(store: Store, clock: Clock) -> Result<Self, Error> {
        store.migrate("bus", sql::MIGRATIONS).await?;
        let shared = Shared {
            lines: Mutex::default(),
            bindings: Mutex::default(),
            last_seq: AtomicI64::new(0),
        };
        let this = Self { store, clock, shared: Arc::new(shared) };
        this.count_interrupted().await?;
        for row in this.store.scan(sql::BINDINGS, params![]).await? {
            this.bind(row.text(1)?, &[row.text(0)?]);
        }
        this.line_up().await?;
        Ok(this)
    }

    /// Messages that were in a consumer's hands when the process died have had an attempt.
    async fn count_interrupted(&self) -> Result<(), Error> {
        let flights = self.store.scan(sql::FLIGHTS, params![]).await?;
        let mut batch = Batch::new("recover");
        for flight in &flights {
            for seq in flight.json::<Vec<i64>>(1)? {
                batch.run(sql::COUNT_ATTEMPT, params![seq]);
            }
            batch.run(sql::END_FLIGHT, params![flight.int(0)?]);
        }
        Ok(self.store.commit(batch).await?)
    }

    /// Reads what waits, page by page, bodies left on the disk until they are fetched.
    async fn line_up(&self) -> Result<(), Error> {
        let mut after = 0;
        loop {
            let rows = self.store.scan(sql::WAITING, params![after, 10_000]).await?;
            for row in &rows {
                after = row.int(0)?;
                let queue = self.queue_or_new(row.text(1)?);
                let visible = row.time(4)?;
                queue.line().recover(after, row.text(2)?, row.count(3)?, visible);
            }
            if rows.is_empty() {
                break;
            }
        }
        let newest = self.store.read_one(sql::NEWEST, params![]).await?;
        let newest = newest.map_or(Ok(None), |row| row.opt_int(0))?.unwrap_or(0);
        self.shared.last_seq.store(newest, Ordering::SeqCst);
        Ok(())
    }

    fn queue_or_new(&self, name: &str) -> Arc<Queue> {
        let mut lines = self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = lines.get(name) {
            return Arc::clone(queue);
        }
        let queue = Queue {
            name: name.to_owned(),
            line: Mutex::new(Line::default()),
            arrived: Notify::new(),
        };
        Arc::clone(lines.entry(name.to_owned()).or_insert(Arc::new(queue)))
    }

    fn queue(&self, name: &str) -> Result<Arc<Queue>, Error> {
        let lines = self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(name).cloned().ok_or_else(|| Error::UnknownQueue(name.to_owned()))
    }

    fn bind(&self, queue: &str, kinds: &[&str]) {
        let queue = self.queue_or_new(queue);
        let mut bindings = self.shared.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in kinds {
            let bound = bindings.entry((*kind).to_owned()).or_default();
            if bound.iter().all(|other| other.name != queue.name) {
                bound.push(Arc::clone(&queue));
            }
        }
    }

    fn bound(&self, message: &Message) -> Result<Vec<Arc<Queue>>, Error> {
        let bindings = self.shared.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        match (bindings.get(&message.kind), message.role) {
            (Some(queues), _) => Ok(queues.clone()),
            (None, Role::Event) => Ok(Vec::new()),
            (None, Role::Command) => Err(Error::Unroutable { kind: message.kind.clone() }),
        }
    }

    /// Writes down who is tried again after the process died, before it is: what ends the process
    /// each time is counted, and is given up in the end. Fresh messages cost nothing.
    async fn record_suspects(&self, token: i64, taken: &[line::Taken]) -> Result<(), Error> {
        let seqs: Vec<i64> = taken.iter().filter(|t| t.suspect).map(|t| t.seq).collect();
        if seqs.is_empty() {
            return Ok(());
        }
        let mut flight = Batch::new("fetch");
        let text = serde_json::to_string(&seqs).expect("numbers are JSON");
        flight.run(sql::START_FLIGHT, params![token, text]);
        Ok(self.store.commit(flight).await?)
    }

    /// Fills in the bodies of messages that were lined up without them.
    async fn load(&self, seqs: &[i64]) -> Result<HashMap<i64, Message>, Error> {
        let mut messages = HashMap::new();
        for seq in seqs {
            if let Some(row) = self.store.read_one(sql::MESSAGE, params![*seq]).await? {
                messages.insert(*seq, sql::message(&row)?);
            }
        }
        Ok(messages)
    }
}

#[async_trait::async_trait]
impl Bus for Embedded {
    async fn declare(&self, queue: &str, kinds: &[&str]) -> Result<(), Error> {
        let mut batch = Batch::new("declare");
        for kind in kinds {
            batch.run(sql::BIND, params![*kind, queue]);
        }
        self.store.commit(batch).await?;
        self.bind(queue, kinds);
        Ok(())
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<(), Error> {
        let mut batch = Batch::new("publish");
        let mut arrivals = Vec::with_capacity(messages.len());
        for message in messages {
            for queue in self.bound(&message)? {
                let seq = self.shared.last_seq.fetch_add(1, Ordering::SeqCst) + 1;
                batch.run(sql::PUBLISH, sql::publish(seq, &queue.name, &message));
                arrivals.push((queue, seq, message.clone()));
            }
        }
        self.store.commit(batch).await?;
        for (queue, seq, message) in arrivals {
            queue.line().push(seq, message);
            queue.arrived.notify_one();
        }
        Ok(())
    }

    async fn fetch(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, Error> {
        let queue = self.queue(queue)?;
        let (token, taken) =
            queue.line().take(max, self.clock.now(), self.clock.instant() + visibility);
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let bare: Vec<i64> = taken.iter().filter(|t| t.message.is_none()).map(|t| t.seq).collect();
        let loading = async {
            self.record_suspects(token, &taken).await?;
            self.load(&bare).await
        };
        let mut loaded = loading.await.inspect_err(|_| {
            // Nobody gets them now, so they are not hidden from whoever asks next.
            let seqs: Vec<i64> = taken.iter().map(|t| t.seq).collect();
            queue.line().put_back(token, &seqs, self.clock.now());
        })?;
        let deliver = |t: line::Taken| {
            let message = t.message.or_else(|| loaded.remove(&t.seq))?;
            Some(Delivery { message, attempt: t.attempt, receipt: Receipt { seq: t.seq, token } })
        };
        Ok(taken.into_iter().filter_map(deliver).collect())
    }

    async fn settle(&self, queue: &str, verdicts: Vec<(Receipt, Verdict)>) -> Result<(), Error> {
        let queue = self.queue(queue)?;
        let now = self.clock.now();
        let mut batch = Batch::new("settle");
        // The rows change first: a crash in between only means another delivery.
        for (receipt, verdict) in &verdicts {
            let Some(attempts) = queue.line().holds(*receipt) else { continue };
            match verdict {
                Verdict::Ack => batch.run(sql::REMOVE, params![receipt.seq]),
                Verdict::Retry { after } => {
                    batch.run(sql::RETRY, params![attempts, now.plus(*after), receipt.seq]);
                }
                Verdict::Defer { after } => {
                    batch.run(sql::RETRY, params![attempts - 1, now.plus(*after), receipt.seq]);
                }
                Verdict::Dead { reason } => {
                    batch.run(sql::BURY, params![attempts, reason, now, receipt.seq]);
                    batch.run(sql::REMOVE, params![receipt.seq]);
                }
            }
        }
        let ended = queue.line().ends_flights(&verdicts);
        for token in ended {
            batch.run(sql::END_FLIGHT, params![token]);
        }
        if crash::watched() {
            crash::point(&format!("bus.{}.settle.before", queue.name));
        }
        self.store.commit(batch).await?;
        let more = verdicts.into_iter().fold(Settled::default(), |sum, (receipt, verdict)| {
            sum.and(queue.line().settle(receipt, &verdict, now))
        });
        if more.deliverable {
            queue.arrived.notify_one();
        }
        Ok(())
    }

    async fn arrival(&self, queue: &str, at_most: Duration) {
        let Ok(queue) = self.queue(queue) else { return self.clock.sleep(at_most).await };
        let due = queue.line().next_due(self.clock.now(), self.clock.instant());
        let wait = due.map_or(at_most, |due| due.min(at_most));
        // Both outcomes mean the same: look again.
        let _ = self.clock.timeout(wait, queue.arrived.notified()).await;
    }

    async fn depth(&self, queue: &str) -> Result<Depth, Error> {
        let line = self.queue(queue)?;
        let dead = self.store.read_one(sql::DEAD_COUNT, params![queue]).await?;
        let dead = dead.map_or(Ok(0), |row| row.int(0))?;
        let (unread, retries) = line.line().depth(self.clock.now());
        Ok(Depth { unread, retries, dead: u64::try_from(dead).unwrap_or(0) })
    }

    async fn queues(&self) -> Result<Vec<String>, Error> {
        let lines = self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = lines.keys().cloned().collect();
        names.sort();
        Ok(names)
    }

    async fn dead_letters(
        &self,
        queue: &str,
        page: PageRequest,
    ) -> Result<Page<DeadLetter>, Error> {
        self.queue(queue)?;
        let after: i64 = page.cursor.as_deref().map_or(Ok(0), Cursor::decode)?;
        let rows = self
            .store
            .scan(sql::DEAD_LETTERS, params![queue, after, i64::from(page.limit) + 1])
            .await?;
        let letters: Result<Vec<_>, store::Error> = rows.iter().map(sql::dead_letter).collect();
        let page = Page::of(letters?, page.limit, |(seq, _)| Cursor::encode(seq));
        Ok(page.map(|(_, letter)| letter))
    }

    async fn redrive(&self, queue: &str, message_ids: Option<&[String]>) -> Result<u64, Error> {
        let line = self.queue(queue)?;
        let mut count = 0;
        let mut after = 0;
        loop {
            let rows = self.store.scan(sql::DEAD_LETTERS, params![queue, after, 256]).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = last.int(0)?;
            let mut batch = Batch::new("redrive");
            let mut back = Vec::new();
            for row in &rows {
                let (dead_seq, letter) = sql::dead_letter(row)?;
                if message_ids.is_some_and(|ids| !ids.contains(&letter.id)) {
                    continue;
                }
                let seq = self.shared.last_seq.fetch_add(1, Ordering::SeqCst) + 1;
                batch.one(sql::REVIVE, params![seq, dead_seq]);
                batch.one(sql::FORGET, params![dead_seq]);
                back.push((seq, letter.key));
            }
            self.store.commit(batch).await?;
            count += back.len() as u64;
            for (seq, key) in back {
                line.line().recover(seq, &key, 0, self.clock.now());
            }
            line.arrived.notify_one();
        }
    }
}

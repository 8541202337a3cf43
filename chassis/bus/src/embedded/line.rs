//! Who is next: the order of one queue in memory. Pure: time comes in, nothing is awaited.
//!
//! Messages of one key form a chain. A chain is ready, delayed (its first message waits for
//! another attempt) or out (some of its messages are in a consumer's hands).

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use kernel::Timestamp;

use crate::{Message, Receipt, Verdict};

/// Bodies kept in memory, at most, in bytes; the rest is read again when fetched.
const BODIES_BYTES_MAX: usize = 16 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Line {
    chains: HashMap<String, Chain>,
    ready: VecDeque<String>,
    delayed: BTreeMap<(Timestamp, String), ()>,
    /// Flights by token: until when (monotonic), the key of each message still out.
    flights: BTreeMap<i64, Flight>,
    last_token: i64,
    bodies_bytes: usize,
    count: u64,
}

#[derive(Default)]
struct Chain {
    waiting: VecDeque<Entry>,
    out: VecDeque<Entry>,
    not_before: Option<Timestamp>,
}

struct Entry {
    seq: i64,
    attempts: u32,
    /// It was here when the process started: it may be what ended the one before.
    suspect: bool,
    message: Option<Message>,
}

struct Flight {
    until: Duration,
    /// Whether it is written down, because it has suspects in it.
    recorded: bool,
    out: HashMap<i64, String>,
}

pub(super) struct Taken {
    pub seq: i64,
    pub attempt: u32,
    pub suspect: bool,
    pub message: Option<Message>,
}

/// What settling made possible.
#[derive(Default)]
pub(super) struct Settled {
    pub deliverable: bool,
}

impl Settled {
    pub fn and(self, other: Self) -> Self {
        Self { deliverable: self.deliverable || other.deliverable }
    }
}

impl Line {
    /// Lines up a new message.
    pub fn push(&mut self, seq: i64, message: Message) {
        let key = message.key.clone();
        let size = message.body.len();
        let keep = self.bodies_bytes + size <= BODIES_BYTES_MAX;
        self.bodies_bytes += if keep { size } else { 0 };
        self.add(
            key,
            Entry { seq, attempts: 0, suspect: false, message: keep.then_some(message) },
            None,
        );
    }

    /// Lines up a message that was in the database already, without its body.
    pub fn recover(&mut self, seq: i64, key: &str, attempts: u32, visible: Timestamp) {
        let entry = Entry { seq, attempts, suspect: true, message: None };
        self.add(key.to_owned(), entry, Some(visible));
    }

    fn add(&mut self, key: String, entry: Entry, visible: Option<Timestamp>) {
        self.count += 1;
        let chain = self.chains.entry(key.clone()).or_default();
        let first = chain.waiting.is_empty() && chain.out.is_empty();
        chain.waiting.push_back(entry);
        if !first {
            return;
        }
        match visible.filter(|at| at.ms() > 0) {
            Some(at) => {
                chain.not_before = Some(at);
                self.delayed.insert((at, key), ());
            }
            None => self.ready.push_back(key),
        }
    }

    /// Takes up to `max` messages from ready chains, oldest chain first.
    pub fn take(&mut self, max: usize, now: Timestamp, until: Duration) -> (i64, Vec<Taken>) {
        self.wake(now);
        self.last_token += 1;
        let token = self.last_token;
        let mut taken = Vec::new();
        let mut out = HashMap::new();
        while taken.len() < max {
            let Some(key) = self.ready.pop_front() else { break };
            let chain = self.chains.get_mut(&key).expect("a ready chain exists");
            while taken.len() < max
                && let Some(mut entry) = chain.waiting.pop_front()
            {
                entry.attempts += 1;
                let message = entry.message.clone();
                let Entry { seq, attempts: attempt, suspect, .. } = entry;
                taken.push(Taken { seq, attempt, suspect, message });
                out.insert(entry.seq, key.clone());
                chain.out.push_back(entry);
            }
        }
        if !out.is_empty() {
            let recorded = taken.iter().any(|t| t.suspect);
            self.flights.insert(token, Flight { until, recorded, out });
        }
        (token, taken)
    }

    /// How often a message was tried, if this receipt still holds it.
    pub fn holds(&self, receipt: Receipt) -> Option<i64> {
        let key = self.flights.get(&receipt.token)?.out.get(&receipt.seq)?;
        let entry = self.chains.get(key)?.out.iter().find(|e| e.seq == receipt.seq)?;
        Some(i64::from(entry.attempts))
    }

    /// The recorded flights that will have nothing out any more once these are settled.
    pub fn ends_flights(&self, verdicts: &[(Receipt, Verdict)]) -> Vec<i64> {
        let mut settled: HashMap<i64, HashSet<i64>> = HashMap::new();
        for (receipt, _) in verdicts {
            settled.entry(receipt.token).or_default().insert(receipt.seq);
        }
        let all = |(token, seqs): (&i64, &HashSet<i64>)| {
            let flight = self.flights.get(token)?;
            let ends = flight.recorded && flight.out.keys().all(|seq| seqs.contains(seq));
            ends.then_some(*token)
        };
        settled.iter().filter_map(all).collect()
    }

    /// Ends one delivery.
    pub fn settle(&mut self, receipt: Receipt, verdict: &Verdict, now: Timestamp) -> Settled {
        let Some(flight) = self.flights.get_mut(&receipt.token) else { return Settled::default() };
        let Some(key) = flight.out.remove(&receipt.seq) else { return Settled::default() };
        if flight.out.is_empty() {
            self.flights.remove(&receipt.token);
        }
        let chain = self.chains.get_mut(&key).expect("a chain with messages out exists");
        let at = chain.out.iter().position(|e| e.seq == receipt.seq);
        let at = at.expect("a message that is out is in its chain");
        match verdict {
            Verdict::Ack | Verdict::Dead { .. } => {
                let entry = chain.out.remove(at).expect("found above");
                self.bodies_bytes -= entry.message.map_or(0, |m| m.body.len());
                self.count -= 1;
            }
            Verdict::Retry { after } | Verdict::Defer { after } => {
                let entry = &mut chain.out[at];
                entry.attempts -= u32::from(matches!(verdict, Verdict::Defer { .. }));
                let later = chain.not_before.max(Some(now.plus(*after)));
                chain.not_before = later;
            }
        }
        // Whatever of the chain is still out after its last delivery ended goes back in front.
        let busy =
            chain.out.iter().any(|e| self.flights.values().any(|f| f.out.contains_key(&e.seq)));
        if busy {
            return Settled::default();
        }
        self.give_back(key, now)
    }

    /// Puts a chain whose deliveries have all ended back into the order.
    fn give_back(&mut self, key: String, now: Timestamp) -> Settled {
        let chain = self.chains.get_mut(&key).expect("a chain that was out exists");
        while let Some(entry) = chain.out.pop_back() {
            chain.waiting.push_front(entry);
        }
        let not_before = chain.not_before.take().filter(|at| *at > now);
        if chain.waiting.is_empty() {
            self.chains.remove(&key);
            return Settled::default();
        }
        match not_before {
            Some(at) => {
                chain.not_before = Some(at);
                self.delayed.insert((at, key), ());
            }
            None => self.ready.push_back(key),
        }
        Settled { deliverable: true }
    }

    /// Undoes a take that came to nothing.
    pub fn put_back(&mut self, token: i64, seqs: &[i64], now: Timestamp) {
        for seq in seqs {
            let receipt = Receipt { seq: *seq, token };
            self.settle(receipt, &Verdict::Defer { after: Duration::ZERO }, now);
        }
    }

    /// Gives back what was not settled in time.
    pub fn expire(&mut self, now: Timestamp, instant: Duration) {
        let late: Vec<i64> =
            self.flights.iter().filter(|(_, f)| f.until <= instant).map(|(t, _)| *t).collect();
        for token in late {
            let Some(flight) = self.flights.get(&token) else { continue };
            let seqs: Vec<i64> = flight.out.keys().copied().collect();
            for seq in seqs {
                self.settle(Receipt { seq, token }, &Verdict::Retry { after: Duration::ZERO }, now);
            }
        }
    }

    /// Makes delayed chains ready whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while let Some(((at, _), ())) = self.delayed.first_key_value()
            && *at <= now
        {
            let ((_, key), ()) = self.delayed.pop_first().expect("looked at above");
            if let Some(chain) = self.chains.get_mut(&key) {
                chain.not_before = None;
                self.ready.push_back(key);
            }
        }
    }

    /// How long until something can be fetched or expires without a new message: now is zero.
    pub fn next_due(&mut self, now: Timestamp, instant: Duration) -> Option<Duration> {
        self.expire(now, instant);
        self.wake(now);
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let delayed = self.delayed.keys().next().map(|(at, _)| at.since(now));
        let expiry = self.flights.values().map(|f| f.until.saturating_sub(instant)).min();
        match (delayed, expiry) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (either, None) | (None, either) => either,
        }
    }

    /// Messages in the line, and how many of their chains wait for another attempt.
    pub fn depth(&self, now: Timestamp) -> (u64, u64) {
        let retries = self.delayed.keys().filter(|(at, _)| *at > now).count();
        (self.count, retries as u64)
    }
}

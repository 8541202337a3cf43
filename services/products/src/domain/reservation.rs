//! Stock set aside for an order: what each command may do to it, and what is answered.

use std::collections::BTreeMap;

use contracts::ids::{OrderId, ReservationId};
use kernel::Timestamp;

use super::{Level, Movement, MovementKind};

/// Lines of one reservation, at most.
pub const LINES_MAX: usize = 1000;

/// So many pieces of one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of what.
    pub sku: String,
    /// How many, at least one.
    pub quantity: u32,
}

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Set aside until the lease ends.
    Held,
    /// The goods left.
    Committed,
    /// Given back before the goods left; or released before it was ever asked for.
    Released,
    /// Given back after the goods had left.
    Returned,
    /// The lease ended, and the goods are for sale again.
    Expired,
    /// Refused, for good.
    Rejected,
}

impl State {
    /// The word for it in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Returned => "returned",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// Not a state of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state of a reservation")]
pub struct NotAState(String);

impl std::str::FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        let all = [
            Self::Held,
            Self::Committed,
            Self::Released,
            Self::Returned,
            Self::Expired,
            Self::Rejected,
        ];
        let found = all.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| NotAState(text.to_owned()))
    }
}

/// What is short of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Of what.
    pub sku: String,
    /// How many were asked for.
    pub asked: u32,
    /// How many there are.
    pub available: i64,
}

/// The stock of one order. There is one for each order that ever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Whose.
    pub order_id: OrderId,
    /// Its own name.
    pub id: ReservationId,
    /// Where it stands.
    pub state: State,
    /// What is set aside: one line per SKU, sorted by SKU.
    pub lines: Vec<Line>,
    /// When the goods are for sale again, unless committed before.
    pub expires_at: Timestamp,
    /// Why it was rejected.
    pub shortages: Vec<Shortage>,
}

/// When stock was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// When it was to be set aside.
    Reserve,
    /// When it was to leave.
    Commit,
}

/// What the order hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// All lines are set aside.
    Reserved {
        /// Under this name.
        id: ReservationId,
        /// Until then.
        expires_at: Timestamp,
    },
    /// Nothing is, for good.
    Rejected {
        /// At which step.
        stage: Stage,
        /// Why; empty when it was released before.
        shortages: Vec<Shortage>,
    },
    /// The goods left.
    Committed,
    /// Nothing is held any more.
    Released,
}

/// What is to be written of the reservation itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// Nothing: the command came again.
    Nothing,
    /// A new one.
    Insert(Reservation),
    /// The same, which must still stand where it stood.
    Update {
        /// Where it stood.
        from: State,
        /// As it is now.
        to: Reservation,
    },
}

/// The outcome of a command: all of it happens together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the reservation.
    pub save: Save,
    /// How stock moves, sorted by SKU.
    pub movements: Vec<Movement>,
    /// What is answered.
    pub answer: Answer,
}

/// Sums the lines per SKU, sorted by SKU; `None` when there is nothing to serve, or too much.
pub fn merge_lines(asked: impl IntoIterator<Item = Line>) -> Option<Vec<Line>> {
    let mut sums: BTreeMap<String, u32> = BTreeMap::new();
    for Line { sku, quantity } in asked {
        if quantity > 0 {
            let sum = sums.entry(sku).or_default();
            // Saturated is more than any shelf holds: it will be short, as it should.
            *sum = sum.saturating_add(quantity);
        }
        if sums.len() > LINES_MAX {
            return None;
        }
    }
    let lines = sums.into_iter().map(|(sku, quantity)| Line { sku, quantity });
    Some(lines.collect()).filter(|lines: &Vec<Line>| !lines.is_empty())
}

/// What is missing to serve all lines; a SKU without a level does not exist.
pub fn shortages(lines: &[Line], levels: &BTreeMap<String, Level>) -> Vec<Shortage> {
    let short = |line: &Line| {
        let available = levels.get(&line.sku).map_or(0, |level| level.available());
        let short = i64::from(line.quantity) > available;
        short.then(|| Shortage { sku: line.sku.clone(), asked: line.quantity, available })
    };
    lines.iter().filter_map(short).collect()
}

/// A first `reserve`: all lines or none.
pub fn reserve(
    order_id: OrderId,
    id: ReservationId,
    lines: Vec<Line>,
    expires_at: Timestamp,
    shortages: Vec<Shortage>,
) -> Decision {
    let enough = shortages.is_empty();
    let state = if enough { State::Held } else { State::Rejected };
    let new = Reservation { order_id, id, state, lines, expires_at, shortages };
    let movements = if enough {
        new.moves(MovementKind::Reserve, |quantity| (0, quantity))
    } else {
        Vec::new()
    };
    Decision { answer: new.reserve_again(), movements, save: Save::Insert(new) }
}

/// A first command of an order that can never be served, or is over already.
pub fn refuse(
    order_id: OrderId,
    id: ReservationId,
    state: State,
    at: Timestamp,
    answer: Answer,
) -> Decision {
    let (lines, shortages) = (Vec::new(), Vec::new());
    let mark = Reservation { order_id, id, state, lines, expires_at: at, shortages };
    Decision { save: Save::Insert(mark), movements: Vec::new(), answer }
}

/// `commit`: the goods leave. `shortages` is what is missing should the lease have ended and the
/// goods have gone back to the shelf; it is not looked at otherwise.
pub fn commit(known: &Reservation, shortages: Vec<Shortage>) -> Decision {
    match known.state {
        State::Held => {
            let movements = known.moves(MovementKind::Commit, |n| (-n, -n));
            known.becomes(State::Committed, movements, Answer::Committed)
        }
        State::Expired if shortages.is_empty() => {
            let movements = known.moves(MovementKind::Commit, |n| (-n, 0));
            known.becomes(State::Committed, movements, Answer::Committed)
        }
        State::Expired => {
            let answer = Answer::Rejected { stage: Stage::Commit, shortages: shortages.clone() };
            let to = Reservation { state: State::Rejected, shortages, ..known.clone() };
            let save = Save::Update { from: known.state, to };
            Decision { save, movements: Vec::new(), answer }
        }
        State::Committed => known.unmoved(Answer::Committed),
        State::Released | State::Returned | State::Rejected => {
            let shortages = known.shortages.clone();
            known.unmoved(Answer::Rejected { stage: Stage::Commit, shortages })
        }
    }
}

/// `release`: nothing is held any more; goods that left come back.
pub fn release(known: &Reservation, reason: &str) -> Decision {
    let because = |mut movements: Vec<Movement>| {
        for movement in &mut movements {
            movement.reason = Some(reason.to_owned());
        }
        movements
    };
    match known.state {
        State::Held => {
            let movements = because(known.moves(MovementKind::Release, |n| (0, -n)));
            known.becomes(State::Released, movements, Answer::Released)
        }
        State::Committed => {
            let movements = because(known.moves(MovementKind::Return, |n| (n, 0)));
            known.becomes(State::Returned, movements, Answer::Released)
        }
        // From now on a late commit takes nothing any more.
        State::Expired => known.becomes(State::Released, Vec::new(), Answer::Released),
        State::Released | State::Returned | State::Rejected => known.unmoved(Answer::Released),
    }
}

/// The lease of a held reservation ended.
pub fn expire(held: &Reservation) -> (Save, Vec<Movement>) {
    let to = Reservation { state: State::Expired, ..held.clone() };
    (Save::Update { from: State::Held, to }, held.moves(MovementKind::Expire, |n| (0, -n)))
}

impl Reservation {
    /// The answer to a `reserve` that comes again: the same outcome, or that it is over.
    pub fn reserve_again(&self) -> Answer {
        match self.state {
            // An expired one answers alike: whether the goods are still there, commit finds out.
            State::Held | State::Committed | State::Expired => {
                Answer::Reserved { id: self.id, expires_at: self.expires_at }
            }
            State::Released | State::Returned | State::Rejected => {
                Answer::Rejected { stage: Stage::Reserve, shortages: self.shortages.clone() }
            }
        }
    }

    fn moves(&self, kind: MovementKind, deltas: impl Fn(i64) -> (i64, i64)) -> Vec<Movement> {
        let movement = |line: &Line| {
            Movement::of_order(&line.sku, kind, deltas(line.quantity.into()), self.order_id)
        };
        self.lines.iter().map(movement).collect()
    }

    fn becomes(&self, state: State, movements: Vec<Movement>, answer: Answer) -> Decision {
        let to = Self { state, ..self.clone() };
        Decision { save: Save::Update { from: self.state, to }, movements, answer }
    }

    fn unmoved(&self, answer: Answer) -> Decision {
        Decision { save: Save::Nothing, movements: Vec::new(), answer }
    }
}

#[cfg(test)]
mod tests;

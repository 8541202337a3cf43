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
mod tests {
    use super::*;

    fn reservation(state: State) -> Reservation {
        Reservation {
            order_id: OrderId::from_u128(1),
            id: ReservationId::from_u128(2),
            state,
            lines: vec![Line { sku: "A".into(), quantity: 3 }],
            expires_at: Timestamp::from_ms(1000),
            shortages: Vec::new(),
        }
    }

    fn short() -> Vec<Shortage> {
        vec![Shortage { sku: "A".into(), asked: 3, available: 1 }]
    }

    /// The state afterwards, the movement of SKU A, and the answer in one word.
    fn told(decision: &Decision) -> (Option<State>, Option<(MovementKind, i64, i64)>, &str) {
        let state = match &decision.save {
            Save::Nothing => None,
            Save::Insert(to) | Save::Update { to, .. } => Some(to.state),
        };
        let moved = decision.movements.first();
        let moved = moved.map(|m| (m.kind, m.on_hand_delta, m.reserved_delta));
        let answer = match &decision.answer {
            Answer::Reserved { .. } => "reserved",
            Answer::Rejected { stage: Stage::Reserve, .. } => "rejected at reserve",
            Answer::Rejected { stage: Stage::Commit, .. } => "rejected at commit",
            Answer::Committed => "committed",
            Answer::Released => "released",
        };
        (state, moved, answer)
    }

    fn check(
        decision: Decision,
        state: impl Into<Option<State>>,
        moved: Option<(MovementKind, i64, i64)>,
        answer: &str,
    ) {
        assert_eq!(told(&decision), (state.into(), moved, answer));
    }

    #[test]
    fn a_commit_takes_what_was_set_aside() {
        use MovementKind::Commit;
        let commit = |state, short| commit(&reservation(state), short);
        check(commit(State::Held, vec![]), State::Committed, Some((Commit, -3, -3)), "committed");
        check(commit(State::Held, short()), State::Committed, Some((Commit, -3, -3)), "committed");
        check(commit(State::Expired, vec![]), State::Committed, Some((Commit, -3, 0)), "committed");
        check(commit(State::Expired, short()), State::Rejected, None, "rejected at commit");
        check(commit(State::Committed, vec![]), None, None, "committed");
        check(commit(State::Released, vec![]), None, None, "rejected at commit");
        check(commit(State::Returned, vec![]), None, None, "rejected at commit");
        check(commit(State::Rejected, vec![]), None, None, "rejected at commit");
    }

    #[test]
    fn a_release_gives_back_what_is_held_or_has_left() {
        use MovementKind::{Release, Return};
        let release = |state| release(&reservation(state), "canceled");
        check(release(State::Held), State::Released, Some((Release, 0, -3)), "released");
        check(release(State::Committed), State::Returned, Some((Return, 3, 0)), "released");
        check(release(State::Expired), State::Released, None, "released");
        check(release(State::Released), None, None, "released");
        check(release(State::Returned), None, None, "released");
        check(release(State::Rejected), None, None, "released");
        assert_eq!(release(State::Held).movements[0].reason.as_deref(), Some("canceled"));
    }

    #[test]
    fn a_reserve_takes_all_lines_or_none() {
        let lines = || vec![Line { sku: "A".into(), quantity: 3 }];
        let reserve = |short| {
            let (order, id) = (OrderId::from_u128(1), ReservationId::from_u128(2));
            reserve(order, id, lines(), Timestamp::from_ms(1000), short)
        };
        let moved = Some((MovementKind::Reserve, 0, 3));
        check(reserve(vec![]), State::Held, moved, "reserved");
        check(reserve(short()), State::Rejected, None, "rejected at reserve");
    }

    #[test]
    fn a_repeated_reserve_is_answered_as_the_first_one_was() {
        for state in [State::Held, State::Committed, State::Expired] {
            assert!(matches!(reservation(state).reserve_again(), Answer::Reserved { .. }));
        }
        for state in [State::Released, State::Returned, State::Rejected] {
            assert!(matches!(reservation(state).reserve_again(), Answer::Rejected { .. }));
        }
    }

    #[test]
    fn lines_are_summed_per_sku_and_sorted() {
        let line = |sku: &str, quantity| Line { sku: sku.into(), quantity };
        let merged = merge_lines([line("B", 1), line("A", 2), line("B", 3), line("C", 0)]);
        assert_eq!(merged, Some(vec![line("A", 2), line("B", 4)]));
        assert_eq!(merge_lines([line("A", 0)]), None);
        assert_eq!(merge_lines((0..=LINES_MAX).map(|n| line(&n.to_string(), 1))), None);
        let huge = merge_lines([line("A", u32::MAX), line("A", 1)]).unwrap();
        assert_eq!(huge[0].quantity, u32::MAX);
    }

    #[test]
    fn what_is_not_stocked_is_short() {
        let levels = BTreeMap::from([("A".to_owned(), Level { on_hand: 5, reserved: 3 })]);
        let asked = [
            Line { sku: "A".into(), quantity: 2 },
            Line { sku: "A".into(), quantity: 3 },
            Line { sku: "B".into(), quantity: 1 },
        ];
        let short = shortages(&asked, &levels);
        let figures: Vec<_> = short.iter().map(|s| (s.sku.as_str(), s.available)).collect();
        assert_eq!(figures, [("A", 2), ("B", 0)]);
    }
}

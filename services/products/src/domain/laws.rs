//! Laws of stock and reservations, over any history.

use std::collections::BTreeMap;

use contracts::ids::{OrderId, ReservationId};
use kernel::Timestamp;
use proptest::prelude::*;

use super::{
    Decision, Level, Line, Movement, MovementKind, Reservation, Save, State, commit, expire,
    merge_lines, release, reserve, shortages,
};

const SKUS: [&str; 3] = ["A", "B", "C"];
const PIECES: i64 = 20;

/// Something that happens to one of a few orders.
#[derive(Debug, Clone)]
enum Event {
    Reserve(u8, Vec<(usize, u32)>),
    Commit(u8),
    Release(u8),
    Expire(u8),
    Adjust(usize, i64),
}

fn event() -> impl Strategy<Value = Event> {
    let order = 0..8_u8;
    let line = (0..SKUS.len(), 0..8_u32);
    prop_oneof![
        3 => (order.clone(), prop::collection::vec(line, 0..4))
            .prop_map(|(order, lines)| Event::Reserve(order, lines)),
        2 => order.clone().prop_map(Event::Commit),
        1 => order.clone().prop_map(Event::Release),
        1 => order.prop_map(Event::Expire),
        1 => (0..SKUS.len(), -10..10_i64).prop_map(|(sku, delta)| Event::Adjust(sku, delta)),
    ]
}

/// Stock and reservations, changed by decisions alone.
struct Shelf {
    levels: BTreeMap<String, Level>,
    reservations: BTreeMap<u8, Reservation>,
    /// What corrections by hand sum to.
    corrected: BTreeMap<String, i64>,
}

impl Shelf {
    fn new() -> Self {
        let level = Level { on_hand: PIECES, reserved: 0 };
        Self {
            levels: SKUS.iter().map(|sku| ((*sku).to_owned(), level)).collect(),
            reservations: BTreeMap::new(),
            corrected: BTreeMap::new(),
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Reserve(order, lines) => self.reserve(order, lines),
            Event::Commit(order) => {
                let Some(known) = self.reservations.get(&order) else { return };
                let short = shortages(&known.lines, &self.levels);
                let decision = commit(known, short);
                self.decide(order, decision);
            }
            Event::Release(order) => {
                let Some(known) = self.reservations.get(&order) else { return };
                let decision = release(known, "canceled");
                self.decide(order, decision);
            }
            Event::Expire(order) => {
                let held = self.reservations.get(&order).filter(|r| r.state == State::Held);
                let Some((save, movements)) = held.map(expire) else { return };
                self.save(order, save);
                self.shift(&movements);
            }
            Event::Adjust(sku, delta) => {
                let kind = MovementKind::Adjustment;
                let movement = Movement::by_hand(SKUS[sku], kind, delta, None);
                if self.levels[SKUS[sku]].after(&movement).is_ok() {
                    *self.corrected.entry(movement.sku.clone()).or_default() += delta;
                    self.shift(&[movement]);
                }
            }
        }
    }

    fn reserve(&mut self, order: u8, lines: Vec<(usize, u32)>) {
        let line = |(sku, quantity): (usize, u32)| Line { sku: SKUS[sku].into(), quantity };
        let Some(lines) = merge_lines(lines.into_iter().map(line)) else { return };
        if self.reservations.contains_key(&order) {
            return;
        }
        let short = shortages(&lines, &self.levels);
        let (order_id, id) = (OrderId::from_u128(order.into()), ReservationId::from_u128(1));
        let decision = reserve(order_id, id, lines, Timestamp::from_ms(1), short);
        self.decide(order, decision);
    }

    fn decide(&mut self, order: u8, decision: Decision) {
        self.save(order, decision.save);
        self.shift(&decision.movements);
    }

    fn save(&mut self, order: u8, save: Save) {
        match save {
            Save::Nothing => {}
            Save::Insert(to) => assert!(self.reservations.insert(order, to).is_none()),
            Save::Update { from, to } => {
                let old = self.reservations.insert(order, to);
                assert_eq!(old.map(|old| old.state), Some(from));
            }
        }
    }

    fn shift(&mut self, movements: &[Movement]) {
        for movement in movements {
            let level = self.levels.get_mut(&movement.sku).expect("a known sku");
            *level = level.after(movement).expect("a decision never overdraws");
        }
    }

    /// Pieces of a SKU in reservations of a state.
    fn pieces(&self, sku: &str, state: State) -> i64 {
        let of_state = self.reservations.values().filter(|r| r.state == state);
        let lines = of_state.flat_map(|r| &r.lines).filter(|line| line.sku == sku);
        lines.map(|line| i64::from(line.quantity)).sum()
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_books_are_right(events in prop::collection::vec(event(), 0..80)) {
        let mut shelf = Shelf::new();
        for event in events {
            shelf.happen(event);
            for (sku, level) in &shelf.levels {
                let corrected = shelf.corrected.get(sku).copied().unwrap_or(0);
                let sold = shelf.pieces(sku, State::Committed);
                prop_assert_eq!(level.reserved, shelf.pieces(sku, State::Held));
                prop_assert_eq!(level.on_hand, PIECES + corrected - sold);
                prop_assert!(level.available() >= 0);
            }
        }
    }

    #[test]
    fn a_command_that_comes_again_changes_nothing(events in prop::collection::vec(event(), 0..40)) {
        let mut shelf = Shelf::new();
        for event in events {
            let by_hand = matches!(event, Event::Adjust(..));
            shelf.happen(event.clone());
            if !by_hand {
                let (levels, reservations) = (shelf.levels.clone(), shelf.reservations.clone());
                shelf.happen(event);
                prop_assert_eq!(&shelf.levels, &levels);
                prop_assert_eq!(&shelf.reservations, &reservations);
            }
        }
    }
}

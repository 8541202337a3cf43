//! How much there is of a SKU, and the only ways in which that changes.

use contracts::ids::OrderId;

/// The most pieces that one SKU may have on hand.
pub const QUANTITY_MAX: i64 = 1_000_000_000;

/// Pieces of one SKU. `0 <= reserved <= on_hand` holds before and after every movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// What lies on the shelf.
    pub on_hand: i64,
    /// What of it is set aside for orders.
    pub reserved: i64,
}

/// A movement would leave fewer pieces on hand than are set aside, or more than can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} on hand and {} reserved cannot be", after.on_hand, after.reserved)]
pub struct OverDrawn {
    /// What the level would have been.
    pub after: Level,
}

impl Level {
    /// What can be bought.
    pub const fn available(self) -> i64 {
        self.on_hand - self.reserved
    }

    /// The level after a movement.
    pub fn after(self, movement: &Movement) -> Result<Self, OverDrawn> {
        let after = Self {
            on_hand: self.on_hand.saturating_add(movement.on_hand_delta),
            reserved: self.reserved.saturating_add(movement.reserved_delta),
        };
        let sound =
            0 <= after.reserved && after.reserved <= after.on_hand && after.on_hand <= QUANTITY_MAX;
        if sound { Ok(after) } else { Err(OverDrawn { after }) }
    }
}

/// Why stock moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// The SKU came with pieces.
    Initial,
    /// Somebody counted.
    Set,
    /// Somebody corrected by a difference.
    Adjustment,
    /// Set aside for an order.
    Reserve,
    /// The order gave it back.
    Release,
    /// It left for an order.
    Commit,
    /// It came back from an order that it had left for.
    Return,
    /// The order did not come for it in time.
    Expire,
}

impl MovementKind {
    /// The word for it on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Set => "set",
            Self::Adjustment => "adjustment",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Commit => "commit",
            Self::Return => "return",
            Self::Expire => "expire",
        }
    }
}

/// One change of one SKU's level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Of what.
    pub sku: String,
    /// Why.
    pub kind: MovementKind,
    /// Pieces more on hand, or fewer.
    pub on_hand_delta: i64,
    /// Pieces more set aside, or fewer.
    pub reserved_delta: i64,
    /// For which order.
    pub order_id: Option<OrderId>,
    /// In somebody's words.
    pub reason: Option<String>,
}

impl Movement {
    /// A movement by hand: `delta` pieces more or fewer.
    pub fn by_hand(sku: &str, kind: MovementKind, delta: i64, reason: Option<&str>) -> Self {
        let (sku, reason) = (sku.to_owned(), reason.map(str::to_owned));
        Self { sku, kind, on_hand_delta: delta, reserved_delta: 0, order_id: None, reason }
    }

    /// A movement for an order.
    pub fn of_order(
        sku: &str,
        kind: MovementKind,
        (on_hand_delta, reserved_delta): (i64, i64),
        order_id: OrderId,
    ) -> Self {
        let (sku, order_id) = (sku.to_owned(), Some(order_id));
        Self { sku, kind, on_hand_delta, reserved_delta, order_id, reason: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: (i64, i64), delta: (i64, i64), expected: Option<(i64, i64)>) {
        let movement = Movement {
            on_hand_delta: delta.0,
            reserved_delta: delta.1,
            ..Movement::by_hand("A", MovementKind::Adjustment, 0, None)
        };
        let after = Level { on_hand: level.0, reserved: level.1 }.after(&movement).ok();
        assert_eq!(after.map(|l| (l.on_hand, l.reserved)), expected, "{level:?} {delta:?}");
    }

    #[test]
    fn a_level_never_leaves_its_bounds() {
        check((10, 0), (0, 10), Some((10, 10)));
        check((10, 0), (0, 11), None);
        check((10, 4), (-6, 0), Some((4, 4)));
        check((10, 4), (-7, 0), None);
        check((10, 4), (-4, -4), Some((6, 0)));
        check((10, 4), (0, -5), None);
        check((QUANTITY_MAX, 0), (1, 0), None);
        check((1, 0), (i64::MAX, 0), None);
    }
}

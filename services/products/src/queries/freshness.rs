//! Tells whether what was read a while ago is still true, without reading again.

use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::atomic::{AtomicU64, Ordering},
};

/// Cells that keys are spread over. Two keys in one cell cost a read too many, never a stale answer.
const CELLS: usize = 1 << 14;

/// Numbers every commit of this process that changed something, and keeps for each key the
/// number of the last commit that touched it. What was read while `n` was the last number is
/// still true as long as none of its keys was touched by a later one.
///
/// The number is taken before reading and raised after the commit: what a reader did not see
/// raises its key above the number that the reader took.
pub struct Freshness {
    last: AtomicU64,
    catalogue: AtomicU64,
    cells: Box<[AtomicU64]>,
}

/// The cell of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell(u16);

impl Default for Freshness {
    fn default() -> Self {
        let cells = (0..CELLS).map(|_| AtomicU64::new(0)).collect();
        Self { last: AtomicU64::new(0), catalogue: AtomicU64::new(0), cells }
    }
}

impl Freshness {
    /// The cell of a product id or a SKU.
    pub fn cell(key: &str) -> Cell {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        Cell(u16::try_from(hash % CELLS as u64).expect("there are fewer cells than that"))
    }

    /// To be called before reading what will be kept.
    pub fn now(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    /// Whether nothing in these cells was touched since `as_of`.
    pub fn holds(&self, as_of: u64, cells: &[Cell]) -> bool {
        cells.iter().all(|cell| self.at(*cell).load(Ordering::Acquire) <= as_of)
    }

    /// Whether no product was touched since `as_of`.
    pub fn catalogue_holds(&self, as_of: u64) -> bool {
        self.catalogue.load(Ordering::Acquire) <= as_of
    }

    /// To be called when a commit that touched these cells is visible.
    pub fn touch(&self, cells: &[Cell], catalogue: bool) {
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        for cell in cells {
            self.at(*cell).fetch_max(number, Ordering::AcqRel);
        }
        if catalogue {
            self.catalogue.fetch_max(number, Ordering::AcqRel);
        }
    }

    fn at(&self, cell: Cell) -> &AtomicU64 {
        &self.cells[usize::from(cell.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_touch_holds_no_longer() {
        let freshness = Freshness::default();
        let mug = [Freshness::cell("product_mug"), Freshness::cell("AERO-BLK")];
        let lamp = [Freshness::cell("product_lamp")];

        let as_of = freshness.now();
        freshness.touch(&mug[1..], false);

        assert!(!freshness.holds(as_of, &mug));
        assert!(freshness.holds(as_of, &lamp));
        assert!(freshness.catalogue_holds(as_of));
    }

    #[test]
    fn what_is_read_after_a_touch_holds() {
        let freshness = Freshness::default();
        let mug = [Freshness::cell("product_mug")];

        freshness.touch(&mug, true);

        assert!(freshness.holds(freshness.now(), &mug));
        assert!(freshness.catalogue_holds(freshness.now()));
    }
}

//! What somebody would like to have: up to a hundred variants, newest last.

use contracts::ids::VariantId;
use kernel::Timestamp;

/// One wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// For what.
    pub variant_id: VariantId,
    /// Since when.
    pub added_at: Timestamp,
}

/// The wishes of one user. No more than products tells about in one call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishlist {
    wishes: Vec<Wish>,
}

/// How many variants one wishlist holds.
pub const WISHES_MAX: usize = 100;

/// There is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a wishlist holds at most {WISHES_MAX} variants")]
pub struct WishlistFull;

impl Wishlist {
    /// A list as it was stored.
    pub fn of(wishes: Vec<Wish>) -> Self {
        Self { wishes }
    }

    /// What is on it.
    pub fn wishes(&self) -> &[Wish] {
        &self.wishes
    }

    /// The list with one more variant; none when it is on it already.
    pub fn with(
        &self,
        variant_id: VariantId,
        now: Timestamp,
    ) -> Result<Option<Self>, WishlistFull> {
        if self.wishes.iter().any(|wish| wish.variant_id == variant_id) {
            return Ok(None);
        }
        if self.wishes.len() >= WISHES_MAX {
            return Err(WishlistFull);
        }
        let mut wishes = self.wishes.clone();
        wishes.push(Wish { variant_id, added_at: now });
        Ok(Some(Self { wishes }))
    }

    /// The list without a variant; none when it is not on it.
    pub fn without(&self, variant_id: VariantId) -> Option<Self> {
        let keep = |wish: &&Wish| wish.variant_id != variant_id;
        let wishes: Vec<Wish> = self.wishes.iter().filter(keep).copied().collect();
        (wishes.len() < self.wishes.len()).then_some(Self { wishes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1000);

    fn full() -> Wishlist {
        (0..100).fold(Wishlist::default(), |list, n| {
            list.with(VariantId::from_u128(n), NOW).unwrap().unwrap()
        })
    }

    #[test]
    fn wishing_twice_is_wishing_once() {
        let list = full();
        assert_eq!(list.with(VariantId::from_u128(5), NOW), Ok(None));
        assert_eq!(list.wishes().len(), 100);
    }

    #[test]
    fn a_list_has_a_limit() {
        assert_eq!(full().with(VariantId::from_u128(100), NOW), Err(WishlistFull));
    }

    #[test]
    fn what_is_not_on_it_cannot_be_taken_off() {
        let list = full();
        assert_eq!(list.without(VariantId::from_u128(100)), None);
        assert_eq!(list.without(VariantId::from_u128(5)).unwrap().wishes().len(), 99);
    }
}

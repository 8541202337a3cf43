//! The typed ids of all contexts: which prefix says which kind of thing an id names.

use kernel::{Id, IdKind};

macro_rules! ids {
    ($($prefix:literal => $marker:ident, $alias:ident;)+) => {
        /// The markers behind the aliases; only the type system ever sees them.
        pub mod kinds {
            $(
                #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct $marker;
            )+
        }
        $(
            impl IdKind for kinds::$marker {
                const PREFIX: &'static str = $prefix;
            }
            pub type $alias = Id<kinds::$marker>;
        )+
        /// Every prefix in use.
        pub const PREFIXES: &[&str] = &[$($prefix),+];
    };
}

ids! {
    "addr" => Address, AddressId;
    "cart" => Cart, CartId;
    "entry" => Entry, EntryId;
    "event" => Event, EventId;
    "import" => Import, ImportId;
    "item" => Item, ItemId;
    "key" => Key, KeyId;
    "movement" => Movement, MovementId;
    "order" => Order, OrderId;
    "payment" => Payment, PaymentId;
    "product" => Product, ProductId;
    "refund" => Refund, RefundId;
    "reservation" => Reservation, ReservationId;
    "session" => Session, SessionId;
    "user" => User, UserId;
    "variant" => Variant, VariantId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_distinct() {
        let distinct: std::collections::BTreeSet<_> = PREFIXES.iter().collect();

        assert_eq!(distinct.len(), PREFIXES.len());
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let product = "product_01h455vb4pex5vsknk084sn02q";

        assert!(product.parse::<ProductId>().is_ok());
        assert!(product.parse::<OrderId>().is_err());
    }
}

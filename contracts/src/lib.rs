//! What services promise each other: ids, events, commands, protobuf. Data, no logic.

pub mod ids;

pub mod commands;
pub mod events;
pub mod payments;

pub use kernel::Contract;
pub use payments::PAYMENTS_DESCRIPTOR;

/// Names each struct's kind and keeps the list of the module's kinds, so that none is forgotten.
///
/// Readers are tolerant: an unknown field is ignored, so a field may be added without a new version.
macro_rules! contracts {
    ($role:ident { $($kind:literal => $name:ident,)+ }) => {
        $(
            impl $crate::Contract for $name {
                const KIND: &'static str = $kind;
                const ROLE: ::kernel::Role = ::kernel::Role::$role;
            }
        )+

        /// Every kind declared in this module.
        pub const KINDS: &[&str] = &[$($kind),+];
    };
}
use contracts;

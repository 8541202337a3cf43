//! The permissions of staff: strings in tokens, marker types in handlers.

/// Something that staff may be allowed to do. Its implementors are markers for
/// [`Staff`](super::Staff): `Staff<CatalogWrite>`.
pub trait Permission: Send + Sync + 'static {
    /// As it is written in tokens and by administrators.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $marker:ident = $name:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;

            impl Permission for $marker {
                const NAME: &'static str = $name;
            }
        )*

        /// Every permission there is.
        pub const PERMISSIONS: &[&str] = &[$($name),*];
    };
}

permissions! {
    /// Products, variants, prices.
    CatalogWrite = "catalog.write";
    /// Stock, its movements and reservations.
    InventoryRead = "inventory.read";
    /// Corrections of stock.
    InventoryWrite = "inventory.write";
    /// Orders of all customers.
    OrdersRead = "orders.read";
    /// Cancel, fulfil, take back.
    OrdersWrite = "orders.write";
    /// Payments and the ledger.
    PaymentsRead = "payments.read";
    /// Captures, voids and refunds.
    PaymentsWrite = "payments.write";
    /// Accounts of all users.
    UsersRead = "users.read";
    /// Roles and permissions.
    UsersWrite = "users.write";
    /// The audit log.
    AuditRead = "audit.read";
    /// The feed of published events.
    EventsRead = "events.read";
    /// The state of the system.
    OpsRead = "ops.read";
}

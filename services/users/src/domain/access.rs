//! Who may do what: roles, the permissions of staff, and who may grant them to whom.

use std::{collections::BTreeSet, str::FromStr};

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Buys.
    Customer,
    /// Works here, as far as the permissions reach.
    Staff,
    /// May do everything.
    Admin,
}

impl Role {
    /// The name in tokens, answers and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }
}

/// There is no such role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of customer, staff, admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Customer, Self::Staff, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

/// Something that staff may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Read the audit log.
    AuditRead,
    /// Change products.
    CatalogWrite,
    /// Follow the feed of events.
    EventsRead,
    /// See stock and its movements.
    InventoryRead,
    /// Change stock.
    InventoryWrite,
    /// See how the system runs.
    OpsRead,
    /// See all orders.
    OrdersRead,
    /// Change orders.
    OrdersWrite,
    /// See payments and the ledger.
    PaymentsRead,
    /// Capture, void and refund.
    PaymentsWrite,
    /// See accounts.
    UsersRead,
    /// Change roles and API keys.
    UsersWrite,
}

impl Permission {
    /// Every permission there is, in the order of their names.
    pub const ALL: [Self; 12] = [
        Self::AuditRead,
        Self::CatalogWrite,
        Self::EventsRead,
        Self::InventoryRead,
        Self::InventoryWrite,
        Self::OpsRead,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::PaymentsRead,
        Self::PaymentsWrite,
        Self::UsersRead,
        Self::UsersWrite,
    ];

    /// The name in tokens, answers and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuditRead => "audit.read",
            Self::CatalogWrite => "catalog.write",
            Self::EventsRead => "events.read",
            Self::InventoryRead => "inventory.read",
            Self::InventoryWrite => "inventory.write",
            Self::OpsRead => "ops.read",
            Self::OrdersRead => "orders.read",
            Self::OrdersWrite => "orders.write",
            Self::PaymentsRead => "payments.read",
            Self::PaymentsWrite => "payments.write",
            Self::UsersRead => "users.read",
            Self::UsersWrite => "users.write",
        }
    }
}

/// There is no such permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a permission")]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownPermission)
    }
}

/// A role with its permissions; only staff carry any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    role: Role,
    permissions: BTreeSet<Permission>,
}

/// Why an access cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Customers need none and admins have all.
    #[error("only staff carry permissions")]
    PermissionsOfRole,
    /// Nobody hands out more than they have, and only admins make or change admins.
    #[error("the change would reach further than the permissions of who asks for it")]
    BeyondOwn,
}

impl Access {
    /// That of somebody who buys.
    pub fn customer() -> Self {
        Self { role: Role::Customer, permissions: BTreeSet::new() }
    }

    /// That of an administrator.
    pub fn admin() -> Self {
        Self { role: Role::Admin, permissions: BTreeSet::new() }
    }

    /// That of a member of staff.
    pub fn staff(permissions: BTreeSet<Permission>) -> Self {
        Self { role: Role::Staff, permissions }
    }

    /// A role with permissions, if the role may carry them.
    pub fn of(role: Role, permissions: BTreeSet<Permission>) -> Result<Self, AccessError> {
        match role {
            Role::Staff => Ok(Self::staff(permissions)),
            Role::Customer | Role::Admin if permissions.is_empty() => {
                Ok(Self { role, permissions })
            }
            Role::Customer | Role::Admin => Err(AccessError::PermissionsOfRole),
        }
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The permissions of staff; empty for the other roles.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }

    /// Whether this may do what `permission` names.
    pub fn allows(&self, permission: Permission) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Staff => self.permissions.contains(&permission),
            Role::Customer => false,
        }
    }

    /// Whether this reaches at least as far as `other`.
    fn covers(&self, other: &Self) -> bool {
        match other.role {
            Role::Admin => self.role == Role::Admin,
            Role::Staff => other.permissions.iter().all(|one| self.allows(*one)),
            Role::Customer => true,
        }
    }

    /// Checks that who has this access may change another's from `before` to `after`.
    pub fn may_change(&self, before: &Self, after: &Self) -> Result<(), AccessError> {
        if self.covers(before) && self.covers(after) { Ok(()) } else { Err(AccessError::BeyondOwn) }
    }

    /// What is left of `self` for a key whose owner has `owner`: never more than the owner.
    pub fn within(&self, owner: &Self) -> Self {
        let kept = self.permissions.iter().copied().filter(|one| owner.allows(*one)).collect();
        Self::staff(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(names: &[&str]) -> Access {
        Access::staff(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    fn check(actor: &Access, before: &Access, after: &Access, expected: Result<(), AccessError>) {
        assert_eq!(actor.may_change(before, after), expected, "{actor:?}: {before:?} -> {after:?}");
    }

    #[test]
    fn nobody_hands_out_more_than_they_have() {
        let (admin, customer) = (Access::admin(), Access::customer());
        let clerk = staff(&["users.write", "orders.read"]);

        check(&admin, &customer, &admin, Ok(()));
        check(&admin, &admin, &customer, Ok(()));
        check(&clerk, &customer, &staff(&["orders.read"]), Ok(()));
        check(&clerk, &staff(&["orders.read"]), &customer, Ok(()));
        check(&clerk, &customer, &staff(&["orders.write"]), Err(AccessError::BeyondOwn));
        check(&clerk, &staff(&["payments.write"]), &customer, Err(AccessError::BeyondOwn));
        check(&clerk, &customer, &admin, Err(AccessError::BeyondOwn));
        check(&clerk, &admin, &customer, Err(AccessError::BeyondOwn));
        check(&clerk, &clerk, &admin, Err(AccessError::BeyondOwn));
    }

    #[test]
    fn only_staff_carry_permissions() {
        let some = BTreeSet::from([Permission::UsersRead]);
        assert_eq!(Access::of(Role::Customer, some.clone()), Err(AccessError::PermissionsOfRole));
        assert_eq!(Access::of(Role::Admin, some.clone()), Err(AccessError::PermissionsOfRole));
        assert_eq!(Access::of(Role::Staff, some.clone()), Ok(Access::staff(some)));
        assert_eq!(Access::of(Role::Customer, BTreeSet::new()), Ok(Access::customer()));
    }

    #[test]
    fn names_are_read_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
        }
        for role in [Role::Customer, Role::Staff, Role::Admin] {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("everything".parse::<Permission>(), Err(UnknownPermission));
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn a_key_never_outgrows_its_owner() {
        let key = staff(&["orders.read", "payments.write"]);
        assert_eq!(key.within(&Access::admin()), key);
        assert_eq!(key.within(&staff(&["orders.read"])), staff(&["orders.read"]));
        assert_eq!(key.within(&Access::customer()), staff(&[]));
    }
}

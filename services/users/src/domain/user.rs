//! An account: how it is registered, changed, given another role, and erased.

use contracts::ids::UserId;
use kernel::Timestamp;

use super::{
    access::{Access, AccessError, Role},
    email::Email,
    name::Name,
};

/// Somebody who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Where to write to; unique among accounts.
    pub email: Email,
    /// What to call them; may be empty.
    pub name: Name,
    /// What they may do.
    pub access: Access,
    /// PHC text; never leaves this service.
    pub password_hash: String,
    /// Rises by one with each change.
    pub version: i64,
    /// When they registered.
    pub created_at: Timestamp,
    /// When the account last changed.
    pub updated_at: Timestamp,
}

/// What a change asks for; absent parts stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Another name.
    pub name: Option<Name>,
    /// Another address.
    pub email: Option<Email>,
    /// The hash of another password.
    pub password_hash: Option<String>,
}

/// How the number of administrators moves with a change of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrators {
    /// One more.
    Gained,
    /// One less: refused by the commit when it would be the last.
    Lost,
    /// As many as before.
    Same,
}

impl User {
    /// A new account.
    pub fn register(
        id: UserId,
        email: Email,
        name: Name,
        password_hash: String,
        access: Access,
        now: Timestamp,
    ) -> Self {
        let (version, created_at, updated_at) = (1, now, now);
        Self { id, email, name, access, password_hash, version, created_at, updated_at }
    }

    /// The account after `change`.
    pub fn changed(self, change: Change, now: Timestamp) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            email: change.email.unwrap_or(self.email),
            password_hash: change.password_hash.unwrap_or(self.password_hash),
            version: self.version + 1,
            updated_at: now,
            ..self
        }
    }

    /// The account with another access, if `actor` may give it, and what that does to the
    /// number of administrators.
    pub fn granted(
        self,
        actor: &Access,
        access: Access,
        now: Timestamp,
    ) -> Result<(Self, Administrators), AccessError> {
        actor.may_change(&self.access, &access)?;
        let moved = administrators(self.access.role(), access.role());
        let granted = Self { access, version: self.version + 1, updated_at: now, ..self };
        Ok((granted, moved))
    }
}

fn administrators(before: Role, after: Role) -> Administrators {
    match (before == Role::Admin, after == Role::Admin) {
        (false, true) => Administrators::Gained,
        (true, false) => Administrators::Lost,
        (true, true) | (false, false) => Administrators::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(access: Access) -> User {
        User::register(
            UserId::from_u128(1),
            Email::parse("ada@example.com").unwrap(),
            Name::parse("Ada").unwrap(),
            "hash".to_owned(),
            access,
            Timestamp::from_ms(1000),
        )
    }

    #[test]
    fn a_change_touches_what_it_names_and_raises_the_version() {
        let change = Change { name: Some(Name::parse("Countess").unwrap()), ..Change::default() };

        let changed = user(Access::customer()).changed(change, Timestamp::from_ms(2000));

        assert_eq!(changed.name.as_str(), "Countess");
        assert_eq!(changed.email.as_str(), "ada@example.com");
        assert_eq!(changed.password_hash, "hash");
        assert_eq!((changed.version, changed.updated_at.ms()), (2, 2000));
        assert_eq!(changed.created_at.ms(), 1000);
    }

    fn check(before: Access, after: Access, expected: Administrators) {
        let now = Timestamp::from_ms(2000);
        let (granted, moved) = user(before).granted(&Access::admin(), after.clone(), now).unwrap();
        assert_eq!((granted.access, granted.version, moved), (after, 2, expected));
    }

    #[test]
    fn the_number_of_administrators_follows_the_roles() {
        check(Access::customer(), Access::admin(), Administrators::Gained);
        check(Access::admin(), Access::customer(), Administrators::Lost);
        check(Access::admin(), Access::admin(), Administrators::Same);
        check(Access::customer(), Access::customer(), Administrators::Same);
    }

    #[test]
    fn a_grant_beyond_ones_own_is_refused() {
        let refused = user(Access::customer()).granted(
            &Access::customer(),
            Access::admin(),
            Timestamp::from_ms(2000),
        );
        assert_eq!(refused, Err(AccessError::BeyondOwn));
    }
}

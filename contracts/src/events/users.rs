//! Events of users: who, never what about them. No personal data. Key: the user's id.

use serde::{Deserialize, Serialize};

use crate::contracts;
use crate::ids::UserId;

/// Somebody registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRegistered {
    pub user_id: UserId,
}

/// The profile, role or permissions changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUpdated {
    pub user_id: UserId,
}

/// The user was erased; whoever holds personal data of that user drops it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserErased {
    pub user_id: UserId,
}

contracts!(Event {
    "users.user.registered.v1" => UserRegistered,
    "users.user.updated.v1" => UserUpdated,
    "users.user.erased.v1" => UserErased,
});

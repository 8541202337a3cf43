//! What others are told about accounts: that there is one, that it changed, that it is gone.

use contracts::{
    events::users::{UserErased, UserRegistered, UserUpdated},
    ids::UserId,
};
use delivery::Outbox;
use store::Batch;

/// Adds to the batch that somebody registered.
pub fn registered(outbox: &Outbox, batch: &mut Batch, user_id: UserId) {
    outbox.emit(batch, &user_id.to_string(), &UserRegistered { user_id });
}

/// Adds to the batch that a profile or access changed.
pub fn updated(outbox: &Outbox, batch: &mut Batch, user_id: UserId) {
    outbox.emit(batch, &user_id.to_string(), &UserUpdated { user_id });
}

/// Adds to the batch that an account was erased.
pub fn erased(outbox: &Outbox, batch: &mut Batch, user_id: UserId) {
    outbox.emit(batch, &user_id.to_string(), &UserErased { user_id });
}

//! What can be done: one file per use case, after the desk that all of them work at.

mod desk;
mod hashing;
mod keyring;
mod tokens;
mod trail;

mod access;
mod addresses;
mod administrators;
mod api_keys;
mod erasure;
mod log_in;
mod log_out;
mod profile;
mod refresh;
mod register;
mod sweep;
mod wishlist;

pub use access::{AccessChange, AccessChangeError, change_access};
pub use addresses::{AddressInput, AddressesError, add_address, remove_address, replace_address};
pub use administrators::{
    AdminError, SetupError, complete_setup, create_admin, ensure_admin, has_admin,
    issue_setup_token,
};
pub use api_keys::{ApiKeyError, NewApiKey, create_api_key, delete_api_key, exchange_api_key};
pub use desk::Desk;
pub use erasure::{EraseError, erase};
pub use hashing::Overloaded;
pub use keyring::{KeyError, add_key, keep_keys};
pub use log_in::{LogInError, log_in};
pub use log_out::{LogOutError, log_out};
pub use profile::{ProfileChange, ProfileError, change_profile};
pub use refresh::{RefreshError, refresh};
pub use register::{RegisterError, Registration, register};
pub use sweep::sweep;
pub use tokens::{Opened, Origin};
pub use wishlist::{WishlistError, unwish, wish};

pub(crate) use administrators::check_setup;
pub(crate) use keyring::look;

use kernel::FieldError;

/// How often a command decides anew because somebody else was faster.
const ATTEMPTS_MAX: u32 = 5;

/// Keeps the good part of a field, and notes what is wrong with a bad one.
fn take<T, E: std::fmt::Display>(
    errors: &mut Vec<FieldError>,
    pointer: &str,
    parsed: Result<T, E>,
) -> Option<T> {
    parsed.map_err(|why| errors.push(FieldError::new(pointer, why.to_string()))).ok()
}

//! Somebody keeps their address book.

use contracts::ids::{AddressId, UserId};
use kernel::{Fails, Fault, FieldError};
use store::Batch;

use super::{ATTEMPTS_MAX, desk::Tools};
use crate::{
    domain::address::{Address, AddressBook, AddressBookError},
    store::{possessions, users},
};

/// An address as typed.
pub type AddressInput = Address;

/// Why an address book was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AddressesError {
    /// Something about the input.
    #[error("this is no address")]
    Invalid(Vec<FieldError>),
    /// The book does not allow it.
    #[error(transparent)]
    Book(#[from] AddressBookError),
    /// The account was erased.
    #[error("there is no such account")]
    Unknown,
    /// The database failed.
    #[error("address book")]
    Store(#[from] store::Error),
}

impl Fails for AddressesError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::Book(AddressBookError::Full) => Fault::Conflict,
            Self::Book(AddressBookError::Unknown) | Self::Unknown => Fault::NotFound,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::Book(AddressBookError::Full) => "address-book-full",
            Self::Book(AddressBookError::Unknown) | Self::Unknown => "not-found",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::Book(_) | Self::Unknown | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Invalid(_) | Self::Book(_) | Self::Unknown => None,
        }
    }
}

/// Adds an address.
pub async fn add_address(
    desk: &Tools,
    user: UserId,
    given: AddressInput,
) -> Result<(AddressId, Address), AddressesError> {
    let address = parse(given)?;
    let id = desk.ids.next();
    change(desk, user, |book| book.with(id, address.clone())).await?;
    Ok((id, address))
}

/// Puts another address in the place of one.
pub async fn replace_address(
    desk: &Tools,
    user: UserId,
    id: AddressId,
    given: AddressInput,
) -> Result<Address, AddressesError> {
    let address = parse(given)?;
    change(desk, user, |book| book.replaced(id, address.clone())).await?;
    Ok(address)
}

/// Takes an address out.
pub async fn remove_address(
    desk: &Tools,
    user: UserId,
    id: AddressId,
) -> Result<(), AddressesError> {
    change(desk, user, |book| book.without(id)).await
}

fn parse(given: AddressInput) -> Result<Address, AddressesError> {
    Address::parse(given).map_err(|bad| {
        let field = |bad: crate::domain::address::BadField| {
            FieldError::new(format!("/{}", bad.field), bad.why)
        };
        AddressesError::Invalid(bad.into_iter().map(field).collect())
    })
}

async fn change(
    desk: &Tools,
    user: UserId,
    decide: impl Fn(AddressBook) -> Result<AddressBook, AddressBookError>,
) -> Result<(), AddressesError> {
    let mut attempt = 1;
    loop {
        let (book, version) = possessions::book(&desk.store, user).await?;
        let book = decide(book)?;
        let mut batch = Batch::new("change_addresses");
        possessions::save_book(&mut batch, user, &book, version);
        match desk.store.commit(batch).await {
            Err(error) if error.conflicts_on(&users::STANDS) => {
                return Err(AddressesError::Unknown);
            }
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            done => return Ok(done?),
        }
    }
}

//! Postal addresses, and the book in which one user keeps up to a hundred of them.

use contracts::ids::AddressId;

use super::name::{BadText, optional_text, required_text};

/// Where something can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// What else the carrier needs; may be empty.
    pub line2: String,
    /// The city.
    pub city: String,
    /// State, province or county; may be empty.
    pub region: String,
    /// The postal code; may be empty where there are none.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// For the carrier; may be empty.
    pub phone: String,
}

/// A field of an address that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// Its name.
    pub field: &'static str,
    /// What is wrong.
    pub why: String,
}

impl Address {
    /// Reads an address, and tells everything that is wrong with it at once.
    pub fn parse(given: Self) -> Result<Self, Vec<BadField>> {
        let mut bad = Vec::new();
        let mut take = |field, text: Result<String, BadText>| {
            text.unwrap_or_else(|why| {
                bad.push(BadField { field, why: why.to_string() });
                String::new()
            })
        };
        let country = given.country.trim().to_ascii_uppercase();
        let address = Self {
            name: take("name", required_text(&given.name, 100)),
            line1: take("line1", required_text(&given.line1, 200)),
            line2: take("line2", optional_text(&given.line2, 200)),
            city: take("city", required_text(&given.city, 100)),
            region: take("region", optional_text(&given.region, 100)),
            postal_code: take("postal_code", optional_text(&given.postal_code, 20)),
            phone: take("phone", optional_text(&given.phone, 30)),
            country,
        };
        if address.country.len() != 2 || !address.country.bytes().all(|b| b.is_ascii_uppercase()) {
            let why = "must be an ISO 3166-1 alpha-2 code such as DE".to_owned();
            bad.push(BadField { field: "country", why });
        }
        if bad.is_empty() { Ok(address) } else { Err(bad) }
    }
}

/// The addresses of one user, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressBook {
    entries: Vec<(AddressId, Address)>,
}

/// Why an address book cannot change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressBookError {
    /// There is room for so many.
    #[error("an address book holds at most {ADDRESSES_MAX} addresses")]
    Full,
    /// There is no such address in this book.
    #[error("there is no such address")]
    Unknown,
}

/// How many addresses one user may keep.
pub const ADDRESSES_MAX: usize = 100;

impl AddressBook {
    /// A book as it was stored.
    pub fn of(entries: Vec<(AddressId, Address)>) -> Self {
        Self { entries }
    }

    /// What is in it.
    pub fn entries(&self) -> &[(AddressId, Address)] {
        &self.entries
    }

    /// The address called `id`.
    pub fn find(&self, id: AddressId) -> Result<&Address, AddressBookError> {
        let found = self.entries.iter().find(|(known, _)| *known == id);
        found.map(|(_, address)| address).ok_or(AddressBookError::Unknown)
    }

    /// The book with one more address.
    pub fn with(mut self, id: AddressId, address: Address) -> Result<Self, AddressBookError> {
        if self.entries.len() >= ADDRESSES_MAX {
            return Err(AddressBookError::Full);
        }
        self.entries.push((id, address));
        Ok(self)
    }

    /// The book with another address under a known id.
    pub fn replaced(mut self, id: AddressId, address: Address) -> Result<Self, AddressBookError> {
        let slot = self.entries.iter_mut().find(|(known, _)| *known == id);
        slot.ok_or(AddressBookError::Unknown)?.1 = address;
        Ok(self)
    }

    /// The book without an address.
    pub fn without(mut self, id: AddressId) -> Result<Self, AddressBookError> {
        let before = self.entries.len();
        self.entries.retain(|(known, _)| *known != id);
        if self.entries.len() == before { Err(AddressBookError::Unknown) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address {
            name: "Ada".to_owned(),
            line1: "1 Analytical Way".to_owned(),
            line2: String::new(),
            city: "London".to_owned(),
            region: String::new(),
            postal_code: "N1 9GU".to_owned(),
            country: "gb".to_owned(),
            phone: String::new(),
        }
    }

    fn check(given: Address, expected: &[&str]) {
        let found = match Address::parse(given) {
            Ok(_) => Vec::new(),
            Err(bad) => bad.into_iter().map(|bad| bad.field).collect(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_wrong_field_is_named() {
        check(address(), &[]);
        check(Address { country: "Germany".to_owned(), ..address() }, &["country"]);
        check(Address { country: "Ü".to_owned(), ..address() }, &["country"]);
        check(Address { city: " ".to_owned(), ..address() }, &["city"]);
        check(
            Address { name: "a\nb".to_owned(), line1: "x".repeat(201), ..address() },
            &["name", "line1"],
        );
        assert_eq!(Address::parse(address()).unwrap().country, "GB");
    }

    #[test]
    fn a_book_knows_its_addresses_and_its_limit() {
        let id = AddressId::from_u128;
        let mut book = AddressBook::default();
        for n in 0..100 {
            book = book.with(id(n), address()).unwrap();
        }
        assert_eq!(book.clone().with(id(100), address()), Err(AddressBookError::Full));
        assert_eq!(book.clone().without(id(100)), Err(AddressBookError::Unknown));
        assert_eq!(book.clone().replaced(id(100), address()), Err(AddressBookError::Unknown));

        let moved = Address { city: "Paris".to_owned(), ..address() };
        let book = book.replaced(id(7), moved.clone()).unwrap().without(id(8)).unwrap();

        assert_eq!(book.find(id(7)), Ok(&moved));
        assert_eq!(book.find(id(8)), Err(AddressBookError::Unknown));
        assert_eq!(book.entries().len(), 99);
    }
}

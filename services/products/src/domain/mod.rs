//! What products, stock and reservations are and may become. Pure: time and ids come in.

mod draft;
#[cfg(test)]
mod laws;
mod product;
mod reservation;
mod stock;
mod words;

pub use draft::{
    Draft, Fields, Patch, VARIANTS_MAX, VariantDraft, VariantFields, Variants, change, complete,
};
pub use product::{Change, Known, NewStock, PriceChange, Product, Unfit, Variant};
pub use reservation::{
    Answer, Decision, LINES_MAX, Line, Reservation, Save, Shortage, Stage, State, commit, expire,
    merge_lines, refuse, release, reserve, shortages,
};
pub use stock::{Level, Movement, MovementKind, OverDrawn, QUANTITY_MAX};
pub use words::{
    Category, DESCRIPTION_BYTES_MAX, PRICE_MINOR_MAX, Sku, Slug, Status, WordError, line, prose,
};

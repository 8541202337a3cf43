//! Service products.

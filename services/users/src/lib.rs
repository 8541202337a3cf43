//! Service users.

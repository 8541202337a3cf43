//! Typed extractors that answer with problems: bodies, parameters, versions, preferences.

mod json;
mod params;
mod version;
mod wait;

pub use json::{Json, Raw};
pub use params::{
    PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, PageQuery, Path, Query, page_request, page_response,
};
pub use version::{IfMatch, etag};
pub use wait::{WAIT_S_MAX, Wait};

/// The field that is missing or there twice. serde tells its name in the message and nowhere else.
fn named_field(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("missing field `");
    rest.or_else(|| message.strip_prefix("duplicate field `"))?.strip_suffix('`')
}

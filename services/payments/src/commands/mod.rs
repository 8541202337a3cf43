//! What can be done with payments. Each command reads, decides and commits what it asks of the
//! provider; then the provider is asked, outside any transaction, and its word is committed.

mod answer;
mod authorize;
mod capture;
mod refund;
mod void;

mod error;
mod operate;
mod resolve;

use kernel::{Clock, Ids};
use store::Store;

use crate::{Settings, providers::Providers};

pub use answer::answer;
pub use authorize::{Authorize, authorize};
pub use capture::{Capture, capture};
pub use error::PaymentError;
pub use operate::Resend;
pub use refund::{Refund, refund};
pub use resolve::{inquire, resolver};
pub use void::{Void, void};

/// What commands work with. Cheap enough to clone per call.
#[derive(Clone)]
pub struct Desk {
    pub db: Store,
    pub outbox: delivery::Outbox,
    pub clock: Clock,
    pub ids: Ids,
    pub providers: Providers,
    pub settings: std::sync::Arc<Settings>,
}

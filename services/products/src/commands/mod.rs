//! What can be done here, one file for each use case: read, decide, commit one batch.

mod change_product;
mod create_product;
mod import_products;
mod lapse;
mod move_stock;
mod save_product;
mod set_stock;

use kernel::{Fails, Fault, FieldError};

use crate::domain::{QUANTITY_MAX, Sku, Slug, Unfit};

pub use change_product::{archive_product, change_product};
pub use create_product::create_product;
pub use import_products::{Format, ImportError, Report, import_products};
pub use lapse::sweeper;
pub use move_stock::{commit_stock, release_stock, reserve_stock};
pub use set_stock::{Correction, correct_stock};

/// Decisions that lost a race are made anew so often, each time on what is there by then.
const ATTEMPTS_MAX: u32 = 32;

/// Why the catalogue or the stock could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The input is wrong.
    #[error("{} of the fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// There is no such product.
    #[error("there is no such product")]
    UnknownProduct,
    /// There is no such SKU.
    #[error("there is no sku {sku}")]
    UnknownSku {
        /// Which one.
        sku: Sku,
    },
    /// Another product has the slug.
    #[error("the slug {slug} belongs to another product")]
    SlugTaken {
        /// Which one.
        slug: Slug,
    },
    /// The product cannot become this.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The caller saw another version.
    #[error("version {expected} was expected, the current one is {current}")]
    Stale {
        /// What the caller saw.
        expected: i64,
        /// What there is.
        current: i64,
    },
    /// Orders hold more than there would be.
    #[error("{sku} cannot have {on_hand} on hand: {reserved} are reserved for orders")]
    BelowReserved {
        /// Of what.
        sku: Sku,
        /// What was asked for.
        on_hand: i64,
        /// What orders hold.
        reserved: i64,
    },
    /// More than can be counted.
    #[error("{sku} cannot have more than {QUANTITY_MAX} on hand")]
    TooMany {
        /// Of what.
        sku: Sku,
    },
    /// What was in the way is gone by now.
    #[error("the stock moved meanwhile")]
    Moved,
    /// Nothing was decided: the store failed, or others were always faster.
    #[error("the catalogue could not be written")]
    Store(#[from] ::store::Error),
}

impl Fails for CatalogueError {
    fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) => Fault::Invalid,
            Self::TooMany { .. }
            | Self::Unfit(Unfit::MixedCurrencies { .. } | Unfit::TooManyVariants) => Fault::Invalid,
            Self::UnknownProduct | Self::UnknownSku { .. } => Fault::NotFound,
            Self::SlugTaken { .. }
            | Self::Unfit(Unfit::SkuTaken { .. })
            | Self::BelowReserved { .. }
            | Self::Moved => Fault::Conflict,
            Self::Stale { .. } => Fault::Precondition,
            Self::Store(error) => error.fault(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-body",
            Self::UnknownProduct | Self::UnknownSku { .. } => "not-found",
            Self::SlugTaken { .. } => "slug-taken",
            Self::Unfit(Unfit::SkuTaken { .. }) => "sku-taken",
            Self::Unfit(Unfit::MixedCurrencies { .. }) => "mixed-currencies",
            Self::Unfit(Unfit::TooManyVariants) => "too-many-variants",
            Self::Stale { .. } => "stale-version",
            Self::BelowReserved { .. } => "below-reserved",
            Self::TooMany { .. } => "too-many-pieces",
            Self::Moved => "conflict",
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::SlugTaken { .. } => vec![FieldError::new("/slug", self.to_string())],
            Self::BelowReserved { .. } | Self::TooMany { .. } => {
                vec![FieldError::new("/on_hand", self.to_string())]
            }
            Self::Unfit(_) => vec![FieldError::new("/variants", self.to_string())],
            Self::UnknownProduct
            | Self::UnknownSku { .. }
            | Self::Stale { .. }
            | Self::Moved
            | Self::Store(_) => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Invalid(_)
            | Self::UnknownProduct
            | Self::UnknownSku { .. }
            | Self::SlugTaken { .. }
            | Self::Unfit(_)
            | Self::Stale { .. }
            | Self::BelowReserved { .. }
            | Self::TooMany { .. }
            | Self::Moved => None,
        }
    }
}

impl CatalogueError {
    /// Whether somebody else was faster, so that deciding anew may end differently.
    fn is_race(&self) -> bool {
        match self {
            Self::Moved => true,
            Self::Store(error) => error.is_conflict(),
            Self::Invalid(_)
            | Self::UnknownProduct
            | Self::UnknownSku { .. }
            | Self::SlugTaken { .. }
            | Self::Unfit(_)
            | Self::Stale { .. }
            | Self::BelowReserved { .. }
            | Self::TooMany { .. } => false,
        }
    }
}

/// Decides and commits; anew, on what is there by then, while others are faster.
async fn anew<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, CatalogueError>
where
    F: Future<Output = Result<T, CatalogueError>>,
{
    for _ in 1..ATTEMPTS_MAX {
        match attempt().await {
            Err(error) if error.is_race() => {}
            outcome => return outcome,
        }
    }
    attempt().await
}

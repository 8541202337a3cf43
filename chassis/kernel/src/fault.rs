//! How errors tell the edge what they mean, without knowing the edge.

/// The kinds of failure that a caller can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The input is wrong; the same input fails again.
    Invalid,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls may not do this.
    Forbidden,
    /// What is asked for does not exist, or not for this caller.
    NotFound,
    /// The state does not allow it, or somebody else was faster.
    Conflict,
    /// A precondition that the caller gave does not hold (If-Match).
    Precondition,
    /// The input is larger than a limit.
    TooLarge,
    /// The caller has used up an allowance.
    Exhausted,
    /// Something needed is not reachable now; trying again may help.
    Unavailable,
    /// A deadline passed.
    Timeout,
    /// Our mistake; logged in full, answered without details.
    Bug,
}

/// One field of the input that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of a parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// A field error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// An error that can be answered to a caller.
pub trait Fails: std::error::Error + Send + Sync + 'static {
    /// What kind of failure this is.
    fn fault(&self) -> Fault;

    /// The stable slug that names it in answers and in docs/problems.
    fn code(&self) -> &'static str;

    /// The fields that are wrong, all of them at once.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// When trying again may help, in seconds.
    fn retry_after_s(&self) -> Option<u32> {
        None
    }
}

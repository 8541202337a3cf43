//! The statuses an order is filtered and shown by, and their one spelling.

/// Gives an enum its one spelling on the wire and in the database.
macro_rules! spelled {
    ($name:ident { $($variant:ident = $text:literal,)+ }) => {
        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::domain::UnknownWord> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err($crate::domain::UnknownWord(other.chars().take(40).collect())),
                }
            }
        }
    };
}
pub(super) use spelled;

/// Where an order stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Placed; its placement is under way.
    Pending,
    /// Goods are reserved and the money is held or taken.
    Confirmed,
    /// It was never confirmed and will not be.
    Rejected,
    /// It was confirmed and then called off.
    Canceled,
    /// Everything about it is done.
    Completed,
}

/// Where its money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nothing is held or taken.
    None,
    /// The total is held.
    Authorized,
    /// A part of the total was taken.
    PartiallyCaptured,
    /// The total was taken.
    Captured,
    /// A part of what was taken went back.
    PartiallyRefunded,
    /// All that was taken went back.
    Refunded,
    /// What was held, or might have been, is given back.
    Voided,
    /// The payment was declined.
    Failed,
}

/// Where its goods stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FulfillmentStatus {
    /// Nothing was sent.
    Unfulfilled,
    /// Some lines were sent.
    PartiallyFulfilled,
    /// All lines were sent.
    Fulfilled,
    /// Some came back.
    PartiallyReturned,
    /// All came back.
    Returned,
}

/// The text is none of the words that are known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known here")]
pub struct UnknownWord(pub String);

spelled!(OrderStatus {
    Pending = "pending",
    Confirmed = "confirmed",
    Rejected = "rejected",
    Canceled = "canceled",
    Completed = "completed",
});
spelled!(PaymentStatus {
    None = "none",
    Authorized = "authorized",
    PartiallyCaptured = "partially_captured",
    Captured = "captured",
    PartiallyRefunded = "partially_refunded",
    Refunded = "refunded",
    Voided = "voided",
    Failed = "failed",
});
spelled!(FulfillmentStatus {
    Unfulfilled = "unfulfilled",
    PartiallyFulfilled = "partially_fulfilled",
    Fulfilled = "fulfilled",
    PartiallyReturned = "partially_returned",
    Returned = "returned",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_read_as_it_is_written() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for status in PaymentStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for status in FulfillmentStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        assert!("Pending".parse::<OrderStatus>().is_err());
    }
}

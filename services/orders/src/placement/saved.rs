//! A placement as JSON, in the row of its saga.

use contracts::{commands::StockLine, ids::PaymentId};
use kernel::{Money, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    domain::{
        Challenge, Closing, Ending, MoneyBack, OpenChallenge, Placement, Reason, Returned, Step,
        Tender,
    },
    store::shapes::{ChallengeShape, word},
};

impl Serialize for Placement {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        PlacementShape::serialize(self, out)
    }
}

impl<'de> Deserialize<'de> for Placement {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        PlacementShape::deserialize(input)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Placement")]
struct PlacementShape {
    number: i64,
    total: Money,
    answers: u32,
    #[serde(with = "StepShape")]
    step: Step,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Step", tag = "name", rename_all = "snake_case")]
enum StepShape {
    Reserving {
        lines: Vec<StockLine>,
        #[serde(with = "TenderShape")]
        tender: Tender,
        deadline: Timestamp,
    },
    Authorizing {
        #[serde(with = "TenderShape")]
        tender: Tender,
        deadline: Timestamp,
    },
    AwaitingAnswer {
        #[serde(with = "OpenShape")]
        open: OpenChallenge,
        since: Timestamp,
    },
    Answering {
        #[serde(with = "OpenShape")]
        open: OpenChallenge,
        answer: String,
        deadline: Timestamp,
    },
    Committing {
        payment: PaymentId,
        sends: u32,
    },
    Capturing {
        payment: PaymentId,
    },
    Voiding {
        payment: Option<PaymentId>,
        #[serde(with = "EndingShape")]
        ending: Ending,
    },
    Releasing {
        #[serde(with = "EndingShape")]
        ending: Ending,
        #[serde(with = "ReturnedShape")]
        money: Returned,
        sends: u32,
    },
    Completed {
        payment: PaymentId,
    },
    Ended {
        #[serde(with = "EndingShape")]
        ending: Ending,
        #[serde(with = "ReturnedShape")]
        money: Returned,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Tender")]
struct TenderShape {
    provider: String,
    token: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OpenChallenge")]
struct OpenShape {
    payment: PaymentId,
    #[serde(with = "ChallengeShape")]
    challenge: Challenge,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ending")]
struct EndingShape {
    #[serde(with = "word")]
    closing: Closing,
    #[serde(with = "word")]
    reason: Reason,
    detail: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Returned")]
struct ReturnedShape {
    #[serde(with = "word")]
    how: MoneyBack,
    payment: Option<PaymentId>,
}

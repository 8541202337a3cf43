//! Every pair of step and event, once, as a table; and the laws that hold over all sequences.

mod laws;
mod table;

use std::time::Duration;

use super::{reach::events, *};

pub(super) const NOW: Timestamp = Timestamp::from_ms(1_000_000);

pub(super) const LIMITS: Limits = Limits {
    placement: Duration::from_secs(30),
    challenge: Duration::from_secs(600),
    resend: Duration::from_secs(5),
    resend_max: Duration::from_secs(60),
};

pub(super) fn payment() -> PaymentId {
    PaymentId::from_u128(1)
}

fn tender() -> Tender {
    Tender { provider: "sandbox".to_owned(), token: "tok_visa".to_owned() }
}

pub(super) fn challenge() -> Challenge {
    Challenge { kind: "code".to_owned(), prompt: "the code on your device".to_owned() }
}

fn open() -> OpenChallenge {
    let until = NOW.plus(Duration::from_secs(200));
    OpenChallenge { payment: payment(), challenge: challenge(), until }
}

fn ending(closing: Closing) -> Ending {
    Ending { closing, reason: Reason::PaymentDeclined, detail: "because".to_owned() }
}

fn returned() -> Returned {
    Returned { how: MoneyBack::Declined, payment: Some(payment()) }
}

pub(super) fn reserving() -> Step {
    let lines = vec![StockLine { sku: "A".to_owned(), quantity: 2 }];
    let deadline = NOW.plus(LIMITS.placement);
    Step::Reserving { lines, tender: tender(), deadline }
}

/// One of each step, in the order of the table.
pub(super) fn steps() -> Vec<Step> {
    let deadline = NOW.plus(LIMITS.placement);
    let (rejected, canceled) = (ending(Closing::Rejected), ending(Closing::Canceled));
    vec![
        reserving(),
        Step::Authorizing { tender: tender(), deadline },
        Step::AwaitingAnswer { open: open(), since: NOW },
        Step::Answering { open: open(), answer: "1234".to_owned(), deadline },
        Step::Committing { payment: payment(), sends: 1 },
        Step::Capturing { payment: payment() },
        Step::Voiding { payment: None, ending: rejected.clone() },
        Step::Releasing { ending: rejected.clone(), money: returned(), sends: 1 },
        Step::Completed { payment: payment() },
        Step::Ended { ending: rejected, money: returned() },
        Step::Ended { ending: canceled, money: returned() },
    ]
}

pub(super) fn at(step: Step) -> Placement {
    let total = Money::new(2598, kernel::Currency::EUR);
    Placement { number: 1001, total, answers: 0, step }
}

//! Which steps there are: found by walking the machine, so that no list of them can be stale.

use std::collections::BTreeSet;

use contracts::ids::PaymentId;
use kernel::{Currency, Money, Timestamp};

use super::{
    Challenge, Closing, Event, Limits, MoneyBack, Placement, Returned, Stage, Step, machine::step,
};
use crate::domain::words::Tender;

/// One of each step that a placement can come to, by name, in the order in which a walk with one
/// of each event finds them.
pub fn reachable(limits: &Limits) -> Vec<Step> {
    let start = start(limits);
    let (mut found, mut next) = (vec![start.clone()], 0);
    while let Some(placement) = found.get(next).cloned() {
        for event in events() {
            let Ok(to) = step(&placement, &event, Timestamp::default(), limits) else { continue };
            if found.iter().all(|known| way(&known.step) != way(&to.step)) {
                found.push(to);
            }
        }
        next += 1;
    }
    let mut names = BTreeSet::new();
    let steps = found.into_iter().map(|placement| placement.step);
    steps.filter(|step| names.insert(step.name())).collect()
}

/// What tells two steps apart for the walk: the way back leads to different ends.
fn way(step: &Step) -> (&'static str, Option<Closing>) {
    (step.name(), step.ending().map(|ending| ending.closing))
}

fn start(limits: &Limits) -> Placement {
    let tender = Tender { provider: String::new(), token: String::new() };
    let deadline = Timestamp::default().plus(limits.placement);
    let step = Step::Reserving { lines: Vec::new(), tender, deadline };
    Placement { number: 0, total: Money::zero(Currency::EUR), answers: 0, step }
}

/// One of each event.
pub fn events() -> Vec<Event> {
    let payment = PaymentId::from_u128(1);
    let challenge = Challenge { kind: String::new(), prompt: String::new() };
    vec![
        Event::StockReserved,
        Event::StockRejected { stage: Stage::Reserve, detail: String::new() },
        Event::StockRejected { stage: Stage::Commit, detail: String::new() },
        Event::StockReleased,
        Event::StockCommitted,
        Event::StockExpired,
        Event::Authorized { payment },
        Event::ActionRequired { payment, challenge },
        Event::Declined { payment: None, code: String::new(), detail: String::new() },
        Event::Answered { answer: String::new() },
        Event::Captured,
        Event::CaptureRefused { detail: String::new() },
        Event::MoneyReturned { money: Returned { how: MoneyBack::Voided, payment: Some(payment) } },
        Event::TimedOut,
    ]
}

//! What the timeline says about a transition: what came in, the step, what went out.

use contracts::{
    Contract as _,
    events::{
        orders::OrderPlaced,
        products::{StockCommitted, StockExpired, StockRejected, StockReleased, StockReserved},
    },
};

use crate::{
    domain::{Call, Event, Placement, Send, Step},
    events,
    store::timeline::{Entry, Kind},
};

/// The story of a placement's beginning.
pub fn beginning(to: &Placement, sends: &[Send]) -> Vec<Entry> {
    let mut entries = vec![
        Entry::new(Kind::Customer, "placed"),
        Entry::new(Kind::Sent, OrderPlaced::KIND),
        Entry::new(Kind::Step, to.step.name()),
    ];
    entries.extend(sends.iter().map(sent));
    entries
}

/// The story of one transition; `attempt` is the try of the call whose result it is.
pub fn transition(
    from: &Placement,
    event: &Event,
    to: &Placement,
    sends: &[Send],
    attempt: u32,
) -> Vec<Entry> {
    let mut entries = vec![cause(&from.step, event, attempt)];
    let step = Entry::new(Kind::Step, to.step.name());
    entries.push(match to.step.ending() {
        Some(ending) => step.detail(format!("{}: {}", ending.reason, ending.detail)),
        None => step,
    });
    entries.extend(sends.iter().map(sent));
    entries
}

/// The story of a call that failed and is tried again.
pub fn failed_call(at: &Step, attempt: u32, reason: &str) -> Entry {
    Entry::new(Kind::Failed, call_name(at)).attempt(attempt).detail(reason)
}

fn sent(what: &Send) -> Entry {
    Entry::new(Kind::Sent, events::kind(what))
}

fn cause(from: &Step, event: &Event, attempt: u32) -> Entry {
    let received = |kind| Entry::new(Kind::Received, kind);
    let called =
        |detail: String| Entry::new(Kind::Called, call_name(from)).attempt(attempt).detail(detail);
    match event {
        Event::StockReserved => received(StockReserved::KIND),
        Event::StockRejected { detail, .. } => received(StockRejected::KIND).detail(detail),
        Event::StockReleased => received(StockReleased::KIND),
        Event::StockCommitted => received(StockCommitted::KIND),
        Event::StockExpired => received(StockExpired::KIND),
        Event::Authorized { payment } => called(format!("authorized as {payment}")),
        Event::ActionRequired { payment, challenge } => {
            called(format!("{payment} needs an answer of kind {}", challenge.kind))
        }
        Event::Declined { code, detail, .. } => called(format!("declined: {code}: {detail}")),
        // What the payer said stays between them and the provider.
        Event::Answered { .. } => Entry::new(Kind::Customer, "answered"),
        Event::Captured => called("captured".to_owned()),
        Event::CaptureRefused { detail } => called(format!("refused: {detail}")),
        Event::MoneyReturned { money } => called(money.how.to_string()),
        Event::TimedOut => Entry::new(Kind::TimedOut, from.name()),
    }
}

/// Which call a step makes, as it is named in timelines and traces.
pub fn call_name(step: &Step) -> &'static str {
    match step {
        Step::Authorizing { .. } => call_path(Call::Authorize),
        Step::Answering { .. } => call_path(Call::Answer),
        Step::Capturing { .. } => call_path(Call::Capture),
        Step::Voiding { .. } => call_path(Call::Void),
        // A result that comes while nothing is called was learnt by other means.
        Step::Reserving { .. }
        | Step::AwaitingAnswer { .. }
        | Step::Committing { .. }
        | Step::Releasing { .. }
        | Step::Completed { .. }
        | Step::Ended { .. } => "payments",
    }
}

fn call_path(call: Call) -> &'static str {
    match call {
        Call::Authorize => "payments.authorize",
        Call::Answer => "payments.answer",
        Call::Capture => "payments.capture",
        Call::Void => "payments.void",
    }
}

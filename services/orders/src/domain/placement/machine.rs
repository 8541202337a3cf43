//! The transitions: one function per step, each naming every event.

use contracts::ids::PaymentId;
use kernel::Timestamp;

use super::{
    Call, Closing, Ending, Event, Limits, MoneyBack, OpenChallenge, Placement, Reason, Returned,
    Stage, Step, Waiting,
};

const NEVER_ASKED: Returned = Returned { how: MoneyBack::NeverAsked, payment: None };

/// The event says nothing new in this step: it is late, repeated, or meant for another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing to do in step {step}")]
pub struct Late {
    /// The step it came to.
    pub step: &'static str,
}

/// What becomes of `placement` when `event` happens. Nothing changes when it is [`Late`].
pub fn step(
    placement: &Placement,
    event: &Event,
    now: Timestamp,
    limits: &Limits,
) -> Result<Placement, Late> {
    let next = match &placement.step {
        Step::Reserving { .. } => reserving(&placement.step, event),
        Step::Authorizing { .. } => authorizing(event, now, limits),
        Step::AwaitingAnswer { open, .. } => awaiting(open, event, now, limits),
        Step::Answering { open, .. } => answering(open, event, now),
        Step::Committing { payment, sends } => committing(*payment, *sends, event),
        Step::Capturing { payment } => capturing(*payment, event),
        Step::Voiding { ending, .. } => voiding(ending, event),
        Step::Releasing { ending, money, sends } => releasing(ending, *money, *sends, event),
        Step::Completed { .. } | Step::Ended { .. } => None,
    };
    let step = next.ok_or(Late { step: placement.step.name() })?;
    let answered = u32::from(matches!(event, Event::Answered { .. }));
    let answers = placement.answers.saturating_add(answered);
    Ok(Placement { answers, step, ..*placement })
}

fn reserving(step: &Step, event: &Event) -> Option<Step> {
    let Step::Reserving { tender, deadline, .. } = step else { return None };
    match event {
        Event::StockReserved => {
            Some(Step::Authorizing { tender: tender.clone(), deadline: *deadline })
        }
        Event::StockRejected { stage: Stage::Reserve, detail } => {
            Some(Step::Ended { ending: rejected(Reason::OutOfStock, detail), money: NEVER_ASKED })
        }
        Event::TimedOut => {
            let ending = rejected(Reason::Timeout, "the goods were not set aside in time");
            Some(release(ending, NEVER_ASKED))
        }
        Event::StockRejected { stage: Stage::Commit, .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::StockExpired
        | Event::Authorized { .. }
        | Event::ActionRequired { .. }
        | Event::Declined { .. }
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn authorizing(event: &Event, now: Timestamp, limits: &Limits) -> Option<Step> {
    match event {
        Event::Authorized { payment } => Some(Step::Committing { payment: *payment, sends: 1 }),
        Event::ActionRequired { payment, challenge } => Some(Step::AwaitingAnswer {
            open: OpenChallenge {
                payment: *payment,
                challenge: challenge.clone(),
                until: now.plus(limits.challenge),
            },
            since: now,
        }),
        Event::Declined { payment, code, detail } => Some(declined(*payment, code, detail)),
        Event::TimedOut => Some(Step::Voiding { payment: None, ending: payment_timeout() }),
        Event::StockExpired => Some(Step::Voiding { payment: None, ending: lease_ran_out() }),
        Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn awaiting(open: &OpenChallenge, event: &Event, now: Timestamp, limits: &Limits) -> Option<Step> {
    let void = |ending| Some(Step::Voiding { payment: Some(open.payment), ending });
    match event {
        Event::Answered { answer } => Some(Step::Answering {
            open: open.clone(),
            answer: answer.clone(),
            deadline: now.plus(limits.placement),
        }),
        Event::Authorized { payment } => Some(Step::Committing { payment: *payment, sends: 1 }),
        Event::Declined { payment, code, detail } => Some(declined(*payment, code, detail)),
        Event::TimedOut => void(rejected(
            Reason::PaymentChallengeExpired,
            "the challenge was not answered in time",
        )),
        Event::StockExpired => void(lease_ran_out()),
        Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::ActionRequired { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn answering(open: &OpenChallenge, event: &Event, now: Timestamp) -> Option<Step> {
    let void = |ending| Some(Step::Voiding { payment: Some(open.payment), ending });
    match event {
        Event::Authorized { payment } => Some(Step::Committing { payment: *payment, sends: 1 }),
        Event::ActionRequired { payment, challenge } => Some(Step::AwaitingAnswer {
            open: OpenChallenge {
                payment: *payment,
                challenge: challenge.clone(),
                until: open.until,
            },
            since: now,
        }),
        Event::Declined { payment, code, detail } => Some(declined(*payment, code, detail)),
        Event::TimedOut => void(payment_timeout()),
        Event::StockExpired => void(lease_ran_out()),
        Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn committing(payment: PaymentId, sends: u32, event: &Event) -> Option<Step> {
    match event {
        Event::StockCommitted => Some(Step::Capturing { payment }),
        Event::StockRejected { stage: Stage::Commit, detail } => Some(Step::Voiding {
            payment: Some(payment),
            ending: canceled(Reason::OutOfStock, detail),
        }),
        Event::TimedOut => Some(Step::Committing { payment, sends: sends.saturating_add(1) }),
        Event::StockRejected { stage: Stage::Reserve, .. }
        | Event::StockReserved
        | Event::StockReleased
        | Event::StockExpired
        | Event::Authorized { .. }
        | Event::ActionRequired { .. }
        | Event::Declined { .. }
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn capturing(payment: PaymentId, event: &Event) -> Option<Step> {
    match event {
        Event::Captured => Some(Step::Completed { payment }),
        Event::CaptureRefused { detail } => Some(Step::Voiding {
            payment: Some(payment),
            ending: canceled(Reason::PaymentFailed, detail),
        }),
        Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::StockExpired
        | Event::Authorized { .. }
        | Event::ActionRequired { .. }
        | Event::Declined { .. }
        | Event::Answered { .. }
        | Event::MoneyReturned { .. }
        | Event::TimedOut => None,
    }
}

fn voiding(ending: &Ending, event: &Event) -> Option<Step> {
    match event {
        Event::MoneyReturned { money } => Some(release(ending.clone(), *money)),
        Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockReleased
        | Event::StockCommitted
        | Event::StockExpired
        | Event::Authorized { .. }
        | Event::ActionRequired { .. }
        | Event::Declined { .. }
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::TimedOut => None,
    }
}

fn releasing(ending: &Ending, money: Returned, sends: u32, event: &Event) -> Option<Step> {
    match event {
        Event::StockReleased => Some(Step::Ended { ending: ending.clone(), money }),
        Event::TimedOut => {
            Some(Step::Releasing { ending: ending.clone(), money, sends: sends.saturating_add(1) })
        }
        // An expired lease is given back too, but the mark that keeps a late reserve out is only
        // certain once the release is answered.
        Event::StockExpired
        | Event::StockReserved
        | Event::StockRejected { .. }
        | Event::StockCommitted
        | Event::Authorized { .. }
        | Event::ActionRequired { .. }
        | Event::Declined { .. }
        | Event::Answered { .. }
        | Event::Captured
        | Event::CaptureRefused { .. }
        | Event::MoneyReturned { .. } => None,
    }
}

fn declined(payment: Option<PaymentId>, code: &str, detail: &str) -> Step {
    let wrong_answer = code == "challenge_failed";
    let reason =
        if wrong_answer { Reason::PaymentChallengeFailed } else { Reason::PaymentDeclined };
    let money = Returned { how: MoneyBack::Declined, payment };
    release(rejected(reason, &format!("{code}: {detail}")), money)
}

fn release(ending: Ending, money: Returned) -> Step {
    Step::Releasing { ending, money, sends: 1 }
}

fn rejected(reason: Reason, detail: &str) -> Ending {
    Ending { closing: Closing::Rejected, reason, detail: detail.to_owned() }
}

fn canceled(reason: Reason, detail: &str) -> Ending {
    Ending { closing: Closing::Canceled, reason, detail: detail.to_owned() }
}

fn payment_timeout() -> Ending {
    rejected(Reason::PaymentTimeout, "whether the money is held was not known in time")
}

fn lease_ran_out() -> Ending {
    rejected(Reason::Timeout, "the goods were set aside for too long")
}

impl Step {
    /// Its name in the timeline, in metrics and in the names of crash points.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reserving { .. } => "reserving",
            Self::Authorizing { .. } => "authorizing",
            Self::AwaitingAnswer { .. } => "awaiting_answer",
            Self::Answering { .. } => "answering",
            Self::Committing { .. } => "committing",
            Self::Capturing { .. } => "capturing",
            Self::Voiding { .. } => "voiding",
            Self::Releasing { .. } => "releasing",
            Self::Completed { .. } => "completed",
            Self::Ended { ending, .. } => ending.closing.as_str(),
        }
    }

    /// What it waits for.
    pub fn waiting(&self, limits: &Limits) -> Waiting {
        match self {
            Self::Reserving { .. } => Waiting::Reply(limits.placement),
            Self::Authorizing { .. } => Waiting::Call(Call::Authorize),
            Self::AwaitingAnswer { open, since } => Waiting::Reply(open.until.since(*since)),
            Self::Answering { .. } => Waiting::Call(Call::Answer),
            Self::Committing { sends, .. } | Self::Releasing { sends, .. } => {
                Waiting::Reply(limits.until_resend(*sends))
            }
            Self::Capturing { .. } => Waiting::Call(Call::Capture),
            Self::Voiding { .. } => Waiting::Call(Call::Void),
            Self::Completed { .. } | Self::Ended { .. } => Waiting::Nothing,
        }
    }

    /// After which moment its call is not tried again. Past confirmation, and on the way back,
    /// there is none: what was promised is kept, however long it takes.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Authorizing { deadline, .. } | Self::Answering { deadline, .. } => {
                Some(*deadline)
            }
            Self::Reserving { .. }
            | Self::AwaitingAnswer { .. }
            | Self::Committing { .. }
            | Self::Capturing { .. }
            | Self::Voiding { .. }
            | Self::Releasing { .. }
            | Self::Completed { .. }
            | Self::Ended { .. } => None,
        }
    }
}

impl Limits {
    /// How long to wait for the answer to the n-th sending.
    fn until_resend(&self, sends: u32) -> std::time::Duration {
        let doublings = sends.saturating_sub(1).min(16);
        self.resend.saturating_mul(1 << doublings).min(self.resend_max)
    }
}

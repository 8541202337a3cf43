//! What a payment allows, and what each outcome makes of it, as a table.

use kernel::{Currency, Money, Timestamp};

use super::{Asked, Challenge, Failure, Kind, Outcome, Payment, Refusal, entries};

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn declined() -> Outcome {
    Outcome::Declined(Failure { code: "card_declined".into(), detail: "no".into() })
}

fn challenge() -> Outcome {
    Outcome::Challenged(Challenge { kind: "code".into(), prompt: "enter it".into() })
}

/// A payment of 1000 EUR and the money its ledger says the provider owes us.
struct Story {
    payment: Payment,
    clearing: i64,
    asked: u32,
}

impl Story {
    fn begin() -> Self {
        let asked = Asked {
            key: "k0".into(),
            order: contracts::ids::OrderId::from_u128(1),
            provider: "sandbox".into(),
            amount: euro(1000),
        };
        let id = contracts::ids::PaymentId::from_u128(2);
        let payment = Payment::ask(asked, id, Timestamp::from_ms(0)).expect("1000 EUR is positive");
        Self { payment, clearing: 0, asked: 0 }
    }

    /// `capture 400`, `refund`, `void`, `answer`: asked. `ok`, `no`, `challenge`: the provider's
    /// word on the oldest operation that waits; `last ok`: on the newest.
    fn step(&mut self, step: &str) -> Result<(), String> {
        self.asked += 1;
        let key = format!("k{}", self.asked);
        let (verb, amount) = step.split_once(' ').unwrap_or((step, ""));
        let amount = amount.parse().ok().map(euro);
        let refused = |refusal: Refusal| refusal.to_string();
        let refund = contracts::ids::RefundId::from_u128(self.asked.into());
        match verb {
            "answer" => self.payment.ask_answer(key).map(drop).map_err(refused),
            "capture" => self.payment.ask_capture(key, amount).map(drop).map_err(refused),
            "refund" => self.payment.ask_refund(key, amount, refund).map(drop).map_err(refused),
            "void" => self.payment.ask_void(key).map(drop).map_err(refused),
            "ok" | "no" | "challenge" => self.settle(0, verb),
            "last" => self.settle(self.payment.pending.len() - 1, &step[5..]),
            "told" => self.settle_with(0, Outcome::Done(amount.expect("an amount"))),
            _ => unreachable!("{step}"),
        }
    }

    fn settle(&mut self, at: usize, word: &str) -> Result<(), String> {
        let operation = &self.payment.pending[at];
        let outcome = match word {
            "no" => declined(),
            "challenge" => challenge(),
            _ => Outcome::Done(euro(operation.minor)),
        };
        self.settle_with(at, outcome)
    }

    fn settle_with(&mut self, at: usize, outcome: Outcome) -> Result<(), String> {
        let key = self.payment.pending[at].key.clone();
        let facts = self.payment.settle(&key, &outcome).map_err(|error| error.to_string())?;
        for entry in facts.iter().filter_map(entries).flatten() {
            if entry.account == super::Account::ProviderClearing {
                self.clearing += entry.minor;
            }
        }
        Ok(())
    }

    fn tell(&self) -> String {
        let figures = self.payment.figures();
        assert_eq!(self.clearing, figures.captured - figures.refunded, "the ledger follows");
        let (captured, refunded) = (figures.captured, figures.refunded);
        format!("{} {captured}-{refunded}", figures.status.word())
    }
}

#[track_caller]
fn check(steps: &str, expected: Result<&str, &str>) {
    let mut story = Story::begin();
    let told = steps.split(", ").try_for_each(|step| story.step(step)).map(|()| story.tell());
    assert_eq!(told, expected.map(str::to_owned).map_err(str::to_owned), "{steps}");
}

#[test]
fn an_authorisation_ends_as_the_provider_says() {
    check("ok", Ok("authorized 0-0"));
    check("no", Ok("failed 0-0"));
    check("challenge", Ok("action_required 0-0"));
    check("challenge, answer", Ok("pending 0-0"));
    check("challenge, answer, ok", Ok("authorized 0-0"));
    check("challenge, answer, no", Ok("failed 0-0"));
    check("ok, answer", Err("a payment that is authorized does not allow to answer"));
    check("challenge, answer, answer", Err("the outcome of an earlier answer is not known yet"));
    check("challenge, answer, challenge", Err("a challenge is no outcome of a answer"));
}

#[test]
fn captures_never_exceed_what_is_held() {
    check("ok, capture", Ok("pending 0-0"));
    check("ok, capture, ok", Ok("captured 1000-0"));
    check("ok, capture 400, ok", Ok("partially_captured 400-0"));
    check("ok, capture 400, ok, capture, ok", Ok("captured 1000-0"));
    check("ok, capture 400, capture 600, ok, ok", Ok("captured 1000-0"));
    check("ok, capture 400, capture 601", Err("601 EUR asked, 600 EUR left"));
    check("ok, capture, capture 1", Err("the outcome of an earlier capture is not known yet"));
    check("ok, capture, ok, capture", Err("a payment that is captured does not allow to capture"));
    check("ok, capture 0", Err("an amount must be more than nothing, not 0 EUR"));
    check("ok, capture -5", Err("an amount must be more than nothing, not -5 EUR"));
    check("capture", Err("the outcome of an earlier authorize is not known yet"));
    check("no, capture", Err("a payment that is failed does not allow to capture"));
}

#[test]
fn a_declined_capture_ends_the_payment_unless_something_was_taken() {
    check("ok, capture, no", Ok("failed 0-0"));
    check("ok, capture 400, ok, capture, no", Ok("partially_captured 400-0"));
    check("ok, capture 400, capture 600, no", Ok("pending 0-0"));
    check("ok, capture 400, capture 600, no, ok", Ok("partially_captured 600-0"));
    check("ok, capture 400, capture 600, no, no", Ok("failed 0-0"));
}

#[test]
fn a_void_gives_back_what_was_not_captured() {
    check("ok, void, ok", Ok("voided 0-0"));
    check("ok, void, no", Ok("authorized 0-0"));
    check("void, last ok", Ok("voided 0-0"));
    check("challenge, void, ok", Ok("voided 0-0"));
    check("challenge, answer, void, last ok", Ok("voided 0-0"));
    check("void, ok, told 1000", Ok("voided 0-0"));
    check("void, no, ok", Ok("voided 0-0"));
    check("ok, capture 400, ok, void, ok", Ok("captured 400-0"));
    check("ok, void, ok, capture", Err("a payment that is voided does not allow to capture"));
    check("ok, void, capture", Err("the outcome of an earlier void is not known yet"));
    check("ok, capture, void", Err("the outcome of an earlier capture is not known yet"));
    check("ok, capture, ok, void", Err("a payment that is captured does not allow to void"));
    check("no, void", Err("a payment that is failed does not allow to void"));
}

#[test]
fn a_void_of_an_unknown_authorisation_ends_both() {
    // Which of the two the provider did first, it tells with the amount it had held.
    let mut story = Story::begin();
    story.step("void").expect("may be asked");

    let facts = story.payment.settle("k1", &Outcome::Done(euro(0))).expect("nothing was held");

    assert_eq!(story.tell(), "voided 0-0");
    assert_eq!(facts.len(), 2, "the void and the authorisation it ended");
    assert!(story.payment.settle("k0", &Outcome::Done(euro(1000))).is_err(), "comes too late");
}

#[test]
fn refunds_on_their_way_count_against_what_was_captured() {
    check("ok, refund", Err("a payment that is authorized does not allow to refund"));
    check("ok, capture, refund", Err("the outcome of an earlier capture is not known yet"));
    check("ok, capture 4, ok, refund 5", Err("5 EUR asked, 4 EUR left"));
    check("no, refund 5", Err("a payment that is failed does not allow to refund"));
    check("ok, capture, ok, refund", Ok("captured 1000-0"));
    check("ok, capture, ok, refund, refund 5", Err("5 EUR asked, 0 EUR left"));
    check("ok, capture, ok, refund, ok", Ok("refunded 1000-1000"));
    check("ok, capture, ok, refund 300, ok", Ok("partially_refunded 1000-300"));
    check("ok, capture, ok, refund 300, refund 701", Err("701 EUR asked, 700 EUR left"));
    check("ok, capture, ok, refund 300, refund 700, ok, ok", Ok("refunded 1000-1000"));
    check("ok, capture, ok, refund, no, refund, ok", Ok("refunded 1000-1000"));
    check("ok, capture 400, ok, refund 401", Err("401 EUR asked, 400 EUR left"));
    check("ok, capture 400, ok, refund, ok, capture, ok", Ok("partially_refunded 1000-400"));
}

#[test]
fn an_amount_other_than_asked_is_never_trusted() {
    check("told 999", Err("the provider speaks of 999 EUR where 1000 EUR was asked"));
    check("ok, capture, told 1", Err("the provider speaks of 1 EUR where 1000 EUR was asked"));
    check("ok, void, told 0", Err("the provider speaks of 0 EUR where 1000 EUR was asked"));
}

#[test]
fn an_outcome_in_another_currency_is_never_trusted() {
    let mut story = Story::begin();
    let yen = Money::new(1000, "JPY".parse().expect("JPY is a code"));

    let told = story.settle_with(0, Outcome::Done(yen));

    assert_eq!(told, Err("the provider speaks of 1000 JPY where 1000 EUR was asked".to_owned()));
    assert!(story.payment.is_pending(Kind::Authorize));
}

#[test]
fn a_tombstone_is_a_voided_payment_of_nothing() {
    let order = contracts::ids::OrderId::from_u128(1);
    let id = contracts::ids::PaymentId::from_u128(2);

    let (closed, fact) = Payment::tombstone("k".into(), order, id, Timestamp::from_ms(0));

    assert_eq!(closed.view().figures.status.word(), "voided");
    assert!(!closed.frees_order());
    assert_eq!(fact.after, closed.figures());
}

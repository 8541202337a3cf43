//! Whatever is asked and answered in whatever order: the laws of money hold after each step.

use contracts::ids::{OrderId, PaymentId, RefundId};
use kernel::{Currency, Money, Timestamp};
use proptest::prelude::*;

use super::{
    Account, Asked, Challenge, Fact, Failure, Kind, Outcome, Payment, Stage, Step, entries, fold,
};

#[derive(Debug, Clone)]
enum Move {
    Answer,
    Capture(Option<i64>),
    Void,
    Refund(Option<i64>),
    Settle { which: usize, word: Word },
}

#[derive(Debug, Clone, Copy)]
enum Word {
    Done,
    DoneNothing,
    Declined,
    Challenged,
    OtherAmount,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let amount = prop_oneof![Just(None), (1_i64..1200).prop_map(Some)];
    let word = prop_oneof![
        6 => Just(Word::Done),
        1 => Just(Word::DoneNothing),
        2 => Just(Word::Declined),
        1 => Just(Word::Challenged),
        1 => Just(Word::OtherAmount),
    ];
    let one = prop_oneof![
        1 => Just(Move::Answer),
        3 => amount.clone().prop_map(Move::Capture),
        1 => Just(Move::Void),
        3 => amount.prop_map(Move::Refund),
        8 => (0_usize..4, word).prop_map(|(which, word)| Move::Settle { which, word }),
    ];
    proptest::collection::vec(one, 1..40)
}

fn begin() -> Payment {
    let asked = Asked {
        key: "authorize".into(),
        order: OrderId::from_u128(1),
        provider: "sandbox".into(),
        amount: Money::new(1000, Currency::EUR),
    };
    Payment::ask(asked, PaymentId::from_u128(2), Timestamp::from_ms(0)).expect("positive")
}

fn outcome(payment: &Payment, minor: i64, word: Word) -> Outcome {
    let money = |minor| Outcome::Done(Money::new(minor, payment.amount.currency));
    let text = String::new;
    match word {
        Word::Done => money(minor),
        Word::DoneNothing => money(0),
        Word::Declined => Outcome::Declined(Failure { code: text(), detail: text() }),
        Word::Challenged => Outcome::Challenged(Challenge { kind: text(), prompt: text() }),
        Word::OtherAmount => money(minor + 1),
    }
}

/// Plays one move; what it added to the history, or nothing when it was refused.
fn play(payment: &mut Payment, number: usize, step: &Move) -> Vec<Step> {
    let key = format!("key-{number}");
    let money = |minor: &Option<i64>| minor.map(|minor| Money::new(minor, Currency::EUR));
    let asked = match step {
        Move::Answer => payment.ask_answer(key),
        Move::Capture(minor) => payment.ask_capture(key, money(minor)),
        Move::Void => payment.ask_void(key),
        Move::Refund(minor) => {
            payment.ask_refund(key, money(minor), RefundId::from_u128(number as u128))
        }
        Move::Settle { which, word } => return settle(payment, *which, *word),
    };
    let version = payment.version;
    asked.map(|operation| vec![Step::Asked { version, operation }]).unwrap_or_default()
}

fn settle(payment: &mut Payment, which: usize, word: Word) -> Vec<Step> {
    let Some(operation) = payment.pending.get(which).cloned() else { return Vec::new() };
    let outcome = outcome(payment, operation.minor, word);
    let before = payment.clone();
    match payment.settle(&operation.key, &outcome) {
        Ok(facts) => facts
            .into_iter()
            .map(|fact| Step::Happened { version: fact.after.version, fact })
            .collect(),
        Err(_) => {
            assert_eq!(*payment, before, "an outcome that is not taken changes nothing");
            Vec::new()
        }
    }
}

fn facts(history: &[Step]) -> impl Iterator<Item = &Fact> {
    history.iter().filter_map(|step| match step {
        Step::Happened { fact, .. } => Some(fact),
        Step::Asked { .. } => None,
    })
}

fn sum(history: &[Step], account: Account) -> i64 {
    let all = facts(history).filter_map(entries).flatten();
    all.filter(|entry| entry.account == account).map(|entry| entry.minor).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_of_money_hold_after_each_step(moves in moves()) {
        let mut payment = begin();
        let mut history = Vec::new();
        for (number, step) in moves.iter().enumerate() {
            history.extend(play(&mut payment, number, step));

            let refunds = payment.refunded + payment.pending_of(Kind::Refund);
            prop_assert!(payment.captured + payment.voided <= payment.authorized);
            prop_assert!(payment.authorized <= payment.amount.minor);
            prop_assert!(refunds <= payment.captured);
            prop_assert!(payment.capturable() >= 0 && payment.releasable() >= 0);
            if payment.stage != Stage::Authorized {
                prop_assert_eq!(payment.captured, 0);
            }
            let clearing = sum(&history, Account::ProviderClearing);
            prop_assert_eq!(clearing, payment.captured - payment.refunded);
            let books = Account::ALL.map(|account| sum(&history, account));
            prop_assert_eq!(books.iter().sum::<i64>(), 0);
        }
        prop_assert_eq!(fold(begin(), &history), Ok(payment));
    }

    #[test]
    fn a_key_is_settled_at_most_once(moves in moves()) {
        let mut payment = begin();
        let mut history = Vec::new();
        for (number, step) in moves.iter().enumerate() {
            history.extend(play(&mut payment, number, step));
        }
        let mut keys: Vec<_> = facts(&history).map(|fact| &fact.operation.key).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), all);
    }

    #[test]
    fn versions_rise_by_one(moves in moves()) {
        let mut payment = begin();
        let mut version = payment.version;
        for (number, step) in moves.iter().enumerate() {
            for step in play(&mut payment, number, step) {
                let next = match step {
                    Step::Asked { version, .. } | Step::Happened { version, .. } => version,
                };
                prop_assert_eq!(next, version + 1);
                version = next;
            }
        }
    }
}

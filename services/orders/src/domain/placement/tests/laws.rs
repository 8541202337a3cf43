//! Laws over sequences of events, however late, repeated or out of order.

use proptest::prelude::*;

use super::*;
use crate::domain::OrderStatus;

fn any_event() -> impl Strategy<Value = Event> {
    let count = events().len();
    (0..count).prop_map(|at| events()[at].clone())
}

/// What a peer that is alive answers to a placement in this step; `choice` picks one.
fn answer(step: &Step, choice: usize) -> Event {
    let events = events();
    let names: &[usize] = match step {
        Step::Reserving { .. } => &[0, 1, 13],
        Step::Authorizing { .. } => &[6, 7, 8, 13],
        Step::AwaitingAnswer { .. } => &[9, 13],
        Step::Answering { .. } => &[6, 8, 13],
        Step::Committing { .. } => &[4, 2],
        Step::Capturing { .. } => &[10, 11],
        Step::Voiding { .. } => &[12],
        Step::Releasing { .. } => &[3],
        Step::Completed { .. } | Step::Ended { .. } => return Event::TimedOut,
    };
    events[names[choice % names.len()]].clone()
}

proptest! {
    #[test]
    fn money_is_only_taken_for_goods_that_left_the_stock(
        sequence in proptest::collection::vec(any_event(), 0..60),
    ) {
        let mut placement = at(reserving());
        let mut committed = false;
        let mut held = false;
        for event in &sequence {
            let Ok(next) = step(&placement, event, NOW, &LIMITS) else { continue };
            committed |= *event == Event::StockCommitted;
            held |= matches!(event, Event::Authorized { .. });
            let charged = matches!(next.step, Step::Capturing { .. } | Step::Completed { .. });
            prop_assert!(!charged || (committed && held), "{sequence:?}");
            placement = next;
        }
    }

    #[test]
    fn whoever_ends_without_a_sale_has_given_everything_back(
        sequence in proptest::collection::vec(any_event(), 0..60),
    ) {
        let mut placement = at(reserving());
        let mut asked_for_money = false;
        let mut given_back = false;
        for event in &sequence {
            let Ok(next) = step(&placement, event, NOW, &LIMITS) else { continue };
            asked_for_money |= matches!(next.step, Step::Authorizing { .. });
            let money = matches!(event, Event::Declined { .. } | Event::MoneyReturned { .. });
            given_back |= money;
            if matches!(next.step, Step::Ended { .. }) {
                prop_assert!(!asked_for_money || given_back, "{sequence:?}");
                let direct = matches!(placement.step, Step::Reserving { .. });
                prop_assert!(direct || *event == Event::StockReleased, "{sequence:?}");
            }
            placement = next;
        }
    }

    #[test]
    fn statuses_are_legal_and_an_order_that_ended_stays_so(
        sequence in proptest::collection::vec(any_event(), 0..60),
    ) {
        let mut placement = at(reserving());
        for event in &sequence {
            let before = placement.standing();
            let Ok(next) = step(&placement, event, NOW, &LIMITS) else { continue };
            prop_assert!(!before.settled);
            let after = next.standing();
            prop_assert!(legal(after.status, after.payment_status), "{after:?}");
            let edge = matches!(
                (before.status, after.status),
                (OrderStatus::Pending, OrderStatus::Confirmed | OrderStatus::Rejected)
                    | (OrderStatus::Confirmed, OrderStatus::Canceled)
            );
            prop_assert!(before.status == after.status || edge, "{before:?} {after:?}");
            placement = next;
        }
    }

    #[test]
    fn a_repeated_event_changes_nothing_but_how_often_was_sent(
        sequence in proptest::collection::vec(any_event(), 1..40),
    ) {
        let mut placement = at(reserving());
        for event in &sequence {
            let Ok(next) = step(&placement, event, NOW, &LIMITS) else { continue };
            placement = next;
            if *event != Event::TimedOut {
                prop_assert!(step(&placement, event, NOW, &LIMITS).is_err(), "{event:?}");
            }
        }
    }

    #[test]
    fn a_placement_whose_peers_answer_comes_to_an_end(
        choices in proptest::collection::vec(0_usize..12, 24),
        late in proptest::collection::vec(any_event(), 24),
    ) {
        let mut placement = at(reserving());
        for (choice, late) in choices.into_iter().zip(late) {
            let event = answer(&placement.step, choice);
            if let Ok(next) = step(&placement, &event, NOW, &LIMITS) {
                placement = next;
            }
            // A message from the past in between; a timer is no such message.
            if late != Event::TimedOut && let Ok(next) = step(&placement, &late, NOW, &LIMITS) {
                placement = next;
            }
        }
        prop_assert!(placement.step.finished(), "{placement:?}");
    }
}

//! What a placement is written as, and the names of the moments at which it may be cut off.

use std::time::Duration;

use kernel::{Currency, Money, Timestamp};

use super::*;
use crate::domain::{Placement, Step};

#[test]
fn each_step_is_read_back_as_it_was_written() {
    for step in reachable(&Limits::default()) {
        let total = Money::new(2598, Currency::EUR);
        let placement = Placement { number: 1001, total, answers: 2, step };

        let json = serde_json::to_string(&placement).unwrap();

        assert_eq!(serde_json::from_str::<Placement>(&json).unwrap(), placement, "{json}");
    }
}

#[test]
fn a_state_written_by_an_earlier_version_is_still_read() {
    let json = r#"{"number":1001,"total":{"amount":2598,"currency":"EUR"},"answers":0,"step":
        {"name":"releasing","ending":{"closing":"rejected","reason":"timeout","detail":"late"},
         "money":{"how":"never_asked","payment":null},"sends":1}}"#;

    let placement: Placement = serde_json::from_str(json).unwrap();

    let waits = Waiting::Reply(Duration::from_secs(5));
    assert_eq!(placement.step.waiting(&Limits::default()), waits);
}

#[test]
fn every_commit_and_call_can_be_cut_off_before_and_after() {
    let points = placement_crash_points();

    assert_eq!(placement_steps().len(), 11);
    assert_eq!(points.len(), 2 * (11 + 4));
    for point in [
        "orders.place_order.commit.after",
        "orders.placement.authorizing.commit.before",
        "placement.authorizing.call.before",
        "placement.capturing.call.after",
        "orders.placement.canceled.commit.after",
    ] {
        assert!(points.iter().any(|known| known == point), "{point} is not in {points:?}");
    }
    let deadline = Timestamp::default().plus(Duration::from_secs(30));
    let begin = reachable(&Limits::default());
    assert!(matches!(&begin[0], Step::Reserving { deadline: d, .. } if *d == deadline));
}

//! The table: which step follows from each pair of step and event.

use super::*;

/// Rows are steps, columns are events; a dot says that the event is late there.
const TABLE: &str = "
step             reserved rejectedR rejectedC released committed expired authorized action   declined  answered  captured  refused returned timeout
reserving        authorizing rejected .       .        .         .       .          .        .         .         .         .       .        releasing
authorizing      .        .         .         .        .         voiding committing awaiting_answer releasing .  .         .       .        voiding
awaiting_answer  .        .         .         .        .         voiding committing .        releasing answering .         .       .        voiding
answering        .        .         .         .        .         voiding committing awaiting_answer releasing .  .         .       .        voiding
committing       .        .         voiding   .        capturing .       .          .        .         .         .         .       .        committing
capturing        .        .         .         .        .         .       .          .        .         .         completed voiding .        .
voiding          .        .         .         .        .         .       .          .        .         .         .         .       releasing .
releasing        .        .         .         rejected .         .       .          .        .         .         .         .       .        releasing
completed        .        .         .         .        .         .       .          .        .         .         .         .       .        .
rejected         .        .         .         .        .         .       .          .        .         .         .         .       .        .
canceled         .        .         .         .        .         .       .          .        .         .         .         .       .        .
";

fn check(from: &Step, event: &Event, expected: &str) {
    let found = step(&at(from.clone()), event, NOW, &LIMITS);
    let name = found.as_ref().map_or(".", |next| next.step.name());
    assert_eq!(name, expected, "{} on {event:?}", from.name());
}

#[test]
fn each_pair_of_step_and_event_has_the_outcome_of_the_table() {
    let rows: Vec<Vec<&str>> =
        TABLE.trim().lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
    let (steps, events) = (steps(), events());
    assert_eq!(rows.len(), steps.len());

    for (row, from) in rows.iter().zip(&steps) {
        assert_eq!((row[0], row.len()), (from.name(), events.len() + 1));
        for (expected, event) in row[1..].iter().zip(&events) {
            check(from, event, expected);
        }
    }
}

#[test]
fn every_step_is_reached_and_the_table_has_a_row_for_each() {
    let names = |steps: Vec<Step>| -> std::collections::BTreeSet<_> {
        steps.iter().map(Step::name).collect()
    };

    assert_eq!(names(reachable(&LIMITS)), names(steps()));
}

#[test]
fn a_late_event_names_the_step_it_came_to() {
    let late = step(&at(steps()[8].clone()), &Event::StockReserved, NOW, &LIMITS);

    assert_eq!(late, Err(Late { step: "completed" }));
}

#[test]
fn the_deadline_of_the_placement_holds_for_its_first_call_and_starts_anew_with_an_answer() {
    let later = NOW.plus(Duration::from_secs(100));
    let reserved = step(&at(reserving()), &Event::StockReserved, later, &LIMITS).unwrap();
    assert_eq!(reserved.step.deadline(), Some(NOW.plus(LIMITS.placement)));

    let answered = Event::Answered { answer: "1234".to_owned() };
    let answering = step(&at(steps()[2].clone()), &answered, later, &LIMITS).unwrap();

    assert_eq!(answering.step.deadline(), Some(later.plus(LIMITS.placement)));
    assert_eq!(answering.answers, 1);
}

#[test]
fn a_second_challenge_does_not_extend_the_time_to_answer() {
    let later = NOW.plus(Duration::from_secs(150));
    let again = Event::ActionRequired { payment: payment(), challenge: challenge() };

    let awaiting = step(&at(steps()[3].clone()), &again, later, &LIMITS).unwrap();

    let left = Waiting::Reply(Duration::from_secs(50));
    assert_eq!(awaiting.step.waiting(&LIMITS), left);
}

#[test]
fn each_sending_waits_twice_as_long_as_the_one_before_up_to_the_longest() {
    let waits = |sends| Step::Committing { payment: payment(), sends }.waiting(&LIMITS);
    let seconds = |s| Waiting::Reply(Duration::from_secs(s));

    assert_eq!([1, 2, 4, 5, u32::MAX].map(waits), [5, 10, 40, 60, 60].map(seconds));
}

#[test]
fn a_wrong_answer_is_told_apart_from_a_declined_card() {
    let declined = |code: &str| {
        let (code, detail) = (code.to_owned(), "no".to_owned());
        let event = Event::Declined { payment: None, code, detail };
        let next = step(&at(steps()[3].clone()), &event, NOW, &LIMITS).unwrap();
        let ending = next.step.ending().unwrap().clone();
        (ending.reason, ending.detail)
    };

    let wrong = (Reason::PaymentChallengeFailed, "challenge_failed: no".to_owned());
    assert_eq!(declined("challenge_failed"), wrong);
    let poor = (Reason::PaymentDeclined, "insufficient_funds: no".to_owned());
    assert_eq!(declined("insufficient_funds"), poor);
}

#[test]
fn commands_go_out_with_each_entry_and_news_when_the_status_changes() {
    let check = |from: Option<usize>, to: usize, expected: &[Send]| {
        let steps = steps();
        let from = from.map(|at_row| at(steps[at_row].clone()));
        assert_eq!(sends(from.as_ref(), &at(steps[to].clone())), expected, "to row {to}");
    };
    let lines = vec![StockLine { sku: "A".to_owned(), quantity: 2 }];
    let rejected = ending(Closing::Rejected);

    check(None, 0, &[Send::ReserveStock(lines)]);
    check(Some(0), 1, &[]);
    check(Some(1), 4, &[Send::CommitStock, Send::Confirmed]);
    check(Some(4), 4, &[Send::CommitStock]);
    check(Some(4), 5, &[]);
    check(Some(5), 8, &[]);
    check(Some(1), 7, &[Send::ReleaseStock("payment_declined"), Send::Rejected(rejected.clone())]);
    check(Some(7), 7, &[Send::ReleaseStock("payment_declined")]);
    check(Some(7), 9, &[]);
    check(Some(0), 9, &[Send::Rejected(rejected)]);
    check(Some(4), 10, &[Send::Canceled(ending(Closing::Canceled))]);
}

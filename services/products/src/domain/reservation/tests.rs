//! Rules of reservations, as tables.

use super::*;

fn reservation(state: State) -> Reservation {
    Reservation {
        order_id: OrderId::from_u128(1),
        id: ReservationId::from_u128(2),
        state,
        lines: vec![Line { sku: "A".into(), quantity: 3 }],
        expires_at: Timestamp::from_ms(1000),
        shortages: Vec::new(),
    }
}

fn short() -> Vec<Shortage> {
    vec![Shortage { sku: "A".into(), asked: 3, available: 1 }]
}

type Moved = (MovementKind, i64, i64);

/// The state afterwards, the movement of SKU A, and the answer in one word.
fn told(decision: &Decision) -> (Option<State>, Option<Moved>, &str) {
    let state = match &decision.save {
        Save::Nothing => None,
        Save::Insert(to) | Save::Update { to, .. } => Some(to.state),
    };
    let moved = decision.movements.first();
    let moved = moved.map(|m| (m.kind, m.on_hand_delta, m.reserved_delta));
    let answer = match &decision.answer {
        Answer::Reserved { .. } => "reserved",
        Answer::Rejected { stage: Stage::Reserve, .. } => "rejected at reserve",
        Answer::Rejected { stage: Stage::Commit, .. } => "rejected at commit",
        Answer::Committed => "committed",
        Answer::Released => "released",
    };
    (state, moved, answer)
}

fn check(decision: Decision, state: impl Into<Option<State>>, moved: Option<Moved>, answer: &str) {
    assert_eq!(told(&decision), (state.into(), moved, answer));
}

#[test]
fn a_commit_takes_what_was_set_aside() {
    use MovementKind::Commit;
    let commit = |state, short| commit(&reservation(state), short);
    check(commit(State::Held, vec![]), State::Committed, Some((Commit, -3, -3)), "committed");
    check(commit(State::Held, short()), State::Committed, Some((Commit, -3, -3)), "committed");
    check(commit(State::Expired, vec![]), State::Committed, Some((Commit, -3, 0)), "committed");
    check(commit(State::Expired, short()), State::Rejected, None, "rejected at commit");
    check(commit(State::Committed, vec![]), None, None, "committed");
    check(commit(State::Released, vec![]), None, None, "rejected at commit");
    check(commit(State::Returned, vec![]), None, None, "rejected at commit");
    check(commit(State::Rejected, vec![]), None, None, "rejected at commit");
}

#[test]
fn a_release_gives_back_what_is_held_or_has_left() {
    use MovementKind::{Release, Return};
    let release = |state| release(&reservation(state), "canceled");
    check(release(State::Held), State::Released, Some((Release, 0, -3)), "released");
    check(release(State::Committed), State::Returned, Some((Return, 3, 0)), "released");
    check(release(State::Expired), State::Released, None, "released");
    check(release(State::Released), None, None, "released");
    check(release(State::Returned), None, None, "released");
    check(release(State::Rejected), None, None, "released");
    assert_eq!(release(State::Held).movements[0].reason.as_deref(), Some("canceled"));
}

#[test]
fn a_reserve_takes_all_lines_or_none() {
    let lines = || vec![Line { sku: "A".into(), quantity: 3 }];
    let reserve = |short| {
        let (order, id) = (OrderId::from_u128(1), ReservationId::from_u128(2));
        reserve(order, id, lines(), Timestamp::from_ms(1000), short)
    };
    let moved = Some((MovementKind::Reserve, 0, 3));
    check(reserve(vec![]), State::Held, moved, "reserved");
    check(reserve(short()), State::Rejected, None, "rejected at reserve");
}

#[test]
fn a_repeated_reserve_is_answered_as_the_first_one_was() {
    for state in [State::Held, State::Committed, State::Expired] {
        assert!(matches!(reservation(state).reserve_again(), Answer::Reserved { .. }));
    }
    for state in [State::Released, State::Returned, State::Rejected] {
        assert!(matches!(reservation(state).reserve_again(), Answer::Rejected { .. }));
    }
}

#[test]
fn lines_are_summed_per_sku_and_sorted() {
    let line = |sku: &str, quantity| Line { sku: sku.into(), quantity };
    let merged = merge_lines([line("B", 1), line("A", 2), line("B", 3), line("C", 0)]);
    assert_eq!(merged, Some(vec![line("A", 2), line("B", 4)]));
    assert_eq!(merge_lines([line("A", 0)]), None);
    assert_eq!(merge_lines((0..=LINES_MAX).map(|n| line(&n.to_string(), 1))), None);
    let huge = merge_lines([line("A", u32::MAX), line("A", 1)]).unwrap();
    assert_eq!(huge[0].quantity, u32::MAX);
}

#[test]
fn what_is_not_stocked_is_short() {
    let levels = BTreeMap::from([("A".to_owned(), Level { on_hand: 5, reserved: 3 })]);
    let asked = [
        Line { sku: "A".into(), quantity: 2 },
        Line { sku: "A".into(), quantity: 3 },
        Line { sku: "B".into(), quantity: 1 },
    ];
    let short = shortages(&asked, &levels);
    let figures: Vec<_> = short.iter().map(|s| (s.sku.as_str(), s.available)).collect();
    assert_eq!(figures, [("A", 2), ("B", 0)]);
}

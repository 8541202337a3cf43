//! Start: in order, each child ready before the next.

use supervisor::{Exit, Restart, State, Strategy, SupervisorSpec};

use crate::stage::{Act, SECOND, Stage, settle, state};

fn one_for_one() -> SupervisorSpec {
    SupervisorSpec::new("root", Strategy::OneForOne).intensity(3, SECOND)
}

#[tokio::test]
async fn children_start_in_order() {
    let stage = Stage::new();
    let spec = one_for_one().children(["a", "b", "c"].map(|name| stage.child(name)));

    let running = stage.start(spec).await;

    assert_eq!(stage.journal(), "+a +b +c");
    running.ready().await.unwrap();
}

#[tokio::test]
async fn a_child_waits_until_the_one_before_it_is_ready() {
    let stage = Stage::new();
    let spec = one_for_one().child(stage.child("a").awaits_ready(SECOND)).child(stage.child("b"));

    let running = stage.start(spec).await;
    assert_eq!(stage.journal(), "+a");
    assert_eq!(state(&running, "a"), State::Starting);
    assert_eq!(state(&running, "b"), State::Pending);
    assert_eq!(state(&running, "root"), State::Starting);
    stage.act("a", Act::Ready).await;

    assert_eq!(stage.journal(), "+b");
    assert_eq!(state(&running, "a"), State::Running);
    assert_eq!(state(&running, "root"), State::Running);
}

#[tokio::test]
async fn a_child_that_fails_before_it_is_ready_fails_the_start_of_the_tree() {
    let stage = Stage::new();
    let spec = one_for_one()
        .child(stage.child("a"))
        .child(stage.child("b").awaits_ready(SECOND))
        .child(stage.child("c"));

    let running = stage.start(spec).await;
    stage.act("b", Act::Fail).await;

    assert_eq!(stage.journal(), "+a +b -a");
    let exit = Exit::Error("b failed to start: failed".to_owned());
    assert_eq!(running.ready().await, Err(exit.clone()));
    assert_eq!(running.wait().await, exit);
    assert_eq!(state(&running, "c"), State::Pending);
}

#[tokio::test]
async fn a_child_that_is_not_ready_in_time_is_killed_and_fails_the_start_of_the_tree() {
    let stage = Stage::new();
    let running = stage.start(one_for_one().child(stage.child("a").awaits_ready(SECOND))).await;

    stage.advance(999).await;
    assert_eq!(state(&running, "a"), State::Starting);
    stage.advance(1).await;

    let exit = Exit::Error("a failed to start: not ready within 1s".to_owned());
    assert_eq!(running.wait().await, exit);
    assert_eq!(stage.journal(), "+a");
}

#[tokio::test]
async fn a_transient_child_that_has_done_its_work_lets_the_next_one_start() {
    let stage = Stage::new();
    let migration = stage.child("migration").restart(Restart::Transient).awaits_ready(SECOND);
    let running = stage.start(one_for_one().child(migration).child(stage.child("store"))).await;

    stage.act("migration", Act::Finish).await;

    assert_eq!(stage.journal(), "+migration +store");
    assert_eq!(state(&running, "migration"), State::Exited);
    running.ready().await.unwrap();
}

#[tokio::test]
async fn a_permanent_child_that_ends_before_it_is_ready_fails_the_start_of_the_tree() {
    let stage = Stage::new();
    let running = stage.start(one_for_one().child(stage.child("a").awaits_ready(SECOND))).await;

    stage.act("a", Act::Finish).await;

    assert_eq!(running.wait().await, Exit::Error("a failed to start: normal".to_owned()));
}

#[tokio::test]
async fn a_tree_can_be_stopped_while_it_starts() {
    let stage = Stage::new();
    let slow = stage.child("b").awaits_ready(SECOND * 3600);
    let running = stage.start(one_for_one().child(stage.child("a")).child(slow)).await;

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(stage.journal(), "+a +b -b -a");
}

#[tokio::test]
async fn a_sibling_that_dies_during_start_is_restarted_and_the_start_goes_on() {
    let stage = Stage::new();
    let spec = one_for_one().child(stage.child("a")).child(stage.child("b").awaits_ready(SECOND));
    let running = stage.start(spec).await;

    stage.act("a", Act::Panic).await;
    stage.act("b", Act::Ready).await;

    assert_eq!(stage.journal(), "+a +b +a");
    running.ready().await.unwrap();
}

#[tokio::test]
async fn a_tree_without_children_is_ready_and_waits_to_be_stopped() {
    let stage = Stage::new();
    let running = stage.start(one_for_one()).await;

    running.ready().await.unwrap();
    settle().await;

    assert_eq!(state(&running, "root"), State::Running);
    assert_eq!(running.stop().await, Exit::Shutdown);
}

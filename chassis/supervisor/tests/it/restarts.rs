//! Restart: who comes back, who is taken along, and when it is too much.

use std::time::Duration;

use supervisor::{Backoff, Exit, Restart, State, Strategy, SupervisorSpec};

use crate::stage::{Act, SECOND, Stage, find, state};

fn spec(stage: &Stage, strategy: Strategy) -> SupervisorSpec {
    SupervisorSpec::new("root", strategy)
        .intensity(3, SECOND)
        .children(["a", "b", "c"].map(|name| stage.child(name)))
}

async fn check(strategy: Strategy, expected: &str) {
    let stage = Stage::new();
    let running = stage.start(spec(&stage, strategy)).await;
    stage.journal();

    stage.act("b", Act::Panic).await;

    assert_eq!(stage.journal(), expected, "{strategy:?}");
    drop(running);
}

#[tokio::test]
async fn a_death_takes_along_whom_the_strategy_says() {
    check(Strategy::OneForOne, "+b").await;
    check(Strategy::OneForAll, "-c -a +a +b +c").await;
    check(Strategy::RestForOne, "-c +b +c").await;
}

#[tokio::test]
async fn children_come_back_by_their_type() {
    let check = async |restart: Restart, act: Act, expected: &str| {
        let stage = Stage::new();
        let child = stage.child("a").restart(restart);
        let spec = SupervisorSpec::new("root", Strategy::OneForOne).child(child);
        let running = stage.start(spec).await;
        stage.act("a", act).await;
        assert_eq!(stage.journal(), expected, "{restart:?} {act:?}");
        assert_eq!(state(&running, "root"), State::Running);
    };
    check(Restart::Permanent, Act::Finish, "+a +a").await;
    check(Restart::Permanent, Act::Fail, "+a +a").await;
    check(Restart::Permanent, Act::Panic, "+a +a").await;
    check(Restart::Transient, Act::Finish, "+a").await;
    check(Restart::Transient, Act::Fail, "+a +a").await;
    check(Restart::Transient, Act::Panic, "+a +a").await;
    check(Restart::Temporary, Act::Finish, "+a").await;
    check(Restart::Temporary, Act::Fail, "+a").await;
    check(Restart::Temporary, Act::Panic, "+a").await;
}

#[tokio::test]
async fn a_temporary_child_is_stopped_with_its_group_and_stays_down() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new("root", Strategy::OneForAll)
        .child(stage.child("a"))
        .child(stage.child("b").restart(Restart::Temporary));
    let running = stage.start(spec).await;

    stage.act("a", Act::Fail).await;

    assert_eq!(stage.journal(), "+a +b -b +a");
    assert_eq!(state(&running, "b"), State::Exited);
}

#[tokio::test]
async fn a_transient_child_that_had_ended_runs_again_with_its_group() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new("root", Strategy::RestForOne)
        .child(stage.child("a"))
        .child(stage.child("b").restart(Restart::Transient));
    let _running = stage.start(spec).await;

    stage.act("b", Act::Finish).await;
    stage.act("a", Act::Fail).await;

    assert_eq!(stage.journal(), "+a +b +a +b");
}

#[tokio::test]
async fn one_restart_more_than_the_intensity_stops_the_children_in_reverse_and_fails() {
    let stage = Stage::new();
    let running = stage.start(spec(&stage, Strategy::OneForOne).backoff(Backoff::NONE)).await;
    stage.journal();

    for child in ["a", "b", "a"] {
        stage.act(child, Act::Fail).await;
    }
    assert_eq!(stage.journal(), "+a +b +a");
    stage.act("b", Act::Panic).await;

    assert_eq!(stage.journal(), "-c -a");
    let text = "more than 3 restarts within 1s, the last of b: panic: b panicked";
    assert_eq!(running.wait().await, Exit::Error(text.to_owned()));
    assert_eq!(state(&running, "root"), State::Exited);
    assert_eq!(state(&running, "a"), State::Exited);
}

#[tokio::test]
async fn restarts_that_have_left_the_period_do_not_count() {
    let stage = Stage::new();
    let running = stage.start(spec(&stage, Strategy::OneForOne).backoff(Backoff::NONE)).await;

    for _ in 0..20 {
        stage.act("a", Act::Fail).await;
        stage.advance(334).await;
    }

    assert_eq!(find(&running.tree(), "a").generation, 21);
    assert_eq!(state(&running, "root"), State::Running);
}

#[tokio::test]
async fn two_deaths_at_once_in_one_group_count_as_one_restart() {
    let stage = Stage::new();
    let one = spec(&stage, Strategy::OneForAll).intensity(1, SECOND);
    let running = stage.start(one).await;
    stage.journal();

    stage.cue("a", Act::Panic);
    stage.cue("b", Act::Panic);
    stage.act("c", Act::Panic).await;

    assert_eq!(stage.journal(), "+a +b +c");
    assert_eq!(state(&running, "root"), State::Running);
}

#[tokio::test]
async fn the_first_restart_is_immediate_and_the_next_one_waits() {
    let stage = Stage::new();
    let backoff = Backoff { first: Duration::from_millis(10), max: SECOND };
    let running = stage.start(spec(&stage, Strategy::OneForOne).backoff(backoff)).await;
    stage.journal();

    stage.act("a", Act::Fail).await;
    assert_eq!(stage.journal(), "+a");
    stage.act("a", Act::Fail).await;
    assert_eq!(stage.journal(), "");
    assert_eq!(state(&running, "a"), State::Restarting);
    stage.act("b", Act::Fail).await;
    assert_eq!(stage.journal(), "+b", "a sibling does not wait");
    stage.advance(5).await;
    assert_eq!(stage.journal(), "", "at least half of the pause");
    stage.advance(5).await;

    assert_eq!(stage.journal(), "+a", "at most all of it");
}

#[tokio::test]
async fn a_group_waits_together_and_restarts_in_order() {
    let stage = Stage::new();
    let _running = stage.start(spec(&stage, Strategy::RestForOne)).await;
    stage.act("b", Act::Fail).await;
    stage.journal();

    stage.act("b", Act::Fail).await;
    assert_eq!(stage.journal(), "-c");
    stage.act("a", Act::Fail).await;
    assert_eq!(stage.journal(), "+a +b +c", "an earlier death takes the waiting ones along");
}

#[tokio::test]
async fn a_child_that_always_dies_at_once_exceeds_the_intensity_in_spite_of_its_pauses() {
    let stage = Stage::new();
    let child =
        supervisor::ChildSpec::worker("a", |_| async { Err(Exit::Error("no disk".to_owned())) });
    let spec = SupervisorSpec::new("root", Strategy::OneForOne).intensity(8, SECOND).child(child);
    let running = stage.start(spec).await;

    for _ in 0..500 {
        stage.advance(1).await;
    }

    let exit = running.wait().await;
    let text = "more than 8 restarts within 1s, the last of a: no disk";
    assert_eq!(exit, Exit::Error(text.to_owned()));
    assert_eq!(find(&running.tree(), "a").generation, 9);
}

#[tokio::test]
async fn a_restart_that_does_not_get_ready_counts_like_a_death() {
    let stage = Stage::new();
    let child = stage.child("a").awaits_ready(Duration::from_millis(100));
    let spec = SupervisorSpec::new("root", Strategy::OneForOne)
        .intensity(1, SECOND)
        .backoff(Backoff::NONE)
        .child(child)
        .child(stage.child("b"));
    let running = stage.start(spec).await;
    stage.act("a", Act::Ready).await;
    stage.act("a", Act::Fail).await;
    stage.journal();

    stage.advance(100).await;

    let text = "more than 1 restarts within 1s, the last of a: not ready within 100ms";
    assert_eq!(running.wait().await, Exit::Error(text.to_owned()));
    assert_eq!(stage.journal(), "-b");
}

#[tokio::test]
async fn a_slow_restart_delays_no_sibling_that_does_not_depend_on_it() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new("root", Strategy::OneForOne)
        .intensity(3, SECOND)
        .child(stage.child("a").awaits_ready(SECOND))
        .child(stage.child("b"));
    let running = stage.start(spec).await;
    stage.act("a", Act::Ready).await;
    stage.act("a", Act::Fail).await;
    stage.journal();

    stage.act("b", Act::Fail).await;

    assert_eq!(stage.journal(), "+b");
    assert_eq!(state(&running, "a"), State::Starting);
}

#[tokio::test]
async fn a_panic_while_a_child_is_made_is_its_own() {
    let stage = Stage::new();
    let made = stage.clone();
    let child = supervisor::ChildSpec::worker("a", move |context| {
        made.note(format!("+a{}", context.generation()));
        assert!(context.generation() > 1, "not yet");
        std::future::pending()
    });
    let spec = SupervisorSpec::new("root", Strategy::OneForOne).child(child);

    let running = stage.start(spec).await;

    assert_eq!(stage.journal(), "+a1 +a2");
    let tree = running.tree();
    assert_eq!(find(&tree, "a").last_reason, Some(Exit::Panic("not yet".to_owned())));
}

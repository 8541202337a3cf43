//! The supervisor, held against a small model of the written rules by random lives and deaths.

use std::{ops::Range, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestCaseError};
use supervisor::{Backoff, Exit, Restart, State, Strategy as Spread, SupervisorSpec, Tree};

use crate::stage::{Act, Stage, settle};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const PERIOD_MS: u64 = 1000;
/// Longer than any pause before a restart.
const PAUSE_MS: u64 = 20;

#[derive(Debug, Clone)]
enum Op {
    /// These children die, in this order, before the supervisor hears of the first.
    Die(Vec<(usize, Act)>),
    Pass(u64),
}

#[derive(Debug, Clone)]
struct Plan {
    spread: Spread,
    intensity: u32,
    children: Vec<Restart>,
    ops: Vec<Op>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let spread = select(vec![Spread::OneForOne, Spread::OneForAll, Spread::RestForOne]);
    let restart = select(vec![Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let children = vec(restart, 1..=NAMES.len());
    (spread, 0_u32..6, children).prop_flat_map(|(spread, intensity, children)| {
        let act = select(vec![Act::Finish, Act::Fail, Act::Panic]);
        let death = (0..children.len(), act);
        let op = prop_oneof![
            4 => vec(death, 1..=3).prop_map(Op::Die),
            1 => (0_u64..1200).prop_map(Op::Pass),
        ];
        let ops = vec(op, 1..25);
        (Just(spread), Just(intensity), Just(children), ops).prop_map(
            |(spread, intensity, children, ops)| Plan { spread, intensity, children, ops },
        )
    })
}

/// The rules as they are written, with nothing of how they are carried out.
struct Model {
    plan: Plan,
    now_ms: u64,
    restarts: Vec<(u64, usize)>,
    up: Vec<bool>,
    due: Vec<bool>,
    generation: Vec<u64>,
    failed: bool,
    journal: Vec<String>,
}

impl Model {
    fn new(plan: Plan) -> Self {
        let count = plan.children.len();
        let mut model = Self {
            plan,
            now_ms: 0,
            restarts: Vec::new(),
            up: vec![false; count],
            due: vec![true; count],
            generation: vec![0; count],
            failed: false,
            journal: Vec::new(),
        };
        model.start_due(0..count);
        model
    }

    fn start_due(&mut self, who: Range<usize>) {
        for child in who {
            if std::mem::take(&mut self.due[child]) {
                self.up[child] = true;
                self.generation[child] += 1;
                self.journal.push(format!("+{}", NAMES[child]));
            }
        }
    }

    fn stop(&mut self, children: Range<usize>) {
        for child in children.rev() {
            self.due[child] = false;
            if std::mem::take(&mut self.up[child]) {
                self.journal.push(format!("-{}", NAMES[child]));
            }
        }
    }

    /// Several die at once; those that were taken along by an earlier death are not seen.
    fn die(&mut self, deaths: &[(usize, Act)]) {
        for &(child, _) in deaths {
            self.up[child] = false;
        }
        let mut taken_along = vec![false; self.up.len()];
        for &(child, act) in deaths {
            if self.failed || std::mem::replace(&mut taken_along[child], true) {
                continue;
            }
            for member in self.settle(child, act) {
                taken_along[member] = true;
            }
        }
    }

    /// Returns whom the death took along.
    fn settle(&mut self, child: usize, act: Act) -> Range<usize> {
        let normal = matches!(act, Act::Finish);
        let restart = self.plan.children[child];
        let comes_back =
            restart == Restart::Permanent || (restart == Restart::Transient && !normal);
        if !comes_back {
            return 0..0;
        }
        let count = self.up.len();
        self.restarts.push((self.now_ms, child));
        let now_ms = self.now_ms;
        self.restarts.retain(|&(at, _)| now_ms - at <= PERIOD_MS);
        if self.restarts.len() > self.plan.intensity as usize {
            self.failed = true;
            self.stop(0..count);
            return 0..count;
        }
        let group = match self.plan.spread {
            Spread::OneForOne => child..child + 1,
            Spread::OneForAll => 0..count,
            Spread::RestForOne => child..count,
        };
        self.stop(group.clone());
        for member in group.clone() {
            self.due[member] = self.plan.children[member] != Restart::Temporary;
        }
        // Only the first restart of a child within the period has no pause.
        if self.restarts.iter().filter(|&&(_, other)| other == child).count() == 1 {
            self.start_due(group.clone());
        }
        group
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        if ms > 0 {
            self.start_due(0..self.up.len());
        }
    }
}

async fn check(plan: Plan) -> Result<(), TestCaseError> {
    let stage = Stage::new();
    let backoff = Backoff { first: Duration::from_millis(5), max: Duration::from_millis(PAUSE_MS) };
    let children =
        plan.children.iter().zip(NAMES).map(|(&restart, name)| stage.child(name).restart(restart));
    let spec = SupervisorSpec::new("root", plan.spread)
        .intensity(plan.intensity, Duration::from_millis(PERIOD_MS))
        .backoff(backoff)
        .children(children);
    let running = stage.start(spec).await;
    let mut model = Model::new(plan.clone());

    for op in &plan.ops {
        if model.failed {
            break;
        }
        match op {
            Op::Pass(ms) => {
                stage.advance(*ms).await;
                model.pass(*ms);
            }
            Op::Die(deaths) => {
                let mut once = vec![false; model.up.len()];
                let deaths: Vec<_> = deaths
                    .iter()
                    .copied()
                    .filter(|&(child, _)| {
                        model.up[child] && !std::mem::replace(&mut once[child], true)
                    })
                    .collect();
                deaths.iter().for_each(|&(child, act)| stage.cue(NAMES[child], act));
                settle().await;
                model.die(&deaths);
            }
        }
        stage.advance(PAUSE_MS).await;
        model.pass(PAUSE_MS);
        compare(&running.tree(), &model)?;
        let (seen, expected) = (stage.journal(), std::mem::take(&mut model.journal).join(" "));
        // A child notes its start itself, which may be after a sibling was told to stop.
        for mark in ['+', '-'] {
            prop_assert_eq!(only(mark, &seen), only(mark, &expected), "{} for {}", seen, expected);
        }
    }
    let exit = if model.failed { running.wait().await } else { running.stop().await };
    prop_assert_eq!(matches!(exit, Exit::Error(_)), model.failed, "{:?}", exit);
    Ok(())
}

fn only(mark: char, journal: &str) -> Vec<&str> {
    journal.split(' ').filter(|line| line.starts_with(mark)).collect()
}

fn compare(tree: &Tree, model: &Model) -> Result<(), TestCaseError> {
    let root = if model.failed { State::Exited } else { State::Running };
    prop_assert_eq!(tree.state, root);
    for (child, node) in tree.children.iter().enumerate() {
        let state = if model.up[child] { State::Running } else { State::Exited };
        prop_assert_eq!((node.state, node.generation), (state, model.generation[child]));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_supervisor_does_what_the_written_rules_say(plan in plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // Panics of children are part of the plan.
        std::panic::set_hook(Box::new(|_| {}));
        let result = runtime.block_on(check(plan));
        drop(std::panic::take_hook());
        result?;
    }
}

//! A stage for children that do what the test tells them, and a journal of what happened.

#![expect(clippy::unwrap_used, reason = "a broken stage fails the test")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kernel::{Clock, Ids, Timestamp};
use supervisor::{ChildSpec, Context, Exit, Running, State, Supervisor, SupervisorSpec, Tree};
use tokio::sync::mpsc;

/// What a child is told to do.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Ready,
    Finish,
    Fail,
    Panic,
}

#[derive(Clone)]
pub struct Stage {
    pub clock: Clock,
    journal: Arc<Mutex<Vec<String>>>,
    cues: Arc<Mutex<HashMap<String, mpsc::Sender<Act>>>>,
}

impl Stage {
    pub fn new() -> Self {
        let clock = Clock::manual(Timestamp::default());
        Self { clock, journal: Arc::default(), cues: Arc::default() }
    }

    /// Writes `+name` when it starts and `-name` when it is told to stop.
    pub fn child(&self, name: &'static str) -> ChildSpec {
        let stage = self.clone();
        ChildSpec::worker(name, move |context| stage.clone().play(name, context))
    }

    /// Never hears that it is to stop.
    pub fn deaf(&self, name: &'static str) -> ChildSpec {
        let stage = self.clone();
        ChildSpec::worker(name, move |_| {
            stage.note(format!("+{name}"));
            std::future::pending()
        })
    }

    async fn play(self, name: &'static str, context: Context) -> Result<(), Exit> {
        let (cue, mut cues) = mpsc::channel(4);
        self.cues.lock().unwrap().insert(name.to_owned(), cue);
        self.note(format!("+{name}"));
        loop {
            tokio::select! {
                biased;
                act = cues.recv() => match act {
                    Some(Act::Ready) => context.ready(),
                    Some(Act::Fail) => return Err(Exit::Error("failed".to_owned())),
                    Some(Act::Panic) => panic!("{name} panicked"),
                    Some(Act::Finish) | None => return Ok(()),
                },
                () = context.stopping() => {
                    self.note(format!("-{name}"));
                    return Ok(());
                }
            }
        }
    }

    pub fn note(&self, line: String) {
        self.journal.lock().unwrap().push(line);
    }

    /// What happened since the last call.
    pub fn journal(&self) -> String {
        std::mem::take(&mut *self.journal.lock().unwrap()).join(" ")
    }

    pub fn cue(&self, name: &str, act: Act) {
        self.cues.lock().unwrap()[name].try_send(act).unwrap();
    }

    pub async fn act(&self, name: &str, act: Act) {
        self.cue(name, act);
        settle().await;
    }

    pub async fn advance(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
        settle().await;
    }

    pub async fn start(&self, spec: SupervisorSpec) -> Running {
        let ids = Ids::seeded(self.clock.clone(), 1);
        let running = Supervisor::start_with(spec, self.clock.clone(), ids);
        settle().await;
        running
    }
}

/// Lets every task do all it can without time passing: there is one thread, and nothing does IO.
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// The child of that name, anywhere in the tree.
pub fn find<'a>(tree: &'a Tree, name: &str) -> &'a Tree {
    fn search<'a>(tree: &'a Tree, name: &str) -> Option<&'a Tree> {
        let below = || tree.children.iter().find_map(|child| search(child, name));
        if tree.name == name { Some(tree) } else { below() }
    }
    search(tree, name).unwrap()
}

pub fn state(running: &Running, name: &str) -> State {
    find(&running.tree(), name).state
}

pub const SECOND: Duration = Duration::from_secs(1);

//! A tree that runs: how it is started, stopped, waited for.

use std::{pin::pin, sync::Arc};

use futures::future::{Either, select};
use kernel::{Clock, Ids};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use crate::{
    Context, Exit, Shutdown, State, SupervisorSpec, Tree, View,
    branch::Branch,
    context::{Env, Life},
    flag::Flag,
    tree::Node,
};

/// Starts trees.
pub struct Supervisor;

impl Supervisor {
    /// Starts a tree on the current runtime and returns at once; see [`Running::ready`].
    pub fn start(spec: SupervisorSpec, clock: Clock) -> Running {
        let ids = Ids::system(clock.clone());
        Self::start_with(spec, clock, ids)
    }

    /// The same, with the chance in its pauses drawn from `ids`, so that a seeded run repeats.
    #[expect(clippy::disallowed_methods, reason = "the root of the tree is supervised by nobody")]
    pub fn start_with(spec: SupervisorSpec, clock: Clock, ids: Ids) -> Running {
        let root = Node::of_supervisor(&spec);
        let view = View::new(root.clone(), clock.clone());
        let life = Life {
            name: spec.name.clone(),
            generation: root.started(clock.instant()),
            shutdown: Shutdown::Infinity,
            stop: Flag::default(),
            ready: Flag::default(),
            wake: Arc::new(Notify::new()),
            env: Env { clock, ids, root: root.clone() },
        };
        let (stop, ready) = (life.stop.clone(), life.ready.clone());
        let (report, ended) = watch::channel(None);
        let branch = Branch::new(Arc::new(spec), root.clone(), life.env.clone());
        let drive = drive(branch, Context::new(life), root, ready.clone(), report);
        let abort = tokio::spawn(drive).abort_handle();
        Running { view, stop, ready, ended, abort }
    }
}

/// Plays the parent of the root.
async fn drive(
    branch: Branch,
    context: Context,
    root: Arc<Node>,
    ready: Flag,
    report: watch::Sender<Option<Exit>>,
) {
    let mut run = branch.run(context);
    let exit = match select(&mut run, pin!(ready.raised())).await {
        Either::Left((exit, _)) => exit,
        Either::Right(((), _)) => {
            root.turned(State::Running);
            run.await
        }
    };
    root.ended(exit.clone());
    report.send_replace(Some(exit));
}

/// A tree that runs. Dropping it aborts the tree; [`Running::stop`] is the orderly way.
#[must_use = "dropping it aborts the tree"]
pub struct Running {
    view: View,
    stop: Flag,
    ready: Flag,
    ended: watch::Receiver<Option<Exit>>,
    abort: AbortHandle,
}

impl Running {
    /// Waits until all children are ready for the first time; fails with the tree's exit when it
    /// ends before that.
    pub async fn ready(&self) -> Result<(), Exit> {
        match select(pin!(self.ready.raised()), pin!(self.wait())).await {
            Either::Left(((), _)) => Ok(()),
            Either::Right((exit, _)) => Err(exit),
        }
    }

    /// Stops all children in reverse start order, each within its limit, and waits for the end.
    pub async fn stop(&self) -> Exit {
        self.stop.raise();
        self.wait().await
    }

    /// Waits until the tree has ended: [`Exit::Shutdown`] when it was stopped, otherwise why it
    /// failed.
    pub async fn wait(&self) -> Exit {
        let mut ended = self.ended.clone();
        let exit = ended.wait_for(Option::is_some).await.map(|exit| exit.clone());
        // Without a report, the runtime has dropped the tree.
        exit.ok().flatten().unwrap_or(Exit::Killed)
    }

    /// The tree as it is now.
    pub fn tree(&self) -> Tree {
        self.view.tree()
    }

    /// Something that shows the tree and may be given away.
    pub fn view(&self) -> View {
        self.view.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

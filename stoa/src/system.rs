//! The whole system wired on one screen: which service, which database, which queue, which transport.
//!
//! The supervision tree, in start order; it stops the other way round:
//!
//! ```text
//! stoa                    one_for_one
//! ├── calls               calls of services to each other, each a task of its own
//! ├── peer connections    to services in other processes, where there are some
//! ├── users               rest_for_one: tasks, relay, janitor, then what the service brings
//! ├── products
//! ├── orders
//! ├── payments
//! ├── grpc                the second listener, where there is one
//! └── http                the listener
//! ```
pub mod databases;
mod needs;
mod running;

use crate::api::Described;
use crate::cli::ServiceName;
use crate::data_dir::{DataDir, PassingDir};
use crate::exit::Stopped;
use crate::settings::Settings;
use crate::{ops, pages};
use axum::Router;
use bus::Bus;
use databases::{Databases, stopped};
use delivery::{Outbox, Prompt};
use edge::auth::{ServiceKey, Verifier};
use edge::health::Health;
use edge::ops::{Ops, TreeSlot};
use edge::peer::PeersParts;
use edge::serve::Drain;
use edge::{Deps, Front, Peers, Service, Switchboard};
use futures::future::try_join_all;
use kernel::{Clock, Ids};
pub use needs::admin_refused;
pub use running::System;
use std::sync::Arc;
use std::time::Duration;
use supervisor::{ChildSpec, Shutdown, Strategy, SupervisorSpec, Tasks};

/// Calls of services to each other that are under way at once, at most.
const CALLS_MAX: u32 = 16_384;
/// Connections to services in other processes, at most.
const CONNECTIONS_MAX: u32 = 1_024;
/// Tasks of one service that outlive their requests, at most.
const TASKS_MAX: u32 = 16_384;

/// What every service is given a share of.
#[derive(Clone)]
struct Common {
    clock: Clock,
    ids: Ids,
    bus: Arc<dyn Bus>,
    auth: Verifier,
    peers: Peers,
    /// Names this process among those that share a database.
    owner: Arc<str>,
}

/// A service that is put together, not yet started.
struct Assembled {
    service: Service,
    child: ChildSpec,
    outbox: Outbox,
}

/// What the services stand on together.
struct Ground {
    data_dir: DataDir,
    databases: Databases,
    common: Common,
    switchboard: Switchboard,
    drain: Drain,
    /// What carries calls between services.
    children: Vec<ChildSpec>,
}

/// Opens everything, binds, starts. The listener answers when this returns.
pub async fn start(
    settings: Settings,
    which: &[ServiceName],
    extra: Router,
) -> Result<System, Stopped> {
    needs::check(&settings, which)?;
    let mut ground = lay_ground(&settings, which).await?;
    let common = &ground.common;
    let databases = &ground.databases;
    let assembled = which.iter().map(|name| assemble(*name, &settings, databases, common));
    let assembled = try_join_all(assembled).await?;
    let setup_token = needs::administrator(&settings, &assembled, databases, common).await?;

    let mut root = SupervisorSpec::new("stoa", Strategy::OneForOne)
        .intensity(3, Duration::from_secs(10))
        .children(std::mem::take(&mut ground.children));
    let mut services = Vec::new();
    let (limits, drain, clock) = (&settings.edge, &ground.drain, &common.clock);
    let front = || common.front(limits, drain);
    let mut described = Vec::new();
    for Assembled { mut service, child, .. } in assembled {
        // A front of its own: calls from inside are never shed because many come from outside.
        ground.switchboard.plug(service.name, front().wrap(service.router()));
        root = root.child(child);
        described.push(description(&mut service));
        services.push(service);
    }
    let tree = TreeSlot::default();
    let health = Health::new(&services, drain.clone(), clock.clone(), telemetry::render_metrics);
    let router = routes(&services, &common.bus, &tree).merge(pages::router(described)).merge(extra);
    let router = front().wrap(router).merge(health.routes());
    let listener = |name, bound, router| {
        edge::serve::listener(name, bound, router, limits.clone(), drain.clone(), clock.clone())
    };
    let mut bound = Vec::new();
    if let Some(address) = &settings.grpc_listen {
        let at = running::bind(address).await?;
        root = root.child(listener("grpc", at.clone(), front().wrap(grpc_routes(&services))));
        bound.push(at);
    }
    let at = running::bind(&settings.listen).await?;
    root = root.child(listener("http", at.clone(), router));
    bound.push(at);
    let (drain, clock) = (drain.clone(), clock.clone());
    let Ground { data_dir, databases, .. } = ground;
    let parts = running::Parts {
        settings,
        data_dir,
        databases,
        root,
        clock,
        drain,
        tree,
        bound,
        setup_token,
    };
    running::started(parts).await
}

/// What these services promise over REST: they are put together over empty databases, in a
/// directory of their own for as long as that takes, and not started.
pub async fn describe(which: &[ServiceName]) -> Result<Vec<Described>, Stopped> {
    let passing = PassingDir::new("stoa-openapi");
    let settings = Settings { data_dir: Some(passing.path()), ..Settings::default() };
    let ground = lay_ground(&settings, which).await?;
    let (databases, common) = (&ground.databases, &ground.common);
    let assembled = which.iter().map(|name| assemble(*name, &settings, databases, common));
    let assembled = try_join_all(assembled).await?;
    let described = assembled.into_iter().map(|mut one| description(&mut one.service)).collect();
    databases.close().await;
    Ok(described)
}

fn description(service: &mut Service) -> Described {
    (service.name, std::mem::take(&mut service.openapi))
}

/// Takes hold of the data directory, opens the databases, and lays the lines between the services.
async fn lay_ground(settings: &Settings, which: &[ServiceName]) -> Result<Ground, Stopped> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let data_dir = DataDir::hold(settings.data_dir())?;
    let databases = Databases::open(settings, which, &clock).await?;
    let bus = Arc::clone(&databases.bus);
    let (calls, calls_child) = Tasks::new("calls", CALLS_MAX);
    let (connections, connections_child) = Tasks::new("peer connections", CONNECTIONS_MAX);
    let targets = needs::targets(settings, which);
    let mut children = vec![calls_child];
    if !targets.is_empty() {
        children.push(connections_child.shutdown(Shutdown::BrutalKill));
    }
    let switchboard = Switchboard::default();
    let peers = Peers::new(PeersParts {
        switchboard: switchboard.clone(),
        targets,
        calls,
        connections,
        clock: clock.clone(),
        ids: ids.clone(),
        key: ServiceKey::new(&data_dir.service_secret(&ids)?, clock.clone()),
    });
    let auth = Verifier::new(peers.to("users"), clock.clone());
    // Whoever holds the data directory is alone: after a crash it has its leases again at once.
    let owner = "the holder of the data directory".into();
    let common = Common { clock, ids, bus, auth, peers, owner };
    Ok(Ground { data_dir, databases, common, switchboard, drain: Drain::default(), children })
}

impl Common {
    fn front(&self, limits: &edge::Settings, drain: &Drain) -> Front {
        let (auth, clock, ids) = (self.auth.clone(), self.clock.clone(), self.ids.clone());
        Front::new(limits.clone(), auth, drain.clone(), clock, ids)
    }
}

/// Puts a service together over its database, and beside it what delivers its messages.
async fn assemble(
    name: ServiceName,
    settings: &Settings,
    databases: &Databases,
    common: &Common,
) -> Result<Assembled, Stopped> {
    let Common { clock, ids, bus, auth, peers, owner } = common.clone();
    let store = databases.of(name)?.clone();
    let prompt = Prompt::default();
    let outbox = Outbox::new(source(name), ids.clone(), clock.clone(), prompt.clone());
    let (tasks, tasks_child) = Tasks::new("tasks", TASKS_MAX);
    let limits = settings.delivery_of(name);
    let relay = delivery::relay(&store, &bus, &clock, &outbox, &prompt, &owner, limits);
    let janitor = delivery::janitor(&store, name.as_str(), &clock, limits);
    let deps = Deps {
        store,
        bus,
        outbox: outbox.clone(),
        clock,
        ids,
        auth,
        tasks,
        peers: peers.seen_by(name.as_str()),
    };
    let mut service = serve(name, deps, settings, databases).await?;
    let child = SupervisorSpec::new(name.as_str(), Strategy::RestForOne)
        .intensity(5, Duration::from_secs(10))
        .children([tasks_child, relay, janitor])
        .children(std::mem::take(&mut service.children));
    Ok(Assembled { service, child: ChildSpec::supervisor(child), outbox })
}

async fn serve(
    name: ServiceName,
    deps: Deps,
    settings: &Settings,
    databases: &Databases,
) -> Result<Service, Stopped> {
    match name {
        ServiceName::Users => {
            let service = users::service(deps, settings.users.clone()).await;
            service.map_err(|e| running::users_stopped(&e))
        }
        ServiceName::Products => {
            let service = products::service(deps, settings.products.clone()).await;
            service.map_err(|e| stopped("products", &e))
        }
        ServiceName::Orders => {
            let service = orders::service(deps, settings.orders.clone()).await;
            service.map_err(|e| running::orders_stopped(&e))
        }
        ServiceName::Payments => {
            let bank = databases.bank()?.clone();
            let service = payments::service(deps, bank, settings.payments.clone()).await;
            service.map_err(|e| running::payments_stopped(&e))
        }
    }
}

/// What is answered behind the front, beside the pages: the services, and what operators ask.
fn routes(services: &[Service], bus: &Arc<dyn Bus>, tree: &TreeSlot) -> Router {
    let ours = Ops::new(services, Arc::clone(bus), tree.clone());
    services
        .iter()
        .fold(Router::new(), |router, service| router.merge(service.router()))
        .merge(ours.routes())
        .merge(ops::router(Arc::clone(bus)))
}

fn grpc_routes(services: &[Service]) -> Router {
    services
        .iter()
        .filter_map(|service| service.grpc.clone())
        .fold(Router::new(), |router, grpc| router.merge(grpc.into_axum_router().reset_fallback()))
}

/// Who speaks in the messages of a service.
fn source(name: ServiceName) -> &'static str {
    match name {
        ServiceName::Users => "/users",
        ServiceName::Products => "/products",
        ServiceName::Orders => "/orders",
        ServiceName::Payments => "/payments",
    }
}

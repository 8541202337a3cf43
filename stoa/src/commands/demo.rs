//! `stoa demo`: a small seeded shop with a few simulated customers, all through the public API.
mod customers;
mod pictures;
mod shop;
mod window;

use super::serve;
use crate::cli::{Demo, Output, ServiceName};
use crate::client::Client;
use crate::data_dir::PassingDir;
use crate::exit::Stopped;
use crate::settings::Settings;
use crate::system;
use std::time::Duration;
use supervisor::{Strategy, SupervisorSpec};

/// Serves all services, puts the shop in, and lets the customers come.
pub async fn run(mut settings: Settings, args: Demo, output: Output) -> Result<(), Stopped> {
    let _log = serve::log(&settings)?;
    let passing = settings.data_dir.is_none().then(|| PassingDir::new("stoa-demo"));
    if let Some(passing) = &passing {
        settings.data_dir = Some(passing.path());
    }
    let owner = shop::owner(&mut settings)?;
    let which = ServiceName::ALL;
    let mut system = system::start(settings, &which, window::routes()).await?;
    let mut banner = system.banner(&which);
    let clock = system.clock().clone();
    let (staff, products) = shop::open(&banner.url, &owner, &clock).await?;
    let account = owner.file.display();
    banner.demo = Some(format!("\"Agora\", {products} products; staff account: {account}"));
    serve::announce(&banner, output)?;
    let visitor = Client::new(&banner.url, clock.clone())?;
    let customers = (0..args.customers)
        .map(|number| customers::customer(number, args.seed, visitor.clone(), &clock));
    let crowd = SupervisorSpec::new("demo", Strategy::OneForOne)
        .intensity(10, Duration::from_secs(10))
        .child(shop::shopkeeper(&staff, &clock))
        .children(customers);
    system.beside(crowd);
    system.serve().await
}

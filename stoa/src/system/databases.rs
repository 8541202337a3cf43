//! The databases of the system: which file each one is, how it is opened, what its errors mean here.
use crate::cli::ServiceName;
use crate::exit::{Exit, Stopped};
use crate::settings::{BusUrl, Durability, Settings};
use bus::{Bus, Embedded};
use futures::future::{join_all, select_all, try_join_all, try_join3};
use kernel::Clock;
use kernel::audit::Audit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Error, Store};

const QUEUE: &str = "queue";
const BANK: &str = "sandbox";
/// What to do about a damaged file. One restored alone would not fit the others.
pub const RESTORE: &str =
    "restore the newest backup, all files of it: the databases refer to each other";

fn file(settings: &Settings, name: &str) -> PathBuf {
    settings.database_dir().join(format!("{name}.db"))
}

/// Every database of a process.
pub struct Databases {
    /// The queue that is kept in one of them.
    pub bus: Arc<dyn Bus>,
    queue: Store,
    services: Vec<(ServiceName, Store)>,
    /// The books of the sandbox bank, which belong to no service; there when payments is.
    bank: Option<Store>,
}

impl Databases {
    /// Opens those of these services, all at once, and brings their tables to this version.
    pub async fn open(
        settings: &Settings,
        which: &[ServiceName],
        clock: &Clock,
    ) -> Result<Self, Stopped> {
        let services = which.iter().map(|service| async {
            let store = of_service(settings, *service, clock).await?;
            Ok((*service, store))
        });
        let bank = async {
            if which.contains(&ServiceName::Payments) {
                return of_bank(settings, clock).await.map(Some);
            }
            Ok(None)
        };
        let opened = try_join3(of_queue(settings, clock), try_join_all(services), bank).await?;
        let ((queue, bus), services, bank) = opened;
        Ok(Self { bus, queue, services, bank })
    }

    /// The database of a service that this process runs.
    pub fn of(&self, service: ServiceName) -> Result<&Store, Stopped> {
        let found = self.services.iter().find(|(name, _)| *name == service);
        let missing = || Stopped::bug(format!("the database of {} is not open", service.as_str()));
        found.map(|(_, store)| store).ok_or_else(missing)
    }

    /// The bank's books, where payments runs.
    pub fn bank(&self) -> Result<&Store, Stopped> {
        self.bank.as_ref().ok_or_else(|| Stopped::bug("the bank's books are not open"))
    }

    fn all(&self) -> impl Iterator<Item = &Store> {
        self.services.iter().map(|(_, store)| store).chain([&self.queue]).chain(&self.bank)
    }

    /// Writes out and closes all of them.
    pub async fn close(&self) {
        join_all(self.all().map(Store::close)).await;
    }

    /// Resolves when the disk failed under one of them: nothing is written from then on.
    pub async fn failed(&self) -> Stopped {
        let failures = self.all().map(|store| {
            let failed =
                async { stopped(format!("the database {}", store.name()), &store.failed().await) };
            Box::pin(failed)
        });
        select_all(failures).await.0
    }
}

/// The database of a service, with its tables at this version.
pub async fn of_service(
    settings: &Settings,
    service: ServiceName,
    clock: &Clock,
) -> Result<Store, Stopped> {
    let path = settings.database_file(service);
    let store = open(settings, service.as_str(), &path, clock).await?;
    migrate(service, &store).await.map_err(|e| stopped(path.display(), &e))?;
    Ok(store)
}

async fn of_queue(settings: &Settings, clock: &Clock) -> Result<(Store, Arc<dyn Bus>), Stopped> {
    match settings.bus_url {
        BusUrl::Embedded => {
            let store = open(settings, QUEUE, &file(settings, QUEUE), clock).await?;
            let bus = Embedded::open(store.clone(), clock.clone()).await;
            Ok((store, Arc::new(bus.map_err(|e| queue_stopped(&e))?)))
        }
    }
}

async fn of_bank(settings: &Settings, clock: &Clock) -> Result<Store, Stopped> {
    let path = file(settings, BANK);
    let store = open(settings, BANK, &path, clock).await?;
    payments::migrate_bank(&store).await.map_err(|e| stopped(path.display(), &e))?;
    Ok(store)
}

/// A service's database as it is, for reading only; none when there is no such file.
pub async fn for_reading(
    settings: &Settings,
    service: ServiceName,
    clock: &Clock,
) -> Result<Option<Store>, Stopped> {
    read(service.as_str(), &settings.database_file(service), clock).await
}

/// The bank's books as they are, for reading only; none when there is no such file.
pub async fn bank_for_reading(
    settings: &Settings,
    clock: &Clock,
) -> Result<Option<Store>, Stopped> {
    read(BANK, &file(settings, BANK), clock).await
}

async fn open(
    settings: &Settings,
    name: &'static str,
    path: &Path,
    clock: &Clock,
) -> Result<Store, Stopped> {
    let mut opening = store::Settings::sqlite(name, path);
    opening.durability = match settings.durability {
        Durability::Full => store::Durability::Full,
        Durability::Normal => store::Durability::Normal,
    };
    let opened = Store::open(opening, clock.clone()).await;
    opened.map_err(|e| stopped(path.display(), &e))
}

async fn read(name: &'static str, path: &Path, clock: &Clock) -> Result<Option<Store>, Stopped> {
    if !path.exists() {
        return Ok(None);
    }
    let settings = store::Settings::sqlite(name, path).read_only();
    let opened = Store::open(settings, clock.clone()).await;
    opened.map(Some).map_err(|e| stopped(path.display(), &e))
}

/// Brings a service's tables to this version.
async fn migrate(service: ServiceName, store: &Store) -> Result<(), Error> {
    delivery::migrate(store).await?;
    match service {
        ServiceName::Users => users::migrate(store).await,
        ServiceName::Products => products::migrate(store).await,
        ServiceName::Orders => orders::migrate(store).await,
        ServiceName::Payments => payments::migrate(store).await,
    }
}

/// Folds the books of a service.
pub async fn audit(service: ServiceName, store: &Store) -> Result<Audit, Error> {
    match service {
        ServiceName::Users => users::audit(store).await,
        ServiceName::Products => products::audit(store).await,
        ServiceName::Orders => orders::audit(store).await,
        ServiceName::Payments => payments::audit(store).await,
    }
}

/// Why a database ends the program: what happened to `which`, and what its owner can do.
pub fn stopped(which: impl std::fmt::Display, error: &Error) -> Stopped {
    let (exit, advice) = match error {
        Error::Full => (Exit::Io, "free some disk space, then start again: nothing is lost"),
        Error::ReadOnly(_) => {
            (Exit::CannotCreate, "give the process the right to write there, or another --data-dir")
        }
        Error::Corrupt(_) => (Exit::Data, RESTORE),
        Error::Newer { .. } => (
            Exit::Config,
            "start the newer version of stoa that wrote it, or restore a backup of this version",
        ),
        Error::Altered { .. } => {
            (Exit::Config, "start the build of stoa that wrote it: this one was changed")
        }
        Error::Unavailable(_) => (Exit::Io, "see that nothing else has the file open"),
        Error::Row(_) => (Exit::Data, "run stoa audit; the file may be damaged"),
        Error::Conflict { .. } | Error::Statement { .. } => {
            (Exit::Bug, "report this with the message above")
        }
    };
    Stopped::new(exit, format!("{which}: {error}")).advise(advice)
}

/// Why the queue ends the program.
pub fn queue_stopped(error: &bus::Error) -> Stopped {
    match error {
        bus::Error::Store(error) => stopped("queue.db", error),
        bus::Error::Unroutable { .. } | bus::Error::UnknownQueue(_) | bus::Error::Cursor(_) => {
            Stopped::bug(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_a_database_has_its_code() {
        let check = |error: Error, exit: Exit| assert_eq!(stopped("users.db", &error).exit, exit);

        check(Error::Full, Exit::Io);
        check(Error::ReadOnly("x".into()), Exit::CannotCreate);
        check(Error::Corrupt("x".into()), Exit::Data);
        check(Error::Newer { component: "users".into(), found: 2, known: 1 }, Exit::Config);
        check(Error::Altered { component: "users".into(), version: 1 }, Exit::Config);
        check(Error::Unavailable("x".into()), Exit::Io);
        check(Error::Row("x".into()), Exit::Data);
    }
}

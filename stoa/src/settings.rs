//! The settings of the whole program: each part's own struct under its name, and what is left.
//!
//! Flags win over `STOA_*` variables, these over `stoa.toml`, that over defaults. A variable names
//! a setting of a part with two underscores: `STOA_ORDERS__RESEND_MS` is `resend_ms` in
//! `[orders]`. An empty variable counts as not set.
mod layers;
mod sources;
mod urls;

use crate::cli::{LogForm, ServiceName};
use crate::exit::{Stopped, io};
use edge::peer::Target;
use edge::serve::Address;
use serde::{Deserialize, Deserializer};
pub use sources::settle;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
pub use urls::{BusUrl, DatabaseUrl};

const DATA_DIR: &str = "./stoa-data";
/// What stopping needs beside the requests that are under way: children, logs, databases.
const CLOSING_MS: u64 = 2_000;

/// Everything that can be set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Directory of the databases, the secrets and the lock. Default `./stoa-data`.
    pub data_dir: Option<PathBuf>,
    /// Address for HTTP and gRPC, or `unix:/path`; port 0 picks a free one. Default
    /// `127.0.0.1:4000`.
    #[serde(deserialize_with = "address")]
    pub listen: Address,
    /// Second address, for gRPC alone. Default: none.
    #[serde(deserialize_with = "some_address")]
    pub grpc_listen: Option<Address>,
    /// `sqlite:` or `sqlite:DIR`. Default `sqlite:`, files in the data directory.
    pub database_url: DatabaseUrl,
    /// What a commit waits for: `full`, the disk, or `normal`, the operating system. Default `full`.
    /// `normal` is for measurements: a power cut may lose acknowledged orders.
    pub durability: Durability,
    /// `embedded:`. Default `embedded:`, a file in the data directory.
    pub bus_url: BusUrl,
    /// `pretty` or `json`. Default: pretty on a terminal, else JSON.
    pub log: Option<LogForm>,
    /// Which log lines are written, as `level` or `target=level,...`. Default `info`.
    pub log_filter: String,
    /// Threads that answer requests. Default: one per core, at least 2.
    pub worker_threads: Option<usize>,
    /// From the signal to the end of the process, in ms, whatever is still under way. Default
    /// 10,000.
    pub drain_ms: u64,
    /// The first administrator.
    pub admin: Admin,
    /// `sqlite:FILE` for one service; wins over `database_url`.
    pub databases: PerService<DatabaseUrl>,
    /// Where a service that this process does not run is: `http://host:port` or `unix:/path`.
    pub peers: PerService<Target>,
    pub users: users::Settings,
    pub products: products::Settings,
    pub orders: orders::Settings,
    pub payments: payments::Settings,
    /// How messages are delivered by the services whose own part does not say it.
    pub delivery: delivery::Settings,
    pub edge: edge::Settings,
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    Address::from_str(&text).map_err(serde::de::Error::custom)
}

fn some_address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    address(from).map(Some)
}

fn picks_port(address: &Address) -> bool {
    match address {
        Address::Tcp(address) => address.port() == 0,
        Address::Unix(_) => false,
    }
}

/// What every database waits for before it says that something is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    #[default]
    Full,
    Normal,
}

/// Created at start when there is no administrator yet; afterwards ignored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Their address. Default: none.
    pub email: Option<String>,
    /// Their password. Default: none.
    pub password: Option<String>,
    /// A file that holds the password, for secrets that are mounted. Default: none.
    pub password_file: Option<PathBuf>,
}

/// One value per service, none by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerService<T> {
    pub users: Option<T>,
    pub products: Option<T>,
    pub orders: Option<T>,
    pub payments: Option<T>,
}

impl<T> Default for PerService<T> {
    fn default() -> Self {
        Self { users: None, products: None, orders: None, payments: None }
    }
}

impl<T> PerService<T> {
    pub fn of(&self, service: ServiceName) -> Option<&T> {
        match service {
            ServiceName::Users => self.users.as_ref(),
            ServiceName::Products => self.products.as_ref(),
            ServiceName::Orders => self.orders.as_ref(),
            ServiceName::Payments => self.payments.as_ref(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: None,
            listen: Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 4000))),
            grpc_listen: None,
            database_url: DatabaseUrl::default(),
            durability: Durability::default(),
            bus_url: BusUrl::default(),
            log: None,
            log_filter: "info".to_owned(),
            worker_threads: None,
            drain_ms: 10_000,
            admin: Admin::default(),
            databases: PerService::default(),
            peers: PerService::default(),
            users: users::Settings::default(),
            products: products::Settings::default(),
            orders: orders::Settings::default(),
            payments: payments::Settings::default(),
            delivery: delivery::Settings::default(),
            edge: edge::Settings::default(),
        }
    }
}

impl Settings {
    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.as_deref().unwrap_or(Path::new(DATA_DIR))
    }

    /// The file of a service's database.
    pub fn database_file(&self, service: ServiceName) -> PathBuf {
        if let Some(DatabaseUrl::Sqlite(Some(file))) = self.databases.of(service) {
            return file.clone();
        }
        self.database_dir().join(format!("{}.db", service.as_str()))
    }

    /// Where the database files are that have no name of their own.
    pub fn database_dir(&self) -> &Path {
        match &self.database_url {
            DatabaseUrl::Sqlite(Some(dir)) => dir,
            DatabaseUrl::Sqlite(None) => self.data_dir(),
        }
    }

    /// How the messages of a service are delivered.
    pub fn delivery_of(&self, service: ServiceName) -> &delivery::Settings {
        match service {
            ServiceName::Users | ServiceName::Payments => &self.delivery,
            ServiceName::Products => &self.products.delivery,
            ServiceName::Orders => &self.orders.delivery,
        }
    }

    pub fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, usize::from);
        self.worker_threads.unwrap_or_else(|| cores().max(2))
    }

    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// What holds between settings; each of them alone is checked when it is read.
    fn checked(mut self) -> Result<Self, Stopped> {
        if self.worker_threads == Some(0) {
            return Err(Stopped::usage("setting worker_threads: 0 threads answer nothing"));
        }
        if self.grpc_listen.as_ref() == Some(&self.listen) && !picks_port(&self.listen) {
            return Err(Stopped::usage("setting grpc_listen: the same address as listen")
                .advise("leave it out: gRPC is answered on the first listener too"));
        }
        let admin = &self.admin;
        if admin.password.is_some() && admin.password_file.is_some() {
            return Err(Stopped::usage(
                "settings admin.password and admin.password_file: give one",
            ));
        }
        if admin.email.is_some() != (admin.password.is_some() || admin.password_file.is_some()) {
            return Err(Stopped::usage("settings admin.email and admin.password belong together")
                .advise("STOA_ADMIN_EMAIL with STOA_ADMIN_PASSWORD or STOA_ADMIN_PASSWORD_FILE"));
        }
        // The listeners stop one after the other, within the deadline of the process.
        let listeners = 1 + u64::from(self.grpc_listen.is_some());
        let left = self.drain_ms.saturating_sub(CLOSING_MS) / listeners;
        self.edge.lame_duck_ms = self.edge.lame_duck_ms.min(left);
        let left = left - self.edge.lame_duck_ms;
        self.edge.drain_ms_max = self.edge.drain_ms_max.min(left);
        Ok(self)
    }
}

impl Admin {
    /// Email and password, when both are set.
    pub fn credentials(&self) -> Result<Option<(String, String)>, Stopped> {
        let Some(email) = self.email.clone() else { return Ok(None) };
        let password = match (&self.password, &self.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(file)) => {
                let text = fs::read_to_string(file)
                    .map_err(|e| io(file.display(), &e).about("setting admin.password_file"))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            (None, None) => return Ok(None),
        };
        Ok(Some((email, password)))
    }
}

#[cfg(test)]
mod tests;

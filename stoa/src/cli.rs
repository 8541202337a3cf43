//! The command line: what may be typed, and nothing about what it does.
use clap::{Args, Parser, Subcommand, ValueEnum};
use edge::serve::Address;
use std::path::PathBuf;

/// A commerce backend: users, products, orders and payments, in one process or in many.
#[derive(Debug, Parser)]
#[command(name = "stoa", version, max_term_width = 100, after_help = SETTINGS)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub shared: Shared,
}

const SETTINGS: &str = "Settings come from flags, then STOA_* variables, then stoa.toml, then defaults \
     (see docs/operate/settings.md).\n\
     Exit codes: 1 findings or rejected rows, 64 usage or settings, 65 data, 66 input, \
     69 unavailable, 70 bug,\n73 cannot write, 74 i/o, 75 busy, 77 refused, 78 data of another version.";

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Shared {
    /// Settings file [env: STOA_CONFIG] [default: ./stoa.toml if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the databases live [env: STOA_DATA_DIR] [default: ./stoa-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How log lines look [env: STOA_LOG] [default: pretty on a terminal, else json]
    #[arg(long, global = true, value_name = "FORM")]
    pub log: Option<LogForm>,
    /// What results look like on stdout
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogForm {
    Pretty,
    Json,
}

impl LogForm {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Json => "json",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the services, all in this process
    Serve(Serve),
    /// Bring data in, through the API
    Import(Import),
    /// Take data out, through the API
    Export(Export),
    /// Fold the ledgers and stock movements of all services and report every violated invariant
    Audit,
    /// Look at messages that could not be handled, and give them another try
    DeadLetters(DeadLetters),
    /// Manage administrators
    Admin(Admin),
    /// Bring the databases to this version's schema
    Migrate,
    /// Print the API description (OpenAPI 3.1)
    Openapi(OpenApi),
    /// Start a small seeded shop with a few simulated customers
    Demo(Demo),
    /// Ask a running server whether it is ready
    Healthcheck(Remote),
}

#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Which services; all of them when none is named
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    #[command(flatten)]
    pub listeners: Listeners,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Listeners {
    /// Address for HTTP and gRPC, or unix:/path; port 0 picks a free one [env: STOA_LISTEN]
    /// [default: 127.0.0.1:4000]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<Address>,
    /// Second address, for gRPC alone [env: STOA_GRPC_LISTEN]
    #[arg(long, value_name = "ADDR")]
    pub grpc_listen: Option<Address>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum ServiceName {
    Users,
    Products,
    Orders,
    Payments,
}

impl ServiceName {
    pub const ALL: [Self; 4] = [Self::Users, Self::Products, Self::Orders, Self::Payments];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Products => "products",
            Self::Orders => "orders",
            Self::Payments => "payments",
        }
    }
}

/// Which server to talk to, and as whom.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// The server
    #[arg(long, env = "STOA_URL", default_value = "http://127.0.0.1:4000")]
    pub url: String,
}

#[derive(Debug, Clone, Args)]
pub struct Login {
    #[command(flatten)]
    pub remote: Remote,
    /// Access token of staff
    #[arg(long, env = "STOA_TOKEN", hide_env_values = true, conflicts_with = "email")]
    pub token: Option<String>,
    /// Log in as this account; needs --password or --password-stdin
    #[arg(long)]
    pub email: Option<String>,
    /// Its password (seen by other processes of this machine: prefer --password-stdin)
    #[arg(long, env = "STOA_PASSWORD", hide_env_values = true, requires = "email")]
    pub password: Option<String>,
    /// Read the password from the first line of stdin
    #[arg(long, conflicts_with = "password")]
    pub password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub enum ImportWhat {
    /// Products, variants, prices and stock from a CSV or NDJSON file
    Products(ImportProducts),
}

#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    pub what: ImportWhat,
}

#[derive(Debug, Args)]
pub struct ImportProducts {
    /// The file; rows that fail are written to FILE.rejected, progress is kept in FILE.stoa-import
    pub file: PathBuf,
    /// Form of the file [default: by its name: .csv, .ndjson, .jsonl]
    #[arg(long, value_name = "FORM")]
    pub form: Option<RowForm>,
    /// Rows in one request; the rows of one product stay together
    #[arg(long, value_name = "ROWS", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(1..=900))]
    pub chunk_rows: u32,
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=32))]
    pub in_flight: u32,
    /// Begin at the top although an earlier run got further
    #[arg(long)]
    pub restart: bool,
    #[command(flatten)]
    pub login: Login,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowForm {
    Csv,
    Ndjson,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(subcommand)]
    pub what: ExportWhat,
}

#[derive(Debug, Subcommand)]
pub enum ExportWhat {
    /// The whole catalogue as NDJSON, which `import products` reads
    Products(ExportProducts),
}

#[derive(Debug, Args)]
pub struct ExportProducts {
    /// Where to [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub login: Login,
}

#[derive(Debug, Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    pub what: DeadLettersWhat,
}

#[derive(Debug, Subcommand)]
pub enum DeadLettersWhat {
    /// Which messages, of which queue, and why
    List(DeadLettersArgs),
    /// Put them back into their queue
    Redrive(DeadLettersArgs),
}

#[derive(Debug, Args)]
pub struct DeadLettersArgs {
    /// Only this queue
    #[arg(long)]
    pub queue: Option<String>,
    #[command(flatten)]
    pub login: Login,
}

#[derive(Debug, Args)]
pub struct Admin {
    #[command(subcommand)]
    pub what: AdminWhat,
}

#[derive(Debug, Subcommand)]
pub enum AdminWhat {
    /// Create an administrator, on the data directory itself; the server must be stopped
    Create(AdminCreate),
}

#[derive(Debug, Args)]
pub struct AdminCreate {
    /// Their address
    #[arg(long)]
    pub email: String,
    /// Read the password from the first line of stdin
    #[arg(long, required = true)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub struct OpenApi {
    /// Only this service's part
    #[arg(long, value_name = "SERVICE")]
    pub context: Option<ServiceName>,
    /// Write <service>.v1.json files into this directory, instead of stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub listeners: Listeners,
    /// The same seed gives the same shop and the same customers
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many simulated customers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub customers: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_takes_services_by_name() {
        let cli = Cli::try_parse_from(["stoa", "serve", "users", "orders"]).unwrap();

        let Command::Serve(serve) = cli.command else { panic!("another command") };

        assert_eq!(serve.services, [ServiceName::Users, ServiceName::Orders]);
    }
}

//! Leases: who of several processes does a job, for how long, with a fencing token.

use std::time::Duration;

use kernel::Clock;
use store::{Error, Sql, Store, params};

const TAKE: Sql = Sql::new(
    "INSERT INTO lease (name, owner, token, expires_at_ms) VALUES ($1, $2, 1, $3)
     ON CONFLICT (name) DO UPDATE
        SET owner = excluded.owner, token = lease.token + 1, expires_at_ms = excluded.expires_at_ms
        WHERE lease.expires_at_ms <= $4 OR lease.owner = excluded.owner
     RETURNING token",
);

/// Every statement of the leases.
pub const ALL: &[Sql] = &[TAKE];

/// A lease that this process holds or tries to hold.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    clock: Clock,
    name: &'static str,
    owner: String,
    span: Duration,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    token: i64,
    /// Monotonic: a jump of the wall clock does not stretch it.
    until: Duration,
}

impl Lease {
    /// A lease named `name` in this database, for `owner`, lasting `span` once taken. An owner
    /// that comes back under its old name has it again at once.
    pub fn new(
        store: Store,
        clock: Clock,
        name: &'static str,
        owner: impl Into<String>,
        span: Duration,
    ) -> Self {
        Self { store, clock, name, owner: owner.into(), span, held: None }
    }

    /// Takes or renews it when less than two thirds of it are left. Returns the fencing token
    /// while it is held; none when somebody else has it.
    pub async fn hold(&mut self) -> Result<Option<i64>, Error> {
        let now = self.clock.instant();
        if let Some(held) = &self.held
            && held.until > now + self.span * 2 / 3
        {
            return Ok(Some(held.token));
        }
        let wall = self.clock.now();
        let values = params![self.name, &self.owner, wall.plus(self.span), wall];
        let rows = self.store.claim("lease", TAKE, values).await?;
        self.held = match rows.first() {
            // Counted from before the claim, so that it ends here no later than in the database.
            Some(row) => Some(Held { token: row.int(0)?, until: now + self.span }),
            None => None,
        };
        Ok(self.held.as_ref().map(|held| held.token))
    }
}

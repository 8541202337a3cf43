//! What the books of this service must say, checked row by row for `stoa audit`.

use kernel::audit::Audit;
use store::{Error, Store, params};

use crate::{
    domain::audit::Head,
    store::{audit as log, installation, sessions, users},
};

/// Lines of the audit log read at a time.
const CHUNK: u32 = 1000;

/// Folds the database and reports every invariant that does not hold.
pub async fn audit(store: &Store) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    check_chain(store, &mut audit).await?;
    check_administrators(store, &mut audit).await?;
    for row in store.scan(users::STRAY_ROWS, params![]).await? {
        audit.find("users.erased-is-erased", row.text(0)?, "personal data of an erased account");
    }
    for row in store.scan(sessions::LIVE_TWICE, params![]).await? {
        let detail = format!("{} refresh tokens could be used", row.int(1)?);
        audit.find("users.one-live-refresh-token", row.text(0)?, detail);
    }
    for row in store.scan(sessions::ORPHANS, params![]).await? {
        audit.find("users.session-has-user", row.text(0)?, "a session of nobody");
    }
    Ok(audit)
}

async fn check_chain(store: &Store, audit: &mut Audit) -> Result<(), Error> {
    let mut head = Head::default();
    loop {
        let entries = log::after(store, head.sequence, CHUNK).await?;
        for entry in &entries {
            audit.checked += 1;
            if !entry.is_intact_after(&head) {
                let detail = "the line, or one before it, was altered or removed";
                audit.find("users.audit-chain", entry.sequence, detail);
                return Ok(());
            }
            head = entry.head();
        }
        if entries.len() < CHUNK as usize {
            return Ok(());
        }
    }
}

async fn check_administrators(store: &Store, audit: &mut Audit) -> Result<(), Error> {
    let row = store.read_one(users::COUNT_ADMINS, params![]).await?;
    let found = row.map_or(Ok(0), |row| row.int(0))?;
    let counted = installation::admins(store).await?;
    audit.checked += 1;
    if found != counted {
        let detail = format!("{found} accounts, {counted} counted");
        audit.find("users.administrators-counted", "installation", detail);
    }
    Ok(())
}

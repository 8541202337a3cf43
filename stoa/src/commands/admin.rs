//! `stoa admin create`: makes an administrator, on the database itself.
use super::tell;
use crate::cli::{AdminCreate, Output, ServiceName};
use crate::client::password_from_stdin;
use crate::data_dir::DataDir;
use crate::exit::Stopped;
use crate::settings::Settings;
use crate::system::{admin_refused, databases};
use delivery::{Outbox, Prompt};
use kernel::{Clock, Ids};
use serde_json::json;

/// Makes an administrator, the first or another one. The server must be stopped.
pub async fn create(settings: &Settings, args: AdminCreate, output: Output) -> Result<(), Stopped> {
    let _held = DataDir::hold(settings.data_dir())?;
    let password = password_from_stdin()?;
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let store = databases::of_service(settings, ServiceName::Users, &clock).await?;
    // What it says waits in the outbox until the server runs.
    let outbox = Outbox::new("/users", ids.clone(), clock.clone(), Prompt::default());
    let desk = users::Desk::new(store.clone(), outbox, clock, ids, settings.users.clone());
    let desk = desk.map_err(Stopped::usage)?;
    let made = users::create_admin(&desk, &args.email, &password).await;
    let user = made.map_err(|e| admin_refused(&e))?;
    store.close().await;
    let text = format!("{} is an administrator ({})\n", args.email, user.id);
    tell(output, &text, &json!({"id": user.id, "email": args.email, "role": "admin"}))
}

//! The demonstration shop "Agora": its staff account, its shelves, and who fills them.
use crate::cli::{Login, Remote};
use crate::client::{Ask, Client};
use crate::exit::{Stopped, io};
use crate::settings::Settings;
use kernel::{Clock, Ids};
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;
use supervisor::{ChildSpec, Context, Exit};

/// The products, in the form that imports take.
pub const SHELVES: &str = include_str!("../../../assets/agora.ndjson");
const EMAIL: &str = "owner@agora.example";
const FILE: &str = "demo-staff.json";
/// The shelves are filled again so often.
const REFILL_EVERY: Duration = Duration::from_secs(300);

/// The account of the shop's owner. Its password is drawn at the first start and kept in the data
/// directory, unless the settings name an administrator.
pub struct Owner {
    account: Account,
    /// Where the account is written.
    pub file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Account {
    email: String,
    password: String,
}

/// The owner's account: from the settings, from an earlier run, or a new one that is put into the
/// settings so that the system makes it.
pub fn owner(settings: &mut Settings) -> Result<Owner, Stopped> {
    let file = settings.data_dir().join(FILE);
    if let Some((email, password)) = settings.admin.credentials()? {
        return Ok(Owner { account: Account { email, password }, file });
    }
    let account = match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| {
            Stopped::new(crate::exit::Exit::Data, format!("{}: {e}", file.display()))
        })?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let password = Ids::system(Clock::system()).secret();
            Account { email: EMAIL.to_owned(), password }
        }
        Err(e) => return Err(io(file.display(), &e)),
    };
    settings.admin.email = Some(account.email.clone());
    settings.admin.password = Some(account.password.clone());
    Ok(Owner { account, file })
}

/// Fills the shelves of the running shop and returns a client that acts as its owner, with the
/// number of products.
pub async fn open(url: &str, owner: &Owner, clock: &Clock) -> Result<(Client, usize), Stopped> {
    let login = Login {
        remote: Remote { url: url.to_owned() },
        token: None,
        email: Some(owner.account.email.clone()),
        password: Some(owner.account.password.clone()),
        password_stdin: false,
    };
    let client = Client::connect(&login, clock.clone()).await.map_err(|stopped| {
        stopped.about("the shop's owner").advise("--data-dir with a directory that is new")
    })?;
    keep(owner)?;
    fill(&client).await?;
    Ok((client, SHELVES.lines().count()))
}

/// Keeps the account for the next run on the same data directory.
fn keep(owner: &Owner) -> Result<(), Stopped> {
    let text = serde_json::to_vec_pretty(&owner.account).map_err(Stopped::bug)?;
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&owner.file);
    file.and_then(|mut file| std::io::Write::write_all(&mut file, &text))
        .map_err(|e| io(owner.file.display(), &e))
}

async fn fill(client: &Client) -> Result<(), Stopped> {
    let headers = [("content-type", "application/x-ndjson")];
    let ask = Ask::post("/v1/imports", &headers, SHELVES.into());
    let answer = client.send_until_dealt_with(&ask).await?;
    answer.expect_success("fill the shelves").map(drop)
}

/// Fills the shelves again and again, so that the shop never sells out for long.
pub fn shopkeeper(client: &Client, clock: &Clock) -> ChildSpec {
    let (client, clock) = (client.clone(), clock.clone());
    ChildSpec::worker("shopkeeper", move |ctx: Context| {
        let (client, clock) = (client.clone(), clock.clone());
        async move {
            loop {
                tokio::select! {
                    () = ctx.stopping() => return Ok::<(), Exit>(()),
                    () = clock.sleep(REFILL_EVERY) => {}
                }
                match fill(&client).await {
                    Ok(()) => tracing::info!("the shopkeeper fills the shelves"),
                    Err(stopped) => tracing::warn!("the shopkeeper cannot fill: {stopped}"),
                }
            }
        }
    })
}

//! What must be there before the system starts: the services that others call, an administrator.
use super::databases::Databases;
use super::{Assembled, Common};
use crate::cli::ServiceName;
use crate::exit::Stopped;
use crate::settings::{BusUrl, Settings};
use crate::system::stopped;
use edge::peer::Target;
use std::collections::BTreeMap;

/// Whom a service calls; everyone asks users for the keys of access tokens.
fn calls(service: ServiceName) -> &'static [ServiceName] {
    match service {
        ServiceName::Users => &[ServiceName::Products],
        ServiceName::Products | ServiceName::Payments => &[ServiceName::Users],
        ServiceName::Orders => &[ServiceName::Users, ServiceName::Payments],
    }
}

/// The services that speak with each other over the queue.
const QUEUE: [ServiceName; 2] = [ServiceName::Products, ServiceName::Orders];

/// Refuses a choice of services that could not reach each other.
pub fn check(settings: &Settings, which: &[ServiceName]) -> Result<(), Stopped> {
    for service in which {
        for callee in calls(*service) {
            if !which.contains(callee) && elsewhere(settings, *callee).is_none() {
                let (caller, callee) = (service.as_str(), callee.as_str());
                let variable = format!("STOA_{}_URL", callee.to_uppercase());
                let what = format!("{caller} calls {callee}, which does not run in this process");
                return Err(Stopped::usage(what)
                    .advise(format!("say where it is with {variable}, or serve it here too")));
            }
        }
    }
    let on_queue = QUEUE.iter().filter(|service| which.contains(service)).count();
    match settings.bus_url {
        BusUrl::Embedded if on_queue == 1 => {
            let [one, other] = QUEUE.map(ServiceName::as_str);
            let what = format!(
                "{one} and {other} speak over the queue, and the embedded one \
                                belongs to a single process"
            );
            Err(Stopped::usage(what).advise("serve both here"))
        }
        BusUrl::Embedded => Ok(()),
    }
}

/// Where the services are that this process does not run.
pub fn targets(settings: &Settings, which: &[ServiceName]) -> BTreeMap<String, Target> {
    ServiceName::ALL
        .into_iter()
        .filter(|service| !which.contains(service))
        .filter_map(|service| {
            Some((service.as_str().to_owned(), elsewhere(settings, service)?.clone()))
        })
        .collect()
}

fn elsewhere(settings: &Settings, service: ServiceName) -> Option<&Target> {
    settings.peers.of(service).filter(|target| **target != Target::Inproc)
}

/// Sees that there is an administrator, or a way to become one that strangers cannot take: makes
/// the one that the settings name, or gives the token of the one-time link. Without either, an
/// address that others can reach is refused.
pub async fn administrator(
    settings: &Settings,
    assembled: &[Assembled],
    databases: &Databases,
    common: &Common,
) -> Result<Option<String>, Stopped> {
    let users = assembled.iter().find(|one| one.service.name == ServiceName::Users.as_str());
    let Some(Assembled { outbox, .. }) = users else { return Ok(None) };
    let store = databases.of(ServiceName::Users)?;
    let failed = |e: store::Error| stopped("users", &e);
    if users::has_admin(store).await.map_err(failed)? {
        return Ok(None);
    }
    let (clock, ids) = (common.clock.clone(), common.ids.clone());
    let desk = users::Desk::new(store.clone(), outbox.clone(), clock, ids, settings.users.clone());
    let desk = desk.map_err(Stopped::usage)?;
    if let Some((email, password)) = settings.admin.credentials()? {
        let made = users::ensure_admin(&desk, &email, &password).await;
        made.map_err(|e| admin_refused(&e).about("settings admin"))?;
        return Ok(None);
    }
    let open = [Some(&settings.listen), settings.grpc_listen.as_ref()];
    if let Some(address) = open.into_iter().flatten().find(|address| !address.is_local()) {
        let what = format!("others can reach {address}, and there is no administrator yet");
        return Err(Stopped::usage(what).advise(
            "set STOA_ADMIN_EMAIL with STOA_ADMIN_PASSWORD or STOA_ADMIN_PASSWORD_FILE, \
             or run stoa admin create, or listen on 127.0.0.1 first",
        ));
    }
    users::issue_setup_token(&desk).await.map_err(failed)
}

/// Why an account could not be made by whoever holds the database.
pub fn admin_refused(error: &users::AdminError) -> Stopped {
    match error {
        users::AdminError::Store(error) => stopped("users", error),
        users::AdminError::Register(_) => Stopped::usage(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceName::{Orders, Payments, Products, Users};

    fn check_choice(which: &[ServiceName], peers: &[(ServiceName, &str)], refused: Option<&str>) {
        let mut settings = Settings::default();
        for (service, url) in peers {
            let target = Some(url.parse().unwrap());
            match service {
                Users => settings.peers.users = target,
                Products => settings.peers.products = target,
                Orders => settings.peers.orders = target,
                Payments => settings.peers.payments = target,
            }
        }
        let found = check(&settings, which).err().map(|stopped| stopped.to_string());
        match refused {
            None => assert_eq!(found, None),
            Some(words) => assert!(found.as_ref().is_some_and(|f| f.contains(words)), "{found:?}"),
        }
    }

    #[test]
    fn services_that_could_not_reach_each_other_are_refused() {
        let elsewhere = "http://10.0.0.1:4000";

        check_choice(&ServiceName::ALL, &[], None);
        check_choice(&[Payments], &[], Some("payments calls users"));
        check_choice(&[Payments], &[(Users, "inproc")], Some("STOA_USERS_URL"));
        check_choice(&[Payments], &[(Users, elsewhere)], None);
        check_choice(&[Users, Payments], &[(Products, elsewhere)], None);
        check_choice(&[Users, Products], &[], Some("belongs to a single process"));
        check_choice(&[Users, Products, Orders], &[], Some("orders calls payments"));
        check_choice(&[Users, Products, Orders], &[(Payments, elsewhere)], None);
    }
}

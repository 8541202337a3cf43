//! What operators ask the whole process for: dead letters of every queue, and another try for them.
use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use bus::{Bus, DeadLetter, Error};
use edge::auth::{OpsRead, Permission, Staff};
use edge::{Json, Problem, Query, page_request, page_response};
use kernel::{Cursor, Page, PageRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, OpenApi, ToSchema};

/// Changes the state of the system. It is granted to nobody, so that only administrators have it.
#[derive(Debug, Clone, Copy)]
struct OpsWrite;

impl Permission for OpsWrite {
    const NAME: &'static str = "ops.write";
}

#[derive(OpenApi)]
#[openapi(paths(list, redrive), components(schemas(Redrive, Redriven)))]
struct Description;

/// What these routes promise.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let about = "What operators do to the running system.";
    edge::openapi::described(Description::openapi(), "ops", about)
}

pub fn router(bus: Arc<dyn Bus>) -> Router {
    Router::new()
        .route("/v1/ops/dead-letters", get(list))
        .route("/v1/ops/dead-letters/redrive", post(redrive))
        .with_state(bus)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this queue.
    queue: Option<String>,
    /// At most so many, 1 to 100.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which dead letters get another try: those with these ids, of this queue; or all.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Redrive {
    queue: Option<String>,
    ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Redriven {
    /// How many messages went back into their queue.
    redriven: u64,
}

/// Messages that were given up, oldest first within each queue.
#[utoipa::path(
    get, path = "/v1/ops/dead-letters", operation_id = "list_dead_letters", tag = "ops",
    params(Filter), security(("bearer" = ["ops.read"])),
    responses((status = 200, description = "a page of dead letters"),
              (status = 403, description = "not staff with ops.read"))
)]
async fn list(
    _: Staff<OpsRead>,
    State(bus): State<Arc<dyn Bus>>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let asked = page_request(filter.limit, filter.cursor)?;
    let page = match filter.queue {
        Some(queue) => bus.dead_letters(&queue, asked).await?,
        None => of_every_queue(&*bus, asked).await?,
    };
    Ok(page_response(&uri, &page))
}

/// Puts dead letters back into their queues, with a fresh count of attempts.
#[utoipa::path(
    post, path = "/v1/ops/dead-letters/redrive", operation_id = "redrive_dead_letters", tag = "ops",
    request_body = Redrive, security(("bearer" = ["ops.write"])),
    responses((status = 200, description = "how many went back", body = Redriven),
              (status = 403, description = "not an administrator"))
)]
async fn redrive(
    _: Staff<OpsWrite>,
    State(bus): State<Arc<dyn Bus>>,
    asked: Option<Json<Redrive>>,
) -> Result<Json<Redriven>, Problem> {
    let Redrive { queue, ids } = asked.map(|Json(asked)| asked).unwrap_or_default();
    let queues = match queue {
        Some(queue) => vec![queue],
        None => bus.queues().await?,
    };
    let mut redriven = 0;
    for queue in queues {
        redriven += bus.redrive(&queue, ids.as_deref()).await?;
    }
    Ok(Json(Redriven { redriven }))
}

/// Where a page over all queues ended: in which queue, and where in it.
type Position = (String, Option<String>);

/// A page of the first queue, by name, that has dead letters behind the cursor.
async fn of_every_queue(bus: &dyn Bus, asked: PageRequest) -> Result<Page<DeadLetter>, Error> {
    let start: Option<Position> = match &asked.cursor {
        Some(cursor) => Some(Cursor::decode(cursor)?),
        None => None,
    };
    let (first, mut within) = start.unwrap_or_default();
    let mut queues = bus.queues().await?;
    queues.sort();
    queues.retain(|queue| *queue >= first);
    for (at, queue) in queues.iter().enumerate() {
        // A cursor into one queue says nothing about the next.
        let cursor = if *queue == first { within.take() } else { None };
        let page = bus.dead_letters(queue, PageRequest { limit: asked.limit, cursor }).await?;
        let next: Option<Position> = match page.next_cursor {
            Some(cursor) => Some((queue.clone(), Some(cursor))),
            None => queues.get(at + 1).map(|next| (next.clone(), None)),
        };
        if !page.items.is_empty() {
            let next_cursor = next.map(|position| Cursor::encode(&position));
            return Ok(Page { items: page.items, next_cursor });
        }
    }
    Ok(Page { items: Vec::new(), next_cursor: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::{Delivery, Depth, Message, Receipt, Verdict};
    use kernel::Timestamp;
    use std::time::Duration;

    /// Queues that hold nothing but dead letters, called by number.
    struct DeadOnly(&'static [(&'static str, u32)]);

    #[async_trait::async_trait]
    impl Bus for DeadOnly {
        async fn declare(&self, _: &str, _: &[&str]) -> Result<(), Error> {
            unreachable!("nothing is declared")
        }

        async fn publish(&self, _: Vec<Message>) -> Result<(), Error> {
            unreachable!("nothing is published")
        }

        async fn fetch(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, Error> {
            unreachable!("nothing is fetched")
        }

        async fn settle(&self, _: &str, _: Vec<(Receipt, Verdict)>) -> Result<(), Error> {
            unreachable!("nothing is settled")
        }

        async fn arrival(&self, _: &str, _: Duration) {}

        async fn depth(&self, _: &str) -> Result<Depth, Error> {
            Ok(Depth::default())
        }

        async fn queues(&self) -> Result<Vec<String>, Error> {
            Ok(self.0.iter().map(|(name, _)| (*name).to_owned()).collect())
        }

        async fn dead_letters(
            &self,
            queue: &str,
            page: PageRequest,
        ) -> Result<Page<DeadLetter>, Error> {
            let count = self.0.iter().find(|(name, _)| *name == queue).map_or(0, |(_, n)| *n);
            let after: u32 = page.cursor.map_or(Ok(0), |cursor| Cursor::decode(&cursor))?;
            let letters = (after + 1..=count).take(page.limit as usize + 1);
            let letters = letters.map(|number| letter(queue, number)).collect();
            Ok(Page::of(letters, page.limit, |last: &DeadLetter| Cursor::encode(&last.attempts)))
        }

        async fn redrive(&self, _: &str, _: Option<&[String]>) -> Result<u64, Error> {
            unreachable!("nothing is redriven")
        }
    }

    fn letter(queue: &str, number: u32) -> DeadLetter {
        DeadLetter {
            id: format!("{queue}-{number}"),
            queue: queue.to_owned(),
            kind: String::new(),
            key: String::new(),
            attempts: number,
            reason: String::new(),
            died_at: Timestamp::from_ms(0),
            body: String::new(),
        }
    }

    async fn pages(bus: DeadOnly, limit: u32) -> Vec<Vec<String>> {
        let (mut pages, mut cursor) = (Vec::new(), None);
        loop {
            let page = of_every_queue(&bus, PageRequest { limit, cursor }).await.unwrap();
            pages.push(page.items.into_iter().map(|letter| letter.id).collect());
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return pages,
            }
        }
    }

    #[tokio::test]
    async fn pages_go_through_every_queue_and_leave_none_out() {
        let bus = DeadOnly(&[("products", 1), ("empty", 0), ("orders", 3)]);

        let pages = pages(bus, 2).await;

        let expected: [&[&str]; 3] = [&["orders-1", "orders-2"], &["orders-3"], &["products-1"]];
        assert_eq!(pages, expected);
    }

    #[tokio::test]
    async fn a_queue_that_was_emptied_meanwhile_is_followed_by_the_whole_next_one() {
        let bus = DeadOnly(&[("orders", 0), ("products", 1)]);
        let position: Position = ("orders".to_owned(), Some(Cursor::encode(&5)));
        let asked = PageRequest { limit: 2, cursor: Some(Cursor::encode(&position)) };

        let page = of_every_queue(&bus, asked).await.unwrap();

        assert_eq!(page.items.len(), 1);
    }

    #[tokio::test]
    async fn without_dead_letters_there_is_one_empty_page() {
        assert_eq!(pages(DeadOnly(&[("orders", 0)]), 2).await, [Vec::<String>::new()]);
    }
}

//! Lists: products, categories, variants.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use contracts::ids::VariantId;
use edge::{Caller, Json, Problem, Query, auth::CatalogWrite, page_request, page_response};
use http::{StatusCode, Uri, header};
use kernel::{Currency, Fault, FieldError, Page};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Products,
    domain::{Category, Status},
    queries::{
        categories::CategoryCount,
        inventory,
        listing::{Facets, Filter, Found, ListError, Order, list, words},
        shapes::{ListedShape, LoneVariantShape},
    },
};

/// The longest text that is searched for, in bytes.
const QUERY_BYTES_MAX: usize = 400;
/// Variants that are asked for at once, at most.
const VARIANTS_MAX: usize = 100;

/// Which products, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Words that must all be in title, SKUs, variants, category or description; the last one may
    /// be unfinished.
    q: Option<String>,
    /// Only in this category.
    category: Option<String>,
    /// Only with a variant that costs at least this, in minor units.
    price_min: Option<i64>,
    /// Only with a variant that costs at most this, in minor units.
    price_max: Option<i64>,
    /// Only priced in this currency.
    currency: Option<String>,
    /// Only with pieces that can be bought.
    in_stock: Option<bool>,
    /// `relevance` (the default with `q`), `newest` (the default without), `price_asc`,
    /// `price_desc` or `title`.
    sort: Option<String>,
    /// `published` (the default); `draft` and `archived` for staff.
    status: Option<String>,
    /// 1 to 100, by default 20.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A page of products.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductList {
    items: Vec<ListedShape>,
    next_cursor: Option<String>,
    /// Counts of categories; on the first page only.
    facets: Option<Facets>,
}

/// All categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryList {
    items: Vec<CategoryCount>,
}

/// Variants by their ids.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantList {
    items: Vec<LoneVariantShape>,
}

/// Which variants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VariantQuery {
    /// Ids with commas between them, 100 at most.
    ids: String,
}

/// What is asked for: a list, or nothing that could be found.
enum Asked {
    List(Filter, Order),
    Nothing,
}

/// Finds products.
#[utoipa::path(
    get, path = "/v1/products", tag = "products", params(ListQuery),
    responses((status = 200, body = ProductList), (status = 400))
)]
pub async fn list_products(
    State(app): State<Products>,
    uri: Uri,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = page_request(query.limit, query.cursor.clone())?;
    let found = match asked(query)? {
        Asked::List(filter, order) => {
            let open = filter.status == Status::Published || caller.may::<CatalogWrite>();
            if !open {
                let detail = "the permission catalog.write is needed for what is not published";
                return Err(Problem::new(Fault::Forbidden, "forbidden", detail));
            }
            list(&app, &filter, order, page.cursor.as_deref(), page.limit).await.map_err(problem)?
        }
        Asked::Nothing => {
            let facets = Facets { categories: Vec::new(), complete: true };
            Found { page: Page { items: Vec::new(), next_cursor: None }, facets: Some(facets) }
        }
    };
    // The link is the one of every list; the body says more than a page does.
    let bare: Page<()> = Page { items: Vec::new(), next_cursor: found.page.next_cursor.clone() };
    let link = page_response(&uri, &bare).headers_mut().remove(header::LINK);
    let Found { page: Page { items, next_cursor }, facets } = found;
    let mut response = Json(ProductList { items, next_cursor, facets }).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The categories of what is for sale.
#[utoipa::path(
    get, path = "/v1/categories", tag = "products",
    responses((status = 200, body = CategoryList))
)]
pub async fn list_categories(State(app): State<Products>) -> Result<Json<CategoryList>, Problem> {
    let categories = app.categories.all(&app.store, &app.freshness, &app.clock).await?;
    Ok(Json(CategoryList { items: categories.to_vec() }))
}

/// Variants by their ids, also those that are no longer sold; unknown ones are left out.
#[utoipa::path(
    get, path = "/v1/variants", tag = "products", params(VariantQuery),
    responses((status = 200, body = VariantList), (status = 400))
)]
pub async fn list_variants(
    State(app): State<Products>,
    Query(query): Query<VariantQuery>,
) -> Result<Json<VariantList>, Problem> {
    let texts: Vec<&str> = query.ids.split(',').filter(|id| !id.is_empty()).collect();
    if texts.len() > VARIANTS_MAX {
        let fault = FieldError::new("ids", format!("at most {VARIANTS_MAX} ids at once"));
        return Err(invalid(vec![fault]));
    }
    let ids = texts.into_iter().map(str::parse::<VariantId>).collect::<Result<Vec<_>, _>>();
    let ids = ids.map_err(|e| invalid(vec![FieldError::new("ids", e.to_string())]))?;
    Ok(Json(VariantList { items: inventory::variants(&app, &ids).await? }))
}

fn asked(query: ListQuery) -> Result<Asked, Problem> {
    let mut faults = Vec::new();
    let mut wrong = |name: &str, detail: &dyn std::fmt::Display| {
        faults.push(FieldError::new(name, detail.to_string()));
    };
    let text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.len() > QUERY_BYTES_MAX) {
        wrong("q", &format_args!("must have at most {QUERY_BYTES_MAX} bytes"));
    }
    let order = match query.sort.as_deref() {
        None if text.is_some() => Order::Relevance,
        None | Some("newest") => Order::Newest,
        Some("relevance") => Order::Relevance,
        Some("price_asc") => Order::PriceAsc,
        Some("price_desc") => Order::PriceDesc,
        Some("title") => Order::Title,
        Some(_) => {
            wrong("sort", &"must be relevance, newest, price_asc, price_desc or title");
            Order::Newest
        }
    };
    let status = query.status.as_deref().unwrap_or("published").parse();
    let status = status.unwrap_or_else(|e| {
        wrong("status", &e);
        Status::Published
    });
    let category = query.category.as_deref().map(Category::parse).transpose();
    let category = category.unwrap_or_else(|e| {
        wrong("category", &e);
        None
    });
    let currency = query.currency.as_deref().map(str::parse::<Currency>).transpose();
    let currency = currency.unwrap_or_else(|e| {
        wrong("currency", &e);
        None
    });
    for (name, price) in [("price_min", query.price_min), ("price_max", query.price_max)] {
        if price.is_some_and(|price| price < 0) {
            wrong(name, &"must not be negative");
        }
    }
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    let words = text.map(words);
    if matches!(words, Some(None)) {
        return Ok(Asked::Nothing);
    }
    let (price_min, price_max) = (query.price_min, query.price_max);
    let in_stock = query.in_stock.unwrap_or(false);
    let words = words.flatten();
    let filter = Filter { words, status, category, price_min, price_max, currency, in_stock };
    Ok(Asked::List(filter, order))
}

fn invalid(faults: Vec<FieldError>) -> Problem {
    Problem::new(Fault::Invalid, "invalid-query", "the query is not valid")
        .status(StatusCode::BAD_REQUEST)
        .errors(faults)
}

fn problem(error: ListError) -> Problem {
    match error {
        ListError::Cursor(error) => Problem::bad_cursor(error),
        ListError::Store(error) => error.into(),
    }
}

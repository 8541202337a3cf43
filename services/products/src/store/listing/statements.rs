//! The statements of lists: one for each order of each way to find products.
//!
//! All take `$1` words, `$2` status, `$3` category, `$4` and `$5` the range of prices, `$6` currency,
//! `$7` whether there must be stock, `$8` and `$9` where the page before ended, `$10` the limit.

use ::store::Sql;

/// Statements of this module.
pub const ALL: &[Sql] = &[
    CATEGORIES,
    FACETS_ALL,
    FACETS_FOUND,
    ALL_NEWEST,
    ALL_PRICE_ASC,
    ALL_PRICE_DESC,
    ALL_TITLE,
    CATEGORY_NEWEST,
    CATEGORY_PRICE_ASC,
    CATEGORY_PRICE_DESC,
    CATEGORY_TITLE,
    FOUND_RELEVANCE,
    FOUND_NEWEST,
    FOUND_PRICE_ASC,
    FOUND_PRICE_DESC,
    FOUND_TITLE,
];

// The words sought come as `aero mug*`: plain words, the last one may be unfinished.
macro_rules! found_sqlite {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT rowid AS seq FROM product_search WHERE product_search MATCH $1
         ) "
    };
}

macro_rules! found_postgres {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT seq FROM product_search
            WHERE document @@ to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))
         ) "
    };
}

// Titles weigh most, then SKUs and variants, then the category, then the description.
macro_rules! ranked_sqlite {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT rowid AS seq,
                CAST(-1000000 * bm25(product_search, 8.0, 2.0, 4.0, 1.0) AS BIGINT) AS score
            FROM product_search WHERE product_search MATCH $1
         ) "
    };
}

macro_rules! ranked_postgres {
    () => {
        "WITH hit AS MATERIALIZED (
            SELECT seq, CAST(1000000 * ts_rank(document,
                to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))) AS BIGINT) AS score
            FROM product_search
            WHERE document @@ to_tsquery('simple', REPLACE(REPLACE($1, ' ', ' & '), '*', ':*'))
         ) "
    };
}

macro_rules! columns {
    ($key:literal) => {
        concat!(
            "SELECT p.id, p.slug, p.title, p.status, p.category, p.currency, p.variants, p.version, ",
            $key
        )
    };
}

// The sums and concatenations with nothing keep SQLite from taking the index of that column where
// another one fits better: it has no counts to choose by.
macro_rules! filters {
    ($price_low:literal) => {
        concat!(
            " AND p.price_high_minor >= $4 AND ",
            $price_low,
            " <= $5
             AND ($6 = '' OR p.currency = $6)
             AND (CAST($7 AS BIGINT) = 0 OR EXISTS (
                SELECT 1 FROM stock s WHERE s.product_id = p.id AND s.on_hand > s.reserved)) "
        )
    };
}

/// The page after `$8, $9` in the order of a key and the id.
macro_rules! page {
    ($key:literal, $after:literal, $direction:literal) => {
        concat!(
            "AND (",
            $key,
            ", p.id) ",
            $after,
            " ($8, $9)
             ORDER BY ",
            $key,
            " ",
            $direction,
            ", p.id ",
            $direction,
            "
             LIMIT $10"
        )
    };
}

macro_rules! newest {
    () => {
        "AND CAST($8 AS BIGINT) = 0 AND p.id < $9
         ORDER BY p.id DESC
         LIMIT $10"
    };
}

/// All products of a status.
macro_rules! whole {
    ($key:literal, $price_low:literal, $page:expr) => {
        Sql::new(concat!(
            columns!($key),
            " FROM product p WHERE $1 = '' AND p.status = $2 AND $3 = ''",
            filters!($price_low),
            $page
        ))
    };
}

/// The products of a category.
macro_rules! category {
    ($key:literal, $page:expr) => {
        Sql::new(concat!(
            columns!($key),
            " FROM product p WHERE $1 = '' AND p.status = $2 AND p.category = $3",
            filters!("p.price_low_minor + 0"),
            $page
        ))
    };
}

/// The products that words are found in.
macro_rules! found {
    ($sqlite:expr, $postgres:expr, $key:literal, $page:expr) => {
        Sql::per_engine(
            concat!($sqlite, columns!($key), of_hits!(), $page),
            concat!($postgres, columns!($key), of_hits!(), $page),
        )
    };
}

// In this order: from what was found to its products, not the other way round.
macro_rules! of_hits {
    () => {
        concat!(
            " FROM hit CROSS JOIN product p
             WHERE p.seq = hit.seq AND p.status = $2 AND ($3 = '' OR p.category = $3)",
            filters!("p.price_low_minor + 0")
        )
    };
}

pub const ALL_NEWEST: Sql = whole!("CAST(0 AS BIGINT)", "p.price_low_minor + 0", newest!());
pub const ALL_PRICE_ASC: Sql =
    whole!("p.price_low_minor", "p.price_low_minor", page!("p.price_low_minor", ">", "ASC"));
pub const ALL_PRICE_DESC: Sql =
    whole!("p.price_low_minor", "p.price_low_minor + 0", page!("p.price_low_minor", "<", "DESC"));
pub const ALL_TITLE: Sql =
    whole!("p.title_key", "p.price_low_minor + 0", page!("p.title_key", ">", "ASC"));

pub const CATEGORY_NEWEST: Sql = category!("CAST(0 AS BIGINT)", newest!());
pub const CATEGORY_PRICE_ASC: Sql =
    category!("p.price_low_minor", page!("p.price_low_minor + 0", ">", "ASC"));
pub const CATEGORY_PRICE_DESC: Sql =
    category!("p.price_low_minor", page!("p.price_low_minor + 0", "<", "DESC"));
pub const CATEGORY_TITLE: Sql = category!("p.title_key", page!("p.title_key || ''", ">", "ASC"));

pub const FOUND_RELEVANCE: Sql =
    found!(ranked_sqlite!(), ranked_postgres!(), "hit.score", page!("hit.score", "<", "DESC"));
pub const FOUND_NEWEST: Sql =
    found!(found_sqlite!(), found_postgres!(), "CAST(0 AS BIGINT)", newest!());
pub const FOUND_PRICE_ASC: Sql = found!(
    found_sqlite!(),
    found_postgres!(),
    "p.price_low_minor",
    page!("p.price_low_minor + 0", ">", "ASC")
);
pub const FOUND_PRICE_DESC: Sql = found!(
    found_sqlite!(),
    found_postgres!(),
    "p.price_low_minor",
    page!("p.price_low_minor + 0", "<", "DESC")
);
pub const FOUND_TITLE: Sql = found!(
    found_sqlite!(),
    found_postgres!(),
    "p.title_key",
    page!("p.title_key || ''", ">", "ASC")
);

pub const CATEGORIES: Sql = Sql::new(
    "SELECT p.category, COUNT(1)
     FROM product p
     WHERE p.status = 'published' AND p.category <> ''
     GROUP BY p.category
     ORDER BY p.category
     LIMIT $1",
);

macro_rules! counted {
    ($from:expr) => {
        concat!(
            "SELECT f.category, COUNT(1) FROM (SELECT p.category ",
            $from,
            "LIMIT $8) f
             GROUP BY f.category
             ORDER BY COUNT(1) DESC, f.category"
        )
    };
}

pub const FACETS_ALL: Sql = Sql::new(counted!(concat!(
    "FROM product p WHERE $1 = '' AND p.status = $2 AND $3 = ''",
    filters!("p.price_low_minor")
)));

pub const FACETS_FOUND: Sql = Sql::per_engine(
    concat!(found_sqlite!(), counted!(of_hits!())),
    concat!(found_postgres!(), counted!(of_hits!())),
);

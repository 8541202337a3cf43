-- What is sold. A product is one row: its variants travel with it as JSON; the range of their
-- prices and the folded title are columns because lists are sorted and filtered by them.
CREATE TABLE product (
    seq {{serial}},
    id TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    category TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_low_minor BIGINT NOT NULL,
    price_high_minor BIGINT NOT NULL,
    variants TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    CHECK (status IN ('draft', 'published', 'archived')),
    CHECK (price_low_minor >= 0 AND price_high_minor >= price_low_minor)
);
CREATE UNIQUE INDEX product_id ON product (id);
CREATE UNIQUE INDEX product_slug ON product (slug);
CREATE INDEX product_by_age ON product (status, id);
CREATE INDEX product_by_category ON product (status, category, id);
CREATE INDEX product_by_price ON product (status, price_low_minor, id);
CREATE INDEX product_by_title ON product (status, title_key, id);

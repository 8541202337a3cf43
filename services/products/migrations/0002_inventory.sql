-- Stock changes only together with a row in the journal `stock_movement`, whose number is the
-- version that the stock has afterwards: the journal has no gaps, and folds to the stock.
CREATE TABLE stock (
    sku TEXT NOT NULL,
    variant_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (sku),
    CHECK (reserved >= 0 AND on_hand >= reserved)
) {{clustered}};
CREATE UNIQUE INDEX stock_variant ON stock (variant_id);
CREATE INDEX stock_by_product ON stock (product_id);

CREATE TABLE stock_movement (
    sku TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    on_hand_delta BIGINT NOT NULL,
    reserved_delta BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    order_id TEXT,
    reason TEXT,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (sku, version)
) {{clustered}};

-- One row for each order that ever asked for stock, or was released before it could.
CREATE TABLE reservation (
    order_id TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    lines TEXT NOT NULL,
    shortages TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (order_id),
    CHECK (state IN ('held', 'committed', 'released', 'returned', 'expired', 'rejected'))
) {{clustered}};
CREATE INDEX reservation_held ON reservation (expires_at_ms, order_id) WHERE state = 'held';

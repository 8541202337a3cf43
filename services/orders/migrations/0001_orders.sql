CREATE TABLE orders (
  id TEXT NOT NULL,
  number BIGINT NOT NULL,
  user_id TEXT,
  access_hash TEXT,
  cart_id TEXT,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  currency TEXT NOT NULL,
  total_minor BIGINT NOT NULL,
  status TEXT NOT NULL,
  payment_status TEXT NOT NULL,
  fulfillment_status TEXT NOT NULL,
  rejection_code TEXT,
  rejection_detail TEXT,
  provider TEXT NOT NULL,
  payment_id TEXT,
  challenge_json TEXT,
  body_json TEXT NOT NULL,
  placed_at_ms BIGINT NOT NULL,
  settled_at_ms BIGINT,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
);

CREATE UNIQUE INDEX orders_by_cart ON orders (cart_id) WHERE cart_id IS NOT NULL;

CREATE INDEX orders_by_user ON orders (user_id, id) WHERE user_id IS NOT NULL;

CREATE INDEX orders_by_email ON orders (email_folded, id);

CREATE INDEX orders_by_status ON orders (status, id);

CREATE TABLE timeline (
  order_id TEXT NOT NULL,
  last BIGINT NOT NULL,
  entries_json TEXT NOT NULL,
  trace_id TEXT,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (order_id, last)
) {{clustered}};

CREATE TABLE numbers (
  name TEXT NOT NULL,
  next BIGINT NOT NULL,
  PRIMARY KEY (name)
);

INSERT INTO numbers (name, next) VALUES ('order', 1001);

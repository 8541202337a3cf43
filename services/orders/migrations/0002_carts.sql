CREATE TABLE carts (
  id TEXT NOT NULL,
  user_id TEXT,
  access_hash TEXT,
  order_id TEXT,
  body_json TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
);

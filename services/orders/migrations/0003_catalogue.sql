CREATE TABLE sellable (
  sku TEXT NOT NULL,
  product_id TEXT NOT NULL,
  variant_id TEXT NOT NULL,
  title TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  active BIGINT NOT NULL,
  version BIGINT NOT NULL,
  changed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (sku)
) {{clustered}};

CREATE INDEX sellable_by_product ON sellable (product_id);

CREATE TABLE published (
  product_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (product_id)
) {{clustered}};

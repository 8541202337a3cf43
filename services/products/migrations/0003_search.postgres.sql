-- The words of each product, under its `seq`, weighted by where they stand.
CREATE TABLE product_search (
    seq BIGINT NOT NULL,
    document TSVECTOR NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX product_search_document ON product_search USING gin (document);

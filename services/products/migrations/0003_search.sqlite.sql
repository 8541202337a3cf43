-- The words of each product, under its `seq`. The table keeps the index only: what is found is
-- read from `product`.
CREATE VIRTUAL TABLE product_search USING fts5(
    title,
    category,
    keywords,
    description,
    content = '',
    contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2'
);

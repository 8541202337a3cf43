-- One row per payment. Figures are minor units of `currency`.
CREATE TABLE payments (
    id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    -- Empty while the payment takes the order's one place; the payment's own id once it failed.
    slot TEXT NOT NULL,
    provider TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    authorize_key TEXT NOT NULL,
    stage TEXT NOT NULL,
    -- Of a failure: code and detail. Of a challenge: kind and prompt.
    code TEXT,
    detail TEXT,
    authorized_minor BIGINT NOT NULL,
    captured_minor BIGINT NOT NULL,
    voided_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    refund_pending_minor BIGINT NOT NULL,
    -- Operations whose outcome is not known, as JSON.
    pending TEXT NOT NULL,
    -- When the provider is asked about them; NULL when there are none.
    due_ms BIGINT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (order_id, slot),
    CHECK (authorized_minor <= amount_minor),
    CHECK (captured_minor + voided_minor <= authorized_minor),
    CHECK (refunded_minor + refund_pending_minor <= captured_minor),
    CHECK (captured_minor >= 0 AND voided_minor >= 0),
    CHECK (refunded_minor >= 0 AND refund_pending_minor >= 0)
) {{clustered}};

CREATE INDEX payments_due ON payments (due_ms) WHERE due_ms IS NOT NULL;

-- What was asked of a provider, written before it was asked. Rows never change.
CREATE TABLE operations (
    payment_id TEXT NOT NULL,
    -- The payment's version that the request made.
    version BIGINT NOT NULL,
    -- The caller's idempotency key; the provider knows the operation by it too.
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    minor BIGINT NOT NULL,
    -- The token of an authorisation, the answer to a challenge, the reason of a refund.
    input TEXT NOT NULL,
    refund_id TEXT,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (payment_id, version),
    UNIQUE (key)
) {{clustered}};

-- What happened, with the figures as they stood right after it. Rows never change.
CREATE TABLE payment_events (
    payment_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    operation_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    minor BIGINT NOT NULL,
    code TEXT,
    detail TEXT,
    status TEXT NOT NULL,
    authorized_minor BIGINT NOT NULL,
    captured_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    refund_pending_minor BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (payment_id, version)
) {{clustered}};

-- Double entry: the lines of one entry sum to zero. Debits are positive. Rows never change.
CREATE TABLE ledger_entries (
    seq {{serial}},
    entry_id TEXT NOT NULL,
    account TEXT NOT NULL,
    minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    operation_key TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);

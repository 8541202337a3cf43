CREATE TABLE outbox (
    seq {{serial}},
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    message_key TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    trace TEXT,
    body TEXT NOT NULL
);

CREATE TABLE inbox (
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (queue, message_id)
) {{clustered}};

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    replays BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (scope, idempotency_key)
);

CREATE INDEX idempotency_by_age ON idempotency (created_at_ms);

CREATE TABLE lease (
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    token BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (name)
) {{clustered}};

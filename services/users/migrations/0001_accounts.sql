-- Accounts and how they log in. Times are milliseconds since the epoch; JSON is text.

CREATE TABLE users (
    id TEXT NOT NULL,
    email TEXT,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    permissions TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    logged_in_at_ms BIGINT,
    erased_at_ms BIGINT,
    PRIMARY KEY (id),
    UNIQUE (email)
);

-- One row. The number of administrators is kept here, so that taking the last one away and making
-- two first ones are conflicts on one row, whatever the engine's isolation.
CREATE TABLE installation (
    id BIGINT NOT NULL,
    admins BIGINT NOT NULL,
    setup_hash BYTEA,
    setup_expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
INSERT INTO installation (id, admins, setup_hash, setup_expires_at_ms) VALUES (1, 0, NULL, 0);

-- A session is a family of refresh tokens. The salt made the newest of them from the one before.
CREATE TABLE sessions (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    salt BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    refreshed_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_at_ms);

CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL,
    session_id TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT,
    PRIMARY KEY (hash)
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at_ms);

CREATE TABLE api_keys (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    hash BYTEA NOT NULL,
    permissions TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    used_at_ms BIGINT,
    PRIMARY KEY (id),
    UNIQUE (hash)
);
CREATE INDEX api_keys_of_user ON api_keys (user_id);

CREATE TABLE signing_keys (
    generation BIGINT NOT NULL,
    kid TEXT NOT NULL,
    seed BYTEA NOT NULL,
    active_from_ms BIGINT NOT NULL,
    PRIMARY KEY (generation)
);

-- Append-only; each line carries the hash of the one before.
CREATE TABLE audit_events (
    sequence BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (sequence)
);
CREATE INDEX audit_events_of_subject ON audit_events (subject, sequence);

-- Parts of an account that are never queried alone: one row per user.
CREATE TABLE address_books (
    user_id TEXT NOT NULL,
    addresses TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (user_id)
);

CREATE TABLE wishlists (
    user_id TEXT NOT NULL,
    wishes TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (user_id)
);

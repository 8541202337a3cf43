-- The books of the sandbox bank. Rows never change.
CREATE TABLE bank_operations (
    seq {{serial}},
    -- Each key is done once.
    key TEXT NOT NULL,
    -- The key of the authorisation that the operation belongs to; its own, for an authorisation.
    authorize_key TEXT NOT NULL,
    -- 0, 1, 2, ... within an authorisation: two operations never decide on the same state.
    ordinal BIGINT NOT NULL,
    kind TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    outcome TEXT NOT NULL,
    -- Why it was declined.
    code TEXT,
    at_ms BIGINT NOT NULL,
    UNIQUE (key),
    UNIQUE (authorize_key, ordinal)
);

-- How often a key was refused for the moment.
CREATE TABLE bank_attempts (
    key TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (key)
) {{clustered}};

CREATE TABLE binding (
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    PRIMARY KEY (kind, queue)
);

CREATE TABLE queue_message (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    source TEXT NOT NULL,
    message_key TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    trace TEXT,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    visible_at_ms BIGINT NOT NULL
);

CREATE TABLE flight (
    token INTEGER PRIMARY KEY,
    seqs TEXT NOT NULL
);

CREATE TABLE dead_letter (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    source TEXT NOT NULL,
    message_key TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    trace TEXT,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    died_at_ms BIGINT NOT NULL
);

CREATE INDEX dead_letter_by_queue ON dead_letter (queue, seq);

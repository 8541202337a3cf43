CREATE TABLE saga (
    machine TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    calling BIGINT NOT NULL,
    wake_at_ms BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    PRIMARY KEY (machine, id)
) {{clustered}};

CREATE INDEX saga_due ON saga (machine, wake_at_ms) WHERE finished = 0;

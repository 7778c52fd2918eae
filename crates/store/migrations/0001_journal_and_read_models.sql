-- The truth: one row per committed batch of facts.
CREATE TABLE journal (
    first_seq INTEGER PRIMARY KEY CHECK (first_seq > 0),
    last_seq  INTEGER NOT NULL CHECK (last_seq >= first_seq),
    wall      INTEGER NOT NULL,              -- ms since 1970, when it was written
    checksum  INTEGER NOT NULL,              -- CRC-32 over the other columns
    records   BLOB    NOT NULL               -- one JSON record per line
) STRICT;

-- Disposable pictures of the engine's state: without them the journal alone rebuilds it.
CREATE TABLE snapshots (
    seq      INTEGER PRIMARY KEY,
    version  INTEGER NOT NULL,
    length   INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE snapshot_chunks (
    seq   INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (seq, chunk)
) STRICT, WITHOUT ROWID;

-- How far the read models below are folded; moves in the transaction that writes them.
CREATE TABLE read_models (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    applied_seq INTEGER NOT NULL,
    fold_from   INTEGER NOT NULL             -- the first event of the oldest call that was open then
) STRICT;
INSERT INTO read_models VALUES (1, 0, 1);

CREATE TABLE cdrs (
    call_id   INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    guid      TEXT    NOT NULL,
    direction TEXT    NOT NULL,
    caller    TEXT,
    dialled   TEXT    NOT NULL,
    cause     TEXT,
    started   INTEGER NOT NULL,
    answered  INTEGER,
    closed    INTEGER NOT NULL,
    talk_ms   INTEGER NOT NULL,
    wait_ms   INTEGER NOT NULL,
    record    TEXT    NOT NULL               -- the whole record as JSON
) STRICT;
CREATE UNIQUE INDEX cdrs_by_guid ON cdrs (tenant, guid);
CREATE INDEX cdrs_by_start ON cdrs (tenant, started, call_id);
CREATE INDEX cdrs_by_caller ON cdrs (tenant, caller, started);
CREATE INDEX cdrs_by_dialled ON cdrs (tenant, dialled, started);
CREATE TABLE cdr_queues (
    tenant  INTEGER NOT NULL,
    queue   INTEGER NOT NULL,
    call_id INTEGER NOT NULL REFERENCES cdrs (call_id) ON DELETE CASCADE,
    PRIMARY KEY (tenant, queue, call_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cdr_agents (
    tenant  INTEGER NOT NULL,
    agent   INTEGER NOT NULL,
    call_id INTEGER NOT NULL REFERENCES cdrs (call_id) ON DELETE CASCADE,
    PRIMARY KEY (tenant, agent, call_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE recordings (
    recording_id INTEGER PRIMARY KEY,
    tenant       INTEGER NOT NULL,
    guid         TEXT    NOT NULL,
    call_id      INTEGER NOT NULL,
    call_guid    TEXT    NOT NULL,
    agent        INTEGER NOT NULL,
    started      INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    audio_ms     INTEGER NOT NULL,
    paused_ms    INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    why          TEXT,
    file_key     TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX recordings_by_guid ON recordings (tenant, guid);
CREATE INDEX recordings_by_start ON recordings (tenant, started, recording_id);
CREATE INDEX recordings_by_call ON recordings (tenant, call_guid);

CREATE TABLE directory (
    kind    TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    tenant  INTEGER NOT NULL,
    guid    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    removed INTEGER NOT NULL,                -- kept after removal: old records still name it
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_by_tenant ON directory (tenant, kind, id);

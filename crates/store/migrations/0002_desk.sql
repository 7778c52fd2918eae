-- What is not a fact: secrets, registrations, keys of requests.
CREATE TABLE passwords (
    user_id INTEGER PRIMARY KEY,
    phc     TEXT    NOT NULL,                -- argon2id
    changed INTEGER NOT NULL
) STRICT;
CREATE TABLE device_secrets (
    device INTEGER PRIMARY KEY,
    sealed BLOB    NOT NULL                  -- HA1 by MD5 and by SHA-256, under the key file
) STRICT;
CREATE TABLE trunk_secrets (
    trunk  INTEGER PRIMARY KEY,
    sealed BLOB    NOT NULL                  -- the password, under the key file
) STRICT;
CREATE TABLE tokens (
    id        TEXT    PRIMARY KEY,
    owner     INTEGER,                       -- the tenant; NULL for the installation's operator
    user_id   INTEGER,
    name      TEXT    NOT NULL,
    scopes    TEXT    NOT NULL,              -- of read, agent, supervise, admin; a blank between
    hash      BLOB    NOT NULL,              -- SHA-256 of the secret
    created   INTEGER NOT NULL,
    last_used INTEGER,
    expires   INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE bindings (
    device  INTEGER PRIMARY KEY,
    json    TEXT    NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE TABLE idempotency (
    tenant      INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    phase       TEXT    NOT NULL,
    response    BLOB,
    created     INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (tenant, created);

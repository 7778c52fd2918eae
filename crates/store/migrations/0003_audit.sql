-- Who changed what: a read model, one row for each event that tells a change.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    wall      INTEGER NOT NULL,              -- ms since 1970
    user_id   INTEGER,                       -- who, when a user asked
    operation TEXT    NOT NULL,              -- what APIs call the fact
    kind      TEXT,                          -- of which entry it is, if of one
    id        INTEGER,
    subject   TEXT    NOT NULL,              -- what changed: the row before of the same subject says what it was
    before    INTEGER,                       -- that row
    record    TEXT    NOT NULL               -- the whole event, as in the journal
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant, seq);
CREATE INDEX audit_by_subject ON audit (tenant, subject, seq);
CREATE INDEX audit_by_entry ON audit (tenant, kind, id, seq);
CREATE INDEX audit_by_user ON audit (tenant, user_id, seq);
-- Made from the journal's beginning like every other read model: what is there already is folded anew.
DELETE FROM cdrs;
DELETE FROM cdr_queues;
DELETE FROM cdr_agents;
DELETE FROM recordings;
DELETE FROM directory;
UPDATE read_models SET applied_seq = 0, fold_from = 1;

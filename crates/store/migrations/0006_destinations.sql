-- Where clients of the connector listen that come by a broker of the site's or by HTTP, so that they can be told at the
-- next start that they have to log in again. Of no worth for anything else.
CREATE TABLE destinations (
    tenant  INTEGER NOT NULL,
    name    TEXT NOT NULL,
    address TEXT NOT NULL, -- a URL that is called; empty for a topic of that name
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name, address)
) STRICT, WITHOUT ROWID;

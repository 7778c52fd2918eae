-- What is kept of agents' PINs: digests, sealed under the key file.
CREATE TABLE agent_pins (
    agent  INTEGER PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

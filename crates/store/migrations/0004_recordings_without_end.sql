-- What a start looks for: recordings that the process before left without an end. Few, however many have one.
CREATE INDEX recordings_without_end ON recordings (tenant) WHERE state IN ('recording', 'paused', 'stopped');

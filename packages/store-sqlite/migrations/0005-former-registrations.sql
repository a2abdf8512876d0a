-- JSON list of the hashes of earlier registrations, newest first.
alter table apps add column former_checksums text;

-- What does not balance is rejected, and few do: a month's days of the whole country ask for
-- them alone, not for everything that waits for a person.
create index bilag_skew on bilag (dag, kommune, fagsystem, debet, kredit)
    where state = 'rejected' and debet <> kredit;

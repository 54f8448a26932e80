-- Evidence is append-only, every column of it: a bilag's and a posting's columns that a step
-- does not write may not even be named in an update, which costs the steps nothing.
-- Pair of postgres/V3__evidence.sql.
drop trigger bilag_no_rewrite;
create trigger bilag_no_rewrite before update of kommune, bilag_id, afsendelse_id, position, fagsystem, bilag_uuid,
  claimed_uuid, modtaget, dag, digest, afsender_bilagsnummer, bilagsdato, bogfoeringsdato,
  regnskabsaar, posteringstype, valuta, tekst, korrigerer, posteringer, debet, kredit, rejected on bilag
  begin select raise(abort, 'append-only'); end;
create trigger bilag_no_step_back before update on bilag when new.version <= old.version
  begin select raise(abort, 'append-only'); end;
drop trigger postering_no_update;
create trigger postering_no_rewrite before update of kommune, bilag_id, position, linjenummer, side, beloeb,
  tekst, sortiment, periode_fra, periode_til, part_cpr, part_cvr, part_rolle, kle, sagsnummer,
  ydelse, refusionsprocent, momskode, reference on postering
  begin select raise(abort, 'append-only'); end;
-- The one permitted change: a posting that had no account gets one.
create trigger postering_one_account before update on postering
  when old.konto is not null or new.konto is null
  begin select raise(abort, 'append-only'); end;
create trigger bilag_repeat_no_update before update on bilag_repeat
  begin select raise(abort, 'append-only'); end;
create trigger bilag_repeat_no_delete before delete on bilag_repeat
  begin select raise(abort, 'append-only'); end;

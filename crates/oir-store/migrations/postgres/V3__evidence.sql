-- Evidence is append-only, every column of it: a bilag's and a posting's columns that a step
-- does not write may not even be named in an update, which costs the steps nothing.
-- Pair of sqlite/V3__evidence.sql.
drop trigger bilag_no_rewrite on bilag;
create trigger bilag_no_rewrite before update of kommune, bilag_id, afsendelse_id, position, fagsystem, bilag_uuid,
  claimed_uuid, modtaget, dag, digest, afsender_bilagsnummer, bilagsdato, bogfoeringsdato,
  regnskabsaar, posteringstype, valuta, tekst, korrigerer, posteringer, debet, kredit, rejected on bilag
  for each row execute function oir_append_only();
create trigger bilag_no_step_back before update on bilag for each row
  when (new.version <= old.version) execute function oir_append_only();
drop trigger postering_no_update on postering;
create trigger postering_no_rewrite before update of kommune, bilag_id, position, linjenummer, side, beloeb,
  tekst, sortiment, periode_fra, periode_til, part_cpr, part_cvr, part_rolle, kle, sagsnummer,
  ydelse, refusionsprocent, momskode, reference on postering
  for each row execute function oir_append_only();
-- The one permitted change: a posting that had no account gets one.
create trigger postering_one_account before update on postering for each row
  when (old.konto is not null or new.konto is null) execute function oir_append_only();
create trigger bilag_repeat_append_only before update or delete on bilag_repeat
  for each row execute function oir_append_only();

-- Emptying a table fires no trigger of its rows.
create trigger afsendelse_no_truncate before truncate on afsendelse
  execute function oir_append_only();
create trigger bilag_no_truncate before truncate on bilag
  execute function oir_append_only();
create trigger bilag_repeat_no_truncate before truncate on bilag_repeat
  execute function oir_append_only();
create trigger postering_no_truncate before truncate on postering
  execute function oir_append_only();
create trigger bilag_event_no_truncate before truncate on bilag_event
  execute function oir_append_only();
create trigger fault_no_truncate before truncate on fault
  execute function oir_append_only();
create trigger deed_no_truncate before truncate on deed
  execute function oir_append_only();

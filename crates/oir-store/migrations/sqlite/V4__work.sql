-- The worklist: what stands still until a person acts. Pair of postgres/V4__work.sql.
-- A row per bilag or message that ever stopped; it opens and closes with the steps of its bilag.
-- What is uncertain or waits goes on by itself and has no row.
create table work_item (
  kommune integer not null, subject_id blob not null,
  kind text not null check (kind in ('bilag', 'message')),
  fagsystem blob not null, stop text not null check (stop in ('rejected', 'refused', 'held',
    'parked', 'unreadable', 'message_parked')),
  code text not null, vaerdi text not null,
  area text not null check (area in ('fagomraade', 'oekonomi', 'drift')),
  opened integer not null, debet integer not null, transaktions_id blob,
  holder text, holder_navn text, postponed_until text, postponed_why text,
  version integer not null, closed integer,
  how text check (how in ('corrected', 'settled', 'by_hand', 'given_up')), closing text,
  check ((closed is null) = (how is null)),
  primary key (subject_id, kommune)) strict;
-- In the order of the groups, with all that a group says: the rows themselves are not read.
create index work_item_open on work_item (kommune, fagsystem, stop, code, vaerdi, area, debet, opened,
  holder, holder_navn, postponed_until, kind, transaktions_id) where closed is null;
create index work_item_held on work_item (holder) where closed is null and holder is not null;

-- What people did with it. Append-only, like all evidence.
create table work_event (
  kommune integer not null, subject_id blob not null, number integer not null, at integer not null,
  subject text not null, navn text not null, what text not null, text text not null,
  primary key (subject_id, kommune, number)) strict, without rowid;
create trigger work_event_no_update before update on work_event
  begin select raise(abort, 'append-only'); end;
create trigger work_event_no_delete before delete on work_event
  begin select raise(abort, 'append-only'); end;
create trigger work_item_no_delete before delete on work_item
  begin select raise(abort, 'append-only'); end;
create trigger work_item_no_rewrite before update of kommune, subject_id, kind, fagsystem,
  transaktions_id on work_item
  begin select raise(abort, 'append-only'); end;
create trigger work_item_no_step_back before update on work_item when new.version <= old.version
  begin select raise(abort, 'append-only'); end;

-- What stands still already. The fault that decided is the first of those that came with the
-- stop: of the reception, or of the step that gave the bilag its version. A warning decides nothing.
insert into work_item (kommune, subject_id, kind, fagsystem, stop, code, vaerdi, area, opened,
  debet, version)
select b.kommune, b.bilag_id, 'bilag', b.fagsystem, b.state, coalesce(f.code, ''),
    coalesce(substr(case
      when f.code in ('F0309', 'F0312', 'F0304', 'F0501') then substr(f.vaerdier, 1, instr(f.vaerdier || char(31), char(31)) - 1)
      when f.code in ('F0310', 'F0311', 'F0401') then substr(substr(f.vaerdier, instr(f.vaerdier, char(31)) + 1), 1, instr(substr(f.vaerdier, instr(f.vaerdier, char(31)) + 1) || char(31), char(31)) - 1)
      else '' end, 1, 100), ''),
    case when b.state = 'held' then 'oekonomi'
      when b.state = 'rejected' and f.code in ('F0012', 'F0013', 'F0402', 'F0502', 'F0503', 'F0901', 'F0902') then 'drift'
      when b.state in ('rejected', 'parked') and f.code in ('F0205', 'F0306', 'F0401', 'F0501') then 'oekonomi'
      when b.state in ('rejected', 'refused') then 'fagomraade'
      else 'drift' end,
    b.changed, b.debet, 1
  from (select x.*, (select min(number) from fault y where y.kommune = x.kommune
      and y.bilag_id = x.bilag_id and y.code <> 'F0316' and y.number >= (x.version - 1) * 1000000)
      as decisive from bilag x where x.state in ('rejected', 'held', 'refused', 'parked')) b
  left join fault f on f.kommune = b.kommune and f.bilag_id = b.bilag_id
    and f.afsendelse_id = b.afsendelse_id and f.number = b.decisive;

-- Those that a bilag which was not rejected corrects are corrected; as the flow will do it.
update work_item set closed = opened, how = 'corrected', version = 2,
    closing = (select lower(hex(c.bilag_id)) from bilag b join bilag c on c.kommune = b.kommune
      and c.korrigerer = b.bilag_uuid and c.fagsystem = b.fagsystem and c.rejected = 0
      where b.kommune = work_item.kommune and b.bilag_id = work_item.subject_id
      order by c.bilag_id limit 1)
  where stop in ('rejected', 'refused') and exists (select 1 from bilag b join bilag c
    on c.kommune = b.kommune and c.korrigerer = b.bilag_uuid and c.fagsystem = b.fagsystem
      and c.rejected = 0
    where b.kommune = work_item.kommune and b.bilag_id = work_item.subject_id
      and b.claimed_uuid is not null);

insert into work_item (kommune, subject_id, kind, fagsystem, stop, code, vaerdi, area, opened,
  debet, transaktions_id, version)
select a.kommune, a.afsendelse_id, 'message',
    coalesce(a.fagsystem, zeroblob(16)),
    case a.outcome when 'parked' then 'message_parked' else 'unreadable' end,
    coalesce((select f.code from fault f where f.kommune = a.kommune
      and f.afsendelse_id = a.afsendelse_id and f.number = 0
      and f.bilag_id = zeroblob(16)), ''),
    '', case a.outcome when 'parked' then 'drift' else 'fagomraade' end,
    a.modtaget, 0, a.transaktions_id, 1
  from afsendelse a where a.outcome <> 'taken';

-- The days: what senders say that they sent, what the books say that they booked, and who
-- signed for it. Pair of sqlite/V6__days.sql.

-- A sender's control total of a day of reception; a corrected one is the next version.
create table day_statement (
  dag text not null, kommune integer not null, fagsystem uuid not null, version integer not null,
  at bigint not null,
  origin text not null check (origin in ('message', 'upload', 'typed', 'planted')),
  subject text not null, navn text not null,
  antal bigint not null, debet bigint not null, kredit bigint not null,
  listed integer not null check (listed in (0, 1)),
  primary key (dag, kommune, fagsystem, version));
create table day_statement_line (
  dag text not null, kommune integer not null, fagsystem uuid not null, version integer not null,
  bilag_uuid uuid not null, debet bigint not null,
  primary key (dag, kommune, fagsystem, version, bilag_uuid));

-- The books' statement of a booking date beside ours of that moment; kept when either is news.
create table books_statement (
  kommune integer not null, bogfoeringsdato text not null, fagsystem uuid not null,
  version integer not null, at bigint not null,
  our_antal bigint not null, our_debet bigint not null, our_kredit bigint not null,
  antal bigint not null, debet bigint not null, kredit bigint not null,
  primary key (kommune, bogfoeringsdato, fagsystem, version));
create index books_statement_of_date on books_statement (bogfoeringsdato, kommune);
-- When each municipality's books were last asked, and why they did not answer.
create table books_asked (
  kommune integer primary key, at bigint not null, silent text);

-- Somebody asks for the books to be asked about a day; answered in the background.
create table day_question (
  dag text not null, kommune integer not null, fagsystem uuid not null, number integer not null,
  at bigint not null, subject text not null, navn text not null,
  primary key (dag, kommune, fagsystem, number));
create table day_answer (
  dag text not null, kommune integer not null, fagsystem uuid not null, number integer not null,
  at bigint not null, asked bigint not null, silent text,
  primary key (dag, kommune, fagsystem, number));
-- What the books said of single bilag: those only where they and we do not agree.
create table day_answer_word (
  dag text not null, kommune integer not null, fagsystem uuid not null, number integer not null,
  bilag_id uuid not null, bilag_uuid uuid not null, erp_bilagsnummer text,
  primary key (dag, kommune, fagsystem, number, bilag_id));

-- Who signed for a day and what its figures were; a day taken up again is a line too.
create table day_signing (
  dag text not null, kommune integer not null, fagsystem uuid not null, number integer not null,
  at bigint not null, kind text not null check (kind in ('signed', 'reopened')),
  subject text not null, navn text not null, words text not null, figures text not null,
  primary key (dag, kommune, fagsystem, number));
create table day_explanation (
  dag text not null, kommune integer not null, fagsystem uuid not null, number integer not null,
  finding text not null, words text not null,
  primary key (dag, kommune, fagsystem, number, finding));

-- How long the booked bilag of a day took, in classes. Derived: made anew when more are booked.
create table booking_time (
  dag text not null, kommune integer not null, fagsystem uuid not null, class integer not null,
  antal bigint not null, primary key (dag, kommune, fagsystem, class));

create trigger day_statement_append_only before update or delete on day_statement
  for each row execute function oir_append_only();
create trigger day_statement_line_append_only before update or delete on day_statement_line
  for each row execute function oir_append_only();
create trigger books_statement_append_only before update or delete on books_statement
  for each row execute function oir_append_only();
create trigger day_question_append_only before update or delete on day_question
  for each row execute function oir_append_only();
create trigger day_answer_append_only before update or delete on day_answer
  for each row execute function oir_append_only();
create trigger day_answer_word_append_only before update or delete on day_answer_word
  for each row execute function oir_append_only();
create trigger day_signing_append_only before update or delete on day_signing
  for each row execute function oir_append_only();
create trigger day_explanation_append_only before update or delete on day_explanation
  for each row execute function oir_append_only();
create trigger day_statement_no_truncate before truncate on day_statement
  execute function oir_append_only();
create trigger day_statement_line_no_truncate before truncate on day_statement_line
  execute function oir_append_only();
create trigger books_statement_no_truncate before truncate on books_statement
  execute function oir_append_only();
create trigger day_question_no_truncate before truncate on day_question
  execute function oir_append_only();
create trigger day_answer_no_truncate before truncate on day_answer
  execute function oir_append_only();
create trigger day_answer_word_no_truncate before truncate on day_answer_word
  execute function oir_append_only();
create trigger day_signing_no_truncate before truncate on day_signing
  execute function oir_append_only();
create trigger day_explanation_no_truncate before truncate on day_explanation
  execute function oir_append_only();

-- The days: what senders say that they sent, what the books say that they booked, and who
-- signed for it. Pair of postgres/V6__days.sql.

-- A sender's control total of a day of reception; a corrected one is the next version.
create table day_statement (
  dag text not null, kommune integer not null, fagsystem blob not null, version integer not null,
  at integer not null,
  origin text not null check (origin in ('message', 'upload', 'typed', 'planted')),
  subject text not null, navn text not null,
  antal integer not null, debet integer not null, kredit integer not null,
  listed integer not null check (listed in (0, 1)),
  primary key (dag, kommune, fagsystem, version)) strict, without rowid;
create table day_statement_line (
  dag text not null, kommune integer not null, fagsystem blob not null, version integer not null,
  bilag_uuid blob not null, debet integer not null,
  primary key (dag, kommune, fagsystem, version, bilag_uuid)) strict, without rowid;

-- The books' statement of a booking date beside ours of that moment; kept when either is news.
create table books_statement (
  kommune integer not null, bogfoeringsdato text not null, fagsystem blob not null,
  version integer not null, at integer not null,
  our_antal integer not null, our_debet integer not null, our_kredit integer not null,
  antal integer not null, debet integer not null, kredit integer not null,
  primary key (kommune, bogfoeringsdato, fagsystem, version)) strict, without rowid;
create index books_statement_of_date on books_statement (bogfoeringsdato, kommune);
-- When each municipality's books were last asked, and why they did not answer.
create table books_asked (
  kommune integer primary key, at integer not null, silent text) strict;

-- Somebody asks for the books to be asked about a day; answered in the background.
create table day_question (
  dag text not null, kommune integer not null, fagsystem blob not null, number integer not null,
  at integer not null, subject text not null, navn text not null,
  primary key (dag, kommune, fagsystem, number)) strict, without rowid;
create table day_answer (
  dag text not null, kommune integer not null, fagsystem blob not null, number integer not null,
  at integer not null, asked integer not null, silent text,
  primary key (dag, kommune, fagsystem, number)) strict, without rowid;
-- What the books said of single bilag: those only where they and we do not agree.
create table day_answer_word (
  dag text not null, kommune integer not null, fagsystem blob not null, number integer not null,
  bilag_id blob not null, bilag_uuid blob not null, erp_bilagsnummer text,
  primary key (dag, kommune, fagsystem, number, bilag_id)) strict, without rowid;

-- Who signed for a day and what its figures were; a day taken up again is a line too.
create table day_signing (
  dag text not null, kommune integer not null, fagsystem blob not null, number integer not null,
  at integer not null, kind text not null check (kind in ('signed', 'reopened')),
  subject text not null, navn text not null, words text not null, figures text not null,
  primary key (dag, kommune, fagsystem, number)) strict, without rowid;
create table day_explanation (
  dag text not null, kommune integer not null, fagsystem blob not null, number integer not null,
  finding text not null, words text not null,
  primary key (dag, kommune, fagsystem, number, finding)) strict, without rowid;

-- How long the booked bilag of a day took, in classes. Derived: made anew when more are booked.
create table booking_time (
  dag text not null, kommune integer not null, fagsystem blob not null, class integer not null,
  antal integer not null, primary key (dag, kommune, fagsystem, class)) strict, without rowid;

create trigger day_statement_no_update before update on day_statement
  begin select raise(abort, 'append-only'); end;
create trigger day_statement_no_delete before delete on day_statement
  begin select raise(abort, 'append-only'); end;
create trigger day_statement_line_no_update before update on day_statement_line
  begin select raise(abort, 'append-only'); end;
create trigger day_statement_line_no_delete before delete on day_statement_line
  begin select raise(abort, 'append-only'); end;
create trigger books_statement_no_update before update on books_statement
  begin select raise(abort, 'append-only'); end;
create trigger books_statement_no_delete before delete on books_statement
  begin select raise(abort, 'append-only'); end;
create trigger day_question_no_update before update on day_question
  begin select raise(abort, 'append-only'); end;
create trigger day_question_no_delete before delete on day_question
  begin select raise(abort, 'append-only'); end;
create trigger day_answer_no_update before update on day_answer
  begin select raise(abort, 'append-only'); end;
create trigger day_answer_no_delete before delete on day_answer
  begin select raise(abort, 'append-only'); end;
create trigger day_answer_word_no_update before update on day_answer_word
  begin select raise(abort, 'append-only'); end;
create trigger day_answer_word_no_delete before delete on day_answer_word
  begin select raise(abort, 'append-only'); end;
create trigger day_signing_no_update before update on day_signing
  begin select raise(abort, 'append-only'); end;
create trigger day_signing_no_delete before delete on day_signing
  begin select raise(abort, 'append-only'); end;
create trigger day_explanation_no_update before update on day_explanation
  begin select raise(abort, 'append-only'); end;
create trigger day_explanation_no_delete before delete on day_explanation
  begin select raise(abort, 'append-only'); end;

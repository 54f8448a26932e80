//! Test: which index each question of pages and partners goes by. `explain` on SQLite, which
//! plans without statistics, so that an empty file plans as a full one does; on PostgreSQL
//! where the two differ, by indexes alone, so that an empty table is not read whole.

use jiff::civil::{Date, date};
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, BilagUuid, FagsystemId};
use oir_domain::message::StateName;
use oir_domain::omsaetning::TableId;
use oir_domain::party::{Cpr, Kommunekode};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::DayFilter;
use oir_flow::ports::views::BilagFilter;
use oir_flow::ports::work::{Whose, WorkFilter};
use uuid::Uuid;

use crate::codec::Cells;
use crate::plan::Value;
use crate::{
    Durability, Store, chain, claim, days, list, looks, omsaetning, search, sortiment, views,
    worklist,
};

const DAY: Date = date(2026, 11, 18);
const OWNER: Kommunekode = Kommunekode(101);

/// The steps of the plan, one a line.
async fn plan(store: &Store, sql: &str, params: Vec<Value>) -> Result<String, StoreFailure> {
    let rows = store
        .query(&format!("explain query plan {sql}"), params)
        .await?;
    let mut steps = Vec::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let _ids = (cells.int()?, cells.int()?, cells.int()?);
        steps.push(cells.text()?.into_string());
    }
    Ok(steps.join("\n"))
}

fn filter(owner: Option<Kommunekode>, states: &[StateName], text: Option<&str>) -> BilagFilter {
    BilagFilter {
        kommune: owner,
        states: states.to_vec(),
        text: text.map(Into::into),
        ..BilagFilter::default()
    }
}

fn person() -> Cpr {
    "6101011234"
        .parse()
        .unwrap_or_else(|_| unreachable!("ten digits"))
}

type Case = (&'static str, (String, Vec<Value>), &'static [&'static str]);

/// Question, and what its plan must say.
fn cases() -> Vec<Case> {
    let mut cases = figures();
    cases.extend(kin_and_work());
    cases.extend(lists());
    cases
}

/// Lists of bilag, narrowed.
fn lists() -> Vec<Case> {
    let all = Scope::everything();
    let list = |owner, states: &[StateName], text| {
        let part = list::Part {
            from: None,
            below: Some(BilagId::from_uuid(Uuid::max())),
        };
        list::question(&all, &filter(owner, states, text), part, None, 50)
    };
    let to_handle = [StateName::Refused, StateName::Parked];
    let uuid = "0192f0a0-0000-4000-8000-000000000001";
    vec![
        (
            "list of a municipality",
            list(Some(OWNER), &[], None),
            &["bilag_of_kommune (kommune=? AND bilag_id<?)"],
        ),
        (
            "to handle, of a municipality",
            list(Some(OWNER), &to_handle, None),
            &["bilag_to_handle (kommune=? AND bilag_id<?)"],
        ),
        (
            "under way",
            list(None, &[StateName::Sending], None),
            &["SEARCH o USING PRIMARY KEY (bilag_id<?)"],
        ),
        (
            "by the sender's id",
            list(None, &[], Some(uuid)),
            &[
                "bilag_claim (claimed_uuid=?",
                "bilag_unclaimed (bilag_uuid=?",
            ],
        ),
        (
            "words in their order",
            search::following_question("uge", BilagId::from_uuid(Uuid::max())),
            &[
                "SEARCH t USING PRIMARY KEY (term=? AND bilag_id<?)",
                "bilag_erp (erp_bilagsnummer=?",
            ],
        ),
        (
            "by person",
            looks::persons_question(true, &all, OWNER, &person()),
            &[
                "postering_of_person (<expr>>?)",
                "postering_of_person (<expr>=? AND kommune=? AND part_cpr=?)",
            ],
        ),
    ]
}

/// What corrects what, and what stands still.
fn kin_and_work() -> Vec<Case> {
    let all = Scope::everything();
    let own = WorkFilter {
        kommune: Some(OWNER),
        ..WorkFilter::on(DAY)
    };
    let sender = Some(FagsystemId::from_uuid(Uuid::max()));
    let bilag = BilagUuid::from_uuid(Uuid::max());
    let outbox_first = &[
        "SCAN o USING",
        "SEARCH b USING INDEX sqlite_autoindex_bilag_1 (bilag_id=? AND kommune=?)",
    ];
    vec![
        (
            "chain, later",
            chain::correcting_question(OWNER, sender, bilag),
            &["bilag_corrects (kommune=? AND korrigerer=?)"],
        ),
        (
            "chain, earlier",
            chain::claiming_question(OWNER, sender, bilag),
            &["bilag_claim (claimed_uuid=? AND fagsystem=? AND kommune=?)"],
        ),
        (
            "causes",
            worklist::causes_question(&all, &WorkFilter::on(DAY)),
            &["work_item_open"],
        ),
        (
            "causes of one's own",
            worklist::causes_question(
                &all,
                &WorkFilter {
                    whose: Whose::Of("s"),
                    ..WorkFilter::on(DAY)
                },
            ),
            &["work_item_held (holder=?)"],
        ),
        (
            "what passes",
            worklist::passing_question(&all, &WorkFilter::on(DAY)),
            outbox_first,
        ),
        (
            "what passes in a municipality",
            worklist::passing_question(&all, &own),
            outbox_first,
        ),
    ]
}

/// Figures of a day, and the kin of one bilag.
fn figures() -> Vec<Case> {
    let all = Scope::everything();
    let some = || Value::Uuid(Uuid::max());
    vec![
        (
            "what corrects one",
            (
                views::CORRECTED_BY.to_owned(),
                vec![Value::from(OWNER.0), some(), some()],
            ),
            &["bilag_corrects (kommune=? AND korrigerer=?)"],
        ),
        (
            "booked, one",
            claim::booked(Some(OWNER), DAY, DAY),
            &["bilag_booked (kommune=? AND bogfoeringsdato>? AND bogfoeringsdato<?)"],
        ),
        (
            "booked, each",
            claim::booked(None, DAY, DAY),
            &["bilag_booked (kommune=? AND bogfoeringsdato>? AND bogfoeringsdato<?)"],
        ),
        (
            "totals",
            views::totals_of_day(&all, DAY),
            &["PRIMARY KEY (dag=?)"],
        ),
        (
            "faults",
            views::faults_of_day(&all, DAY),
            &["fault_of_day (dag=?)", "(bilag_id=? AND kommune=?)"],
        ),
    ]
}

/// The past of an omsætningstabel: along the municipality's bilag, their postings by key.
fn table_cases() -> Vec<Case> {
    const ALONG: &str = "bilag_of_kommune (kommune=? AND bilag_id>?";
    const BY_KEY: &str = "SEARCH p USING PRIMARY KEY (bilag_id=? AND kommune=?)";
    let span = omsaetning::Span {
        table: TableId {
            kommune: OWNER,
            fagsystem: FagsystemId::from_uuid(Uuid::max()),
        },
        days: (DAY, DAY),
    };
    let (first, last) = (Uuid::nil(), Uuid::max());
    vec![
        (
            "list of past bilag",
            omsaetning::heads_question(span, first),
            &[ALONG],
        ),
        (
            "past postings",
            omsaetning::postings_question(span, (first, last)),
            &[ALONG, BY_KEY],
        ),
        (
            "past accounts of split postings",
            omsaetning::splits_question(span, (first, last)),
            &[
                ALONG,
                "SEARCH l USING PRIMARY KEY (bilag_id=? AND kommune=?)",
            ],
        ),
        (
            "list to cut the past",
            omsaetning::cut_question(span, first),
            &[ALONG],
        ),
        (
            "values of the past",
            omsaetning::seen_question(span, (first, last)),
            &[ALONG, BY_KEY],
        ),
        (
            "held by table",
            omsaetning::held_question(&Scope::everything()),
            &["bilag_held"],
        ),
    ]
}

/// What a registration takes away of the judge's rows.
fn sortiment_cases() -> Vec<Case> {
    let of = |sql: &str| (sql.to_owned(), vec![Value::Uuid(Uuid::nil())]);
    vec![
        (
            "rows of a value",
            of(sortiment::FORGET_ROWS),
            &[
                "SEARCH sortimentspost USING PRIMARY KEY \
                 (fagsystem=? AND kommune=? AND facet=? AND vaerdi=? AND valid_from=?)",
                "SEARCH v USING PRIMARY KEY (objekt=?)",
            ],
        ),
        (
            "rows of a dimension",
            of(sortiment::FORGET_FACET_ROWS),
            &["SEARCH sortimentspost USING PRIMARY KEY (fagsystem=?)"],
        ),
    ]
}

/// The days of a month in one municipality: its list of days.
fn day_cases() -> Vec<Case> {
    let all = Scope::everything();
    let month = DayFilter {
        from: date(2026, 11, 1),
        to: date(2026, 11, 30),
        kommune: Some(OWNER),
        fagsystem: None,
    };
    let of_day = &["PRIMARY KEY (dag=? AND kommune=?)"];
    vec![
        (
            "totals of days",
            days::totals_question(&all, &month),
            of_day,
        ),
        (
            "control totals of days",
            days::statements_question(&all, &month),
            &[
                "PRIMARY KEY (dag=? AND kommune=?)",
                "PRIMARY KEY (dag=? AND kommune=? AND fagsystem=?)",
            ],
        ),
        (
            "signings of days",
            days::signings_question(&all, &month),
            &[
                "PRIMARY KEY (dag=? AND kommune=?)",
                "PRIMARY KEY (dag=? AND kommune=? AND fagsystem=?)",
            ],
        ),
        (
            "books of days",
            days::books_question(&all, &month),
            &["(kommune=? AND bogfoeringsdato=?"],
        ),
        (
            "what does not balance",
            days::skew_question(&all, &month),
            &["COVERING INDEX bilag_skew (dag=? AND kommune=?)"],
        ),
        (
            "what could not be read",
            days::unreadable_question(&all, &month),
            &["afsendelse_unreadable (dag=?)"],
        ),
    ]
}

async fn look() -> Result<Vec<String>, StoreFailure> {
    let folder = std::env::temp_dir().join(format!("oir-questions-{}", std::process::id()));
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|e| StoreFailure::Unavailable(e.to_string()))?;
    let file = folder.join("oir.db");
    let store = Store::open_sqlite(&file, Durability::ProcessOnly).await?;
    let mut wrong = Vec::new();
    let all = cases().into_iter().chain(day_cases()).chain(table_cases());
    let all = all.chain(sortiment_cases());
    for (name, (sql, params), wanted) in all {
        let plan = plan(&store, &sql, params).await?;
        let sorted = name.contains("list") && plan.contains("TEMP B-TREE FOR ORDER BY");
        if sorted || !wanted.iter().all(|step| plan.contains(step)) {
            wrong.push(format!("{name}:\n{sql}\n{plan}"));
        }
    }
    drop(store);
    drop(std::fs::remove_dir_all(&folder));
    Ok(wrong)
}

#[test]
fn every_question_goes_by_its_index() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let looked = runtime.map(|runtime| runtime.block_on(look()));
    let wrong = looked.map_err(|e| e.to_string());
    assert_eq!(wrong, Ok(Ok(Vec::new())), "{wrong:#?}");
}

#[cfg(feature = "test-postgres")]
mod postgres {
    use oir_domain::fault::FaultCode;
    use oir_testkit::postgres::Scratch;

    use super::*;

    /// What a plan must not say: what is asked of each of a few bilag is not joined.
    const NEVER: &str = "Join";

    /// Bilag named by a lead, asked whether they have a fault and an account.
    fn named() -> (String, Vec<Value>) {
        let filter = BilagFilter {
            kommune: Some(OWNER),
            fault: Some(FaultCode::Unbalanced),
            konto: Some("5".into()),
            ..BilagFilter::default()
        };
        let named = [
            BilagId::from_uuid(Uuid::max()),
            BilagId::from_uuid(Uuid::nil()),
        ];
        let part = list::Part::default();
        list::question(&Scope::everything(), &filter, part, Some(&named), 50)
    }

    /// A page's question, and what a plan of it must say. Each once sorted or read what ten
    /// million postings leave behind.
    fn cases() -> [Case; 3] {
        let month = DayFilter {
            from: date(2026, 11, 1),
            to: date(2026, 11, 30),
            kommune: None,
            fagsystem: None,
        };
        [
            (
                "what does not balance",
                days::skew_question(&Scope::everything(), &month),
                &["using bilag_skew"],
            ),
            (
                "words in their order",
                search::following_question("uge", BilagId::from_uuid(Uuid::max())),
                &["Index Only Scan Backward using search_term_pkey"],
            ),
            ("few, each asked by itself", named(), &["SubPlan"]),
        ]
    }

    async fn look(url: &str) -> Result<Vec<String>, StoreFailure> {
        let indexes = "?options=-c%20enable_seqscan%3Doff%20-c%20enable_bitmapscan%3Doff";
        let store = Store::open_postgres(&format!("{url}{indexes}"), 0, 1).await?;
        let mut wrong = Vec::new();
        for (name, (sql, params), wanted) in cases() {
            let rows = store.query(&format!("explain {sql}"), params).await?;
            let mut plan = String::new();
            for row in rows {
                plan.push_str(&Cells::new(row).text()?);
                plan.push('\n');
            }
            if plan.contains(NEVER) || !wanted.iter().all(|step| plan.contains(step)) {
                wrong.push(format!("{name}:\n{sql}\n{plan}"));
            }
        }
        Ok(wrong)
    }

    #[test]
    fn questions_of_the_country_go_by_their_index() {
        let scratch = Scratch::new(&format!("oir_questions_{}", std::process::id()));
        let runtime = tokio::runtime::Runtime::new();
        let looked = runtime.map(|runtime| runtime.block_on(look(&scratch.url())));
        let wrong = looked.map_err(|e| e.to_string());
        assert_eq!(wrong, Ok(Ok(Vec::new())), "{wrong:#?}");
    }
}

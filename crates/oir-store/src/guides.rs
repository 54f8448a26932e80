//! Guides: every version a row of its own.

use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::guide::{Guide, GuideHead, GuidePlace, Way};
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, fagsystem, kommune, micros};
use crate::plan::Column::{Int, Text, Uuid};
use crate::plan::{Plan, Row, Shape, Value};

const GUIDE: Shape = Shape {
    table: "guide_version",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Uuid),
        ("code", Text),
        ("version", Int),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
        ("ways", Text),
        ("note", Text),
        ("body", Text),
        ("withdrawn", Int),
    ],
    suffix: "",
};

const HEAD: &str = "g.kommune, g.fagsystem, g.code, g.version, g.at, g.subject, g.navn, g.ways, \
     g.note, g.withdrawn";
const NEWEST: &str = "g.version = (select max(n.version) from guide_version n \
     where n.fagsystem = g.fagsystem and n.kommune = g.kommune and n.code = g.code)";
const HERE: &str = "g.fagsystem = $1 and g.kommune = $2 and g.code = $3";
/// Versions have no gaps: that many rows means that the newest has that number.
const FOLLOWS: &str = "select count(*) from guide_version \
     where fagsystem = $1 and kommune = $2 and code = $3";

/// Stands for the whole country; no municipality has it.
const COUNTRY: Kommunekode = Kommunekode(0);

impl Store {
    async fn guide_shelf(
        &self,
        scope: &Scope,
        of: Option<FagsystemId>,
    ) -> Result<Vec<GuideHead>, StoreFailure> {
        let (one, params) = match of {
            Some(id) => ("g.fagsystem = $1 and", vec![fagsystem(Some(id))]),
            None => ("", Vec::new()),
        };
        let sql = format!(
            "select {HEAD} from guide_version g where {one} {NEWEST} \
             order by g.fagsystem, g.kommune, g.code"
        );
        let rows = self.query(&sql, params).await?;
        let heads = rows.into_iter().map(|row| head(&mut Cells::new(row)));
        let mut heads = heads.collect::<Result<Vec<_>, _>>()?;
        heads.retain(|head| is_there(scope, &head.place));
        Ok(heads)
    }

    async fn guide_version(
        &self,
        scope: &Scope,
        place: &GuidePlace,
        version: Option<u32>,
    ) -> Result<Option<Guide>, StoreFailure> {
        if !is_there(scope, place) {
            return Ok(None);
        }
        let mut params = key(place);
        let which = match version {
            Some(version) => {
                params.push(version.into());
                "g.version = $4"
            }
            None => NEWEST,
        };
        let sql = format!("select {HEAD}, g.body from guide_version g where {HERE} and {which}");
        let read = |row: Row| {
            let mut cells = Cells::new(row);
            let head = head(&mut cells)?;
            let body = cells.text()?;
            Ok(Guide { head, body })
        };
        self.query(&sql, params).await?.pop().map(read).transpose()
    }

    async fn versions_of(
        &self,
        scope: &Scope,
        place: &GuidePlace,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<GuideHead>, StoreFailure> {
        if !is_there(scope, place) {
            return Ok(Vec::new());
        }
        let mut params = key(place);
        params.push(before.map_or(i64::MAX, i64::from).into());
        params.push(limit.into());
        let sql = format!(
            "select {HEAD} from guide_version g where {HERE} and g.version < $4 \
             order by g.version desc limit $5"
        );
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|row| head(&mut Cells::new(row)))
            .collect()
    }

    async fn keep_guide(&self, guide: &Guide, deed: &Deed) -> Result<bool, StoreFailure> {
        let (head, mut plan) = (&guide.head, Plan::default());
        // Said anew at each try of the log: who comes second finds one row more.
        let before = i64::from(head.version.saturating_sub(1));
        plan.assert(FOLLOWS, key(&head.place), before);
        let ways: Vec<&str> = head.ways.iter().map(|way| way.word()).collect();
        let [system, owner, code] = key_values(&head.place);
        let values = vec![
            owner,
            system,
            code,
            head.version.into(),
            micros(head.at),
            head.subject.clone().into(),
            head.navn.clone().into(),
            ways.join(",").into(),
            head.note.clone().into(),
            guide.body.clone().into(),
            head.withdrawn.into(),
        ];
        plan.insert(&GUIDE, values);
        self.with_deed(&plan, deed).await
    }
}

/// What somebody sees of the shelf: nothing at all when they see nothing.
fn is_there(scope: &Scope, place: &GuidePlace) -> bool {
    !scope.is_nothing() && place.is_seen(scope)
}

fn key_values(place: &GuidePlace) -> [Value; 3] {
    [
        fagsystem(Some(place.fagsystem)),
        kommune(place.kommune.unwrap_or(COUNTRY)),
        place.code.map_or("", FaultCode::code).into(),
    ]
}

fn key(place: &GuidePlace) -> Vec<Value> {
    key_values(place).into()
}

fn head(cells: &mut Cells) -> Result<GuideHead, StoreFailure> {
    let (owner, fagsystem, code) = (cells.kommune()?, cells.fagsystem()?, cells.text()?);
    let code = match &*code {
        "" => None,
        code => Some(FaultCode::from_code(code).ok_or_else(|| damaged("not a fault"))?),
    };
    let (version, at) = (cells.narrow()?, cells.time()?);
    let (subject, navn, ways) = (cells.text()?, cells.text()?, cells.text()?);
    Ok(GuideHead {
        place: GuidePlace {
            kommune: (owner != COUNTRY).then_some(owner),
            fagsystem,
            code,
        },
        version,
        at,
        subject,
        navn,
        ways: ways.split(',').filter_map(Way::from_word).collect(),
        note: cells.text()?,
        withdrawn: cells.int()? != 0,
    })
}

impl Guides for Store {
    fn shelf<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Vec<GuideHead>> {
        Box::pin(self.guide_shelf(scope, fagsystem))
    }

    fn guide<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        version: Option<u32>,
    ) -> Answer<'a, Option<Guide>> {
        Box::pin(self.guide_version(scope, place, version))
    }

    fn guide_versions<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<GuideHead>> {
        Box::pin(self.versions_of(scope, place, before, limit))
    }

    fn write_guide<'a>(&'a self, guide: &'a Guide, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.keep_guide(guide, deed))
    }
}

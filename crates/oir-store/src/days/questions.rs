//! Questions to the books about single days, and what they answered.

use oir_domain::day::{BooksWord, DayKey};
use oir_domain::ids::ErpBilagsnummer;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::{Question, QuestionAnswer};

use super::{OF_DAY, day_values, key};
use crate::Store;
use crate::codec::{Cells, damaged};
use crate::plan::Value;

impl Store {
    pub(super) async fn questions_where(
        &self,
        rest: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Question>, StoreFailure> {
        let sql = format!(
            "select q.dag, q.kommune, q.fagsystem, q.number, q.at, q.subject, q.navn, a.at, \
             a.asked, a.silent from day_question q left join day_answer a on a.dag = q.dag \
             and a.kommune = q.kommune and a.fagsystem = q.fagsystem and a.number = q.number {rest}"
        );
        let mut found = Vec::new();
        for read in self.query(&sql, params).await? {
            let mut cells = Cells::new(read);
            let of = key(&mut cells)?;
            let (number, at) = (cells.narrow()?, cells.time()?);
            let (subject, navn) = (cells.text()?, cells.text()?);
            let answer = match cells.opt_int()? {
                None => None,
                Some(at) => Some(QuestionAnswer {
                    at: crate::codec::time_of(at)?,
                    asked: cells.narrow()?,
                    silent: cells.opt_text()?,
                    words: self.words_of(of, number).await?,
                }),
            };
            found.push(Question {
                key: of,
                number,
                at,
                subject,
                navn,
                answer,
            });
        }
        Ok(found)
    }

    async fn words_of(&self, of: DayKey, number: u32) -> Result<Vec<BooksWord>, StoreFailure> {
        let sql = format!(
            "select bilag_id, bilag_uuid, erp_bilagsnummer from day_answer_word \
             where {OF_DAY} and number = $4 order by bilag_id"
        );
        let mut params = day_values(of);
        params.push(number.into());
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|found| {
                let mut cells = Cells::new(found);
                let (id, bilag) = (cells.bilag_id()?, cells.bilag_uuid()?);
                let number = cells.opt_text()?;
                let number = number
                    .map(|text| ErpBilagsnummer::try_new(&text))
                    .transpose();
                let number = number.map_err(|_| damaged("the books' number"))?;
                Ok(BooksWord { id, bilag, number })
            })
            .collect()
    }
}

//! Domain values to columns and back. Reading goes through the domain's own
//! constructors; what they refuse is damage, not data.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId};
use oir_domain::message::{State, StateName};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use uuid::Uuid;

use crate::plan::{Row, Value};

/// Separates values in one column: "unit separator", which XML text cannot carry.
pub(crate) const UNIT: char = '\u{1f}';
/// Separates the parts of one value in a column that holds several.
pub(crate) const GROUP: char = '\u{1d}';

/// Stands for one empty value, which joined would look like none.
const EMPTY_VALUE: &str = "\u{1d}";

/// Faults that came after the reception are numbered from here per event, so that one
/// glance at the number tells which.
pub(crate) const LATER: i64 = 1_000_000;

/// A row that is read from left to right.
pub(crate) struct Cells {
    values: std::vec::IntoIter<Value>,
}

impl Cells {
    pub(crate) fn new(row: Row) -> Self {
        Self {
            values: row.into_iter(),
        }
    }

    fn next(&mut self) -> Value {
        self.values.next().unwrap_or(Value::Null)
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreFailure> {
        self.opt_int()?
            .ok_or_else(|| damaged("a number is missing"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, StoreFailure> {
        match self.next() {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            _ => Err(damaged("not a number")),
        }
    }

    pub(crate) fn narrow<T: TryFrom<i64>>(&mut self) -> Result<T, StoreFailure> {
        T::try_from(self.int()?).map_err(|_| damaged("a number out of range"))
    }

    pub(crate) fn opt_narrow<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreFailure> {
        let narrow = |number| T::try_from(number).map_err(|_| damaged("a number out of range"));
        self.opt_int()?.map(narrow).transpose()
    }

    pub(crate) fn text(&mut self) -> Result<Box<str>, StoreFailure> {
        self.opt_text()?.ok_or_else(|| damaged("a text is missing"))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<Box<str>>, StoreFailure> {
        match self.next() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(damaged("not a text")),
        }
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, StoreFailure> {
        self.opt_uuid()?.ok_or_else(|| damaged("an id is missing"))
    }

    pub(crate) fn opt_uuid(&mut self) -> Result<Option<Uuid>, StoreFailure> {
        match self.next() {
            Value::Uuid(uuid) => Ok(Some(uuid)),
            Value::Null => Ok(None),
            _ => Err(damaged("not an id")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreFailure> {
        match self.next() {
            Value::Bytes(bytes) => Ok(bytes),
            // SQLite cannot tell sixteen bytes from an id.
            Value::Uuid(uuid) => Ok(uuid.as_bytes().to_vec()),
            _ => Err(damaged("not bytes")),
        }
    }

    /// A message's bytes, unpacked.
    pub(crate) fn raw(&mut self) -> Result<Vec<u8>, StoreFailure> {
        unpacked(&self.bytes()?).ok_or_else(|| damaged("packed bytes"))
    }

    pub(crate) fn digest(&mut self) -> Result<[u8; 32], StoreFailure> {
        self.bytes()?
            .try_into()
            .map_err(|_| damaged("not a digest"))
    }

    pub(crate) fn date(&mut self) -> Result<Date, StoreFailure> {
        self.text()?.parse().map_err(|_| damaged("not a date"))
    }

    pub(crate) fn opt_date(&mut self) -> Result<Option<Date>, StoreFailure> {
        let text = self.opt_text()?;
        text.map(|t| t.parse().map_err(|_| damaged("not a date")))
            .transpose()
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreFailure> {
        time_of(self.int()?)
    }

    pub(crate) fn kommune(&mut self) -> Result<Kommunekode, StoreFailure> {
        self.narrow().map(Kommunekode)
    }

    pub(crate) fn oere(&mut self) -> Result<Oere, StoreFailure> {
        self.int().map(Oere::new)
    }

    pub(crate) fn bilag_id(&mut self) -> Result<BilagId, StoreFailure> {
        self.uuid().map(BilagId::from_uuid)
    }

    pub(crate) fn afsendelse_id(&mut self) -> Result<AfsendelseId, StoreFailure> {
        self.uuid().map(AfsendelseId::from_uuid)
    }

    pub(crate) fn bilag_uuid(&mut self) -> Result<BilagUuid, StoreFailure> {
        self.uuid().map(BilagUuid::from_uuid)
    }

    pub(crate) fn fagsystem(&mut self) -> Result<FagsystemId, StoreFailure> {
        self.uuid().map(FagsystemId::from_uuid)
    }

    pub(crate) fn state_name(&mut self) -> Result<StateName, StoreFailure> {
        StateName::from_word(&self.text()?).ok_or_else(|| damaged("not a state"))
    }

    /// Three columns: state, attempts, erp_bilagsnummer.
    pub(crate) fn state(&mut self) -> Result<(State, u32), StoreFailure> {
        let name = self.state_name()?;
        let attempts: u32 = self.narrow()?;
        let number = self.opt_text()?;
        let state = State::from_parts(name, attempts, number.as_deref());
        state
            .map(|s| (s, attempts))
            .ok_or_else(|| damaged("a state without its data"))
    }

    /// Four columns: code, linje, path, vaerdier. `index` is the bilag's place.
    pub(crate) fn fault(&mut self, index: Option<u32>) -> Result<Fault, StoreFailure> {
        let code = FaultCode::from_code(&self.text()?).ok_or_else(|| damaged("not a fault"))?;
        let linje = self.opt_narrow()?;
        let place = Place {
            bilag: index,
            linje,
            path: self.text()?,
        };
        let values = self.text()?;
        let values = match &*values {
            "" => Vec::new(),
            EMPTY_VALUE => vec!["".into()],
            values => values.split(UNIT).map(Into::into).collect(),
        };
        Ok(Fault {
            code,
            place,
            values,
        })
    }
}

/// What a database must not hold.
pub(crate) fn damaged(what: &str) -> StoreFailure {
    StoreFailure::Broken(format!("a stored row cannot be read: {what}"))
}

pub(crate) fn micros(time: Timestamp) -> Value {
    Value::Int(time.as_microsecond())
}

pub(crate) fn time_of(micros: i64) -> Result<Timestamp, StoreFailure> {
    Timestamp::from_microsecond(micros).map_err(|_| damaged("a time out of range"))
}

pub(crate) fn date(date: Date) -> Value {
    Value::from(date.to_string())
}

pub(crate) fn opt_date(day: Option<Date>) -> Value {
    day.map_or(Value::Null, date)
}

pub(crate) fn kommune(kommune: Kommunekode) -> Value {
    Value::Int(i64::from(kommune.0))
}

pub(crate) fn oere(amount: Oere) -> Value {
    Value::Int(amount.get())
}

/// The sender's id, or the nil UUID that stands for "not known".
pub(crate) fn fagsystem(id: Option<FagsystemId>) -> Value {
    Value::Uuid(id.map_or(Uuid::nil(), FagsystemId::as_uuid))
}

/// The nil UUID read as "not known".
pub(crate) fn known_fagsystem(id: FagsystemId) -> Option<FagsystemId> {
    (!id.as_uuid().is_nil()).then_some(id)
}

/// A fault's columns after (kommune, afsendelse_id, bilag_id, number).
pub(crate) fn fault_values(fault: &Fault) -> [Value; 4] {
    [
        fault.code.code().into(),
        fault.place.linje.into(),
        Value::Text(fault.place.path.clone()),
        match &*fault.values {
            [only] if only.is_empty() => EMPTY_VALUE.into(),
            values => values.join(&*UNIT.to_string()).into(),
        },
    ]
}

/// `$first, $first+1, …`: places for a list of so many values.
pub(crate) fn places(first: usize, count: usize) -> String {
    let marks: Vec<String> = (first..first.saturating_add(count))
        .map(|n| format!("${n}"))
        .collect();
    marks.join(",")
}

/// The received bytes as they are kept: XML says everything twice, and is written, synced,
/// copied and backed up at a third of its size. Their digest is of the bytes as received.
pub(crate) fn packed(raw: &[u8]) -> Value {
    Value::Bytes(lz4_flex::compress_prepend_size(raw))
}

/// The bytes as received; nothing when they are damaged.
pub(crate) fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    lz4_flex::decompress_size_prepended(packed).ok()
}

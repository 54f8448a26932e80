//! What a registration says, as one text: members by "record separator", their fields by
//! "unit separator", neither of which a text of the model can hold.

use jiff::Timestamp;
use oir_domain::klassifikation::{
    AktoerType, Egenskab, Field, Indhold, PubliceretStatus, Relation, RelationKind, Soegeord,
    UnikId, Virkning,
};
use oir_flow::ports::StoreFailure;

use crate::codec::{GROUP, UNIT, damaged, time_of};

const RECORD: char = '\u{1e}';

pub(super) fn encoded(indhold: &Indhold) -> String {
    let mut members = Vec::new();
    for egenskab in &indhold.egenskaber {
        let mut fields = vec!["E".to_owned()];
        fields.extend(virkning(&egenskab.virkning));
        for (field, tekst) in &egenskab.tekster {
            fields.push(format!("{}{GROUP}{}", field.word(), clean(tekst)));
        }
        for word in &egenskab.soegeord {
            let parts = [&word.identifikator, &word.beskrivelse, &word.kategori];
            let parts = parts.map(|part| opt(part.as_deref()));
            fields.push(format!("{GROUP}{}", parts.join(&GROUP.to_string())));
        }
        members.push(fields);
    }
    for state in &indhold.tilstande {
        let mut fields = vec!["P".to_owned()];
        fields.extend(virkning(&state.virkning));
        let said = match state.er_publiceret {
            None => "",
            Some(true) => "1",
            Some(false) => "0",
        };
        fields.push(said.to_owned());
        members.push(fields);
    }
    for relation in &indhold.relationer {
        let mut fields = vec!["R".to_owned()];
        fields.extend(virkning(&relation.virkning));
        fields.push(relation.kind.word().to_owned());
        fields.push(id_text(relation.til.as_ref()));
        members.push(fields);
    }
    let members = members.into_iter().map(|m| m.join(&UNIT.to_string()));
    members.collect::<Vec<_>>().join(&RECORD.to_string())
}

pub(super) fn decoded(text: &str) -> Result<Indhold, StoreFailure> {
    let mut indhold = Indhold::default();
    for member in text.split(RECORD).filter(|member| !member.is_empty()) {
        let mut fields = member.split(UNIT);
        let kind = fields.next();
        let virkning = read_virkning(&mut fields)?;
        match kind {
            Some("E") => indhold.egenskaber.push(egenskab(virkning, fields)?),
            Some("P") => indhold.tilstande.push(PubliceretStatus {
                virkning,
                er_publiceret: match fields.next() {
                    Some("1") => Some(true),
                    Some("0") => Some(false),
                    _ => None,
                },
            }),
            Some("R") => {
                let word = fields.next().unwrap_or_default();
                let kind = RelationKind::from_word(word).ok_or_else(|| damaged("a relation"))?;
                indhold.relationer.push(Relation {
                    kind,
                    virkning,
                    til: read_id(fields.next().unwrap_or_default())?,
                });
            }
            _ => return Err(damaged("a member of a registration")),
        }
    }
    Ok(indhold)
}

fn egenskab<'a>(
    virkning: Virkning,
    fields: impl Iterator<Item = &'a str>,
) -> Result<Egenskab, StoreFailure> {
    let mut egenskab = Egenskab {
        virkning,
        ..Egenskab::default()
    };
    for field in fields {
        let (word, rest) = field.split_once(GROUP).ok_or_else(|| damaged("a text"))?;
        if word.is_empty() {
            let mut parts = rest.split(GROUP).map(read_opt);
            egenskab.soegeord.push(Soegeord {
                identifikator: parts.next().flatten(),
                beskrivelse: parts.next().flatten(),
                kategori: parts.next().flatten(),
            });
        } else {
            let field = Field::from_word(word).ok_or_else(|| damaged("the name of a text"))?;
            egenskab.tekster.push((field, rest.into()));
        }
    }
    Ok(egenskab)
}

fn virkning(virkning: &Virkning) -> [String; 5] {
    let time =
        |time: Option<Timestamp>| time.map_or_else(String::new, |t| t.as_microsecond().to_string());
    [
        time(virkning.fra),
        time(virkning.til),
        id_text(virkning.aktoer.as_ref()),
        virkning.aktoer_type.map_or("", AktoerType::word).to_owned(),
        opt(virkning.note.as_deref()),
    ]
}

fn read_virkning<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Result<Virkning, StoreFailure> {
    let mut next = || fields.next().unwrap_or_default();
    let time = |text: &str| match text {
        "" => Ok(None),
        text => {
            let micros = text.parse().map_err(|_| damaged("a time"))?;
            time_of(micros).map(Some)
        }
    };
    Ok(Virkning {
        fra: time(next())?,
        til: time(next())?,
        aktoer: read_id(next())?,
        aktoer_type: AktoerType::from_word(next()),
        note: read_opt(next()),
    })
}

/// The id as a column holds it; empty = none.
pub(super) fn id_text(id: Option<&UnikId>) -> String {
    match id {
        None => String::new(),
        Some(UnikId::Uuid(uuid)) => format!("u:{uuid}"),
        Some(UnikId::Urn(urn)) => format!("n:{}", clean(urn)),
    }
}

pub(super) fn read_id(text: &str) -> Result<Option<UnikId>, StoreFailure> {
    match text.split_once(':') {
        None => Ok(None),
        Some(("u", uuid)) => {
            let uuid = uuid.parse().map_err(|_| damaged("an id"))?;
            Ok(Some(UnikId::Uuid(uuid)))
        }
        Some(("n", urn)) => Ok(Some(UnikId::Urn(urn.into()))),
        Some(_) => Err(damaged("an id")),
    }
}

/// Empty = none; else behind a mark, so that an empty text stays one.
fn opt(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("+{}", clean(text)))
}

fn read_opt(text: &str) -> Option<Box<str>> {
    text.strip_prefix('+').map(Into::into)
}

/// Characters that XML cannot carry could not have been sent; made by hand they become U+FFFD,
/// as the writer of XML makes them.
fn clean(text: &str) -> String {
    let carried = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars()
        .map(|c| if carried(c) { c } else { '\u{FFFD}' })
        .collect()
}

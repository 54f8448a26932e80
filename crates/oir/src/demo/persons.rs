//! Invented persons to look at the pages as: one for every role, and one with two.

use oir_domain::access::{Action, Grant, Person, Role};
use oir_domain::party::Kommunekode;
use oir_domain::register::RegisterData;

/// Name, and the roles with the place of each: which municipality of the demo, which of
/// its fagsystemer. Nobody in here exists.
type Invented = (&'static str, &'static [(Role, usize, usize)]);

const PERSONS: [Invented; 10] = [
    ("Ask Opdigtet", &[(Role::Fagomraade, 0, 0)]),
    ("Birk Opdigtet", &[(Role::OekonomiFinans, 0, 0)]),
    ("Cille Opdigtet", &[(Role::AnsvarligFinans, 0, 0)]),
    (
        "Dagny Opdigtet",
        &[
            (Role::AnsvarligDebitor, 0, 0),
            (Role::OekonomiDebitor, 0, 0),
        ],
    ),
    ("Esther Opdigtet", &[(Role::KombitProgramleder, 0, 0)]),
    ("Frode Opdigtet", &[(Role::Revisor, 0, 0)]),
    (
        "Gry Opdigtet",
        &[(Role::OekonomiFinans, 1, 0), (Role::ErpSystemejer, 1, 0)],
    ),
    ("Hjalte Opdigtet", &[(Role::Leverandoer, 0, 1)]),
    ("Ida Opdigtet", &[(Role::KombitProjekt, 0, 0)]),
    ("Jon Opdigtet", &[(Role::Drift, 0, 0)]),
];

/// The persons of a demo's register.
pub(super) fn invented(register: &RegisterData) -> Vec<Person> {
    let person = |(number, (navn, roles)): (usize, &Invented)| {
        let grant = |(role, kommune, fagsystem): &(Role, usize, usize)| {
            let kommune = register.myndigheder.get(*kommune).map(|m| m.kommune);
            let fagsystem = register.fagsystemer.get(*fagsystem).map(|f| f.id);
            Grant::try_new(*role, kommune, fagsystem)
        };
        Person {
            subject: format!("opdigtet-{number}").into(),
            navn: (*navn).into(),
            grants: roles.iter().filter_map(grant).collect(),
        }
    };
    PERSONS.iter().enumerate().map(person).collect()
}

/// Those of them who may do something in a municipality, in their order.
pub(super) fn who(
    persons: &[Person],
    action: Action,
    kommune: Kommunekode,
) -> impl Iterator<Item = &Person> {
    let may = move |person: &&Person| person.scope(action).covers(kommune, None);
    persons.iter().filter(may)
}

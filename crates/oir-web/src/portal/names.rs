//! What municipalities and case systems are called, from the register in force.

use std::collections::HashMap;
use std::sync::Arc;

use oir_domain::access::Scope;
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;

use super::view::Choice;
use crate::danish_format::sort_key;

/// The names of one request.
#[derive(Clone)]
pub(super) struct Names {
    register: Arc<Register>,
    kommuner: HashMap<Kommunekode, Box<str>>,
}

impl Names {
    pub(super) fn new(register: Arc<Register>) -> Self {
        let kommuner = register
            .myndigheder()
            .map(|m| (m.kommune, m.navn.clone()))
            .collect();
        Self { register, kommuner }
    }

    /// A municipality's name; its code when the register does not have it.
    pub(super) fn kommune(&self, kommune: Kommunekode) -> String {
        match self.kommuner.get(&kommune) {
            Some(navn) => navn.to_string(),
            None if kommune == Kommunekode::UNKNOWN => "Ukendt myndighed".to_owned(),
            None => format!("Kommune {kommune}"),
        }
    }

    /// Whether the register has a case system.
    pub(super) fn knows(&self, id: FagsystemId) -> bool {
        self.register.fagsystem(id).is_some()
    }

    /// A case system's short name; its id when the register does not have it.
    pub(super) fn fagsystem(&self, id: Option<FagsystemId>) -> String {
        match id {
            None => "Ukendt afsender".to_owned(),
            Some(id) => match self.register.fagsystem(id) {
                Some(fagsystem) => fagsystem.kortnavn.to_string(),
                None => id.to_string(),
            },
        }
    }

    /// The facet whose value decides the account, in a case system's bilag.
    pub(super) fn deciding_facet(&self, id: Option<FagsystemId>) -> Option<String> {
        let fagsystem = self.register.fagsystem(id?)?;
        Some(fagsystem.konteringsfacet.to_string())
    }

    /// The municipalities that somebody sees something of as choices, in Danish order.
    pub(super) fn kommune_choices(&self, scope: &Scope, chosen: &str) -> Vec<Choice> {
        self.kommuner(|kode| scope.touches(kode), chosen)
    }

    /// Those municipalities as choices, in Danish order.
    pub(super) fn kommuner(&self, seen: impl Fn(Kommunekode) -> bool, chosen: &str) -> Vec<Choice> {
        let mut choices: Vec<_> = self
            .kommuner
            .iter()
            .filter(|(kode, _)| seen(**kode))
            .map(|(kode, navn)| Choice::new(kode.0.to_string(), navn.to_string(), chosen))
            .collect();
        choices.sort_by_cached_key(|choice| sort_key(&choice.label));
        choices
    }

    /// All case systems as choices, in Danish order.
    pub(super) fn fagsystem_choices(&self, chosen: &str) -> Vec<Choice> {
        let label = |kort: &str, navn: &str| format!("{kort} – {navn}");
        let mut choices: Vec<_> = self
            .register
            .fagsystemer()
            .map(|f| Choice::new(f.id.to_string(), label(&f.kortnavn, &f.navn), chosen))
            .collect();
        choices.sort_by_cached_key(|choice| sort_key(&choice.label));
        choices
    }
}

//! The settings of signing in: which provider, and what its roles mean here.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use oir_domain::access::Role;
use oir_domain::ids::FagsystemId;
use oir_domain::register::Register;
use oir_flow::hub::Hub;
use oir_flow::sign_in::{RoleName, grants};
use oir_transport::{OpenIdConnect, OpenIdSettings, RoleClaim};
use oir_web::portal::door::Door;
use serde::Deserialize;

/// `[identity]`: without it nobody signs in, and the pages are for this machine only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// Where browsers reach the pages.
    pub(crate) public_url: String,
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    #[serde(default = "OpenIdSettings::standard_scopes")]
    scopes: Vec<String>,
    #[serde(default = "standard_claim")]
    claim: String,
    #[serde(default)]
    form: Form,
    role: Vec<RoleSetting>,
}

fn standard_claim() -> String {
    "privileges".to_owned()
}

/// How the claim is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// OIO Basic Privilege Profile.
    #[default]
    OioBpp,
    /// A list of `"CVR:role"`.
    Pairs,
}

/// `[[identity.role]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSetting {
    name: String,
    role: String,
    fagsystem: Option<String>,
    cvr: Option<String>,
}

/// A role as set, before the register says which fagsystem is meant.
#[derive(Debug, Clone)]
struct Wanted {
    name: RoleName,
    fagsystem: Option<String>,
}

impl Identity {
    /// Checks what can be checked without asking anybody.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let https = self.public_url.starts_with("https://");
        ensure!(
            https
                || self.public_url.starts_with("http://127.0.0.1")
                || self.public_url.starts_with("http://localhost"),
            "identity.public_url skal begynde med https:// (http:// kun på denne maskine)"
        );
        ensure!(
            !self.role.is_empty(),
            "identity har ingen [[identity.role]]: ingen kan noget"
        );
        self.wanted().map(|_| ())
    }

    fn wanted(&self) -> anyhow::Result<Vec<Wanted>> {
        self.role.iter().map(RoleSetting::wanted).collect()
    }

    /// Whether browsers come by TLS only.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The host that browsers name.
    pub(crate) fn host(&self) -> &str {
        let rest = self
            .public_url
            .split_once("://")
            .map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or("")
    }

    /// The door that leads to the provider.
    pub(crate) fn door(&self, hub: &Hub) -> anyhow::Result<Door> {
        let client_secret = match &self.client_secret_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("identity.client_secret_file {}", file.display()))?;
                Some(text.trim().to_owned())
            }
            None => None,
        };
        let public = self.public_url.trim_end_matches('/');
        let provider = OpenIdConnect::new(OpenIdSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret,
            redirect_url: format!("{public}/log-ind/svar"),
            scopes: self.scopes.clone(),
            role_claim: self.claim.clone(),
            role_form: match self.form {
                Form::OioBpp => RoleClaim::Privileges,
                Form::Pairs => RoleClaim::Pairs,
            },
        })
        .context("[identity]")?;
        let (wanted, hub) = (self.wanted()?, hub.clone());
        Ok(Door::Provider {
            provider: Arc::new(provider),
            means: Arc::new(move |privileges| {
                let register = hub.register();
                let names: Vec<RoleName> = wanted
                    .iter()
                    .filter_map(|one| one.in_register(&register))
                    .collect();
                grants(privileges, &names, &register)
            }),
        })
    }
}

impl RoleSetting {
    fn wanted(&self) -> anyhow::Result<Wanted> {
        let named = format!("[[identity.role]] {}", self.name);
        let role = Role::from_word(&self.role)
            .with_context(|| format!("{named}: rollen {} findes ikke", self.role))?;
        let cvr = self.cvr.as_deref().map(str::parse).transpose();
        let cvr = cvr.map_err(|_| anyhow::anyhow!("{named}: cvr er ikke et CVR-nummer"))?;
        ensure!(
            cvr.is_some() || !RoleName::needs_cvr(role),
            "{named}: rollen rækker ud over en kommune, så cvr skal sige, hvem der må give den"
        );
        Ok(Wanted {
            name: RoleName {
                name: self.name.as_str().into(),
                role,
                fagsystem: None,
                cvr,
            },
            fagsystem: self.fagsystem.clone(),
        })
    }
}

impl Wanted {
    /// The role with its fagsystem; none while the register has no such fagsystem.
    fn in_register(&self, register: &Register) -> Option<RoleName> {
        let named = |kortnavn: &str| -> Option<FagsystemId> {
            let mut all = register.fagsystemer();
            all.find(|f| &*f.kortnavn == kortnavn).map(|f| f.id)
        };
        let fagsystem = match &self.fagsystem {
            Some(kortnavn) => Some(named(kortnavn)?),
            None => None,
        };
        Some(RoleName {
            fagsystem,
            ..self.name.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::Identity;

    fn refused(role: &str) -> String {
        let text = format!(
            "public_url = 'https://oir.example'\nissuer = 'https://login.example'\n\
             client_id = 'oir'\n{role}"
        );
        let identity: Identity = toml::from_str(&text).unwrap();
        let checked = identity.check();
        checked.err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn no_kommune_can_give_itself_the_country() {
        let finans = "[[role]]\nname = 'urn:finans'\nrole = 'oekonomi-finans'";
        assert_eq!(refused(finans), "");
        let drift = "[[role]]\nname = 'urn:drift'\nrole = 'drift'";
        assert!(
            refused(drift).contains("cvr skal sige"),
            "{}",
            refused(drift)
        );
        assert_eq!(refused(&format!("{drift}\ncvr = '19435075'")), "");
        assert!(refused("[[role]]\nname = 'x'\nrole = 'alt'").contains("findes ikke"));
    }
}

//! Databases for one test each, on the server that `OIR_TEST_POSTGRES` names. `xtask test`
//! starts one and sets it; without it these tests fail, they are never passed over.

use std::process::{Command, Stdio};

/// A database that is dropped with this value.
#[derive(Debug)]
pub struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// Makes the database anew.
    ///
    /// # Panics
    /// Without a server to make it on: a test that could not run has not passed.
    #[must_use]
    #[expect(clippy::expect_used, reason = "tests")]
    pub fn new(name: &str) -> Self {
        let server = std::env::var("OIR_TEST_POSTGRES")
            .expect("OIR_TEST_POSTGRES names no server: run `cargo xtask test`");
        let scratch = Self {
            server,
            name: name.to_owned(),
        };
        scratch.say(&format!("drop database if exists {name}"));
        assert!(
            scratch.say(&format!("create database {name}")),
            "no database {name}"
        );
        scratch
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    fn say(&self, sql: &str) -> bool {
        Command::new("psql")
            .args(["-q", "-d", &format!("{}/postgres", self.server), "-c", sql])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.say(&format!(
            "drop database if exists {} with (force)",
            self.name
        ));
    }
}

//! Where a bench keeps its data.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

/// A folder for data.
#[derive(Debug)]
pub(super) enum Folder {
    /// Somebody's own: what is made there stays.
    Given(PathBuf),
    /// A temporary one: it goes with this value, however the bench ends.
    Fresh(TempDir),
}

impl Folder {
    /// The folder that is given, which is made; else a temporary one.
    pub(super) fn open(given: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = given else {
            let fresh = tempfile::Builder::new().prefix("oir-bench-").tempdir();
            return Ok(Self::Fresh(fresh.context("en midlertidig mappe")?));
        };
        std::fs::create_dir_all(folder).with_context(|| format!("mappen {}", folder.display()))?;
        Ok(Self::Given(folder.to_owned()))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Given(folder) => folder,
            Self::Fresh(folder) => folder.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::Folder;

    #[test]
    fn a_temporary_folder_goes_with_its_data_and_a_given_one_stays() {
        let fresh = Folder::open(None).unwrap();
        let path = fresh.path().to_owned();
        std::fs::write(path.join("data"), "x").unwrap();
        let given = Folder::open(Some(&path.join("given"))).unwrap();
        let kept = given.path().to_owned();
        drop(given);
        assert!(kept.is_dir());
        drop(fresh);
        assert!(!path.exists());
    }
}

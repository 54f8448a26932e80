//! The contracts of the store's ports, one suite for both databases: every test body runs
//! on a new SQLite file and, with the feature `test-postgres`, on a new PostgreSQL database.
//!
//! What is expected is said in domain values made here, or read by a plain connection
//! beside the store, so that a store cannot agree with itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

/// Makes one test per database out of each body.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::subject::Subject::on_sqlite().await).await;
            })*
        }
        #[cfg(feature = "test-postgres")]
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::subject::Subject::on_postgres().await).await;
            })*
        }
    };
}

mod backup;
mod days;
mod evidence;
mod guides;
mod inbox;
mod kontering;
mod kontoplan;
mod list;
mod looks;
mod machine_keys;
mod omsaetning;
mod operation;
mod outbox;
mod past;
mod post;
mod raw;
mod register;
mod saved;
mod search;
mod sessions;
mod settle;
mod sortiment;
mod subject;
mod verify;
mod views;
mod work;

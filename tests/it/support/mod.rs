//! What several rooms' tests share.

pub mod captures;
pub mod program;
pub mod reports;
pub mod schema;

pub use schema::validate;

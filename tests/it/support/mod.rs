//! What several rooms' tests share.

pub mod captures;
pub mod program;
pub mod reports;
pub mod schema;
pub mod shared;

pub use schema::validate;
pub use shared::shared;

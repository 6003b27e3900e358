//! Joins the rooms.
pub mod pipeline;

//! Verdicts by situation.

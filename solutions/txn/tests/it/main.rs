//! The transaction strategies under the official settings, under faults, and as
//! plain values.

mod broken;
mod convergence;
mod measure;
mod requests;
mod strategies;

//! The counter strategies under the official settings, under faults, and as
//! plain values.

mod broken;
mod convergence;
mod kills;
mod measure;
mod requests;
mod strategies;

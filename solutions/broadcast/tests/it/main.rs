//! The broadcast strategies under the official settings and under faults.

mod flood;
mod measure;
mod model;
mod strategies;

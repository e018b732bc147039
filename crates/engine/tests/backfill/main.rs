//! Backfills on real servers: every kind of key, cut off at every call, shared by processes that die, raced by writers.

#![cfg(test)]

mod faults;
mod keys;
mod pace;
mod races;
mod scene;
mod shapes;
mod steps;

//! The rules on real SQL: their own examples, and what the leading linter gets wrong.

#![cfg(test)]

mod every_rule;
mod judged;
mod leading_linter;

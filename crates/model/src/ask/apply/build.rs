//! Changes for tests.

//! Runs plans against a server: up, down, resume, verify. Knows no dialect: what differs comes through the seams.

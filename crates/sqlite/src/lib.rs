//! All that Segue knows of SQLite.

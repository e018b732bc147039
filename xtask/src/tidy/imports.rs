//! Who may depend on whom.
//!
//! Reads `[dependencies]` of every crate; what only tests use is free. Crates are the boundary
//! the compiler enforces, and this is what keeps the boundary where it was put.

use super::{Complaint, Text};

/// Crates of this workspace that everybody but the model may use.
const MODEL: &[&str] = &["segue-model"];

/// Which crates of this workspace a crate may use; `None` for a crate nobody thought of.
fn allowed(crate_name: &str) -> Option<&'static [&'static str]> {
    match crate_name {
        "segue-model" => Some(&[]),
        // It puts every dialect's session to the engine's claims; a dialect hands itself over.
        "segue-testkit" => Some(&["segue-engine", "segue-model"]),
        "segue-check" | "segue-sources" | "segue-engine" | "segue-postgres" | "segue-sqlite"
        | "segue-mysql" | "segue-dynamodb" => Some(MODEL),
        "segue-cli" => Some(&[
            "segue-check",
            "segue-dynamodb",
            "segue-engine",
            "segue-model",
            "segue-mysql",
            "segue-postgres",
            "segue-sources",
            "segue-sqlite",
        ]),
        // An application's view of the runner: the other place that may name a dialect.
        "segue" => Some(&[
            "segue-engine",
            "segue-model",
            "segue-postgres",
            "segue-sources",
            "segue-sqlite",
        ]),
        "xtask" => Some(&["segue-model", "segue-testkit"]),
        _ => None,
    }
}

/// Every crate depends only on what it may.
pub(super) fn crates(texts: &[Text]) -> Vec<Complaint> {
    let manifests = texts.iter().filter(|text| {
        let path = text.path.as_str();
        path == "xtask/Cargo.toml"
            || (path.starts_with("crates/")
                && path.ends_with("/Cargo.toml")
                && path.matches('/').count() == 2)
    });
    manifests.flat_map(manifest).collect()
}

fn manifest(text: &Text) -> Vec<Complaint> {
    let complaint = |what: String| Complaint {
        path: text.path.clone(),
        line: 0,
        what,
    };
    let table: toml::Table = match text.content.parse() {
        Ok(table) => table,
        Err(error) => return vec![complaint(format!("is no TOML: {error}"))],
    };
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let Some(allowed) = allowed(name) else {
        return vec![complaint(format!(
            "`{name}` has no line in xtask/src/tidy/imports.rs that says what it may depend on"
        ))];
    };
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(toml::Table::keys);
    names
        .filter(|used| used.starts_with("segue-") && !allowed.contains(&used.as_str()))
        .map(|used| complaint(format!("`{name}` must not depend on `{used}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Text, crates};

    fn manifest(path: &str, content: &str) -> Text {
        Text {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    #[test]
    fn check_must_not_depend_on_a_dialect() {
        let content = "[package]\nname = \"segue-check\"\n[dependencies]\n\
                       segue-model.workspace = true\nsegue-postgres.workspace = true\n";
        let found = crates(&[manifest("crates/check/Cargo.toml", content)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("segue-postgres"));
    }

    #[test]
    fn what_only_tests_use_is_free() {
        let content = "[package]\nname = \"segue-postgres\"\n[dependencies]\n\
                       segue-model = { workspace = true }\n[dev-dependencies]\n\
                       segue-testkit.workspace = true\n";
        assert!(crates(&[manifest("crates/postgres/Cargo.toml", content)]).is_empty());
    }

    #[test]
    fn a_dependency_written_as_its_own_table_is_seen() {
        let content =
            "[package]\nname = \"segue-model\"\n[dependencies.segue-check]\npath = \"x\"\n";
        assert_eq!(
            crates(&[manifest("crates/model/Cargo.toml", content)]).len(),
            1
        );
    }

    #[test]
    fn a_new_crate_needs_a_sentence() {
        let content = "[package]\nname = \"segue-extra\"\n";
        assert_eq!(
            crates(&[manifest("crates/extra/Cargo.toml", content)]).len(),
            1
        );
    }
}

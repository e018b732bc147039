//! Checks of the text itself: length, names, words, marks, printing, orphans.
//!
//! The words that are looked for are put together here from pieces, so that this file passes.

use super::{Complaint, Text, lines_where};
use std::path::Path;

const LINES_MAX: usize = 800;

const BANNED_MODULES: &[&str] = &["common", "utils", "helpers", "types"];

/// Paths of one machine, which mean nothing on another.
const BANNED_WORDS: &[&str] = &[concat!("/ro", "ot/"), concat!("/ho", "me/")];

const FORBIDDEN_MARKS: &[&str] = &[
    concat!("#[al", "low("),
    concat!("#![al", "low("),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("#[ig", "nore"),
];

const PRINTING: &[&str] = &[
    concat!("print", "ln!("),
    concat!("pri", "nt!("),
    concat!("d", "bg!("),
];

/// Folders whose files are registered by one line, and where that line is (or in the folder's
/// own `mod.rs`).
const REGISTERED: &[(&str, &str)] = &[
    ("crates/check/src/rules/", "crates/check/src/rules.rs"),
    (
        "crates/sources/src/formats/",
        "crates/sources/src/formats.rs",
    ),
    ("crates/cli/src/report/", "crates/cli/src/report.rs"),
];

/// No source file is longer than 800 lines.
pub(super) fn length(texts: &[Text]) -> Vec<Complaint> {
    let long = rust(texts).filter_map(|text| {
        let lines = text.content.lines().count();
        (lines > LINES_MAX).then(|| whole(text, format!("{lines} lines, at most {LINES_MAX}")))
    });
    long.collect()
}

/// No module is named after the fact that nobody knew what it is.
pub(super) fn banned_module_names(texts: &[Text]) -> Vec<Complaint> {
    let named = rust(texts).filter_map(|text| {
        let path = Path::new(&text.path);
        let parts = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        let mut names = parts.map(|part| part.trim_end_matches(".rs").to_owned());
        let banned = names.find(|name| BANNED_MODULES.contains(&name.as_str()))?;
        Some(whole(
            text,
            format!("a module must not be called `{banned}`"),
        ))
    });
    named.collect()
}

/// The repository speaks of Segue alone.
pub(super) fn banned_words(texts: &[Text]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for text in texts {
        for word in BANNED_WORDS {
            let what = format!("`{word}` does not belong into this repository");
            complaints.extend(lines_where(text, &what, |line| {
                line.to_ascii_lowercase().contains(word)
            }));
        }
    }
    complaints
}

/// An exception is `expect` with a reason; nothing is unfinished; every test runs.
pub(super) fn forbidden_marks(texts: &[Text]) -> Vec<Complaint> {
    marks(rust(texts), FORBIDDEN_MARKS, "is not used here (STYLE.md)")
}

/// Only the CLI, xtask and programs that are examples print.
pub(super) fn printing(texts: &[Text]) -> Vec<Complaint> {
    let silent = rust(texts).filter(|text| {
        !text.path.starts_with("crates/cli/")
            && !text.path.starts_with("xtask/")
            && !text.path.contains("/examples/")
    });
    marks(silent, PRINTING, "is for the CLI and xtask only")
}

/// The parser's crates are known in one module of one crate.
pub(super) fn parser_imports(texts: &[Text]) -> Vec<Complaint> {
    let elsewhere = rust(texts).filter(|text| {
        text.path != "crates/postgres/src/parse.rs"
            && !text.path.starts_with("crates/postgres/src/parse/")
    });
    marks(
        elsewhere,
        &[concat!("squ", "awk_")],
        "is for crates/postgres/src/parse only",
    )
}

/// Every file in a registered folder is in its registry.
pub(super) fn orphans(texts: &[Text]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (folder, registry) in REGISTERED {
        let inside = [folder, "mod.rs"].concat();
        let list: String = texts
            .iter()
            .filter(|text| text.path == *registry || text.path == inside)
            .map(|text| text.content.as_str())
            .collect();
        for text in rust(texts) {
            let Some(name) = text.path.strip_prefix(folder) else {
                continue;
            };
            // A file in a folder below belongs to its parent module, not to the registry.
            let Some(module) = name.strip_suffix(".rs").filter(|name| !name.contains('/')) else {
                continue;
            };
            if module != "mod" && !names_module(&list, module) {
                complaints.push(whole(
                    text,
                    format!("`{module}` is not listed in {registry}"),
                ));
            }
        }
    }
    complaints
}

/// Whether code (not a comment) has `module` as a word.
fn names_module(code: &str, module: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .any(|line| line.split(|c| !is_part(c)).any(|word| word == module))
}

fn marks<'a>(texts: impl Iterator<Item = &'a Text>, marks: &[&str], why: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for text in texts {
        for mark in marks {
            let what = format!("`{mark}` {why}");
            complaints.extend(lines_where(text, &what, |line| {
                !line.trim_start().starts_with("//") && line.contains(mark)
            }));
        }
    }
    complaints
}

/// Our source files; fixtures are other people's.
fn rust(texts: &[Text]) -> impl Iterator<Item = &Text> {
    texts
        .iter()
        .filter(|text| {
            Path::new(&text.path)
                .extension()
                .is_some_and(|end| end == "rs")
        })
        .filter(|text| !text.path.contains("/fixtures/"))
}

fn whole(text: &Text, what: String) -> Complaint {
    Complaint {
        path: text.path.clone(),
        line: 0,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        BANNED_WORDS, FORBIDDEN_MARKS, Text, banned_module_names, banned_words, forbidden_marks,
        length, orphans, parser_imports, printing,
    };

    fn text(path: &str, content: &str) -> Text {
        Text {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    #[test]
    fn a_file_of_800_lines_passes_and_one_more_does_not() {
        assert!(length(&[text("a.rs", &"\n".repeat(800))]).is_empty());
        assert_eq!(length(&[text("a.rs", &"\n".repeat(801))]).len(), 1);
    }

    #[test]
    fn a_folder_with_a_banned_name_is_named_like_a_file() {
        let texts = [
            text("crates/x/src/helpers/a.rs", ""),
            text("src/utils.rs", ""),
        ];
        assert_eq!(banned_module_names(&texts).len(), 2);
        assert!(banned_module_names(&[text("src/data_type.rs", "")]).is_empty());
    }

    #[test]
    fn a_banned_word_is_found_in_any_case_with_its_line() {
        let shouted = BANNED_WORDS[0].to_uppercase();
        let found = banned_words(&[text("README.md", &format!("one\n{shouted} two"))]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
    }

    #[test]
    fn every_forbidden_mark_is_found_and_comments_may_name_it() {
        for mark in FORBIDDEN_MARKS {
            assert_eq!(forbidden_marks(&[text("a.rs", mark)]).len(), 1, "{mark}");
            let comment = format!("// no {mark} here");
            assert!(forbidden_marks(&[text("a.rs", &comment)]).is_empty());
        }
    }

    #[test]
    fn a_library_that_prints_is_named_and_the_cli_is_not() {
        let code = concat!("eprint", "ln!(\"x\");");
        assert_eq!(printing(&[text("crates/model/src/a.rs", code)]).len(), 1);
        assert!(printing(&[text("crates/cli/src/report.rs", code)]).is_empty());
    }

    #[test]
    fn the_parser_is_imported_in_its_module_only() {
        let code = concat!("use squ", "awk_syntax::ast;");
        assert!(parser_imports(&[text("crates/postgres/src/parse/do.rs", code)]).is_empty());
        assert_eq!(
            parser_imports(&[text("crates/postgres/src/impact.rs", code)]).len(),
            1
        );
    }

    #[test]
    fn a_rule_that_is_not_in_the_list_is_an_orphan() {
        let texts = [
            text(
                "crates/check/src/rules.rs",
                "rules![drop_table];\n// drop_index",
            ),
            text("crates/check/src/rules/drop_table.rs", ""),
            text("crates/check/src/rules/drop_index.rs", ""),
        ];
        let found = orphans(&texts);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "crates/check/src/rules/drop_index.rs");
    }
}

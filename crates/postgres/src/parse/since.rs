//! Syntax that younger servers have and older ones refuse.
//!
//! Only what the model knows is listed. Source: the release notes of PostgreSQL 12 to 18.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use squawk_syntax::{SyntaxKind, SyntaxNode};

/// The feature that a node is, and the major version that has it first.
pub(super) fn feature(node: &SyntaxNode) -> Option<(&'static str, u16)> {
    let has = |kind: SyntaxKind| {
        node.children_with_tokens()
            .any(|child| child.kind() == kind)
    };
    let parent = || node.parent().map(|parent| parent.kind());
    Some(match node.kind() {
        SyntaxKind::NOT_ENFORCED => ("NOT ENFORCED", 18),
        SyntaxKind::VIRTUAL => ("virtual generated columns", 18),
        SyntaxKind::WITHOUT_OVERLAPS | SyntaxKind::PERIOD_COLUMN => ("temporal constraints", 18),
        SyntaxKind::RETURNING_OPTION_LIST => ("RETURNING OLD and NEW", 18),
        SyntaxKind::NOT_NULL_CONSTRAINT
            if matches!(
                parent(),
                Some(SyntaxKind::TABLE_ARG_LIST | SyntaxKind::ADD_CONSTRAINT)
            ) =>
        {
            ("NOT NULL as a table constraint", 18)
        }
        SyntaxKind::SET_EXPRESSION => ("ALTER COLUMN SET EXPRESSION", 17),
        SyntaxKind::MERGE_WHEN_NOT_MATCHED_SOURCE => ("MERGE … NOT MATCHED BY SOURCE", 17),
        SyntaxKind::JSON_TABLE_FROM_ITEM => ("JSON_TABLE", 17),
        SyntaxKind::MERGE if has(SyntaxKind::RETURNING_CLAUSE) => ("MERGE … RETURNING", 17),
        SyntaxKind::MERGE => ("MERGE", 15),
        SyntaxKind::NULLS_NOT_DISTINCT => ("NULLS NOT DISTINCT", 15),
        SyntaxKind::SET_ACCESS_METHOD => ("ALTER TABLE SET ACCESS METHOD", 15),
        SyntaxKind::SET_NULL_COLUMNS | SyntaxKind::SET_DEFAULT_COLUMNS
            if has(SyntaxKind::COLUMN_REF_LIST) =>
        {
            ("ON DELETE SET NULL with columns", 15)
        }
        SyntaxKind::DETACH_PARTITION if has_word(node, &["concurrently", "finalize"]) => {
            ("DETACH PARTITION CONCURRENTLY", 14)
        }
        SyntaxKind::CREATE_TRIGGER if has(SyntaxKind::OR_REPLACE) => {
            ("CREATE OR REPLACE TRIGGER", 14)
        }
        SyntaxKind::COMPRESSION_METHOD | SyntaxKind::SET_COMPRESSION => {
            ("compression of columns", 14)
        }
        SyntaxKind::ATOMIC_BODY => ("BEGIN ATOMIC", 14),
        SyntaxKind::SEARCH_CLAUSE | SyntaxKind::CYCLE_CLAUSE => ("SEARCH and CYCLE", 14),
        SyntaxKind::REINDEX_OPTION_TABLESPACE => ("REINDEX (TABLESPACE)", 14),
        SyntaxKind::WITH_TIES => ("FETCH … WITH TIES", 13),
        SyntaxKind::DROP_EXPRESSION => ("ALTER COLUMN DROP EXPRESSION", 13),
        SyntaxKind::DROP_DATABASE_FORCE_CLAUSE => ("DROP DATABASE … FORCE", 13),
        SyntaxKind::REINDEX if has_word(node, &["concurrently"]) => ("REINDEX CONCURRENTLY", 12),
        SyntaxKind::STORED => ("stored generated columns", 12),
        SyntaxKind::MATERIALIZED | SyntaxKind::NOT_MATERIALIZED => ("WITH … MATERIALIZED", 12),
        _ => return None,
    })
}

fn has_word(node: &SyntaxNode, words: &[&str]) -> bool {
    node.descendants_with_tokens()
        .filter_map(squawk_syntax::SyntaxElement::into_token)
        .any(|token| {
            words
                .iter()
                .any(|word| token.text().eq_ignore_ascii_case(word))
        })
}

//! An expression with one of its columns under another name: cut and mended by the byte spans of its tree, never by
//! looking for text.

use rowan::TextRange;
use segue_model::{
    Change, Constraint, ConstraintChange, ConstraintKind, Expression, Ident, QualifiedName,
};
use squawk_syntax::{
    SourceFile, SyntaxKind, SyntaxNode,
    ast::{self, AstNode},
};

/// What makes a condition or a value a statement that can be read.
const HEAD: &str = "ALTER TABLE public.t ADD CONSTRAINT c CHECK (";

/// The expression with `from` called `to`. None when it reads other tables, or when the result does not read as the
/// same expression over the other column: nothing is guessed.
pub(crate) fn renamed(expression: &Expression, from: &Ident, to: &Ident) -> Option<Expression> {
    let text = statement(&expression.text);
    let parse = SourceFile::parse(&text);
    if !parse.errors().is_empty() {
        return None;
    }
    let root = parse.tree();
    let has_query = root
        .syntax()
        .descendants()
        .any(|node| matches!(node.kind(), SyntaxKind::SELECT | SyntaxKind::PAREN_SELECT));
    if has_query {
        return None;
    }
    let mut places: Vec<TextRange> = root
        .syntax()
        .descendants()
        .filter(|node| is_column(node, from))
        .map(|node| node.text_range())
        .collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.start()));
    let mut mended = text.clone();
    for place in places {
        mended.replace_range(
            usize::from(place.start())..usize::from(place.end()),
            &to.quoted(),
        );
    }
    let written = mended.get(HEAD.len()..mended.len().checked_sub(1)?)?;
    let read = read(written)?;
    let expected: Vec<&Ident> = expression
        .columns
        .iter()
        .map(|column| if column == from { to } else { column })
        .collect();
    let is_same = read.columns.iter().collect::<Vec<_>>() == expected
        && read.functions == expression.functions;
    is_same.then_some(read)
}

/// Reads an expression over the columns of one row; none when it cannot be read, or asks a query.
pub(crate) fn of_one_row(text: &str) -> Option<Expression> {
    let statement = statement(text);
    let parse = SourceFile::parse(&statement);
    let has_query = parse
        .tree()
        .syntax()
        .descendants()
        .any(|node| matches!(node.kind(), SyntaxKind::SELECT | SyntaxKind::PAREN_SELECT));
    if !parse.errors().is_empty() || has_query {
        return None;
    }
    read(text).filter(|read| read.text == text)
}

/// A column with its table, as it stands in a statement.
pub(crate) fn column(text: &str) -> Option<(QualifiedName, Ident)> {
    let statement = ["COMMENT ON COLUMN ", text, " IS NULL"].concat();
    let mut statements = super::statements(&statement, 18);
    let (only, None) = (statements.next()?, statements.next()) else {
        return None;
    };
    if let [Change::Comment(target, None)] = only.changes.as_slice() {
        Some((target.name.clone()?, target.part.clone()?))
    } else {
        None
    }
}

/// Reads an expression over the columns of one table, as it would stand in a CHECK.
pub(crate) fn read(text: &str) -> Option<Expression> {
    let statement = statement(text);
    let mut statements = super::statements(&statement, 18);
    let only = statements.next()?;
    if statements.next().is_some() {
        return None;
    }
    if let Change::Constraint(
        _,
        ConstraintChange::Add(Constraint {
            kind: ConstraintKind::Check(check),
            ..
        }),
    ) = only.changes.into_iter().next()?
    {
        Some(check)
    } else {
        None
    }
}

fn statement(expression: &str) -> String {
    let mut text = String::with_capacity(HEAD.len() + expression.len() + 1);
    text.push_str(HEAD);
    text.push_str(expression);
    text.push(')');
    text
}

/// A bare name that is neither a function nor a part of a longer name.
fn is_column(node: &SyntaxNode, name: &Ident) -> bool {
    let Some(reference) = ast::NameRef::cast(node.clone()) else {
        return false;
    };
    let is_part = node.parent().is_none_or(|parent| {
        matches!(
            parent.kind(),
            SyntaxKind::CALL_EXPR | SyntaxKind::FIELD_EXPR
        ) || ast::Type::can_cast(parent.kind())
    });
    if is_part {
        return false;
    }
    let written = reference.syntax().text().to_string();
    match written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\"") == name.as_str(),
        None => written.to_lowercase() == name.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_of_one_row() {
        assert!(of_one_row("split_part(name, ' ', 1)").is_some());
        for text in ["(SELECT 1)", "a -- b", "a, b", "", "a) OR (b"] {
            assert_eq!(of_one_row(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_is_named_with_its_table() {
        let named =
            |text| column(text).map(|(table, column)| (table.to_string(), column.to_string()));
        assert_eq!(named("t.a"), named("public.t.\"a\""));
        assert_eq!(named("a"), None);
        assert_eq!(named("t.a IS NULL; DROP TABLE t; --"), None);
    }

    fn after(text: &str) -> Option<String> {
        renamed(&read(text).unwrap(), &"a".into(), &"b c".into()).map(|read| read.text)
    }

    #[test]
    fn only_the_column_changes_its_name() {
        assert_eq!(
            after("a > 1 AND lower(\"a\") <> 'a' AND aa < a::integer").as_deref(),
            Some("\"b c\" > 1 AND lower(\"b c\") <> 'a' AND aa < \"b c\"::integer")
        );
    }

    #[test]
    fn a_function_of_the_same_name_keeps_its_own() {
        assert_eq!(after("a(a) = 1").as_deref(), Some("a(\"b c\") = 1"));
    }

    #[test]
    fn a_name_that_may_be_a_tables_is_not_guessed_at() {
        assert_eq!(after("(a).x = 1").as_deref(), Some("(\"b c\").x = 1"));
        assert_eq!(after("t.a = 1"), None);
    }
}

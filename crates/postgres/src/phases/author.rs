//! The changes that recipes are made of, and the expressions they need.

use segue_model::{
    Build, Change, ChosenName, ColumnChange, Constraint, ConstraintChange, ConstraintKind,
    Deferral, Direction, Enforcement, Expression, Ident, IndexChange, IndexDefinition, IndexKey,
    IndexKeyPart, NullsOrder, Predicate, Presence, QualifiedName, Reaction, Scope, SessionChange,
    SettingScope, Shape, Sql, Target, Uniqueness, Validity,
};

/// `ADD CONSTRAINT`.
pub(super) fn add(target: &Target, constraint: Constraint) -> Change {
    Change::Constraint(target.clone(), ConstraintChange::Add(constraint))
}

/// `VALIDATE CONSTRAINT`.
pub(super) fn validate(target: &Target, name: &Ident) -> Change {
    Change::Constraint(target.clone(), ConstraintChange::Validate(name.clone()))
}

/// `DROP CONSTRAINT`.
pub(super) fn drop_constraint(target: &Target, name: &Ident) -> Change {
    Change::Constraint(
        target.clone(),
        ConstraintChange::Drop {
            name: name.clone(),
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        },
    )
}

/// A constraint that is checked at each statement, for the rows that are there too.
pub(super) fn constraint(name: &Ident, kind: ConstraintKind) -> Constraint {
    Constraint {
        name: ChosenName::Given(name.clone()),
        kind,
        validity: Validity::Valid,
        enforcement: Enforcement::Enforced,
        deferral: Deferral::NotDeferrable,
    }
}

/// The same constraint under its final name, for new rows only.
pub(super) fn not_valid(constraint: &Constraint, name: &Ident) -> Constraint {
    Constraint {
        name: ChosenName::Given(name.clone()),
        validity: Validity::NotValid,
        ..constraint.clone()
    }
}

/// A change of a column.
pub(super) fn column(target: &Target, change: ColumnChange) -> Change {
    Change::Column(target.clone(), change)
}

/// `CREATE INDEX`.
pub(super) fn create_index(index: IndexDefinition, build: Build) -> Change {
    Change::Index(IndexChange::Create {
        index,
        build,
        presence: Presence::Required,
    })
}

/// `DROP INDEX CONCURRENTLY`.
pub(super) fn drop_index(name: &QualifiedName) -> Change {
    Change::Index(IndexChange::Drop {
        name: name.clone(),
        build: Build::Concurrently,
        presence: Presence::Required,
        reaction: Reaction::Restrict,
    })
}

/// `ALTER INDEX … ATTACH PARTITION`.
pub(super) fn attach_index(parent: &QualifiedName, child: &QualifiedName) -> Change {
    Change::Index(IndexChange::AttachPartition {
        parent: parent.clone(),
        child: child.clone(),
    })
}

/// A plain index on columns.
pub(super) fn index(
    name: &Ident,
    table: &QualifiedName,
    columns: &[Ident],
    uniqueness: Uniqueness,
) -> IndexDefinition {
    IndexDefinition {
        name: ChosenName::Given(name.clone()),
        table: table.clone(),
        scope: Scope::WithDescendants,
        method: Ident::from("btree"),
        keys: columns
            .iter()
            .map(|column| IndexKey {
                part: IndexKeyPart::Column(column.clone()),
                collation: None,
                operator_class: None,
                direction: Direction::Ascending,
                nulls: NullsOrder::Default,
            })
            .collect(),
        include: Vec::new(),
        uniqueness,
        predicate: None,
        parameters: Vec::new(),
        tablespace: None,
    }
}

/// `SET LOCAL TimeZone = 'UTC'`.
pub(super) fn set_time_zone() -> Change {
    Change::Session(SessionChange::Set {
        name: Ident::from("timezone"),
        value: Some("'UTC'".to_owned()),
        scope: SettingScope::Local,
    })
}

/// `column IS NOT NULL`.
pub(super) fn is_not_null(column: &Ident) -> Expression {
    Expression {
        text: Sql::default()
            .ident(column)
            .text(" IS NOT NULL")
            .as_str()
            .to_owned(),
        columns: vec![column.clone()],
        functions: Vec::new(),
        shape: Shape::Other,
        logic: Predicate::NotNull(column.clone()),
    }
}

/// `column IS NULL`.
pub(super) fn is_null(column: &Ident) -> Expression {
    Expression {
        text: Sql::default()
            .ident(column)
            .text(" IS NULL")
            .as_str()
            .to_owned(),
        columns: vec![column.clone()],
        functions: Vec::new(),
        shape: Shape::Other,
        logic: Predicate::IsNull(column.clone()),
    }
}

/// `"a", "b"`, for sentences.
pub(super) fn listed(columns: &[Ident]) -> String {
    columns
        .iter()
        .map(Ident::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

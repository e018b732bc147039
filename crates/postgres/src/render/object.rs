//! Namespaces, sequences, types, domains and comments.

use segue_model::{
    CommentTarget, DomainChange, EnumPosition, Ident, NamespaceChange, ObjectKind, Persistence,
    QualifiedName, SequenceChange, Sql, Target, TypeChange, TypeDefinition,
};

use super::{
    Rendered, cascade, column, constraint, drop_relation, if_exists, if_not_exists, refused,
};

/// Any change of a namespace.
pub(super) fn namespace(name: &Ident, change: &NamespaceChange) -> Sql {
    match change {
        NamespaceChange::Create(presence) => {
            if_not_exists(Sql::literal("CREATE SCHEMA "), *presence).ident(name)
        }
        NamespaceChange::Drop { presence, reaction } => cascade(
            if_exists(Sql::literal("DROP SCHEMA "), *presence).ident(name),
            *reaction,
        ),
        NamespaceChange::Rename(to) => Sql::literal("ALTER SCHEMA ")
            .ident(name)
            .text(" RENAME TO ")
            .ident(to),
        NamespaceChange::SetOwner(owner) => Sql::literal("ALTER SCHEMA ")
            .ident(name)
            .text(" OWNER TO ")
            .ident(owner),
    }
}

/// Any change of a sequence.
pub(super) fn sequence(target: &Target, change: &SequenceChange) -> Rendered {
    let altered = || {
        if_exists(Sql::literal("ALTER SEQUENCE "), target.presence)
            .name(&target.name)
            .text(" ")
    };
    Ok(match change {
        SequenceChange::Create {
            owned_by,
            persistence,
        } => {
            let words = match persistence {
                Persistence::Permanent => "CREATE SEQUENCE ",
                Persistence::Unlogged => "CREATE UNLOGGED SEQUENCE ",
                Persistence::Temporary => "CREATE TEMPORARY SEQUENCE ",
            };
            let sql = if_not_exists(Sql::literal(words), target.presence).name(&target.name);
            match owned_by {
                Some(owner) => owned(sql.text(" "), owner)?,
                None => sql,
            }
        }
        SequenceChange::Drop { reaction } => drop_relation("DROP SEQUENCE ", target, *reaction),
        SequenceChange::SetOwnedBy(Some(owner)) => owned(altered(), owner)?,
        SequenceChange::SetOwnedBy(None) => altered().text("OWNED BY NONE"),
        SequenceChange::Rename(to) => altered().text("RENAME TO ").ident(to),
        SequenceChange::SetNamespace(name) => altered().text("SET SCHEMA ").ident(name),
        SequenceChange::SetOwner(owner) => altered().text("OWNER TO ").ident(owner),
        SequenceChange::Alter { .. } => {
            return Err(refused("a sequence's options without their values"));
        }
    })
}

fn owned(sql: Sql, owner: &segue_model::ColumnUse) -> Rendered {
    match &owner.relation {
        Some(table) => Ok(sql
            .text("OWNED BY ")
            .name(table)
            .text(".")
            .ident(&owner.column)),
        None => Err(refused("a sequence owned by a column of an unknown table")),
    }
}

/// Any change of a type that is no domain.
pub(super) fn type_change(name: &QualifiedName, change: &TypeChange) -> Rendered {
    let altered = || Sql::literal("ALTER TYPE ").name(name).text(" ");
    Ok(match change {
        TypeChange::Create(definition) => return create_type(name, definition),
        TypeChange::Drop { presence, reaction } => cascade(
            if_exists(Sql::literal("DROP TYPE "), *presence).name(name),
            *reaction,
        ),
        TypeChange::Rename(to) => altered().text("RENAME TO ").ident(to),
        TypeChange::SetNamespace(to) => altered().text("SET SCHEMA ").ident(to),
        TypeChange::SetOwner(owner) => altered().text("OWNER TO ").ident(owner),
        TypeChange::AddValue {
            label,
            position,
            presence,
        } => {
            let sql = if_not_exists(altered().text("ADD VALUE "), *presence).string(label);
            match position {
                EnumPosition::End => sql,
                EnumPosition::Before(other) => sql.text(" BEFORE ").string(other),
                EnumPosition::After(other) => sql.text(" AFTER ").string(other),
            }
        }
        TypeChange::RenameValue { from, to } => altered()
            .text("RENAME VALUE ")
            .string(from)
            .text(" TO ")
            .string(to),
        TypeChange::AddAttribute { .. }
        | TypeChange::DropAttribute { .. }
        | TypeChange::AlterAttribute { .. }
        | TypeChange::RenameAttribute { .. } => return attribute(altered(), change),
    })
}

fn attribute(sql: Sql, change: &TypeChange) -> Rendered {
    Ok(match change {
        TypeChange::AddAttribute {
            attribute,
            reaction,
        } => {
            let sql = sql.text("ADD ATTRIBUTE ").ident(&attribute.name);
            cascade(
                column::data_type(sql.text(" "), &attribute.data_type),
                *reaction,
            )
        }
        TypeChange::DropAttribute {
            name,
            presence,
            reaction,
        } => cascade(
            if_exists(sql.text("DROP ATTRIBUTE "), *presence).ident(name),
            *reaction,
        ),
        TypeChange::AlterAttribute {
            name,
            data_type,
            reaction,
        } => {
            let sql = sql.text("ALTER ATTRIBUTE ").ident(name);
            cascade(column::data_type(sql.text(" TYPE "), data_type), *reaction)
        }
        TypeChange::RenameAttribute { from, to, reaction } => cascade(
            sql.text("RENAME ATTRIBUTE ")
                .ident(from)
                .text(" TO ")
                .ident(to),
            *reaction,
        ),
        TypeChange::Create(_)
        | TypeChange::Drop { .. }
        | TypeChange::Rename(_)
        | TypeChange::SetNamespace(_)
        | TypeChange::SetOwner(_)
        | TypeChange::AddValue { .. }
        | TypeChange::RenameValue { .. } => return Err(refused("no change of an attribute")),
    })
}

fn create_type(name: &QualifiedName, definition: &TypeDefinition) -> Rendered {
    let sql = Sql::literal("CREATE TYPE ").name(name);
    match definition {
        TypeDefinition::Enum(labels) => Ok(sql
            .text(" AS ENUM (")
            .list(labels, ", ", |sql, label| sql.string(label))
            .text(")")),
        TypeDefinition::Composite(attributes) => Ok(sql
            .text(" AS (")
            .list(attributes, ", ", |sql, attribute| {
                column::data_type(sql.ident(&attribute.name).text(" "), &attribute.data_type)
            })
            .text(")")),
        TypeDefinition::Range(_) => Err(refused("a range type")),
        TypeDefinition::Base => Err(refused("a base type")),
    }
}

/// Any change of a domain.
pub(super) fn domain(name: &QualifiedName, change: &DomainChange) -> Rendered {
    let altered = || Sql::literal("ALTER DOMAIN ").name(name).text(" ");
    Ok(match change {
        DomainChange::Create {
            base,
            default,
            constraints,
        } => {
            let sql = Sql::literal("CREATE DOMAIN ").name(name).text(" AS ");
            let mut sql = column::data_type(sql, base);
            if let Some(default) = default {
                sql = sql.text(" DEFAULT ").verbatim(&default.text);
            }
            for constraint in constraints {
                sql = constraint::of_domain(sql.text(" "), constraint)?;
            }
            sql
        }
        DomainChange::Drop { presence, reaction } => cascade(
            if_exists(Sql::literal("DROP DOMAIN "), *presence).name(name),
            *reaction,
        ),
        DomainChange::AddConstraint(added) => {
            return constraint::of_domain(altered().text("ADD "), added);
        }
        DomainChange::DropConstraint {
            name,
            presence,
            reaction,
        } => cascade(
            if_exists(altered().text("DROP CONSTRAINT "), *presence).ident(name),
            *reaction,
        ),
        DomainChange::ValidateConstraint(name) => {
            altered().text("VALIDATE CONSTRAINT ").ident(name)
        }
        DomainChange::RenameConstraint { from, to } => altered()
            .text("RENAME CONSTRAINT ")
            .ident(from)
            .text(" TO ")
            .ident(to),
        DomainChange::SetNotNull => altered().text("SET NOT NULL"),
        DomainChange::DropNotNull => altered().text("DROP NOT NULL"),
        DomainChange::SetDefault(default) => altered().text("SET DEFAULT ").verbatim(&default.text),
        DomainChange::DropDefault => altered().text("DROP DEFAULT"),
        DomainChange::Rename(to) => altered().text("RENAME TO ").ident(to),
        DomainChange::SetNamespace(to) => altered().text("SET SCHEMA ").ident(to),
        DomainChange::SetOwner(owner) => altered().text("OWNER TO ").ident(owner),
    })
}

/// COMMENT ON the objects whose name says all.
pub(super) fn comment(target: &CommentTarget, text: Option<&str>) -> Rendered {
    let Some(name) = &target.name else {
        return Err(refused("a comment on an object without a name"));
    };
    let sql = Sql::literal("COMMENT ON ");
    let sql = match (target.kind, &target.part) {
        (ObjectKind::Table, None) => sql.text("TABLE ").name(name),
        (ObjectKind::Index, None) => sql.text("INDEX ").name(name),
        (ObjectKind::Sequence, None) => sql.text("SEQUENCE ").name(name),
        (ObjectKind::View, None) => sql.text("VIEW ").name(name),
        (ObjectKind::MaterializedView, None) => sql.text("MATERIALIZED VIEW ").name(name),
        (ObjectKind::Type, None) => sql.text("TYPE ").name(name),
        (ObjectKind::Column, Some(part)) => sql.text("COLUMN ").name(name).text(".").ident(part),
        (ObjectKind::Constraint, Some(part)) => {
            sql.text("CONSTRAINT ").ident(part).text(" ON ").name(name)
        }
        (
            ObjectKind::Table
            | ObjectKind::Column
            | ObjectKind::Index
            | ObjectKind::Sequence
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Type
            | ObjectKind::Routine
            | ObjectKind::Namespace
            | ObjectKind::Constraint
            | ObjectKind::OnTable
            | ObjectKind::Other,
            _,
        ) => return Err(refused("a comment on an object of this kind")),
    };
    Ok(match text {
        Some(text) => sql.text(" IS ").string(text),
        None => sql.text(" IS NULL"),
    })
}

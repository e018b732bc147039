//! ALTER COLUMN … TYPE: whether the heap is rewritten, which indexes are built again, what has to be checked again.
//!
//! The heap is kept when the new type stores the same bytes for every old value. Source: PostgreSQL 17 manual, ALTER
//! TABLE (Notes); each pair below was measured on 15 and 18 unless it says otherwise. What is not listed rewrites.

use segue_model::{
    Catalog, Cause, Collation, ColumnChange, DataType, Expression, Fill, Ident, LockMode, LockRole,
    QualifiedName, RefusalReason, Shape, Table, Target, TypeName, UserTypeKind, Validity,
};

use super::ledger::Ledger;
use super::{alter_column, constraint, enum_value, index, privilege, storage};

/// What a type change does to the stored values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    /// The bytes stay, and sort as before.
    Same,
    /// The bytes stay, but indexes over them sort by other rules.
    Resorted,
    /// Every value is computed anew, and why.
    Rewritten(Cause),
}

/// A type change of a column, in the table and in its children and partitions.
pub(super) fn change(target: &Target, change: &ColumnChange, ledger: &mut Ledger<'_>) {
    let ColumnChange::SetType {
        name,
        data_type,
        collation,
        using,
    } = change
    else {
        return;
    };
    if let Some(using) = using {
        enum_value::refuse(using, Some(data_type), ledger);
    }
    refuse_dependents(&target.name, name, ledger);
    alter_column::refuse_partition_key(target, name, "given another type", ledger);
    let wanted = Wanted {
        column: name,
        data_type,
        collation: collation.as_ref(),
        using: using.as_ref(),
    };
    for member in storage::family(ledger.catalog(), &target.name, target.scope) {
        change_in(&member, &wanted, ledger);
    }
}

struct Wanted<'w> {
    column: &'w Ident,
    data_type: &'w DataType,
    collation: Option<&'w Collation>,
    using: Option<&'w Expression>,
}

fn change_in(member: &QualifiedName, wanted: &Wanted<'_>, ledger: &mut Ledger<'_>) {
    let Some(table) = ledger.table(member) else {
        storage::rewrite(ledger, member, Cause::TypeChange);
        return;
    };
    let conversion = conversion_in(table, wanted, ledger);
    let has_identity = table
        .column(wanted.column)
        .is_some_and(|column| matches!(column.fill, Fill::Identity(_)));
    if has_identity {
        // The sequence of an identity column takes the new type, with a new file (measured on 15).
        alter_column::renew_sequence(member, wanted.column, ledger);
    }
    match conversion {
        Conversion::Rewritten(cause) if storage::has_storage(table) => {
            storage::rewrite(ledger, member, cause);
        }
        Conversion::Rewritten(_) => {
            storage::claim_indexes(ledger, member, LockMode::AccessExclusive);
        }
        Conversion::Same | Conversion::Resorted => {
            keep_heap(member, wanted, conversion, ledger);
        }
    }
    recheck_foreign_keys(member, table, wanted, conversion, ledger);
}

fn conversion_in(table: &Table, wanted: &Wanted<'_>, ledger: &mut Ledger<'_>) -> Conversion {
    let Some(column) = table.column(wanted.column) else {
        ledger.assume();
        return Conversion::Rewritten(Cause::TypeChange);
    };
    let facts = Facts {
        catalog: ledger.catalog(),
        is_utc: is_utc(ledger.context.settings.value("timezone")),
    };
    let values = match wanted.using {
        None => facts.conversion(&column.data_type, wanted.data_type),
        Some(using) => facts.by_expression(using, wanted, &column.data_type),
    };
    let is_unknown = |data_type: &DataType| {
        data_type.user_type().is_some_and(|name| {
            !ledger.catalog().types.contains_key(name) && !privilege::is_extension_type(name)
        })
    };
    if is_unknown(&column.data_type) || is_unknown(wanted.data_type) {
        ledger.assume();
    }
    let resorted = column.collation.as_ref() != wanted.collation
        && is_collatable(&column.data_type)
        && is_collatable(wanted.data_type);
    match values {
        Conversion::Same if resorted => Conversion::Resorted,
        Conversion::Same | Conversion::Resorted | Conversion::Rewritten(_) => values,
    }
}

/// The heap stays: only the column's own indexes are touched, and a CHECK that names the column is checked again.
fn keep_heap(
    member: &QualifiedName,
    wanted: &Wanted<'_>,
    conversion: Conversion,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    let Some(table) = catalog.table(member) else {
        return;
    };
    for (name, known) in catalog.indexes_of(member) {
        if !index::uses(known, wanted.column) {
            continue;
        }
        ledger.claim(&name, LockMode::AccessExclusive, LockRole::Index);
        let resorted = conversion == Conversion::Resorted && index::sorts_by(known, wanted.column);
        // Measured on 15: an index with an expression or a condition, an invalid one, and a partition's part of a
        // partitioned index cannot be taken over and are built again, whatever the types.
        if storage::has_storage(table) && (resorted || !index::is_reusable(known)) {
            ledger.build(member, &name.name, Cause::SortOrderChange);
        }
    }
    if storage::has_storage(table) && alter_column::has_checked(table, wanted.column) {
        ledger.scan(member, Cause::Check);
    }
}

/// Foreign keys over the column are taken down and put up again: ACCESS EXCLUSIVE on the partner. Where the values
/// are computed anew a valid one is checked again (measured on 15 and 18; the kept case on 15).
fn recheck_foreign_keys(
    member: &QualifiedName,
    table: &Table,
    wanted: &Wanted<'_>,
    conversion: Conversion,
    ledger: &mut Ledger<'_>,
) {
    let rechecked = matches!(conversion, Conversion::Rewritten(_));
    for (known, key) in table.foreign_keys() {
        if key.columns.contains(wanted.column) {
            constraint::claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
            if rechecked && known.validity == Validity::Valid {
                constraint::scan_both(member, &key.references, ledger);
            }
        }
    }
    let catalog = ledger.catalog();
    for (from, known, key) in catalog.references_to(member) {
        if constraint::referenced_columns(key, catalog).contains(wanted.column) {
            ledger.claim(from, LockMode::AccessExclusive, LockRole::ForeignKeyPartner);
            if rechecked && known.validity == Validity::Valid {
                constraint::scan_both(from, member, ledger);
            }
        }
    }
}

/// What hangs on the column and stops the change. Source: manual, ALTER TABLE; each measured on 15 and 18.
fn refuse_dependents(table: &QualifiedName, column: &Ident, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let mut users: Vec<String> = catalog
        .views_reading(table, column)
        .map(|view| format!("the view {view}"))
        .collect();
    if let Some(found) = catalog.table(table) {
        users.extend(super::removal::own_dependents(found, column));
        // A publication's column list and filter exist since 15.
        users.extend(super::removal::publications_of(table, column, catalog));
    }
    for user in users {
        ledger.refuse(
            RefusalReason::Dependents,
            format!("the type of {column} of {table} cannot change: {user} uses it"),
        );
    }
    alter_column::refuse_row_type(table, ledger);
}

/// What the conversions are judged by.
struct Facts<'a> {
    catalog: &'a Catalog,
    is_utc: bool,
}

impl Facts<'_> {
    /// `USING` that is the column, or casts of it that change no byte, is as good as none (measured).
    fn by_expression(
        &self,
        using: &Expression,
        wanted: &Wanted<'_>,
        from: &DataType,
    ) -> Conversion {
        let rewritten = Conversion::Rewritten(Cause::UsingExpression);
        let Some(steps) = cast_steps(&using.shape, wanted.column) else {
            return rewritten;
        };
        let mut current = from;
        let mut result = Conversion::Same;
        for step in steps.into_iter().chain([wanted.data_type]) {
            // A length is forgotten where a value goes by another type: `v::text::varchar(60)` rewrites (measured).
            match self.conversion(current, step) {
                Conversion::Same => {}
                Conversion::Resorted => result = Conversion::Resorted,
                Conversion::Rewritten(Cause::TypeChange) => return rewritten,
                Conversion::Rewritten(cause) => return Conversion::Rewritten(cause),
            }
            current = step;
        }
        result
    }

    fn conversion(&self, from: &DataType, to: &DataType) -> Conversion {
        if from == to {
            return Conversion::Same;
        }
        let rewritten = Conversion::Rewritten(Cause::TypeChange);
        if let Some((base, constrained)) = self.domain(to) {
            if constrained {
                return Conversion::Rewritten(Cause::ConstrainedDomain);
            }
            return self.conversion(from, &base);
        }
        if let Some((base, _)) = self.domain(from) {
            // Out of a domain the length is forgotten (measured on 15).
            return self.conversion(&unlimited(&base), to);
        }
        if from.dimensions > 0 || to.dimensions > 0 {
            // Only the same array type is kept; another length of its elements is computed anew (measured).
            return rewritten;
        }
        match (&from.name, &to.name) {
            (TypeName::BuiltIn(old), TypeName::BuiltIn(new)) => {
                self.built_in((old.as_str(), from), (new.as_str(), to))
            }
            (TypeName::User(old), TypeName::User(new)) => {
                if old == new && to.modifiers.is_empty() {
                    Conversion::Same
                } else {
                    rewritten
                }
            }
            // citext is stored as text and sorts by rules of its own. Source: citext's casts; measured.
            (TypeName::User(old), TypeName::BuiltIn(new)) => {
                if old.name.as_str() == "citext" && is_unlimited_text(new, to) {
                    Conversion::Resorted
                } else {
                    rewritten
                }
            }
            (TypeName::BuiltIn(old), TypeName::User(new)) => {
                if new.name.as_str() == "citext"
                    && matches!(old.as_str(), "text" | "character varying")
                {
                    Conversion::Resorted
                } else {
                    rewritten
                }
            }
        }
    }

    /// The type under a domain, and whether values have to satisfy something.
    fn domain(&self, data_type: &DataType) -> Option<(DataType, bool)> {
        if data_type.dimensions > 0 {
            return None;
        }
        match &self.catalog.user_type(data_type)?.kind {
            UserTypeKind::Domain { base, .. } if base != data_type => Some((
                base.clone(),
                self.catalog
                    .is_constrained_domain(data_type)
                    .unwrap_or(true),
            )),
            UserTypeKind::Domain { .. } | UserTypeKind::Plain(_) => None,
        }
    }

    /// The safe pairs of built-in types; everything else rewrites.
    fn built_in(&self, (old, from): (&str, &DataType), (new, to): (&str, &DataType)) -> Conversion {
        let kept = match (plain(old), plain(new)) {
            ("character varying", "character varying") => is_longer(from, to),
            ("text" | "character varying", "text") => true,
            ("text", "character varying") | ("xml", "text" | "character varying") => {
                to.modifiers.is_empty()
            }
            ("bit varying", "bit varying") => is_longer(from, to),
            ("bit", "bit varying") => to.modifiers.is_empty(),
            ("numeric", "numeric") => is_wider_numeric(from, to),
            ("timestamp", "timestamp")
            | ("timestamptz", "timestamptz")
            | ("time", "time")
            | ("timetz", "timetz")
            | ("interval", "interval") => is_finer(from, to),
            ("cidr", "inet") => true,
            ("integer", "oid") | ("oid", "integer") => true,
            // Both store seconds since 2000; the meaning is the same only where the session's zone is UTC, since 12.
            ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => {
                return self.between_zones(from, to);
            }
            _ => false,
        };
        match (kept, new) {
            // int4 and oid sort differently: signed and unsigned.
            (true, "oid" | "integer") => Conversion::Resorted,
            (true, _) => Conversion::Same,
            (false, _) => Conversion::Rewritten(Cause::TypeChange),
        }
    }

    fn between_zones(&self, from: &DataType, to: &DataType) -> Conversion {
        if !self.is_utc {
            return Conversion::Rewritten(Cause::TimeZone);
        }
        // The precision is set after the zone: only the full one, or none, leaves the values alone.
        let full = to.modifier(0).is_none_or(|digits| digits >= 6);
        if full && is_finer(&unlimited(from), &unlimited(to)) {
            Conversion::Resorted
        } else {
            Conversion::Rewritten(Cause::TypeChange)
        }
    }
}

/// The casts around a bare column, innermost first; none when anything else stands there.
fn cast_steps<'s>(shape: &'s Shape, column: &Ident) -> Option<Vec<&'s DataType>> {
    match shape {
        Shape::Column(named) => (named == column).then(Vec::new),
        Shape::Cast { of, to } => {
            let mut steps = cast_steps(of, column)?;
            steps.push(to);
            Some(steps)
        }
        Shape::Null | Shape::Constant | Shape::NextValue(_) | Shape::Other => None,
    }
}

/// One short name for each spelling of the times.
fn plain(name: &str) -> &str {
    match name {
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        other => other,
    }
}

fn unlimited(data_type: &DataType) -> DataType {
    DataType {
        modifiers: Vec::new(),
        ..data_type.clone()
    }
}

fn is_unlimited_text(name: &str, data_type: &DataType) -> bool {
    matches!(name, "text" | "character varying") && data_type.modifiers.is_empty()
}

fn is_collatable(data_type: &DataType) -> bool {
    data_type.base_is("text")
        || data_type.base_is("character varying")
        || data_type.base_is("character")
        || data_type.user_type().is_some()
}

/// A length that is gone, or not smaller.
fn is_longer(from: &DataType, to: &DataType) -> bool {
    match (from.modifier(0), to.modifier(0)) {
        (_, None) => to.modifiers.is_empty(),
        (None, Some(_)) => false,
        (Some(old), Some(new)) => new >= old,
    }
}

/// No limits, or the same scale and as many digits.
fn is_wider_numeric(from: &DataType, to: &DataType) -> bool {
    if to.modifiers.is_empty() {
        return true;
    }
    match (from.modifier(0), to.modifier(0)) {
        (Some(old), Some(new)) => {
            new >= old && from.modifier(1).unwrap_or(0) == to.modifier(1).unwrap_or(0)
        }
        (None, _) | (_, None) => false,
    }
}

/// As many digits of seconds; none written means six.
fn is_finer(from: &DataType, to: &DataType) -> bool {
    let digits = |data_type: &DataType| match data_type.modifiers.as_slice() {
        [] => Some(6),
        [one] => one.parse::<i64>().ok(),
        [_, _, ..] => None,
    };
    match (digits(from), digits(to)) {
        (Some(old), Some(new)) => new >= old,
        (None, Some(_)) => to.modifiers.is_empty(),
        (_, None) => from.modifiers == to.modifiers,
    }
}

/// True for a time zone that never differs from UTC. Not set means: not known, so no.
fn is_utc(zone: Option<&str>) -> bool {
    zone.is_some_and(|zone| {
        matches!(
            zone.to_ascii_lowercase().as_str(),
            "utc"
                | "gmt"
                | "etc/utc"
                | "etc/gmt"
                | "uct"
                | "etc/uct"
                | "zulu"
                | "etc/zulu"
                | "universal"
                | "etc/universal"
                | "greenwich"
                | "etc/greenwich"
                | "gmt0"
                | "etc/gmt0"
                | "gmt+0"
                | "gmt-0"
                | "etc/gmt+0"
                | "etc/gmt-0"
                | "0"
                | "+0"
                | "-0"
                | "+00"
                | "-00"
                | "+00:00"
                | "-00:00"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(
        from: &str,
        from_modifiers: &[&str],
        to: &str,
        to_modifiers: &[&str],
        zone: &str,
    ) -> Conversion {
        let of = |name: &str, modifiers: &[&str]| DataType {
            modifiers: modifiers.iter().map(|text| (*text).to_owned()).collect(),
            ..DataType::built_in(name)
        };
        let catalog = Catalog::default();
        let facts = Facts {
            catalog: &catalog,
            is_utc: is_utc(Some(zone)),
        };
        facts.conversion(&of(from, from_modifiers), &of(to, to_modifiers))
    }

    #[test]
    fn a_longer_varchar_keeps_the_heap_and_a_shorter_one_does_not() {
        let same = judge(
            "character varying",
            &["50"],
            "character varying",
            &["100"],
            "UTC",
        );
        assert_eq!(same, Conversion::Same);
        let shorter = judge(
            "character varying",
            &["50"],
            "character varying",
            &["49"],
            "UTC",
        );
        assert_eq!(shorter, Conversion::Rewritten(Cause::TypeChange));
        let text = judge("text", &[], "character varying", &["100"], "UTC");
        assert_eq!(text, Conversion::Rewritten(Cause::TypeChange));
    }

    #[test]
    fn a_fixed_length_character_type_always_rewrites() {
        for (to, length) in [
            ("character", "20"),
            ("text", ""),
            ("character varying", "10"),
        ] {
            let length: Vec<&str> = Some(length)
                .filter(|text| !text.is_empty())
                .into_iter()
                .collect();
            let found = judge("character", &["10"], to, &length, "UTC");
            assert_eq!(found, Conversion::Rewritten(Cause::TypeChange), "{to}");
        }
    }

    #[test]
    fn another_scale_rewrites_and_more_digits_do_not() {
        assert_eq!(
            judge("numeric", &["10", "2"], "numeric", &["12", "2"], "UTC"),
            Conversion::Same
        );
        assert_eq!(
            judge("numeric", &["10", "2"], "numeric", &[], "UTC"),
            Conversion::Same
        );
        let scale = judge("numeric", &["10", "2"], "numeric", &["12", "4"], "UTC");
        assert_eq!(scale, Conversion::Rewritten(Cause::TypeChange));
        let limited = judge("numeric", &[], "numeric", &["12", "4"], "UTC");
        assert_eq!(limited, Conversion::Rewritten(Cause::TypeChange));
    }

    #[test]
    fn a_time_zone_is_added_without_a_rewrite_only_in_utc() {
        let (old, new) = ("timestamp without time zone", "timestamp with time zone");
        assert_eq!(judge(old, &[], new, &[], "UTC"), Conversion::Resorted);
        let elsewhere = judge(old, &[], new, &[], "Europe/Berlin");
        assert_eq!(elsewhere, Conversion::Rewritten(Cause::TimeZone));
        let coarser = judge(old, &[], new, &["3"], "UTC");
        assert_eq!(coarser, Conversion::Rewritten(Cause::TypeChange));
    }

    #[test]
    fn an_array_is_kept_only_as_it_is() {
        let catalog = Catalog::default();
        let facts = Facts {
            catalog: &catalog,
            is_utc: true,
        };
        let array = |name: &str| DataType {
            dimensions: 1,
            ..DataType::built_in(name)
        };
        assert_eq!(
            facts.conversion(&array("integer"), &array("integer")),
            Conversion::Same
        );
        assert_eq!(
            facts.conversion(&array("integer"), &array("bigint")),
            Conversion::Rewritten(Cause::TypeChange)
        );
    }
}

//! Settings, explicit locks, transaction control and maintenance.

use segue_model::{
    Build, Change, ConstraintTiming, Ident, IndexChange, LockMode, LockTable, MaintenanceChange,
    ModeWritten, QualifiedName, ReindexScope, SessionChange, SettingScope, TransactionChange,
    VacuumMode,
};
use squawk_syntax::{
    SyntaxToken,
    ast::{self, AstNode},
};

use super::reader::{ReadError, Reader};

type Answer = Result<Change, ReadError>;

const SEARCH_PATH: &str = "search_path";

impl Reader<'_> {
    /// SET.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn set(&mut self, set: &ast::Set) -> Answer {
        let scope = match set.set_scope() {
            Some(ast::SetScope::LocalScope(_)) => SettingScope::Local,
            Some(ast::SetScope::SessionScope(_)) | None => SettingScope::Session,
        };
        let target = self.require(set.set_target(), set, "a setting")?;
        let (name, value) = match &target {
            ast::SetTarget::SetConfig(config) => self.set_config(config, scope)?,
            ast::SetTarget::SetSchemaValue(schema) => {
                let literal = self.require(schema.literal(), schema, "a namespace")?;
                let text = literal.string_value().unwrap_or_default();
                self.search_path(std::iter::once(text.as_str()), scope);
                (SEARCH_PATH.to_owned(), Some(self.verbatim(&literal)))
            }
            ast::SetTarget::SetTimeZone(zone) => ("timezone".to_owned(), self.time_zone(zone)),
            ast::SetTarget::SetCatalog(_) => ("catalog".to_owned(), None),
            ast::SetTarget::SetXmlOption(_) => ("xmloption".to_owned(), None),
        };
        Ok(Change::Session(SessionChange::Set {
            name: Ident::new(name),
            value,
            scope,
        }))
    }

    fn set_config(
        &mut self,
        config: &ast::SetConfig,
        scope: SettingScope,
    ) -> Result<(String, Option<String>), ReadError> {
        let name = self.require(config.config_parameter_ref(), config, "a setting")?;
        let name = self.setting(&name)?;
        let assignment = self.require(config.config_assignment(), config, "a value")?;
        let ast::ConfigAssignment::ToConfigValue(values) = assignment else {
            return Ok((name, None));
        };
        if name == SEARCH_PATH {
            match scope {
                SettingScope::Session => self.set_search_path(&values),
                SettingScope::Local => {
                    let before = self.scope.namespace.clone();
                    self.set_search_path(&values);
                    self.scope.namespace_after_transaction.get_or_insert(before);
                }
            }
        }
        if values.default_token().is_some() {
            return Ok((name, None));
        }
        let written: Vec<String> = values
            .config_values()
            .map(|value| self.verbatim(&value))
            .collect();
        if written.is_empty() {
            return Err(self.missing(&values, "a value"));
        }
        Ok((name, Some(written.join(", "))))
    }

    fn setting(&mut self, name: &ast::ConfigParameterRef) -> Result<String, ReadError> {
        let path = self.require(name.syntax().first_child(), name, "a setting")?;
        let text = self.slice(path.text_range());
        Ok(text.trim_matches('"').to_ascii_lowercase())
    }

    fn time_zone(&self, zone: &ast::SetTimeZone) -> Option<String> {
        zone.config_value()
            .map(|value| self.verbatim(&value))
            .or_else(|| zone.cast_expr().map(|value| self.verbatim(&value)))
    }

    /// `SET search_path TO …`: unqualified names lead elsewhere from now on.
    pub(super) fn set_search_path(&mut self, values: &ast::ToConfigValue) {
        if values.default_token().is_some() {
            self.scope.namespace = Ident::from("public");
            return;
        }
        let names: Vec<String> = values
            .config_values()
            .map(|value| match &value {
                ast::ConfigValue::Literal(literal) => literal.string_value().unwrap_or_default(),
                ast::ConfigValue::ConfigValueName(name) => ast::normalize_name_node(name.syntax()),
                ast::ConfigValue::PrefixExpr(_) => String::new(),
            })
            .collect();
        self.search_path(names.iter().map(String::as_str), SettingScope::Session);
    }

    /// The first namespace of a path that names one; an empty path leaves everything as it is.
    pub(super) fn search_path<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
        scope: SettingScope,
    ) {
        let first = names
            .map(|name| name.trim().trim_matches('"'))
            .find(|name| !name.is_empty() && *name != "$user" && *name != "pg_catalog");
        let Some(first) = first else {
            return;
        };
        let before = std::mem::replace(&mut self.scope.namespace, Ident::from(first));
        if scope == SettingScope::Local {
            self.scope.namespace_after_transaction.get_or_insert(before);
        }
    }

    /// RESET.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn reset(&mut self, reset: &ast::Reset) -> Answer {
        let name = match self.require(reset.reset_target(), reset, "a setting")? {
            ast::ResetTarget::All(_) => None,
            ast::ResetTarget::ConfigParameterRef(name) => Some(self.setting(&name)?),
            ast::ResetTarget::ResetTimeZone(_) => Some("timezone".to_owned()),
            ast::ResetTarget::ResetTransactionIsolation(_) => {
                Some("transaction_isolation".to_owned())
            }
        };
        if name.as_deref().is_none_or(|name| name == SEARCH_PATH) {
            self.scope.namespace = Ident::from("public");
        }
        Ok(Change::Session(SessionChange::Reset(name.map(Ident::new))))
    }

    /// LOCK TABLE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn lock(&mut self, lock: &ast::Lock) -> Answer {
        let list = self.require(lock.relation_list(), lock, "a table")?;
        let mut tables = Vec::new();
        for table in list.relation_names() {
            tables.push(self.qualified(&table)?);
        }
        if tables.is_empty() {
            return Err(self.missing(lock, "a table"));
        }
        let (mode, mode_written) = match lock.lock_mode_clause() {
            None => (LockMode::AccessExclusive, ModeWritten::No),
            Some(clause) => {
                let mode = self.require(clause.lock_mode(), &clause, "a lock mode")?;
                (lock_mode(&mode), ModeWritten::Yes)
            }
        };
        Ok(Change::Session(SessionChange::Lock(LockTable {
            tables,
            mode,
            mode_written,
        })))
    }

    /// SET CONSTRAINTS.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn set_constraints(&mut self, set: &ast::SetConstraints) -> Answer {
        let mut names = Vec::new();
        for name in set.constraint_name_refs() {
            names.push(self.qualified_quietly(&name)?.name);
        }
        if names.is_empty() && set.all_token().is_none() {
            return Err(self.missing(set, "ALL or a constraint"));
        }
        let timing = match self.require(set.constraint_timing(), set, "DEFERRED or IMMEDIATE")? {
            ast::ConstraintTiming::Deferred(_) => ConstraintTiming::Deferred,
            ast::ConstraintTiming::Immediate(_) => ConstraintTiming::Immediate,
        };
        Ok(Change::Session(SessionChange::SetConstraints {
            names,
            timing,
        }))
    }

    /// COMMIT and END.
    pub(super) fn commit(&mut self, commit: &ast::Commit) -> Change {
        self.end_transaction();
        Change::Transaction(match commit {
            ast::Commit::CommitTransaction(_) => TransactionChange::Commit,
            ast::Commit::CommitPrepared(_) => TransactionChange::Other,
        })
    }

    /// ROLLBACK, also to a savepoint.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn rollback(&mut self, rollback: &ast::Rollback) -> Answer {
        Ok(Change::Transaction(match rollback {
            ast::Rollback::RollbackTransaction(_) => {
                self.end_transaction();
                TransactionChange::Rollback
            }
            ast::Rollback::RollbackPrepared(_) => TransactionChange::Other,
            ast::Rollback::RollbackToSavepoint(to) => TransactionChange::RollbackTo(
                self.require_ident(to.savepoint_ref(), to, "a name")?,
            ),
        }))
    }

    fn end_transaction(&mut self) {
        if let Some(namespace) = self.scope.namespace_after_transaction.take() {
            self.scope.namespace = namespace;
        }
    }

    /// VACUUM.
    ///
    /// # Errors
    /// A name is none.
    pub(super) fn vacuum(&mut self, vacuum: &ast::Vacuum) -> Answer {
        let mode = if vacuum.is_full() {
            VacuumMode::Full
        } else {
            VacuumMode::Plain
        };
        let tables = self.tables(vacuum.table_and_columns_list().as_ref())?;
        Ok(Change::Maintenance(MaintenanceChange::Vacuum {
            tables,
            mode,
        }))
    }

    /// ANALYZE.
    ///
    /// # Errors
    /// A name is none.
    pub(super) fn analyze(&mut self, analyze: &ast::Analyze) -> Answer {
        let tables = self.tables(analyze.table_and_columns_list().as_ref())?;
        Ok(Change::Maintenance(MaintenanceChange::Analyze { tables }))
    }

    fn tables(
        &mut self,
        list: Option<&ast::TableAndColumnsList>,
    ) -> Result<Vec<QualifiedName>, ReadError> {
        let mut tables = Vec::new();
        for table in list
            .into_iter()
            .flat_map(ast::TableAndColumnsList::table_and_columnss)
        {
            tables.push(self.require_qualified(table.table_relation_name(), &table, "a table")?);
        }
        Ok(tables)
    }

    /// CLUSTER.
    ///
    /// # Errors
    /// A name is none.
    pub(super) fn cluster(&mut self, cluster: &ast::Cluster) -> Answer {
        let (table, index) = if let Some(legacy) = cluster.cluster_legacy() {
            let index = self.require(legacy.index_ref(), &legacy, "an index")?;
            let table = self.require_qualified(legacy.on_path(), &legacy, "a table")?;
            (Some(table), Some(self.qualified_quietly(&index)?.name))
        } else {
            let table = match cluster.table_name_ref() {
                Some(table) => Some(self.qualified(&table)?),
                None => None,
            };
            let index = match cluster.cluster_using_index() {
                Some(using) => {
                    let index = self.require(using.index_ref(), &using, "an index")?;
                    Some(self.qualified_quietly(&index)?.name)
                }
                None => None,
            };
            (table, index)
        };
        Ok(Change::Maintenance(MaintenanceChange::Cluster {
            table,
            index,
        }))
    }

    /// REINDEX.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn reindex(&mut self, reindex: &ast::Reindex) -> Answer {
        let build = if reindex.is_concurrently() {
            Build::Concurrently
        } else {
            Build::Blocking
        };
        let of = match self.require(reindex.reindex_target(), reindex, "what to reindex")? {
            ast::ReindexTarget::ReindexTargetIndex(index) => {
                let name = self.require_qualified(index.index_ref(), &index, "an index")?;
                return Ok(Change::Index(IndexChange::Rebuild { name, build }));
            }
            ast::ReindexTarget::ReindexTargetTable(table) => ReindexScope::Table(
                self.require_qualified(table.table_name_ref(), &table, "a table")?,
            ),
            ast::ReindexTarget::ReindexTargetSchema(schema) => ReindexScope::Namespace(
                self.require_ident(schema.schema_ref(), &schema, "a namespace")?,
            ),
            ast::ReindexTarget::ReindexTargetDatabase(_)
            | ast::ReindexTarget::ReindexTargetSystem(_) => ReindexScope::Database,
        };
        Ok(Change::Maintenance(MaintenanceChange::Reindex {
            of,
            build,
        }))
    }

    /// REFRESH MATERIALIZED VIEW.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn refresh(&mut self, refresh: &ast::Refresh) -> Answer {
        let view = self.require_qualified(refresh.view_ref(), refresh, "a view")?;
        let build = match refresh.concurrently_token() {
            Some(_) => Build::Concurrently,
            None => Build::Blocking,
        };
        Ok(Change::Maintenance(MaintenanceChange::Refresh {
            view,
            build,
        }))
    }
}

/// A statement that no question is about.
pub(super) fn nothing(verb: &str) -> Change {
    Change::Session(SessionChange::Nothing {
        verb: verb.to_owned(),
    })
}

/// `SET ROLE` and `SET SESSION AUTHORIZATION`: settings with a syntax of their own.
pub(super) fn set_role(name: &str, target: Option<String>, local: Option<&SyntaxToken>) -> Change {
    let scope = match local {
        Some(_) => SettingScope::Local,
        None => SettingScope::Session,
    };
    Change::Session(SessionChange::Set {
        name: Ident::from(name),
        value: target,
        scope,
    })
}

fn lock_mode(mode: &ast::LockMode) -> LockMode {
    match mode {
        ast::LockMode::AccessShare(_) => LockMode::AccessShare,
        ast::LockMode::RowShare(_) => LockMode::RowShare,
        ast::LockMode::RowExclusive(_) => LockMode::RowExclusive,
        ast::LockMode::ShareUpdateExclusive(_) => LockMode::ShareUpdateExclusive,
        ast::LockMode::Share(_) => LockMode::Share,
        ast::LockMode::ShareRowExclusive(_) => LockMode::ShareRowExclusive,
        ast::LockMode::Exclusive(_) => LockMode::Exclusive,
        ast::LockMode::AccessExclusive(_) => LockMode::AccessExclusive,
    }
}

//! An INSERT whose rows are each made of one row of one table: it may be done in parts.
//!
//! Only what certainly is one is: no join, no alias, no query inside, nothing that counts, sorts or numbers rows, no function
//! that could, and no name that could be another table's.

use segue_model::{Expression, RowByRow, Taken, Volatility};
use squawk_syntax::{
    SyntaxKind,
    ast::{self, AstNode, HasSelectTail},
};

use super::reader::Reader;

/// The server's own functions that make one row of many, or many of one.
///
/// Source: `pg_proc` of PostgreSQL 15, `prokind IN ('a', 'w') OR proretset`, with what later versions added.
const NOT_OF_ONE_ROW: &str = " any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist \
    dense_rank every first_value generate_series generate_subscripts json_agg json_agg_strict json_array_elements \
    json_array_elements_text json_each json_each_text json_object_agg json_object_agg_strict json_object_agg_unique \
    json_object_keys json_populate_recordset json_to_recordset jsonb_agg jsonb_agg_strict jsonb_array_elements \
    jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique \
    jsonb_object_keys jsonb_path_query jsonb_path_query_tz jsonb_populate_recordset jsonb_to_recordset lag last_value lead max \
    min mode nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regexp_matches \
    regexp_split_to_table regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy \
    row_number stddev stddev_pop stddev_samp string_agg string_to_table sum ts_debug ts_parse ts_stat ts_token_type \
    txid_snapshot_xip unnest var_pop var_samp variance xmlagg each skeys svals ";

impl Reader<'_> {
    /// How each row is made of one row of one table; none when it is not, or not certainly.
    pub(super) fn row_by_row(
        &mut self,
        insert: &ast::Insert,
        query: &ast::SelectVariant,
    ) -> Option<RowByRow> {
        let ast::SelectVariant::Select(select) = query else {
            return None;
        };
        let is_more = insert.with_clause().is_some()
            || insert.alias().is_some()
            || insert.overriding_clause().is_some()
            || insert.returning_clause().is_some()
            || select.with_clause().is_some()
            || select.group_by_clause().is_some()
            || select.having_clause().is_some()
            || select.window_clause().is_some()
            || select.filter_clause().is_some()
            || select.order_by_clause().is_some()
            || select.limit_clause().is_some()
            || select.offset_clause().is_some()
            || select.fetch_clause().is_some()
            || select.locking_clauses().next().is_some()
            || select.select_clause()?.select_quantifier().is_some();
        let has_query = select.syntax().descendants().skip(1).any(|node| {
            matches!(
                node.kind(),
                SyntaxKind::SELECT | SyntaxKind::PAREN_SELECT | SyntaxKind::OVER_CLAUSE
            )
        });
        if is_more || has_query {
            return None;
        }
        let taken = match insert.on_conflict_clause() {
            None => Taken::Refused,
            Some(clause) => match (clause.conflict_target(), clause.conflict_action()?) {
                (None, ast::ConflictAction::ConflictDoNothing(_)) => Taken::Skipped,
                _ => return None,
            },
        };
        let from = self.only_relation(&select.from_clause()?)?;
        let mut values = Vec::new();
        for target in select.select_clause()?.target_list()?.targets() {
            if target.star_token().is_some() {
                return None;
            }
            values.push(self.of_one_row(&target.expr()?)?);
        }
        let filter = match select.where_clause() {
            Some(clause) => Some(self.of_one_row(&clause.expr()?)?),
            None => None,
        };
        Some(RowByRow {
            from,
            values,
            filter,
            taken,
        })
    }

    /// The relation of a FROM that names one and nothing else.
    fn only_relation(&mut self, from: &ast::FromClause) -> Option<segue_model::QualifiedName> {
        let text = self.verbatim(from);
        let written = text.get(4..)?.trim();
        let is_name = |character: char| character.is_alphanumeric() || "_.\"".contains(character);
        if written.is_empty() || !written.chars().all(is_name) {
            return None;
        }
        let mut names = from
            .syntax()
            .descendants()
            .filter_map(ast::RelationNameRef::cast);
        let (name, None) = (names.next()?, names.next()) else {
            return None;
        };
        self.require_qualified(Some(name), from, "a table").ok()
    }

    fn of_one_row(&mut self, written: &ast::Expr) -> Option<Expression> {
        let read = self.expression(written).ok()?;
        let is_of_one = read.functions.iter().all(|call| {
            let padded = [" ", call.name.as_str(), " "].concat();
            call.built_in != Volatility::Unknown && !NOT_OF_ONE_ROW.contains(&padded)
        });
        is_of_one.then_some(read)
    }
}

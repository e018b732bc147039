//! One spelling for expressions that mean the same: as a person wrote it, and as a server prints it.
//!
//! Spaces, letter case, parentheses that change nothing, `!=`, `IN (…)`, casts of literals and of columns to text (which a
//! server adds) make no difference. What is outside of this small grammar has no common spelling: then nothing is said.

/// The common spelling; none for what is not understood.
pub(super) fn common(text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0 };
    let spelling = parser.binary(0)?;
    (parser.at == parser.tokens.len()).then_some(spelling)
}

/// Splits into words, literals, quoted names and operators; none for an unfinished literal.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted(rest, first)?,
            _ if first.is_alphanumeric() || first == '_' => rest
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.')))
                .unwrap_or(rest.len()),
            '(' | ')' | ',' | '[' | ']' | '.' => 1,
            ':' if rest.starts_with("::") => 2,
            _ if OPERATORS.contains(first) => {
                rest.find(|c| !OPERATORS.contains(c)).unwrap_or(rest.len())
            }
            _ => return None,
        };
        let (token, after) = rest.split_at_checked(length)?;
        tokens.push(match token {
            "!=" => "<>".to_owned(),
            _ if matches!(first, '\'' | '"') => token.to_owned(),
            _ => token.to_lowercase(),
        });
        rest = after.trim_start();
    }
    Some(tokens)
}

const OPERATORS: &str = "+-*/<>=~!@#%^&|?";

fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            if letters.peek().is_some_and(|(_, next)| *next == quote) {
                letters.next();
            } else {
                return Some(at + quote.len_utf8());
            }
        }
    }
    None
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self, token: &str) -> Option<()> {
        (self.peek() == token).then(|| self.at += 1)
    }

    /// What binds tighter than `floor`; every operation comes out in parentheses, chains of AND and OR flat.
    fn binary(&mut self, floor: u8) -> Option<String> {
        let mut left = self.unary()?;
        loop {
            let operator = self.peek().to_owned();
            let Some(strength) = strength(&operator) else {
                return Some(left);
            };
            if strength <= floor {
                return Some(left);
            }
            self.at += 1;
            left = match operator.as_str() {
                "is" => {
                    let not = self.take("not").map_or("", |()| " not");
                    let what = self.peek().to_owned();
                    matches!(what.as_str(), "null" | "true" | "false").then(|| self.at += 1)?;
                    ["(", &left, " is", not, " ", &what, ")"].concat()
                }
                "in" => {
                    self.take("(")?;
                    let list = self.list(")")?;
                    ["(", &left, " = any [", &list, "])"].concat()
                }
                "=" if matches!(self.peek(), "any") => {
                    let list = self.any()?;
                    ["(", &left, " = any [", &list, "])"].concat()
                }
                "and" | "or" => {
                    let right = self.binary(strength)?;
                    flat(&left, &operator, &right)
                }
                _ => {
                    let right = self.binary(strength)?;
                    ["(", &left, " ", &operator, " ", &right, ")"].concat()
                }
            };
        }
    }

    /// `any (array[…])`, perhaps with a cast of the array.
    fn any(&mut self) -> Option<String> {
        self.take("any")?;
        self.take("(")?;
        let mut depth = 0;
        while self.take("(").is_some() {
            depth += 1;
        }
        self.take("array")?;
        self.take("[")?;
        let list = self.list("]")?;
        loop {
            if self.peek() == "::" {
                self.data_type()?;
            } else if depth > 0 {
                self.take(")")?;
                depth -= 1;
            } else {
                self.take(")")?;
                return Some(list);
            }
        }
    }

    fn list(&mut self, end: &str) -> Option<String> {
        let mut list = String::new();
        while self.take(end).is_none() {
            if !list.is_empty() {
                self.take(",")?;
                list.push_str(", ");
            }
            list.push_str(&self.binary(0)?);
        }
        Some(list)
    }

    fn unary(&mut self) -> Option<String> {
        if self.take("not").is_some() {
            let inner = self.binary(NOT)?;
            return Some(["(not ", &inner, ")"].concat());
        }
        if self.take("-").is_some() {
            let inner = self.binary(UNARY)?;
            return Some(["-", &inner].concat());
        }
        let mut operand = self.atom()?;
        while self.peek() == "::" {
            let to = self.data_type()?;
            let is_literal = operand.starts_with('\'') || is_number(&operand);
            let is_column = operand
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '"'));
            if !(is_literal || (is_column && matches!(to.as_str(), "text" | "text[]"))) {
                operand = ["(", &operand, " :: ", &to, ")"].concat();
            }
        }
        Some(operand)
    }

    /// `::` and the type behind it.
    fn data_type(&mut self) -> Option<String> {
        self.take("::")?;
        let mut name = self.word()?;
        while matches!(
            self.peek(),
            "varying" | "precision" | "with" | "without" | "time" | "zone"
        ) {
            name.push(' ');
            name.push_str(&self.word()?);
        }
        if self.take("(").is_some() {
            name = [&name, "(", &self.list(")")?, ")"].concat();
        }
        while self.take("[").is_some() {
            self.take("]")?;
            name.push_str("[]");
        }
        Some(name)
    }

    fn word(&mut self) -> Option<String> {
        let word = self.peek().to_owned();
        let first = word.chars().next()?;
        (first.is_alphanumeric() || matches!(first, '_' | '"' | '\'')).then(|| self.at += 1)?;
        Some(word)
    }

    fn atom(&mut self) -> Option<String> {
        if self.take("(").is_some() {
            let inner = self.binary(0)?;
            self.take(")")?;
            return Some(inner);
        }
        let word = self.word()?;
        if UNKNOWN.contains(&word.as_str()) {
            return None;
        }
        if self.take("(").is_some() {
            let arguments = self.list(")")?;
            return Some([&word, "(", &arguments, ")"].concat());
        }
        // A quoted part of a longer name, an array element: outside of this grammar.
        (!matches!(self.peek(), "." | "[")).then_some(word)
    }
}

/// Words that begin what is outside of this grammar.
const UNKNOWN: &[&str] = &[
    "case", "array", "row", "select", "exists", "cast", "any", "all", "interval", "and", "or",
    "is", "in",
];

fn is_number(text: &str) -> bool {
    text.trim_start_matches('-')
        .starts_with(|c: char| c.is_ascii_digit())
}

/// `a and (b and c)` and `(a and b) and c` are one list.
fn flat(left: &str, operator: &str, right: &str) -> String {
    let head = ["[", operator, " "].concat();
    let parts = |side: &str| -> String {
        side.strip_prefix(&head)
            .and_then(|inner| inner.strip_suffix(']'))
            .map_or_else(|| side.to_owned(), str::to_owned)
    };
    [&head, &parts(left), "; ", &parts(right), "]"].concat()
}

const NOT: u8 = 3;
const UNARY: u8 = 9;

/// How tight an operator binds. Source: PostgreSQL 18 manual, 4.1.6.
fn strength(operator: &str) -> Option<u8> {
    Some(match operator {
        "or" => 1,
        "and" => 2,
        "is" => 4,
        "<" | ">" | "=" | "<=" | ">=" | "<>" => 5,
        "in" => 6,
        "+" | "-" => 8,
        "*" | "/" | "%" => 10,
        _ if !operator.is_empty() && operator.chars().all(|c| OPERATORS.contains(c)) => 7,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn what_a_server_prints_is_what_was_written() {
        for (written, printed) in [
            ("a > 0", "(a > 0)"),
            ("lower(email)", "lower((email)::text)"),
            ("b <> ''", "(b <> ''::text)"),
            (
                "a > 0 AND b < 3 AND c IS NOT NULL",
                "((a > 0) AND (b < 3) AND (c IS NOT NULL))",
            ),
            (
                "kind IN ('a', 'b')",
                "(kind = ANY (ARRAY['a'::text, 'b'::text]))",
            ),
            (
                "kind IN ('a','b')",
                "((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            ),
            ("a + b * c != 1", "((a + (b * c)) <> 1)"),
            ("NOT a OR b", "((NOT a) OR b)"),
            ("Now()", "now()"),
        ] {
            assert!(common(written).is_some(), "{written}");
            assert_eq!(common(written), common(printed), "{written}");
        }
    }

    #[test]
    fn what_means_something_else_is_spelt_otherwise() {
        for (one, other) in [
            ("a > 0", "a > 1"),
            ("(a + b) * c", "a + b * c"),
            ("a - (b - c)", "a - b - c"),
            ("a::int > 1", "a > 1"),
            ("\"A\" > 0", "a > 0"),
            ("b = 'x'", "b = 'X'"),
            ("(a OR b) AND c", "a OR b AND c"),
            ("NOT (a AND b)", "NOT a AND b"),
        ] {
            assert_ne!(common(one), common(other), "{one} and {other}");
        }
    }
}

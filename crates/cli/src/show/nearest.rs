//! The candidates that are nearest to a word that does not exist.

/// At most three candidates that share enough with the word, nearest first.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let limit = (word.chars().count() / 3).max(2);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| {
            let beginning: String = candidate.chars().take(word.chars().count() + 1).collect();
            let begun = distance(word, &beginning) + 1;
            let inside = candidate.contains(word) || word.contains(candidate);
            let steps = distance(word, candidate).min(begun);
            (if inside { steps.min(1) } else { steps }, candidate)
        })
        .filter(|(steps, _)| *steps <= limit)
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// How many letters have to be put in, taken out or exchanged.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(number + 1);
        let mut left = number + 1;
        for ((diagonal, above), candidate) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let exchanged = diagonal + usize::from(letter != *candidate);
            left = exchanged.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["drop-column", "drop-table", "add-check-validated"];
        assert_eq!(nearest("drop-colum", known), ["drop-column"]);
        assert_eq!(nearest("check", known), ["add-check-validated"]);
        assert_eq!(nearest("add-chek", known), ["add-check-validated"]);
        assert_eq!(nearest("zzz", known), Vec::<&str>::new());
    }

    #[test]
    fn the_distance_counts_single_letters() {
        assert_eq!(distance("abc", "abd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "bc"), 1);
    }
}

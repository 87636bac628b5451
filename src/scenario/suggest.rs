//! "Did you mean": the nearest of the words that would have been right.

/// A hint for `typed`: the nearest of `known`, or all of them if none is near.
pub fn suggest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let reach = ((typed.chars().count() + 1) / 3).clamp(1, 3);
    let nearest = known.iter().map(|word| (distance(&typed.to_lowercase(), &word.to_lowercase()), *word)).min();
    match nearest {
        Some((far, word)) if far <= reach => format!("did you mean `{word}`?"),
        _ if known.is_empty() => "there are none".to_owned(),
        _ => format!("known: {}", known.join(", ")),
    }
}

/// Edits between two words: insert, delete, replace, swap two neighbours (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let replace = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested() {
        let known = ["tenants", "title", "faults"];
        assert_eq!(suggest("tenant", known), "did you mean `tenants`?");
        assert_eq!(suggest("tilte", known), "did you mean `title`?");
        assert_eq!(suggest("Faults", known), "did you mean `faults`?");
        assert_eq!(suggest("colour", known), "known: tenants, title, faults");
        assert_eq!(suggest("x", []), "there are none");
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(distance("tset", "test"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("ähre", "ehre"), 1);
    }
}

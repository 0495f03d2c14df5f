//! Answers for people: columns that line up, and nothing in them that a terminal would obey.

use serde_json::Value;

/// Characters of one cell.
const WIDEST: usize = 70;

/// Text without line ends and control characters: errors are words of other systems, and a terminal
/// obeys what looks like a command to it.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A value of an answer, as a person reads it.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The first of `names` that is there.
pub(crate) fn first(row: &Value, names: &[&str]) -> String {
    let found = names.iter().map(|name| &row[*name]).find(|value| !value.is_null());
    found.map_or_else(|| "-".to_owned(), cell)
}

/// Prints rows under their headings; the last column may be as long as it is.
pub(crate) fn print(headings: &[&str], rows: &[Vec<String>]) {
    print!("{}", render(headings, rows));
}

fn render(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
    let last = headings.len().saturating_sub(1);
    let width = |column: usize| {
        let cells = all.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(WIDEST)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let mut text = String::new();
    for row in all {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column == last {
                line.push_str(cell);
            } else {
                let cell = shortened(cell);
                line.push_str(&format!("{cell:<width$}  ", width = widths[column]));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn shortened(cell: &str) -> String {
    if cell.chars().count() <= WIDEST {
        return cell.to_owned();
    }
    let mut short: String = cell.chars().take(WIDEST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_line_up_and_long_cells_are_cut_except_in_the_last() {
        let long = "x".repeat(100);
        let rows = vec![
            vec!["a".to_owned(), "1".to_owned(), long.clone()],
            vec![long.clone(), "22".to_owned(), String::new()],
        ];

        let text = render(&["ID", "N", "WHY"], &rows);

        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].find('N'), lines[1].find('1'));
        assert!(lines[1].ends_with(&long));
        assert!(lines[2].starts_with(&format!("{}…  22", "x".repeat(69))), "{}", lines[2]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert_eq!(cell(&json!("\u{1b}[2Jgone\nnext")), " [2Jgone next");
        assert_eq!(cell(&json!(["a", 1])), "a, 1");
        assert_eq!(first(&json!({ "a": null, "b": "x" }), &["a", "b"]), "x");
        assert_eq!(first(&json!({}), &["a"]), "-");
    }
}

//! Which statement writes, and where.

/// Verb and table of a statement that changes something.
pub(crate) fn written(sql: &str) -> Option<(&'static str, &str)> {
    let mut words = sql.split(|c: char| c.is_whitespace() || c == '(').filter(|w| !w.is_empty());
    let first = words.next()?;
    let (verb, before_table) = [
        ("INSERT", Some("INTO")),
        ("UPDATE", None),
        ("DELETE", Some("FROM")),
        ("CREATE", None),
        ("ALTER", None),
        ("WITH", None),
    ]
    .into_iter()
    .find(|(verb, _)| first.eq_ignore_ascii_case(verb))?;
    if verb == "WITH" {
        // The engine's statements name their parts; what is written stands further down.
        return ["INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().find_map(|phrase| {
            let table = sql.split_once(phrase)?.1.split_whitespace().next()?;
            let verb = phrase.split(' ').next()?;
            Some((verb, table.trim_end_matches('(')))
        });
    }
    if let Some(word) = before_table {
        words.find(|next| next.eq_ignore_ascii_case(word))?;
    }
    Some((verb, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn a_statement_that_writes_is_named_by_verb_and_table() {
        for (sql, expected) in [
            ("INSERT INTO place (id) VALUES ($1)", ("INSERT", "place")),
            ("INSERT INTO place(id) VALUES ($1)", ("INSERT", "place")),
            ("UPDATE place SET fence = $4 RETURNING id", ("UPDATE", "place")),
            ("  DELETE FROM place WHERE id = $1", ("DELETE", "place")),
            ("WITH due AS (SELECT 1) UPDATE place SET x = 1", ("UPDATE", "place")),
        ] {
            assert_eq!(written(sql), Some(expected), "{sql}");
        }
    }

    #[test]
    fn a_statement_that_only_reads_is_none() {
        for sql in ["SELECT 1", "WITH due AS (SELECT 1) SELECT * FROM due", "", "   "] {
            assert_eq!(written(sql), None, "{sql}");
        }
    }
}

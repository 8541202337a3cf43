//! Where files are cut, and how an answer leads back to the row.
use super::*;

fn chunks(text: &'static str, form: RowForm, rows_max: usize) -> Vec<Chunk> {
    Chunks::open(text.as_bytes(), form, rows_max).unwrap().collect::<Result<_, _>>().unwrap()
}

fn bodies(text: &'static str, form: RowForm, rows_max: usize) -> Vec<String> {
    let chunks = chunks(text, form, rows_max);
    chunks.iter().map(|c| String::from_utf8(c.body.to_vec()).unwrap()).collect()
}

#[test]
fn every_csv_chunk_begins_with_the_header() {
    let bodies = bodies("a,b\n1,2\n3,4\n5,6", RowForm::Csv, 2);

    assert_eq!(bodies, ["a,b\n1,2\n3,4\n", "a,b\n5,6"]);
}

#[test]
fn rows_of_one_product_stay_in_one_chunk() {
    let csv = "sku,slug\n1,a\n2,b\n3,b\n4,\"b\"\n5,c\n";
    assert_eq!(
        bodies(csv, RowForm::Csv, 2),
        ["sku,slug\n1,a\n2,b\n3,b\n4,\"b\"\n", "sku,slug\n5,c\n"]
    );

    let ndjson = "{\"slug\":\"a\"}\n{\"slug\":\"a\",\"sku\":1}\n{\"slug\":\"b\"}\n";
    assert_eq!(
        bodies(ndjson, RowForm::Ndjson, 1),
        ["{\"slug\":\"a\"}\n{\"slug\":\"a\",\"sku\":1}\n", "{\"slug\":\"b\"}\n"]
    );
}

#[test]
fn an_ndjson_file_has_no_header() {
    assert_eq!(bodies("{}\n[]\n", RowForm::Ndjson, 1), ["{}\n", "[]\n"]);
}

#[test]
fn an_empty_file_has_no_chunks() {
    assert!(chunks("", RowForm::Csv, 2).is_empty());
    assert!(chunks("a,b\n", RowForm::Csv, 2).is_empty());
}

#[test]
fn a_line_end_inside_quotes_does_not_end_the_row() {
    let check = |row: &'static str, lines: u64| {
        let mut read = Vec::new();
        let read = read_row(&mut row.as_bytes(), RowForm::Csv, &mut read).unwrap();
        assert_eq!(read, lines, "{row}");
    };

    check("1,\"two\nlines\",3\n4\n", 2);
    check("1,\"a \"\"quoted\nword\"\"\",3\n", 2);
    check("1,5\" nails,3\n4\n", 1);
    check("\"\n\n\"\n", 3);
    check("\"\",\"\"\n4\n", 1);
}

#[test]
fn a_line_of_the_answer_leads_back_to_the_row_in_the_file() {
    let chunks = chunks("a,b\n1,2\n\"x\ny\",4\n5,6\n7,8\n", RowForm::Csv, 3);

    let row = |chunk: usize, line| chunks[chunk].row_at(line).map(|row| row.lines.clone());

    assert_eq!(row(0, 2), Some(2..3));
    assert_eq!(row(0, 3), Some(3..5));
    assert_eq!(row(0, 5), Some(5..6));
    assert_eq!(row(1, 2), Some(6..7));
    assert_eq!(row(1, 1), None);
    assert_eq!(chunks[0].text(&chunks[0].rows[1]), b"\"x\ny\",4\n");
}

#[test]
fn marks_say_where_the_next_chunk_begins() {
    let text = "a,b\n1,2\n3,4\n";

    let chunks = chunks(text, RowForm::Csv, 1);

    assert_eq!(chunks[0].end, Mark { byte: 8, line: 3 });
    assert_eq!(chunks[1].end, Mark { byte: text.len() as u64, line: 4 });
}

//! A screen as a picture for the documents.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 14.0;
const PAPER: &str = "#14171c";
const INK: &str = "#dfe3ea";

fn color(color: Color) -> &'static str {
    match color {
        Color::Green => "#4fc27e",
        Color::Yellow => "#e5b94e",
        Color::Red => "#f0706a",
        Color::Cyan => "#5cc4d6",
        _ => INK,
    }
}

/// From the bottom of a cell, in eighths. As shapes these meet, whatever the font.
fn height_of(symbol: &str) -> Option<u8> {
    let symbol = symbol.chars().next()?;
    ('▁'..='█').position(|block| block == symbol).and_then(|at| u8::try_from(at + 1).ok())
}

fn style(cell: &Cell) -> (&'static str, bool, bool, bool) {
    let has = |modifier| cell.modifier.contains(modifier);
    (color(cell.fg), has(Modifier::BOLD), has(Modifier::DIM), has(Modifier::REVERSED))
}

fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, fill: &str) {
    writeln!(svg, r#"<rect x="{x:.1}" y="{y:.2}" width="{width:.1}" height="{height:.2}" fill="{fill}" shape-rendering="crispEdges"/>"#)
        .unwrap();
}

/// Neighbours of one style, up to a gap: what is moved by a font stays where its column is.
fn runs(row: &[Cell]) -> Vec<(usize, Vec<&Cell>)> {
    let mut runs: Vec<(usize, Vec<&Cell>)> = Vec::new();
    let is_blank = |at: usize| row.get(at).is_none_or(|cell| cell.symbol() == " ");
    for (at, cell) in row.iter().enumerate() {
        let gap = is_blank(at) && (is_blank(at + 1) || at > 0 && is_blank(at - 1));
        if gap || height_of(cell.symbol()).is_some() {
            continue;
        }
        match runs.last_mut() {
            Some((from, run)) if *from + run.len() == at && style(run[0]) == style(cell) => run.push(cell),
            _ => runs.push((at, vec![cell])),
        }
    }
    runs
}

fn text(svg: &mut String, from: usize, run: &[&Cell], y: f64) {
    // Browsers leave out blanks at the ends and would stretch the rest to their length.
    let is_blank = |cell: &&&Cell| cell.symbol() == " ";
    let before = run.iter().take_while(is_blank).count();
    let after = run[before..].iter().rev().take_while(is_blank).count();
    let (from, run) = (from + before, &run[before..run.len() - after]);
    if run.is_empty() {
        return;
    }
    let text: String = run.iter().map(|cell| cell.symbol()).collect();
    let (ink, bold, dim, reversed) = style(run[0]);
    let x = MARGIN + WIDTH * f64::from(u32::try_from(from).unwrap());
    let length = WIDTH * f64::from(u32::try_from(run.len()).unwrap());
    let ink = if reversed { PAPER } else { ink };
    let weight = if bold { r#" font-weight="bold""# } else { "" };
    let opacity = if dim { r#" opacity="0.6""# } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        svg,
        r#"<text x="{x:.1}" y="{:.1}" textLength="{length:.1}" lengthAdjust="spacingAndGlyphs" fill="{ink}"{weight}{opacity}>{text}</text>"#,
        y + HEIGHT * 0.75
    )
    .unwrap();
}

/// The papers and the bars of a row, those beside each other as one.
fn shapes(svg: &mut String, row: &[Cell], y: f64) {
    let paper = |cell: &Cell| style(cell).3.then(|| (0.0, HEIGHT, color(cell.fg)));
    let bar = |cell: &Cell| {
        let tall = HEIGHT * f64::from(height_of(cell.symbol())?) / 8.0;
        Some((HEIGHT - tall, tall, color(cell.fg)))
    };
    let shapes = [row.iter().map(paper).collect::<Vec<_>>(), row.iter().map(bar).collect()];
    for shapes in shapes {
        let mut column = 0u32;
        for same in shapes.chunk_by(|one, next| one == next) {
            let width = u32::try_from(same.len()).unwrap();
            if let Some((down, tall, fill)) = same[0] {
                let x = MARGIN + WIDTH * f64::from(column);
                rectangle(svg, x, y + down, WIDTH * f64::from(width), tall, fill);
            }
            column += width;
        }
    }
}

pub(super) fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * WIDTH + 2.0 * MARGIN, rows * HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\" \
         xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for (row, cells) in (0u32..).zip(buffer.content.chunks(usize::from(buffer.area.width))) {
        let y = MARGIN + HEIGHT * f64::from(row);
        shapes(&mut svg, cells, y);
        for (from, run) in runs(cells) {
            text(&mut svg, from, &run, y);
        }
    }
    svg + "</svg>\n"
}

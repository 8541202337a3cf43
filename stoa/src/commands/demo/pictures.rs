//! Draws the pictures of the demonstration shop: a shape per product on a ground of its own colour.

/// The shapes, one `<g id="...">` each; `{a}`, `{b}` and `{c}` stand for the colours.
const SHAPES: &str = include_str!("../../../assets/shapes.svg");

/// How one product looks: its ground, its own three colours (main, dark, light), its shape.
struct Look {
    slug: &'static str,
    ground: &'static str,
    colours: [&'static str; 3],
    shape: &'static str,
}

/// A square SVG of the product; none for a product that the demonstration does not know.
pub fn picture(slug: &str) -> Option<String> {
    let look = LOOKS.iter().find(|look| look.slug == slug)?;
    let [main, dark, light] = look.colours;
    let shape = shape(look.shape)?.replace("{a}", main).replace("{b}", dark).replace("{c}", light);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\" role=\"img\" \
         aria-label=\"{slug}\"><rect width=\"400\" height=\"400\" fill=\"{}\"/>\
         <circle cx=\"310\" cy=\"92\" r=\"46\" fill=\"#fff\" opacity=\".35\"/>\
         <path d=\"M0 322h400v78H0z\" fill=\"#000\" opacity=\".08\"/>\
         <ellipse cx=\"200\" cy=\"330\" rx=\"118\" ry=\"13\" fill=\"#000\" opacity=\".16\"/>\
         {shape}</svg>",
        look.ground
    ))
}

fn shape(id: &str) -> Option<&'static str> {
    let (_, rest) = SHAPES.split_once(&format!("<g id=\"{id}\">"))?;
    rest.split_once("\n</g>").map(|(inner, _)| inner)
}

const fn look(
    slug: &'static str,
    ground: &'static str,
    colours: [&'static str; 3],
    shape: &'static str,
) -> Look {
    Look { slug, ground, colours, shape }
}

const LOOKS: &[Look] = &[
    look("koroneiki-olive-oil", "#e4e7cf", ["#6b7d2e", "#3f4b1b", "#e9dfae"], "tin"),
    look("thyme-honey", "#f6e6c4", ["#c9821f", "#7d4a0c", "#fff3d2"], "jar"),
    look("kalamata-olives", "#e8dbe3", ["#5b2f4a", "#34182a", "#efe3ea"], "jar"),
    look("mountain-tea", "#e2ebdc", ["#8fa668", "#5c6e3d", "#f0d56a"], "bundle"),
    look("wild-oregano", "#dce8dd", ["#6f8f5a", "#45603a", "#c9a7cf"], "bundle"),
    look("flaked-sea-salt", "#d7e6ee", ["#f4f7f8", "#5f8aa3", "#2f5d78"], "carton"),
    look("fig-spoon-sweet", "#ece3d2", ["#7d8a4a", "#55602c", "#f5efdc"], "jar"),
    look("sesame-pasteli", "#f3e7d0", ["#d9a657", "#9a6c26", "#f6e2b5"], "bars"),
    look("amphora-jug", "#dfe6ea", ["#c96f45", "#8a4325", "#f1d9c7"], "jug"),
    look("olive-wood-board", "#e9e4da", ["#b98a55", "#7c5730", "#dfc096"], "board"),
    look("meze-bowls", "#f0e9df", ["#f7f5ef", "#2f6f9e", "#b9d4e4"], "bowls"),
    look("copper-briki", "#e6ebe6", ["#b8683a", "#7a3f1f", "#e7b08a"], "pot"),
    look("clay-baking-dish", "#e8e2d6", ["#b5633f", "#7d3d24", "#d79a78"], "dish"),
    look("striped-kitchen-towel", "#dde5ea", ["#f2ece0", "#34507a", "#d8cdb8"], "cloth"),
    look("flokati-throw", "#dcd8d2", ["#f6f2ea", "#b9b1a3", "#ffffff"], "cloth"),
    look("beeswax-candles", "#e3dfe8", ["#e3b64e", "#a97a1e", "#fff1b8"], "candles"),
    look("clay-oil-lamp", "#e9dccf", ["#b8603a", "#7a3a20", "#ffd98a"], "lamp"),
    look("market-basket", "#e2e9dd", ["#c39a5b", "#8a6632", "#e6cd9f"], "basket"),
    look("worry-beads", "#e7e1ea", ["#9a5b2c", "#5f3414", "#c9ccd1"], "beads"),
    look("olive-oil-soap", "#eef0e0", ["#a8b56a", "#74803e", "#d8e0ae"], "soap"),
    look("sea-sponge", "#d5e8ea", ["#e0bf7a", "#a98743", "#f1dcab"], "sponge"),
    look("laurel-shampoo-bar", "#e1ebe2", ["#7fa07c", "#4d6b4b", "#c2d8be"], "round-bar"),
    look("leather-sandals", "#eae3d9", ["#a86b3c", "#6d4120", "#d6a57a"], "sandals"),
    look("straw-hat", "#dbe7f0", ["#e3c87f", "#4a6a8a", "#f3e2ae"], "hat"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_of_the_shop_has_a_picture_of_its_own() {
        let shop = include_str!("../../../assets/agora.ndjson");
        let mut seen = std::collections::HashSet::new();

        for line in shop.lines() {
            let product: serde_json::Value = serde_json::from_str(line).unwrap();
            let drawn = picture(product["slug"].as_str().unwrap()).expect("a look");

            assert!(!drawn.contains('{'), "a colour is missing in {drawn}");
            assert!(seen.insert(drawn));
        }
        assert_eq!(seen.len(), LOOKS.len());
    }
}

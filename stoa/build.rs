//! Puts the problem pages and the API explorer into the binary, so that nothing is fetched later.
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the API explorer needs of Swagger UI, and the name it gets here.
const EXPLORER: [(&str, &str); 2] =
    [("swagger-ui-bundle.js", "explorer.js.gz"), ("swagger-ui.css", "explorer.css.gz")];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    explorer(&out)?;
    let pages = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../docs/problems");
    println!("cargo::rerun-if-changed={}", pages.display());
    fs::write(out.join("problems.rs"), problems(&pages)?)?;
    Ok(())
}

/// Takes the files out of the vendored archive as they are stored there, deflated, and makes
/// gzip files of them: browsers unpack them, so neither the build nor the server has to.
fn explorer(out: &Path) -> Result<(), Box<dyn Error>> {
    let archive = std::io::Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED);
    let mut archive = zip::ZipArchive::new(archive)?;
    for (wanted, name) in EXPLORER {
        let suffix = format!("/dist/{wanted}");
        let index = (0..archive.len()).find(|index| {
            let name = archive.name_for_index(*index).and_then(Result::ok);
            name.is_some_and(|name| name.ends_with(&suffix) && name.matches('/').count() == 2)
        });
        let index = index.ok_or_else(|| format!("{wanted} is not in the archive"))?;
        let mut file = archive.by_index_raw(index)?;
        if file.compression() != zip::CompressionMethod::DEFLATE {
            return Err(format!("{wanted} is stored in another way than deflated").into());
        }
        // A gzip member (RFC 1952): header, the deflated bytes, checksum, length.
        let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
        file.read_to_end(&mut gzip)?;
        gzip.extend(file.crc32().to_le_bytes());
        gzip.extend(u32::try_from(file.size())?.to_le_bytes());
        fs::write(out.join(name), gzip)?;
    }
    Ok(())
}

/// A constant with every page: its code, its title, its Markdown and its HTML.
fn problems(pages: &Path) -> Result<String, Box<dyn Error>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(pages)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let code = path.file_stem().and_then(|stem| stem.to_str());
            let code = code.ok_or("a problem page has a name that is not UTF-8")?.to_owned();
            found.insert(code, fs::read_to_string(&path)?);
        }
    }
    let mut constant = String::from("const PAGES: &[Page] = &[\n");
    for (code, markdown) in found {
        let heading = markdown.lines().find_map(|line| line.strip_prefix("# "));
        let title = heading.unwrap_or(&code);
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&markdown));
        writeln!(
            constant,
            "    Page {{ code: {code:?}, title: {title:?}, markdown: {markdown:?}, html: {html:?} }},"
        )?;
    }
    constant.push_str("];\n");
    Ok(constant)
}

//! Takes the console's files into the binary: joins what the first page needs, gives all files one name by what is in
//! them, compresses each once, and refuses words that a language lacks.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a build that cannot go on says why and ends; what it prints is for cargo"
)]

mod first_words;
mod guides;
mod modules;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// The module that starts the console. All that the first page needs is in this file.
const ENTRY: &str = "core/start.js";

/// The one script that is no module.
const THEME: &str = "core/theme.js";

/// A file as it is served below `/console/HASH/`.
struct Asset {
    name: String,
    bytes: Vec<u8>,
}

fn main() {
    let page = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("page");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=page");
    println!("cargo::rerun-if-changed=build");

    let mut assets = vec![
        shared("light.css", beckon_look::LIGHT),
        shared("dark.css", beckon_look::DARK),
        shared("mark.svg", beckon_look::MARK),
    ];
    collect(&page, &page, &mut assets);
    let systems = page.join("../../../docs/systems");
    println!("cargo::rerun-if-changed={}", systems.display());
    assets.push(shared("guides.json", &guides::all(&systems).to_string()));
    let languages = words::check(&page.join("words"));
    let (html, first) = without_preloads(&read(&page.join("index.html")));
    join(&mut assets, &first);
    assets.sort_by(|one, other| one.name.cmp(&other.name));

    let hash = hash(&assets);
    let html = html
        .replace("{hash}", &hash)
        .replace("{languages}", &languages.join(" "));
    every_name_is_an_asset(&html, &hash, &assets);
    fs::write(out.join("index.html"), html).expect("the page is written");

    let mut code = format!("pub(crate) const HASH: &str = {hash:?};\n");
    code.push_str("pub(crate) const ASSETS: &[Asset] = &[\n");
    for (number, asset) in assets.iter().enumerate() {
        let (plain, packed) = (
            out.join(number.to_string()),
            out.join(format!("{number}.gz")),
        );
        fs::write(&plain, &asset.bytes).expect("an asset is written");
        fs::write(&packed, compressed(&asset.bytes)).expect("an asset is written");
        writeln!(
            code,
            "Asset {{ name: {:?}, media: {:?}, plain: include_bytes!({:?}), packed: include_bytes!({:?}) }},",
            asset.name,
            media(&asset.name),
            plain.to_string_lossy(),
            packed.to_string_lossy(),
        )
        .expect("a string takes all");
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code).expect("the list is written");
}

fn shared(name: &str, text: &str) -> Asset {
    Asset {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

/// Every file of the folder and those below, but the documents that are served by themselves.
fn collect(root: &Path, folder: &Path, assets: &mut Vec<Asset>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, assets);
        } else if path.extension().is_some_and(|kind| kind != "html") {
            let name = path.strip_prefix(root).expect("it is in the folder");
            assets.push(Asset {
                name: name.to_string_lossy().replace('\\', "/"),
                bytes: fs::read(&path).expect("the file is read"),
            });
        }
    }
}

/// The page's document without the lines that preload modules, and the modules that the first page needs: those.
fn without_preloads(html: &str) -> (String, BTreeSet<String>) {
    const PRELOAD: &str = "<link rel=\"modulepreload\" href=\"/console/{hash}/";
    let mut first = BTreeSet::from([ENTRY.to_owned()]);
    let mut kept = String::new();
    for line in html.lines() {
        if let Some(rest) = line.trim().strip_prefix(PRELOAD) {
            first.extend(rest.split('"').next().map(str::to_owned));
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    (kept, first)
}

/// Puts the modules that the first page needs into one file, and the words that they name into one for each language.
fn join(assets: &mut Vec<Asset>, first: &BTreeSet<String>) {
    let is_module = |name: &str| name.rsplit('.').next() == Some("js") && name != THEME;
    let is_words = |name: &str| name.starts_with("words/");
    let (modules, others) = std::mem::take(assets)
        .into_iter()
        .partition(|asset| is_module(&asset.name));
    let (words, others): (Vec<Asset>, Vec<Asset>) =
        Vec::into_iter(others).partition(|asset| is_words(&asset.name));
    *assets = others;

    let texts: BTreeMap<String, String> = Vec::into_iter(modules)
        .map(|Asset { name, bytes }| (name, String::from_utf8(bytes).expect("modules are text")))
        .collect();
    let joined = modules::joined(&texts, ENTRY, first);
    let named = first_words::Named::of(joined.get(ENTRY).into_iter());
    for (name, text) in joined {
        assets.push(shared(&name, &text));
    }
    for Asset { name, bytes } in words {
        let all = serde_json::from_slice(&bytes).expect("the words were checked");
        for (part, words) in named.split(all) {
            let name = name.replace(".json", &format!("/{part}.json"));
            assets.push(shared(&name, &words.to_string()));
        }
    }
}

/// One name for all files, so that they name each other by plain relative paths: whoever has one of them has all of
/// the same build.
fn hash(assets: &[Asset]) -> String {
    let mut all = Sha256::new();
    for Asset { name, bytes } in assets {
        all.update((name.len() as u64).to_be_bytes());
        all.update(name.as_bytes());
        all.update((bytes.len() as u64).to_be_bytes());
        all.update(bytes);
    }
    let digest = all.finalize();
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => panic!("{name}: which media type has this? Say so in build/main.rs"),
    }
}

/// The page's document names no file that there is not.
fn every_name_is_an_asset(html: &str, hash: &str, assets: &[Asset]) {
    for rest in html.split(&format!("/console/{hash}/")).skip(1) {
        let name = rest.split('"').next().unwrap_or_default();
        assert!(
            assets.iter().any(|asset| asset.name == name),
            "index.html names {name}, which is no file of the console"
        );
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

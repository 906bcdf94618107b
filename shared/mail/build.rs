//! Compiles the mails' MJML to HTML, and the locales' words to Rust. What a locale lacks stops
//! the build: nobody learns in a mailbox that a sentence was never translated.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use mrml::prelude::render::RenderOptions;
use toml::{Table, Value};

#[path = "src/locale_check.rs"]
mod locale_check;

const MEASURE: &str = "en";
const MAILS: [&str; 4] = ["invitation", "confirmation", "report", "own"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/locale_check.rs");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=locales");
    if let Err(error) = build() {
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    for mail in MAILS {
        fs::write(Path::new(&out).join(format!("{mail}.html")), html_of(mail)?)?;
    }
    let locales = read_locales(Path::new("locales"))?;
    fs::write(Path::new(&out).join("locales.rs"), rust_of(&locales)?)?;
    Ok(())
}

/// The HTML of a mail: the layout around the letter, compiled, its placeholders untouched.
fn html_of(mail: &str) -> Result<String, Box<dyn Error>> {
    let layout = fs::read_to_string("templates/layout.mjml")?;
    let letter = fs::read_to_string(format!("templates/{mail}.mjml"))?;
    let mjml = mrml::parse(layout.replace("<!-- letter -->", &letter))
        .map_err(|error| format!("templates/{mail}.mjml in its layout: {error:?}"))?;
    // Without the empty list, the HTML would fetch web fonts by their names.
    let options = RenderOptions {
        fonts: HashMap::new(),
        disable_comments: true,
        ..RenderOptions::default()
    };
    Ok(mjml.element.render(&options)?)
}

fn read_locales(folder: &Path) -> Result<BTreeMap<String, Table>, Box<dyn Error>> {
    let mut locales = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let tag = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path().join("messages.toml");
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("locale {tag}: cannot read {}: {error}", path.display()))?;
        let table = text
            .parse::<Table>()
            .map_err(|error| format!("locale {tag}: {}: {error}", path.display()))?;
        locales.insert(tag, table);
    }
    let english = locales
        .get(MEASURE)
        .ok_or("locale en: the folder locales/en is missing; every chain ends in English")?;
    let problems: Vec<String> = locales
        .iter()
        .flat_map(|(tag, locale)| locale_check::problems(tag, locale, english))
        .collect();
    if problems.is_empty() {
        Ok(locales)
    } else {
        Err(problems.join("\n").into())
    }
}

/// The words as Rust: a structure with a field for each key of English, and one constant for
/// each locale. A word that the code asks for and no locale has does not compile; one that
/// locales have and the code never uses is a warning.
fn rust_of(locales: &BTreeMap<String, Table>) -> Result<String, Box<dyn Error>> {
    let mut rust = String::new();
    let english = locales.get(MEASURE).ok_or("checked when read")?;
    let groups = table_at(english, "words")?;
    writeln!(rust, "pub(crate) struct Words {{")?;
    for group in groups.keys() {
        writeln!(rust, "    pub(crate) {group}: {},", type_of(group))?;
    }
    writeln!(rust, "}}")?;
    for group in groups.keys() {
        writeln!(rust, "pub(crate) struct {} {{", type_of(group))?;
        for key in table_at(groups, group)?.keys() {
            writeln!(rust, "    pub(crate) {key}: &'static str,")?;
        }
        writeln!(rust, "}}")?;
    }
    let tags: Vec<&String> = locales.keys().collect();
    writeln!(rust, "pub(crate) const TAGS: &[&str] = &{tags:?};")?;
    let constants: Vec<String> = locales.keys().map(|tag| constant_of(tag)).collect();
    writeln!(
        rust,
        "static CATALOGUES: &[&Catalogue] = &[&{}];",
        constants.join(", &")
    )?;
    for (tag, locale) in locales {
        write_catalogue(&mut rust, tag, locale)?;
    }
    Ok(rust)
}

fn write_catalogue(rust: &mut String, tag: &str, locale: &Table) -> Result<(), Box<dyn Error>> {
    let dates = table_at(locale, "dates")?;
    let spans = table_at(locale, "spans")?;
    writeln!(
        rust,
        "static {}: Catalogue = Catalogue {{",
        constant_of(tag)
    )?;
    writeln!(rust, "tag: {tag:?},")?;
    writeln!(
        rust,
        "direction: Direction::{},",
        variant_of(text_at(locale, "direction")?)
    )?;
    writeln!(
        rust,
        "plural_rule: PluralRule::{},",
        variant_of(text_at(locale, "plural_rule")?)
    )?;
    for list in ["weekdays", "months"] {
        let names = dates
            .get(list)
            .and_then(Value::as_array)
            .ok_or("checked when read")?;
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        writeln!(rust, "{list}: {names:?},")?;
    }
    for text in ["first", "moment"] {
        writeln!(rust, "{text}: {:?},", text_at(dates, text)?)?;
    }
    for (unit, plural) in spans {
        let plural = plural.as_table().ok_or("checked when read")?;
        let other = text_at(plural, "other")?;
        writeln!(rust, "{unit}: Plural {{")?;
        for form in ["zero", "one", "two", "few", "many", "other"] {
            let text = plural.get(form).and_then(Value::as_str).unwrap_or(other);
            writeln!(rust, "{form}: {text:?},")?;
        }
        writeln!(rust, "}},")?;
    }
    writeln!(rust, "words: &Words {{")?;
    for (group, words) in table_at(locale, "words")? {
        writeln!(rust, "{group}: {} {{", type_of(group))?;
        for (key, text) in words.as_table().ok_or("checked when read")? {
            writeln!(
                rust,
                "{key}: {:?},",
                text.as_str().ok_or("checked when read")?
            )?;
        }
        writeln!(rust, "}},")?;
    }
    writeln!(rust, "}},\n}};")?;
    Ok(())
}

fn table_at<'a>(parent: &'a Table, key: &str) -> Result<&'a Table, String> {
    parent
        .get(key)
        .and_then(Value::as_table)
        .ok_or_else(|| format!("{key} must be a table"))
}

fn text_at<'a>(parent: &'a Table, key: &str) -> Result<&'a str, String> {
    parent
        .get(key)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("{key} must be a text"))
}

/// `pt-BR` becomes `PT_BR`.
fn constant_of(tag: &str) -> String {
    tag.replace('-', "_").to_uppercase()
}

/// `zero-one` becomes `ZeroOne`.
fn variant_of(name: &str) -> String {
    name.split('-').map(capitalised).collect()
}

/// `hand_over` becomes `HandOverWords`.
fn type_of(group: &str) -> String {
    let name: String = group.split('_').map(capitalised).collect();
    format!("{name}Words")
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

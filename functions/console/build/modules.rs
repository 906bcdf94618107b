//! Joins the modules that the first page needs into one file, since each file is a request, and in AWS a call of a
//! function. The modules stay as they are written: each becomes a function of its own in that file, in the order of
//! their imports, and what one exports is a constant by its name. Modules that come later import from that file.
//!
//! Only what the console's modules use is understood: imports and exports by name, at the beginning of a line. Anything
//! else ends the build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A module, taken apart.
#[derive(Debug)]
struct Module {
    /// Its file, below the console's folder.
    name: String,
    imports: Vec<Import>,
    exports: BTreeSet<String>,
    /// What is left of it without imports, the word `export`, and lines that are comments.
    body: String,
}

#[derive(Debug)]
struct Import {
    /// The file that it is from.
    from: String,
    /// What that exports, and what it is called here.
    names: Vec<(String, String)>,
}

/// What the modules of these names and texts become: all of `first` is in the file `entry`, which is one of them.
pub(crate) fn joined(
    texts: &BTreeMap<String, String>,
    entry: &str,
    first: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let modules: BTreeMap<&str, Module> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), taken_apart(name, text)))
        .collect();
    for module in modules.values() {
        every_import_is_exported(module, &modules);
    }
    let mut order = Vec::new();
    visit(entry, &modules, &mut order, &mut Vec::new());
    for name in first {
        visit(name, &modules, &mut order, &mut Vec::new());
    }
    let needed: BTreeSet<String> = order.iter().map(|name| (*name).to_owned()).collect();
    assert!(
        needed == *first,
        "index.html preloads other modules than the first page imports: {:?}",
        needed.symmetric_difference(first).collect::<Vec<_>>()
    );
    // Whoever starts everything comes last.
    order.retain(|name| *name != entry);
    order.push(entry);

    let mut all = String::new();
    for module in order.iter().filter_map(|name| modules.get(*name)) {
        all.push_str(&as_function(module, entry, first));
    }
    let mut result = BTreeMap::from([(entry.to_owned(), all)]);
    for (name, module) in modules {
        if !first.contains(name) {
            result.insert(name.to_owned(), as_module(&module, entry, first));
        }
    }
    result
}

/// Puts the module into the order after all that it imports.
fn visit<'a>(
    name: &str,
    modules: &'a BTreeMap<&str, Module>,
    order: &mut Vec<&'a str>,
    way: &mut Vec<String>,
) {
    if order.contains(&name) {
        return;
    }
    way.push(name.to_owned());
    assert!(
        way.iter().filter(|one| *one == name).count() == 1,
        "modules import each other in a circle: {way:?}"
    );
    let module = modules
        .get(name)
        .unwrap_or_else(|| panic!("there is no module {name}: {way:?}"));
    for import in &module.imports {
        visit(&import.from, modules, order, way);
    }
    order.push(&module.name);
    way.pop();
}

fn every_import_is_exported(module: &Module, modules: &BTreeMap<&str, Module>) {
    let name = &module.name;
    for Import { from, names } in &module.imports {
        let other = modules
            .get(from.as_str())
            .unwrap_or_else(|| panic!("{name} imports {from}, which there is not"));
        for (exported, _) in names {
            assert!(
                other.exports.contains(exported),
                "{name} imports {exported}, which {from} does not export"
            );
        }
    }
}

fn taken_apart(name: &str, text: &str) -> Module {
    let text = without_comments(name, text);
    let mut rest = text.as_str();
    let mut imports = Vec::new();
    while let Some(after) = rest.strip_prefix("import {") {
        let (names, after) = after.split_once("} from \"").unwrap_or_else(|| odd(name));
        let (from, after) = after.split_once("\";\n").unwrap_or_else(|| odd(name));
        imports.push(Import {
            from: resolved(name, from),
            names: names
                .split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(|one| one.split_once(" as ").unwrap_or((one, one)))
                .map(|(exported, here)| (exported.to_owned(), here.to_owned()))
                .collect(),
        });
        rest = after;
    }
    let mut exports = BTreeSet::new();
    let mut body = String::new();
    for line in rest.lines() {
        assert!(
            !line.starts_with("import ") && !line.starts_with("await "),
            "{name}: {line}: imports stand first, and nothing is awaited outside functions"
        );
        let kept = line.strip_prefix("export ").unwrap_or(line);
        if kept.len() < line.len() {
            exports.insert(declared(kept).unwrap_or_else(|| odd(name)));
        }
        body.push_str(kept);
        body.push('\n');
    }
    Module {
        name: name.to_owned(),
        imports,
        exports,
        body,
    }
}

/// The name that a declaration gives; none for declarations whose value may change later, which no constant could follow.
fn declared(line: &str) -> Option<String> {
    let after = ["function ", "async function ", "const ", "class "]
        .iter()
        .find_map(|kind| line.strip_prefix(kind))?;
    let end = after.find(|one: char| !one.is_alphanumeric() && one != '_' && one != '$')?;
    (end > 0).then(|| after[..end].to_owned())
}

/// The text without lines that are empty or hold nothing but a comment.
fn without_comments(name: &str, text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in text.lines() {
        let bare = line.trim();
        if inside {
            inside = !bare.ends_with("*/");
        } else if bare.starts_with("/*") && !bare.contains("*/") {
            inside = true;
        } else if bare.starts_with("//") || (bare.starts_with("/*") && bare.ends_with("*/")) {
            // One line, and nothing else on it.
        } else if !bare.is_empty() {
            // In a text of many lines, these could be part of the text.
            assert!(
                bare.matches('`').count().is_multiple_of(2),
                "{name}: {bare}: a text in backticks ends on its line"
            );
            kept.push_str(&without_types(line));
            kept.push('\n');
        }
    }
    kept
}

/// The line without the types of single values.
fn without_types(line: &str) -> String {
    let mut parts = line.split("/** @");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    kept
}

/// A module of the first page: what it exports is a constant of the file.
fn as_function(module: &Module, entry: &str, first: &BTreeSet<String>) -> String {
    let body = with_paths(module, entry, first);
    assert!(
        !body.contains("import.meta") || folder(&module.name) == folder(entry),
        "{}: import.meta means another folder in the joined file",
        module.name
    );
    let mut text = format!("export const {} = (() => {{\n", constant(&module.name));
    for Import { from, names } in &module.imports {
        writeln!(text, "const {} = {};", taken(names), constant(from)).expect("a string takes all");
    }
    let exports: Vec<&str> = module.exports.iter().map(String::as_str).collect();
    text.push_str(&body);
    write!(text, "return {{ {} }};\n}})();\n", exports.join(", ")).expect("a string takes all");
    text
}

/// A module that comes later, and takes what it needs of the first page from its file.
fn as_module(module: &Module, entry: &str, first: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for Import { from, names } in &module.imports {
        if first.contains(from) {
            let (path, held) = (relative(&module.name, entry), constant(from));
            write!(
                text,
                "import {{ {held} }} from \"{path}\";\nconst {} = {held};\n",
                taken(names)
            )
        } else {
            let names: Vec<String> = names
                .iter()
                .map(|(exported, here)| format!("{exported} as {here}"))
                .collect();
            let path = relative(&module.name, from);
            writeln!(text, "import {{ {} }} from \"{path}\";", names.join(", "))
        }
        .expect("a string takes all");
    }
    let body = with_paths(module, &module.name, first);
    let exported = |line: &str| {
        // What is declared inside a function is set in.
        let name = declared(line).filter(|name| module.exports.contains(name));
        if name.is_some() { "export " } else { "" }
    };
    for line in body.lines() {
        text.push_str(exported(line));
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The body of a module, whose `import("…")` are found from the file that it will stand in.
fn with_paths(module: &Module, place: &str, first: &BTreeSet<String>) -> String {
    let mut parts = module.body.split("import(\"");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, after) = part.split_once("\")").unwrap_or_else(|| odd(&module.name));
        let wanted = resolved(&module.name, path);
        if first.contains(&wanted) {
            // It is in the file that asks for it, or that was loaded before.
            assert!(
                first.contains(&module.name),
                "{}: {wanted} is there already: import it at the beginning",
                module.name
            );
            write!(text, "Promise.resolve({})", constant(&wanted))
        } else {
            write!(text, "import(\"{}\")", relative(place, &wanted))
        }
        .expect("a string takes all");
        text.push_str(after);
    }
    text
}

fn taken(names: &[(String, String)]) -> String {
    let all: Vec<String> = names
        .iter()
        .map(|(exported, here)| format!("{exported}: {here}"))
        .collect();
    format!("{{ {} }}", all.join(", "))
}

/// What a module is called in the joined file; nothing else begins with a dollar.
fn constant(name: &str) -> String {
    let plain = name.trim_end_matches(".js");
    format!(
        "${}",
        plain.replace(|one: char| !one.is_alphanumeric(), "_")
    )
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The file that a path means in this module.
fn resolved(module: &str, path: &str) -> String {
    let mut steps: Vec<&str> = folder(module)
        .split('/')
        .filter(|one| !one.is_empty())
        .collect();
    for step in path.split('/') {
        match step {
            "." => {}
            ".." => assert!(steps.pop().is_some(), "{module}: {path} leaves the folder"),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// The path by which one file names another.
fn relative(from: &str, to: &str) -> String {
    let up = if folder(from).is_empty() {
        0
    } else {
        folder(from).split('/').count()
    };
    if up == 0 {
        format!("./{to}")
    } else {
        format!("{}{to}", "../".repeat(up))
    }
}

fn odd(name: &str) -> ! {
    panic!(
        "{name}: only `import {{ … }} from \"…\";` and exported functions, classes and constants are understood"
    )
}

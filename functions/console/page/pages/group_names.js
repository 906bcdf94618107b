// Names of groups in one line of text: commas part them, and a backslash says that one belongs to a name.

/** @param {readonly string[]} groups */
export function asText(groups) {
  return groups.map((group) => group.replace(/[\\,]/g, "\\$&")).join(", ");
}

/** @param {string} text */
export function fromText(text) {
  const names = [""];
  for (const [, escaped, one] of text.matchAll(/\\([\\,])|(.)/gsu)) {
    if (one === ",") names.push("");
    else names.push((names.pop() ?? "") + (escaped ?? one));
  }
  return [...new Set(names.map((name) => name.trim()).filter(Boolean))];
}

// Who stands on which line of a file of users, to be shown beside what would become of it. The API decides what the file
// means; here it is only read so far that a person can find the line again.

const ADDRESS = /^e-?mail|^mail/;
const NAME = /^(display ?)?name$/;

/** How much of a line that names no address is shown. */
const LONGEST = 60;

/**
 * The cells of a line. A cell in quotes may hold the separator, and two quotes for one.
 *
 * @param {string} line
 * @param {string} separator
 */
function cellsOf(line, separator) {
  const cells = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const one = line[at];
    if (one === '"' && quoted && line[at + 1] === '"') {
      cell += one;
      at += 1;
    } else if (one === '"') quoted = !quoted;
    else if (one === separator && !quoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += one;
  }
  return [...cells, cell.trim()];
}

/**
 * @param {File} file
 * @param {string} contentType which says how its letters are written
 * @returns {Promise<(line: number) => string>} who stands on a line, counted from 1
 */
export async function peopleOf(file, contentType) {
  const charset = /charset=(\S+)/.exec(contentType)?.[1] ?? "utf-8";
  const lines = new TextDecoder(charset).decode(await file.arrayBuffer()).split(/\r\n|\n|\r/);
  const told = /^\ufeff?sep=(.)$/i.exec(lines[0] ?? "")?.[1];
  const head = (lines[told ? 1 : 0] ?? "").replace(/^\ufeff/, "");
  const separator = told ?? [",", ";", "\t"].reduce((best, one) => (times(head, one) > times(head, best) ? one : best));
  const columns = cellsOf(head.toLowerCase(), separator);
  const [address, name] = [ADDRESS, NAME].map((wanted) => columns.findIndex((column) => wanted.test(column)));
  return (line) => {
    const text = lines[line - 1] ?? "";
    const cells = cellsOf(text, separator);
    const found = [cells[address ?? -1], cells[name ?? -1]].filter(Boolean);
    if (found.length > 0) return found.join(" · ");
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  };
}

/** @param {string} text @param {string} part */
const times = (text, part) => text.split(part).length;

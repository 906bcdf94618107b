// Makes elements. Text only ever enters the page as text: nothing here parses HTML.

/**
 * @typedef {Node | string | number | null | undefined | false} Single
 * @typedef {Single | Single[]} Child
 * @typedef {{ [name: string]: (event: any) => void }} Listeners
 * @typedef {{ on?: Listeners, dataset?: { [name: string]: string }, style?: { [property: string]: string },
 *   class?: string | undefined | false } & { [attribute: string]: unknown }} Props
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. An attribute that is `null`, `undefined` or `false` is left out, one that is `true` is there without
 * a value; `value`, `checked`, `indeterminate` and `selected` are set as properties, since they change.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  dress(element, props);
  append(element, children);
  return element;
}

/**
 * An element of a drawing.
 *
 * @param {string} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  dress(element, props);
  append(element, children);
  return /** @type {SVGElement} */ (element);
}

const PROPERTIES = new Set(["value", "checked", "indeterminate", "selected"]);

/**
 * @param {Element} element
 * @param {Props | null} [props]
 */
function dress(element, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) {
      if (PROPERTIES.has(name)) Reflect.set(element, name, value ?? "");
    } else if (name === "on") {
      for (const [event, listener] of Object.entries(/** @type {Listeners} */ (value))) {
        element.addEventListener(event, listener);
      }
    } else if (name === "style") {
      // An attribute would be refused by the page's policy; what is set like this is not.
      const { style } = /** @type {HTMLElement} */ (element);
      for (const [property, text] of Object.entries(/** @type {{ [name: string]: string }} */ (value))) {
        style.setProperty(property, text);
      }
    } else if (name === "dataset") {
      for (const [key, text] of Object.entries(/** @type {{ [name: string]: string }} */ (value))) {
        element.setAttribute(`data-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, text);
      }
    } else if (PROPERTIES.has(name)) {
      Reflect.set(element, name, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Puts these in the place of everything in a node.
 *
 * @param {Element} node
 * @param {...Child} children
 */
export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * What these say, without links or other elements.
 *
 * @param {Single[]} parts
 */
export function textOf(parts) {
  return parts.map((part) => (part instanceof Node ? part.textContent : part)).join("");
}

/** What opened below a button is never made lower than this, in pixels: three of its entries are seen. */
const LEAST_HEIGHT = 160;

/**
 * Moves what opened below a button so far to the side that all of it is seen, and ends it with the window: what is
 * longer is scrolled in itself.
 *
 * @param {HTMLElement} list
 */
export function keepInView(list) {
  list.style.translate = "";
  list.style.maxBlockSize = "";
  const { left, right, top, bottom } = list.getBoundingClientRect();
  const lowest = document.documentElement.clientHeight - 8;
  if (bottom > lowest) list.style.maxBlockSize = `${Math.max(lowest - top, LEAST_HEIGHT)}px`;
  const room = document.documentElement.clientWidth - 8;
  const shift = right > room ? room - right : left < 8 ? 8 - left : 0;
  if (shift !== 0) list.style.translate = `${shift}px 0`;
}

let made = 0;

/**
 * An id that nothing else on the page has.
 *
 * @param {string} what
 */
export function uniqueId(what) {
  made += 1;
  return `${what}-${made}`;
}

/**
 * What the drawings of the console are made of: lines of one width on a field of 24 by 24.
 *
 * @type {{ [name: string]: string }}
 */
const DRAWINGS = {
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m6 9 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  down: "M12 5v14m-6-6 6 6 6-6",
  up: "M12 19V5m-6 6 6-6 6 6",
  forth: "m9 6 6 6-6 6",
  back: "m15 6-6 6 6 6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4.5 4.5",
  plus: "M12 5v14M5 12h14",
  warn: "M12 4 2.8 19.5h18.4L12 4zm0 6v4.5m0 2.6v.2",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5m0-9v.2",
  mail: "M3.5 6h17v12h-17zm0 .5L12 13l8.5-6.5",
  phone:
    "M8 3.5h8a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5zm2.5 14h3",
  desktop: "M3.5 5h17v11h-17zM9 20h6m-3-4v4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2m0 15v2M2.5 12h2m15 0h2M5.3 5.3l1.4 1.4m10.6 10.6 1.4 1.4m0-13.4-1.4 1.4M6.7 17.3l-1.4 1.4",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.8 12h16.4M12 3.5c-5 5.2-5 11.8 0 17 5-5.2 5-11.8 0-17z",
  users:
    "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c.4-3.600 3-5.500 6.500-5.500s6.100 1.900 6.500 5.500M16 5.200a3.300 3.300 0 0 1 0 6.500m2 3.300c2 .8 3.200 2.500 3.500 5",
  filter: "M4 6h16M7 12h10m-7 6h4",
  upload: "M12 16V4.500m-5 5 5-5 5 5M4.500 16v3.500h15V16",
  download: "M12 4v11.500m-5-5 5 5 5-5M4.500 16v3.500h15V16",
  more: "M5.500 12h.1m6.400 0h.1m6.300 0h.1",
};

/**
 * A drawing beside a text; it says nothing by itself.
 *
 * @param {string} name
 */
export function icon(name) {
  const path = svg("path", { d: DRAWINGS[name] });
  return svg(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    path,
  );
}

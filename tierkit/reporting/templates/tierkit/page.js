// Sorting, searching, links to cards, the slider and printing. Without this script the page can still be read.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A click on a column's head sorts its table; a second click turns the order. What is not known stays last.
for (const button of all("table.sortable thead button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), body = head.closest("table").tBodies[0];
    const up = head.getAttribute("aria-sort") !== "ascending" ? 1 : -1;
    for (const other of all("th", head.parentNode)) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up === 1 ? "ascending" : "descending");
    const keyed = [...body.rows].map((row) => [sortKey(row.cells[head.cellIndex]), row]);
    keyed.sort(([a], [b]) => isUnknown(a) - isUnknown(b) || up * compare(a, b));
    body.replaceChildren(...keyed.map(([, row]) => row));
  });
}

const words = new Intl.Collator("en", { numeric: true });

function sortKey(cell) {
  const key = cell.dataset.value ?? cell.textContent;
  return key !== "" && !isNaN(key) ? Number(key) : key;
}

function isUnknown(key) {
  return key === "" || key === "–" ? 1 : 0;
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : words.compare(a, b);
}

// The box above a long list hides the rows that lack one of the words typed, and says how many are left. A word is
// found within others; a small number only as such, so that "tier 2" does not find what is valid until 2026.
for (const box of all(".search")) {
  const input = box.querySelector("input"), said = box.querySelector("output");
  const body = box.parentNode.querySelector("table").tBodies[0];
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, plain([...row.cells].map((cell) => cell.textContent).join(" ")));
    return texts.get(row);
  };
  box.hidden = false;
  input.addEventListener("input", () => {
    const wanted = plain(input.value).split(/\s+/).filter(Boolean);
    const has = (text, word) => (/^\d{1,2}$/.test(word) ? RegExp(`\\b${word}\\b`).test(text) : text.includes(word));
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !wanted.every((word) => has(textOf(row), word));
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = `${shown.toLocaleString("en")} of ${body.rows.length.toLocaleString("en")} shown`;
  });
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

// A link to an account, also one sent by mail, opens its card and whatever that lies in.
function reveal() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  target.scrollIntoView();
  (target.tagName === "DETAILS" ? target.firstElementChild : target).focus({ preventScroll: true });
}
addEventListener("hashchange", reveal);
addEventListener("click", (event) => {
  if (event.target.closest("a[href^='#']")?.hash === location.hash) reveal();
});
addEventListener("load", reveal);

// The slider says who enters and who leaves Tier 1 when it holds the best accounts by value.
const slider = document.getElementById("size-slider");
if (slider) {
  const { now, steps } = JSON.parse(document.getElementById("size-data").textContent);
  const name = (rows) => {
    const more = rows.length > 12 ? ` and ${rows.length - 12} more` : "";
    return rows.length ? rows.slice(0, 12).map(([one]) => one).join(", ") + more : "nobody";
  };
  slider.addEventListener("input", () => {
    const n = Number(slider.value), [, worth] = steps[n - 1];
    const enter = steps.slice(0, n).filter(([, , held]) => !held), leave = steps.slice(n).filter(([, , held]) => held);
    const [size, entering, leaving] = all("#size-said > *");
    slider.setAttribute("aria-valuetext", `${n} accounts hold ${worth}`);
    size.textContent = `The best ${n} by value hold ${worth}. ${now}`.trim();
    entering.textContent = `${enter.length} would enter: ${name(enter)}.`;
    leaving.textContent = `${leave.length} would leave: ${name(leave)}.`;
  });
}

// What scrolls sideways can be scrolled by keyboard.
for (const box of all(".table-wrap, .shown, .shown > div, .code, .stream")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

// Folds that belong on paper are open there, and as they were afterwards.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details.prints:not([open])");
  for (const fold of opened) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
});

for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), place = [...head.parentNode.children].indexOf(head);
    const body = head.closest("table").tBodies[0], up = head.getAttribute("aria-sort") !== "ascending" ? 1 : -1;
    const key = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent.toLowerCase();
    const pair = (a, b) => (a === "" || b === "" || isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
    const last = (v) => (v === "" || v === "–" ? 1 : 0);
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => last(a) - last(b) || up * pair(a, b));
    for (const other of head.parentNode.children) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up === 1 ? "ascending" : "descending");
    body.append(...rows.map(([, row]) => row));
  });
}
addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details.prints")) d.open = true; });
const slider = document.getElementById("size-slider");
if (slider) {
  const { chosen, steps } = JSON.parse(document.getElementById("size-data").textContent);
  slider.addEventListener("input", () => {
    const n = +slider.value, names = steps.slice(Math.min(n, chosen), Math.max(n, chosen)).map(([name]) => name);
    const more = names.length > 12 ? ` and ${names.length - 12} more` : "";
    const moved = names.length ? ` ${n > chosen ? "Enter" : "Leave"}: ${names.slice(0, 12).join(", ")}${more}.` : "";
    document.getElementById("size-said").textContent = `${n} accounts hold ${steps[n - 1][1]}.${moved}`;
  });
}

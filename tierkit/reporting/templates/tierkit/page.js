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

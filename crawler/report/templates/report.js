"use strict";
// Tables sort by a click on a head and filter by a word; without this script they are whole tables all the same.
for (const box of document.querySelectorAll("[data-table]")) {
  const body = box.querySelector("tbody");
  const rows = [...body.rows];
  const said = box.querySelector("output");
  const heads = [...box.querySelectorAll("thead th")];
  const word = box.querySelector("input");
  let texts = null; // made when first asked for: a page of many rows opens sooner

  word.addEventListener("input", () => {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const wanted = word.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !wanted.every((one) => texts[i].includes(one));
      shown += row.hidden ? 0 : 1;
    });
    said.textContent = wanted.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
  });

  heads.forEach((head, column) => {
    const figures = head.classList.contains("number");
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : !figures;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].textContent;
      const value = (row) => Number(key(row).replaceAll(",", ""));
      const order = figures ? (a, b) => value(a) - value(b) : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
      body.append(...rows.sort(up ? order : (a, b) => order(b, a)));
      texts = null;
    });
  });
}

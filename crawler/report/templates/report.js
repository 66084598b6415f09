"use strict";
// Without this script tables are whole and in order, and every mark of a chart has its title; nothing else is missing.

for (const box of document.querySelectorAll("[data-table]:has(tbody)")) {
  const body = box.querySelector("tbody");
  const rows = [...body.rows];
  const said = box.querySelector("output");
  const heads = [...box.querySelectorAll("thead th")];
  const word = box.querySelector("input");
  let texts = null; // made when first asked for: a page of many rows opens sooner
  let shown = rows.length;
  let order = "";

  const say = () => {
    const some = `${rows.length} row${rows.length === 1 ? "" : "s"}`;
    said.textContent = (word.value.trim() ? `${shown} of ${some}` : some) + order;
  };

  box.querySelector(".tools").hidden = false;
  word.addEventListener("input", () => {
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    const wanted = word.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !wanted.every((one) => texts[i].includes(one));
      shown += row.hidden ? 0 : 1;
    });
    say();
  });

  heads.forEach((head, column) => {
    const figures = head.classList.contains("number");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.ariaSort ? head.ariaSort === "descending" : !figures;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = up ? "ascending" : "descending";
      const key = (row) => row.cells[column].textContent;
      const value = (row) => Number(key(row).replaceAll(",", ""));
      const by = figures ? (a, b) => value(a) - value(b) : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
      body.append(...rows.sort(up ? by : (a, b) => by(b, a)));
      texts = null;
      order = `, sorted by ${button.textContent}, ${head.ariaSort}`;
      say();
    });
  });
}

// A chart is one stop of the Tab key; arrows, Home and End go from mark to mark. What a mark says is shown beside it.
const tip = document.createElement("div");
tip.className = "tip";
tip.ariaHidden = "true"; // it says what the mark's own name says
tip.hidden = true;
document.body.append(tip);

const show = (mark) => {
  const title = mark.querySelector("title");
  if (title) {
    mark.setAttribute("aria-label", title.textContent);
    title.remove(); // else the browser would show it a second time
  }
  tip.textContent = mark.getAttribute("aria-label");
  tip.hidden = false;
  const at = mark.getBoundingClientRect();
  const left = at.left + at.width / 2 - tip.offsetWidth / 2;
  const wide = document.documentElement.clientWidth;
  tip.style.left = `${Math.max(4, Math.min(left, wide - tip.offsetWidth - 4)) + scrollX}px`;
  tip.style.top = `${at.top + scrollY - tip.offsetHeight - 6}px`;
};
const hide = () => {
  tip.hidden = true;
};

for (const chart of document.querySelectorAll("svg.line, ul.bars")) {
  const marks = [...chart.querySelectorAll(".at")];
  const mark = (event) => event.target.closest(".at");
  const go = (from, to) => {
    from?.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
  };
  const steps = {
    ArrowRight: (n) => n + 1, ArrowDown: (n) => n + 1, ArrowLeft: (n) => n - 1, ArrowUp: (n) => n - 1,
    Home: () => 0, End: () => marks.length - 1,
  };
  if (marks.length) go(null, marks[0]);
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = marks[step(marks.indexOf(mark(event)))];
    event.preventDefault();
    if (!next) return;
    go(mark(event), next);
    next.focus();
  });
  chart.addEventListener("focusin", (event) => mark(event) && show(mark(event)));
  chart.addEventListener("focusout", hide);
  chart.addEventListener("pointerover", (event) => (mark(event) ? show(mark(event)) : hide()));
  chart.addEventListener("pointerleave", hide);
}

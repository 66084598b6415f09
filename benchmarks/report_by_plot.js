"use strict";
// The same charts by Observable Plot, as a careful author would ask for them: titles, names for each mark, tips, legends.
const COLOURS = { domain: ["permitted", "refused"], range: ["var(--permitted)", "var(--refused)"] };
const count = new Intl.NumberFormat("en-US");
const instant = (at) => new Date(at).toISOString().replace("T", " ").slice(0, 23);

function timeLine(one, width) {
  const rows = one.bins.flatMap(([from, to, permitted, refused]) =>
    [["permitted", permitted], ["refused", -refused]]
      .filter(([, requests]) => requests)
      .map(([kind, requests]) => ({
        kind, requests, from: new Date(from), to: new Date(to),
        words: `${instant(from)} to ${instant(to).slice(11)}: ${count.format(Math.abs(requests))} ${kind}`,
      })));
  return Plot.plot({
    ariaLabel: one.title, width, height: 226, marginLeft: 68, marginTop: 44,
    x: { type: "utc", label: null, domain: [new Date(one.first), new Date(one.last)] },
    y: { grid: true, label: "requests", tickFormat: (n) => count.format(Math.abs(n)) },
    color: { ...COLOURS, legend: true },
    marks: [
      Plot.rectY(rows, { x1: "from", x2: "to", y: "requests", fill: "kind", ariaLabel: "words", title: "words", tip: true, inset: 0.3 }),
      Plot.ruleY([0]),
      Plot.ruleX(one.marks, { x: (mark) => new Date(mark.at), strokeDasharray: "4 3" }),
      one.marks.map((mark, row) => // each in a line of its own
        Plot.text([mark], { x: () => new Date(mark.at), frameAnchor: "top", textAnchor: "start", dx: 5, dy: -24 + 14 * row, text: "word" })),
    ],
  });
}

function bars(one, width) {
  const rows = one.bars.map(([name, requests]) => ({
    name, requests, words: `${name}: ${count.format(requests)} of ${count.format(one.whole)} refused`,
  }));
  return Plot.plot({
    ariaLabel: one.title, width, marginLeft: Math.min(220, width / 2.5), marginRight: 56, marginBottom: 40,
    x: { grid: true, label: "requests refused" }, y: { label: null, domain: rows.map((row) => row.name) },
    marks: [
      Plot.barX(rows, { x: "requests", y: "name", fill: "var(--refused)", ariaLabel: "words", title: "words", tip: true }),
      Plot.text(rows, { x: "requests", y: "name", text: (row) => count.format(row.requests), textAnchor: "start", dx: 5 }),
      Plot.ruleX([0]),
    ],
  });
}

const places = document.querySelectorAll("[data-plot]");
CHARTS.forEach((one, n) => places[n].append((one.bins ? timeLine : bars)(one, places[n].clientWidth)));

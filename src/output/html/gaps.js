// How long flows had been silent when their first reset came.

const GAPS = [
  [0.001, "< 1 ms"], [0.01, "1–10 ms"], [0.1, "10–100 ms"], [1, "0.1–1 s"], [5, "1–5 s"], [15, "5–15 s"], [30, "15–30 s"],
  [60, "30–60 s"], [120, "1–2 min"], [300, "2–5 min"], [600, "5–10 min"], [1800, "10–30 min"], [3600, "30–60 min"], [Infinity, "> 1 h"],
];

function gaps(report) {
  const lengths = report.flows.map((flow) => flow.resets[0]?.after_s).filter((after) => typeof after === "number");
  if (lengths.length === 0) return null;
  const counts = GAPS.map(() => 0);
  for (const length of lengths) counts[GAPS.findIndex(([limit]) => length < limit)] += 1;
  const note = "Silence between the packet before and the first reset. A peak far right often is somebody's timeout.";
  return chart("Idle gap before the reset", note, (width) => {
    const row = 20, left = 84, right = width - 52, widest = Math.max(...counts);
    const shown = counts.map((n, nth) => [n, nth]);
    const from = shown.findIndex(([n]) => n), to = shown.findLastIndex(([n]) => n);
    const rows = shown.slice(Math.max(0, from - 1), to + 2);
    return svg("svg", {
      width, height: rows.length * row + 8, role: "img",
      "aria-label": `Idle gaps. ${note} ` + shown.filter(([n]) => n).map(([n, nth]) => `${GAPS[nth][1]}: ${n}`).join(", "),
    }, rows.map(([n, nth], place) => svg("g", null,
      svg("text", { class: "label end", x: left - 8, y: place * row + 15 }, GAPS[nth][1]),
      svg("rect", { class: "bar", x: left, y: place * row + 4, width: n ? Math.max(2, n / widest * (right - left)) : 0, height: row - 6, rx: 2 },
        svg("title", null, `${GAPS[nth][1]}: ${count(n, "flow")}`)),
      n > 0 && svg("text", { class: "label strong", x: left + Math.max(2, n / widest * (right - left)) + 6, y: place * row + 15 }, grouped(n)))),
      svg("line", { class: "axis", x1: left - 0.5, x2: left - 0.5, y1: 0, y2: rows.length * row + 6 }));
  });
}

// What charts share: a frame with a caption, drawn anew when its width changes.

/** A figure whose chart `draw(width)` makes; `draw` returns an SVG element. */
function chart(title, note, draw, legend) {
  const canvas = el("div", { class: "canvas" });
  const figure = el("figure", { class: "panel" },
    el("figcaption", null, el("h3", null, title), note && el("p", { class: "facts" }, note)), canvas, legend);
  let drawn = 0;
  const redraw = () => {
    const width = Math.max(260, Math.floor(canvas.clientWidth));
    if (width === drawn) return;
    drawn = width;
    const picture = draw(width);
    // On paper there is less room than there was on the screen.
    picture.setAttribute("viewBox", `0 0 ${width} ${picture.getAttribute("height")}`);
    canvas.replaceChildren(picture);
  };
  new ResizeObserver(redraw).observe(canvas);
  return figure;
}

/** Round steps for an axis from 0: at most `most` of them. */
function ticks(highest, most = 4) {
  const step = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => n * 10 ** e))
    .sort((a, b) => a - b).find((step) => highest / step <= most) ?? highest;
  const marks = [];
  for (let at = 0; at <= highest; at += step) marks.push(at);
  if (marks.at(-1) < highest) marks.push(marks.at(-1) + step);
  return marks;
}

/** Horizontal lines with their numbers, left of `left`. */
function grid(marks, left, right, y) {
  return marks.map((mark) => svg("g", null,
    svg("line", { class: mark === 0 ? "axis" : "grid", x1: left, x2: right, y1: y(mark), y2: y(mark) }),
    svg("text", { class: "label end", x: left - 6, y: y(mark) + 4 }, grouped(mark))));
}

// Flows over the time of the capture, by who ended them, with the incidents above.

const KINDS = [
  ...["server", "client", "middlebox"].map((sender) => [sender, `sent by ${WHO[sender]}`]), ["unknown", "sender unknown"], ["none", "no reset"],
];

function kindOf(flow) {
  return flow.resets[0]?.sender ?? "none";
}

function timeline(report) {
  const dated = report.flows.map((flow) => ({ at: seconds(when(flow)), kind: kindOf(flow) })).filter(({ at }) => at !== null);
  if (dated.length === 0) return null;
  const inputs = report.capture.inputs.flatMap((input) => [input.first_time, input.last_time]).map(seconds);
  const times = dated.map(({ at }) => at).concat(inputs.filter((at) => at !== null));
  let first = Infinity, last = -Infinity;
  for (const at of times) {
    first = Math.min(first, at);
    last = Math.max(last, at);
  }
  const span = Math.max(last - first, 0.001);
  const kinds = KINDS.filter(([kind]) => dated.some((flow) => flow.kind === kind));
  const legend = el("ul", { class: "legend" }, kinds.map(([kind, text]) =>
    el("li", null, svg("svg", { width: 10, height: 10, "aria-hidden": "true" },
      svg("rect", { class: `kind-${kind}`, width: 10, height: 10, rx: 2 })), text)));
  const incidents = report.incidents.filter((incident) => incident.first_time).slice(0, 8);
  const note = `${count(dated.length, "flow")} by the time of the first reset, or of the end, over ${duration(span)}.`
    + (incidents.length ? " The bands above are incidents." : "");
  return chart("When it happened", note, (width) => {
    const left = 44, right = width - 12, lane = 20, top = 8 + incidents.length * lane, bottom = top + 180;
    const bins = Math.max(20, Math.min(120, Math.floor((right - left) / 8)));
    const x = (at) => left + (at - first) / span * (right - left);
    const stacks = Array.from({ length: bins }, () => ({}));
    for (const { at, kind } of dated) {
      const stack = stacks[Math.min(bins - 1, Math.floor((at - first) / span * bins))];
      stack[kind] = (stack[kind] ?? 0) + 1;
    }
    const total = (stack) => Object.values(stack).reduce((sum, n) => sum + n, 0);
    const marks = ticks(Math.max(...stacks.map(total)));
    const y = (n) => bottom - n / marks.at(-1) * (bottom - top - 6);
    const step = (right - left) / bins;
    const bars = stacks.flatMap((stack, nth) => {
      let below = 0;
      const from = first + nth * span / bins;
      const text = `${clockOf(from, span)}: ` + kinds.filter(([kind]) => stack[kind])
        .map(([kind, words]) => `${grouped(stack[kind])} ${words}`).join(", ");
      return kinds.filter(([kind]) => stack[kind]).map(([kind]) => {
        const [low, high] = [below, below += stack[kind]];
        return svg("rect", {
          class: `kind-${kind}`, x: left + nth * step + 0.5, width: Math.max(1.5, step - 1),
          y: y(high), height: Math.max(1.5, y(low) - y(high)),
        }, svg("title", null, text));
      });
    });
    const bands = incidents.map((incident, nth) => {
      const from = x(seconds(incident.first_time)), to = x(seconds(incident.last_time ?? incident.first_time));
      const wide = Math.max(to - from, 6), flip = from > (left + right) / 2;
      return svg("g", null,
        svg("rect", { class: "wash", x: from, y: top - 2, width: wide, height: bottom - top + 2 }),
        svg("rect", { class: "band", x: from, y: 5 + nth * lane, width: wide, height: 12, rx: 3 }),
        svg("text", { class: flip ? "label end" : "label", x: flip ? from - 5 : from + wide + 5, y: 15 + nth * lane },
          `${incident.id}  ${shorten(incident.title, Math.floor((flip ? from - left : right - from - wide) / 7))}`),
        svg("title", null, incident.title));
    });
    const spots = width < 520 ? [0, 1] : [0, 0.25, 0.5, 0.75, 1];
    const hours = spots.map((part) => svg("g", null,
      svg("line", { class: "axis", x1: left + part * (right - left), x2: left + part * (right - left), y1: bottom, y2: bottom + 4 }),
      svg("text", { class: `label ${part === 0 ? "" : part === 1 ? "end" : "middle"}`, x: left + part * (right - left), y: bottom + 18 },
        clockOf(first + part * span, span))));
    return svg("svg", {
      width, height: bottom + 26, role: "img",
      "aria-label": `Timeline. ${note} ` + kinds.map(([kind, words]) =>
        `${grouped(dated.filter((flow) => flow.kind === kind).length)} ${words}`).join(", "),
    }, grid(marks, left, right, y), bands, bars, hours);
  }, legend);
}

function shorten(text, most) {
  return text.length <= most ? text : most < 4 ? "" : text.slice(0, most - 1) + "…";
}

/** A time of day, with the date where the span needs one and parts of seconds where it is short. */
function clockOf(at, span) {
  const text = new Date(at * 1000).toISOString();
  if (span > 86400) return text.slice(5, 16).replace("T", " ");
  return span < 20 ? text.slice(11, 23) : text.slice(11, 19);
}

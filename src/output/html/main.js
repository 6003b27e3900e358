// Puts the page together.

const report = JSON.parse(document.getElementById("report").textContent);

/** Numbers that matter at a glance. */
function tiles() {
  const { teardown, senders, benign } = report.summary;
  const sum = (counts) => Object.values(counts).reduce((sum, n) => sum + n, 0);
  const harmed = teardown.reset + teardown.refused + teardown.unanswered + teardown.half_closed;
  const harmed_nobody = benign ?? report.flows.filter((flow) => flow.resets.length > 0 && !needsAttention(flow)).length;
  const tile = (n, one, many, kind) => el("div", { class: `tile ${kind ?? ""}` },
    el("strong", null, grouped(n)), el("span", null, n === 1 ? one : many));
  const incidents = report.incidents.length;
  return [tile(sum(teardown), "flow", "flows"), tile(harmed, "needs attention", "need attention", harmed ? "bad" : "good"),
    tile(sum(senders), "reset", "resets"), tile(harmed_nobody, "flow with benign resets", "flows with benign resets"),
    tile(incidents, "incident", "incidents", incidents ? "bad" : "")];
}

/** Counts as bars; each bar filters the table. */
function shares(title, counts, name, show) {
  const entries = Object.entries(counts).filter(([, n]) => n > 0).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return null;
  const most = entries[0][1];
  return el("section", { class: "panel" }, el("h3", null, title), el("ul", { class: "shares" }, entries.slice(0, 10).map(([value, n]) => {
    const bar = el("span", { class: `share ${name === "sender" ? `kind-${value}` : ""}`, "aria-hidden": "true" });
    bar.style.width = `${Math.max(1, n / most * 100)}%`;
    return el("li", null, el("button", {
      type: "button", "aria-label": `${show(value)}: ${n}. Filter by it`, onclick: () => jump({ [name]: value }),
    }, el("span", { class: "name" }, show(value)), el("span", { class: "track" }, bar), el("span", { class: "n" }, grouped(n))));
  })));
}

let table = null;

/** Filters the table by these and goes there. */
function jump(filters) {
  table.reset();
  table.filter(filters);
  const section = document.getElementById("flows");
  section.scrollIntoView();
  section.focus({ preventScroll: true });
}

function theme() {
  const button = document.getElementById("theme");
  const dark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  label();
}

function start() {
  theme();
  document.getElementById("tiles").append(...tiles());
  const charts = document.getElementById("charts");
  const { summary } = report;
  const drawn = [timeline(report), gaps(report), shares("How flows ended", summary.teardown, "teardown", (value) => ENDED[value] ?? value),
    shares("Who sent the resets", summary.senders, "sender", String),
    shares("Causes", summary.causes, "cause", String)].filter(Boolean);
  charts.append(...drawn);
  charts.hidden = drawn.length === 0;
  table = new FlowTable(report);
  document.getElementById("table").append(table.root);
  for (const button of document.querySelectorAll("button[data-incident]")) {
    button.hidden = false;
    button.addEventListener("click", () => jump({ incident: button.dataset.incident }));
  }
  document.documentElement.dataset.ready = "yes";
}

start();

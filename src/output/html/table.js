// The table of flows: filtered and sorted as data, drawn as far as somebody looks.

/** Rows drawn at a time. */
const CHUNK = 100;
/** Rows put on paper. */
const PRINTED = 400;

const collator = new Intl.Collator("en", { numeric: true });

const COLUMNS = [
  { name: "Flow", key: (flow) => flow.id },
  { name: "When (UTC)", key: (flow) => when(flow), show: (flow) => shortTime(when(flow)), kind: "time" },
  { name: "Client", key: (flow) => endpoint(flow.client), show: (flow) => [address(flow.client), named(flow.client_name)], kind: "address" },
  { name: "Server", key: (flow) => endpoint(flow.server), show: (flow) => [address(flow.server), named(flow.server_name)], kind: "address" },
  { name: "How it ended", key: (flow) => ENDED[flow.teardown], show: (flow) => badge(flow.teardown, ENDED[flow.teardown]) },
  { name: "Reset by", key: (flow) => flow.resets[0]?.sender ?? null, show: senderCell },
  { name: "Idle gap", key: (flow) => flow.resets[0]?.after_s ?? null, show: (flow) => duration(flow.resets[0]?.after_s), kind: "right" },
  { name: "RST frames", key: (flow) => flow.resets[0]?.frames[0] ?? null, show: (flow) => frames(flow.resets.flatMap((reset) => reset.frames), 3) || "–" },
  { name: "Verdict", key: (flow) => flow.diagnosis?.cause ?? verdict(flow), show: verdictCell, kind: "wide" },
];

/** Times as they are written: what has none stands last, as a tilde does. */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function senderCell(flow) {
  const reset = flow.resets[0];
  if (!reset) return "–";
  return [badge(`kind-${reset.sender}`, reset.sender), reset.confidence && el("span", { class: "facts" }, ` ${reset.confidence}`)];
}

function verdictCell(flow) {
  return [foreign(verdict(flow) || "–"), flow.diagnosis && [" ", el("code", null, flow.diagnosis.cause)]];
}

class FlowTable {
  constructor(report) {
    this.report = report;
    this.all = [...report.flows].sort((a, b) => urgency(a) - urgency(b)
      || compare(when(a) ?? "~", when(b) ?? "~") || a.first_frame - b.first_frame);
    this.texts = new Map(this.all.map((flow) => [flow, this.textOf(flow)]));
    this.filters = { text: "", attention: false, teardown: "", sender: "", cause: "", incident: "" };
    this.sort = { column: null, down: false };
    this.open = new Set();
    this.build();
    this.update();
  }

  textOf(flow) {
    return [`#${flow.id}`, endpoint(flow.client), endpoint(flow.server), flow.client_name, flow.server_name, ENDED[flow.teardown], flow.activity, flow.diagnosis?.cause,
      flow.diagnosis?.sentence, flow.application?.protocol, flow.application?.detail,
      ...flow.resets.map((reset) => `${reset.mechanism} ${reset.sender}`)].filter(Boolean).join("\n").toLowerCase();
  }

  build() {
    const options = (values, show = String) => [...values].sort(collator.compare).map((value) => el("option", { value }, show(value)));
    const values = (key) => new Set(this.all.map(key).filter(Boolean));
    const select = (name, label, choices) => choices.length > 0 && el("label", null, label, el("select", {
      name, onchange: (event) => this.filter({ [name]: event.target.value }),
    }, el("option", { value: "" }, "any"), choices));
    let waiting = 0;
    this.controls = el("form", { class: "controls", role: "search", "aria-label": "Filter flows" },
      el("label", { class: "grow" }, "Search", el("input", {
        type: "search", name: "text", placeholder: "address, port, cause, words, #flow", autocomplete: "off", spellcheck: "false",
        oninput: (event) => {
          clearTimeout(waiting);
          waiting = setTimeout(() => this.filter({ text: event.target.value }), 120);
        },
      })),
      select("teardown", "How it ended", options(values((flow) => flow.teardown), (value) => ENDED[value])),
      select("sender", "Reset by", options(values((flow) => flow.resets[0]?.sender), String)),
      select("cause", "Cause", options(values((flow) => flow.diagnosis?.cause))),
      select("incident", "Incident", this.report.incidents.map(({ id, title }) => el("option", { value: id }, `${id} ${shorten(title, 40)}`))),
      el("label", { class: "check" }, el("input", {
        type: "checkbox", name: "attention", onchange: (event) => this.filter({ attention: event.target.checked }),
      }), "Only what needs attention"),
      el("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Clear"));
    this.controls.addEventListener("submit", (event) => event.preventDefault());
    this.status = el("p", { class: "facts", role: "status", "aria-live": "polite" });
    this.heads = COLUMNS.map((column, nth) => el("th", { scope: "col", role: "columnheader", class: column.kind },
      el("button", { type: "button", onclick: () => this.sortBy(nth) }, column.name, el("span", { class: "arrow-mark", "aria-hidden": "true" }))));
    this.body = el("tbody", { role: "rowgroup" });
    this.table = el("table", { role: "table", class: "flows" },
      el("caption", { class: "hidden" }, "Flows; the buttons in the head sort, the one in a row shows its details"),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, this.heads)), this.body);
    this.more = el("button", { type: "button", class: "quiet more", onclick: () => this.draw(CHUNK) });
    this.root = el("div", null, this.controls, this.status, this.table, this.more);
    this.watch = new IntersectionObserver((entries) => {
      if (entries.at(-1).isIntersecting) this.draw(CHUNK);
    }, { rootMargin: "600px" });
    addEventListener("beforeprint", () => this.draw(PRINTED - this.drawn));
  }

  /** Sets filters and the controls that show them. */
  filter(changes) {
    Object.assign(this.filters, changes);
    for (const [name, value] of Object.entries(this.filters)) {
      const control = this.controls.elements[name];
      if (!control) continue;
      if (control.type === "checkbox") control.checked = value; else if (control.value !== String(value)) control.value = value;
    }
    this.update();
  }

  reset() {
    this.filter({ text: "", attention: false, teardown: "", sender: "", cause: "", incident: "" });
  }

  sortBy(nth) {
    const same = this.sort.column === nth;
    // Up, down, and back to the order of urgency.
    this.sort = same && this.sort.down ? { column: null, down: false } : { column: nth, down: same };
    this.update();
  }

  update() {
    const { text, attention, teardown, sender, cause, incident } = this.filters;
    const needles = text.toLowerCase().split(/\s+/).filter(Boolean);
    const members = incident === "" ? null
      : new Set(this.report.incidents.find(({ id }) => String(id) === String(incident))?.flows ?? []);
    this.rows = this.all.filter((flow) => (!attention || needsAttention(flow)) && (!teardown || flow.teardown === teardown)
      && (!sender || flow.resets[0]?.sender === sender) && (!cause || flow.diagnosis?.cause === cause)
      && (!members || members.has(flow.id)) && needles.every((needle) => this.matches(flow, needle)));
    this.order();
    this.heads.forEach((cell, nth) => {
      const state = this.sort.column !== nth ? "none" : this.sort.down ? "descending" : "ascending";
      cell.setAttribute("aria-sort", state);
    });
    this.body.replaceChildren();
    this.drawn = 0;
    this.draw(CHUNK);
    const all = this.all.length;
    this.status.textContent = this.rows.length === all ? count(all, "flow") : `${grouped(this.rows.length)} of ${count(all, "flow")}`;
    if (this.rows.length === 0) {
      this.body.append(el("tr", { role: "row" }, el("td", { role: "cell", colspan: COLUMNS.length, class: "empty" },
        all ? "No flow passes these filters." : "No flow is listed in this report.")));
    }
  }

  matches(flow, needle) {
    return /^#\d+$/.test(needle) ? `#${flow.id}` === needle : this.texts.get(flow).includes(needle);
  }

  order() {
    if (this.sort.column === null) return;
    const { key } = COLUMNS[this.sort.column];
    const way = this.sort.down ? -1 : 1;
    const keyed = this.rows.map((flow) => [key(flow), flow]);
    keyed.sort(([a], [b]) => {
      // What has no value stands last, whichever way.
      if (a === null || b === null) return (a === null) - (b === null);
      return way * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    });
    this.rows = keyed.map(([, flow]) => flow);
  }

  draw(most) {
    const next = this.rows.slice(this.drawn, this.drawn + Math.max(0, most));
    this.body.append(...next.flatMap((flow) => this.row(flow)));
    this.drawn += next.length;
    const left = this.rows.length - this.drawn;
    this.more.hidden = left === 0;
    // Watched anew: what is still in sight after drawing has not changed, and would not be reported.
    this.watch.unobserve(this.more);
    this.watch.observe(this.more);
    this.more.textContent = `Show more (${grouped(left)} left)`;
  }

  row(flow) {
    const id = `flow-${flow.id}`;
    const button = el("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": `${id}-detail`, "aria-label": `Details of flow ${flow.id}` }, `${flow.id}`);
    const cells = COLUMNS.map((column, nth) => el(nth === 0 ? "th" : "td", {
      class: column.kind, "data-label": column.name, ...(nth === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" }),
    }, el("span", { class: "value" }, nth === 0 ? button : column.show ? column.show(flow) : column.key(flow))));
    const row = el("tr", { id, role: "row", class: needsAttention(flow) ? null : "calm" }, cells);
    button.addEventListener("click", () => this.toggle(flow, row, button));
    if (!this.open.has(flow.id)) return [row];
    button.setAttribute("aria-expanded", "true");
    return [row, this.detailRow(flow)];
  }

  detailRow(flow) {
    return el("tr", { role: "row", class: "detail-row", id: `flow-${flow.id}-detail` },
      el("td", { role: "cell", colspan: COLUMNS.length }, detail(flow, this.report)));
  }

  toggle(flow, row, button) {
    const isOpen = this.open.has(flow.id);
    button.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) {
      this.open.delete(flow.id);
      row.nextElementSibling.remove();
    } else {
      this.open.add(flow.id);
      row.after(this.detailRow(flow));
    }
  }
}

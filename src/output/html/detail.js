// Everything about one flow, below its row.

function detail(flow, report) {
  return el("div", { class: "detail" },
    head(flow), el("div", { class: "beside" }, ladder(flow), evidencePanel(flow, report)),
    el("div", { class: "columns" }, resetsPanel(flow, report), outcomePanel(flow.outcome), remediesPanel(flow.diagnosis), factsPanel(flow)),
    filterPanel(flow));
}

function panel(title, ...children) {
  return el("section", { class: "panel" }, el("h3", null, title), children);
}

function head(flow) {
  const { diagnosis, application } = flow;
  return el("div", null,
    el("p", { class: "verdict" }, foreign(verdict(flow) || `How it ended: ${ENDED[flow.teardown]}.`), " ",
      diagnosis && badge(diagnosis.confidence, diagnosis.confidence), diagnosis && el("code", null, diagnosis.cause)),
    diagnosis && flow.activity && el("p", { class: "facts" }, "What was going on: ", foreign(flow.activity)),
    application && el("p", { class: "facts" }, "Application: ", el("code", null, application.protocol), " ",
      [application.detail, application.progress].filter(Boolean).map((text) => [" · ", foreign(text)])),
    diagnosis?.alternatives.length > 0 && el("p", { class: "facts" }, "Would fit too: ", diagnosis.alternatives.map((other, nth) =>
      [nth ? " " : "", el("code", null, other.cause), ` (${other.confidence}): `, foreign(other.sentence)])));
}

function badge(kind, text) {
  return el("span", { class: `badge ${kind}` }, text);
}

function places(one, report) {
  if (one.frames.length === 0) return null;
  const inputs = new Map();
  for (const { input, frame } of one.locations ?? []) inputs.set(input, [...(inputs.get(input) ?? []), frame]);
  return el("span", { class: "frames" }, `${one.frames.length === 1 ? "frame" : "frames"} ${frames(one.frames)}`,
    [...inputs].map(([input, there]) => [`; ${frames(there)} of `, foreign(report.capture.inputs[input]?.path ?? "–")]));
}

function evidencePanel(flow, report) {
  const all = evidenceOf(flow);
  return panel("Evidence", all.length === 0 && el("p", { class: "facts" }, "None is given; the reset's own fields are in the ladder."),
    el("ol", { class: "evidence" }, all.map((one) => el("li", null,
      el("span", { class: "rank" }, badge(one.stance, one.stance), ` ${one.topic}, ${one.weight}`),
      el("p", null, foreign(one.text)), places(one, report)))));
}

function resetsPanel(flow, report) {
  if (flow.resets.length === 0) return null;
  return panel(flow.resets.length === 1 ? "The reset" : `The ${flow.resets.length} resets`, el("ul", null, flow.resets.slice(0, 12).map((reset) => el("li", null,
    `Reset in the ${reset.claimed_sender}'s name, `, places(reset, report), reset.sender === "unknown" ? ", its sender is unknown" : ", sent by ",
    reset.sender !== "unknown" && badge(`kind-${reset.sender}`, WHO[reset.sender]), reset.confidence && ` (${reset.confidence})`,
    HOW[reset.mechanism] && `: ${HOW[reset.mechanism]}`, reset.product && ["; it looks like the resets of ", foreign(reset.product)],
    reset.would_decide && `; ${reset.would_decide} would tell`,
    `. Phase: ${reset.phase}`, reset.after_s !== null && `, ${duration(reset.after_s)} after the packet before`,
    reset.in_window === false && "; outside the window", reset.in_window && reset.exact === false && "; in the window, not exact",
    hopsText(reset), passage(reset)))), flow.resets.length > 12 && el("p", { class: "facts" }, `And ${flow.resets.length - 12} more.`));
}

/** Where captures at several points have a reset, and where it was made. */
function passage({ comparison, claimed_sender }) {
  if (!comparison) return null;
  const seen = comparison.points.filter(({ seen }) => seen).map(({ point, frames: there }) => `capture ${point} (frame ${frames(there)})`);
  const not = comparison.points.filter(({ seen }) => seen === false).map(({ point }) => `capture ${point}`);
  const [near, far] = comparison.made_between;
  return el("p", { class: "facts" }, `Captured at ${seen.join(", ")}${not.length ? `; not at ${not.join(", ")}` : ""}. It was made between `,
    near === null ? `the ${claimed_sender}` : `capture ${near}`, " and ", far === null ? `the ${claimed_sender}` : `capture ${far}`,
    comparison.decided ? "." : ". Not decided: ", !comparison.decided && foreign(comparison.why));
}

function hopsText({ hops, claimed_sender }) {
  if (!hops || hops.sender === null || hops.claimed_sender === null) return ".";
  return `. It crossed ${count(hops.sender, "router")} to the capture point; the ${claimed_sender}'s other packets ${hops.claimed_sender}.`;
}

function outcomePanel(outcome) {
  if (!outcome) return null;
  const side = (name, seen) => [el("dt", null, name), el("dd", null, seen
    ? [el("code", null, seen.error), " at ", foreign(seen.when), ` (Linux ${seen.linux}, macOS ${seen.macos}, Windows ${seen.windows})`,
      Object.entries(seen.messages).map(([by, text]) => el("div", { class: "facts" }, `${by}: `, foreign(text)))] : "no error")];
  const known = (name, value) => value !== null && [el("dt", null, name), el("dd", null, value)];
  return panel("What the applications saw", el("dl", null, side("Client", outcome.client), side("Server", outcome.server),
    known("Request delivered", outcome.request_delivered === null ? null : outcome.request_delivered ? "yes" : "no"),
    known("Response delivered", outcome.response_bytes_delivered === null ? null : count(outcome.response_bytes_delivered, "byte")),
    known("Lost", outcome.bytes_lost === null ? null : count(outcome.bytes_lost, "byte")),
    el("dt", null, "Safe to retry"), el("dd", null, outcome.safe_to_retry,
      outcome.why && [": ", foreign(outcome.why)])));
}

function remediesPanel(diagnosis) {
  if (!diagnosis?.remedies.length) return null;
  return panel("What to do", el("ul", null, diagnosis.remedies.map((remedy) => el("li", null, foreign(remedy)))));
}

function factsPanel(flow) {
  const row = (name, ...value) => [el("dt", null, name), el("dd", null, value)];
  return panel("Facts", el("dl", null,
    row("Frames", `${flow.first_frame} to ${flow.last_frame}`),
    row("Began", `${shortTime(flow.first_time)} UTC`), row("Lasted", duration(flow.duration_s)),
    flow.rtt_s !== null && row("Round trip", duration(flow.rtt_s)),
    row("Client sent", `${count(flow.client_packets, "packet")}, ${count(flow.client_bytes, "byte")}`),
    row("Server sent", `${count(flow.server_packets, "packet")}, ${count(flow.server_bytes, "byte")}`),
    flow.tunnel.length > 0 && row("Tunnel", foreign(flow.tunnel.join(", "))),
    flow.vlan.length > 0 && row("VLAN", flow.vlan.join(", ")),
    flow.roles === "inferred" && row("Who is who", foreign(flow.roles_why)),
    flow.icmp.length > 0 && row("ICMP", flow.icmp.slice(0, 5).map((icmp) =>
      el("div", null, `frame ${icmp.frame}: `, foreign(icmp.text), ` (from ${icmp.reporter}`, named(icmp.reporter_name), ")")))));
}

function filterPanel(flow) {
  const code = el("code", { class: "filter" }, flow.wireshark_filter);
  const button = el("button", {
    type: "button", class: "quiet",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(flow.wireshark_filter);
        button.textContent = "Copied";
      } catch {
        // A browser may refuse; then the text is at least marked, ready to be copied by hand.
        getSelection().selectAllChildren(code);
        button.textContent = "Marked";
      }
    },
  }, "Copy");
  return el("section", { class: "panel" }, el("h3", null, "Wireshark filter"), el("div", { class: "copy" }, code, button));
}

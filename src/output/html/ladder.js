// One flow as a sequence ladder: the frames that decide, between the ends.

/** Rungs drawn of one flow. */
const RUNGS = 60;

/** Everything that speaks for and against a verdict; the ladder refers to it by number, from 1. */
function evidenceOf(flow) {
  const cause = (flow.diagnosis?.evidence ?? []).map((one) => ({ ...one, topic: "the cause" }));
  const sender = flow.resets.flatMap((reset) => reset.evidence.map((one) => ({ ...one, topic: `${WHO[one.about]} as sender` })));
  return cause.concat(sender);
}

function rungsOf(flow) {
  const rungs = new Map();
  const senders = new Map(flow.resets.flatMap((reset) => reset.frames.map((frame) => [frame, reset.sender])));
  for (const { frame, time, from, flags, seq, ack, window, ttl, payload_bytes, notes } of flow.ladder ?? []) {
    const odd = notes.length ? `  ${notes.join("; ")}` : "";
    rungs.set(frame, {
      frame, time, from, by: senders.get(frame) ?? "none", text: flags, duplicate: notes.includes("second copy"),
      more: `seq ${seq}  ${ack === null ? "" : `ack ${ack}  `}win ${window ?? "–"}  len ${payload_bytes}  ttl ${ttl}${odd}`,
      short: `seq ${seq}  len ${payload_bytes}${odd}`, reset: senders.has(frame),
    });
  }
  // Without a ladder the resets alone are known.
  for (const reset of flow.ladder ? [] : flow.resets) {
    for (const segment of reset.segments) {
      const { frame, time, flags, seq, ack, window, ttl, payload_bytes, duplicate } = segment;
      rungs.set(frame, {
        frame, time, from: reset.claimed_sender, by: reset.sender, duplicate, text: flags,
        more: `raw seq ${seq}  ack ${ack}  win ${window ?? "–"}  len ${payload_bytes}  ttl ${ttl}`, short: `raw seq ${seq}  ttl ${ttl}`, reset: true,
      });
    }
  }
  for (const icmp of flow.icmp) rungs.set(icmp.frame, { frame: icmp.frame, time: icmp.time, text: `ICMP from ${icmp.reporter}${icmp.reporter_name ? ` (${icmp.reporter_name})` : ""}`, more: icmp.text });
  evidenceOf(flow).forEach((one, nth) => {
    for (const frame of one.frames) {
      if (!rungs.has(frame)) rungs.set(frame, { frame, text: "see the evidence" });
      const rung = rungs.get(frame);
      rung.marks = [...new Set([...(rung.marks ?? []), nth + 1])];
    }
  });
  for (const [frame, time, text] of [[flow.first_frame, flow.first_time, "first frame"], [flow.last_frame, flow.last_time, "last frame"]]) {
    if (!rungs.has(frame)) rungs.set(frame, { frame, time, text, quiet: true });
  }
  return [...rungs.values()].sort((a, b) => a.frame - b.frame);
}

function ladder(flow) {
  const all = rungsOf(flow);
  const decisive = all.filter((rung) => rung.reset || rung.marks);
  const rungs = all.slice(0, RUNGS);
  const inside = decisive.some((rung) => rung.by === "middlebox");
  const note = decisive.length ? `Frames with a number are those that evidence rests on.` : "No frame stands out.";
  const title = `Ladder of flow ${flow.id}`;
  const label = `${title}. ` + rungs.map((rung) => `Frame ${rung.frame}: ${rung.from ? `to the ${rung.from === "client" ? "server" : "client"}, ` : ""}`
    + `${rung.text}${rung.more ? `, ${rung.more}` : ""}${rung.marks ? `, evidence ${rung.marks.join(", ")}` : ""}`).join(". ");
  return chart("Sequence", note + (all.length > RUNGS ? ` ${count(all.length - RUNGS, "frame")} more not drawn.` : ""), (width) => {
    const narrow = width < 480;
    const left = narrow ? 70 : 178, right = width - (narrow ? 34 : 56), middle = (left + right) / 2, head = 34;
    const bands = [], parts = [];
    let y = head + 8, before = null;
    for (const rung of rungs) {
      const time = moment(rung.time);
      const pause = before && time ? between(before, time) : 0;
      if (pause >= 1) {
        parts.push(svg("line", { class: "pause", x1: left, x2: right, y1: y + 10, y2: y + 10 }),
          svg("text", { class: "label middle halo", x: middle, y: y + 14 }, `${duration(pause)} between`));
        y += 24;
      }
      before = time ?? before;
      if (rung.reset || rung.marks) {
        bands.push(svg("rect", { class: rung.marks ? "decisive" : "touched", x: 0, y, width, height: 38, rx: 4 }));
      }
      parts.push(drawRung(rung, { y, left, right, middle, width, narrow }));
      y += 42;
    }
    const lanes = [[left, "client"], [right, "server"], ...(inside ? [[middle, "middlebox"]] : [])].map(([x, name]) => svg("g", null,
      svg("line", { class: `lane ${name === "middlebox" ? "dashed" : ""}`, x1: x, x2: x, y1: head, y2: y }),
      svg("text", { class: `label strong ${x === right ? "end" : x === left ? "" : "middle"}`, x: x === right ? width - 4 : x === left ? x - 20 : x, y: 14 }, name),
      name !== "middlebox" && !narrow && svg("text", { class: `label ${x === right ? "end" : ""}`, x: x === right ? width - 4 : x - 20, y: 28 }, endpoint(flow[name]))));
    return svg("svg", { width, height: y + 6, role: "img", "aria-label": label }, bands, lanes, parts);
  });
}

function drawRung(rung, { y, left, right, middle, width, narrow }) {
  const line = y + 20;
  const parts = [
    svg("text", { class: `label end ${rung.reset || rung.marks ? "strong" : ""}`, x: left - 28, y: line + (narrow ? 4 : -2) }, `${rung.frame}`),
    !narrow && svg("text", { class: "label end", x: left - 28, y: line + 12 }, clock(rung.time)),
  ];
  const kind = rung.reset ? `kind-${rung.by}` : "kind-none";
  if (rung.from) {
    const to = rung.from === "client" ? right : left;
    const from = rung.by === "middlebox" ? middle : rung.from === "client" ? left : right;
    const way = Math.sign(to - from), label = (from + to) / 2;
    parts.push(
      svg("line", { class: `arrow ${kind} ${rung.duplicate ? "dashed" : ""}`, x1: from, x2: to - way * 7, y1: line, y2: line }),
      svg("path", { class: kind, d: `M${to} ${line} l${-way * 9} -5 v10 z` }),
      svg("circle", { class: kind, cx: from, cy: line, r: 3.5 }),
      svg("text", { class: "label strong middle halo", x: label, y: line - 5 }, rung.text + (rung.duplicate ? (narrow ? " again" : " (second copy)") : "")),
      svg("text", { class: "label middle halo small", x: label, y: line + 14 }, Math.abs(to - from) < 260 ? rung.short : rung.more));
  } else {
    parts.push(svg("text", { class: "label middle halo", x: middle, y: line + 4 }, rung.text),
      rung.more && svg("text", { class: "label middle halo small", x: middle, y: line + 17 }, shorten(rung.more, Math.floor((right - left) / 6))));
  }
  const marks = (rung.marks ?? []).slice(0, narrow ? 1 : 2);
  marks.forEach((mark, nth) => {
    const x = width - 12 - (marks.length - 1 - nth) * 22;
    parts.push(svg("circle", { class: "mark", cx: x, cy: line, r: 9 }), svg("text", { class: "label middle onmark", x, y: line + 4 }, mark));
  });
  return svg("g", null, svg("title", null, `Frame ${rung.frame}${rung.more ? `: ${rung.text}, ${rung.more}` : ""}`), parts);
}

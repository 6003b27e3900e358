// Times, lengths and identifiers as people read them. ENDED, WHO and HOW stand in front of this file: mod.rs writes them.

function count(n, thing) {
  return `${grouped(n)} ${thing}${n === 1 ? "" : "s"}`;
}

function grouped(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** Seconds and nanoseconds since 1970; a number of seconds would lose the last digits. */
function moment(text) {
  if (!text) return null;
  const seconds = Date.parse(text.slice(0, 19) + "Z") / 1000;
  return { seconds, nanos: Number(text.slice(20, 29)) };
}

function between(from, to) {
  return to.seconds - from.seconds + (to.nanos - from.nanos) / 1e9;
}

function seconds(text) {
  const time = moment(text);
  return time === null ? null : time.seconds + time.nanos / 1e9;
}

/** `2026-11-21 10:26:00.123`. */
function shortTime(text) {
  return text ? `${text.slice(0, 10)} ${text.slice(11, 23)}` : "–";
}

/** `10:26:00.123456`. */
function clock(text) {
  return text ? text.slice(11, 26) : "";
}

function duration(length) {
  if (length === null || length === undefined) return "–";
  const sign = length < 0 ? "-" : "";
  const size = Math.abs(length);
  const scaled = (value, unit) => `${sign}${value >= 100 ? Math.floor(value) : Math.floor(value * 10) / 10} ${unit}`;
  if (size === 0) return "0 s";
  if (size < 1e-6) return scaled(size * 1e9, "ns");
  if (size < 1e-3) return scaled(size * 1e6, "µs");
  if (size < 1) return scaled(size * 1e3, "ms");
  if (size < 120) return scaled(size, "s");
  if (size < 7200) return `${sign}${Math.floor(size / 60)} min ${Math.floor(size % 60)} s`;
  return `${sign}${Math.floor(size / 3600)} h ${Math.floor(size / 60 % 60)} min`;
}

function endpoint({ ip, port }) {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** `30–32, 40 and 12 more`. */
function frames(numbers, most = 8) {
  const runs = [];
  for (const frame of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && frame - last[1] <= 1) last[1] = frame; else runs.push([frame, frame]);
  }
  const text = runs.slice(0, most).map(([a, b]) => a === b ? `${a}` : `${a}–${b}`).join(", ");
  const more = runs.slice(most).reduce((sum, [a, b]) => sum + b - a + 1, 0);
  return more ? `${text} and ${more} more` : text;
}

function verdict(flow) {
  return flow.diagnosis?.sentence ?? sentence(flow.activity ?? "");
}

/** A clause with a capital letter and a full stop. */
function sentence(clause) {
  return clause && clause[0].toUpperCase() + clause.slice(1) + (/[.?!]$/.test(clause) ? "" : ".");
}

/** An address that may be broken into lines only where it falls into parts. */
function address({ ip, port }) {
  return ip.includes(":") ? ["[", ip.split(":").map((part, nth) => nth ? [":", el("wbr"), part] : part), "]", el("wbr"), `:${port}`]
    : [ip, el("wbr"), `:${port}`];
}

/** The name of an address, where somebody gave it one. */
function named(name) {
  return name && [" ", el("span", { class: "facts" }, foreign(`(${name})`))];
}

/** As in `order.rs`: whether somebody may have been harmed. */
function needsAttention(flow) {
  return ["reset", "refused", "unanswered", "half_closed"].includes(flow.teardown);
}

function when(flow) {
  return flow.resets[0]?.time ?? flow.last_time;
}

/** What a person came for stands on top, what harmed nobody last. */
function urgency(flow) {
  return ["reset", "refused", "unanswered", "half_closed", "reset_after_fin", "open", "fin"].indexOf(flow.teardown);
}

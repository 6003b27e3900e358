#!/usr/bin/env python3
"""Measure on captures whose truth is known: what each clue is worth, whether the confidence words keep their promise, and how
many causes and errors of applications are right.

  fit.py DIR [--binary PATH] [--page docs/confidence.md]

Without --page it prints the tables; with it, it writes them anew between the marks of that page. Where DIR has no such captures,
it says so and leaves the page as it is.

Reads every truth.json below DIR, runs the program over the captures beside it and compares what each clue said of a reset with
who sent it. Resets of one run are near copies of one another, so every run counts once: the share of its resets, forged or
genuine, for which the clue spoke. Only resets of such kinds (with or without ACK, IPv4 or IPv6) are counted for which it spoke at
all. Half of the runs, chosen by the hash of their names, are held out; weights are set by looking at the others alone. docs/confidence.md explains what the figures mean.
Causes are counted over flows, at every capture point; each label of a cause counts once in the mean, however many flows have it.

Standard library only.
"""
import argparse, collections, hashlib, json, math, os, re, subprocess, sys

# The likelihood ratios that the words stand for, as in src/evidence.rs; a ratio supports the word that is nearest to it.
WORDS = (("decisive", 10_000), ("strong", 60), ("moderate", 8), ("weak", 2))
PARTS = ("fitting", "held out")


def part(run):
    return PARTS[int(hashlib.sha256(run.encode()).hexdigest(), 16) % 2]


def report(binary, capture):
    done = subprocess.run([binary, "analyze", capture, "--format", "json", "--all-flows", "--quiet"], capture_output=True)
    return json.loads(done.stdout)


def resets(truth, reports):
    """(is it forged, its kind, acceptable answers, the reset as reported) of every reset frame of a run."""
    for name, flows in reports.items():
        said = {}
        for flow in flows:
            for reset in flow["resets"]:
                said.update({frame: reset for frame in reset["frames"]})
        for flow in truth["flows"]:
            view = flow["views"].get(name)
            here = [true for true in flow["rst"] if true["frames"].get(name)]
            for true, acceptable in zip(here, (view or {}).get("sender_acceptable", [])):
                for frame in true["frames"][name]:
                    if frame in said:
                        kind = (true["flags"], flow["ip_version"])
                        yield true["sender"], kind, acceptable, said[frame]


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]").lower(), int(port)


def ends(flow):
    return frozenset((flow[side]["ip"].lower(), flow[side]["port"]) for side in ("client", "server"))


def diagnoses(truth, reports):
    """(the flow's truth, its truth at this capture point, the flow as reported or nothing) of every flow that was reset."""
    for name, flows in reports.items():
        for flow in truth["flows"]:
            view = flow["views"].get(name)
            if not view or not view["rst_frames"]:
                continue
            names = [flow] + flow.get("also_seen_as", [])
            keys = [frozenset((endpoint(one["client"]), endpoint(one["server"]))) for one in names]
            here = [one for one in flows if ends(one) in keys and set(view["rst_frames"]) & {n for r in one["resets"] for n in r["frames"]}]
            yield flow, view, max(here, key=lambda one: ends(one) == keys[0], default={})


class Causes:
    """Right, wrong and abstained: of causes by label and by word, of application errors."""

    def __init__(self):
        self.labels = collections.defaultdict(collections.Counter)
        self.words = collections.defaultdict(collections.Counter)
        self.errors = collections.Counter()
        self.instead = collections.defaultdict(collections.Counter)

    def add(self, flow, view, said):
        diagnosis = said.get("diagnosis") or {}
        cause = diagnosis.get("cause")
        verdict = "abstained" if not cause else "right" if cause in view["cause_acceptable"] else "wrong"
        label = flow.get("cause_observable") or flow["cause"]
        self.labels[label][verdict] += 1
        if cause != label:
            self.instead[label][cause or "undetermined", verdict == "wrong"] += 1
        if cause:
            self.words[diagnosis["confidence"]][verdict] += 1
        for side in ("client", "server"):
            app = (flow.get("apps") or {}).get(side) or {}
            true = [error["errno"] for error in app.get("errors", []) if (error.get("errno") or "").startswith("E")]
            if true:
                seen = ((said.get("outcome") or {}).get(side) or {}).get("error")
                self.errors["abstained" if seen is None else "right" if seen in true else "wrong"] += 1

    def rows(self, part):
        def row(what, counts, mean="-"):
            n = sum(counts.values())
            share = f"{counts['right'] / n:.2%}" if n else "-"
            return [part, what, n, counts["right"], counts["wrong"], counts["abstained"], share, mean]
        each = [counts["right"] / sum(counts.values()) for counts in self.labels.values()]
        yield row("causes", sum(self.labels.values(), collections.Counter()), f"{sum(each) / len(each):.2%}" if each else "-")
        for word in ("certain", "likely", "possible"):
            yield row(f"causes, {word}", self.words[word])
        yield row("errors of applications", self.errors)


def measure(args):
    spoke = {p: collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0])) for p in PARTS}
    total = {p: collections.defaultdict(lambda: [0, 0]) for p in PARTS}
    words = {p: collections.defaultdict(lambda: [0, 0, set(), set()]) for p in PARTS}
    senders = {p: collections.defaultdict(lambda: [0, 0]) for p in PARTS}
    causes = {p: Causes() for p in PARTS}
    for folder, _, files in sorted(os.walk(args.dir)):
        if "truth.json" not in files:
            continue
        run = os.path.relpath(folder, args.dir).replace(os.sep, "/")
        with open(os.path.join(folder, "truth.json")) as f:
            truth = json.load(f)
        p = part(run)
        names = [capture["file"] for capture in truth["captures"]]
        reports = {name: report(args.binary, os.path.join(folder, name))["flows"] for name in names}
        for flow, view, said in diagnoses(truth, reports):
            causes[p].add(flow, view, said)
        for true, kind, acceptable, said in resets(truth, reports):
            forged = true == "middlebox"
            right = said["sender"] in acceptable
            row = words[p][said["confidence"] or "unknown"]
            row[not right] += 1
            row[2 + (not right)].add(run)
            senders[p][true, said["sender"]][not right] += 1
            if "middlebox" in acceptable and {"client", "server"} & set(acceptable):
                continue
            total[p][run, kind][forged] += 1
            pieces = {(e["clue"], "forged" if (e["about"] == "middlebox") == (e["stance"] == "for") else "genuine", e["weight"])
                      for e in said["evidence"]}
            for piece in pieces:
                spoke[p][piece][run, kind][forged] += 1
    return spoke, total, words, senders, causes


def share(spoke, total, kinds, forged):
    """The mean share over runs, with half a run added either way so that no ratio is infinite; and the runs where it spoke."""
    of_run = collections.defaultdict(lambda: [0, 0])
    for (run, kind), counts in total.items():
        if kind in kinds and counts[forged]:
            of_run[run][0] += spoke[run, kind][forged] if (run, kind) in spoke else 0
            of_run[run][1] += counts[forged]
    shares = [n / of for n, of in of_run.values()]
    return (sum(shares) + 0.5) / (len(shares) + 1), sum(share > 0 for share in shares)


def supported(ratio):
    return min(WORDS + (("nothing", 1),), key=lambda word: abs(math.log(ratio / word[1])))[0]


def table(head, rows):
    """A table as Markdown has it, readable as it stands."""
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[nth]) for row in rows) for nth in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def of_runs(total):
    size = {p: [len({run for (run, _), counts in total[p].items() if counts[side]}) for side in (True, False)] for p in PARTS}
    return " ".join(f"{p.capitalize()}: {size[p][0]} runs with forged resets, {size[p][1]} with genuine ones." for p in PARTS)


def of_clues(spoke, total):
    both_ways = {"forged": True, "genuine": False}
    rows = []
    for clue, about, weight in sorted(set(spoke[PARTS[0]]) | set(spoke[PARTS[1]])):
        row = [f"`{clue}`", about, weight]
        kinds = {kind for p in PARTS for _, kind in spoke[p][clue, about, weight]}
        for p in PARTS:
            seen = spoke[p][clue, about, weight]
            for_it, runs_for = share(seen, total[p], kinds, both_ways[about])
            against, runs_against = share(seen, total[p], kinds, not both_ways[about])
            counts = [sum(run[side] for run in seen.values()) for side in (both_ways[about], not both_ways[about])]
            ratio = for_it / against
            row += [f"{runs_for} : {runs_against}", f"{counts[0]} : {counts[1]}", f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}", supported(ratio)]
        rows.append(row)
    return table(["clue", "speaks for", "weight"] + ["runs", "resets", "ratio", "supports"] * 2, rows)


def of_words(words):
    rows = []
    for p in PARTS:
        for word in ("certain", "likely", "possible", "unknown"):
            right, wrong, runs_right, runs_wrong = words[p][word]
            share_right = f"{right / (right + wrong):.2%}" if right + wrong and word != "unknown" else "-"
            rows.append([p, word, right, wrong, share_right, len(runs_right), len(runs_wrong)])
    return table(["part", "word", "right", "not right", "share", "runs right", "runs with any not right"], rows)


def of_senders(senders):
    """Who sent it, beside who was said to have sent it; in brackets how many of these nobody could defend."""
    who = ("client", "server", "middlebox", "unknown")
    rows = []
    for p in PARTS:
        for true in who[:3]:
            cells = [senders[p][true, said] for said in who]
            rows.append([p, true] + [f"{right + wrong} ({wrong})" if wrong else right for right, wrong in cells])
    return table(["part", "sent by"] + [f"said: {said}" for said in who], rows)


def of_causes(causes):
    rows = [row for p in PARTS for row in causes[p].rows(p)]
    return table(["part", "what", "in all", "right", "wrong", "abstained", "right share", "mean over labels"], rows)


def of_labels(causes):
    """Each cause that was staged, over both parts, and what else was said of its flows."""
    rows = []
    for label in sorted(set().union(*(causes[p].labels for p in PARTS))):
        counts = sum((causes[p].labels[label] for p in PARTS), collections.Counter())
        instead = sum((causes[p].instead[label] for p in PARTS), collections.Counter())
        told = ", ".join(f"`{cause}` {n}{' wrong' if wrong else ''}" for (cause, wrong), n in instead.most_common())
        named = sum(counts.values()) - sum(instead.values())
        rows.append([f"`{label}`", sum(counts.values()), named, told or "-"])
    return table(["staged", "flows", "named so", "said instead"], rows)


def rewritten(page, blocks):
    """The page with each block between its marks."""
    for name, text in blocks.items():
        start, end = f"<!-- tests/fit/fit.py writes {name} -->\n", f"<!-- end of {name} -->\n"
        page, n = re.subn(re.escape(start) + ".*?" + re.escape(end), lambda _: f"{start}{text}\n{end}", page, flags=re.DOTALL)
        if n != 1:
            sys.exit(f"fit.py: the page has {n} places for {name}: it should have one, between {start.strip()} and {end.strip()}")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--binary", default="target/release/tcpautopsy")
    parser.add_argument("--page", help="the page whose tables are written anew")
    args = parser.parse_args()
    if not any("truth.json" in files for _, _, files in os.walk(args.dir)):
        print(f"fit.py: there is no truth.json below {args.dir}: nothing to measure, and nothing written")
        return
    if not os.access(args.binary, os.X_OK):
        sys.exit(f"fit.py: no program at {args.binary}: build it, or name it with --binary")
    spoke, total, words, senders, causes = measure(args)
    blocks = {"runs": of_runs(total), "clues": of_clues(spoke, total), "words": of_words(words), "senders": of_senders(senders),
              "causes": of_causes(causes), "labels": of_labels(causes)}
    if not args.page:
        print("\n\n".join(blocks.values()))
        return
    with open(args.page, encoding="utf-8") as file:
        page = rewritten(file.read(), blocks)
    with open(args.page, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measure the clues on captures whose truth is known: what each is worth, and whether the confidence words keep their promise.

  fit.py DIR [--binary PATH] [--markdown]

Reads every truth.json below DIR, runs the program over the captures beside it and compares what each clue said of a reset with
who sent it. Resets of one run are near copies of one another, so every run counts once: the share of its resets, forged or
genuine, for which the clue spoke. Only resets of such kinds (with or without ACK, IPv4 or IPv6) are counted for which it spoke at
all. Half of the runs, chosen by the hash of their names, are held out; weights are set by looking at the others alone. docs/confidence.md explains what the figures mean.

Standard library only.
"""
import argparse, collections, hashlib, json, math, os, subprocess, sys

# The likelihood ratios that the words stand for, as in src/evidence.rs; a ratio supports the word that is nearest to it.
WORDS = (("decisive", 10_000), ("strong", 60), ("moderate", 8), ("weak", 2))
PARTS = ("fitting", "held out")


def part(run):
    return PARTS[int(hashlib.sha256(run.encode()).hexdigest(), 16) % 2]


def report(binary, capture):
    done = subprocess.run([binary, "analyze", capture, "--format", "json", "--all-flows", "--quiet"], capture_output=True)
    return json.loads(done.stdout)


def resets(folder, truth, binary):
    """(is it forged, its kind, acceptable answers, the reset as reported) of every reset frame of a run."""
    for capture in truth["captures"]:
        name = capture["file"]
        said = {}
        for flow in report(binary, os.path.join(folder, name))["flows"]:
            for reset in flow["resets"]:
                said.update({frame: reset for frame in reset["frames"]})
        for flow in truth["flows"]:
            view = flow["views"].get(name)
            here = [true for true in flow["rst"] if true["frames"].get(name)]
            for true, acceptable in zip(here, (view or {}).get("sender_acceptable", [])):
                for frame in true["frames"][name]:
                    if frame in said:
                        kind = (true["flags"], flow["ip_version"])
                        yield true["sender"] == "middlebox", kind, acceptable, said[frame]


def measure(args):
    spoke = {p: collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0])) for p in PARTS}
    total = {p: collections.defaultdict(lambda: [0, 0]) for p in PARTS}
    words = {p: collections.defaultdict(lambda: [0, 0, set(), set()]) for p in PARTS}
    for folder, _, files in sorted(os.walk(args.dir)):
        if "truth.json" not in files:
            continue
        run = os.path.relpath(folder, args.dir).replace(os.sep, "/")
        with open(os.path.join(folder, "truth.json")) as f:
            truth = json.load(f)
        p = part(run)
        for forged, kind, acceptable, said in resets(folder, truth, args.binary):
            right = said["sender"] in acceptable
            row = words[p][said["confidence"] or "unknown"]
            row[not right] += 1
            row[2 + (not right)].add(run)
            if "middlebox" in acceptable and {"client", "server"} & set(acceptable):
                continue
            total[p][run, kind][forged] += 1
            pieces = {(e["clue"], "forged" if (e["about"] == "middlebox") == (e["stance"] == "for") else "genuine", e["weight"])
                      for e in said["evidence"]}
            for piece in pieces:
                spoke[p][piece][run, kind][forged] += 1
    return spoke, total, words


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


def table(rows, head, markdown):
    widths = [max(len(str(row[i])) for row in rows + [head]) for i in range(len(head))]
    edge = "|" if markdown else ""
    line = lambda row: (edge + " " + (" | " if markdown else "  ").join(str(c).ljust(w) for c, w in zip(row, widths)) + " " + edge).rstrip()
    print(line(head))
    if markdown:
        print("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    for row in rows:
        print(line(row))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--binary", default="target/release/tcpautopsy")
    parser.add_argument("--markdown", action="store_true", help="tables as docs/confidence.md has them")
    args = parser.parse_args()
    if not os.access(args.binary, os.X_OK):
        sys.exit(f"fit.py: no program at {args.binary}: build it, or name it with --binary")
    spoke, total, words = measure(args)
    both_ways = {"forged": True, "genuine": False}
    keys = sorted(set(spoke[PARTS[0]]) | set(spoke[PARTS[1]]))
    rows = []
    for clue, about, weight in keys:
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
    size = {p: [len({run for (run, _), c in total[p].items() if c[side]}) for side in (True, False)] for p in PARTS}
    for p in PARTS:
        print(f"{p.capitalize()}: {size[p][0]} runs with forged resets, {size[p][1]} with genuine ones." + ("" if p == PARTS[0] else "\n"))
    table(rows, ["clue", "speaks for", "weight"] + ["runs", "resets", "ratio", "supports"] * 2, args.markdown)
    print()
    rows = []
    for p in PARTS:
        for word in ("certain", "likely", "possible", "unknown"):
            right, wrong, runs_right, runs_wrong = words[p][word]
            share_right = f"{right / (right + wrong):.2%}" if right + wrong and word != "unknown" else "-"
            rows.append([p, word, right, wrong, share_right, len(runs_right), len(runs_wrong)])
    table(rows, ["part", "word", "right", "not right", "share", "runs right", "runs with any not right"], args.markdown)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measure `tcpautopsy compare` on captures at several points whose truth is known.

  score.py DIR [--binary PATH] [--points POINT,POINT...] [--verbose]

Reads every truth.json below DIR and compares, of each run, every capture of the first point with every one of the others;
without --points the client's interface with the server's. Counts the resets that any of them has: those that are decided, how
many of them name the true maker, and of the others the reasons given; and whether the stretch of the path that is named
for a device between the routers is the right one. docs/compare.md has the figures.

Standard library only.
"""
import argparse, collections, itertools, json, os, subprocess, sys

# The points in the order of the path; the devices in BETWEEN stand between the two routers.
POINTS = ("client", "mid_client_side", "mid_server_side", "server")
BETWEEN = ("inline_injector", "onpath_injector", "idle_middlebox")


def report(binary, captures):
    done = subprocess.run([binary, "compare", *captures, "--format", "json", "--all-flows", "--quiet"], capture_output=True)
    if not done.stdout:
        sys.exit(f"{captures}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def chains(truth, points):
    """Lists of files in the order of the path; none where the run lacks a point."""
    at = collections.defaultdict(list)
    for capture in truth["captures"]:
        at[capture["point"]].append(capture["file"])
    return map(list, itertools.product(*(at[point] for point in points)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--binary", default="target/release/tcpautopsy")
    parser.add_argument("--points", default="client,server", help="of %s" % ", ".join(POINTS))
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    points = args.points.split(",")
    places = [POINTS.index(point) for point in points]
    counts, reasons, wrong_runs = collections.Counter(), collections.Counter(), collections.Counter()
    undecided_runs = collections.Counter()
    for folder, _, files in sorted(os.walk(args.dir)):
        if "truth.json" not in files:
            continue
        with open(os.path.join(folder, "truth.json")) as f:
            truth = json.load(f)
        run = os.path.relpath(folder, args.dir)
        for chain in chains(truth, points):
            said = {}
            for flow in report(args.binary, [os.path.join(folder, name) for name in chain])["flows"]:
                for reset in flow["resets"]:
                    for place in (reset.get("comparison") or {}).get("points", []):
                        for frame in place["frames"]:
                            said[chain[place["point"] - 1], frame] = reset, flow
            for flow in truth["flows"]:
                for true in flow["rst"]:
                    frames = [(name, frame) for name in chain for frame in true["frames"].get(name, [])]
                    if not frames:
                        continue
                    known = [said[frame] for frame in frames if frame in said]
                    name = f"{run} {'+'.join(chain)} {frames} {true['sender_detail']}"
                    if not known:
                        counts["not in the report"] += 1
                        print(f"missing: {name}")
                        continue
                    told, told_flow = known[0]
                    comparison, right = told["comparison"], told["sender"] == true["sender"]
                    if comparison["decided"]:
                        counts["decided, right" if right else "decided, wrong"] += 1
                        if not right:
                            wrong_runs[run] += 1
                            print(f"wrong: {name}: {told['sender']} and not {true['sender']}; {comparison['why']}; flow {told_flow['id']}")
                        if told_flow["diagnosis"]:
                            counts["cause " + ("acceptable" if told_flow["diagnosis"]["cause"] in flow["cause_acceptable"] else "not acceptable")] += 1
                    else:
                        word = told["confidence"] or "unknown"
                        counts[f"undecided, {word}" + ("" if word == "unknown" else ", right" if right else ", wrong")] += 1
                        reasons[comparison["why"]] += 1
                        undecided_runs[run, comparison["why"]] += 1
                    if true["sender_detail"] in BETWEEN:
                        near, far = comparison["made_between"]
                        # The stretch in places of POINTS, and the shortest that these captures can tell.
                        near, far = -1 if near is None else places[near - 1], 9 if far is None else places[far - 1]
                        least = max((p for p in places if p <= 1), default=-1), min((p for p in places if p >= 2), default=9)
                        inside = near <= 1 and far >= 2
                        counts[("located exactly" if (near, far) == least else "located in a longer stretch") if inside else "located elsewhere"] += 1
                        if not inside:
                            print(f"elsewhere: {name}: {comparison['made_between']}")
    decided = counts["decided, right"] + counts["decided, wrong"]
    for what, count in sorted(counts.items()):
        print(f"{count:7} {what}")
    if decided:
        print(f"{counts['decided, right'] / decided:7.4%} of those decided name the true maker")
    print("undecided, since")
    for why, count in reasons.most_common():
        print(f"{count:7} {why}")
    if args.verbose:
        for (run, why), count in undecided_runs.most_common():
            print(f"{count:7} {run}: {why}")


if __name__ == "__main__":
    main()

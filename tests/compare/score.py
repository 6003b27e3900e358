#!/usr/bin/env python3
"""Measure `tcpautopsy compare` on captures at several points whose truth is known.

  score.py DIR [--binary PATH] [--chain] [--verbose]

Reads every truth.json below DIR and compares, of each run, every capture of the client's interface with every one of the
server's; with --chain the routers' captures between them as well. Counts the resets that either has: those that are decided, how
many of them name the true maker, and of the others the reasons given. With --chain it also looks whether a device between the
routers is located there.

Standard library only.
"""
import argparse, collections, itertools, json, os, subprocess, sys

# What stands between the two routers, as docs of the recordings say.
BETWEEN = ("inline_injector", "onpath_injector", "idle_middlebox")


def report(binary, captures):
    done = subprocess.run([binary, "compare", *captures, "--format", "json", "--all-flows", "--quiet"], capture_output=True)
    if not done.stdout:
        sys.exit(f"{captures}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def chains(truth, whole):
    """Lists of files in the order of the path."""
    at = collections.defaultdict(list)
    for capture in truth["captures"]:
        at[capture["point"]].append(capture["file"])
    middle = [at[point][:1] for point in ("mid_client_side", "mid_server_side") if at[point]] if whole else []
    for client, server in itertools.product(at["client"], at["server"]):
        for chain in itertools.product([client], *middle, [server]):
            yield list(chain)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--binary", default="target/release/tcpautopsy")
    parser.add_argument("--chain", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    counts, reasons, wrong_runs = collections.Counter(), collections.Counter(), collections.Counter()
    undecided_runs = collections.Counter()
    for folder, _, files in sorted(os.walk(args.dir)):
        if "truth.json" not in files:
            continue
        with open(os.path.join(folder, "truth.json")) as f:
            truth = json.load(f)
        run = os.path.relpath(folder, args.dir)
        for chain in chains(truth, args.chain):
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
                    if args.chain and true["sender_detail"] in BETWEEN and len(chain) == 4:
                        near, far = comparison["made_between"]
                        inside = (near or 0) <= 2 and (far or 5) >= 3
                        counts[("located exactly" if (near, far) == (2, 3) else "located in a longer stretch") if inside else "located elsewhere"] += 1
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

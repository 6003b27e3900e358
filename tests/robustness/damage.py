"""Damaged captures, traces and knowledge, and what is done with them: the whole command line."""

import glob
import json
import os
import random
import tempfile

from ran import Ran

HANG = 10  # seconds for a small capture
MEMORY = 64 << 20  # the least that --memory takes
LIES = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 0xFFFF0000, 0x10000]
FORMATS = ["json", "table", "html", "markdown", "csv", "ndjson"]


def damage(octets, other, draw):
    """Turns bits, cuts, splices, lies about lengths, repeats and takes out."""
    for _ in range(1 + draw.randrange(3)):
        if len(octets) < 32:
            break
        at = draw.randrange(len(octets) - 4)
        end = min(len(octets), at + 1 + draw.randrange(200))
        kind = draw.randrange(6)
        if kind == 0:
            for _ in range(1 + len(octets) // 200):
                octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del octets[max(at, 24):]
        elif kind == 2:
            place = draw.randrange(len(other))
            octets[at:end] = other[place:place + end - at]
        elif kind == 3:
            octets[at:at + 4] = draw.choice(LIES).to_bytes(4, draw.choice(["little", "big"]))
        elif kind == 4:
            octets[at:at] = octets[at:end]
        else:
            del octets[at:end]
    return octets


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, octets):
    with open(path, "wb") as file:
        file.write(octets)


class Damaged:
    """One damaged capture after the other, each in one of the jobs."""

    def __init__(self, program, folder, seeds, root, seed):
        self.program, self.folder, self.seeds, self.seed = program, folder, seeds, seed
        self.draw = random.Random(seed)
        self.traces = sorted(glob.glob(os.path.join(root, "samples/*/kernel.trace")))
        self.knowledge = os.path.join(root, "docs/site.toml")
        self.jobs = [self.analyze, self.evidence, self.compare, self.live, self.show, self.kernel_trace, self.site]

    def path(self, name):
        return os.path.join(self.folder, name)

    def damaged(self, path):
        """What is left of a file."""
        return bytes(damage(bytearray(read(path)), read(self.draw.choice(self.seeds)), self.draw))

    def capture(self):
        write(self.path("damaged"), self.damaged(self.draw.choice(self.seeds)))
        return self.path("damaged")

    def report(self):
        """Options of the report; every format now and then."""
        self.format = self.draw.choice(FORMATS)
        more = [self.draw.choice(["--all-flows", "--summary"]), "--anonymize", "--local-time", "--hash"]
        chosen = [option for option in more if self.draw.randrange(4) == 0]
        return ["--memory", "64M", "--force", "--format", self.format, "--output", self.path("report"), *chosen]

    def analyze(self):
        return [*self.report(), self.capture()], None, {0, 1, 3}

    def evidence(self):
        cut = self.draw.choice([[], ["--payload-bytes", "3"], ["--evidence-frames", "2"], ["--anonymize"]])
        report = [option for option in self.report() if option not in ("--anonymize", "--summary")]
        return [*report, "--write-evidence", self.path("evidence.pcapng"), *cut, self.capture()], None, {0, 1, 3}

    def compare(self):
        # The same at both points, but for what was damaged: most connections meet.
        seed = self.draw.choice(self.seeds)
        one, other = self.path("damaged"), self.path("other")
        write(one, self.damaged(seed))
        write(other, self.draw.choice([read, self.damaged])(self.draw.choice([seed, seed, self.draw.choice(self.seeds)])))
        return ["compare", *self.report(), one, other], None, {0, 1, 3}

    def live(self):
        report = [option for option in self.report() if option != "--hash"]
        record = ["--record", self.path("record")] if self.draw.randrange(2) == 0 else []
        linger = self.draw.choice(["0", "1"])
        return ["live", "-", *report, *record, "--linger", linger], self.damaged(self.draw.choice(self.seeds)), {0, 1, 3}

    def show(self):
        report = [option for option in self.report() if option != "--summary"]
        if self.format in ("ndjson", "csv"):
            report[report.index(self.format)] = self.format = "json"
        named = self.draw.choice([["--flow", "1"], ["--frame", str(self.draw.randrange(1, 30))]])
        return ["show", *report, *named, self.capture()], None, {0, 1, 2, 3}

    def kernel_trace(self):
        trace = self.draw.choice(self.traces)
        write(self.path("trace"), self.damaged(trace))
        capture = os.path.join(os.path.dirname(trace), "capture.pcap")
        return [*self.report(), "--kernel-trace", self.path("trace"), capture], None, {0, 1, 3}

    def site(self):
        # Letters and figures, so that it is still TOML now and then.
        octets = bytearray(read(self.knowledge))
        for _ in range(1 + self.draw.randrange(3)):
            octets[self.draw.randrange(len(octets))] = self.draw.choice(b"0123456789-.:/\"[]= aZ\n")
        write(self.path("site.toml"), octets if self.draw.randrange(2) else self.damaged(self.knowledge))
        return [*self.report(), "--knowledge", self.path("site.toml"), self.draw.choice(self.seeds)], None, {0, 1, 2, 3}

    def run(self, times):
        """Prints a line for each job; the failures."""
        failures = []
        told = {job: [0, {}, 0.0, 0] for job in self.jobs}
        for nth in range(times):
            job = self.jobs[nth % len(self.jobs)]
            arguments, stream, codes = job()
            ran = Ran([self.program, *arguments], HANG, stream)
            row = told[job]
            row[0] += 1
            row[1][ran.code] = row[1].get(ran.code, 0) + 1
            row[2:] = max(row[2], ran.cpu), max(row[3], ran.memory)
            wrong = ran.wrong(MEMORY, codes)
            if wrong is None and self.format == "json" and ran.code in (0, 3) and job != self.site:
                try:
                    json.loads(read(self.path("report")))
                except ValueError as error:
                    wrong = f"no JSON: {error}"
            if wrong:
                kept = os.path.join(tempfile.gettempdir(), f"tcpautopsy-damaged-{self.seed}-{nth}")
                os.makedirs(kept, exist_ok=True)
                for name in ("damaged", "other", "trace", "site.toml"):
                    if os.path.exists(self.path(name)):
                        write(os.path.join(kept, name), read(self.path(name)))
                if stream is not None:
                    write(os.path.join(kept, "stream"), stream)
                failures.append(f"{job.__name__}, {nth} of seed {self.seed}, kept in {kept}: {' '.join(arguments)}: {wrong}")
        for job, (count, codes, slowest, memory) in told.items():
            ended = ", ".join(f"{times} with code {code}" for code, times in sorted(codes.items()))
            name = job.__name__.replace("_", "-")
            print(f"| damaged: `{name}` | {count:,} | {ended} | {slowest:.1f} s | {memory >> 20} MiB |", flush=True)
        return failures

"""The process that runs Tenon (runner.cpp); started again when it crashes."""

import os
import select
import subprocess

SECONDS = 60


class Runner:
    def __init__(self, binary):
        self._binary = str(binary)
        self._process = None
        self._read = b""

    def _line(self):
        """The next line; empty when the process has ended, None when it takes too long."""
        while b"\n" not in self._read:
            if not select.select([self._process.stdout], [], [], SECONDS)[0]:
                return None
            more = os.read(self._process.stdout.fileno(), 1 << 16)
            if not more:
                return ""
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace")

    def run(self, folder):
        """What each way said: "" for success, else the message; "crash" for the way that ended the process."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen([self._binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=subprocess.DEVNULL)
            self._read = b""
        answers = {}
        try:
            self._process.stdin.write(f"{folder}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"start": "crash"}
        while True:
            line = self._line()
            if line == "done":
                return answers
            if not line:
                self.stop()
                answers["hang" if line is None else "crash"] = "crash"
                return answers
            way, state, *rest = line.split(" ", 2)
            answers[way] = "" if state == "ok" else (rest[0] if rest else "an error without a message")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

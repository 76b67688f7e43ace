#!/usr/bin/env python3
"""Run one of the project's commands: python3 run.py demo | test | check | ...

Needs Python 3.11 and pip, nothing else: no virtual environment, no hatch on the PATH, no right to
write into the system's Python (PEP 668). Everything that is fetched lands in .boot/, which git ignores.
"""

import os
import subprocess
import sys
from pathlib import Path

HATCH, UV = "hatch==1.18.2", "uv==0.13.8"
ROOT = Path(__file__).resolve().parent
BOOT = ROOT / ".boot"

# name -> what it does (bench says that itself), the hatch script behind it
COMMANDS = {
    "demo": ("serve the chat on http://127.0.0.1:8000 (--port N for another port)", "demo"),
    "test": ("run the tests of every package and of the whole (arguments go to pytest)", "test"),
    "check": ("lint and type-check everything", "lint:check"),
    "fix": ("let the linter and the formatter mend what they can", "lint:fix"),
    "cov": ("run the tests and print the coverage of each package", "cov"),
    "isolated": (
        "test each wheel alone with what it declares (--lowest: at the lowest versions)",
        "tools:isolated",
    ),
    "release": (
        "release one package: NAME X.Y.Z (--check: do versions, changelogs and tags agree?)",
        "tools:release",
    ),
    "bench": ("", "bench:run"),
    "--hatch": ("pass the arguments to hatch itself", ""),
}


def usage() -> str:
    rows = [f"  {name:10}{what}" for name, (what, _) in COMMANDS.items() if what]
    rows += ["", "to measure kui beside its peers: python3 run.py bench --help"]
    return "\n".join(["usage: python3 run.py COMMAND [ARGUMENT ...]", "", "commands:", *rows])


def obstacle() -> str:
    """Say in one sentence why this Python cannot do the set-up; an empty string when it can."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever Python there is
        return "kui needs Python 3.11 or later, and this is Python {}.{}.".format(*sys.version_info)
    if (BOOT / UV).exists():
        return ""
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    if pip.returncode:
        return f"kui's tools are fetched with pip, which {sys.executable} does not have: install pip for it first."
    return ""


def bootstrap() -> "list[str]":
    """Fetch uv on the first run; return the command line that starts hatch."""
    if not (BOOT / UV).exists():
        print(f"first run: fetching {UV} and {HATCH} into {BOOT}, then building the environment", flush=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--upgrade"]
        quiet = ["--no-warn-script-location", "--root-user-action", "ignore"]
        subprocess.run([*pip, *quiet, "--target", str(BOOT), UV], check=True)
        (BOOT / UV).touch()
    uv = next(str(p) for p in (BOOT / "bin" / "uv", BOOT / "bin" / "uv.exe") if p.exists())
    os.environ.setdefault("HATCH_DATA_DIR", str(BOOT / "hatch"))
    os.environ["HATCH_UV"] = uv
    return [uv, "tool", "run", "-q", "--python", sys.executable, "--from", HATCH, "hatch"]


def demo(hatch: "list[str]", args: "list[str]") -> int:
    """Become the server, so that a signal to this process reaches it: hatch passes on no SIGTERM."""
    find = [*hatch, "run", "python", "-c", "import sys; print(sys.executable)"]
    python = (
        subprocess.run(find, check=True, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()[-1]
    )
    command = [python, "-m", "uvicorn", "--app-dir", "examples", "chat.app:app", *args]
    if os.name != "nt":
        os.execv(python, command)
    return subprocess.run(command).returncode


def main(args: "list[str]") -> int:
    if args[:1] in (["-h"], ["--help"]):
        print(usage())
        return 0
    if not args or args[0] not in COMMANDS:
        print(*([f"unknown command: {args[0]}"] if args else []), usage(), sep="\n", file=sys.stderr)
        return 2
    problem = obstacle()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    os.chdir(ROOT)
    hatch = bootstrap()
    name, rest = args[0], args[1:]
    if name == "demo":
        return demo(hatch, rest)
    command = [*hatch, *rest] if name == "--hatch" else [*hatch, "run", COMMANDS[name][1], *rest]
    return subprocess.run(command).returncode


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        print(f"this step failed, and said why above: {' '.join(error.cmd)}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None

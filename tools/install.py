"""Install requirements.lock into the environment of this Python: through uv, else through pip.

    .venv/bin/python tools/install.py

uv installs in seconds what takes pip minutes, but it does not read pip's configuration. What pip was told
(an index, a folder with a CPU build of torch, constraints, a certificate) must hold for uv too, so it is
translated here; an option that has no counterpart leaves the work to pip. This needs the standard library
alone. Addresses may hold passwords: they are passed through the environment, and none is printed.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

UV = "uv==0.13.9"
LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

# pip's option -> uv's variable. Of those in LISTS both may be given several, with blanks between.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "build-constraint": "UV_BUILD_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "retries": "UV_HTTP_RETRIES",
}
LISTS = ("extra-index-url", "find-links", "constraint", "build-constraint", "trusted-host")
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# They do not bear upon what is installed, or from where.
WITHOUT_EFFECT = (
    *("quiet", "verbose", "debug", "log", "no-color", "progress-bar", "no-input", "exists-action"),
    *("disable-pip-version-check", "no-python-version-warning", "root-user-action", "prefer-binary"),
    *("no-warn-script-location", "no-warn-conflicts", "require-virtualenv", "break-system-packages"),
    *("compile", "no-compile", "config-file"),
)


class NoCounterpart(Exception):
    """uv cannot be told what pip was told."""


def told(listing: str) -> dict[str, str]:
    """What pip was told about installing: option -> value, the strongest of several.

    Args:
        listing: as ``pip config list`` prints it, files and ``PIP_`` variables alike.

    Example:
        >>> told("global.timeout='15'\\ninstall.pre='true'\\nlist.format='json'\\n:env:.timeout='60'")
        {'timeout': '60', 'pre': 'true'}
    """
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}  # as pip, weakest first
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in sections:
            sections[section][option.removeprefix("default-")] = ast.literal_eval(value)
    merged = sections["global"] | sections["install"] | sections[":env:"]
    return {option: value for option, value in merged.items() if value.strip()}


def translated(options: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """pip's options as uv takes them: environment variables, and arguments.

    Raises:
        NoCounterpart: names the option.

    Example:
        >>> translated({"find-links": "wheels more", "no-index": "true"})
        ({'UV_INDEX_STRATEGY': 'unsafe-best-match', 'UV_FIND_LINKS': 'wheels,more'}, ['--no-index'])
    """
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip: the newest release of any index
    arguments = []
    for option, value in options.items():
        if option in LISTS:
            between = "," if option == "find-links" else " "
            variables[VARIABLES[option]] = between.join(map(os.path.expanduser, value.split()))
        elif option in VARIABLES:
            variables[VARIABLES[option]] = os.path.expanduser(value)
        elif option == "timeout":
            variables["UV_HTTP_TIMEOUT"] = str(round(float(value)))
        elif option == "proxy":
            variables |= dict.fromkeys(PROXIES, value)
        elif option == "cache-dir":
            variables["UV_CACHE_DIR"] = os.path.join(os.path.expanduser(value), "uv")
        elif option == "no-cache-dir":
            variables["UV_NO_CACHE"] = "true"  # for pip, too, whatever its value says
        elif option == "keyring-provider" and value in ("subprocess", "disabled"):
            variables["UV_KEYRING_PROVIDER"] = value
        elif option in ("no-binary", "only-binary"):
            arguments += [f"--{option}={name}" for name in re.split(r"[\s,]+", value.strip())]
        elif option not in WITHOUT_EFFECT and value.lower() not in ("0", "false", "no", "off", "n", "f"):
            if option not in ("no-index", "pre"):
                raise NoCounterpart(f"pip's option {option!r} has no counterpart")
            arguments.append({"no-index": "--no-index", "pre": "--prerelease=allow"}[option])
    return variables, arguments


def without_addresses(message: str) -> str:
    """A message that may be shown, in a line.

    Example:
        >>> without_addresses("error: no answer from https://me:secret@example.org/simple, try again")
        'error: no answer from (address) try again'
    """
    return " ".join(re.sub(r"\S+://\S+", "(address)", message).split())


def by_uv() -> str:
    """Install through uv; returns "" if that went well, else why it did not."""
    listing = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True).stdout
    try:
        variables, arguments = translated(told(listing))
    except NoCounterpart as error:
        return str(error)
    command = [*PIP, "install", "--quiet", UV]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
        return f"pip finds no {UV}"
    own = next((os.environ[n] for n in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(n)), None)
    if own:
        variables.setdefault("SSL_CERT_FILE", own)  # pip reads these two, uv does not
    # Compiled now, in parallel: else the first import of torch and transformers does it.
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", *arguments]
    command += ["--python", sys.executable, "--requirement", str(LOCK)]
    given = os.environ | variables
    asked = {"env": given, "stderr": subprocess.PIPE, "text": True, "errors": "replace"}
    done = subprocess.run(command, **asked, check=False)
    return "" if done.returncode == 0 else without_addresses(done.stderr) or f"status {done.returncode}"


def main() -> None:
    began = time.perf_counter()
    sys.stdout.reconfigure(errors="backslashreplace")  # what uv complains of has marks that Latin-1 lacks
    print(f"installing {LOCK.name}, downloading what this machine does not have yet", flush=True)
    failure = by_uv()
    if failure:
        print(f"not through uv ({failure}), so through pip, which takes some minutes", flush=True)
        command = [*PIP, "install", "--quiet", "--requirement", str(LOCK)]
        status = subprocess.run(command, check=False).returncode
        if status:
            sys.exit(status)
    print(f"installed through {'pip' if failure else 'uv'} in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

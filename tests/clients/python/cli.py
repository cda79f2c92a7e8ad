"""Where the CLIs are, and the environment they run in: a home of their own, and no way out but the loopback."""

import os
import pathlib

BIN = pathlib.Path(__file__).parent.parent / "js" / "node_modules" / ".bin"
NOWHERE = "http://127.0.0.1:1"


def command(name: str) -> str:
    return str(BIN / name)


def environment(home: pathlib.Path, **more: str) -> dict[str, str]:
    (home / "home").mkdir()
    (home / "work").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home / "home"),
        # Whatever the CLI would call besides its base URL ends at a closed port.
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
        **{name: value for name, value in more.items() if value},
    }

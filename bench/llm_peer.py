"""The peer that `ask` is held against: PyPI's `llm`, in a virtual environment of its own, on our model server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from measure import ROOT

VERSION = "0.36"
_FOLDER = ROOT / ".venv-bench"
_PROGRAM = _FOLDER / "bin" / "llm"


def install() -> str:
    """The program's path; it is installed when it is not there yet.

    Raises:
        subprocess.CalledProcessError: It cannot be had.
    """
    if not _PROGRAM.exists():
        print(f"installing llm {VERSION} into {_FOLDER.name}, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(_FOLDER)], check=True)
        pip = [str(_FOLDER / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, f"llm=={VERSION}"], check=True)
    return str(_PROGRAM)


def configure(home: Path, base_url: str, models: Sequence[str]) -> dict[str, str]:
    """Writes its settings into `home`, with our server's models under their own names; returns its environment."""
    home.mkdir()
    known = [{"model_id": name, "model_name": name, "api_base": base_url} for name in models]
    (home / "extra-openai-models.yaml").write_text(json.dumps(known), encoding="utf-8")  # YAML takes JSON
    return {"LLM_USER_PATH": str(home), "OPENAI_API_KEY": "made-up", "HOME": str(home)}

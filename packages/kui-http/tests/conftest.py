"""Which uploads were closed; and tests may import what stands beside them."""

import sys
from pathlib import Path

import pytest

from kui.http import UploadFile

sys.path.insert(0, str(Path(__file__).parent))  # for http_client and http_server


@pytest.fixture
def closed_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    closed: list[str] = []
    really_close = UploadFile.close

    def close(file: UploadFile) -> None:
        closed.append(file.filename)
        really_close(file)

    monkeypatch.setattr(UploadFile, "close", close)
    return closed
